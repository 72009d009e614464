package effect

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"touyan.dev/touyan/kernel/fault"
)

// Row is one line of a regression: an outcome and its regressors.
type Row struct {
	Unit, Time string
	Y          float64
	X          []float64
	Line       int
}

// Coefficient is one regressor's.
type Coefficient struct {
	Name string `json:"name"`
	Figure
}

// TwoWay is a regression with effects of units and of periods.
type TwoWay struct {
	Method       string        `json:"method"` // twfe or event
	Outcome      string        `json:"outcome"`
	Figure                     // of the first regressor; of an event study, the mean over the periods since the beginning
	Expect       Expectation   `json:"expect"`
	Coefficients []Coefficient `json:"coefficients"`
	N            int           `json:"observations"`
	Units        int           `json:"units"`
	Periods      int           `json:"periods"`
	Clusters     int           `json:"clusters"`
	Unused       int           `json:"unused_rows"` // with a missing cell
	R2           float64       `json:"r2"`          // with all effects
	Bacon        *Bacon        `json:"bacon,omitempty"`
	Dates        int           `json:"beginnings"` // different times at which the measure began
}

// FixedEffects regresses on effects of units and of periods and on the regressors
// named, with errors clustered by unit: CR1 with G/(G−1) · (N−1)/(N−K), where K
// counts every dummy (Cameron and Miller, Journal of Human Resources 50, 2015), and
// Student's t with G−1 degrees of freedom. Panels need not be balanced; rows with
// a missing value are left out and counted.
func FixedEffects(rows []Row, names []string) (*TwoWay, error) {
	first := make([]float64, len(names))
	first[0] = 1
	return regress(rows, names, first)
}

// regress gives besides each coefficient their sum under the weights of main.
func regress(rows []Row, names []string, main []float64) (*TwoWay, error) {
	r := &TwoWay{Method: "twfe", Expect: Change}
	kept := slices.DeleteFunc(slices.Clone(rows), func(row Row) bool { return math.IsNaN(row.Y) || slices.ContainsFunc(row.X, math.IsNaN) })
	r.Unused, r.N = len(rows)-len(kept), len(kept)
	units, periods, err := numbered(kept)
	if err != nil {
		return nil, err
	}
	r.Units, r.Periods, r.Clusters = len(units), len(periods), len(units)
	k := len(names) + r.Units + r.Periods - 1
	if r.Units < 2 || r.N <= k {
		return nil, fault.At("effect.FixedEffects", "panel", "完整的数据行太少，不够估计。", "There are too few complete rows to estimate.")
	}
	member := make([]int, r.N)
	for i, row := range kept {
		member[i] = units[UnitName(row.Unit)]
	}
	cols, y := columns(kept, periods, len(names))
	total := slices.Clone(y)
	centre(total)
	within(y, member, r.Units)
	for _, c := range cols {
		within(c, member, r.Units)
	}
	f, bad := factor(copied(cols))
	if bad >= r.Periods-1 {
		name := names[bad-r.Periods+1]
		return nil, fault.At("effect.FixedEffects", name, "这一列由单元、时间或前面的列完全决定，无法估计。", "This column is determined by units, periods or the columns before it, and cannot be estimated.")
	}
	if bad >= 0 {
		return nil, fault.At("effect.FixedEffects", "panel", "有的时间只有互不相连的单元。", "Some periods are not connected by units.")
	}
	all := f.solve(slices.Clone(y))
	left := residuals(cols, all, y)
	r.R2 = 1 - dot(left, left)/max(dot(total, total), math.SmallestNonzeroFloat64)
	g, n := float64(r.Clusters), float64(r.N)
	spread := clusters{bread: f.inverse(), scores: scores(cols, left, member, r.Units), by: g / (g - 1) * (n - 1) / (n - float64(k))}
	skip := r.Periods - 1
	figure := func(weights []float64) Figure {
		b, se := dot(weights, all[skip:]), math.Sqrt(spread.variance(append(make([]float64, skip), weights...)))
		return Figure{b, se, ofChance(b, se, func(t float64) float64 { return twoSidedT(t, r.Clusters-1) })}
	}
	for j, name := range names {
		one := make([]float64, len(names))
		one[j] = 1
		r.Coefficients = append(r.Coefficients, Coefficient{name, figure(one)})
	}
	r.Figure = figure(main)
	return r, nil
}

// numbered gives units and periods of rows their places, and refuses a row for
// what has one.
func numbered(rows []Row) (units map[string]int, periods map[float64]int, err error) {
	units, periods = map[string]int{}, map[float64]int{}
	type key struct {
		unit string
		time float64
	}
	seen := map[key]int{}
	var orders []float64
	for _, row := range rows {
		t, ok := ParsePeriod(row.Time)
		if !ok {
			return nil, nil, at(row.Line, "time", "时间无法识别", "the time cannot be read")
		}
		k := key{UnitName(row.Unit), t.Order}
		if old := seen[k]; old != 0 {
			return nil, nil, at(row.Line, "unit, time", fmt.Sprintf("同一单元同一时间在第 %d 行已有一行", old), fmt.Sprintf("line %d is for this unit and time already", old))
		}
		seen[k] = row.Line
		if _, ok := units[k.unit]; !ok {
			units[k.unit] = len(units)
		}
		if _, ok := periods[t.Order]; !ok {
			periods[t.Order] = 0
			orders = append(orders, t.Order)
		}
	}
	slices.Sort(orders)
	for i, o := range orders {
		periods[o] = i
	}
	return units, periods, nil
}

