package forecast

import "math"

// theta is a line, of which a share weight is taken, and smoothing of the rest:
//
//	y = ℓ + weight · ((1−α)ᵗ⁻¹ a + (1−(1−α)ᵗ)/α · b) + e;  ℓ ← αy + (1−α)ℓ
//
// where a + bt is the least-squares line through the series.
type theta struct {
	alpha, weight float64
	a, b          float64
	level         float64 // after the last value
	n             int
	sse           float64
	drift         bool // the classical form: half the slope from the last level on
}

// newTheta is the classical method: smoothing as by SES, plus half the slope.
func newTheta(y []float64, ses model) theta {
	_, b := line(y)
	return theta{alpha: ses.alpha, weight: 0.5, b: b, level: ses.level, n: len(y), sse: ses.sse, drift: true}
}

// freeTheta estimates the weight, between 0 and 1, with α: the errors are linear
// in weight and first level.
func freeTheta(y []float64, near theta) theta {
	a, b := line(y)
	f := func(alpha float64) float64 { return weigh(y, a, b, alpha).sse }
	return weigh(y, a, b, lowest(f, 0.01, 0.99, near.alpha))
}

func weigh(y []float64, a, b, alpha float64) theta {
	l, l1 := 0.0, 1.0 // what a beginning at 0 gives, and what a unit of it leaves
	var s11, s12, s22, r1, r2, yy float64
	for _, v := range y {
		c := l1*a + (1-l1*(1-alpha))/alpha*b
		e := v - l
		s11 += l1 * l1
		s12 += l1 * c
		s22 += c * c
		r1 += e * l1
		r2 += e * c
		yy += e * e
		l += alpha * e
		l1 *= 1 - alpha
	}
	weight := 0.0
	if det := s11*s22 - s12*s12; det > 1e-10*s11*s22 {
		weight = min(1, max(0, (r2*s11-r1*s12)/det))
	}
	first := (r1 - weight*s12) / s11
	sse := yy - 2*first*r1 - 2*weight*r2 + first*first*s11 + 2*first*weight*s12 + weight*weight*s22
	return theta{alpha: alpha, weight: weight, a: a, b: b, level: l + first*l1, n: len(y), sse: max(0, sse)}
}

// ahead fills out with what follows.
func (m theta) ahead(out []float64) {
	l, left := m.level, math.Pow(1-m.alpha, float64(m.n))
	for i := range out {
		if m.drift {
			out[i] = m.level + m.weight*m.b*(float64(i)+(1-left)/m.alpha)
			continue
		}
		out[i] = l + m.weight*(left*m.a+(1-left*(1-m.alpha))/m.alpha*m.b)
		l += m.alpha * (out[i] - l)
		left *= 1 - m.alpha
	}
}

// line gives the least-squares line a + bt, t from 1.
func line(y []float64) (a, b float64) {
	n, m := float64(len(y)), mean(y)
	middle := (n + 1) / 2
	for t, v := range y {
		b += (float64(t+1) - middle) * (v - m)
	}
	b /= n * (n*n - 1) / 12
	return m - b*middle, b
}
