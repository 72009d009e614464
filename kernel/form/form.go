// Package form checks what people fill in.
//
// A form is a JSON Schema (draft 2020-12) of an object, compiled once. Its
// fields carry their titles as x-zh and x-en, may say how they are entered as
// x-widget, and may explain their pattern as x-hint-zh and x-hint-en. Check
// first puts the input in order, as far as that cannot change its meaning, and
// then holds it against the schema.
//
// Order means: spaces around a text go, and runs of spaces inside a one-line
// text become one; full-width digits and letters become ASCII in dates, numbers,
// numbers of certificates and the like; a text left empty counts as not given.
// The text of an area (x-widget: area), which may quote somebody, keeps its inner
// spaces.
//
// Errors are fault.Invalid with one Field for each problem. They name the field
// by its title and never repeat what was typed, not even the name of a field the
// form does not know.
package form

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"touyan.dev/touyan/kernel/fault"
)

// Limits of an input, far beyond any form that a person fills in.
const (
	maxDepth  = 16      // objects and lists inside each other
	maxValues = 10_000  // values altogether
	maxBytes  = 1 << 20 // bytes of text altogether
	maxErrors = 50      // problems named at once
)

// Form is a compiled form; it may be used by many at once.
type Form struct {
	schema *jsonschema.Schema
	root   *rule
}

// sealed is the loader of schemas: forms refer to nothing outside themselves.
type sealed struct{}

func (sealed) Load(string) (any, error) {
	return nil, errors.New("a form may not refer to another document")
}

// Compile reads a schema, given as decoded JSON or YAML. The error says what is
// wrong with it; it is meant for whoever writes forms, not for who fills them in.
func Compile(schema map[string]any) (*Form, error) {
	const url = "form:///form.json"
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	c.UseLoader(sealed{})
	if err := c.AddResource(url, schema); err != nil {
		return nil, flawed(err)
	}
	compiled, err := c.Compile(url)
	if err != nil {
		return nil, flawed(err)
	}
	rules := ruleReader{document: schema, known: map[string]*rule{}}
	return &Form{schema: compiled, root: rules.read(schema, 0)}, nil
}

func flawed(err error) error {
	f := fault.New(fault.Invalid, "form.Compile", "表单定义有误："+err.Error(), "The form's definition is flawed: "+err.Error())
	f.Err = err
	return f
}

// Check gives the input put in order, or an Invalid error that names each field
// to mend. The input itself is not changed. Its values are those of encoding/json
// (also json.Number); nil counts as an empty object.
func (f *Form) Check(input map[string]any) (map[string]any, error) {
	t := tidier{}
	ordered := t.object(f.root, input, "", 0)
	if len(t.fields) == 0 {
		err := f.schema.Validate(ordered)
		if err == nil {
			return ordered, nil
		}
		var bad *jsonschema.ValidationError
		if !errors.As(err, &bad) {
			return nil, fault.Wrap("form.Check", err)
		}
		t.fields = f.explain(bad)
	}
	out := fault.New(fault.Invalid, "form.Check", "填写的内容有误，请按提示修改。", "The form has errors; mend the fields named.")
	// The input is a map: without order, the same input would give another answer each time.
	slices.SortStableFunc(t.fields, func(a, b fault.Field) int { return strings.Compare(a.Path+"\x00"+a.Text.EN, b.Path+"\x00"+b.Text.EN) })
	out.Fields = slices.Compact(t.fields)
	return nil, out
}

// rule is what putting in order needs to know of a schema.
type rule struct {
	title   fault.Text // empty without x-zh and x-en
	hint    fault.Text
	manner  manner
	number  bool // the schema wants a number
	null    bool // the schema allows null
	props   map[string]*rule
	items   *rule
	hasText bool // the schema wants a text
}

// manner is how a text is put in order.
type manner int

const (
	line   manner = iota // one line: inner spaces collapse
	area                 // several lines, perhaps verbatim: only the ends are trimmed
	narrow               // a date, number or code: full-width forms become ASCII, no spaces
	date                 // narrow, and 2026年11月30日, 2026/11/30, 2026.11.30 become 2026-11-30
)

// mannerOf says how the text of each widget is put in order; others are lines.
func mannerOf(widget, format string) manner {
	switch widget {
	case "area", "verbatim", "procedure":
		return area
	case "date":
		return date
	case "number", "id", "phone", "code", "unit", "person", "limit", "choice":
		return narrow
	}
	if format == "date" {
		return date
	}
	return line
}

// ruleReader reads rules; a schema referred to twice is read once, so that
// recursive schemas end.
type ruleReader struct {
	document map[string]any
	known    map[string]*rule
}

func (rr *ruleReader) read(schema map[string]any, depth int) *rule {
	if ref, ok := schema["$ref"].(string); ok {
		return rr.refer(ref, depth)
	}
	r := &rule{
		title:  text(schema, "x-zh", "x-en"),
		hint:   text(schema, "x-hint-zh", "x-hint-en"),
		manner: mannerOf(word(schema, "x-widget"), word(schema, "format")),
	}
	for _, t := range types(schema) {
		r.number = r.number || t == "number" || t == "integer"
		r.hasText = r.hasText || t == "string"
		r.null = r.null || t == "null"
	}
	if props, ok := schema["properties"].(map[string]any); ok {
		r.props = make(map[string]*rule, len(props))
		for name, p := range props {
			if p, ok := p.(map[string]any); ok {
				r.props[name] = rr.read(p, depth+1)
			}
		}
	}
	if items, ok := schema["items"].(map[string]any); ok {
		r.items = rr.read(items, depth+1)
	}
	return r
}

// refer follows a reference inside the document; any other reads as no rule.
func (rr *ruleReader) refer(ref string, depth int) *rule {
	if r, ok := rr.known[ref]; ok {
		return r
	}
	r := &rule{}
	rr.known[ref] = r
	path, inside := strings.CutPrefix(ref, "#/")
	if !inside || depth > maxDepth {
		return r
	}
	var at any = rr.document
	for _, step := range strings.Split(path, "/") {
		m, _ := at.(map[string]any)
		at = m[strings.NewReplacer("~1", "/", "~0", "~").Replace(step)]
	}
	if m, ok := at.(map[string]any); ok {
		*r = *rr.read(m, depth+1)
	}
	return r
}

func word(schema map[string]any, name string) string {
	s, _ := schema[name].(string)
	return s
}

func text(schema map[string]any, zh, en string) fault.Text {
	t := fault.T(word(schema, zh), word(schema, en))
	if t.ZH == "" || t.EN == "" {
		return fault.Text{}
	}
	return t
}

// types lists the type words of a schema.
func types(schema map[string]any) []string {
	switch t := schema["type"].(type) {
	case string:
		return []string{t}
	case []any:
		words := make([]string, 0, len(t))
		for _, w := range t {
			words = append(words, fmt.Sprint(w))
		}
		return words
	}
	return nil
}
