package effect

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestNearest: on any problem, whole numbers among them, so that columns repeat and
// targets lie inside, the certificate holds, and no other weights do better.
func TestNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, n := rapid.IntRange(1, 12).Draw(t, "rows"), rapid.IntRange(1, 25).Draw(t, "columns")
		scale := math.Pow(10, float64(rapid.IntRange(-6, 9).Draw(t, "scale")))
		entry := rapid.Float64Range(-3, 3)
		if rapid.Bool().Draw(t, "whole") {
			entry = rapid.Map(rapid.IntRange(-2, 2), func(i int) float64 { return float64(i) })
		}
		cols, given := make([][]float64, n), make([][]float64, n)
		for j := range cols {
			for range rows {
				cols[j] = append(cols[j], entry.Draw(t, "entry")*scale)
			}
			given[j] = append([]float64(nil), cols[j]...)
		}
		ridge := rapid.SampledFrom([]float64{0, 1e-12, 1e-3, 1, 100}).Draw(t, "ridge") * scale * scale
		var start []int
		if rapid.Bool().Draw(t, "from all") {
			for j := range n {
				start = append(start, j)
			}
		}
		x, c := nearest(cols, ridge, start)
		if !c.Holds() {
			t.Fatalf("%+v: %v", c, x)
		}
		value := func(x []float64) float64 {
			w := make([]float64, rows)
			for j, v := range x {
				for r := range w {
					w[r] += v * given[j][r]
				}
			}
			return dot(w, w) + ridge*dot(x, x)
		}
		best := value(x)
		for range 5 {
			other, sum := make([]float64, n), 0.0
			for j := range other {
				other[j] = rapid.Float64Range(0, 1).Draw(t, "weight")
				sum += other[j]
			}
			if sum == 0 {
				continue
			}
			for j := range other {
				other[j] /= sum
			}
			if v := value(other); v < best-1e-12*scale*scale {
				t.Fatalf("%v is better than %v", v, best)
			}
		}
	})
}

// TestChance holds the tails against tables.
func TestChance(t *testing.T) {
	for _, c := range []struct{ got, want float64 }{
		{twoSided(1.959963985), 0.05},
		{twoSidedT(12.7062047, 1), 0.05}, {twoSidedT(4.30265273, 2), 0.05}, {twoSidedT(2.228138852, 10), 0.05}, {twoSidedT(-2.262157163, 9), 0.05}, {twoSidedT(0, 5), 1},
		{beyondChi2(3.841458821, 1), 0.05}, {beyondChi2(5.991464547, 2), 0.05}, {beyondChi2(7.814727903, 3), 0.05}, {beyondChi2(11.07049769, 5), 0.05}, {beyondChi2(18.30703805, 10), 0.05}, {beyondChi2(0, 3), 1},
	} {
		if math.Abs(c.got-c.want) > 1e-8 {
			t.Errorf("%v, want %v", c.got, c.want)
		}
	}
}
