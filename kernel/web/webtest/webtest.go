// Package webtest tries a whole API with bad input.
//
// BadInput reads the OpenAPI document of a server and makes from it a table of
// input × operation × expected status: what no client should send, sent to every
// operation, and into every field of every body. It asserts what holds for every
// refusal of the program: a status of the 4xx, never of the 5xx; a full problem
// document in two languages, with the request's number; the field named that is
// to be mended; and nothing of what was sent in the answer.
//
// It writes what the API lets it write: run it on a database made for it.
package webtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode"

	"touyan.dev/touyan/kernel/web"
)

// Marker is planted into inputs; no refusal may repeat it. It has the form of an
// identity number.
const Marker = "110101199003071234"

// Options say how to call the server.
type Options struct {
	// Prepare signs a request in: session cookie and CSRF token. It is called for
	// each request.
	Prepare func(*http.Request)
	// Skip leaves out an operation, by "METHOD /path". Signing out must be left
	// out, because it would end the session of Prepare.
	Skip func(operation string) bool
	// Params gives values for path parameters ("id" → "17"), so that requests
	// reach the handlers; without one, 1 or "x" is sent.
	Params map[string]string
}

// reporter is the part of testing.T that a case needs.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

// tester tries one server.
type tester struct {
	t       reporter
	handler http.Handler
	opts    Options
	doc     *document
	keys    int
	cases   int
}

// expectation is what a case must give.
type expectation struct {
	statuses []int  // one of these; empty: any but 5xx
	field    string // a field with this path must be named; "*": any
}

// BadInput tries every operation of the server's OpenAPI document and gives how
// many cases it tried.
func BadInput(t *testing.T, handler http.Handler, openAPI []byte, opts Options) int {
	t.Helper()
	doc, err := parse(openAPI)
	if err != nil {
		t.Fatalf("the OpenAPI document cannot be read: %v", err)
	}
	b := &tester{t: t, handler: handler, opts: opts, doc: doc}
	for _, op := range doc.operations() {
		name := op.method + " " + op.path
		if opts.Skip != nil && opts.Skip(name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			b.t = t
			b.try(op)
		})
	}
	b.t = t
	b.unknown()
	return b.cases
}

// try sends all cases of one operation.
func (b *tester) try(op *operation) {
	b.paths(op)
	b.queries(op)
	if op.body != nil {
		b.bodies(op)
		b.fields(op)
	}
	if op.unsafe() {
		b.guards(op)
	}
}

// request is one case before it is sent.
type request struct {
	op     *operation
	path   string // with parameters filled in; empty: the default
	query  string
	body   []byte
	noBody bool
	header map[string]string // "" removes
	size   int64             // Content-Length, if it is to lie
	guest  bool
}

// send sends a case and holds the answer against what every answer must be.
func (b *tester) send(name string, c request, want expectation) int {
	b.t.Helper()
	b.cases++
	r := b.build(c)
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	if len(want.statuses) > 0 && !slices.Contains(want.statuses, w.Code) {
		hint := ""
		if w.Code == http.StatusTooManyRequests {
			hint = " (give the server under test higher Limits)"
		}
		b.t.Errorf("%s: status %d, want one of %v%s: %.300s", name, w.Code, want.statuses, hint, w.Body)
		return w.Code
	}
	switch {
	case w.Code >= 500:
		b.t.Errorf("%s: status %d: %.300s", name, w.Code, w.Body)
	case w.Code >= 400:
		b.problem(name, w, want)
	}
	return w.Code
}

func (b *tester) build(c request) *http.Request {
	path := c.path
	if path == "" {
		path = c.op.fill(b.opts.Params)
	}
	var body *bytes.Reader
	if c.noBody {
		body = bytes.NewReader(nil)
	} else {
		body = bytes.NewReader(c.body)
	}
	r := httptest.NewRequest(c.op.method, "http://webtest.invalid/", body)
	r.URL = &url.URL{Scheme: "http", Host: "webtest.invalid", Path: path, RawQuery: c.query}
	if raw, err := url.PathUnescape(path); err == nil {
		r.URL.Path, r.URL.RawPath = raw, path
	}
	if c.size != 0 {
		r.ContentLength = c.size
	}
	if len(c.body) > 0 {
		r.Header.Set("Content-Type", "application/json")
	}
	if !c.guest && b.opts.Prepare != nil {
		b.opts.Prepare(r)
	}
	b.keys++
	r.Header.Set("Idempotency-Key", fmt.Sprintf("webtest-%d", b.keys))
	for name, value := range c.header {
		if value == "" {
			r.Header.Del(name)
		} else {
			r.Header.Set(name, value)
		}
	}
	return r
}

// problem asserts what holds for every refusal.
func (b *tester) problem(name string, w *httptest.ResponseRecorder, want expectation) {
	b.t.Helper()
	var p web.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		b.t.Errorf("%s: status %d without a problem document: %.300s", name, w.Code, w.Body)
		return
	}
	if ct := w.Header().Get("Content-Type"); ct != "application/problem+json" {
		b.t.Errorf("%s: the problem has the type %q", name, ct)
	}
	if p.Status != w.Code || p.Type == "" || p.Title == "" || p.Kind == "" || p.Fields == nil || p.Instance == "" || p.Instance != w.Header().Get("X-Request-Id") {
		b.t.Errorf("%s: the problem is not complete: %.300s", name, w.Body)
	}
	if !chinese(p.Detail) || p.DetailEN == "" || chinese(p.DetailEN) {
		b.t.Errorf("%s: the problem does not speak both languages: %q, %q", name, p.Detail, p.DetailEN)
	}
	for _, f := range p.Fields {
		if f.Path == "" || !chinese(f.Text.ZH) || f.Text.EN == "" {
			b.t.Errorf("%s: the field %q does not say in both languages what to do: %+v", name, f.Path, f.Text)
		}
	}
	if strings.Contains(w.Body.String(), Marker) || strings.Contains(fmt.Sprint(w.Header()), Marker) {
		b.t.Errorf("%s: the refusal repeats what was sent: %.300s", name, w.Body)
	}
	if want.field == "" {
		return
	}
	for _, f := range p.Fields {
		if want.field == "*" || f.Path == want.field {
			return
		}
	}
	b.t.Errorf("%s: no field %q among %+v", name, want.field, p.Fields)
}

func chinese(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}
