package forecast

import "math"

// model is exponential smoothing with additive errors and a trend: level and slope
// follow
//
//	e = y − ℓ − φb;  ℓ ← ℓ + φb + αe;  b ← φb + αβe
//
// with φ = 1 for Holt's trend, and φ = β = 0 for none.
type model struct {
	alpha, beta, phi float64
	level, slope     float64 // after the last value
	sse              float64
}

// run gives the model with these parameters. What it begins with enters the errors
// linearly, so it is not searched for but solved for: by least squares on the
// errors of a beginning at nothing and the traces that a unit of level and a unit
// of slope leave in them.
func run(y []float64, alpha, beta, phi float64) model {
	var l, b, b1, l2, b2 float64
	l1 := 1.0
	if phi > 0 {
		b2 = 1
	}
	var s11, s12, s22, r1, r2, yy float64
	gain := alpha * beta
	for _, v := range y {
		e, e1, e2 := v-l-phi*b, l1+phi*b1, l2+phi*b2
		s11 += e1 * e1
		s12 += e1 * e2
		s22 += e2 * e2
		r1 += e * e1
		r2 += e * e2
		yy += e * e
		l, b = l+phi*b+alpha*e, phi*b+gain*e
		l1, b1 = l1+phi*b1-alpha*e1, phi*b1-gain*e1
		l2, b2 = l2+phi*b2-alpha*e2, phi*b2-gain*e2
	}
	x1, x2 := r1/s11, 0.0
	if det := s11*s22 - s12*s12; det > 1e-10*s11*s22 {
		x1, x2 = (r1*s22-r2*s12)/det, (r2*s11-r1*s12)/det
	}
	return model{alpha, beta, phi, l + x1*l1 + x2*l2, b + x1*b1 + x2*b2, max(0, yy-x1*r1-x2*r2)}
}

// level is run without a trend.
func level(y []float64, alpha float64) model {
	l, l1 := 0.0, 1.0
	var s11, r1, yy float64
	for _, v := range y {
		e := v - l
		s11 += l1 * l1
		r1 += e * l1
		yy += e * e
		l += alpha * e
		l1 *= 1 - alpha
	}
	return model{alpha: alpha, level: l + r1/s11*l1, sse: max(0, yy-r1*r1/s11)}
}

// ahead fills out with what follows.
func (m model) ahead(out []float64) {
	f, b := m.level, m.slope
	for i := range out {
		b *= m.phi
		f += b
		out[i] = f
	}
}

// The bounds of the smoothing parameters, and those of the damping that
// forecasters use: below, a trend is gone at once, above, it is not damped.
const (
	least     = 1e-4
	most      = 0.9999
	strongest = 0.8
	weakest   = 0.98
)

// simple fits simple exponential smoothing.
func simple(y []float64, near model) model {
	f := func(alpha float64) float64 { return level(y, alpha).sse }
	return level(y, lowest(f, least, most, near.alpha))
}

// lowest finds a minimum between two bounds by golden sections, where a coarse
// look, or a value near it, says.
func lowest(f func(float64) float64, lo, hi, near float64) float64 {
	const looks, sections = 10, 14
	step, at := (hi-lo)/(looks-1), near
	if near == 0 {
		best := math.Inf(1)
		for i := range looks {
			x := lo + float64(i)*step
			if v := f(x); v < best {
				best, at = v, x
			}
		}
	}
	const g = 0.6180339887498949
	a, b := max(lo, at-step), min(hi, at+step)
	x1, x2 := b-g*(b-a), a+g*(b-a)
	f1, f2 := f(x1), f(x2)
	for range sections {
		if f1 < f2 {
			b, x2, f2 = x2, x1, f1
			x1 = b - g*(b-a)
			f1 = f(x1)
		} else {
			a, x1, f1 = x1, x2, f2
			x2 = a + g*(b-a)
			f2 = f(x2)
		}
	}
	return (a + b) / 2
}

// trended fits a trend, damped by φ between lo and hi, by a coarse look and a
// pattern search (Hooke and Jeeves) around the best.
func trended(y []float64, near model, lo, hi float64) model {
	best := model{sse: math.Inf(1)}
	try := func(alpha, beta, phi float64) {
		if alpha < least || alpha > most || beta < 0 || beta > 1 || phi < lo || phi > hi {
			return
		}
		if m := run(y, alpha, beta, phi); m.sse < best.sse {
			best = m
		}
	}
	rounds, step := 12, 1.0
	if near.alpha > 0 {
		rounds, step = 3, 0.5
		try(near.alpha, near.beta, near.phi)
	} else {
		for _, alpha := range []float64{0.02, 0.2, 0.5, 0.8, 0.99} {
			for _, beta := range []float64{0.001, 0.1, 0.4, 0.9} {
				try(alpha, beta, (lo+hi)/2)
			}
		}
	}
	for range rounds {
		m := best
		for _, sign := range []float64{-1, 1} {
			try(m.alpha+sign*0.15*step, m.beta, m.phi)
			try(m.alpha, m.beta+sign*0.15*step, m.phi)
			if lo < hi {
				try(m.alpha, m.beta, m.phi+sign*0.05*step)
			}
		}
		if best.sse >= m.sse {
			step /= 2
		}
	}
	return best
}
