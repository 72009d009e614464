package webtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// refused is a refusal of the input which names a field.
func refused(field string) expectation { return expectation{[]int{422}, field} }

// gb is 中文 in GB18030, which is not UTF-8.
const gb = "\xd6\xd0\xce\xc4"

// paths puts what no path may hold into each path parameter.
func (b *tester) paths(op *operation) {
	for _, p := range op.params {
		if p.In != "path" {
			continue
		}
		with := func(value string) string {
			return strings.ReplaceAll((&operation{path: op.path, params: without(op.params, p.Name)}).fill(b.opts.Params), "{"+p.Name+"}", value)
		}
		send := func(name, value string, want expectation) {
			b.send("path "+p.Name+": "+name, request{op: op, path: with(value), body: b.sampleBody(op)}, want)
		}
		send("GB18030", url.PathEscape(gb), refused("path"))
		send("NUL", "%00", refused("path"))
		if p.Schema != nil && b.doc.open(p.Schema).is("integer") {
			for _, value := range []string{"abc" + Marker, "1.5", "99999999999999999999", "0x10", "1%20OR%201=1", "%E4%B8%80"} {
				send(value, value, refused("path/"+p.Name))
			}
			send("-1", "-1", expectation{[]int{404, 409, 403, 422}, ""})
			continue
		}
		for _, value := range []string{Marker, url.PathEscape("' OR 1=1 --" + Marker), url.PathEscape("<script>" + Marker), strings.Repeat("x", 3000)} {
			send(value[:min(len(value), 30)], value, expectation{})
		}
	}
}

func without(params []parameter, name string) []parameter {
	var out []parameter
	for _, p := range params {
		if p.Name != name {
			out = append(out, p)
		}
	}
	return out
}

// queries puts bad values into each query parameter, and adds an unknown one.
func (b *tester) queries(op *operation) {
	send := func(name, query string, want expectation) {
		b.send("query: "+name, request{op: op, query: query, body: b.sampleBody(op)}, want)
	}
	if op.unsafe() || op.path == "/api/live" || op.path == "/api/openapi.json" {
		send("GB18030", "q="+url.QueryEscape(gb), refused("query/q"))
		return // unknown parameters may be refused or passed over; a stream would not end
	}
	send("unknown parameter", "nobody"+Marker+"=1", refused("query"))
	send("broken percent-encoding", "q=%zz", refused("query/q"))
	for _, p := range op.params {
		if p.In != "query" {
			continue
		}
		send(p.Name+" in GB18030", p.Name+"="+url.QueryEscape(gb), refused("query/"+p.Name))
		send(p.Name+" with NUL", p.Name+"=a%00b", refused("query/"+p.Name))
		s := b.doc.open(p.Schema)
		if s.is("integer") || s.is("number") || s.is("boolean") {
			send(p.Name+" of the wrong type", p.Name+"=x"+Marker, refused("query/"+p.Name))
			send(p.Name+" out of range", p.Name+"=99999999999999999999999", refused("query/"+p.Name))
			continue
		}
		for _, bad := range hostile() {
			send(p.Name+": "+bad, p.Name+"="+url.QueryEscape(bad), expectation{})
		}
	}
}

// hostile are texts that some program, somewhere, has taken for code.
func hostile() []string {
	return []string{
		"' OR 1=1; DROP TABLE event; --" + Marker,
		"<script>alert('" + Marker + "')</script><img src=x onerror=alert(1)>",
		"${jndi:ldap://x/" + Marker + "}{{7*7}}%s%n../../etc/passwd",
		"=HYPERLINK(\"http://x\",\"" + Marker + "\")",
		"\u202e" + Marker + "\u2066\u200b\ufeff",
		strings.Repeat("长", 5000) + Marker,
	}
}

func (b *tester) sampleBody(op *operation) []byte {
	if op.body == nil {
		return nil
	}
	return encode(b.doc.sample(op.body, 0))
}

func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil { // samples hold JSON's own types only
		panic(err)
	}
	return text
}

