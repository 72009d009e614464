package fact

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/panel"
)

func TestStudent(t *testing.T) {
	for _, c := range []struct{ t, freedom, want float64 }{
		{2.228139, 10, 0.05}, {12.7062, 1, 0.05}, {4.587, 10, 0.001}, {1.959964, 1e6, 0.05}, {0, 5, 1}, {6.994713e2, 1, 9.1014e-4},
	} {
		if got := twoSided(c.t, c.freedom); math.Abs(got-c.want) > 2e-4*max(c.want, 0.01) && math.Abs(got/c.want-1) > 1e-3 {
			t.Errorf("t %v with %v: %v, not %v", c.t, c.freedom, got, c.want)
		}
	}
	if math.Abs(trigamma(1)-math.Pi*math.Pi/6) > 1e-6 || math.Abs(trigammaInverse(trigamma(3))-3) > 1e-6 {
		t.Error("digamma, trigamma")
	}
}

// noise makes a panel of growth that nothing happened to; each subject has a
// scale of its own.
func noise(r *rand.Rand, n, periods int, draw func() float64) *panel.Panel {
	subjects := make([]panel.Subject, n)
	for i := range subjects {
		subjects[i] = panel.Subject{Code: fmt.Sprintf("s%03d", i), Attrs: map[string]string{"all": "all"}}
	}
	p := panel.New(panel.Axis{Freq: panel.Yearly, First: 2000, Len: periods}, subjects, []panel.Indicator{{Code: "x", Name: fault.T("指标", "x")}})
	common := make([]float64, periods)
	for t := range common {
		common[t] = 0.07 + 0.02*r.NormFloat64()
	}
	for s := range n {
		level, sd := math.Exp(4+r.NormFloat64()), 0.02*math.Exp(0.1*r.NormFloat64())
		for t := range periods {
			level *= math.Exp(common[t] + sd*draw())
			p.Slabs[0].Set(s, t, level)
		}
	}
	p.GroupBy("all", 1)
	return p
}

func inferred(p *panel.Panel) []Fact {
	m := newMiner(p, Options{Whole: true})
	r := &Result{}
	m.infer(r)
	return m.ranked(r).Facts
}

// TestNoise: of panels in which nothing happened at most 5 in a hundred show any
// inferential fact.
func TestNoise(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 1))
	const panels = 200
	shown := 0
	for range panels {
		if len(inferred(noise(r, 31, 25, r.NormFloat64))) > 0 {
			shown++
		}
	}
	t.Logf("%d of %d panels of noise show a fact", shown, panels)
	if shown > panels/20 {
		t.Errorf("%d of %d panels of noise show a fact", shown, panels)
	}
}

