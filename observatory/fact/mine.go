package fact

import (
	"cmp"
	"slices"

	"touyan.dev/touyan/observatory/panel"
)

// Result is what a mining found.
type Result struct {
	Facts  []Fact     // the best first
	Counts [kinds]int // found, before folding and choosing
	Tested int        // hypotheses behind the inferential facts
	Folded int        // left out because another fact implies them
}

// miner holds what is reused from slab to slab.
type miner struct {
	Options
	panel     *panel.Panel
	parts     []partition
	standings []*standing
	field     field
	share     field
	state     []running
	watched   []bool // nil: all
	up, down  stack
	keys      []float64
	scores    []float32 // of raw
	spare     []float32
	sink      func(Fact) // takes every fact in place of the tally; nil: none
	apart     int        // periods between those that are compared
	keepFrom  int        // facts of earlier periods are counted and not kept
	raw       []Fact
	found     [][]Fact // by pass
	tally     tally
	worlds    *world // of the indicator whose facts were last held to revisions
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

// emit takes a fact that was found.
func (m *miner) emit(f *Fact) {
	if m.sink != nil {
		m.sink(*f)
		return
	}
	m.tally.n[f.Kind][strength(f, m.apart)]++
	if int(f.Period) >= m.keepFrom {
		m.raw = append(m.raw, *f)
	}
}

// merelyCounts counts a fact by its strength and reports whether that is all
// that is to be done: its period is none that facts are kept of. Ranks, their
// changes and overtakings, more than half of all facts, are so hardly ever made.
func (m *miner) merelyCounts(kind Kind, period, strength int32) bool {
	if m.sink != nil || int(period) >= m.keepFrom {
		return false
	}
	m.tally.n[kind][min(strength, strengths-1)]++
	return true
}

func (m *miner) wants(s int) bool { return m.watched == nil || m.watched[s] }

// Mine finds the facts of a panel: of every indicator the enumerative ones, and
// the inferential ones that stay within the false discovery rate over the whole
// panel.
func Mine(p *panel.Panel, o Options) *Result {
	m := newMiner(p, o)
	r := &Result{}
	for i := range p.Indicators {
		m.mineIndicator(i, r)
	}
	for i := range m.Sets {
		m.collect(r, m.Sets[i][0], Level, func() { m.skylines(i) })
	}
	if o.Infer {
		m.infer(r)
	}
	m.found = append(m.found, Aims(p, o))
	return m.ranked(r)
}

// MineIndicator finds the enumerative facts of one indicator: what a release
// asks for.
func MineIndicator(p *panel.Panel, indicator int, o Options) *Result {
	m := newMiner(p, o)
	r := &Result{}
	m.mineIndicator(indicator, r)
	return m.ranked(r)
}

// ranked puts together what the passes found, without what another fact implies
// unless the whole is asked for, the best first.
func (m *miner) ranked(r *Result) *Result {
	r.Facts = slices.Concat(m.found...)
	if !m.Whole {
		r.fold(m.panel)
	}
	slices.SortFunc(r.Facts, better)
	return r
}

// paced reports whether the panel holds an indicator's growth as published. Then
// none is computed: at current prices it would be another figure of one name.
func (m *miner) paced(about panel.Indicator) bool {
	i, ok := m.panel.Indicator(about.Growth)
	return ok && m.panel.Indicators[i].Pace
}

func (m *miner) mineIndicator(i int, r *Result) {
	about, x := m.panel.Indicators[i], m.panel.Slabs[i]
	m.collect(r, i, Level, func() {
		m.slab(i, Level, x)
		if len(about.Parts) > 0 {
			m.drivers(i)
		}
	})
	if m.Growth && !about.Rate && !m.paced(about) {
		m.collect(r, i, Growth, func() { m.slab(i, Growth, growth(x, int(m.panel.Axis.Freq))) })
	}
	if heads := m.panel.Slab(m.PerHead); heads != nil && about.Additive && about.Code != m.PerHead {
		m.collect(r, i, PerHead, func() { m.slab(i, PerHead, perHead(x, heads)) })
	}
}

// Novelty halves with each period. The best facts are looked for among those of
// the recent periods, and further back only where an older one might be among
// them; what is stale is never told.
const (
	recent = 2
	stale  = 5
)

// collect takes what a pass emits, weighs it and keeps the best.
func (m *miner) collect(r *Result, indicator int, form Form, pass func()) {
	m.apart = step(m.panel, indicator)
	keep := func(from int) ([]Fact, bool) {
		m.raw, m.keepFrom = m.raw[:0], from
		m.tally.reset()
		pass()
		return m.weigh(indicator, form)
	}
	all := m.since(indicator)
	first := all
	if m.Most > 0 {
		first = max(all, m.latest(indicator)-recent)
	}
	kept, sure := keep(first)
	if !sure && first > all {
		kept, _ = keep(all)
	}
	for k, n := range m.tally.kinds() {
		r.Counts[k] += n
	}
	m.found = append(m.found, kept)
}

// compared gives the runs of periods that a form's history compares: all, or for
// a cumulative indicator each part of the year with the same part of other years.
func compared(a panel.Axis, form panel.Form) [][]int {
	apart := 1
	if form == panel.Cumulative {
		apart = int(a.Freq)
	}
	out := make([][]int, min(apart, a.Len))
	for t := range a.Len {
		out[t%apart] = append(out[t%apart], t)
	}
	return out
}

// spans sets how far back a fact must look while an indicator of the form is
// mined, and gives what sets it back. A cumulative figure is compared with the
// same part of other years, so that its spans are counted in years and are those
// of yearly data: 1—10月 since five years ago is not 24 Octobers.
func (m *miner) spans(form panel.Form) (back func()) {
	was := m.Options
	if form == panel.Cumulative && !m.Mechanical {
		years := Product(panel.Axis{Freq: panel.Yearly})
		m.Gap, m.Running, m.Broken = min(m.Gap, years.Gap), min(m.Running, years.Running), min(m.Broken, years.Broken)
	}
	return func() { m.Gap, m.Running, m.Broken = was.Gap, was.Running, was.Broken }
}

// step is how many periods lie between those that are compared.
func step(p *panel.Panel, indicator int) int {
	if p.Indicators[indicator].Form == panel.Cumulative {
		return int(p.Axis.Freq)
	}
	return 1
}

// slab mines one indicator in one form and emits its enumerative facts.
func (m *miner) slab(indicator int, form Form, x *panel.Slab) {
	about := m.panel.Indicators[indicator]
	sign := 1.0
	if about.Polarity == panel.SmallerBetter && !m.Mechanical {
		sign = -1
	}
	m.field.lay(x, sign)
	m.field.step = m.apart
	if m.Mechanical {
		m.field.class, m.field.held = nil, panel.Bits{}
	}
	defer m.spans(about.Form)()
	base := Fact{Indicator: int32(indicator), Form: form, Subject: None, Peers: None, Rival: None, Since: None}
	runs := compared(m.panel.Axis, about.Form)
	for _, cols := range runs {
		for s := range x.N {
			if m.wants(s) {
				fact := base
				fact.Subject = int32(s)
				m.history(s, cols, fact)
			}
		}
	}
	additive := about.Additive && form == Level && !m.Mechanical
	for _, st := range m.standings {
		st.rankAll(m.panel, &m.field, m.state)
		for _, cols := range runs {
			m.among(st, cols, base)
			m.overtakes(st, cols, base)
			if !m.Mechanical && form != Growth {
				m.gaps(st, cols, base)
				m.sets(st, cols, base, additive)
			}
			if additive {
				m.shares(st, cols, base)
			}
		}
		if about.Form == panel.Cumulative {
			m.withinYear(st, base)
		}
	}
}

// among finds the place of every wanted subject in its peer set.
func (m *miner) among(st *standing, cols []int, base Fact) {
	for s, k := range st.of {
		if k == None || !m.wants(s) {
			continue
		}
		fact := base
		fact.Subject, fact.Peers, fact.Members = int32(s), int32(st.sets[k]), uint16(st.at[k+1]-st.at[k])
		m.place(st, s, cols, fact)
	}
}

// withinYear emits how the rank of a cumulative figure moved against each
// earlier quarter's end of the same year, and the month before.
func (m *miner) withinYear(st *standing, base Fact) {
	a, f := m.panel.Axis, &m.field
	quarter := int(a.Freq) / 4
	for s, k := range st.of {
		if k == None || !m.wants(s) {
			continue
		}
		for t := max(1, m.From); t < f.t; t++ {
			now := int32(st.rank[s*f.t+t])
			if now == 0 {
				continue
			}
			fact := base
			fact.Subject, fact.Peers, fact.Members = int32(s), int32(st.sets[k]), uint16(st.at[k+1]-st.at[k])
			fact.Period, fact.P1, fact.Value, fact.Observed = int32(t), now, f.sign*f.key[s*f.t+t], st.count[int(k)*f.t+t]
			for e := t - 1; e >= 0 && a.Year(e) == a.Year(t) && (m.Mechanical || covered(&fact)); e-- {
				if old := int32(st.rank[s*f.t+e]); old > 0 && (e == t-1 || a.Part(e)%max(1, quarter) == 0) && !f.broken(s, e, t) {
					m.moved(&fact, old, e)
				}
			}
		}
	}
}

// better orders facts: by score, then by what they speak of, so that equal
// scores have one order.
func better(a, b Fact) int {
	return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Indicator, b.Indicator), cmp.Compare(b.Period, a.Period), cmp.Compare(a.Form, b.Form),
		cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Peers, b.Peers), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Rival, b.Rival), cmp.Compare(a.P2, b.P2), cmp.Compare(a.P1, b.P1), cmp.Compare(a.Since, b.Since))
}
