package quality

import (
	"math"
	"strconv"
	"strings"
)

// check runs the rules over one indicator. Each cell is found once, by the rule
// that explains it best.
func (g *gate) check(i int) {
	st := g.series[i]
	held := map[[2]int]Rule{}
	for s := range st.x.N {
		g.transient(i, s, held)
	}
	g.shiftedRows(i, held)
	g.disagreeing(i, held)
	g.newest(i, held)
	for cell, rule := range held {
		g.add(i, cell[0], cell[1], Finding{Rule: rule, Hold: true})
	}
	g.company(i, held)
	g.levels(i, held)
	g.told(i, held)
}

// add enters a finding with the cell's value and what would be likely there.
func (g *gate) add(i, s, t int, f Finding) {
	f.Indicator, f.Subject, f.Period = i, s, t
	f.Value, _ = g.p.Slabs[i].At(s, t)
	f.Expected = g.expected(i, s, t)
	if math.IsNaN(f.Expected) {
		f.Expected = 0
	}
	g.found = append(g.found, f)
}

// expected gives the value between a cell's neighbours in time: the geometric
// mean of what either makes likely with the common movement; NaN without any.
func (g *gate) expected(i, s, t int) float64 {
	st := g.series[i]
	var sum float64
	n := 0
	if t > 0 {
		if v, ok := st.x.At(s, t-1); ok && v > 0 && !g.p.Indicators[i].Pace {
			sum, n = sum+math.Log(v)+st.mid[t], n+1
		}
	}
	if t+1 < st.x.T {
		if v, ok := st.x.At(s, t+1); ok && v > 0 && !g.p.Indicators[i].Pace {
			sum, n = sum+math.Log(v)-st.mid[t+1], n+1
		}
	}
	if n == 0 {
		return math.NaN()
	}
	return math.Exp(sum / float64(n))
}

// transient finds abnormal steps that are taken back: at once, or after a few
// periods when the step is as large as a wrong unit.
func (g *gate) transient(i, s int, held map[[2]int]Rule) {
	st := g.series[i]
	for t := range st.x.T {
		a, far := st.at(s, t)
		if !far {
			continue
		}
		from, back := t, t
		for n := 1; n <= longBlock; n++ {
			if back = st.next(s, back); back < 0 {
				break
			}
			b, farBack := st.at(s, back)
			if farBack && returned(a, b) && (n == 1 || math.Abs(a) > max(blockStep, 2*farScales*st.scale[s])) {
				for c := from; c < back; c++ {
					if _, ok := st.x.At(s, c); ok {
						held[[2]int{s, c}] = Spike
						if n > 1 {
							held[[2]int{s, c}] = Block
						}
					}
				}
				break
			}
			if farBack {
				break
			}
		}
	}
}

// shiftedRows finds runs of rows that hold their neighbour's values: the run
// must hold some cell that is abnormal in itself.
func (g *gate) shiftedRows(i int, held map[[2]int]Rule) {
	x := g.p.Slabs[i]
	for t := range x.T {
		for _, step := range []int{1, -1} {
			run := []int{}
			end := func() {
				odd := 0
				for _, s := range run {
					if _, ok := held[[2]int{s, t}]; ok {
						odd++
					}
				}
				if len(run) >= shiftedRows && 2*odd >= len(run) {
					for _, s := range run {
						held[[2]int{s, t}] = RowShift
					}
				}
				run = run[:0]
			}
			for s := range x.N {
				v, ok := x.At(s, t)
				o := s + step
				if !ok || v <= 0 || o < 0 || o >= x.N {
					end()
					continue
				}
				own, other := g.expected(i, s, t), g.expected(i, o, t)
				if math.Abs(math.Log(v/other)) < rowNear && math.Abs(math.Log(v/own)) > rowNear {
					run = append(run, s)
				} else {
					end()
				}
			}
			end()
		}
	}
}

// disagreeing finds cells with an abnormal step whose own company speaks against
// them: the parts do not add up, the second source took no such step, or another
// subject has the same long decimals.
func (g *gate) disagreeing(i int, held map[[2]int]Rule) {
	st := g.series[i]
	copies := g.copies(i)
	for s := range st.x.N {
		for t := range st.x.T {
			if _, ok := held[[2]int{s, t}]; ok {
				continue
			}
			a, far := st.at(s, t)
			b, farNext := math.NaN(), false
			if n := st.next(s, t); n >= 0 {
				b, farNext = st.at(s, n)
			}
			if !far && !farNext {
				continue
			}
			// A step that is followed by one onward is a new level, which others judge.
			stays := far && st.next(s, t) >= 0 && !farNext
			begins := st.prev[s*st.x.T+t] >= 0 && !far && farNext
			if stays || begins {
				continue
			}
			switch v, _ := st.x.At(s, t); {
			case copies[[2]int{s, t}]:
				held[[2]int{s, t}] = Copied
			case g.sumsWrong(i, s, t) && math.Abs(a) > blockStep:
				held[[2]int{s, t}] = Identity
			case g.partsFromSecond(i, s, t, v) && (a*b < 0 || b != b):
				held[[2]int{s, t}] = TwoSources
			}
		}
	}
}

