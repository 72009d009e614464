package flow

import "touyan.dev/touyan/kernel/fault"

// node is a block placed in the tree of its definition. Because a joint's id
// is unique, the slot a step opens in is known before anything runs.
type node struct {
	id    string
	block *Block
	slot  string
	seq   *seq // the sequence it stands in
	pos   int
	arms  []*seq // of a choice: When in order, then Else; of a joint: its branches
	acts  []link // of a step, parallel to Acts
	who   *voice // of a step
	apart apart  // of a step
}

// link is what the machine needs of an act beside its text.
type link struct {
	back *node // nil unless Act.Back names a step
	key  string
	form *Form
	who  *voice
}

// seq is a sequence of blocks and what stands around it.
type seq struct {
	nodes []*node
	owner *node // the choice or joint it belongs to; nil for the main one
	index int   // which arm or branch of the owner
	slot  string
}

// link places every block, resolves names, and compiles guards. What does not
// resolve becomes a problem for Check.
func (d *Def) link() {
	d.nodes = make(map[string]*node)
	d.main = d.place(d.Do, nil, 0, "")
	for _, n := range d.order {
		d.linkNode(n)
	}
	for i := range d.Interrupts {
		in := &d.Interrupts[i]
		d.needForm(in.Form, in.Line, "interrupts/"+in.ID)
	}
	if d.Given != "" {
		d.needForm(d.Given, 1, "given")
	}
	if d.Sealed != nil && d.Sealed.If != nil {
		d.compile(d.Sealed.If)
	}
	for _, f := range d.Forms {
		f.aparts = d.formAparts(nil, f.Schema, nil)
	}
}

func (d *Def) place(blocks []Block, owner *node, index int, slot string) *seq {
	s := &seq{owner: owner, index: index, slot: slot}
	for i := range blocks {
		b := &blocks[i]
		n := &node{block: b, slot: slot, seq: s, pos: i}
		s.nodes = append(s.nodes, n)
		d.order = append(d.order, n)
		switch {
		case b.Step != nil:
			n.id = b.Step.ID
			b.Step.Slot = slot
		case b.Choice != nil:
			n.id = b.Choice.ID
			for k := range b.Choice.When {
				n.arms = append(n.arms, d.place(b.Choice.When[k].Do, n, k, slot))
			}
			n.arms = append(n.arms, d.place(b.Choice.Else, n, len(b.Choice.When), slot))
		case b.Joint != nil:
			n.id = b.Joint.ID
			for k := range b.Joint.Branches {
				n.arms = append(n.arms, d.place(b.Joint.Branches[k], n, k, branchSlot(slot, n.id, k)))
			}
		case b.Each != nil:
			n.id = b.Each.ID
		}
		if n.id == "" {
			continue
		}
		if d.nodes[n.id] != nil {
			d.problem(CodeID, b.Line, b.Path, "编号“"+n.id+"”重复。", "The id \""+n.id+"\" is used twice.")
			continue
		}
		d.nodes[n.id] = n
	}
	return s
}

func branchSlot(slot, joint string, branch int) string {
	s := joint + "." + string(digits(branch))
	if slot != "" {
		s = slot + "/" + s
	}
	return s
}

func digits(n int) []byte { return appendInt(nil, n) }

func (d *Def) linkNode(n *node) {
	b := n.block
	switch {
	case b.Step != nil:
		n.who = newVoice(&b.Step.Who)
		n.apart = d.newApart(b.Step.Apart)
		n.acts = make([]link, len(b.Step.Acts))
		for i := range b.Step.Acts {
			n.acts[i] = d.linkAct(n, &b.Step.Acts[i])
		}
	case b.Choice != nil:
		for i := range b.Choice.When {
			d.compile(&b.Choice.When[i].If)
		}
	}
}

