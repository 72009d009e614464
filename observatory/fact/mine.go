package fact

import (
	"touyan.dev/touyan/observatory/panel"
)

// miner holds what is reused from slab to slab.
type miner struct {
	Options
	panel     *panel.Panel
	parts     []partition
	standings []*standing
	field     field
	state     []running
	watched   []bool // nil: all
	up, down  stack
	emit      func(Fact)
	cols      [][]int
}

// newMiner prepares for a panel.
func newMiner(p *panel.Panel, o Options) *miner {
	m := &miner{Options: o, panel: p, parts: partitions(p), state: make([]running, len(p.Peers))}
	for i := range m.parts {
		m.standings = append(m.standings, newStanding(&m.parts[i], len(p.Subjects), p.Axis.Len))
	}
	if o.Watch != nil {
		m.watched = make([]bool, len(p.Subjects))
		for _, s := range o.Watch {
			m.watched[s] = true
		}
	}
	return m
}

func (m *miner) wants(s int) bool { return m.watched == nil || m.watched[s] }

// compared gives the runs of periods that a form's history compares: all, or for
// a cumulative indicator each part of the year with the same part of other years.
func compared(a panel.Axis, form panel.Form) [][]int {
	step := 1
	if form == panel.Cumulative {
		step = int(a.Freq)
	}
	out := make([][]int, min(step, a.Len))
	for t := range a.Len {
		out[t%step] = append(out[t%step], t)
	}
	return out
}

// slab mines one indicator in one form and emits its enumerative facts.
func (m *miner) slab(indicator int, form Form, x *panel.Slab, emit func(Fact)) {
	m.emit = emit
	about := m.panel.Indicators[indicator]
	sign := 1.0
	if about.Polarity == panel.SmallerBetter && !m.Mechanical {
		sign = -1
	}
	m.field.lay(x, sign)
	if m.Mechanical {
		m.field.class = nil
	}
	base := Fact{Indicator: int32(indicator), Form: form, Subject: None, Peers: None, Rival: None, Since: None}
	for _, cols := range compared(m.panel.Axis, about.Form) {
		for s := range x.N {
			if m.wants(s) {
				fact := base
				fact.Subject = int32(s)
				m.history(s, cols, fact)
			}
		}
	}
	for _, st := range m.standings {
		st.rankAll(m.panel, &m.field, m.state)
		for _, cols := range compared(m.panel.Axis, about.Form) {
			for s, k := range st.of {
				if k != None && m.wants(s) {
					fact := base
					fact.Subject, fact.Peers, fact.Members = int32(s), int32(st.sets[k]), uint16(st.at[k+1]-st.at[k])
					m.place(st, s, cols, fact)
				}
			}
			m.overtakes(st, cols, base)
		}
	}
}
