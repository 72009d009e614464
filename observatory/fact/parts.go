package fact

import (
	"cmp"
	"math"
	"slices"

	"touyan.dev/touyan/observatory/panel"
)

// drivers finds which part of an indicator moved it most, and how a subject's
// growth differs from its peers' by structure and by the parts' own growth
// (shift-share, Dunn 1960). All parts must be observed and add up to the whole
// within a twentieth; otherwise there is nothing to divide.
func (m *miner) drivers(indicator int) {
	about := m.panel.Indicators[indicator]
	whole, lag := m.panel.Slabs[indicator], int(m.panel.Axis.Freq)
	var parts []int
	for _, code := range about.Parts {
		i, ok := m.panel.Indicator(code)
		if !ok {
			return
		}
		parts = append(parts, i)
	}
	if len(parts) < 2 || about.Rate {
		return
	}
	base := Fact{Indicator: int32(indicator), Subject: None, Peers: None, Rival: None}
	for t := max(lag, m.From); t < whole.T; t++ {
		for s := range whole.N {
			now, was, ok := m.divided(whole, parts, s, t, lag)
			if !ok || !m.wants(s) {
				continue
			}
			fact := base
			fact.Kind, fact.Subject, fact.Period, fact.Since = Driver, int32(s), int32(t), int32(t-lag)
			total, _ := whole.At(s, t)
			before, _ := whole.At(s, t-lag)
			fact.Value, fact.Aux = total, 100*(total/before-1)
			for i := range parts {
				if d := 100 * (now[i] - was[i]) / before; d*fact.Aux > 0 && math.Abs(d) > math.Abs(fact.Ref) {
					fact.Ref, fact.P1 = d, int32(parts[i])
				}
			}
			if fact.Ref != 0 {
				m.emit(&fact)
			}
		}
		for k, set := range m.panel.Peers {
			if set.Holds(t) {
				m.shiftShare(whole, parts, k, t, lag, base)
			}
		}
	}
}

// divided gives the parts of a cell and of the one a year before.
func (m *miner) divided(whole *panel.Slab, parts []int, s, t, lag int) (now, was []float64, ok bool) {
	for _, c := range []int{t, t - lag} {
		total, ok := whole.At(s, c)
		if !ok || total <= 0 || whole.ClassID(s, c) != whole.ClassID(s, t) {
			return nil, nil, false
		}
		var sum float64
		var values []float64
		for _, i := range parts {
			v, ok := m.panel.Slabs[i].At(s, c)
			if !ok || v < 0 {
				return nil, nil, false
			}
			sum += v
			values = append(values, v)
		}
		if math.Abs(sum-total) > total/20 {
			return nil, nil, false
		}
		if c == t {
			now = values
		} else {
			was = values
		}
	}
	return now, was, true
}

// shiftShare emits the division of each member's growth against its set's.
func (m *miner) shiftShare(whole *panel.Slab, parts []int, k, t, lag int, base Fact) {
	set := m.panel.Peers[k]
	type divided struct {
		s        int
		now, was []float64
	}
	var all []divided
	sumNow, sumWas := make([]float64, len(parts)), make([]float64, len(parts))
	var totalNow, totalWas float64
	for _, s := range set.Members {
		now, was, ok := m.divided(whole, parts, s, t, lag)
		if !ok {
			continue
		}
		all = append(all, divided{s, now, was})
		for i := range parts {
			sumNow[i], sumWas[i] = sumNow[i]+now[i], sumWas[i]+was[i]
			totalNow, totalWas = totalNow+now[i], totalWas+was[i]
		}
	}
	if len(all) < leastSpread || slices.Contains(sumWas, 0) {
		return
	}
	for _, d := range all {
		if !m.wants(d.s) {
			continue
		}
		var own, mix, nowAll, wasAll float64
		for i := range parts {
			nowAll, wasAll = nowAll+d.now[i], wasAll+d.was[i]
		}
		for i := range parts {
			g := sumNow[i]/sumWas[i] - 1
			w := d.was[i] / wasAll
			mix += (w - sumWas[i]/totalWas) * g
			if d.was[i] > 0 {
				own += w * (d.now[i]/d.was[i] - 1 - g)
			} else {
				own += d.now[i] / wasAll
			}
		}
		fact := base
		fact.Kind, fact.Subject, fact.Peers, fact.Period, fact.Since = ShiftShare, int32(d.s), int32(k), int32(t), int32(t-lag)
		fact.Value, fact.Ref, fact.Aux = 100*(nowAll/wasAll-1), 100*mix, 100*own
		fact.Observed, fact.Members = uint16(len(all)), uint16(len(set.Members))
		m.emit(&fact)
	}
}

// few is how many peers may match or beat a subject that is one of the few.
const few = 2

// Few gives who in a peer set stands out on two or three indicators together in a
// period: those that at most a few peers match or beat on all of them.
func Few(p *panel.Panel, o Options, period, peers int) []Fact {
	o.From = period
	m := newMiner(p, o)
	var out []Fact
	m.sink = func(f Fact) {
		if int(f.Period) == period && int(f.Peers) == peers {
			out = append(out, f)
		}
	}
	for which := range o.Sets {
		m.skylines(which)
	}
	slices.SortStableFunc(out, func(a, b Fact) int { return cmp.Compare(a.P1, b.P1) })
	return out
}

