package effect

import (
	"math"
	"slices"
)

// Method is a way to find out what would have been without the measure.
type Method string

// The methods for one treated unit.
const (
	SC   Method = "sc"   // synthetic control, on outcomes alone
	SDID Method = "sdid" // synthetic difference in differences
	DiD  Method = "did"  // difference in differences with equal weights
)

// block is a balanced panel of a window: rows are units, the treated one among
// them, and the measure begins at column pre.
type block struct {
	y   [][]float64
	pre int
}

// fit is what a method gives for one unit taken as treated.
type fit struct {
	estimate float64
	weights  []float64 // by donor, in the order of the donors
	times    []float64 // by pre-period
	gap      []float64 // observed less synthetic, all periods; the method's own level taken off
	unit     Certificate
	time     Certificate
	preRMSPE float64
	ratio    float64 // post-RMSPE by pre-RMSPE
}

// The strength of the ridges, as synthdid sets them: that of unit weights grows
// with the fourth root of the treated cells, that of time weights is for form's
// sake, so that there is one best answer.
const etaTime = 1e-6

// perfect is the share of a unit's values below which how badly it fits is
// rounding: units that fit perfectly are ranked by what came after, not by chance.
const perfect = 1e-9

// rounding is the share of a unit's values up to which an estimate is none: else an
// outcome that never changes would have an effect beyond that of every placebo.
const rounding = 1e-13

// noise is the standard deviation of the donors' changes from period to period
// before the measure (σ̂ of the paper, eq. 2.2).
func (b block) noise(donors []int) float64 {
	var steps []float64
	for _, i := range donors {
		for t := 1; t < b.pre; t++ {
			steps = append(steps, b.y[i][t]-b.y[i][t-1])
		}
	}
	if len(steps) < 2 {
		return 0
	}
	return deviation(steps) * math.Sqrt(float64(len(steps))/float64(len(steps)-1))
}

// deviation is the standard deviation of all there are, not of a sample.
func deviation(a []float64) float64 {
	m, s := mean(a), 0.0
	for _, x := range a {
		s += (x - m) * (x - m)
	}
	return math.Sqrt(s / float64(len(a)))
}

// fit runs a method. noise is σ̂; start names donors by their place among donors
// and is where the search begins, which changes how long it takes and nothing else.
func (b block) fit(m Method, treated int, donors []int, noise float64, start []int) fit {
	var f fit
	post := len(b.y[treated]) - b.pre
	switch m {
	case SC:
		f.weights, f.unit = nearest(b.unitColumns(treated, donors, false), 0, nil)
	case SDID:
		// The paper's loss is divided by the periods; this one is not.
		ridge := math.Sqrt(float64(post)) * noise * noise * float64(b.pre)
		f.weights, f.unit = nearest(b.unitColumns(treated, donors, true), ridge, start)
		ridge = etaTime * etaTime * noise * noise * float64(len(donors))
		f.times, f.time = nearest(b.timeColumns(donors), ridge, nil)
	case DiD:
		f.weights = equal(len(donors))
	}
	if f.times == nil {
		f.times = equal(b.pre)
	}
	f.gap = slices.Clone(b.y[treated])
	for i, j := range donors {
		if w := f.weights[i]; w != 0 {
			for t, v := range b.y[j] {
				f.gap[t] -= w * v
			}
		}
	}
	if m != SC {
		level := dot(f.times, f.gap)
		for t := range f.gap {
			f.gap[t] -= level
		}
	}
	if f.estimate = mean(f.gap[b.pre:]); math.Abs(f.estimate) <= rounding*rms(b.y[treated]) {
		f.estimate = 0
	}
	f.preRMSPE = rms(f.gap[:b.pre])
	f.ratio = rms(f.gap[b.pre:]) / max(f.preRMSPE, perfect*rms(b.y[treated]), math.SmallestNonzeroFloat64)
	return f
}

// unitColumns gives each donor's path before the measure less the treated unit's,
// each about its mean where levels do not count.
func (b block) unitColumns(treated int, donors []int, level bool) [][]float64 {
	cols := make([][]float64, len(donors))
	target := b.y[treated]
	for i, j := range donors {
		c := make([]float64, b.pre)
		for t := range c {
			c[t] = b.y[j][t] - target[t]
		}
		if level {
			centre(c)
		}
		cols[i] = c
	}
	return cols
}

// timeColumns gives for each period before the measure the donors' outcomes less
// their mean after it, about their mean.
func (b block) timeColumns(donors []int) [][]float64 {
	cols := make([][]float64, b.pre)
	after := make([]float64, len(donors))
	for i, j := range donors {
		after[i] = mean(b.y[j][b.pre:])
	}
	for t := range cols {
		c := make([]float64, len(donors))
		for i, j := range donors {
			c[i] = b.y[j][t] - after[i]
		}
		centre(c)
		cols[t] = c
	}
	return shorten(cols)
}

func centre(c []float64) {
	m := mean(c)
	for i := range c {
		c[i] -= m
	}
}

func equal(n int) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = 1 / float64(n)
	}
	return w
}

func rms(a []float64) float64 { return math.Sqrt(dot(a, a) / float64(len(a))) }

// support gives the places of the weights that are not 0.
func support(w []float64) []int {
	var on []int
	for i, x := range w {
		if x > 0 {
			on = append(on, i)
		}
	}
	return on
}
