package matter

import (
	"fmt"
	"slices"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/store"
)

// Who must stay off a matter or a step of it (回避), and from whom a matter is
// kept until it is disclosed (保密). The definition says both; the rules forbid
// (policies/matter.cedar), and what they compare is worked out here.

// apart gives the people who must stay off a step: whom the definition keeps
// apart from it, and whoever was taken off the matter.
func apart(def *flow.Def, st flow.State, m *Matter, step string) []int64 {
	var out []int64
	for _, r := range m.Clocks.Recused {
		out = append(out, r.Person)
	}
	people, steps := def.Apart(st, step)
	for _, p := range people {
		if id, ok := number(p); ok {
			out = append(out, id)
			if heir := m.Clocks.heir(id); heir != id { // whoever took his work over
				out = append(out, heir)
			}
		}
	}
	if len(steps) > 0 {
		for _, a := range m.Clocks.Acted {
			if slices.Contains(steps, a.Step) {
				out = append(out, a.Person)
			}
		}
	}
	return out
}

// acted remembers that a person acted in a step.
func (c *Clocks) acted(step string, person int64) {
	if a := (Acted{step, person}); person != 0 && !slices.Contains(c.Acted, a) {
		c.Acted = append(c.Acted[:len(c.Acted):len(c.Acted)], a)
	}
}

// stands gives who stands where the data names a person: himself, or whoever
// stands in for him, or nobody (0) when he was taken off.
func (c *Clocks) stands(person int64) int64 {
	person = c.heir(person)
	for range c.Recused { // whoever stands in may be taken off later
		i := slices.IndexFunc(c.Recused, func(r Recusal) bool { return r.Person == person })
		if i < 0 {
			break
		}
		person = c.heir(c.Recused[i].Instead)
	}
	return person
}

// concerns reports whether a person has something to do with the matter: took
// part in it, is owed the answer, or may act at an open step by a duty.
func (e *Engine) concerns(dir *auth.Directory, who auth.Principal, m *Matter) bool {
	if slices.Contains(m.Clocks.Parties, who.Person) || m.Originator == who.Person {
		return true
	}
	_, err := e.rules.Require(dir, who, "matter.act", m.resource())
	return err == nil
}

// chosen refuses people named in fields from whom they must be apart.
func (c *acting) chosen(def *flow.Def, before, after flow.State, m *Matter) error {
	name := ""
	if a := def.StepAct(c.in.Step, c.in.Act); a != nil {
		name = a.Form
	}
	given, _ := after.Get(flow.Path(c.in.Step))
	input, ok := given.(map[string]any)
	if in := def.Interrupt(c.in.Act); in != nil {
		name, input, ok = in.Form, c.in.Input, true
	}
	if !ok || name == "" {
		return nil
	}
	var fields []fault.Field
	for _, ch := range def.Chosen(before, name, input) {
		if why := c.mustStandAside(ch, m); why != nil {
			fields = append(fields, fault.Field{Path: ch.Field, Text: *why})
		}
	}
	if fields == nil {
		return nil
	}
	err := fault.New(fault.Invalid, "matter.Act", "所选人员应当回避，请另选。", "A person chosen must stand aside; choose another.")
	err.Fields = fields
	return err
}

// mustStandAside says why a person chosen in a form must be another, or nil.
func (c *acting) mustStandAside(ch flow.Chosen, m *Matter) *fault.Text {
	id, ok := number(ch.Person)
	if !ok {
		return nil
	}
	if slices.ContainsFunc(m.Clocks.Recused, func(r Recusal) bool { return r.Person == id }) {
		t := fault.T("该人员已从本事项回避，请另选。", "This person was taken off the matter; choose another.")
		return &t
	}
	for _, ref := range ch.Refs {
		if slices.Contains(ref.People, ch.Person) {
			t := fault.T("该人员已列入“"+ref.Name.ZH+"”，应当回避，请另选。", "This person is named under \""+ref.Name.EN+"\" and must stand aside; choose another.")
			return &t
		}
		if ref.Step != "" && slices.Contains(m.Clocks.Acted, Acted{ref.Step, id}) {
			t := fault.T("该人员办理过“"+ref.Name.ZH+"”，应当回避，请另选。", "This person acted in \""+ref.Name.EN+"\" and must stand aside; choose another.")
			return &t
		}
	}
	return nil
}

