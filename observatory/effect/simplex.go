package effect

import (
	"math"
	"slices"
)

// Certificate lets anyone check that weights are the best ones, without trusting
// how they were found. The problem is convex, so weights that satisfy the
// conditions of Karush, Kuhn and Tucker are optimal. All are in units in which the
// longest difference between a donor and the target, ridge and all, is 1.
type Certificate struct {
	KKT        float64 `json:"kkt_residual"` // how far a condition is missed at most
	Sum        float64 `json:"sum_error"`    // |sum of weights - 1|
	Least      float64 `json:"least_weight"` // none may be negative
	Iterations int     `json:"iterations"`
}

// The bounds within which a certificate holds.
const (
	kktBound = 1e-10
	sumBound = 1e-12
)

// Holds reports whether the weights are proven to be the best.
func (c Certificate) Holds() bool {
	return c.KKT <= kktBound && c.Sum <= sumBound && c.Least >= 0
}

// hull is the problem of the point nearest to the origin in the convex hull of
// columns, with a ridge: least |Σ xᵢ dᵢ|² + ridge·|x|², x ≥ 0, Σx = 1. Fitting a
// target b by columns aᵢ is this problem with dᵢ = aᵢ − b, as the weights sum to 1;
// so differences enter where levels would cost digits.
type hull struct {
	cols  [][]float64
	ridge float64
	dual  bool        // solve faces by a matrix of rows instead of columns
	long  [][]float64 // the columns over √ridge times those of the unit matrix
	x     []float64
}

// enough is what a multiplier may miss, in scaled units, before its column is
// taken in: some rounding errors of a sum.
const enough = 1e-15

// nearest solves the problem exactly, by Wolfe's method (Finding the nearest point
// in a polytope, Mathematical Programming 11, 1976), an active-set method: it moves
// from face to face of the simplex, on each of which the nearest point solves a
// linear system, and ends after finitely many. It starts with equal weights on the
// columns of start, or at the nearest column. The columns are overwritten.
func nearest(cols [][]float64, ridge float64, start []int) ([]float64, Certificate) {
	h := newHull(cols, ridge)
	on := slices.Clone(start)
	if len(on) == 0 {
		on = []int{h.nearestColumn()}
	}
	for _, j := range on {
		h.x[j] = 1 / float64(len(on))
	}
	barred := make([]bool, len(cols)) // columns that gave no descent from here
	added := -1
	rounds := 0
	for limit := 20 * (len(cols) + 10); rounds < limit; rounds++ {
		z, ok := h.face(on)
		if !ok || added >= 0 && z[len(on)-1] <= 0 {
			if added < 0 { // a start with dependent columns
				clear(h.x)
				on = []int{h.nearestColumn()}
				h.x[on[0]] = 1
				continue
			}
			barred[added], on = true, on[:len(on)-1]
		} else {
			clear(barred)
			var whole bool
			if on, whole = h.move(on, z); !whole {
				added = -1
				continue
			}
		}
		if added = h.entering(on, barred); added < 0 {
			break
		}
		on = append(on, added)
	}
	c := h.certify()
	c.Iterations = rounds
	return h.x, c
}

func newHull(cols [][]float64, ridge float64) *hull {
	longest := 0.0
	for _, c := range cols {
		longest = max(longest, dot(c, c)+ridge)
	}
	if longest < 1e-290 { // all at the target, as far as squares can tell
		longest = 1
	}
	by := 1 / math.Sqrt(longest)
	for _, c := range cols {
		for i := range c {
			c[i] *= by
		}
	}
	h := &hull{cols: cols, ridge: ridge / longest, x: make([]float64, len(cols))}
	// The matrix of rows has a condition of 1/ridge: only a ridge that is not
	// there for form's sake may use it.
	h.dual = h.ridge > 1e-6 && len(cols) > len(cols[0])
	if h.ridge > 0 && !h.dual {
		h.long = make([][]float64, len(cols))
		for j, c := range cols {
			h.long[j] = append(slices.Clone(c), make([]float64, len(cols))...)
			h.long[j][len(c)+j] = math.Sqrt(h.ridge)
		}
	}
	return h
}

func (h *hull) nearestColumn() int {
	best, least := 0, math.Inf(1)
	for j, c := range h.cols {
		if d := dot(c, c); d < least {
			best, least = j, d
		}
	}
	return best
}

