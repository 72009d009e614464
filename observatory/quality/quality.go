// Package quality is the gate between a statistic and what is said of it: it
// finds cells that are more likely wrong than true, and breaks of series, before
// any fact is mined.
//
// The rules look at the shape of an error, never at names: a step that is taken
// back at once (a slip of a digit, a shifted row, a copied cell, a wrong unit),
// a whole that is not the sum of its parts, two compilations that disagree, a
// fall that only one source or a whole province at once knows. A cell that fails
// alone is held until a person has looked at it, and no fact uses it. What
// stays, however large, is no error: it is told, and where a second source does
// not share it, it is marked as a break, across which levels are not compared.
//
// The package changes a panel only in Apply. It knows no database and no clock.
package quality

import (
	"cmp"
	"math"
	"slices"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/panel"
)

// Rule is why a cell was noticed.
type Rule string

// The rules.
const (
	Spike      Rule = "spike"      // a step taken back by the next
	Block      Rule = "block"      // a few periods off by one factor
	RowShift   Rule = "row_shift"  // the value of a neighbouring row
	Identity   Rule = "identity"   // the parts do not add up
	TwoSources Rule = "two_source" // another compilation says otherwise
	Copied     Rule = "copied"     // the same long decimals as another subject's
	Swapped    Rule = "swapped"    // the newest value is the one another row should have, and the other way round
	OffPace    Rule = "off_pace"   // the newest value and the growth published with it do not agree
	Shift      Rule = "shift"      // a new level that stays; the second source shares it, or there is none
	Break      Rule = "break"      // a new level that the second source does not know, or that many peers took at once
)

// Finding is one cell that was noticed.
type Finding struct {
	Indicator, Subject, Period int
	Rule                       Rule
	Hold                       bool    // no fact may use the cell until a person released it
	Break                      bool    // levels before the period are not compared with those from it on
	Value, Expected            float64 // what is there, and what its neighbours would make likely
}

// The bounds. Steps are logarithms; scales are robust standard deviations of
// steps, the period's median taken off.
const (
	leastStep    = 0.25 // a smaller step is nothing, however quiet the series
	farScales    = 6.0  // scales beyond which a step is abnormal
	netShare     = 0.4  // of a step, what its return may leave
	longBlock    = 4    // periods that a wrong unit may last
	blockStep    = 0.8  // the least step of a block
	shiftedRows  = 3    // neighbouring rows that make a shift
	rowNear      = 0.2  // how near a shifted value lies to its neighbour's
	sourcesPart  = 0.12 // steps of two sources that part by more disagree
	sumPart      = 0.05 // of a whole, what its parts may miss
	fallTogether = 0.1  // a fall that counts towards a common one
	togetherPart = 0.4  // of a peer set, how many make it common
	longDigits   = 6    // significant digits that two subjects do not share by chance
)

// Check gives what is noticed in a panel, by indicator, period and subject. Peer
// sets, parts and second sources are used where the panel names them.
func Check(p *panel.Panel) []Finding {
	g := &gate{p: p}
	for i := range p.Indicators {
		g.series = append(g.series, newSteps(p.Slabs[i], p.Indicators[i].Pace))
	}
	for i := range p.Indicators {
		g.check(i)
	}
	slices.SortFunc(g.found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Indicator, b.Indicator), cmp.Compare(a.Period, b.Period), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Rule, b.Rule))
	})
	return g.found
}

// Apply holds the cells and enters the breaks that were found.
func Apply(p *panel.Panel, found []Finding) {
	for _, f := range found {
		x := p.Slabs[f.Indicator]
		if f.Hold {
			x.Hold(f.Subject, f.Period)
		}
		if f.Break {
			x.Break(f.Subject, f.Period, p.Axis.Label(f.Period))
		}
	}
}

