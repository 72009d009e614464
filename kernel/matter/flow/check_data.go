package flow

import (
	"maps"
	"strings"
)

// source is what surely holds data under an id when a block is entered: a
// step left forwards by one of several acts, an each, or what was given.
type source struct {
	forms []*Form // one per act that goes on; nil for an act without a form
	each  bool
	free  bool // nothing is known about its fields
}

// written maps ids to what surely is there.
type written map[string]source

// reading walks a definition in its order and keeps what was surely written.
type reading struct {
	*checking
	d *Def
}

// data checks that nothing is read before it was surely written, and that
// what is read is a field of a form.
func (c *checking) data(d *Def) {
	r := &reading{checking: c, d: d}
	have := written{"given": {free: true}}
	if f := d.Forms[d.Given]; f != nil {
		have["given"] = source{forms: []*Form{f}}
	}
	if d.Limit != nil && d.Limit.Data != "" { // read when the matter begins: only what was given is there
		r.read(d.Limit.Data, "string", d.Limit.Line, "limit/data", have, false)
	}
	if f := d.Forms[d.Given]; f != nil && len(f.aparts) > 0 {
		r.add(d, CodeData, f.Line, "forms/"+d.Given, "事项开始时还没有可回避的数据（x-apart）。", "When a matter begins there is nothing yet to be apart from (x-apart).")
	}
	r.opening()
	r.sealing(have)
	r.seq(d.main, have)
	for i := range d.Interrupts {
		in := &d.Interrupts[i]
		r.laterWho(&in.Who, in.Line, "interrupts/"+in.ID, have)
		r.fieldAparts(in.Form, in.Line, "interrupts/"+in.ID, nil)
	}
}

// seq checks a sequence and gives what is written after it; nil if its end
// cannot be reached.
func (r *reading) seq(q *seq, have written) written {
	have = maps.Clone(have)
	for _, n := range q.nodes {
		if have = r.node(n, have); have == nil {
			return nil
		}
	}
	return have
}

func (r *reading) node(n *node, have written) written {
	b := n.block
	switch {
	case b.Step != nil:
		return r.step(n, have)
	case b.Choice != nil:
		for i := range b.Choice.When {
			r.guard(&b.Choice.When[i].If, have)
		}
		return r.meet(n, have)
	case b.Joint != nil:
		return r.join(n, have)
	case b.Each != nil:
		r.items(n, have)
		r.disclosed(n.id, b.Line, b.Path, have)
		if b.Each.Limit != nil && b.Each.Limit.Data != "" {
			r.read(b.Each.Limit.Data, "string", b.Each.Limit.Line, b.Path+"/limit", have, false)
		}
		have[n.id] = source{each: true}
		return have
	}
	return nil
}

func (r *reading) step(n *node, have written) written {
	s, path := n.block.Step, n.block.Path
	r.who(&s.Who, path+"/who", have)
	r.disclosing(s, path)
	for _, ref := range s.Apart {
		r.apart(ref, s.line, path+"/apart", have)
	}
	if s.Limit != nil && s.Limit.Data != "" {
		r.read(s.Limit.Data, "string", s.Limit.Line, path+"/limit", have, false)
	}
	var after source
	for i := range s.Acts {
		a := &s.Acts[i]
		if a.Who != nil {
			r.who(a.Who, path+"/acts/"+a.ID+"/who", have)
		}
		if a.If != nil {
			r.guard(a.If, have)
		}
		r.fieldAparts(a.Form, a.Line, path+"/acts/"+a.ID, have)
		if a.Number || a.Link != "" {
			r.disclosed(n.id, a.Line, path+"/acts/"+a.ID, have)
		}
		if a.Back == "" && a.End == "" {
			after.forms = append(after.forms, r.d.Forms[a.Form])
		}
	}
	if len(after.forms) == 0 {
		return nil
	}
	have[s.ID] = after
	return have
}

// meet gives what every arm that goes on has written.
func (r *reading) meet(n *node, have written) written {
	var all written
	for _, arm := range n.arms {
		after := r.seq(arm, have)
		switch {
		case after == nil:
		case all == nil:
			all = after
		default:
			maps.DeleteFunc(all, func(id string, _ source) bool { _, ok := after[id]; return !ok })
		}
	}
	return all
}

// join gives what all branches have written, or nothing new when some of them
// need not finish.
func (r *reading) join(n *node, have written) written {
	all := maps.Clone(have)
	need := n.block.Joint.Need
	for _, branch := range n.arms {
		after := r.seq(branch, have)
		if need == 0 || need == len(n.arms) {
			maps.Copy(all, after)
		}
	}
	return all
}

func (r *reading) who(w *Who, path string, have written) {
	if w.Of != "" && w.Of != OfOffice && w.Of != OfUnit {
		r.read(Path(w.Of), "string", w.Line, path, have, true)
	}
	if w.Person != "" && w.Person != Originator {
		r.read(Path(w.Person), "string", w.Line, path, have, true)
	}
	for i := range w.Or {
		r.who(&w.Or[i], path, have)
	}
}

// laterWho checks the Who of an interrupt: it may name a party that is only
// known later, so the field need only exist.
func (r *reading) laterWho(w *Who, line int, path string, have written) {
	for _, p := range []string{w.Of, w.Person} {
		if p == "" || p == OfOffice || p == OfUnit || p == Originator {
			continue
		}
		if _, ok := have[root(Path(p))]; ok {
			r.read(Path(p), "string", line, path, have, true)
		} else if !r.exists(Path(p)) {
			r.add(r.d, CodeData, line, path, "没有这项数据："+p, "No such data: "+p)
		}
	}
	for i := range w.Or {
		r.laterWho(&w.Or[i], line, path, have)
	}
}

