package flow

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"touyan.dev/touyan/kernel/fault"
)

// Form is what an act asks for: a JSON Schema (2020-12) of an object. Its
// fields carry their titles as x-zh and x-en and may name a widget as x-widget.
type Form struct {
	Name   string         `json:"name"`
	Schema map[string]any `json:"schema"`
	Fields []string       `json:"fields,omitempty"` // in the order of the file
	Line   int            `json:"-"`
	sch    *jsonschema.Schema
	flaw   string // why the schema does not compile
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
		form := &Form{Name: name, Schema: schema, Line: item.line, src: item}
		if props := item.get("properties"); props != nil {
			form.Fields = props.keys
		}
		form.compile()
		forms[name] = form
	}
	return forms
}

// sealed is the loader of schemas: forms refer to nothing outside themselves.
type sealed struct{}

func (sealed) Load(string) (any, error) {
	return nil, errors.New("a form may not refer to another document")
}

func (f *Form) compile() {
	const url = "form:///form.json"
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	c.UseLoader(sealed{})
	if err := c.AddResource(url, f.Schema); err != nil {
		f.flaw = lastLine(err)
		return
	}
	sch, err := c.Compile(url)
	if err != nil {
		f.flaw = lastLine(err)
		return
	}
	f.sch = sch
}

// lastLine gives the innermost cause of the schema library's tree of causes.
func lastLine(err error) string {
	text := err.Error()
	return strings.TrimLeft(text[strings.LastIndexByte(text, '\n')+1:], " -")
}

// Validate holds the input against the form. The error is Invalid, names each
// field, and never repeats a value.
func (f *Form) Validate(data map[string]any) error {
	if f.sch == nil {
		return fault.New(fault.Internal, "flow.Validate", "表单定义有误。", "The form's definition is broken.")
	}
	if data == nil {
		data = map[string]any{}
	}
	err := f.sch.Validate(data)
	if err == nil {
		return nil
	}
	var bad *jsonschema.ValidationError
	if !errors.As(err, &bad) {
		return fault.Wrap("flow.Validate", err)
	}
	out := fault.New(fault.Invalid, "flow.Validate", "填写的内容有误,请按提示修改。", "The form has errors; mend the fields named.")
	f.collect(bad, out)
	return out
}

func (f *Form) collect(e *jsonschema.ValidationError, out *fault.Error) {
	if len(e.Causes) > 0 {
		for _, c := range e.Causes {
			f.collect(c, out)
		}
		return
	}
	if len(out.Fields) >= maxErrors {
		return
	}
	add := func(at []string, zh, en string) {
		t := f.title(at)
		out.Fields = append(out.Fields, fault.Field{
			Path: strings.Join(at, "/"),
			Text: fault.T(t.ZH+zh, t.EN+" "+en),
		})
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			add(append(append([]string(nil), e.InstanceLocation...), name), "必须填写。", "is required.")
		}
	case *kind.AdditionalProperties: // the name was typed by the caller, so it is not repeated
		add(e.InstanceLocation, "含有表单以外的字段。", "has fields the form does not know.")
	case *kind.MinLength:
		add(e.InstanceLocation, fmt.Sprintf("至少 %d 个字。", k.Want), fmt.Sprintf("needs at least %d characters.", k.Want))
	case *kind.MaxLength:
		add(e.InstanceLocation, fmt.Sprintf("至多 %d 个字。", k.Want), fmt.Sprintf("may have at most %d characters.", k.Want))
	case *kind.MinItems:
		add(e.InstanceLocation, fmt.Sprintf("至少 %d 项。", k.Want), fmt.Sprintf("needs at least %d items.", k.Want))
	case *kind.MaxItems:
		add(e.InstanceLocation, fmt.Sprintf("至多 %d 项。", k.Want), fmt.Sprintf("may have at most %d items.", k.Want))
	case *kind.Enum, *kind.Const:
		add(e.InstanceLocation, "须从所列选项中选择。", "must be one of the choices.")
	case *kind.Format:
		add(e.InstanceLocation, "格式不对。", "is not in the right form.")
	case *kind.Type:
		add(e.InstanceLocation, "类型不对。", "is of the wrong type.")
	default:
		add(e.InstanceLocation, "不符合要求。", "does not meet the rule.")
	}
}

// title gives the field's names in the two languages, or its place.
func (f *Form) title(at []string) fault.Text {
	var schema any = f.Schema
	for _, step := range at {
		m, _ := schema.(map[string]any)
		if m == nil {
			break
		}
		if _, err := strconv.Atoi(step); err == nil && m["items"] != nil {
			schema = m["items"]
			continue
		}
		props, _ := m["properties"].(map[string]any)
		schema = props[step]
	}
	m, _ := schema.(map[string]any)
	zh, _ := m["x-zh"].(string)
	en, _ := m["x-en"].(string)
	if zh == "" || en == "" {
		return fault.T("此项", "This field")
	}
	return fault.T("“"+zh+"”", "\""+en+"\"")
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
