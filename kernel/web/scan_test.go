package web

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestScanJSON(t *testing.T) {
	for _, c := range []struct {
		in     string
		offset int // -1: accepted
	}{
		{`{}`, -1}, {` [1, -0.5e+3, true, false, null, "a\n\u00e9\ud83d\ude00", {"a":{"a":1}}] `, -1}, {`"x"`, -1}, {`0`, -1},
		{``, 0}, {`{`, 1}, {`{"a"`, 4}, {`{"a":}`, 5}, {`{"a":1,}`, 7}, {`[1,]`, 3}, {`[1 2]`, 3}, {`{a:1}`, 1}, {`{"a" 1}`, 5},
		{`{} x`, 3}, {`01`, 1}, {`1.`, 2}, {`-`, 1}, {`1e`, 2}, {`tru`, 3}, {`nul1`, 3}, {`'a'`, 0},
		{`"a`, 2}, {"\"a\nb\"", 2}, {`"\x"`, 2}, {`"\u12"`, 6}, {`"\u12zz"`, 3},
		{`"a\u0000b"`, 2}, {`"\ud800"`, 1}, {`"\ud800\u0041"`, 1}, {`"\udc00"`, 1}, {`"\ud800\u"`, 10},
		{`{"a":1,"b":2,"a":3}`, 13}, {`{"a":1,"\u0061":3}`, 7}, {`[{"a":1},{"a":1}]`, -1},
		{strings.Repeat("[", maxJSONDepth) + "1" + strings.Repeat("]", maxJSONDepth), -1},
		{strings.Repeat("[", maxJSONDepth+1) + "1" + strings.Repeat("]", maxJSONDepth+1), maxJSONDepth + 1},
	} {
		got := scanJSON([]byte(c.in))
		switch {
		case c.offset < 0 && got != nil:
			t.Errorf("%q was refused: %v", c.in, got)
		case c.offset >= 0 && got == nil:
			t.Errorf("%q was accepted", c.in)
		case got != nil && got.offset != c.offset:
			t.Errorf("%q: flaw at %d, want %d", c.in, got.offset, c.offset)
		case got != nil && !strings.Contains(got.text.EN, fmt.Sprintf("byte %d ", c.offset)):
			t.Errorf("%q: %s", c.in, got.text.EN)
		}
	}
}

func TestInvalidAt(t *testing.T) {
	for in, want := range map[string]int{"": -1, "中文": -1, "a\xff": 1, "中\xe4\xb8": 3, "\ufffd": -1, "\xd6\xd0": 0} {
		if got := invalidAt([]byte(in)); got != want {
			t.Errorf("%q: %d, want %d", in, got, want)
		}
	}
}

// FuzzScanJSON holds the scanner against encoding/json: what it accepts is
// valid, and what is valid it refuses only for its own four reasons.
func FuzzScanJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e-3,"\ud83d\ude00"],"b":null}`, `[[[]]]`, `"\u0000"`, `{"a":1,"a":2}`, `-0`, `1e5`, `"\ud800x"`, ` {} `} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !utf8.Valid(text) {
			return
		}
		got := scanJSON(text)
		valid := json.Valid(text)
		if got == nil && !valid {
			t.Fatalf("%q was accepted", text)
		}
		if got != nil && (got.offset < 0 || got.offset > len(text)) {
			t.Fatalf("offset %d of %d", got.offset, len(text))
		}
		if got == nil || !valid {
			return
		}
		for _, own := range []string{"twice", "surrogate", "U+0000", "nested"} {
			if strings.Contains(got.text.EN, own) {
				return
			}
		}
		t.Fatalf("%q was refused: %s", text, got.text.EN)
	})
}

func BenchmarkScanJSON(b *testing.B) {
	text := []byte(`{"title":"关于优化营商环境的整改事项","list":[` + strings.TrimSuffix(strings.Repeat(`{"n":12,"text":"请牵头单位抓紧办理"},`, 200), ",") + `]}`)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		scanJSON(text)
	}
}

// FuzzRequest sends anything to the server: it may refuse, but not fail, and a
// refusal is a problem document.
func FuzzRequest(f *testing.F) {
	o := newOffice(&testing.T{}, func(c *Config) {
		c.Limits = Limits{Address: Rate{1e9, 1e9}, Session: Rate{1e9, 1e9}, SignIn: Rate{1e9, 1e9}}
	})
	f.Add("/api/things", "q=1", []byte(`{"title":"甲乙","list":[{"name":"a"}],"nums":{"a":1}}`))
	f.Add("/api/things/1", "limit=5&q=%E4%B8%AD", []byte(`[]`))
	f.Add("/portal/%", "", []byte(`{"title":"甲乙","free":{"a":[1e5,null]}}`))
	f.Fuzz(func(t *testing.T, path, query string, body []byte) {
		for _, c := range []call{{method: "POST", path: "/api/things", body: string(body)}, {method: "GET", path: "/api/things/1", query: query}, {method: "GET", path: path}} {
			o.log.Reset()
			w := o.do(c)
			if w.Code >= 500 {
				t.Fatalf("%d: %s", w.Code, o.log)
			}
			if w.Code >= 400 && w.Code != 404 {
				problemOf(t, w)
			}
		}
	})
}
