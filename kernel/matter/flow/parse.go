package flow

import (
	"regexp"

	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/fault"
)

// Bounds of one definition.
const (
	maxBlocks   = 200
	maxBranches = 16
	maxAtMost   = 9
	maxItems    = 500 // of one each, at run time
)

// Parse reads one definition. The error is Invalid and names every wrong
// place as file:line and path. A definition that parses may still break the
// rules of Check; no matter may begin on it before Check accepts it.
func Parse(file string, src []byte) (*Def, error) {
	r := &reader{file: file}
	root := r.load(src)
	if err := r.err(); err != nil {
		return nil, err
	}
	p := &parsing{reader: r}
	d := p.def(root)
	if p.blocks > maxBlocks {
		r.fail(1, "", "环节过多。", "There are too many blocks.")
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	d.hash = d.sum()
	d.link()
	return d, nil
}

// parsing turns values into a Def.
type parsing struct {
	*reader
	blocks int
}

func (p *parsing) def(root *value) *Def {
	f := p.fields(root)
	d := &Def{File: p.file}
	d.Kind = p.word(f.need("kind"), kindForm, "类别由小写字母组成，以点分段。", "A kind is made of small letters in parts joined by dots.")
	if v := f.need("version"); v != nil {
		d.Version = p.count(v, 1, 9999)
	}
	d.Name = p.name(f.need("name"))
	for _, v := range p.list(f.opt("basis")) {
		d.Basis = append(d.Basis, *p.basis(v))
	}
	if v := f.opt("limit"); v != nil {
		w := p.fields(v)
		d.Limit = &Whole{Of: p.limit(w.need("of")), Basis: p.basis(w.opt("basis")), Line: v.line}
		if data := w.opt("data"); data != nil {
			d.Limit.Data = p.path(data)
		}
		w.done()
	}
	if v := f.opt("keep"); v != nil {
		d.Keep = p.keep(v)
	}
	if v := f.opt("given"); v != nil {
		d.Given = p.id(v)
	}
	if v := f.opt("open"); v != nil {
		w := p.who(v)
		d.Open = &w
	}
	if v := f.opt("sealed"); v != nil {
		d.Sealed = p.seal(v)
	}
	if v := f.opt("forms"); v != nil {
		d.Forms = p.forms(v)
	}
	if v := f.need("do"); v != nil {
		d.Do = p.seq(v, false)
	}
	if v := f.opt("outcomes"); v != nil {
		p.fields(v)
		d.Outcomes = make(map[string]fault.Text, len(v.keys))
		for i, id := range v.keys {
			d.Outcomes[id] = p.name(v.items[i])
		}
	}
	if v := f.opt("interrupts"); v != nil {
		d.Interrupts = p.interrupts(v)
	}
	f.done()
	return d
}

// kindForm and idForm bound names; an id is also a CEL field and part of a
// slot, so it has no dot and no slash.
var (
	kindForm = regexp.MustCompile(`^[a-z]{1,40}(\.[a-z]{1,40}){0,4}$`)
	idForm   = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	pathForm = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$`)
)

func (p *parsing) word(v *value, form *regexp.Regexp, zh, en string) string {
	s := p.text(v)
	if s != "" && !form.MatchString(s) {
		p.at(v, zh, en)
		return ""
	}
	return s
}

func (p *parsing) id(v *value) string {
	s := p.word(v, idForm, "编号由小写字母、数字和下划线组成，以字母开头。", "An id is made of small letters, digits and underscores and begins with a letter.")
	if reservedWord(s) {
		p.at(v, "编号是保留字。", "The id is a reserved word.")
		return ""
	}
	return s
}

// reservedWord reports words that CEL keeps for itself, and "given".
func reservedWord(s string) bool {
	switch s {
	case "given", "data", "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function",
		"if", "import", "let", "loop", "package", "namespace", "return", "var", "void", "while":
		return true
	}
	return false
}

func reservedAct(s string) bool {
	switch s {
	case IntPause, IntResume, IntWithdraw, IntTransfer, IntExtend, IntUrge, IntRecuse:
		return true
	}
	return false
}

func (p *parsing) name(v *value) fault.Text {
	if v == nil {
		return fault.Text{}
	}
	f := p.fields(v)
	t := fault.T(p.text(f.need("zh")), p.text(f.need("en")))
	f.done()
	return t
}

func (p *parsing) basis(v *value) *Basis {
	if v == nil {
		return nil
	}
	f := p.fields(v)
	b := &Basis{Source: p.text(f.need("source")), Article: p.text(f.opt("article"))}
	f.done()
	return b
}

func (p *parsing) limit(v *value) calendar.Limit {
	s := p.text(v)
	if s == "" {
		return calendar.Limit{}
	}
	l, err := calendar.ParseLimit(s)
	if err != nil {
		t := fault.Of(err).Text
		if fs := fault.Of(err).Fields; len(fs) > 0 {
			t = fs[0].Text
		}
		p.at(v, t.ZH, t.EN)
	}
	return l
}

// clock reads a limit that is fixed or taken from data.
func (p *parsing) clock(v *value) *Clock {
	if v == nil {
		return nil
	}
	c := &Clock{Line: v.line}
	if v.shape != isMap {
		c.Fixed = p.limit(v)
		return c
	}
	f := p.fields(v)
	c.Data = p.path(f.need("data"))
	c.Most = p.limit(f.need("most"))
	f.done()
	return c
}

func (p *parsing) path(v *value) Path {
	s := p.text(v)
	if len(s) > 5 && s[:5] == "data." {
		s = s[5:]
	}
	if s != "" && (!pathForm.MatchString(s) || len(s) > 200) {
		p.at(v, "数据路径应写成“环节.字段”。", "A data path is written step.field.")
		return ""
	}
	return Path(s)
}

func (p *parsing) who(v *value) Who {
	if v == nil {
		return Who{}
	}
	f := p.fields(v)
	w := Who{Line: v.line}
	if d := f.opt("duty"); d != nil {
		w.Duty = p.id(d)
		w.Of = OfOffice
	}
	if of := f.opt("of"); of != nil {
		if w.Of = p.text(of); w.Of != OfOffice && w.Of != OfUnit {
			w.Of = string(p.path(of))
		}
		if w.Duty == "" {
			p.at(of, "“of”须与“duty”同用。", "\"of\" needs \"duty\".")
		}
	}
	if person := f.opt("person"); person != nil {
		if w.Person = p.text(person); w.Person != Originator {
			w.Person = string(p.path(person))
		}
		if w.Duty != "" {
			p.at(person, "“person”与“duty”只取其一，其余写入“or”。", "Give \"person\" or \"duty\"; put others under \"or\".")
		}
	}
	for _, alt := range p.list(f.opt("or")) {
		w.Or = append(w.Or, p.who(alt))
	}
	if w.Duty == "" && w.Person == "" && len(w.Or) == 0 {
		p.at(v, "须写明由谁办理：duty、person 或 or。", "Say who acts: duty, person or or.")
	}
	f.done()
	return w
}

func (p *parsing) seal(v *value) *Seal {
	f := p.fields(v)
	s := &Seal{From: p.path(f.need("from")), Until: p.id(f.need("until")), Line: v.line}
	if cond := f.opt("if"); cond != nil {
		g := p.guard(cond)
		s.If = &g
	}
	f.done()
	return s
}

func (p *parsing) keep(v *value) *Keep {
	f := p.fields(v)
	k := &Keep{Line: v.line}
	if of := f.need("of"); of != nil {
		text := p.text(of)
		var err error
		if k.Of, err = calendar.ParsePeriod(text); err != nil && text != "" {
			p.at(of, "保存期限应写成 10y（年）或 18m（月），最长100年。", "Write the period as 10y (years) or 18m (months), 100 years at most.")
		}
	}
	if set := f.need("set"); set != nil {
		if k.Set = p.text(set); k.Set != "" && k.Set != SetByLaw && k.Set != SetByOffice {
			p.at(set, "须写明期限由谁确定：law（法律规定）或 office（法律未定，由本机关确定）。", "Say who sets the period: law, or office where the law names none.")
		}
	}
	basis := f.need("basis")
	for _, b := range p.list(basis) {
		k.Basis = append(k.Basis, *p.basis(b))
	}
	if basis != nil && basis.shape == isList && len(k.Basis) == 0 {
		p.at(basis, "须写明保存期限的依据。", "Say on what the period rests.")
	}
	f.done()
	return k
}

func (p *parsing) seq(v *value, mayBeEmpty bool) []Block {
	items := p.list(v)
	if len(items) == 0 && !mayBeEmpty && v.shape == isList {
		p.at(v, "至少写一个环节。", "At least one block is needed.")
	}
	blocks := make([]Block, 0, len(items))
	for _, item := range items {
		blocks = append(blocks, p.block(item))
	}
	return blocks
}

func (p *parsing) block(v *value) Block {
	p.blocks++
	b := Block{Line: v.line, Path: v.path}
	f := p.fields(v)
	switch {
	case v.get("step") != nil:
		b.Step = p.step(f)
	case v.get("choice") != nil:
		b.Choice = p.choice(f)
	case v.get("joint") != nil:
		b.Joint = p.joint(f)
	case v.get("each") != nil:
		b.Each = p.each(f)
	case v.get("end") != nil:
		b.End = &End{Outcome: p.id(f.opt("end"))}
	default:
		p.at(v, "须为 step、choice、joint、each 或 end 之一。", "One of step, choice, joint, each or end is expected.")
		return b
	}
	f.done()
	return b
}

func (p *parsing) step(f *fields) *Step {
	s := &Step{ID: p.id(f.opt("step"))}
	s.Name = p.name(f.need("name"))
	s.Who = p.who(f.need("who"))
	s.Limit = p.clock(f.opt("limit"))
	s.Basis = p.basis(f.opt("basis"))
	if apart := f.opt("apart"); apart != nil {
		s.line = apart.line
		for _, v := range p.list(apart) {
			s.Apart = append(s.Apart, string(p.path(v)))
		}
	}
	acts := f.opt("acts")
	if acts == nil {
		s.Acts = []Act{{ID: "done", Name: fault.T("办毕", "Done"), Line: f.v.line}}
		return s
	}
	if acts.shape != isMap || len(acts.keys) == 0 {
		p.at(acts, "至少写一个办理动作。", "At least one act is needed.")
		return s
	}
	for i, key := range acts.keys {
		s.Acts = append(s.Acts, p.act(key, acts.items[i]))
	}
	return s
}

func (p *parsing) act(key string, v *value) Act {
	a := Act{ID: key, Line: v.line}
	if !idForm.MatchString(key) || reservedAct(key) {
		p.at(v, "动作编号不合要求，或与全程动作重名。", "The act's id is malformed or that of an interrupt.")
	}
	f := p.fields(v)
	a.Name = p.name(f.need("name"))
	if form := f.opt("form"); form != nil {
		a.Form = p.id(form)
	}
	if back := f.opt("back"); back != nil {
		a.Back = p.id(back)
	}
	if most := f.opt("at_most"); most != nil {
		a.AtMost = p.count(most, 1, maxAtMost)
		if a.Back == "" {
			p.at(most, "“at_most”只用于退回。", "\"at_most\" belongs to \"back\".")
		}
	}
	if end := f.opt("end"); end != nil {
		a.End = p.id(end)
		if a.Back != "" {
			p.at(end, "“end”与“back”不能同用。", "\"end\" and \"back\" exclude each other.")
		}
	}
	if cond := f.opt("if"); cond != nil {
		g := p.guard(cond)
		a.If = &g
	}
	if who := f.opt("who"); who != nil {
		w := p.who(who)
		a.Who = &w
	}
	a.Number = p.flag(f.opt("number"))
	a.InTime = p.flag(f.opt("in_time"))
	if past := f.opt("past"); past != nil {
		if a.Past = p.flag(past); a.Past && a.InTime {
			p.at(past, "“in_time”与“past”不能同用。", "\"in_time\" and \"past\" exclude each other.")
		}
	}
	if link := f.opt("link"); link != nil {
		a.Link = p.id(link)
	}
	f.done()
	return a
}

func (p *parsing) guard(v *value) Guard {
	g := Guard{Line: v.line, where: v.path}
	if v.shape == isBool { // `if: true` reads well and is a sound CEL expression
		g.Text = "false"
		if v.num == true {
			g.Text = "true"
		}
		return g
	}
	if g.Text = p.text(v); len(g.Text) > 2000 {
		p.at(v, "条件过长。", "The condition is too long.")
		g.Text = "false"
	}
	return g
}

func (p *parsing) choice(f *fields) *Choice {
	c := &Choice{ID: p.id(f.opt("choice")), Name: p.name(f.opt("name"))}
	when := f.need("when")
	arms := p.list(when)
	if when != nil && len(arms) == 0 {
		p.at(when, "至少写一个分支条件。", "At least one arm is needed.")
	}
	for _, v := range arms {
		arm := p.fields(v)
		a := Arm{Name: p.name(arm.opt("name"))}
		if cond := arm.need("if"); cond != nil {
			a.If = p.guard(cond)
		}
		if do := arm.need("do"); do != nil {
			a.Do = p.seq(do, true)
		}
		arm.done()
		c.When = append(c.When, a)
	}
	if other := f.need("else"); other != nil {
		c.Else = p.seq(other, true)
	}
	return c
}

// needed reads `need: all` or a count; 0 stands for all.
func (p *parsing) needed(v *value) int {
	if v == nil || v.shape == isText && v.text == "all" {
		return 0
	}
	return p.count(v, 1, maxItems)
}

func (p *parsing) joint(f *fields) *Joint {
	j := &Joint{ID: p.id(f.opt("joint")), Name: p.name(f.opt("name")), Need: p.needed(f.need("need"))}
	branches := f.need("branches")
	list := p.list(branches)
	if branches != nil && (len(list) < 2 || len(list) > maxBranches) {
		p.at(branches, "并行分支须为 2 至 16 个。", "A joint has 2 to 16 branches.")
	}
	for _, v := range list {
		j.Branches = append(j.Branches, p.seq(v, false))
	}
	return j
}

func (p *parsing) each(f *fields) *Each {
	e := &Each{ID: p.id(f.opt("each")), Name: p.name(f.opt("name"))}
	e.In = p.path(f.need("in"))
	e.Run = p.word(f.need("run"), kindForm, "类别由小写字母组成，以点分段。", "A kind is made of small letters in parts joined by dots.")
	e.Need = p.needed(f.need("need"))
	e.Limit = p.clock(f.opt("limit"))
	return e
}

// stockNames are the usual words for interrupts that give no name.
func stockName(id string) fault.Text {
	switch id {
	case IntPause:
		return fault.T("中止计时", "Pause")
	case IntResume:
		return fault.T("恢复计时", "Resume")
	case IntWithdraw:
		return fault.T("撤回", "Withdraw")
	case IntTransfer:
		return fault.T("改派", "Reassign")
	case IntExtend:
		return fault.T("延期", "Extend")
	case IntRecuse:
		return fault.T("回避", "Recuse")
	default:
		return fault.T("催办", "Urge")
	}
}

func (p *parsing) interrupts(v *value) []Interrupt {
	p.fields(v)
	var all []Interrupt
	for i, key := range v.keys {
		if !reservedAct(key) || key == IntResume {
			p.at(v.items[i], "不认识的全程动作。", "Unknown interrupt.")
			continue
		}
		all = append(all, p.interrupt(key, v.items[i]))
	}
	return all
}

func (p *parsing) interrupt(id string, v *value) Interrupt {
	f := p.fields(v)
	in := Interrupt{ID: id, Name: stockName(id), Line: v.line}
	if name := f.opt("name"); name != nil {
		in.Name = p.name(name)
	}
	in.Who = p.who(f.need("who"))
	if form := f.opt("form"); form != nil {
		in.Form = p.id(form)
	}
	switch id {
	case IntPause:
		in.AtMost = p.count(f.opt("at_most"), 1, maxAtMost)
		in.Limit = p.limit(f.opt("limit"))
	case IntExtend:
		in.AtMost = p.count(f.opt("at_most"), 1, maxAtMost)
		in.By = p.limit(f.need("by"))
	case IntWithdraw:
		in.Outcome = "withdrawn"
		if outcome := f.opt("outcome"); outcome != nil {
			in.Outcome = p.id(outcome)
		}
	}
	f.done()
	return in
}
