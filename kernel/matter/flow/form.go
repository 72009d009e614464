package flow

import (
	"strings"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/form"
)

// Form is what an act asks for: a JSON Schema (2020-12) of an object. Its
// fields carry their titles as x-zh and x-en and may name a widget as x-widget.
type Form struct {
	Name   string         `json:"name"`
	Schema map[string]any `json:"schema"`
	Fields []string       `json:"fields,omitempty"` // in the order of the file
	Line   int            `json:"-"`
	ready  *form.Form
	aparts []fieldApart // fields that name people who must not be among others
	flaw   string       // why the schema does not compile
	src    *value
}

func (p *parsing) forms(v *value) map[string]*Form {
	p.fields(v)
	forms := make(map[string]*Form, len(v.keys))
	for i, name := range v.keys {
		item := v.items[i]
		if !idForm.MatchString(name) {
			p.at(item, "表单名由小写字母、数字和下划线组成。", "A form's name is made of small letters, digits and underscores.")
			continue
		}
		schema, ok := item.plain().(map[string]any)
		if !ok {
			p.at(item, "表单须为 JSON Schema 对象。", "A form is a JSON Schema object.")
			continue
		}
		f := &Form{Name: name, Schema: schema, Line: item.line, src: item}
		if props := item.get("properties"); props != nil {
			f.Fields = props.keys
		}
		f.compile()
		forms[name] = f
	}
	return forms
}

// compile makes the form ready; a flaw is Check's to report.
func (f *Form) compile() {
	ready, err := form.Compile(f.Schema)
	if err != nil {
		f.flaw = lastLine(err)
		return
	}
	f.ready = ready
}

// lastLine gives the innermost cause of the schema library's tree of causes.
func lastLine(err error) string {
	text := err.Error()
	return strings.TrimLeft(text[strings.LastIndexByte(text, '\n')+1:], " -")
}

// check gives the input put in order. The error is Invalid, names each field,
// and never repeats a value.
func (f *Form) check(data map[string]any) (map[string]any, error) {
	if f.ready == nil {
		return nil, fault.New(fault.Internal, "flow.check", "表单定义有误。", "The form's definition is broken.")
	}
	return f.ready.Check(data)
}

// field follows a path of names through the schema's objects. known is false
// when the form has no such field; sure is whether every field on the way is
// required. A part without declared properties knows everything below it.
func (f *Form) field(names []string) (schema map[string]any, known, sure bool) {
	schema, sure = f.Schema, true
	for _, name := range names {
		props, ok := schema["properties"].(map[string]any)
		if !ok {
			if t, _ := schema["type"].(string); t != "" && t != "object" {
				return nil, false, false
			}
			return map[string]any{}, schema["additionalProperties"] != false, false
		}
		next, ok := props[name].(map[string]any)
		if !ok {
			return nil, false, false
		}
		sure = sure && required(schema, name)
		schema = next
	}
	return schema, true, sure
}

func required(schema map[string]any, name string) bool {
	list, _ := schema["required"].([]any)
	for _, r := range list {
		if r == name {
			return true
		}
	}
	return false
}
