package web

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/netip"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/fault"
)

// request is what is known of one request while it is answered.
type request struct {
	id      string // the number that is shown and logged
	server  *Server
	route   *route
	who     auth.Principal // zero for a guest
	token   string         // of the session; empty for a guest
	session auth.Session
	machine *auth.Client // the program that asks, if it is one
	host    string       // as the browser wrote it
	key     string
	address netip.Addr
	secure  bool // it came over TLS, to us or to our proxy
}

type requestKey struct{}

// current gives the request of a context; a zero one outside of requests.
func current(ctx context.Context) *request {
	if q, ok := ctx.Value(requestKey{}).(*request); ok {
		return q
	}
	return &request{}
}

// Who gives the person signed in; the zero Principal for a guest.
func Who(ctx context.Context) auth.Principal { return current(ctx).who }

// Key gives the request's idempotency key; empty if the operation needs none.
func Key(ctx context.Context) string { return current(ctx).key }

// RequestID gives the request's number, as it is shown and logged.
func RequestID(ctx context.Context) string { return current(ctx).id }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := &request{id: rand.Text()[:12], server: s}
	q.address, q.secure = s.origin(r)
	q.host = r.Host
	r = r.WithContext(context.WithValue(r.Context(), requestKey{}, q))
	out := &recorder{ResponseWriter: w}
	begun := time.Now()
	s.setHeaders(out, r, q)
	defer func() {
		if p := recover(); p != nil {
			s.recovered(out, r, p)
		}
		out.finish()
		s.logRequest(r, q, out, time.Since(begun))
	}()
	s.answer(out, r, q)
	s.noteReading(r, q, out.status)
}

// recovered answers for a panic: with the problem document if nothing has been
// sent yet, and by breaking the connection otherwise.
func (s *Server) recovered(w *recorder, r *http.Request, p any) {
	if p == http.ErrAbortHandler {
		panic(p)
	}
	if r.Context().Err() == nil {
		s.log.Error("panic", "id", current(r.Context()).id, "panic", p, "stack", string(debug.Stack()))
	}
	if w.sent {
		panic(http.ErrAbortHandler)
	}
	w.status = 0
	w.Header().Del("Content-Encoding")
	s.refuse(w, r, fault.New(fault.Internal, "web.ServeHTTP", "", "panic"), 0)
}

// answer takes the request through the checks to its handler.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, q *request) {
	if no := s.checkAddress(w, q); no != nil {
		s.refuse(w, r, no.err, no.status)
		return
	}
	if no := checkURL(r.URL); no != nil {
		s.refuse(w, r, no.err, no.status)
		return
	}
	if r.URL.Path != "/api" && !strings.HasPrefix(r.URL.Path, "/api/") {
		s.screens(w, r)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	if q.route = s.find(r); q.route == nil {
		s.noRoute(w, r)
		return
	}
	for _, check := range []func(http.ResponseWriter, *http.Request, *request) *refusal{
		s.checkSession, s.checkForgery, s.checkSignedIn, checkMachine, checkEnrolled, checkProof, checkKey, s.checkBody,
	} {
		if no := check(w, r, q); no != nil {
			s.refuse(w, r, no.err, no.status)
			return
		}
	}
	s.serve(w, r, q)
}

func (s *Server) screens(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		s.refuse(w, r, fault.New(fault.Invalid, "web", "此处只能查看。", "This can only be read."), http.StatusMethodNotAllowed)
		return
	}
	s.screen.ServeHTTP(w, r)
}

// find gives the route that the mux will take, or nil.
func (s *Server) find(r *http.Request) *route {
	if path.Clean(r.URL.Path) != r.URL.Path {
		return nil // the mux would redirect
	}
	_, pattern := s.mux.Handler(r)
	return s.routes[pattern]
}

// noRoute answers for a path or method that is none of the API's.
func (s *Server) noRoute(w http.ResponseWriter, r *http.Request) {
	var allow []string
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		try := r.Clone(r.Context())
		if try.Method = method; s.find(try) != nil {
			allow = append(allow, method)
		}
	}
	if len(allow) == 0 {
		s.refuse(w, r, fault.New(fault.NotFound, "web", "没有这个接口。", "There is no such operation."), 0)
		return
	}
	w.Header().Set("Allow", strings.Join(allow, ", "))
	s.refuse(w, r, fault.New(fault.Invalid, "web", "此接口不支持这种请求方法。", "This operation does not support the method."), http.StatusMethodNotAllowed)
}

// origin gives the address of the client and whether it came over TLS. Headers
// count only when the connection comes from a configured proxy; of the list in
// X-Forwarded-For the last address that is not a proxy's counts, because what
// stands before it may have been written by anybody.
func (s *Server) origin(r *http.Request) (netip.Addr, bool) {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, r.TLS != nil
	}
	address := from.Addr().Unmap()
	if !s.isProxy(address) {
		return address, r.TLS != nil
	}
	secure := r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		if address = hop.Unmap(); !s.isProxy(address) {
			break
		}
	}
	return address, secure
}

func (s *Server) isProxy(a netip.Addr) bool {
	for _, p := range s.cfg.Proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// policy is what pages may load: our own files, and nothing inline but style
// attributes, which the charts' SVG needs.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; " +
	"font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func (s *Server) setHeaders(w http.ResponseWriter, _ *http.Request, q *request) {
	h := w.Header()
	h.Set("X-Request-Id", q.id)
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(self), geolocation=(), microphone=(), payment=(), usb=()")
	if q.secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// recorder holds the status back until the first byte, so that a handler that
// fails while it writes its first byte can still answer with a problem.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
	sent   bool
}

// WriteHeader notes the status.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

// Write sends the status and then the bytes.
func (w *recorder) Write(p []byte) (int, error) {
	w.send()
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// FlushError sends what has been written.
func (w *recorder) FlushError() error {
	w.send()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap gives the writer below, for time-outs.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *recorder) send() {
	if w.sent {
		return
	}
	w.sent = true
	if w.status == 0 {
		w.status = http.StatusOK
	}
	w.ResponseWriter.WriteHeader(w.status)
}

// finish sends a status that has no body.
func (w *recorder) finish() {
	if w.status != 0 {
		w.send()
	}
}

// logRequest writes the access log: the operation and numbers only.
func (s *Server) logRequest(r *http.Request, q *request, w *recorder, took time.Duration) {
	operation := "screens"
	if q.route != nil {
		operation = q.route.pattern
	} else if strings.HasPrefix(r.URL.Path, "/api") {
		operation = "unknown"
	}
	level := slog.LevelInfo
	if operation == "screens" && w.status < 400 {
		level = slog.LevelDebug
	}
	s.log.Log(r.Context(), level, "request", "id", q.id, "operation", operation, "status", w.status, "bytes", w.bytes, "µs", took.Microseconds())
}

// retryAfter answers a caller who has used up a rate.
func retryAfter(w http.ResponseWriter, wait time.Duration) *refusal {
	w.Header().Set("Retry-After", seconds(wait))
	return &refusal{err: tooOften(wait)}
}

func tooOften(wait time.Duration) *fault.Error {
	return fault.New(fault.TooMuch, "web.rate", "操作过于频繁，请 "+seconds(wait)+" 秒后重试。", "Too many requests; try again in "+seconds(wait)+" seconds.")
}

// seconds writes a duration in whole seconds, rounded up.
func seconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}
