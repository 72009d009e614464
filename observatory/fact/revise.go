package fact

import (
	"math"
	"slices"

	"touyan.dev/touyan/observatory/panel"
)

// Revisions is what became of an indicator's published figures: for each subject
// whose history was revised one path, by age (0 is the newest period of the
// earlier vintage), of the logarithm of the later over the earlier figure. Whole
// paths are drawn, so that a revision that lifts many years at once lifts them
// together, and what is common to all subjects cancels in ranks as it does in
// the world.
type Revisions struct {
	Paths [][]float64 // NaN where either vintage has no figure
}

// LearnRevisions compares two vintages of one indicator over the subjects given
// by code; nil means all. Where either marks what is provisional, only such figures
// teach anything: one that was final stays, and one that nobody has
// revised yet says nothing of how it will be.
func LearnRevisions(old, new *panel.Panel, indicator string, subjects []string) *Revisions {
	a, b := old.Slab(indicator), new.Slab(indicator)
	if a == nil || b == nil {
		return nil
	}
	r := &Revisions{}
	marked := !a.Provisional.Empty() || !b.Provisional.Empty()
	later := make(map[string]int, len(new.Subjects))
	for s, about := range new.Subjects {
		later[about.Code] = s
	}
	for s, about := range old.Subjects {
		other, ok := later[about.Code]
		if !ok || subjects != nil && !slices.Contains(subjects, about.Code) {
			continue
		}
		path, newest := make([]float64, old.Axis.Len), -1
		moved, open := false, false // a figure was revised; the newest is provisional still
		for age := range path {
			t := old.Axis.Len - 1 - age
			path[age] = math.NaN()
			c, ok := new.Axis.Col(old.Axis.Period(t))
			if !ok {
				continue
			}
			before, ok1 := a.At(s, t)
			after, ok2 := b.At(other, c)
			if ok1 && ok2 && before > 0 && after > 0 {
				path[age] = math.Log(after / before)
				moved = moved || after != before
				if newest < 0 {
					newest, open = t, b.Provisional.Has(other, c)
				}
			}
		}
		if newest >= 0 && (!marked || a.Provisional.Has(s, newest) && (moved || !open)) {
			r.Paths = append(r.Paths, fill(path))
		}
	}
	return r
}

// Usual gives how far a figure of the age usually moves, up or down, in per cent
// of it: the mean over the paths, without what they have in common.
func (r *Revisions) Usual(age int) float64 {
	var common, sum float64
	for _, path := range r.Paths {
		common += path[min(age, len(path)-1)] / float64(len(r.Paths))
	}
	for _, path := range r.Paths {
		sum += math.Abs(path[min(age, len(path)-1)] - common)
	}
	return 100 * sum / float64(len(r.Paths))
}

// Join puts together what several pairs of vintages tell of one indicator.
func Join(all ...*Revisions) *Revisions {
	out := &Revisions{}
	for _, r := range all {
		if r != nil {
			out.Paths = append(out.Paths, r.Paths...)
		}
	}
	return out
}

// fill carries the nearest known revision over the ages that have none.
func fill(path []float64) []float64 {
	for _, step := range []int{1, -1} {
		at := 0
		if step < 0 {
			at = len(path) - 1
		}
		for i := at + step; i >= 0 && i < len(path); i += step {
			if math.IsNaN(path[i]) {
				path[i] = path[i-step]
			}
		}
	}
	return path
}

// draws is how many revised worlds a fact must survive in.
const draws = 200

// survive gives each fact the share of revised worlds in which it stays true.
func (m *miner) survive(indicator int, facts []Fact) {
	r := m.Revisions[m.panel.Indicators[indicator].Code]
	if r == nil || len(r.Paths) < 2 || !slices.ContainsFunc(facts, func(f Fact) bool { return checkable(&f) }) {
		return
	}
	if m.worlds == nil || m.worlds.indicator != indicator {
		m.worlds = newWorld(m.panel, indicator)
		m.worlds.deal(r.Paths)
	}
	w := m.worlds
	var trials []*trial
	for i := range facts {
		if checkable(&facts[i]) {
			trials = append(trials, w.trial(&facts[i]))
		}
	}
	held := make([]int, len(trials))
	for d := range draws {
		w.revise(d)
		for i, c := range trials {
			if c.holds() {
				held[i]++
			}
		}
	}
	for i, c := range trials {
		c.Robust = float32(held[i]) / draws
		c.Flags |= Known
		c.Score *= c.Robust
	}
}