// recuse takes a person off the matter. What he holds by name goes to whoever
// stands in for him, or else to the next whom the definition lets do it.
func (w *work) recuse(g *store.Group, m *Matter, def *flow.Def, st flow.State, f *flow.Effect) error {
	id, _ := number(f.Person)
	if _, found := w.dir.Person(id); !found {
		return fault.At("matter.recuse", "person", "没有此人，请重新选择。", "There is no such person; choose again.")
	}
	r := Recusal{Person: id}
	if f.Instead != "" {
		r.Instead, _ = number(f.Instead)
		p, found := w.dir.Person(r.Instead)
		if !found || p.Status != auth.Active || r.Instead == id || m.Clocks.stands(r.Instead) != r.Instead || !w.belongs(r.Instead, m.Unit) {
			return fault.At("matter.recuse", "instead", "接替人员须为本单位在职人员，且本人未回避。", "Who takes over must be active in this unit and not have been taken off the matter.")
		}
	}
	i := slices.IndexFunc(m.Clocks.Recused, func(r Recusal) bool { return r.Person == id })
	switch {
	case i < 0:
		m.Clocks.Recused = append(m.Clocks.Recused[:len(m.Clocks.Recused):len(m.Clocks.Recused)], r)
	case r.Instead == 0:
		return fault.New(fault.Conflict, "matter.recuse", "该人员已经回避。", "This person has been taken off the matter already.")
	default:
		m.Clocks.Recused = slices.Clone(m.Clocks.Recused)
		m.Clocks.Recused[i] = r
	}
	for i := range m.Clocks.Slots {
		s := &m.Clocks.Slots[i]
		if s.Person == 0 || m.Clocks.stands(s.Person) == s.Person {
			continue
		}
		h, err := w.holder(m, def, st, s.Step, def.StepWho(st, s.Step))
		if err != nil {
			name := def.StageName(s.Step)
			return fault.At("matter.recuse", "instead", fmt.Sprintf("“%s”环节由其承办，请指定接替人员。", name.ZH), fmt.Sprintf("\"%s\" is in this person's hands; name who takes over.", name.EN))
		}
		s.Unit, s.Duty, s.Person = h.unit, h.duty, h.person
		w.join(g, m, s.Person)
	}
	return nil
}

// seal brings the units from which the matter is kept in line with its state.
// Whoever would hide it from himself by his act must leave it to others.
func (w *work) seal(g *store.Group, m *Matter, def *flow.Def, st flow.State) error {
	if def.Sealed == nil {
		return nil
	}
	var want []int64
	for _, text := range def.SealedFrom(st) {
		id, ok := number(text)
		if _, found := w.dir.Unit(id); !ok || !found {
			return fault.New(fault.Invalid, "matter.seal", "保密对象单位不存在，请重新选择。", "The unit from which the matter is to be kept does not exist; choose again.")
		}
		if w.within(m.Office, id) {
			return fault.New(fault.Invalid, "matter.seal", "不能对承办办公室自身或其上级保密，请重新选择。", "A matter cannot be kept from the office that runs it; choose another unit.")
		}
		if !slices.Contains(want, id) {
			want = append(want, id)
		}
	}
	if slices.Equal(want, m.Clocks.Sealed) {
		return nil
	}
	hides := false
	for _, id := range m.Clocks.Sealed {
		if !slices.Contains(want, id) {
			store.Delete(g, &seals, seal{id, m.ID})
		}
	}
	for _, id := range want {
		if !slices.Contains(m.Clocks.Sealed, id) {
			store.Insert(g, &seals, seal{id, m.ID}, struct{}{})
			hides = true
		}
	}
	m.Clocks.Sealed = want
	if !hides {
		return nil
	}
	_, err := w.e.rules.Require(w.dir, w.who, "matter.act", auth.Resource{Type: "Matter", Named: w.who.Person, Sealed: want})
	return err
}