func (r *reading) guard(g *Guard, have written) {
	if g.prog == nil {
		return
	}
	for _, read := range g.prog.reads {
		if read.tested {
			if _, ok := have[root(read.path)]; !ok && !r.exists(read.path) {
				r.add(r.d, CodeData, g.Line, g.where, "没有这项数据："+string(read.path), "No such data: "+string(read.path))
			}
			continue
		}
		r.read(read.path, "", g.Line, g.where, have, false)
	}
}

func root(p Path) string {
	id, _, _ := strings.Cut(string(p), ".")
	return id
}

// exists reports whether any step's form, or an each, has the path.
func (r *reading) exists(p Path) bool {
	names := strings.Split(string(p), ".")
	n := r.d.nodes[names[0]]
	switch {
	case n == nil:
		return false
	case n.block.Each != nil:
		return eachField(names[1:])
	case n.block.Step == nil:
		return false
	case len(names) == 1:
		return true
	}
	for _, a := range n.block.Step.Acts {
		if f := r.d.Forms[a.Form]; f != nil {
			if _, known, _ := f.field(names[1:]); known {
				return true
			}
		}
	}
	return false
}

// eachField reports whether an each leaves such a field behind.
func eachField(names []string) bool {
	if len(names) == 0 {
		return true
	}
	switch names[0] {
	case "done", "items":
		return len(names) == 1
	case "outcomes":
		return len(names) <= 2
	}
	return false
}

// read checks one path. sure demands that the form requires the field; typ, if
// not empty, is the JSON type it must have (a list of that type will do too).
func (r *reading) read(p Path, typ string, line int, path string, have written, sure bool) {
	names := strings.Split(string(p), ".")
	src, ok := have[names[0]]
	if !ok {
		if r.exists(p) {
			r.add(r.d, CodeData, line, path, "并非每条路径到此都已写入这项数据："+string(p), "Not every path here has written this data: "+string(p))
		} else {
			r.add(r.d, CodeData, line, path, "没有这项数据："+string(p), "No such data: "+string(p))
		}
		return
	}
	if src.free {
		return
	}
	if src.each {
		if !eachField(names[1:]) || typ != "" {
			r.add(r.d, CodeData, line, path, "分办汇总中没有这项数据："+string(p), "A summary of sub-matters has no such data: "+string(p))
		}
		return
	}
	for _, f := range src.forms {
		if !r.field(f, names[1:], typ, sure) {
			r.add(r.d, CodeData, line, path,
				"前一环节的每个向前动作，其表单都须有此字段且类型相符（决定承办人的还须必填）："+string(p),
				"Every act that goes on must have this field in its form, of a fitting type (and required, where it decides who acts): "+string(p))
			return
		}
	}
}

func (r *reading) field(f *Form, names []string, typ string, sure bool) bool {
	if len(names) == 0 {
		return typ == ""
	}
	if f == nil {
		return false
	}
	schema, known, required := f.field(names)
	return known && (required || !sure) && fits(schema, typ)
}

// fits reports whether a schema may hold values of the type, or lists of them.
func fits(schema map[string]any, typ string) bool {
	t, _ := schema["type"].(string)
	if typ == "" || t == "" || t == typ {
		return true
	}
	items, _ := schema["items"].(map[string]any)
	return t == "array" && items != nil && items["type"] == typ
}

// items checks the list of an each, and that its items are what the kind of
// the sub-matter begins with.
func (r *reading) items(n *node, have written) {
	e, b := n.block.Each, n.block
	before := len(r.problems)
	r.read(e.In, "object", b.Line, b.Path+"/in", have, true)
	if len(r.problems) > before {
		return
	}
	child := r.set.latest[e.Run]
	if child == nil || child.Forms[child.Given] == nil {
		return
	}
	names := strings.Split(string(e.In), ".")
	for _, f := range have[names[0]].forms {
		schema, _, _ := f.field(names[1:])
		if t, _ := schema["type"].(string); t != "array" {
			r.add(r.d, CodeData, b.Line, b.Path+"/in", "分办的依据须是列表。", "An each needs a list.")
			return
		}
		items, _ := schema["items"].(map[string]any)
		r.given(n, items, child.Forms[child.Given])
	}
}

// given checks that an item has the fields its sub-matter requires, and none
// it refuses.
func (r *reading) given(n *node, item map[string]any, form *Form) {
	b := n.block
	needs, _ := form.Schema["required"].([]any)
	for _, name := range needs {
		if s, ok := name.(string); ok && !required(item, s) {
			r.add(r.d, CodeData, b.Line, b.Path+"/in", "分办事项必填的字段，列表各项中未必有："+s, "A field the sub-matter requires is not required of the items: "+s)
		}
	}
	if form.Schema["additionalProperties"] != false {
		return
	}
	knows, _ := form.Schema["properties"].(map[string]any)
	has, _ := item["properties"].(map[string]any)
	for _, name := range sortedKeys(has) {
		if _, ok := knows[name]; !ok {
			r.add(r.d, CodeData, b.Line, b.Path+"/in", "列表各项中有分办事项不收的字段："+name, "The items have a field the sub-matter refuses: "+name)
		}
	}
}
