package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// asset is one file of the screens, with its compressed forms.
type asset struct {
	media  string
	etag   string
	plain  []byte
	brotli []byte        // if the build made it
	gzip   func() []byte // nil if it does not pay
	cache  string        // Cache-Control
}

// screens serves the built screens out of memory.
type screens struct {
	files   map[string]*asset // by path without the leading slash
	entries []string          // directories with an index.html, longest first; "" is the root
}

// Static serves the built screens: files under their names, and for every other
// path that does not end like a file the index.html of the entry it lies under (the
// console at /, the portal at /portal/), because the screens route by
// themselves. Files under assets/ carry a hash in their names and are kept by
// browsers for ever; the others are asked for again each time. A file NAME.br or
// NAME.gz is sent as the compressed form of NAME. Without an index.html it serves
// a page that says how to build the screens.
func Static(files fs.FS) http.Handler {
	s := &screens{files: map[string]*asset{}}
	if files != nil {
		// An error of the walk leaves the files it has not reached unserved; the
		// embedded file system has none.
		_ = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			return s.add(files, name)
		})
	}
	if s.files["index.html"] == nil {
		s.files["index.html"] = newAsset("index.html", []byte(unbuilt))
	}
	for name := range s.files {
		if path.Base(name) == "index.html" {
			s.entries = append(s.entries, strings.TrimSuffix(name, "index.html"))
		}
	}
	slices.SortFunc(s.entries, func(a, b string) int { return len(b) - len(a) })
	return s
}

func (s *screens) add(files fs.FS, name string) error {
	ext := path.Ext(name)
	if ext == ".br" || ext == ".gz" {
		return nil
	}
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	a := newAsset(name, text)
	if br, err := fs.ReadFile(files, name+".br"); err == nil {
		a.brotli = br
	}
	if gz, err := fs.ReadFile(files, name+".gz"); err == nil {
		a.gzip = func() []byte { return gz }
	}
	s.files[name] = a
	return nil
}

func newAsset(name string, text []byte) *asset {
	sum := sha256.Sum256(text)
	a := &asset{media: mediaType(name), plain: text, etag: `"` + hex.EncodeToString(sum[:12]) + `"`, cache: "no-cache"}
	if strings.HasPrefix(name, "assets/") || strings.Contains(name, "/assets/") {
		a.cache = "public, max-age=31536000, immutable"
	}
	if len(text) >= 1024 && compressible(a.media) {
		a.gzip = sync.OnceValue(func() []byte {
			var b bytes.Buffer
			w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is a valid one
			_, _ = w.Write(text)                                  // a Buffer does not fail
			_ = w.Close()
			return b.Bytes()
		})
	}
	return a
}

// mediaType knows the files of a web build; the machine's own table may lack or
// change them.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".json", ".map":
		return "application/json"
	case ".webmanifest":
		return "application/manifest+json"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".ico":
		return "image/x-icon"
	case ".txt":
		return "text/plain; charset=utf-8"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

func compressible(media string) bool {
	return strings.HasPrefix(media, "text/") || strings.HasSuffix(media, "json") || strings.HasSuffix(media, "+xml") || strings.HasSuffix(media, "x-icon")
}

// ServeHTTP sends a file, an entry or 404.
func (s *screens) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	a := s.files[name]
	if a == nil && !names(name) {
		a = s.entry(name + "/")
	}
	if a == nil {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte("没有这个页面。 There is no such page.\n"))
		return
	}
	a.serve(w, r)
}

// names reports whether a path asks for a file rather than a place in the
// screens, whose paths may hold dots of their own (definitions/docket.unit).
func names(name string) bool {
	switch path.Ext(name) {
	case ".html", ".js", ".mjs", ".css", ".json", ".map", ".webmanifest", ".svg", ".woff2", ".ico", ".txt", ".png", ".jpg", ".br", ".gz":
		return true
	}
	return strings.HasPrefix(name, "assets/")
}

// entry gives the index.html of the longest entry that a path lies under.
func (s *screens) entry(dir string) *asset {
	for _, e := range s.entries {
		if strings.HasPrefix(dir, e) {
			return s.files[e+"index.html"]
		}
	}
	return nil
}

func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.media)
	h.Set("Cache-Control", a.cache)
	h.Set("Vary", "Accept-Encoding")
	body, etag := a.plain, a.etag
	accepted := r.Header.Get("Accept-Encoding")
	switch {
	case a.brotli != nil && accepts(accepted, "br"):
		h.Set("Content-Encoding", "br")
		body, etag = a.brotli, strings.TrimSuffix(a.etag, `"`)+`-br"`
	case a.gzip != nil && accepts(accepted, "gzip"):
		h.Set("Content-Encoding", "gzip")
		body, etag = a.gzip(), strings.TrimSuffix(a.etag, `"`)+`-gz"`
	}
	h.Set("ETag", etag)
	if known := r.Header.Get("If-None-Match"); known == "*" || strings.Contains(known, etag) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

// accepts reads an Accept-Encoding (RFC 9110, 12.5.3); a weight of 0 refuses.
func accepts(header, coding string) bool {
	for item := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(item, ";")
		if strings.EqualFold(strings.TrimSpace(name), coding) {
			q, ok := strings.CutPrefix(strings.TrimSpace(weight), "q=")
			return !ok || strings.Trim(q, "0.") != ""
		}
	}
	return false
}

// unbuilt is the page shown when the program was built without its screens.
const unbuilt = `<!doctype html>
<html lang="zh-CN">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>头雁 Touyan</title>
<h1>头雁 Touyan</h1>
<p>服务已启动，但本程序未包含界面。请在 <code>web/</code> 目录运行 <code>npm ci &amp;&amp; npm run build</code>,再重新编译程序。接口可照常使用:<a href="/api/openapi.json">/api/openapi.json</a>。</p>
<p lang="en">The server is running, but this program was built without its screens. Run <code>npm ci &amp;&amp; npm run build</code> in <code>web/</code> and build the program again. The API works as usual: <a href="/api/openapi.json">/api/openapi.json</a>.</p>
</html>
`
