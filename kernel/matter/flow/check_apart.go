package flow

import "strings"

// opening checks who may raise a matter: there is no data yet to name him.
func (r *reading) opening() {
	if r.d.Open == nil {
		return
	}
	var walk func(w *Who)
	walk = func(w *Who) {
		if w.Person != "" || w.Duty != "" && w.Of != OfOffice && w.Of != OfUnit {
			r.add(r.d, CodeData, w.Line, "open", "可提出的人员只能写办公室或本单位的职责。", "Who may raise a matter is a duty of the office or of the unit.")
		}
		for i := range w.Or {
			walk(&w.Or[i])
		}
	}
	walk(r.d.Open)
}

// sealing checks what a seal names: a unit that somebody enters, a condition over
// data that there is, and a step.
func (r *reading) sealing(have written) {
	s := r.d.Sealed
	if s == nil {
		return
	}
	const path = "sealed"
	if n := r.d.nodes[s.Until]; n == nil || n.block.Step == nil {
		r.add(r.d, CodeSeal, s.Line, path+"/until", "没有这个环节："+s.Until, "There is no such step: "+s.Until)
	}
	if !r.places(s.From, "unit") {
		r.add(r.d, CodeData, s.Line, path+"/from", "没有这项数据，或不是单位："+string(s.From), "No such data, or not of units: "+string(s.From))
	}
	if s.If == nil || s.If.prog == nil {
		return
	}
	for _, read := range s.If.prog.reads {
		if root(read.path) == "given" {
			r.read(read.path, "", s.If.Line, s.If.where, have, false)
		} else if !r.exists(read.path) {
			r.add(r.d, CodeData, s.If.Line, s.If.where, "没有这项数据："+string(read.path), "No such data: "+string(read.path))
		}
	}
}

// places reports whether some form has a field at the place that names things of
// a sort: texts, or objects with such a text.
func (r *reading) places(p Path, key string) bool {
	names := strings.Split(string(p), ".")
	if names[0] == "given" && r.d.Given == "" {
		return true // nothing is known about it
	}
	for _, f := range r.d.formsAt(names[0]) {
		if schema, known, _ := f.field(names[1:]); known && namesThings(schema, key) {
			return true
		}
	}
	return false
}

// namesThings reports whether values of a schema are texts, lists of texts, or
// lists of objects with a text under key.
func namesThings(schema map[string]any, key string) bool {
	if t, _ := schema["type"].(string); t != "array" {
		return t == "string"
	}
	items, _ := schema["items"].(map[string]any)
	switch items["type"] {
	case "string":
		return true
	case "object":
		props, _ := items["properties"].(map[string]any)
		field, _ := props[key].(map[string]any)
		return field["type"] == "string"
	}
	return false
}

// disclosing checks the step that ends a seal: whatever is done there goes on, so
// that the matter is never sealed again nor ends at the moment it is shown.
func (r *reading) disclosing(s *Step, path string) {
	if r.d.Sealed == nil || r.d.Sealed.Until != s.ID {
		return
	}
	for _, a := range s.Acts {
		if a.Back != "" || a.End != "" {
			r.add(r.d, CodeSeal, a.Line, path+"/acts/"+a.ID, "解除保密的环节不能退回或办结。", "The step that ends the seal cannot go back or end the matter.")
		}
	}
}

// disclosed demands that a seal is surely over where something would give the
// matter away: where its number is drawn, sub-matters begin, or its source is
// linked to an act.
func (r *reading) disclosed(id string, line int, path string, have written) {
	if r.d.Sealed == nil || id == r.d.Sealed.Until {
		return
	}
	if _, over := have[r.d.Sealed.Until]; !over {
		r.add(r.d, CodeSeal, line, path, "此时事项可能尚在保密，不能编号、分办或回应；须在“"+r.d.Sealed.Until+"”之后。",
			"The matter may still be sealed here: it can have no number, no sub-matters and no answer before \""+r.d.Sealed.Until+"\".")
	}
}

// apart checks one reference of a recusal: a step, or people named in data that
// was surely written.
func (r *reading) apart(ref string, line int, path string, have written) {
	if !strings.Contains(ref, ".") {
		if n := r.d.nodes[ref]; n == nil || n.block.Step == nil {
			r.add(r.d, CodeData, line, path, "没有这个环节："+ref, "There is no such step: "+ref)
		}
		return
	}
	names := strings.Split(ref, ".")
	src, ok := have[names[0]]
	switch {
	case !ok && have != nil && r.exists(Path(ref)):
		r.add(r.d, CodeData, line, path, "并非每条路径到此都已写入这项数据："+ref, "Not every path here has written this data: "+ref)
	case !ok && !r.places(Path(ref), "person") || src.each:
		r.add(r.d, CodeData, line, path, "没有这项数据："+ref, "No such data: "+ref)
	}
	for _, f := range src.forms {
		if f != nil {
			if schema, known, _ := f.field(names[1:]); known && namesThings(schema, "person") {
				continue
			}
		}
		r.add(r.d, CodeData, line, path, "前一环节的每个向前动作，其表单都须有此字段，且填写人员："+ref, "Every act that goes on must have this field in its form, and people in it: "+ref)
		return
	}
}

// fieldAparts checks the references of a form where it is used. have is nil for
// an act that is possible at any time: then data need only exist.
func (r *reading) fieldAparts(form string, line int, path string, have written) {
	f := r.d.Forms[form]
	if f == nil {
		return
	}
	for _, a := range f.aparts {
		for _, ref := range a.refs {
			r.apart(ref, line, path+"/form", have)
		}
	}
}

// recusal checks that taking somebody off the matter asks whom and why.
func (c *checking) recusal(d *Def) {
	in := d.Interrupt(IntRecuse)
	if in == nil {
		return
	}
	for _, name := range []string{"person", "reason"} {
		f := d.Forms[in.Form]
		if f != nil {
			if schema, known, sure := f.field([]string{name}); known && sure && schema["type"] == "string" {
				continue
			}
		}
		c.add(d, CodeForm, in.Line, "interrupts/recuse", "回避的表单须有必填的 person（人员）和 reason（理由）。", "The form of a recusal requires person and reason.")
		return
	}
}
