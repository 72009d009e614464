package forecast

import "math"

// limit is the quantile of the standard normal beyond which a correlation at the
// season's lag is taken to be real: 90 % on two sides.
const limit = 1.645

// seasonal tests whether values repeat after a period, as in the Naïve2 of the M3
// and M4 competitions: the autocorrelation at that lag against Bartlett's bound.
// Fewer than three periods show nothing.
func seasonal(y []float64, period int) bool {
	if period < 2 || len(y) < 3*period {
		return false
	}
	m := mean(y)
	whole := 0.0
	for _, v := range y {
		whole += (v - m) * (v - m)
	}
	if whole == 0 {
		return false
	}
	sum, r := 1.0, 0.0
	for lag := 1; lag <= period; lag++ {
		r = 0
		for t := lag; t < len(y); t++ {
			r += (y[t] - m) * (y[t-lag] - m)
		}
		r /= whole
		if lag < period {
			sum += 2 * r * r
		}
	}
	return math.Abs(r) > limit*math.Sqrt(sum/float64(len(y)))
}

// indices gives the seasonal index of each value by classical decomposition, as
// in R: a centred moving average of one period, the mean of the ratios (or, where
// a value is not positive, of the differences) to it by place in the season.
func indices(y []float64, period int, ratio bool) []float64 {
	sum, n := make([]float64, period), make([]float64, period)
	half := period / 2
	for t := half; t+half < len(y); t++ {
		m := 0.0
		for i := t - half; i <= t+half; i++ {
			w := 1.0
			if period%2 == 0 && (i == t-half || i == t+half) {
				w = 0.5
			}
			m += w * y[i]
		}
		m /= float64(period)
		if ratio {
			sum[t%period] += y[t] / m
		} else {
			sum[t%period] += y[t] - m
		}
		n[t%period]++
	}
	all := 0.0
	for i := range sum {
		sum[i] /= n[i]
		all += sum[i] / float64(period)
	}
	for i := range sum {
		if ratio {
			sum[i] /= all
		} else {
			sum[i] -= all
		}
	}
	return sum
}

func positive(y []float64) bool {
	for _, v := range y {
		if v <= 0 {
			return false
		}
	}
	return true
}

func mean(y []float64) float64 {
	s := 0.0
	for _, v := range y {
		s += v
	}
	return s / float64(len(y))
}