// columns gives the dummies of all periods but the first, then the regressors.
func columns(rows []Row, periods map[float64]int, regressors int) (cols [][]float64, y []float64) {
	dummies := len(periods) - 1
	cols, y = make([][]float64, dummies+regressors), make([]float64, len(rows))
	for j := range cols {
		cols[j] = make([]float64, len(rows))
	}
	for i, row := range rows {
		y[i] = row.Y
		t, _ := ParsePeriod(row.Time)
		if p := periods[t.Order]; p > 0 {
			cols[p-1][i] = 1
		}
		for j, x := range row.X {
			cols[dummies+j][i] = x
		}
	}
	return cols, y
}

// within takes each unit's mean off.
func within(c []float64, member []int, units int) {
	sum, n := make([]float64, units), make([]float64, units)
	for i, u := range member {
		sum[u] += c[i]
		n[u]++
	}
	for i, u := range member {
		c[i] -= sum[u] / n[u]
	}
}

func residuals(cols [][]float64, b, y []float64) []float64 {
	left := slices.Clone(y)
	for j, c := range cols {
		for i, x := range c {
			left[i] -= b[j] * x
		}
	}
	return left
}

// clusters is what the sandwich is made of: bread · Σ (X'e)(X'e)' · bread, times by.
type clusters struct {
	bread  [][]float64
	scores [][]float64 // X'e of each cluster
	by     float64
}

func scores(cols [][]float64, left []float64, member []int, clusters int) [][]float64 {
	out := make([][]float64, clusters)
	for c := range out {
		out[c] = make([]float64, len(cols))
	}
	for j, col := range cols {
		for i, x := range col {
			out[member[i]][j] += x * left[i]
		}
	}
	return out
}

// variance gives that of a weighted sum of coefficients.
func (c clusters) variance(weights []float64) float64 {
	lean := make([]float64, len(weights))
	for j := range lean {
		lean[j] = dot(c.bread[j], weights)
	}
	v := 0.0
	for _, s := range c.scores {
		d := dot(lean, s)
		v += d * d
	}
	return v * c.by
}

// EventStudy regresses on the periods since the beginning, with the last one
// before it as base. Units that never have the measure are in the base. Without
// any such unit only differences from a line are determined, and the earliest
// period before is taken into the base too.
func EventStudy(s *Staggered) (*TwoWay, error) {
	from, to, never := 0, 0, false
	for u := range s.Units {
		g := s.start(u)
		if g == len(s.Times) {
			never = true
			continue
		}
		from, to = min(from, -g), max(to, len(s.Times)-1-g)
	}
	if !never {
		from++
	}
	var names []string
	place := map[int]int{}
	for e := from; e <= to; e++ {
		if e != -1 {
			place[e] = len(names)
			names = append(names, fmt.Sprintf("%+d", e))
		}
	}
	var rows []Row
	for u, name := range s.Units {
		g := s.start(u)
		for t, y := range s.Y[u] {
			x := make([]float64, len(names))
			if i, ok := place[t-g]; ok && g < len(s.Times) {
				x[i] = 1
			}
			rows = append(rows, Row{name, s.Times[t].Label, y, x, len(rows) + 1})
		}
	}
	if to < 0 || from >= 0 {
		return nil, fault.At("effect.EventStudy", "first", "没有先后可比：需要有政策开始前后的时间。", "There is nothing to compare: periods before and after a beginning are needed.")
	}
	main := make([]float64, len(names))
	for e := 0; e <= to; e++ {
		main[place[e]] = 1 / float64(to+1)
	}
	r, err := regress(rows, names, main)
	if err != nil {
		return nil, err
	}
	r.Method = "event"
	return r, nil
}

// Verdict judges by the rule for regressions: beyond chance at Level, with one
// beginning for all, as with several the coefficient mixes comparisons in which
// those already under the measure stand for those without it, and in an event study
// with nothing of the kind before the measure.
func (r *TwoWay) Verdict() Verdict {
	var why []fault.Text
	if r.P > Level {
		why = append(why, fault.T("差异没有超出偶然。", "The difference is not beyond chance."))
	}
	if r.apart() {
		why = append(why, fault.T("政策开始之前，各组的走势就不平行。", "Groups already moved apart before the measure."))
	}
	if r.Dates > 1 {
		why = append(why, fault.T("政策分批开始，双向固定效应混有不当比较；请以 cs 方法为准。", "The measure began at several times, which two-way fixed effects mix; rely on method cs."))
	}
	return judge(r.Expect, r.Estimate, why)
}

// apart reports whether an event study shows a difference before the measure: in any
// of its periods, at Level over all of them (Bonferroni).
func (r *TwoWay) apart() bool {
	before, least := 0, 1.0
	for _, c := range r.Coefficients {
		if r.Method == "event" && strings.HasPrefix(c.Name, "-") {
			before, least = before+1, min(least, c.P)
		}
	}
	return before > 0 && least*float64(before) <= Level
}