// copies gives the cells whose value has long decimals and stands under another
// subject in the same period too.
func (g *gate) copies(i int) map[[2]int]bool {
	x, out := g.p.Slabs[i], map[[2]int]bool{}
	for t := range x.T {
		at := map[float64]int{}
		for s := range x.N {
			v, ok := x.At(s, t)
			if !ok || digits(v) < longDigits {
				continue
			}
			if first, twice := at[v]; twice {
				out[[2]int{first, t}], out[[2]int{s, t}] = true, true
			}
			at[v] = s
		}
	}
	return out
}

// digits counts the significant digits of a value as it is written.
func digits(v float64) int {
	s := strings.TrimLeft(strings.Replace(strconv.FormatFloat(math.Abs(v), 'f', -1, 64), ".", "", 1), "0")
	if v == math.Trunc(v) {
		s = strings.TrimRight(s, "0")
	}
	return len(s)
}

// sumsWrong reports whether a whole differs from the sum of its parts.
func (g *gate) sumsWrong(i, s, t int) bool {
	about := g.p.Indicators[i]
	total, ok := g.p.Slabs[i].At(s, t)
	if !ok || len(about.Parts) == 0 {
		return false
	}
	var sum float64
	for _, code := range about.Parts {
		x := g.p.Slab(code)
		if x == nil {
			return false
		}
		v, ok := x.At(s, t)
		if !ok {
			return false
		}
		sum += v
	}
	return math.Abs(sum-total) > sumPart*math.Abs(total)
}

// second gives the series of the second compilation, or nil.
func (g *gate) second(i int) *steps {
	if j, ok := g.p.Indicator(g.p.Indicators[i].Second); ok && g.p.Indicators[i].Second != "" {
		return g.series[j]
	}
	return nil
}

// partsFromSecond reports whether the second source has another value and took
// no such step.
func (g *gate) partsFromSecond(i, s, t int, v float64) bool {
	other := g.second(i)
	if other == nil {
		return false
	}
	w, ok := other.x.At(s, t)
	if !ok || w <= 0 || v <= 0 || math.Abs(math.Log(v/w)) < leastStep {
		return false
	}
	_, far := other.at(s, t)
	return !far
}

// levels finds new levels that stay: breaks where the second source took no such
// step or many peers took it at once without one, true shifts elsewhere.
func (g *gate) levels(i int, held map[[2]int]Rule) {
	st, other := g.series[i], g.second(i)
	together := g.together(i)
	for s := range st.x.N {
		for t := range st.x.T {
			prev := st.prev[s*st.x.T+t]
			if prev < 0 || isHeld(held, s, t) || isHeld(held, s, prev) {
				continue
			}
			a, far := st.at(s, t)
			raw := a + st.mid[t]
			known, same := math.NaN(), false
			if other != nil && other.prev[s*st.x.T+t] == prev {
				b, _ := other.at(s, t)
				known = b + other.mid[t]
				same = math.Abs(raw-known) <= sourcesPart
			}
			switch {
			case known == known && !same && (raw < -fallTogether/2 || far):
				g.add(i, s, t, Finding{Rule: Break, Break: true})
			case known != known && together[t*st.x.N+s] && raw < -fallTogether:
				g.add(i, s, t, Finding{Rule: Break, Break: true})
			case far:
				g.add(i, s, t, Finding{Rule: Shift})
			}
		}
	}
}

func isHeld(held map[[2]int]Rule, s, t int) bool {
	_, ok := held[[2]int{s, t}]
	return ok
}

// together gives the cells (t·N + s) of subjects whose peers fell with them.
func (g *gate) together(i int) []bool {
	st := g.series[i]
	out := make([]bool, st.x.N*st.x.T)
	for _, set := range g.p.Peers {
		if set.Kind == "all" {
			continue // what befalls everybody is the time, not a break
		}
		for t := range st.x.T {
			fell, seen := 0, 0
			for _, s := range set.Members {
				if v := st.step[s*st.x.T+t]; v == v {
					seen++
					if v+st.mid[t] < -fallTogether && v < -fallTogether {
						fell++
					}
				}
			}
			if seen >= 5 && float64(fell) >= togetherPart*float64(seen) {
				for _, s := range set.Members {
					out[t*st.x.N+s] = true
				}
			}
		}
	}
	return out
}

// told enters what is reported and neither held nor a break: sums and second
// sources that differ.
func (g *gate) told(i int, held map[[2]int]Rule) {
	x, other := g.p.Slabs[i], g.second(i)
	for s := range x.N {
		for t := range x.T {
			v, ok := x.At(s, t)
			if !ok || isHeld(held, s, t) {
				continue
			}
			if g.sumsWrong(i, s, t) {
				g.add(i, s, t, Finding{Rule: Identity})
			}
			if other == nil {
				continue
			}
			if w, ok := other.x.At(s, t); ok && math.Abs(v-w) > sumPart*math.Abs(w) {
				g.add(i, s, t, Finding{Rule: TwoSources})
			}
		}
	}
}
