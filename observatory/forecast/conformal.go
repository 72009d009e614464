package forecast

import (
	"math"
	"slices"
)

// miss is how far a back-test was off, in units of the series' noise then.
type miss struct {
	ahead  int // periods ahead, from 1
	series int // within the pool
	origin int // of the series
	by     float64
}

// origins is from how many earlier points a series is forecast again.
const origins = 6

// lookBack forecasts the end of the series from earlier points, spread over one
// horizon, everything estimated again from what was known then.
func lookBack(s Series, period int, whole fitted) (*Backtest, []miss) {
	y := s.Values
	var misses []miss
	b := &Backtest{}
	lag := period
	if len(y) <= lag {
		lag = 1
	}
	step := scale(y, lag)
	step1 := max(1, (s.Horizon+origins-1)/origins)
	n := 0.0
	for back := step1; b.Origins < origins && len(y)-back >= max(2*shortest, 2*period); back += step1 {
		known, after := y[:len(y)-back], y[len(y)-back:]
		a := adjust(known, period)
		p := fit(a.values, &whole)
		after = after[:min(len(after), s.Horizon)]
		point := a.restore(median(p.paths(len(after))))
		for i, v := range after {
			e := v - point[i]
			if p.noise > 0 {
				misses = append(misses, miss{ahead: i + 1, origin: b.Origins, by: e / p.noise})
			}
			if size := math.Abs(v) + math.Abs(point[i]); size > 0 {
				b.SMAPE += 200 * math.Abs(e) / size
			}
			b.MASE += math.Abs(e)
			n++
		}
		b.Origins++
	}
	if b.Origins == 0 {
		return nil, nil
	}
	b.SMAPE /= n
	if b.MASE /= n; step > 0 {
		b.MASE /= step
	}
	return b, misses
}

// scale is the mean step from value to value at a lag.
func scale(y []float64, lag int) float64 {
	s := 0.0
	for t := lag; t < len(y); t++ {
		s += math.Abs(y[t] - y[t-lag])
	}
	return s / float64(max(1, len(y)-lag))
}

// pool is what back-tests of like series say together.
type pool struct {
	misses  []miss
	series  int       // how many
	own     []float64 // by series, how much more it strays than its noise says
	origins int       // from which they were made
	profile []float64 // typical miss by periods ahead
	scores  []float64 // misses over the profile and the series' own spread, sorted
	sizes   []float64 // their absolute values, sorted
}

// prior is how many misses the assumption counts for that errors grow with the
// root of the time ahead, and how many back-tests of a series the assumption that it
// strays as the others do: a few say too little by themselves, many say all.
const prior = 4

// calibrate computes profile and scores.
func (p *pool) calibrate() {
	most, base := 0, 0.0
	for _, m := range p.misses {
		most = max(most, m.ahead)
		base += m.by * m.by / float64(m.ahead)
	}
	if len(p.misses) == 0 {
		return
	}
	base /= float64(len(p.misses))
	sum, n := make([]float64, most), make([]float64, most)
	for _, m := range p.misses {
		sum[m.ahead-1] += m.by * m.by
		n[m.ahead-1]++
	}
	p.profile = make([]float64, most)
	for h := range p.profile {
		p.profile[h] = math.Sqrt((sum[h] + prior*base*float64(h+1)) / (n[h] + prior))
		if h > 0 {
			p.profile[h] = max(p.profile[h], p.profile[h-1])
		}
	}
	looks := p.looks()
	p.own = make([]float64, p.series)
	for i := range p.own {
		p.own[i] = looks.spread(i, -1)
	}
	for _, m := range p.misses {
		s := m.by / p.profile[m.ahead-1] / looks.spread(m.series, m.origin)
		p.scores = append(p.scores, s)
		p.sizes = append(p.sizes, math.Abs(s))
	}
	slices.Sort(p.scores)
	slices.Sort(p.sizes)
}

// looks is the mean square of the misses of each series from each origin, over the
// profile; NaN where it was not forecast from there.
type looks [][origins]float64

func (p *pool) looks() looks {
	sum, n := make(looks, p.series), make(looks, p.series)
	for _, m := range p.misses {
		s := m.by / p.profile[m.ahead-1]
		sum[m.series][m.origin] += s * s
		n[m.series][m.origin]++
	}
	for i := range sum {
		for o := range sum[i] {
			sum[i][o] /= n[i][o]
		}
	}
	return sum
}

// spread gives by how much a series strays more than its noise says, from all its
// origins but one: a miss is judged by what the others show. The pool counts for as
// much as prior origins.
func (l looks) spread(series, but int) float64 {
	sum, n := float64(prior), float64(prior)
	for o, square := range l[series] {
		if o != but && !math.IsNaN(square) {
			sum += square
			n++
		}
	}
	return math.Sqrt(sum / n)
}

// typical gives the profile at a time ahead, beyond what was tested by the root.
func (p *pool) typical(ahead int) float64 {
	if ahead <= len(p.profile) {
		return p.profile[ahead-1]
	}
	return p.profile[len(p.profile)-1] * math.Sqrt(float64(ahead)/float64(len(p.profile)))
}

// quantile gives the score within which a share of misses lie, counting the one to
// come. Where there are too few for the share, the largest is stretched by as much
// as a normal distribution would.
func (p *pool) quantile(share float64) float64 {
	n := len(p.sizes)
	if rank := int(math.Ceil(share * float64(n+1))); rank <= n {
		return p.sizes[rank-1]
	}
	seen := float64(n) / float64(n+1)
	return p.sizes[n-1] * math.Erfinv(share) / math.Erfinv(seen)
}

// wider is by how much a band is stretched, as Student's t is wider than the normal
// distribution, since few back-tests know their own spread badly. As they overlap,
// two of them count as one degree of freedom.
func (p *pool) wider(share float64) float64 {
	return student(share, max(1, float64(p.origins)/2)) / student(share, math.Inf(1))
}

// student gives the value within which a share of Student's t lies on both sides,
// by the expansion about the normal distribution (Abramowitz and Stegun, 26.7.5).
func student(share, n float64) float64 {
	z := math.Sqrt2 * math.Erfinv(share)
	z2 := z * z
	return z + z*(z2+1)/(4*n) + z*(5*z2*z2+16*z2+3)/(96*n*n) + z*(3*z2*z2*z2+19*z2*z2+17*z2-15)/(384*n*n*n)
}

// widen gives a forecast its intervals.
func (f *Forecast) widen() {
	if len(f.pool.scores) == 0 {
		return
	}
	band := func(share float64) (lower, upper []float64) {
		q := f.pool.quantile(share) * f.pool.wider(share)
		lower, upper = make([]float64, f.Horizon), make([]float64, f.Horizon)
		for h := range lower {
			w := q * f.width(h+1)
			lower[h], upper[h] = f.Point[h]-w, f.Point[h]+w
			if f.floor {
				lower[h] = max(0, lower[h])
			}
		}
		return lower, upper
	}
	f.Lower80, f.Upper80 = band(0.80)
	f.Lower95, f.Upper95 = band(0.95)
}
