package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"
	"testing/fstest"
)

func TestStatic(t *testing.T) {
	script := strings.Repeat("console.log('头雁');", 200)
	o := newOffice(t, func(c *Config) {
		c.UI = fstest.MapFS{
			"index.html":              {Data: []byte("<!doctype html>console")},
			"portal/index.html":       {Data: []byte("<!doctype html>portal")},
			"assets/app-1a2b3c.js":    {Data: []byte(script)},
			"assets/pre-1a2b3c.js":    {Data: []byte(script)},
			"assets/pre-1a2b3c.js.br": {Data: []byte("brotli")},
			"assets/pre-1a2b3c.js.gz": {Data: []byte("gzipped")},
			"assets/small.css":        {Data: []byte("a{}")},
			"favicon.svg":             {Data: []byte("<svg/>")},
		}
	})
	const immutable = "public, max-age=31536000, immutable"
	for _, c := range []struct {
		path, accept              string
		status                    int
		body, media, coding, keep string
	}{
		{"/", "", 200, "console", "text/html; charset=utf-8", "", "no-cache"},
		{"/inbox/12", "", 200, "console", "text/html; charset=utf-8", "", "no-cache"},
		{"/portal/", "", 200, "portal", "text/html; charset=utf-8", "", "no-cache"},
		{"/portal", "", 200, "portal", "text/html; charset=utf-8", "", "no-cache"},
		{"/portal/ask/3", "", 200, "portal", "text/html; charset=utf-8", "", "no-cache"},
		{"/portals", "", 200, "console", "text/html; charset=utf-8", "", "no-cache"},
		{"/favicon.svg", "gzip", 200, "<svg/>", "image/svg+xml", "", "no-cache"},
		{"/assets/app-1a2b3c.js", "", 200, script, "text/javascript; charset=utf-8", "", immutable},
		{"/assets/app-1a2b3c.js", "gzip, br", 200, script, "text/javascript; charset=utf-8", "gzip", immutable},
		{"/assets/app-1a2b3c.js", "gzip;q=0", 200, script, "text/javascript; charset=utf-8", "", immutable},
		{"/assets/pre-1a2b3c.js", "gzip, deflate, br", 200, "brotli", "text/javascript; charset=utf-8", "br", immutable},
		{"/assets/small.css", "gzip", 200, "a{}", "text/css; charset=utf-8", "", immutable},
		{"/assets/pre-1a2b3c.js.br", "", 404, "no such page", "text/plain; charset=utf-8", "", ""},
		{"/assets/gone.js", "", 404, "no such page", "text/plain; charset=utf-8", "", ""},
		{"/definitions/docket.unit", "", 200, "console", "text/html; charset=utf-8", "", "no-cache"},
		{"/../../etc/passwd.txt", "", 404, "no such page", "text/plain; charset=utf-8", "", ""},
	} {
		t.Run(c.path+" "+c.accept, func(t *testing.T) {
			w := o.do(call{method: "GET", path: c.path, guest: true, header: map[string]string{"Accept-Encoding": c.accept}})
			h := w.Header()
			body := w.Body.String()
			if c.coding == "gzip" {
				z, err := gzip.NewReader(bytes.NewReader(w.Body.Bytes()))
				if err != nil {
					t.Fatal(err)
				}
				text, err := io.ReadAll(z)
				if err != nil {
					t.Fatal(err)
				}
				body = string(text)
			}
			if w.Code != c.status || !strings.Contains(body, c.body) || h.Get("Content-Type") != c.media || h.Get("Content-Encoding") != c.coding || h.Get("Cache-Control") != c.keep {
				t.Fatalf("%d %v: %.80s", w.Code, h, body)
			}
			if c.status != 200 {
				return
			}
			w = o.do(call{method: "HEAD", path: c.path, guest: true, header: map[string]string{"Accept-Encoding": c.accept}})
			if w.Code != 200 || w.Body.Len() != 0 || w.Header().Get("ETag") != h.Get("ETag") || w.Header().Get("Content-Length") != h.Get("Content-Length") {
				t.Errorf("HEAD: %d %v", w.Code, w.Header())
			}
			w = o.do(call{method: "GET", path: c.path, guest: true, header: map[string]string{"Accept-Encoding": c.accept, "If-None-Match": h.Get("ETag")}})
			if w.Code != 304 || w.Body.Len() != 0 {
				t.Errorf("If-None-Match: %d", w.Code)
			}
		})
	}
}

func TestPrecompressedGzip(t *testing.T) {
	o := newOffice(t, func(c *Config) {
		c.UI = fstest.MapFS{"index.html": {Data: []byte("x")}, "a.js": {Data: []byte("plain")}, "a.js.gz": {Data: []byte("gzipped")}}
	})
	w := o.do(call{method: "GET", path: "/a.js", guest: true, header: map[string]string{"Accept-Encoding": "gzip"}})
	if w.Body.String() != "gzipped" || w.Header().Get("Content-Encoding") != "gzip" {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
}

func TestWithoutScreens(t *testing.T) {
	for name, change := range map[string]func(*Config){"none": nil, "empty": func(c *Config) { c.UI = fstest.MapFS{".keep": {}} }} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, change)
			for _, path := range []string{"/", "/inbox", "/portal/"} {
				w := o.do(call{method: "GET", path: path, guest: true})
				if body := w.Body.String(); w.Code != 200 || !strings.Contains(body, "npm run build") || !strings.Contains(body, "服务已启动") {
					t.Errorf("%s: %d %s", path, w.Code, body)
				}
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	o := newOffice(t, nil)
	seen := map[string]bool{}
	for _, c := range []call{{method: "GET", path: "/"}, {method: "GET", path: "/api/me"}, {method: "GET", path: "/api/nothing"}, {method: "GET", path: "/api/fail/panic"}} {
		h := o.do(c).Header()
		csp := h.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "script-src 'self';") || strings.Contains(csp, "unsafe-eval") || !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("%s: policy %q", c.path, csp)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "Strict-Transport-Security": ""} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q", c.path, name, got)
			}
		}
		id := h.Get("X-Request-Id")
		if len(id) != 12 || seen[id] {
			t.Errorf("%s: number %q", c.path, id)
		}
		seen[id] = true
	}
}

func TestAccessLog(t *testing.T) {
	o := newOffice(t, nil)
	o.do(call{method: "GET", path: "/api/things/123456?q=%E7%8E%8B"})
	line := o.log.String()
	for _, want := range []string{`operation="GET /api/things/{id}"`, "status=200", "id=", "bytes="} {
		if !strings.Contains(line, want) {
			t.Errorf("%q is missing in %s", want, line)
		}
	}
	for _, not := range []string{"123456", "王", "%E7", "192.0.2.1", "token", "Wang"} {
		if strings.Contains(line, not) {
			t.Errorf("%q stands in %s", not, line)
		}
	}
}
