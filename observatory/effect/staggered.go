package effect

import (
	"fmt"
	"math"
	"slices"

	"touyan.dev/touyan/kernel/fault"
)

// Staggered is a panel of units on which a measure began at different times.
type Staggered struct {
	*Panel
	First []float64 // by unit, the order of the period; +Inf for never
}

// Control says whom a cohort is compared with.
type Control string

// The controls: units that never have the measure, or that do not have it yet.
const (
	Never  Control = "never"
	NotYet Control = "notyet"
)

// Figure is an estimate with what chance does to it.
type Figure struct {
	Estimate float64 `json:"estimate"`
	SE       float64 `json:"standard_error"`
	P        float64 `json:"p"`
}

// CohortTime is the effect on those who began in a period, in a period.
type CohortTime struct {
	Group  string `json:"group"`
	Time   string `json:"time"`
	Event  int    `json:"event_time"` // periods since the first with the measure
	Before bool   `json:"before"`     // a pre-period, where there should be none
	Figure
}

// EventTime is the effect so many periods after the beginning.
type EventTime struct {
	Event int `json:"event_time"`
	Figure
}

// Label is a figure for a group or a period.
type Label struct {
	Label string `json:"label"`
	Figure
}

// CohortResult is what Callaway and Sant'Anna's method gives.
type CohortResult struct {
	Method   string       `json:"method"` // cs
	Outcome  string       `json:"outcome"`
	Figure                // the overall effect over event times
	Expect   Expectation  `json:"expect"`
	Control  Control      `json:"control"`
	Units    int          `json:"units"`
	Never    int          `json:"never_treated"`
	Periods  int          `json:"periods"`
	Dropped  []Unused     `json:"unused_units"`
	ATT      []CohortTime `json:"att_gt"`
	Dynamic  []EventTime  `json:"dynamic"`
	Simple   Figure       `json:"simple"`
	Groups   []Label      `json:"group"`
	ByGroup  Figure       `json:"group_overall"`
	Calendar []Label      `json:"calendar"`
	ByTime   Figure       `json:"calendar_overall"`
	PreTest  *float64     `json:"pretest_p"` // all effects before the measure are 0; null without any
}

// cohorts is the working state: complete units, cells and their influence.
type cohorts struct {
	y       [][]float64
	group   []int // by unit, the index of the first period with the measure; periods for never
	periods int
	share   map[int]float64 // of units, by group
	cells   []cell
}

// cell is one group and period, with each unit's influence on the estimate.
type cell struct {
	g, t      int
	att       float64
	influence []float64
}

// Cohorts estimates group-time effects with the period before as base, which
// varies before the measure, and their aggregates (Callaway and Sant'Anna 2021,
// without covariates). Standard errors come from influence functions, clustered
// by unit, and take account of estimated shares. Units with a missing cell, and
// those that have the measure from the first period on, are left out and listed.
func Cohorts(s *Staggered, outcome string, control Control, expect Expectation) (*CohortResult, error) {
	if control != Never && control != NotYet {
		return nil, fault.At("effect.Cohorts", "control", "对照只能是 never 或 notyet。", "The control must be never or notyet.")
	}
	r := &CohortResult{Method: "cs", Outcome: outcome, Expect: expect, Control: control, Dropped: []Unused{}, Periods: len(s.Times)}
	c := &cohorts{periods: len(s.Times), share: map[int]float64{}}
	for u, name := range s.Units {
		g := s.start(u)
		missing := 0
		for _, v := range s.Y[u] {
			if math.IsNaN(v) {
				missing++
			}
		}
		switch {
		case missing > 0:
			r.Dropped = append(r.Dropped, Unused{name, "incomplete", missing})
			continue
		case g == 0:
			r.Dropped = append(r.Dropped, Unused{name, "always_treated", 0})
			continue
		case g == c.periods:
			r.Never++
		}
		c.y, c.group = append(c.y, s.Y[u]), append(c.group, g)
		c.share[g]++
	}
	r.Units = len(c.y)
	for g := range c.share {
		c.share[g] /= float64(r.Units)
	}
	for g := 1; g < c.periods; g++ {
		if c.share[g] == 0 {
			continue
		}
		for t := 1; t < c.periods; t++ {
			c.compare(g, t, control)
		}
	}
	if !slices.ContainsFunc(c.cells, func(e cell) bool { return e.t >= e.g }) {
		return nil, fault.At("effect.Cohorts", "first", "没有可比的单元：需要有数据完整、先后开始的单元和对照单元。", "Nothing can be compared: complete units that begin at some time and controls are needed.")
	}
	c.aggregate(r, s.Times)
	return r, nil
}