// face gives the weights of the point nearest to the origin on the affine hull of
// some columns; ok is false where they depend on each other.
func (h *hull) face(on []int) (z []float64, ok bool) {
	if len(on) == 1 {
		return []float64{1}, true
	}
	if h.dual {
		return h.faceByRows(on)
	}
	cols := h.cols
	if h.long != nil {
		cols = h.long
	}
	// With the heaviest as the corner: least |d₀ + Σ yᵢ (dᵢ − d₀)|.
	corner := 0
	for i, j := range on {
		if h.x[j] > h.x[on[corner]] {
			corner = i
		}
	}
	origin := cols[on[corner]]
	diffs := make([][]float64, 0, len(on)-1)
	for i, j := range on {
		if i != corner {
			d := slices.Clone(cols[j])
			for r := range d {
				d[r] -= origin[r]
			}
			diffs = append(diffs, d)
		}
	}
	f, bad := factor(copied(diffs))
	if bad >= 0 {
		return nil, false
	}
	b := make([]float64, len(origin))
	for r := range b {
		b[r] = -origin[r]
	}
	y := f.solve(b)
	// What rounding left, as columns may be far shorter than the way to the origin
	// (corrected seminormal equations; Björck, Numerical Methods for Least Squares
	// Problems, 6.6.5).
	point := slices.Clone(origin)
	for i, d := range diffs {
		for r, v := range d {
			point[r] += y[i] * v
		}
	}
	step := make([]float64, len(y))
	for i, d := range diffs {
		step[i] = -dot(d, point)
	}
	f.seminormal(step)
	for i := range y {
		y[i] += step[i]
	}
	rest := 1.0
	for _, v := range y {
		rest -= v
	}
	return slices.Insert(y, corner, rest), true
}

func copied(cols [][]float64) [][]float64 {
	out := make([][]float64, len(cols))
	for j, c := range cols {
		out[j] = slices.Clone(c)
	}
	return out
}

// faceByRows solves (D'D + ridge) x = μ1 with a matrix of as many rows as D has:
// x ∝ 1 − D'(DD' + ridge)⁻¹D1.
func (h *hull) faceByRows(on []int) ([]float64, bool) {
	rows := len(h.cols[0])
	m := make([][]float64, rows)
	for r := range m {
		m[r] = make([]float64, r+1)
		m[r][r] = h.ridge
	}
	v := make([]float64, rows)
	for _, j := range on {
		d := h.cols[j]
		for r, dr := range d {
			v[r] += dr
			row := m[r]
			for s := range row {
				row[s] += dr * d[s]
			}
		}
	}
	if !cholesky(m, v) {
		return nil, false
	}
	z := make([]float64, len(on))
	sum := 0.0
	for i, j := range on {
		z[i] = 1 - dot(h.cols[j], v)
		sum += z[i]
	}
	for i := range z {
		z[i] /= sum
	}
	return z, true
}

// move goes towards z as far as no weight turns negative, and drops what has come
// to nothing. whole reports that z was reached.
func (h *hull) move(on []int, z []float64) (left []int, whole bool) {
	step, whole := 1.0, true
	for i, j := range on {
		if z[i] <= 0 {
			step, whole = min(step, h.x[j]/(h.x[j]-z[i])), false
		}
	}
	for i, j := range on {
		v := h.x[j] + step*(z[i]-h.x[j])
		if whole {
			v = z[i]
		}
		if z[i] <= 0 && h.x[j]/(h.x[j]-z[i]) <= step {
			v = 0
		}
		if h.x[j] = v; v > 0 {
			left = append(left, j)
		} else {
			h.x[j] = 0
		}
	}
	return left, whole
}

// entering gives the column that promises the steepest descent, -1 for none.
func (h *hull) entering(on []int, barred []bool) int {
	g, f := h.gradient()
	best, least := -1, -enough
	for j := range g {
		if d := g[j] - f; d < least && !barred[j] && !slices.Contains(on, j) {
			best, least = j, d
		}
	}
	return best
}

// gradient gives half the gradient, and what it must be for every weighted column:
// the value of the problem.
func (h *hull) gradient() (g []float64, f float64) {
	w := make([]float64, len(h.cols[0]))
	for j, x := range h.x {
		if x != 0 {
			for r, v := range h.cols[j] {
				w[r] += x * v
			}
		}
	}
	g = make([]float64, len(h.cols))
	for j, c := range h.cols {
		g[j] = dot(c, w) + h.ridge*h.x[j]
	}
	return g, dot(w, w) + h.ridge*dot(h.x, h.x)
}

func (h *hull) certify() Certificate {
	g, f := h.gradient()
	c := Certificate{Least: math.Inf(1)}
	sum := 0.0
	for j, x := range h.x {
		miss := f - g[j]
		if x > 0 {
			miss = math.Abs(miss)
		}
		c.KKT, c.Least = max(c.KKT, miss), min(c.Least, x)
		sum += x
	}
	c.Sum = math.Abs(sum - 1)
	return c
}
