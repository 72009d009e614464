package fact

import (
	"math/rand/v2"
	"testing"
)

// TestCounted: a fact that is merely counted weighs on the rarity of the others as
// if it were made.
func TestCounted(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	p := noise(r, 40, 30, r.NormFloat64)
	o := Product(p.Axis)
	o.Infer, o.Whole = false, true
	for _, watch := range [][]int{nil, {1, 5, 8, 13, 21}} {
		o.Watch, o.Most = watch, 0
		every := MineIndicator(p, 0, o)
		rarity := map[string]float32{}
		for _, f := range every.Facts {
			rarity[f.Key(p)] = f.Rarity
		}
		o.Most = 300
		best := MineIndicator(p, 0, o)
		if best.Counts != every.Counts {
			t.Errorf("watching %v: counted %v, made %v", watch, best.Counts, every.Counts)
		}
		passed := 0
		for _, f := range best.Facts {
			if f.Kind == Overtake || f.Kind == Overtaken {
				passed++
			}
			if rarity[f.Key(p)] != f.Rarity {
				t.Errorf("watching %v: %v bits when others are counted, %v when they are made: %s", watch, f.Rarity, rarity[f.Key(p)], Say(p, o, f).ZH)
			}
		}
		if passed == 0 || len(best.Facts) >= len(every.Facts) {
			t.Errorf("watching %v: %d of %d facts, %d overtakings", watch, len(best.Facts), len(every.Facts), passed)
		}
	}
}