// TestNoiseOfReleases: it holds too on the path that a release takes, whatever the
// frequency and however the figures are measured.
func TestNoiseOfReleases(t *testing.T) {
	const panels = 200
	for _, c := range []struct {
		name      string
		freq      panel.Freq
		n, years  int
		about     panel.Indicator
		step      func(was, noise float64) float64 // one period of a subject
		seasonal  bool
		sinceJan  bool
		histories int // indicators in the release
	}{
		{name: "yearly levels", freq: panel.Yearly, n: 13, years: 25},
		{name: "three indicators", freq: panel.Yearly, n: 31, years: 20, histories: 3},
		{name: "quarterly levels", freq: panel.Quarterly, n: 13, years: 20, seasonal: true},
		{name: "monthly levels", freq: panel.Monthly, n: 20, years: 15, seasonal: true},
		{name: "since January", freq: panel.Monthly, n: 13, years: 20, seasonal: true, sinceJan: true, about: panel.Indicator{Form: panel.Cumulative}},
		{name: "published growth", freq: panel.Monthly, n: 13, years: 20, about: panel.Indicator{Form: panel.Cumulative, Rate: true, Pace: true}, step: func(_, noise float64) float64 { return 6 + noise }},
		{name: "a rate that wanders", freq: panel.Quarterly, n: 20, years: 20, about: panel.Indicator{Rate: true}, step: func(was, noise float64) float64 { return was + noise/5 }},
		{name: "a rate that stays", freq: panel.Yearly, n: 20, years: 25, about: panel.Indicator{Rate: true}, step: func(_, noise float64) float64 { return 4 + noise/5 }},
		{name: "differences", freq: panel.Yearly, n: 20, years: 25, step: func(was, noise float64) float64 { return was + noise - 3 }},
	} {
		r := rand.New(rand.NewPCG(uint64(len(c.name)), 5))
		shown, tested := 0, 0
		for range panels {
			subjects := make([]panel.Subject, c.n)
			for i := range subjects {
				subjects[i] = panel.Subject{Code: fmt.Sprintf("s%03d", i)}
			}
			var abouts []panel.Indicator
			var all []int
			for i := range max(1, c.histories) {
				about := c.about
				about.Code = fmt.Sprintf("x%d", i)
				abouts, all = append(abouts, about), append(all, i)
			}
			p := panel.New(panel.Axis{Freq: c.freq, First: 2000 * int(c.freq), Len: c.years * int(c.freq)}, subjects, abouts)
			for i := range all {
				for s := range c.n {
					level, sum, scale := 100*math.Exp(r.NormFloat64()), 0.0, math.Exp(0.2*r.NormFloat64())
					for at := range p.Axis.Len {
						noise := scale * r.NormFloat64()
						if c.step != nil {
							level = c.step(level, noise)
						} else {
							level *= math.Exp((0.07 + 0.03*noise) / float64(c.freq))
						}
						v := level
						if c.seasonal {
							v *= 1 + 0.2*float64(at%int(c.freq))/float64(c.freq)
						}
						if at%int(c.freq) == 0 {
							sum = 0
						}
						if sum += v; c.sinceJan {
							v = sum
						}
						p.Slabs[i].Set(s, at, v)
					}
				}
			}
			o := Product(p.Axis)
			o.Most = 40
			got := Infer(p, all, o, nil)
			tested += got.Tested
			if len(got.Found) > 0 {
				shown++
			}
		}
		t.Logf("%s: %d of %d, of %d tested each", c.name, shown, panels, tested/panels)
		if shown > panels/20 {
			t.Errorf("%s: %d of %d panels of noise show a fact", c.name, shown, panels)
		}
	}
}

// TestPlanted: of moves planted at five of the subject's standard deviations at
// least 80 % are found, and of what is found at most 5 % was not planted; so too
// for changes of the mean.
func TestPlanted(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 2))
	const panels, each = 80, 30
	found, wrong, brokenFound, planted, broken := 0, 0, 0, 0, 0
	for panel := range panels {
		n, periods := 100, 40
		p := noise(r, n, periods, r.NormFloat64)
		x := p.Slabs[0]
		at := map[[2]int]bool{}
		breaks := map[int]int{}
		shift := func(s, from, to int, by float64) { // adds to the growth of periods [from, to)
			for c := from; c < periods; c++ {
				v, _ := x.At(s, c)
				x.Set(s, c, v*math.Exp(by*float64(min(c+1, to)-from)))
			}
		}
		sd := func(s int) float64 {
			var moves []float64
			for c := 1; c < periods; c++ {
				a, _ := x.At(s, c-1)
				b, _ := x.At(s, c)
				var mid []float64
				for o := range n {
					u, _ := x.At(o, c-1)
					v, _ := x.At(o, c)
					mid = append(mid, math.Log(v/u))
				}
				moves = append(moves, math.Log(b/a)-median(mid))
			}
			_, s2 := moments(moves)
			return s2
		}
		for i := range each * (panel % 2) {
			s, c := i, 3+r.IntN(periods-5)
			shift(s, c, c+1, 5*sd(s)*float64(1-2*r.IntN(2)))
			at[[2]int{s, c}] = true
			planted++
		}
		for i := range 3 * (1 - panel%2) {
			s, c := each+i, 9+r.IntN(8)
			shift(s, c, periods, 5*sd(s))
			breaks[s] = c
			broken++
		}
		for _, f := range inferred(p) {
			c, ok := breaks[int(f.Subject)]
			switch {
			case f.Kind == Outlier && at[[2]int{int(f.Subject), int(f.Period)}]:
				found++
			case f.Kind == Break && ok && c-2 <= int(f.Period) && int(f.Period) <= c+2:
				brokenFound++
			default:
				wrong++
			}
		}
	}
	power, fdr := float64(found)/float64(planted), float64(wrong)/float64(max(1, found+brokenFound+wrong))
	t.Logf("power %.3f, of breaks %.3f, false discoveries %.4f", power, float64(brokenFound)/float64(broken), fdr)
	if power < 0.8 || fdr > 0.05 || float64(brokenFound)/float64(broken) < 0.8 {
		t.Errorf("power %.3f, of breaks %.3f, false discoveries %.4f", power, float64(brokenFound)/float64(broken), fdr)
	}
}