// start gives the index of the first period at or after a unit's beginning; the
// number of periods for never.
func (s *Staggered) start(u int) int {
	i, _ := slices.BinarySearchFunc(s.Times, s.First[u], func(e Period, o float64) int { return compare(e.Order, o) })
	return i
}

// compare adds the cell of a group and period, if it has a control.
func (c *cohorts) compare(g, t int, control Control) {
	base := t - 1
	if t >= g {
		base = g - 1
	}
	e := cell{g: g, t: t, influence: make([]float64, len(c.y))}
	var with, without []int
	for u, first := range c.group {
		switch {
		case first == g:
			with = append(with, u)
		case first == c.periods || control == NotYet && first > t:
			without = append(without, u)
		}
	}
	if len(without) == 0 {
		return
	}
	for sign, units := range map[float64][]int{1: with, -1: without} {
		steps := make([]float64, len(units))
		for i, u := range units {
			steps[i] = c.y[u][t] - c.y[u][base]
		}
		m := mean(steps)
		e.att += sign * m
		for i, u := range units {
			e.influence[u] = sign * (steps[i] - m) * float64(len(c.y)) / float64(len(units))
		}
	}
	c.cells = append(c.cells, e)
}

// figure gives an estimate its error.
func (c *cohorts) figure(estimate float64, influence []float64) Figure {
	se := math.Sqrt(dot(influence, influence)) / float64(len(influence))
	return Figure{estimate, se, ofChance(estimate, se, twoSided)}
}

// weigh averages cells by the shares of their groups. That the shares are
// estimated too is in the influence.
func (c *cohorts) weigh(cells []cell) (float64, []float64) {
	total, att := 0.0, 0.0
	for _, e := range cells {
		total += c.share[e.g]
	}
	for _, e := range cells {
		att += c.share[e.g] / total * e.att
	}
	influence := make([]float64, len(c.y))
	for _, e := range cells {
		w := c.share[e.g] / total
		for u := range influence {
			influence[u] += w * e.influence[u]
			member := -c.share[e.g]
			if c.group[u] == e.g {
				member++
			}
			influence[u] += member / total * (e.att - att)
		}
	}
	return att, influence
}

// even averages figures with equal weights.
func (c *cohorts) even(atts []float64, influences [][]float64) Figure {
	influence := make([]float64, len(c.y))
	for _, one := range influences {
		for u, v := range one {
			influence[u] += v / float64(len(influences))
		}
	}
	return c.figure(mean(atts), influence)
}

// pick gives the cells for which keep holds.
func (c *cohorts) pick(keep func(cell) bool) []cell {
	var out []cell
	for _, e := range c.cells {
		if keep(e) {
			out = append(out, e)
		}
	}
	return out
}

func (c *cohorts) aggregate(r *CohortResult, times []Period) {
	for _, e := range c.cells {
		r.ATT = append(r.ATT, CohortTime{times[e.g].Label, times[e.t].Label, e.t - e.g, e.t < e.g, c.figure(e.att, e.influence)})
	}
	r.Simple = c.figure(c.weigh(c.pick(func(e cell) bool { return e.t >= e.g })))

	var atts []float64
	var influences [][]float64
	for event := -c.periods; event < c.periods; event++ {
		cells := c.pick(func(e cell) bool { return e.t-e.g == event })
		if len(cells) == 0 {
			continue
		}
		att, influence := c.weigh(cells)
		r.Dynamic = append(r.Dynamic, EventTime{event, c.figure(att, influence)})
		if event >= 0 {
			atts, influences = append(atts, att), append(influences, influence)
		}
	}
	r.Figure = c.even(atts, influences)

	atts, influences = nil, nil
	for t := range times {
		if cells := c.pick(func(e cell) bool { return e.t == t && e.t >= e.g }); len(cells) > 0 {
			att, influence := c.weigh(cells)
			r.Calendar = append(r.Calendar, Label{times[t].Label, c.figure(att, influence)})
			atts, influences = append(atts, att), append(influences, influence)
		}
	}
	r.ByTime = c.even(atts, influences)

	var groups []cell
	for g := range times {
		if cells := c.pick(func(e cell) bool { return e.g == g && e.t >= e.g }); len(cells) > 0 {
			att, influence := c.weigh(cells) // of one group: equal weights
			r.Groups = append(r.Groups, Label{times[g].Label, c.figure(att, influence)})
			groups = append(groups, cell{g: g, att: att, influence: influence})
		}
	}
	r.ByGroup = c.figure(c.weigh(groups))
	r.PreTest = c.preTest()
}