func (d *Def) linkAct(n *node, a *Act) link {
	path := n.block.Path + "/acts/" + a.ID
	l := link{key: n.id + "." + a.ID, who: n.who, form: d.needForm(a.Form, a.Line, path)}
	if a.Who != nil {
		l.who = newVoice(a.Who)
	}
	if a.If != nil {
		d.compile(a.If)
	}
	if a.Back == "" {
		return l
	}
	l.back = d.nodes[a.Back]
	switch {
	case l.back == nil || l.back.block.Step == nil:
		l.back = nil
		d.problem(CodeBack, a.Line, path, "退回的环节不存在。", "The step to go back to does not exist.")
	case !precedes(l.back, n):
		d.problem(CodeBack, a.Line, path, "只能退回到本序列或上级序列中更早的环节，不能越过并行分支的边界。",
			"A return leads to an earlier step of the same or an enclosing sequence, and not across the border of a joint branch.")
	}
	return l
}

// precedes reports whether target is an earlier element of n's sequence or of
// one around it, inside the same slot.
func precedes(target, n *node) bool {
	if target.slot != n.slot {
		return false
	}
	for at := n; at != nil; at = at.seq.owner {
		if at.seq == target.seq {
			return target.pos < at.pos
		}
	}
	return false
}

func (d *Def) needForm(name string, line int, path string) *Form {
	if name == "" {
		return nil
	}
	form := d.Forms[name]
	if form == nil {
		d.problem(CodeForm, line, path, "表单不存在。", "The form does not exist.")
	}
	return form
}

func (d *Def) compile(g *Guard) {
	var err error
	if g.prog, err = compileGuard(g.Text); err != nil {
		d.problem(CodeGuard, g.Line, g.where, "条件不是结果为真假的 CEL 表达式："+err.Error(), "The condition is no CEL expression of true or false: "+err.Error())
	}
}

func (d *Def) problem(code Code, line int, path, zh, en string) {
	d.problems = append(d.problems, Problem{File: d.File, Line: line, Path: path, Code: code, Text: fault.T(zh, en)})
}

// voice is a Who ready to be read: who it names without data, or how to find
// out.
type voice struct {
	who    *Who
	fixed  []Party
	static bool
}

func newVoice(w *Who) *voice {
	v := &voice{who: w, static: isStatic(w)}
	if v.static {
		v.fixed = readWho(nil, w, nil)
	}
	return v
}

func isStatic(w *Who) bool {
	if w.Of != "" && w.Of != OfOffice && w.Of != OfUnit || w.Person != "" && w.Person != Originator {
		return false
	}
	for i := range w.Or {
		if !isStatic(&w.Or[i]) {
			return false
		}
	}
	return true
}

// parties gives whom the voice names in this state.
func (v *voice) parties(s *State) []Party {
	if v.static {
		return v.fixed
	}
	return readWho(nil, v.who, s)
}

// Party is one answer to "who may act" with data already read. A Who whose
// data is absent yields no party; Check demands that such data is always
// there.
type Party struct {
	Duty       string `json:"duty,omitempty"`
	Of         string `json:"of,omitempty"`   // OfOffice or OfUnit
	Unit       string `json:"unit,omitempty"` // the unit read from data, instead of Of
	Person     string `json:"person,omitempty"`
	Originator bool   `json:"originator,omitempty"`
}

func readWho(to []Party, w *Who, s *State) []Party {
	switch {
	case w.Person == Originator:
		to = append(to, Party{Originator: true})
	case w.Person != "":
		for _, p := range s.texts(Path(w.Person)) {
			to = append(to, Party{Person: p})
		}
	case w.Duty != "" && (w.Of == OfOffice || w.Of == OfUnit):
		to = append(to, Party{Duty: w.Duty, Of: w.Of})
	case w.Duty != "":
		for _, u := range s.texts(Path(w.Of)) {
			to = append(to, Party{Duty: w.Duty, Unit: u})
		}
	}
	for i := range w.Or {
		to = readWho(to, &w.Or[i], s)
	}
	return to
}
