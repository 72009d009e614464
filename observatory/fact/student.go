package fact

import "math"

// twoSided gives the probability of a |t| at least as large, with so many
// degrees of freedom.
func twoSided(t, freedom float64) float64 {
	return incompleteBeta(freedom/(freedom+t*t), freedom/2, 0.5)
}

// quantile gives the value that Student's t stays below with probability p > ½.
func quantile(p, freedom float64) float64 {
	lo, hi := 0.0, 1e6
	for range 80 {
		mid := (lo + hi) / 2
		if twoSided(mid, freedom) > 2*(1-p) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return (lo + hi) / 2
}

// incompleteBeta is the regularised incomplete beta function by its continued
// fraction (Lentz; Abramowitz and Stegun 26.5.8).
func incompleteBeta(x, a, b float64) float64 {
	if x <= 0 || x >= 1 {
		return min(1, max(0, x))
	}
	if x > (a+1)/(a+b+2) {
		return 1 - incompleteBeta(1-x, b, a)
	}
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	front := math.Exp(a*math.Log(x)+b*math.Log1p(-x)+lab-la-lb) / a
	const tiny = 1e-300
	f, c, d := 1.0, 1.0, 0.0
	for i := 0; i < 400; i++ {
		m := float64(i / 2)
		num := 1.0
		switch {
		case i == 0:
		case i%2 == 0:
			num = m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		default:
			num = -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		}
		if d = 1 + num*d; math.Abs(d) < tiny {
			d = tiny
		}
		d = 1 / d
		if c = 1 + num/c; math.Abs(c) < tiny {
			c = tiny
		}
		f *= c * d
		if math.Abs(1-c*d) < 1e-14 {
			break
		}
	}
	return front * (f - 1)
}

// digamma and trigamma by recurrence and their asymptotic series.
func digamma(x float64) float64 {
	var sum float64
	for ; x < 6; x++ {
		sum -= 1 / x
	}
	r := 1 / (x * x)
	return sum + math.Log(x) - 0.5/x - r*(1.0/12-r*(1.0/120-r/252))
}

func trigamma(x float64) float64 {
	var sum float64
	for ; x < 6; x++ {
		sum += 1 / (x * x)
	}
	r := 1 / (x * x)
	return sum + 1/x + r/2 + r/x*(1.0/6-r*(1.0/30-r/42))
}

// trigammaInverse finds x with trigamma(x) = y > 0.
func trigammaInverse(y float64) float64 {
	lo, hi := 1e-3, 1e6
	for range 100 {
		mid := math.Sqrt(lo * hi)
		if trigamma(mid) > y {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}