// preTest is Wald's test that all effects before the measure are 0.
func (c *cohorts) preTest() *float64 {
	before := c.pick(func(e cell) bool { return e.t < e.g })
	if len(before) == 0 {
		return nil
	}
	n := float64(len(c.y))
	v := make([][]float64, len(before))
	att, solved := make([]float64, len(before)), make([]float64, len(before))
	for i, e := range before {
		att[i], solved[i] = e.att, e.att
		v[i] = make([]float64, i+1)
		for j := range v[i] {
			v[i][j] = dot(e.influence, before[j].influence) / n / n
		}
	}
	if !cholesky(v, solved) {
		return nil
	}
	p := beyondChi2(dot(att, solved), len(before))
	return &p
}

// Verdict judges by the rule for cohorts: beyond chance at Level, and nothing of
// the kind before the measure.
func (r *CohortResult) Verdict() Verdict {
	var why []fault.Text
	if r.P > Level {
		why = append(why, fault.T("差异没有超出偶然。", "The difference is not beyond chance."))
	}
	if r.PreTest != nil && *r.PreTest <= Level {
		why = append(why, fault.T("政策开始之前，各组的走势就不平行。", "Groups already moved apart before the measure."))
	}
	return judge(r.Expect, r.Estimate, why)
}

// NewStaggered reads when each unit began from cells whose value is the order of
// the first period (0, none, or one after the last: never), the same in all rows of
// a unit.
func NewStaggered(p *Panel, firsts []Cell) (*Staggered, error) {
	s := &Staggered{Panel: p, First: make([]float64, len(p.Units))}
	seen := make([]int, len(p.Units))
	for _, c := range firsts {
		u, _ := slices.BinarySearch(p.Units, UnitName(c.Unit))
		first := c.Value
		if math.IsNaN(first) || first == 0 {
			first = math.Inf(1)
		}
		if seen[u] != 0 && s.First[u] != first {
			return nil, at(c.Line, "first", fmt.Sprintf("同一单元的开始时间与第 %d 行不同", seen[u]), fmt.Sprintf("the unit begins at another time in line %d", seen[u]))
		}
		s.First[u], seen[u] = first, c.Line
	}
	return s, nil
}

// Dates gives how many different periods there are in which the measure began.
func (s *Staggered) Dates() int {
	seen := map[int]bool{}
	for u := range s.Units {
		if g := s.start(u); g < len(s.Times) {
			seen[g] = true
		}
	}
	return len(seen)
}

// Begun reports whether a unit has the measure in a period.
func (s *Staggered) Begun(unit, period int) bool { return period >= s.start(unit) }

// FromIndicator reads when each unit began from a column that is 1 in the periods
// with the measure and 0 in the others. A measure that ends again is refused.
func FromIndicator(p *Panel, marks []Cell) (*Staggered, error) {
	s := &Staggered{Panel: p, First: make([]float64, len(p.Units))}
	for u := range s.First {
		s.First[u] = math.Inf(1)
	}
	for _, c := range marks {
		if c.Value != 0 && c.Value != 1 {
			return nil, at(c.Line, "treatment", "只能是 0 或 1", "it must be 0 or 1")
		}
		u, _ := slices.BinarySearch(p.Units, UnitName(c.Unit))
		if t, _ := ParsePeriod(c.Time); c.Value == 1 {
			s.First[u] = min(s.First[u], t.Order)
		}
	}
	for _, c := range marks {
		u, _ := slices.BinarySearch(p.Units, UnitName(c.Unit))
		if t, _ := ParsePeriod(c.Time); c.Value == 0 && t.Order > s.First[u] {
			return nil, at(c.Line, "treatment", "政策开始后又回到 0，本方法不适用", "the measure goes back to 0, which the method does not allow")
		}
	}
	return s, nil
}
