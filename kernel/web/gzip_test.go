package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
)

// TestGzip: long JSON is compressed for whoever accepts it, and nothing else is.
func TestGzip(t *testing.T) {
	o := newOffice(t, nil)
	type list struct{ Body []string }
	long := strings.Split(strings.Repeat("市人社局，", 400), "，")
	answer := func(op Op, body []string) {
		op.Method, op.ID = "GET", op.Path
		Register(o.Server, op, func(context.Context, *nothing) (*list, error) { return &list{body}, nil })
	}
	answer(Op{Path: "/api/long"}, long)
	answer(Op{Path: "/api/short"}, []string{"市人社局"})
	answer(Op{Path: "/api/token", Secret: true}, long)
	type sheet struct {
		Type string `header:"Content-Type"`
		Body []byte
	}
	Register(o.Server, Op{Method: "GET", Path: "/api/sheet", ID: "sheet"}, func(context.Context, *nothing) (*sheet, error) {
		return &sheet{"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", bytes.Repeat([]byte("x"), 4000)}, nil
	})

	for _, c := range []struct {
		name, path, accept, site string
		packed                   bool
	}{
		{"long", "/api/long", "gzip, br", "same-origin", true},
		{"long, of a program", "/api/long", "gzip", "", true},
		{"typed into the address bar", "/api/long", "gzip", "none", true},
		{"not accepted", "/api/long", "", "same-origin", false},
		{"refused", "/api/long", "gzip;q=0", "same-origin", false},
		{"asked for by another site", "/api/long", "gzip", "cross-site", false},
		{"short", "/api/short", "gzip", "same-origin", false},
		{"with a token", "/api/token", "gzip", "same-origin", false},
		{"packed already", "/api/sheet", "gzip", "same-origin", false},
		{"the document", "/api/openapi.json", "gzip", "same-origin", true},
	} {
		plain := o.do(call{method: "GET", path: c.path})
		w := o.do(call{method: "GET", path: c.path, header: map[string]string{"Accept-Encoding": c.accept, "Sec-Fetch-Site": c.site}})
		if packed := w.Header().Get("Content-Encoding") == "gzip"; packed != c.packed {
			t.Errorf("%s: compressed %v", c.name, packed)
			continue
		}
		if !strings.Contains(w.Header().Get("Vary"), "Accept-Encoding") {
			t.Errorf("%s: Vary is %q", c.name, w.Header().Get("Vary"))
		}
		body := w.Body.Bytes()
		if c.packed {
			z, err := gzip.NewReader(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			if body, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(body, plain.Body.Bytes()) {
			t.Errorf("%s: another answer: %.80q", c.name, body)
		}
	}
}

// TestTokensStayPlain: no operation that hands out a token may be compressed.
func TestTokensStayPlain(t *testing.T) {
	o := newOffice(t, nil)
	for _, pattern := range []string{"GET /api/me", "POST /api/session", "POST /api/setup"} {
		if rt := o.routes[pattern]; rt == nil || !rt.op.Secret {
			t.Errorf("%s may be compressed", pattern)
		}
	}
}

// BenchmarkGzip measures a list of 200 rows.
func BenchmarkGzip(b *testing.B) {
	var text strings.Builder
	for i := range 200 {
		fmt.Fprintf(&text, `{"id":%d,"number":"澄政督〔2026〕%d号","title":"关于推进新市民社保转移、居住证、子女入学一件事的办理","holder":"林岑"}`, i, i)
	}
	var p packers
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		z := p.take(io.Discard)
		_, _ = io.WriteString(z, text.String())
		_ = z.Close()
		p.pool.Put(z)
	}
}
