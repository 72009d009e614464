package fact

import (
	"math/rand/v2"
	"testing"

	"touyan.dev/touyan/observatory/panel"
)

// TestWorlds: a fact is true in the world of a draw exactly when it is true of a
// panel whose figures were revised so.
func TestWorlds(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 11))
	p := noise(r, 24, 16, r.NormFloat64)
	about, x := &p.Indicators[0], p.Slabs[0]
	about.Code, about.Additive, about.Polarity = "x", true, panel.SmallerBetter
	for s := range x.N {
		for c := range x.T {
			if v, ok := x.At(s, c); ok {
				x.Set(s, c, 100+20*v)
			}
		}
		switch {
		case s%7 == 0:
			x.Hold(s, x.T-1)
		case s%5 == 0:
			x.Unset(s, x.T-2)
		}
	}
	var paths [][]float64
	for range 30 {
		path := make([]float64, x.T)
		for age := range 4 {
			path[age] = 0.05 * r.NormFloat64()
		}
		paths = append(paths, path)
	}
	o := Product(p.Axis)
	o.Infer, o.Running, o.Broken, o.Gap = false, 2, 2, 2
	o.From = x.T - 3
	facts := MineIndicator(p, 0, o).Facts
	w := newWorld(p, 0)
	w.deal(paths)
	var trials []*trial
	forms := map[Form]int{}
	for i := range facts {
		if checkable(&facts[i]) {
			trials = append(trials, w.trial(&facts[i]))
			forms[facts[i].Form]++
		}
	}
	broken := 0
	for draw := range 12 {
		w.revise(draw)
		q := p.Clone()
		for s := range x.N {
			for c := range x.T {
				if v, ok := x.At(s, c); ok {
					q.Slabs[0].Set(s, c, v*w.factor[w.donor[draw*x.N+s]][c])
				}
			}
		}
		plain := newWorld(q, 0)
		for _, c := range trials {
			is := c.holds()
			if want := plain.trial(c.Fact).holds(); is != want {
				t.Fatalf("draw %d: %v, in the revised panel %v: %s", draw, is, want, Say(p, o, *c.Fact).ZH)
			}
			if !is {
				broken++
			}
		}
	}
	if broken < len(trials) || forms[Level] == 0 || forms[Growth] == 0 || forms[Share] == 0 {
		t.Errorf("%d of %d trials broken, of forms %v", broken, 12*len(trials), forms)
	}
}
