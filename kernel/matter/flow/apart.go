package flow

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"touyan.dev/touyan/kernel/fault"
)

// apart is from whom a step is kept apart: people named at places in the data,
// and those who acted in steps.
type apart struct {
	paths []Path
	steps []string
}

// newApart sorts references: "plan.team" is a place in the data, "visit" a step.
func (d *Def) newApart(refs []string) apart {
	var a apart
	for _, ref := range refs {
		if strings.Contains(ref, ".") {
			a.paths = append(a.paths, Path(ref))
			continue
		}
		a.steps = append(a.steps, ref)
		if d.watched == nil {
			d.watched = make(map[string]bool)
		}
		d.watched[ref] = true
	}
	return a
}

// fieldApart is a field of a form that names a person, or people, who must not
// be among others.
type fieldApart struct {
	at   []string // names from the form's root; "*" for any item of a list
	refs []string
	from apart
}

// formAparts finds the fields with x-apart in a schema.
func (d *Def) formAparts(to []fieldApart, schema map[string]any, at []string) []fieldApart {
	if list, ok := schema["x-apart"].([]any); ok {
		var refs []string
		for _, item := range list {
			if ref, ok := item.(string); ok {
				refs = append(refs, strings.TrimPrefix(ref, "data."))
			}
		}
		to = append(to, fieldApart{at: slices.Clone(at), refs: refs, from: d.newApart(refs)})
	}
	if items, ok := schema["items"].(map[string]any); ok {
		to = d.formAparts(to, items, append(at, "*"))
	}
	props, _ := schema["properties"].(map[string]any)
	for _, name := range sortedKeys(props) {
		if field, ok := props[name].(map[string]any); ok {
			to = d.formAparts(to, field, append(at, name))
		}
	}
	return to
}

// Watched reports whether somebody is kept apart from those who act in a step,
// so that the engine must remember them.
func (d *Def) Watched(step string) bool { return d.watched[step] }

// Apart gives from whom a step is kept apart in this state: people by their ids,
// and the steps whose actors they are.
func (d *Def) Apart(s State, step string) (people, steps []string) {
	n := d.nodes[step]
	if n == nil {
		return nil, nil
	}
	return n.apart.read(&s)
}

func (a *apart) read(s *State) (people, steps []string) {
	for _, p := range a.paths {
		people = append(people, s.named(p, "person")...)
	}
	return people, a.steps
}

// Chosen is a person named in a form who must be apart from others.
type Chosen struct {
	Field  string // where in the form: "reviewers/0"
	Person string
	Refs   []Ref
}

// Ref is one place or step from which a chosen person must be apart.
type Ref struct {
	People []string // named at the place
	Step   string   // or who acted in this step
	Name   fault.Text
}

// Chosen gives the people that the input of an act names in fields with x-apart;
// before is the state in which the act was made.
func (d *Def) Chosen(before State, form string, input map[string]any) []Chosen {
	f := d.Forms[form]
	if f == nil {
		return nil
	}
	var out []Chosen
	for _, a := range f.aparts {
		var refs []Ref
		for _, p := range a.from.paths {
			refs = append(refs, Ref{People: before.named(p, "person"), Name: d.pathName(p)})
		}
		for _, step := range a.from.steps {
			refs = append(refs, Ref{Step: step, Name: d.StageName(step)})
		}
		each(input, a.at, "", func(field, person string) { out = append(out, Chosen{Field: field, Person: person, Refs: refs}) })
	}
	return out
}

// each visits the texts at a place of an input, and at "*" all items of a list. A
// place that holds a list of texts, or of objects with a person, holds each.
func each(v any, at []string, path string, visit func(field, person string)) {
	switch v := v.(type) {
	case string:
		if len(at) == 0 && v != "" {
			visit(path, v)
		}
	case []any:
		rest := at
		if len(at) > 0 && at[0] == "*" {
			rest = at[1:]
		}
		for i, item := range v {
			each(item, rest, join(path, strconv.Itoa(i)), visit)
		}
	case map[string]any:
		if len(at) > 0 {
			each(v[at[0]], at[1:], join(path, at[0]), visit)
		} else if person, ok := v["person"].(string); ok && person != "" {
			visit(join(path, "person"), person)
		}
	}
}

// pathName gives the title of the field at a place, or the place itself.
func (d *Def) pathName(p Path) fault.Text {
	names := strings.Split(string(p), ".")
	for _, f := range d.formsAt(names[0]) {
		if schema, known, _ := f.field(names[1:]); known {
			zh, _ := schema["x-zh"].(string)
			en, _ := schema["x-en"].(string)
			if zh != "" && en != "" {
				return fault.T(zh, en)
			}
		}
	}
	return fault.T(string(p), string(p))
}

// formsAt gives the forms that may have written data under an id.
func (d *Def) formsAt(id string) []*Form {
	var out []*Form
	if id == "given" {
		if f := d.Forms[d.Given]; f != nil {
			out = append(out, f)
		}
		return out
	}
	if s := d.Step(id); s != nil {
		for _, a := range s.Acts {
			if f := d.Forms[a.Form]; f != nil {
				out = append(out, f)
			}
		}
	}
	return out
}

// SealedFrom gives the units from which a matter is kept in this state.
func (d *Def) SealedFrom(s State) []string {
	if d.Sealed == nil || s.raw(Path(d.Sealed.Until)) != nil {
		return nil
	}
	if d.Sealed.If != nil {
		if ok, _ := d.holds(d.Sealed.If, &s, make(lens, 2)); !ok {
			return nil
		}
	}
	return s.named(d.Sealed.From, "unit")
}

// Opens gives who may raise a matter of the kind, besides the office's staff.
func (d *Def) Opens() []Party {
	if d.Open == nil {
		return nil
	}
	return readWho(nil, d.Open, &State{})
}

// StepWho gives for whom a step is in this state.
func (d *Def) StepWho(s State, step string) []Party {
	if n := d.nodes[step]; n != nil && n.who != nil {
		return n.who.parties(&s)
	}
	return nil
}

// named reads a text, a list of texts, or a list of objects with a text under
// key.
func (s *State) named(p Path, key string) []string {
	v, _ := s.Get(p)
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var out []string
	for _, item := range list {
		if m, ok := item.(map[string]any); ok {
			item = m[key]
		}
		if t, ok := item.(string); ok && t != "" {
			out = append(out, t)
		}
	}
	return out
}

// textAt reads a text member of an object.
func textAt(obj []byte, key string) string {
	var out string
	if json.Unmarshal(find(obj, key), &out) != nil {
		return ""
	}
	return out
}
