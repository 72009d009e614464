package effect

import "math"

// twoSided gives the chance that a standard normal is as far from 0 as z.
func twoSided(z float64) float64 { return math.Erfc(math.Abs(z) / math.Sqrt2) }

// ofChance gives the p-value of an estimate by its standard error; one that cannot
// err is beyond chance unless it is 0.
func ofChance(estimate, se float64, tail func(float64) float64) float64 {
	if se > 0 {
		return tail(estimate / se)
	}
	if estimate == 0 {
		return 1
	}
	return 0
}

// twoSidedT gives it for Student's t with n degrees of freedom, by the finite sums
// for whole n (Abramowitz and Stegun, 26.7.3 and 26.7.4).
func twoSidedT(t float64, n int) float64 {
	theta := math.Atan(math.Abs(t) / math.Sqrt(float64(n)))
	sin, cos := math.Sincos(theta)
	sum, term := 0.0, 1.0
	if n%2 == 0 {
		for k := 0; k < n; k += 2 {
			sum += term
			term *= cos * cos * float64(k+1) / float64(k+2)
		}
		return max(0, 1-sin*sum)
	}
	term = cos
	for k := 1; k < n; k += 2 {
		sum += term
		term *= cos * cos * float64(k+1) / float64(k+2)
	}
	return max(0, 1-2/math.Pi*(theta+sin*sum))
}

// beyondChi2 gives the chance that χ² with n degrees of freedom exceeds x, by the
// finite sums for whole n (the same, 26.4.4 and 26.4.5).
func beyondChi2(x float64, n int) float64 {
	if x <= 0 {
		return 1
	}
	half := x / 2
	if n%2 == 0 {
		sum, term := 0.0, math.Exp(-half)
		for k := range n / 2 {
			sum += term
			term *= half / float64(k+1)
		}
		return min(1, sum)
	}
	sum := math.Erfc(math.Sqrt(half))
	term := math.Exp(-half) * math.Sqrt(half) * 2 / math.Sqrt(math.Pi)
	for k := 1; k < n; k += 2 {
		sum += term
		term *= x / float64(k+2)
	}
	return min(1, sum)
}
