package webtest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// schema is the part of a JSON Schema that inputs are made from.
type schema struct {
	Ref        string             `json:"$ref"`
	Type       any                `json:"type"` // a word or a list of words
	Properties map[string]*schema `json:"properties"`
	Required   []string           `json:"required"`
	Additional any                `json:"additionalProperties"`
	Items      *schema            `json:"items"`
	Enum       []any              `json:"enum"`
	Format     string             `json:"format"`
	Encoding   string             `json:"contentEncoding"`
	MinLength  int                `json:"minLength"`
	MinItems   int                `json:"minItems"`
	Minimum    *float64           `json:"minimum"`
}

// document is an OpenAPI document, as far as it is needed.
type document struct {
	Paths      map[string]map[string]*described `json:"paths"`
	Components struct {
		Schemas map[string]*schema `json:"schemas"`
	} `json:"components"`
}

type described struct {
	Security   []any       `json:"security"`
	Parameters []parameter `json:"parameters"`
	Body       struct {
		Content map[string]struct {
			Schema *schema `json:"schema"`
		} `json:"content"`
	} `json:"requestBody"`
}

type parameter struct {
	Name     string  `json:"name"`
	In       string  `json:"in"`
	Required bool    `json:"required"`
	Schema   *schema `json:"schema"`
}

// operation is one method of one path.
type operation struct {
	method, path string
	params       []parameter
	body         *schema // nil: none
	closed       bool    // to guests
}

func parse(text []byte) (*document, error) {
	var d document
	err := json.Unmarshal(text, &d)
	return &d, err
}

// operations lists the operations by path and method.
func (d *document) operations() []*operation {
	var out []*operation
	for path, methods := range d.Paths {
		for method, op := range methods {
			o := &operation{method: strings.ToUpper(method), path: path, params: op.Parameters, closed: len(op.Security) > 0}
			if media, ok := op.Body.Content["application/json"]; ok {
				o.body = media.Schema
			}
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b *operation) int { return strings.Compare(a.path+" "+a.method, b.path+" "+b.method) })
	return out
}

func (o *operation) unsafe() bool { return o.method != http.MethodGet && o.method != http.MethodHead }

// keyed tells whether the operation asks for an idempotency key.
func (o *operation) keyed() bool {
	return slices.ContainsFunc(o.params, func(p parameter) bool { return p.In == "header" && p.Name == "Idempotency-Key" && p.Required })
}

// fill gives the path with a value for each parameter.
func (o *operation) fill(values map[string]string) string {
	path := o.path
	for _, p := range o.params {
		if p.In != "path" {
			continue
		}
		value, ok := values[p.Name]
		if !ok {
			value = "x"
			if p.Schema != nil && (p.Schema.is("integer") || p.Schema.is("number")) {
				value = "1"
			}
		}
		path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(value))
	}
	return path
}

// is tells whether a schema's type is, or may be, the word.
func (s *schema) is(word string) bool {
	switch t := s.Type.(type) {
	case string:
		return t == word
	case []any:
		return slices.Contains(t, any(word))
	}
	return false
}

// open follows references.
func (d *document) open(s *schema) *schema {
	for s != nil && s.Ref != "" {
		s = d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
	}
	if s == nil {
		return &schema{}
	}
	return s
}

// sample makes a value that fits a schema, as far as a schema tells.
func (d *document) sample(s *schema, depth int) any {
	s = d.open(s)
	switch {
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.is("object"):
		out := map[string]any{}
		for name, p := range s.Properties {
			if depth < 6 || slices.Contains(s.Required, name) && depth < 12 {
				out[name] = d.sample(p, depth+1)
			}
		}
		return out
	case s.is("array"):
		out := []any{}
		for range max(s.MinItems, 1) {
			out = append(out, d.sample(s.Items, depth+1))
		}
		return out
	case s.is("string"):
		return s.sampleText()
	case s.is("integer"), s.is("number"):
		if s.Minimum != nil {
			return *s.Minimum
		}
		return 1.0
	case s.is("boolean"):
		return true
	}
	return map[string]any{}
}

func (s *schema) sampleText() string {
	switch {
	case s.Format == "date":
		return "2026-11-30"
	case s.Format == "date-time":
		return "2026-11-30T09:00:00+08:00"
	case s.Format == "uuid":
		return "7f1c2e8a-5a3b-4c59-9d3e-0a1b2c3d4e5f"
	case s.Encoding == "base64":
		return "eHh4"
	}
	return strings.Repeat("甲", max(s.MinLength, 2))
}

// place is one field of a body: its steps, the path by which it must be named,
// and its schema.
type place struct {
	steps    []any // string or int
	path     string
	schema   *schema
	required bool
}

// places lists the fields of a body, down to maxPlaces levels.
func (d *document) places(s *schema, at place, depth int) []place {
	const maxDepth = 6
	s = d.open(s)
	if depth > maxDepth {
		return nil
	}
	var out []place
	switch {
	case s.is("object"):
		names := make([]string, 0, len(s.Properties))
		for name := range s.Properties {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			p := place{steps: append(slices.Clone(at.steps), name), path: joined(at.path, name), schema: d.open(s.Properties[name]), required: slices.Contains(s.Required, name)}
			out = append(append(out, p), d.places(p.schema, p, depth+1)...)
		}
	case s.is("array") && s.Items != nil:
		p := place{steps: append(slices.Clone(at.steps), 0), path: joined(at.path, "0"), schema: d.open(s.Items), required: false}
		out = append(append(out, p), d.places(p.schema, p, depth+1)...)
	}
	return out
}

func joined(path, step string) string {
	if path == "" {
		return step
	}
	return path + "/" + step
}

// set gives a copy of a body with another value at a place; absent removes it.
func set(body any, steps []any, value any, absent bool) any {
	if len(steps) == 0 {
		return value
	}
	switch step := steps[0].(type) {
	case string:
		out := map[string]any{}
		if m, ok := body.(map[string]any); ok {
			for name, v := range m {
				out[name] = v
			}
		}
		if len(steps) == 1 && absent {
			delete(out, step)
		} else {
			out[step] = set(out[step], steps[1:], value, absent)
		}
		return out
	case int:
		out := []any{nil}
		if l, ok := body.([]any); ok && len(l) > 0 {
			out = slices.Clone(l)
		}
		out[step] = set(out[step], steps[1:], value, absent)
		return out
	}
	return body
}