// bodies sends bodies that are wrong as a whole.
func (b *tester) bodies(op *operation) {
	good := b.sampleBody(op)
	send := func(name string, body []byte, want expectation) {
		b.send("body: "+name, request{op: op, body: body}, want)
	}
	send("GB18030", bytes.Replace(good, []byte("{"), []byte(`{"`+gb+`":1,`), 1), refused("body"))
	send("UTF-16", []byte("\xff\xfe{\x00}\x00"), refused("body"))
	send("truncated", good[:len(good)-1], refused("body"))
	send("text after the end", append(bytes.Clone(good), []byte(Marker)...), refused("body"))
	send("a comma too many", []byte(`{"a":1,}`), refused("body"))
	send("not JSON", []byte("title="+Marker), refused("body"))
	send("a field twice", []byte(`{"a":1,"a":"`+Marker+`"}`), refused("body"))
	send("U+0000", []byte(`{"a":"\u0000"}`), refused("body"))
	send("half a surrogate pair", []byte(`{"a":"\ud800"}`), refused("body"))
	send("nested deep", bytes.Repeat([]byte(`{"a":`), 100_000), refused("body"))
	send("a list for an object", []byte(`["`+Marker+`"]`), refused("*"))
	send("null", []byte("null"), refused("*"))
	send("a text", []byte(`"`+Marker+`"`), refused("*"))
	send("a mark only", []byte("\xef\xbb\xbf"), refused("*"))
	b.send("body: none", request{op: op, noBody: true}, refused("*"))
	large := append(append([]byte(`{"a":"`), bytes.Repeat([]byte("x"), 21<<20)...), `"}`...)
	send("21 MiB", large, expectation{[]int{413}, ""})
	b.send("body: 1 GiB announced", request{op: op, body: good, size: 1 << 30}, expectation{[]int{413}, ""})
	b.send("body: as a form", request{op: op, body: good, header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}, expectation{[]int{415}, "body"})
	b.send("body: as GBK", request{op: op, body: good, header: map[string]string{"Content-Type": "application/json; charset=gbk"}}, expectation{[]int{415}, "body"})

	// A byte order mark changes nothing; a retry gives the same answer.
	once := request{op: op, body: good, header: map[string]string{"Idempotency-Key": fmt.Sprintf("webtest-replay-%d", b.keys)}}
	first := b.send("body: sample", once, expectation{})
	if again := b.send("body: sample, replayed", once, expectation{}); op.keyed() && first < 300 && again != first {
		b.t.Errorf("the replay of a request that gave %d gave %d", first, again)
	}
	marked := b.send("body: sample with a byte order mark", request{op: op, body: append([]byte("\xef\xbb\xbf"), good...)}, expectation{})
	if marked == 415 || first < 300 && marked == 422 {
		b.t.Errorf("a byte order mark turned %d into %d", first, marked)
	}
}

// fields spoils each field of the body in turn.
func (b *tester) fields(op *operation) {
	good := b.doc.sample(op.body, 0)
	root := b.doc.open(op.body)
	if root.Additional == false {
		b.send("an unknown field", request{op: op, body: encode(set(good, []any{"x" + Marker}, 1, false))}, refused("*"))
	}
	for _, p := range b.doc.places(op.body, place{}, 0) {
		send := func(name string, value any, want expectation) {
			b.send("field "+p.path+": "+name, request{op: op, body: encode(set(good, p.steps, value, false))}, want)
		}
		if p.required {
			b.send("field "+p.path+": missing", request{op: op, body: encode(set(good, p.steps, nil, true))}, refused(p.path))
		}
		for name, wrong := range wrongTypes(p.schema) {
			send(name, wrong, refused(p.path))
		}
		if p.schema.is("integer") {
			for _, n := range []string{"1.5", "1e400", "9223372036854775808", "-1e30"} {
				send(n, json.Number(n), refused("*"))
			}
		}
		if p.schema.is("string") {
			for _, bad := range hostile() {
				send(bad[:20], bad, expectation{})
			}
		}
	}
}

// wrongTypes gives values that a schema's type excludes.
func wrongTypes(s *schema) map[string]any {
	all := map[string]any{
		"string": "x" + Marker, "number": 1.25, "boolean": true,
		"array": []any{Marker, []any{map[string]any{"a": 1}}}, "object": map[string]any{"x" + Marker: []any{Marker}},
	}
	if s.Type == nil {
		return nil // anything goes
	}
	for word := range all {
		if s.is(word) {
			delete(all, word)
		}
	}
	out := map[string]any{}
	for word, v := range all {
		out["a "+word] = v
	}
	return out
}

// guards leaves out what an unsafe request must carry.
func (b *tester) guards(op *operation) {
	body := b.sampleBody(op)
	send := func(name string, header map[string]string, want expectation) {
		b.send(name, request{op: op, body: body, header: header}, want)
	}
	send("another site", map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, expectation{[]int{403}, ""})
	send("no CSRF token", map[string]string{"X-CSRF-Token": ""}, expectation{[]int{403}, ""})
	send("wrong CSRF token", map[string]string{"X-CSRF-Token": Marker}, expectation{[]int{403}, ""})
	if op.closed {
		b.send("a guest", request{op: op, body: body, guest: true}, expectation{[]int{401}, ""})
	}
	if !op.keyed() {
		return
	}
	const header = "Idempotency-Key"
	send("no key", map[string]string{header: ""}, refused("header/"+header))
	send("a long key", map[string]string{header: strings.Repeat("k", 201)}, refused("header/"+header))
	send("a key in Chinese", map[string]string{header: "操作" + Marker}, refused("header/"+header))
}

// unknown asks for what does not exist.
func (b *tester) unknown() {
	b.t.Helper()
	b.send("unknown path", request{op: &operation{method: http.MethodGet, path: "/api/" + Marker}}, expectation{[]int{404}, ""})
	b.send("unknown path, written to", request{op: &operation{method: http.MethodPost, path: "/api/" + Marker}, body: []byte("{}")}, expectation{[]int{404}, ""})
	b.send("unknown method", request{op: &operation{method: "BREW", path: "/api/me"}}, expectation{[]int{405}, ""})
	b.send("path to be cleaned", request{op: &operation{method: http.MethodGet, path: "/api/../api/me"}}, expectation{[]int{404}, ""})
}
