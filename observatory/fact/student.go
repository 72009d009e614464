package fact

import (
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// twoSided gives the probability of a |t| at least as large, with so many
// degrees of freedom.
func twoSided(t, freedom float64) float64 {
	return 2 * distuv.StudentsT{Sigma: 1, Nu: freedom}.Survival(math.Abs(t))
}

// trigamma is the derivative of digamma.
func trigamma(x float64) float64 { return mathext.Zeta(2, x) }

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
