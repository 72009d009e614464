package effect

import (
	"math"
	"slices"
)

// Pair is one comparison of two groups inside a two-way estimate.
type Pair struct {
	Treated  string  `json:"treated"` // when the group began
	Control  string  `json:"control"` // when the other began, or never
	Kind     string  `json:"kind"`    // never, later (not treated yet), earlier (treated already)
	Weight   float64 `json:"weight"`
	Estimate float64 `json:"estimate"`
}

// Bacon is the decomposition of the two-way estimate of a balanced panel without
// regressors of its own into all comparisons of two groups.
type Bacon struct {
	Estimate  float64 `json:"estimate"`
	Pairs     []Pair  `json:"pairs"`
	Forbidden float64 `json:"weight_on_already_treated"`
	Unused    int     `json:"incomplete_units"`
}

// cohort is the mean path of the units that began together.
type cohort struct {
	first int // index of the first period with the measure; the number of periods for never
	share float64
	path  []float64
}

// Decompose gives every comparison its weight and estimate (Goodman-Bacon 2021,
// theorem 1). Units with a missing cell are left out.
func Decompose(s *Staggered) *Bacon {
	b := &Bacon{}
	groups := map[int]*cohort{}
	n := 0.0
	for u, y := range s.Y {
		if slices.ContainsFunc(y, math.IsNaN) {
			b.Unused++
			continue
		}
		g := s.start(u)
		if groups[g] == nil {
			groups[g] = &cohort{first: g, path: make([]float64, len(y))}
		}
		groups[g].share++
		for t, v := range y {
			groups[g].path[t] += v
		}
		n++
	}
	var ordered []*cohort
	for _, g := range groups {
		for t := range g.path {
			g.path[t] /= g.share
		}
		g.share /= n
		ordered = append(ordered, g)
	}
	slices.SortFunc(ordered, func(a, b *cohort) int { return a.first - b.first })
	periods := len(s.Times)
	label := func(c *cohort) string {
		if c.first == periods {
			return "never"
		}
		return s.Times[c.first].Label
	}
	total := 0.0
	for i, early := range ordered {
		for _, late := range ordered[i+1:] {
			kind := "later"
			if late.first == periods {
				kind = "never"
			}
			// The early group against the late one until that begins, then the late
			// one against the early one from when that had begun.
			for _, p := range []Pair{
				pair(early, late, 0, early.first, late.first, kind),
				pair(late, early, early.first, late.first, periods, "earlier"),
			} {
				if p.Weight > 0 {
					p.Treated, p.Control = label(early), label(late)
					if p.Kind == "earlier" {
						p.Treated, p.Control = p.Control, p.Treated
					}
					b.Pairs = append(b.Pairs, p)
					total += p.Weight
				}
			}
		}
	}
	for i := range b.Pairs {
		p := &b.Pairs[i]
		p.Weight /= total
		b.Estimate += p.Weight * p.Estimate
		if p.Kind == "earlier" {
			b.Forbidden += p.Weight
		}
	}
	return b
}

// pair compares two groups from a period up to another, in which one begins and
// the other does not change. Its weight is, but for a factor common to all, the
// variance of the treatment within the comparison times the square of its size.
func pair(treated, control *cohort, from, first, to int, kind string) Pair {
	before, after := float64(first-from), float64(to-first)
	if before == 0 || after == 0 {
		return Pair{Kind: kind}
	}
	step := func(c *cohort) float64 { return mean(c.path[first:to]) - mean(c.path[from:first]) }
	return Pair{Kind: kind, Weight: treated.share * control.share * before * after, Estimate: step(treated) - step(control)}
}
