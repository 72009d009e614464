package forecast

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestShapes: plain series go on as anyone would draw them.
func TestShapes(t *testing.T) {
	season := []float64{90, 110, 120, 80}
	var line, wave, around, level []float64
	for i := range 24 {
		line = append(line, 100+5*float64(i))
		wave = append(wave, season[i%4])
		around = append(around, season[i%4]-100)
		level = append(level, 7)
	}
	for _, c := range []struct {
		name     string
		s        Series
		seasonal bool
		next     []float64
		within   float64
	}{
		{"a line", Series{"", 1, line, 3}, false, []float64{220, 225, 230}, 1},
		{"a season", Series{"", 4, wave, 4}, true, season, 0.5},
		{"a season about 0", Series{"", 4, around, 4}, true, []float64{-10, 10, 20, -20}, 0.5},
		{"a level", Series{"", 12, level, 2}, false, []float64{7, 7}, 1e-9},
		{"two values", Series{"", 1, []float64{3, 4}, 2}, false, []float64{4, 4}, 0},
		{"one value", Series{"", 4, []float64{3}, 1}, false, []float64{3}, 0},
	} {
		f := Run([]Series{c.s})[0]
		if f.Seasonal != c.seasonal {
			t.Errorf("%s: seasonal %v", c.name, f.Seasonal)
		}
		for h, want := range c.next {
			if math.Abs(f.Point[h]-want) > c.within {
				t.Errorf("%s: %v, want %v", c.name, f.Point, c.next)
			}
		}
	}
}

// TestLaws: a forecast is finite, knows its scale (values in another unit give the
// same in that unit), nests its intervals, and chances fall as the level rises.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y := rapid.SliceOfN(rapid.Float64Range(-1e4, 1e4), 1, 60).Draw(t, "values")
		period := rapid.SampledFrom([]int{1, 4, 12}).Draw(t, "period")
		f := Run([]Series{{"", period, y, 5}})[0]
		double := slices.Clone(y)
		for i := range double {
			double[i] *= 4
		}
		g := Run([]Series{{"", period, double, 5}})[0]
		for h := range f.Point {
			if v := f.Point[h]; math.IsNaN(v) || math.IsInf(v, 0) || g.Point[h] != 4*v {
				t.Fatalf("%v, in another unit %v", f.Point, g.Point)
			}
			if f.Lower95 == nil {
				continue
			}
			if l, u := f.Lower95[h], f.Upper95[h]; !(l <= f.Lower80[h] && f.Upper80[h] <= u) || math.IsNaN(l) || math.IsInf(u, 0) {
				t.Fatalf("95 %% from %v to %v, 80 %% from %v to %v", l, u, f.Lower80[h], f.Upper80[h])
			}
			before := 1.0
			for level := -2e4; level < 2e4; level += 1e3 {
				p, ok := f.Reach(h+1, level)
				if !ok || p > before {
					t.Fatalf("chance %v of %v, %v of less", p, level, before)
				}
				before = p
			}
		}
	})
}

// TestRank: chances of all ranks of all series add up, and the one far ahead leads.
func TestRank(t *testing.T) {
	var in []Series
	for s := range 4 {
		var y []float64
		for i := range 20 {
			y = append(y, 100*float64(s+1)+float64(i)+30*math.Sin(float64(7*i*(s+2))))
		}
		in = append(in, Series{"", 1, y, 3})
	}
	all := Run(in)
	sum := 0.0
	for i, f := range all {
		rivals := slices.Concat(all[:i], all[i+1:])
		p, ok := f.Rank(rivals, 2, 1, false)
		if !ok {
			t.Fatal("no chance")
		}
		sum += p
		if last, _ := f.Rank(rivals, 2, 4, false); math.Abs(last-1) > 1e-9 {
			t.Errorf("among four, the first four: %v", last)
		}
		if least, _ := f.Rank(rivals, 2, 1, true); i == 3 && (p < 0.8 || least > 0.05) {
			t.Errorf("the largest leads with %v, and with %v where smaller is better", p, least)
		}
	}
	if math.Abs(sum-1) > 0.03 {
		t.Errorf("chances of the first place add up to %v", sum)
	}
}

// TestStudent holds the widths against a table.
func TestStudent(t *testing.T) {
	for _, c := range []struct{ share, n, want, within float64 }{
		{0.95, math.Inf(1), 1.959964, 1e-6}, {0.95, 30, 2.042272, 1e-3}, {0.95, 10, 2.228139, 1e-3}, {0.95, 3, 3.182446, 0.03}, {0.8, 5, 1.475884, 1e-3},
	} {
		if got := student(c.share, c.n); math.Abs(got-c.want) > c.within {
			t.Errorf("%v of %v: %v, want %v", c.share, c.n, got, c.want)
		}
	}
}

// TestQuantile: the one to come counts, so 19 misses promise 95 % by their largest,
// and 18 do not.
func TestQuantile(t *testing.T) {
	var p pool
	for i := range 19 {
		p.sizes = append(p.sizes, float64(i+1))
	}
	if q := p.quantile(0.95); q != 19 {
		t.Errorf("of 19 misses: %v", q)
	}
	if q := p.quantile(0.8); q != 16 {
		t.Errorf("80 %% of 19 misses: %v", q)
	}
	p.sizes = p.sizes[:18]
	if q := p.quantile(0.95); q <= 18 || q > 19 {
		t.Errorf("of 18 misses: %v", q)
	}
}
