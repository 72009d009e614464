package quality

import (
	"math"
	"testing"

	"touyan.dev/touyan/observatory/panel"
)

// release gives twelve cities over 24 months with their published growth, and
// lets the newest month be changed.
func release(paced bool, change func(level, pace *panel.Slab)) *panel.Panel {
	axis := panel.Axis{Freq: panel.Monthly, First: 2025 * 12, Len: 24}
	subjects := make([]panel.Subject, 12)
	about := []panel.Indicator{{Code: "va", Form: panel.Cumulative, Growth: "va_rate"}, {Code: "va_rate", Form: panel.Cumulative, Rate: true, Pace: paced}}
	p := panel.New(axis, subjects, about)
	p.Peers = []panel.PeerSet{{Code: "all", Kind: "province", Members: []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}}}
	for s := range subjects {
		for t := range axis.Len {
			whole := 100 * math.Pow(1.35, float64(s)) * math.Pow(1.06+float64(s%3)/100, float64(t/12))
			p.Slabs[0].Set(s, t, whole*float64(t%12+1)/12*(1+.005*math.Sin(float64(7*s+3*t))))
			if t >= 12 {
				p.Slabs[1].Set(s, t, 5+float64(s%3))
			}
		}
	}
	change(p.Slabs[0], p.Slabs[1])
	return p
}

// TestNewest: in the newest period, which nothing later can bear out, values in
// each other's row are held with their growth, and a value that its growth
// denies; a jump that its growth shares is true, and without a growth rate one
// that stands alone is only told.
func TestNewest(t *testing.T) {
	const last = 23
	times := func(x *panel.Slab, s int, by float64) {
		v, _ := x.At(s, last)
		x.Set(s, last, v*by)
	}
	for _, c := range []struct {
		name   string
		paced  bool
		change func(level, pace *panel.Slab)
		held   map[[2]int]Rule // indicator and subject
		told   Rule
	}{
		{"nothing", true, func(_, _ *panel.Slab) {}, nil, ""},
		{"rows", true, func(level, pace *panel.Slab) {
			for _, x := range []*panel.Slab{level, pace} {
				a, _ := x.At(4, last)
				b, _ := x.At(6, last)
				x.Set(4, last, b)
				x.Set(6, last, a)
			}
		}, map[[2]int]Rule{{0, 4}: Swapped, {0, 6}: Swapped, {1, 4}: Swapped, {1, 6}: Swapped}, ""},
		{"a point", true, func(level, _ *panel.Slab) { times(level, 5, 10) }, map[[2]int]Rule{{0, 5}: OffPace}, Shift},
		{"a jump", true, func(level, pace *panel.Slab) { times(level, 5, 1.6); pace.Set(5, last, 71) }, nil, Shift},
		{"no pace", false, func(level, _ *panel.Slab) { times(level, 5, 10) }, nil, Shift},
		{"a slump of growth", true, func(_, pace *panel.Slab) {
			for s := range 12 {
				pace.Set(s, last, float64(s%4)-1.5)
			}
		}, nil, ""},
	} {
		p := release(c.paced, c.change)
		got, told := map[[2]int]Rule{}, false
		for _, f := range Check(p) {
			switch {
			case f.Break || f.Period != last:
				t.Errorf("%s: %+v", c.name, f)
			case f.Hold:
				got[[2]int{f.Indicator, f.Subject}] = f.Rule
			default:
				told = told || f.Rule == c.told
			}
		}
		if len(got) != len(c.held) {
			t.Errorf("%s: held %v, want %v", c.name, got, c.held)
		}
		for at, rule := range c.held {
			if got[at] != rule {
				t.Errorf("%s: %v is %q, want %q", c.name, at, got[at], rule)
			}
		}
		if found := Check(p); c.told == "" && c.held == nil && len(found) > 0 {
			t.Errorf("%s: %+v", c.name, found)
		}
		if c.told != "" && len(c.held) == 0 && !told {
			t.Errorf("%s: %s is not told", c.name, c.told)
		}
		for _, rule := range []Rule{Swapped, OffPace} {
			if rule.Text().ZH == Break.Text().ZH {
				t.Errorf("%s has no words of its own", rule)
			}
		}
	}
}