// Text words a rule for the person who decides.
func (r Rule) Text() fault.Text {
	switch r {
	case Spike:
		return fault.T("与前后两期都相差悬殊，而前后两期相互接近，可能有笔误", "far from the periods before and after, which are near each other: perhaps a slip")
	case Block:
		return fault.T("连续几期与前后相差同一倍数，可能单位有误", "some periods are off by one factor: perhaps a wrong unit")
	case RowShift:
		return fault.T("等于相邻一行应有的数，可能整段错行", "the value its neighbouring row should have: perhaps rows were shifted")
	case Identity:
		return fault.T("各部分之和与总数不符", "the parts do not add up to the whole")
	case TwoSources:
		return fault.T("与第二来源相差较大", "the second source differs")
	case Copied:
		return fault.T("与另一对象的数一位不差，可能误抄", "digit for digit another subject's value: perhaps copied")
	case Swapped:
		return fault.T("与另一行的数像是互换了位置，可能两行填反", "it and another row's value seem to stand in each other's place: perhaps two rows were exchanged")
	case OffPace:
		return fault.T("与同时公布的增速不符，可能有笔误", "it does not agree with the growth published with it: perhaps a slip")
	case Shift:
		return fault.T("水平发生较大变化并保持，如实保留", "a large change of level that stays; kept as it is")
	}
	return fault.T("水平断层，第二来源没有或同组同时发生，前后不作比较", "a break that the second source lacks or the peers share; levels are not compared across it")
}

// gate collects findings.
type gate struct {
	p      *panel.Panel
	series []*steps
	found  []Finding
}

// steps are the logarithmic steps of an indicator; of a growth rate, of what it
// grows to: from 6 to 3 per cent is a small step.
type steps struct {
	x     *panel.Slab
	step  []float64 // s·T + t: log v(t)/v(last observed before), NaN when there is none
	prev  []int     // column of that earlier value
	mid   []float64 // by period, the median step
	scale []float64 // by subject
}

func newSteps(x *panel.Slab, pace bool) *steps {
	st := &steps{x: x, step: make([]float64, x.N*x.T), prev: make([]int, x.N*x.T), mid: make([]float64, x.T), scale: make([]float64, x.N)}
	for s := range x.N {
		last := -1
		for t := range x.T {
			cell := s*x.T + t
			st.step[cell], st.prev[cell] = math.NaN(), -1
			v, ok := x.At(s, t)
			if pace {
				v += 100
			}
			if !ok || v <= 0 {
				continue
			}
			if last >= 0 && t-last <= 2 {
				before, _ := x.At(s, last)
				if pace {
					before += 100
				}
				st.step[cell], st.prev[cell] = math.Log(v/before), last
			}
			last = t
		}
	}
	var all []float64
	for t := range x.T {
		var line []float64
		for s := range x.N {
			if v := st.step[s*x.T+t]; v == v && st.prev[s*x.T+t] == t-1 {
				line = append(line, v)
			}
		}
		if len(line) >= 5 {
			st.mid[t] = median(line)
		}
		for s := range x.N {
			if v := st.step[s*x.T+t]; v == v {
				st.step[s*x.T+t] = v - st.mid[t]
				all = append(all, math.Abs(v-st.mid[t]))
			}
		}
	}
	if len(all) == 0 {
		return st
	}
	whole := 1.4826 * median(all)
	for s := range x.N {
		var own []float64
		for t := range x.T {
			if v := st.step[s*x.T+t]; v == v {
				own = append(own, math.Abs(v))
			}
		}
		st.scale[s] = whole
		if len(own) >= 8 {
			st.scale[s] = max(whole, 1.4826*median(own))
		}
	}
	return st
}

func median(x []float64) float64 {
	slices.Sort(x)
	n := len(x)
	return (x[(n-1)/2] + x[n/2]) / 2
}

// at gives a step with the common movement taken off, and whether it is abnormal.
func (st *steps) at(s, t int) (v float64, far bool) {
	if t < 0 || t >= st.x.T {
		return math.NaN(), false
	}
	v = st.step[s*st.x.T+t]
	return v, math.Abs(v) > max(leastStep, farScales*st.scale[s])
}

// next gives the column of the next step of a subject after t.
func (st *steps) next(s, t int) int {
	for c := t + 1; c < min(t+3, st.x.T); c++ {
		if v := st.step[s*st.x.T+c]; v == v {
			return c
		}
	}
	return -1
}

// returned reports whether a step is taken back by a later one.
func returned(a, b float64) bool {
	return a*b < 0 && math.Abs(a+b) < netShare*min(math.Abs(a), math.Abs(b))
}
