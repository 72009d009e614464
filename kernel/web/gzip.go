package web

import (
	"compress/gzip"
	"io"
	"mime"
	"net/http"
	"sync"
)

// gzipFrom is the size from which an answer is compressed. Below it the headers
// weigh as much as what is saved.
const gzipFrom = 1024

// packers lends gzip writers: one weighs 800 kB. Lists are read again and again
// over an office's network, so speed goes before the last per cent of size.
type packers struct{ pool sync.Pool }

func (p *packers) take(w io.Writer) *gzip.Writer {
	if z, ok := p.pool.Get().(*gzip.Writer); ok {
		z.Reset(w)
		return z
	}
	z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // the level is a valid one
	return z
}

// packs tells whether the answer to a request may be compressed. Whoever can
// choose part of an answer and see how long it is can guess the rest (BREACH):
// answers that hold a token stay plain, and so do all that another site has made
// the browser ask for.
func packs(r *http.Request, q *request) bool {
	return !q.route.op.Secret && accepts(r.Header.Get("Accept-Encoding"), "gzip") && r.Header.Get("Sec-Fetch-Site") != "cross-site"
}

// packing compresses an answer if it is JSON and long enough. Answers are
// written whole, so the first piece tells the size; what flushes is a stream and
// stays plain.
type packing struct {
	http.ResponseWriter
	packers *packers
	begun   bool
	z       *gzip.Writer
}

// Write sends what an answer holds, compressed or not.
func (w *packing) Write(p []byte) (int, error) {
	if !w.begun {
		w.begin(len(p))
	}
	if w.z != nil {
		return w.z.Write(p)
	}
	return w.ResponseWriter.Write(p)
}

func (w *packing) begin(size int) {
	w.begun = true
	h := w.Header()
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || size < gzipFrom || !compressible(media) || h.Get("Content-Encoding") != "" {
		return
	}
	h.Set("Content-Encoding", "gzip")
	h.Del("Content-Length")
	w.z = w.packers.take(w.ResponseWriter)
}

// FlushError sends what has been written.
func (w *packing) FlushError() error {
	w.begun = true
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap gives the writer below, for time-outs.
func (w *packing) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// close ends the compressed answer. An error means that the client has gone.
func (w *packing) close() {
	if w.z == nil {
		return
	}
	_ = w.z.Close()
	w.packers.pool.Put(w.z)
}

// serve lets the operation answer, compressed where that is allowed.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, q *request) {
	w.Header().Add("Vary", "Accept-Encoding")
	if !packs(r, q) {
		s.mux.ServeHTTP(w, r)
		return
	}
	pack := &packing{ResponseWriter: w, packers: &s.packers}
	s.mux.ServeHTTP(pack, r)
	pack.close()
}
