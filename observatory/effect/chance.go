package effect

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

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

// twoSidedT gives it for Student's t with n degrees of freedom.
func twoSidedT(t float64, n int) float64 {
	return 2 * distuv.StudentsT{Sigma: 1, Nu: float64(n)}.Survival(math.Abs(t))
}

// beyondChi2 gives the chance that χ² with n degrees of freedom exceeds x.
func beyondChi2(x float64, n int) float64 {
	return distuv.ChiSquared{K: float64(n)}.Survival(max(0, x))
}
