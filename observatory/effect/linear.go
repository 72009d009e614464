package effect

import "math"

// dependent is the share of a column's length below which what the columns
// before it leave of it is taken for rounding.
const dependent = 1e-11

// qr is a Householder factorisation of columns of one length: on and above the
// diagonal the triangle, below it and in head the reflectors (Golub and Van Loan,
// Matrix Computations, 4th ed., 5.2).
type qr struct {
	cols [][]float64
	head []float64
	beta []float64
}

// factor overwrites the columns. bad is the first that depends on those before it,
// or for which there is no row; -1 for none.
func factor(cols [][]float64) (f qr, bad int) {
	f = qr{cols: cols, head: make([]float64, len(cols)), beta: make([]float64, len(cols))}
	for k, c := range cols {
		if k >= len(c) {
			return f, k
		}
		whole := math.Sqrt(dot(c, c))
		for i := range k {
			f.reflect(i, c)
		}
		tail := c[k:]
		left := math.Sqrt(dot(tail, tail))
		if left <= dependent*whole {
			return f, k
		}
		if c[k] > 0 {
			left = -left
		}
		f.head[k] = c[k] - left
		f.beta[k] = -1 / (left * f.head[k])
		c[k] = left
	}
	return f, -1
}

// reflect applies the kth reflector to v.
func (f qr) reflect(k int, v []float64) {
	c := f.cols[k]
	s := f.head[k] * v[k]
	for i := k + 1; i < len(v); i++ {
		s += c[i] * v[i]
	}
	s *= f.beta[k]
	v[k] -= s * f.head[k]
	for i := k + 1; i < len(v); i++ {
		v[i] -= s * c[i]
	}
}

// solve overwrites b and gives the coefficients nearest to it.
func (f qr) solve(b []float64) []float64 {
	for k := range f.cols {
		f.reflect(k, b)
	}
	x := make([]float64, len(f.cols))
	copy(x, b)
	f.back(x)
	return x
}

// back solves R x = x in place.
func (f qr) back(x []float64) {
	for k := len(x) - 1; k >= 0; k-- {
		x[k] /= f.cols[k][k]
		for i := range k {
			x[i] -= f.cols[k][i] * x[k]
		}
	}
}

// seminormal solves R'R x = x in place.
func (f qr) seminormal(x []float64) {
	for k := range x {
		x[k] = (x[k] - dot(f.cols[k][:k], x[:k])) / f.cols[k][k]
	}
	f.back(x)
}

// inverse gives (X'X)⁻¹.
func (f qr) inverse() [][]float64 {
	n := len(f.cols)
	half := make([][]float64, n) // columns of R⁻¹
	for k := range half {
		half[k] = make([]float64, n)
		half[k][k] = 1
		f.back(half[k])
	}
	out := make([][]float64, n)
	for i := range out {
		out[i] = make([]float64, n)
		for j := range out[i] {
			for k := range n {
				out[i][j] += half[k][i] * half[k][j]
			}
		}
	}
	return out
}

// shorten gives columns of at most one row more than there are columns, between
// which all lengths and angles are those of the columns given, which it
// overwrites: the triangle of their factorisation.
func shorten(cols [][]float64) [][]float64 {
	n := len(cols)
	if len(cols[0]) <= n {
		return cols
	}
	f := qr{cols: cols, head: make([]float64, n), beta: make([]float64, n)}
	for k, c := range cols {
		for i := range k {
			if f.beta[i] != 0 {
				f.reflect(i, c)
			}
		}
		left := math.Sqrt(dot(c[k:], c[k:]))
		if left == 0 {
			continue
		}
		if c[k] > 0 {
			left = -left
		}
		f.head[k] = c[k] - left
		f.beta[k] = -1 / (left * f.head[k])
		c[k] = left
	}
	out := make([][]float64, n)
	for k := range out {
		out[k] = make([]float64, n)
		copy(out[k], cols[k][:k+1])
	}
	return out
}

// cholesky solves m x = b for a symmetric positive matrix, whose lower half it
// overwrites, and overwrites b with x. ok is false where m is not positive.
func cholesky(m [][]float64, b []float64) (ok bool) {
	for i := range m {
		for j := range i + 1 {
			s := m[i][j] - dot(m[i][:j], m[j][:j])
			if i > j {
				m[i][j] = s / m[j][j]
				continue
			}
			if s <= 0 {
				return false
			}
			m[i][i] = math.Sqrt(s)
		}
		b[i] = (b[i] - dot(m[i][:i], b[:i])) / m[i][i]
	}
	for i := len(b) - 1; i >= 0; i-- {
		b[i] /= m[i][i]
		for j := range i {
			b[j] -= m[i][j] * b[i]
		}
	}
	return true
}

func dot(a, b []float64) float64 {
	s := 0.0
	for i, x := range a {
		s += x * b[i]
	}
	return s
}

func mean(a []float64) float64 {
	s := 0.0
	for _, x := range a {
		s += x
	}
	return s / float64(len(a))
}
