package quality

import "math"

// paceOff is by how much a figure's own growth and the growth published with it
// may part, beyond what they do elsewhere in the period: prices differ by less.
const paceOff = 0.2

// newest judges abnormal steps that no later figure can take back or bear out
// yet: two values that stand in each other's place, and a value that the growth
// published with it does not agree with. Earlier steps were judged by what came
// after them.
func (g *gate) newest(i int, held map[[2]int]Rule) {
	st := g.series[i]
	var odd [][2]int
	for s := range st.x.N {
		t := st.x.T - 1
		for t > 0 && !st.x.Have.Has(s, t) {
			t--
		}
		if _, far := st.at(s, t); far && !isHeld(held, s, t) {
			odd = append(odd, [2]int{s, t})
		}
	}
	for k, a := range odd {
		for _, b := range odd[k+1:] {
			if a[1] == b[1] && g.exchanged(i, a[0], b[0], a[1]) {
				held[a], held[b] = Swapped, Swapped
			}
		}
	}
	for _, c := range odd {
		if !isHeld(held, c[0], c[1]) && g.offPace(i, c[0], c[1]) {
			held[c] = OffPace
		}
	}
}

// exchanged reports whether each of two subjects has the value that the other
// should have.
func (g *gate) exchanged(i, s, o, t int) bool {
	v, _ := g.p.Slabs[i].At(s, t)
	w, _ := g.p.Slabs[i].At(o, t)
	own, other := g.expected(i, s, t), g.expected(i, o, t)
	return math.Abs(math.Log(v/other)) < rowNear && math.Abs(math.Log(w/own)) < rowNear
}

// offPace reports whether a value's growth over a year parts from the growth that
// was published with it, by more than is usual in the period.
func (g *gate) offPace(i, s, t int) bool {
	year := int(g.p.Axis.Freq)
	j, ok := g.p.Indicator(g.p.Indicators[i].Growth)
	if !ok || !g.p.Indicators[j].Pace || t < year {
		return false
	}
	parted := func(s int) float64 {
		v, ok1 := g.p.Slabs[i].At(s, t)
		was, ok2 := g.p.Slabs[i].At(s, t-year)
		pace, ok3 := g.p.Slabs[j].At(s, t)
		if !ok1 || !ok2 || !ok3 || v <= 0 || was <= 0 || pace <= -100 || g.p.Slabs[i].ClassID(s, t) != g.p.Slabs[i].ClassID(s, t-year) {
			return math.NaN()
		}
		return math.Log(v/was) - math.Log(1+pace/100)
	}
	var all []float64
	for o := range g.p.Slabs[i].N {
		if d := parted(o); d == d {
			all = append(all, d)
		}
	}
	own := parted(s)
	return own == own && math.Abs(own-median(all)) > paceOff
}

// company holds what stood in the same two rows: the growth that was published
// with values that were exchanged.
func (g *gate) company(i int, held map[[2]int]Rule) {
	j, ok := g.p.Indicator(g.p.Indicators[i].Growth)
	if !ok {
		return
	}
	for cell, rule := range held {
		if _, there := g.p.Slabs[j].At(cell[0], cell[1]); rule == Swapped && there {
			g.add(j, cell[0], cell[1], Finding{Rule: Swapped, Hold: true})
		}
	}
}