// skylines finds the subjects that at most a few peers match or beat on all
// indicators of a set (one of the few: Wu, KDD 2012).
func (m *miner) skylines(which int) {
	set := m.Sets[which]
	n := len(m.panel.Subjects)
	values := make([][]float64, len(set))
	for i := range set {
		values[i] = make([]float64, n)
	}
	var whole []entry // the subjects with a value of each, the best by the first
	members := make([][]int32, len(m.panel.Peers))
	of := make([][]int, n) // the sets that a subject is of
	for k, set := range m.panel.Peers {
		for _, s := range set.Members {
			of[s] = append(of[s], k)
		}
	}
	for t := m.From; t < m.panel.Axis.Len; t++ {
		whole = whole[:0]
	next:
		for s := range n {
			for i, indicator := range set {
				v, ok := m.panel.Slabs[indicator].At(s, t)
				if !ok {
					continue next
				}
				if m.panel.Indicators[indicator].Polarity == panel.SmallerBetter {
					v = -v
				}
				values[i][s] = v
			}
			whole = append(whole, entry{values[0][s], int32(s)})
		}
		settle(whole)
		for k := range members {
			members[k] = members[k][:0]
		}
		for _, e := range whole {
			for _, k := range of[e.s] {
				members[k] = append(members[k], e.s)
			}
		}
		for k, peers := range m.panel.Peers {
			if !peers.Holds(t) || len(members[k]) < leastSpread {
				continue
			}
			for _, s := range members[k] {
				if !m.wants(int(s)) {
					continue
				}
				match := -1 // itself
				for _, r := range members[k] {
					if values[0][r] < values[0][s] {
						break // and so are all after it
					}
					beats := true
					for _, v := range values {
						beats = beats && v[r] >= v[s]
					}
					if beats {
						if match++; match > few {
							break
						}
					}
				}
				if match <= few {
					v, _ := m.panel.Slabs[set[0]].At(int(s), t)
					m.emit(&Fact{Kind: Skyline, Indicator: int32(set[0]), Subject: s, Peers: int32(k), Rival: None, Since: None, Period: int32(t),
						P1: int32(match), P2: int32(which), Value: v, Observed: uint16(len(members[k])), Members: uint16(len(peers.Members))})
				}
			}
		}
	}
}

// Aim is a target that was set: a subject's indicator is to reach Value by a
// period, which may lie beyond the panel. Until then Chance says how likely that is.
type Aim struct {
	Indicator, Subject int
	By                 int      // column, counted on beyond the panel's last
	Value              float64  // of the indicator
	Growth             *float64 // when it was set as growth against the year before, in per cent
	Expected           float64  // what is forecast of that period
	Chance             float64  // to be there, by that forecast
	Off                float64  // how far off such forecasts were, in per cent (sMAPE of the back-test)
}

// aim gives the target that a fact speaks of.
func (o Options) aim(f Fact) Aim {
	i := slices.IndexFunc(o.Targets, func(a Aim) bool {
		return a.Indicator == int(f.Indicator) && a.Subject == int(f.Subject) && a.By == int(f.P2) && (a.Growth != nil) == (f.Form == Growth)
	})
	return o.Targets[i]
}

// The verdicts on a target.
const (
	Reached = 1 + iota
	OnTrack
	Behind
	Missed
)

// Aims tells of each target whether it is reached, or how likely that is. What was
// set is taken to be meant: the less likely it is, the more notable.
func Aims(p *panel.Panel, o Options) []Fact {
	m := newMiner(p, o)
	var out []Fact
	for _, aim := range o.Targets {
		x := p.Slabs[aim.Indicator]
		last := min(aim.By, x.T-1)
		for last >= 0 && !x.Have.Has(aim.Subject, last) {
			last--
		}
		v, ok := x.At(aim.Subject, last)
		if last < 0 || !ok {
			continue
		}
		f := Fact{Kind: Target, Indicator: int32(aim.Indicator), Subject: int32(aim.Subject), Peers: None, Rival: None, Since: None, Period: int32(last),
			P1: Behind, P2: int32(aim.By), Value: v, Ref: aim.Value, Aux: aim.Expected, Q: aim.Chance}
		if aim.Growth != nil {
			f.Form = Growth
		}
		there := v >= aim.Value
		if p.Indicators[aim.Indicator].Polarity == panel.SmallerBetter {
			there = v <= aim.Value
		}
		switch {
		case last == aim.By && there:
			f.P1, f.Q = Reached, 1
		case last == aim.By:
			f.P1, f.Q = Missed, 0
		case aim.Chance >= 0.5:
			f.P1 = OnTrack
		}
		f.Rarity = float32(min(mostSurprise, -math.Log2(max(f.Q, 1e-6))))
		f.Importance, f.Robust, f.Novelty = float32(Target.weight()*m.weightOf(aim.Indicator)), 1, novelty(last, m.latest(aim.Indicator))
		f.Score = f.Rarity * f.Importance * f.Novelty
		m.qualify(&f, f.Form)
		out = append(out, f)
	}
	return out
}

func moments(x []float64) (mean, sd float64) {
	for _, v := range x {
		mean += v
	}
	mean /= float64(len(x))
	for _, v := range x {
		sd += (v - mean) * (v - mean)
	}
	return mean, max(1e-12, math.Sqrt(sd/float64(len(x)-1)))
}
