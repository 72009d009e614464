package fact

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"

	"touyan.dev/touyan/observatory/panel"
)

// falseRate is the level of the Benjamini–Hochberg procedure. It is kept below
// the promised 5 % because scales are estimated, not known.
const falseRate = 0.038

// promisedRate is what is promised. A fact told at the lower level stands until it
// passes this one, so that the figures of another month alone take nothing back.
const promisedRate = 0.05

// Bounds of what is tested.
const (
	leastTested  = 8 // observations of a subject
	leastSegment = 5 // periods on either side of a break
	madToSD      = 1.4826
	mostFreedom  = 300
)

// mostSurprise bounds the rarity of an inferential fact in bits: beyond it a
// p-value says more of the model than of the world.
const mostSurprise = 10

// hypothesis is one tested claim with its p-value.
type hypothesis struct {
	fact Fact
	seen int // the period from which on it could be noticed
	p    float64
}

// Inferred is what the tests of a release gave.
type Inferred struct {
	Found  []Fact          // what stays within the false discovery rate, the best first
	Holds  map[string]Fact // by key, those told earlier that still do
	Tested int
}

// Infer tests some indicators for outliers and breaks. One family is tested
// together, and the false discovery rate is held over it: of these indicators every
// cell of the periods that facts are wanted of, every series, and whatever was told
// of them earlier.
func Infer(p *panel.Panel, indicators []int, o Options, told []Told) Inferred {
	m := newMiner(p, o)
	earlier := earlierOf(p, told)
	all := m.test(indicators, earlier)
	out := Inferred{Holds: map[string]Fact{}, Tested: len(all)}
	for _, h := range all {
		if h.fact.Q <= promisedRate && earlier.has(&h) {
			out.Holds[h.fact.Key(p)] = h.fact
		}
		if m.shows(h) {
			out.Found = append(out.Found, h.fact)
		}
	}
	slices.SortFunc(out.Found, better)
	return out
}

// earlier is what was told before: cells by indicator, subject and period, and
// series, whose period is None.
type earlier map[[3]int]bool

func earlierOf(p *panel.Panel, told []Told) earlier {
	out := earlier{}
	for _, t := range told {
		i, ok1 := p.Indicator(t.Indicator)
		s, ok2 := p.Subject(t.Subject)
		_, period, ok3 := panel.ParsePeriod(t.Time)
		if !ok1 || !ok2 || !ok3 || t.Class != inferential {
			continue
		}
		col, _ := p.Axis.Col(period)
		if t.Kind == Break.String() {
			col = None
		}
		out[[3]int{i, s, col}] = true
	}
	return out
}

func (e earlier) has(h *hypothesis) bool {
	at := int(h.fact.Period)
	if h.fact.Kind == Break {
		at = None
	}
	return e[[3]int{int(h.fact.Indicator), int(h.fact.Subject), at}]
}

// infer adds to a mining of the whole panel what its tests gave.
func (m *miner) infer(r *Result) {
	every := make([]int, len(m.panel.Indicators))
	for i := range every {
		every[i] = i
	}
	all := m.test(every, nil)
	r.Tested = len(all)
	var kept []Fact
	for _, h := range all {
		if m.shows(h) {
			r.Counts[h.fact.Kind]++
			kept = append(kept, h.fact)
		}
	}
	m.found = append(m.found, kept)
}

// shows reports whether a tested claim is a fact that is wanted.
func (m *miner) shows(h hypothesis) bool {
	return h.fact.Q <= falseRate && h.seen >= m.since(int(h.fact.Indicator)) && m.wants(int(h.fact.Subject))
}

// since gives the first period that facts of an indicator are wanted of.
func (m *miner) since(indicator int) int {
	if m.Most > 0 {
		return max(m.From, m.latest(indicator)-stale)
	}
	return m.From
}

// test gives every claim of a family with its adjusted p-value, and weighs those
// that may be told.
func (m *miner) test(indicators []int, told earlier) []hypothesis {
	var all []hypothesis
	for _, i := range indicators {
		if m.paced(m.panel.Indicators[i]) {
			continue // the growth that is published is tested in its place
		}
		all = append(all, m.unusual(i, told)...)
	}
	slices.SortStableFunc(all, func(a, b hypothesis) int { return cmp.Compare(a.p, b.p) })
	// From the largest p down: q is the least p·n/rank of those from here on.
	q := 1.0
	for k := len(all) - 1; k >= 0; k-- {
		h := &all[k]
		q = min(q, h.p*float64(len(all))/float64(k+1))
		h.fact.Q, h.fact.P2 = q, int32(len(all))
		if q > promisedRate {
			continue
		}
		f := &h.fact
		f.Rarity = float32(min(mostSurprise, -math.Log2(max(q, 1e-30))))
		f.Importance, f.Robust = float32(f.Kind.weight()*m.weightOf(int(f.Indicator))), 1
		f.Novelty = novelty(h.seen, m.latest(int(f.Indicator)))
		f.Score = f.Rarity * f.Importance * f.Novelty
		m.qualify(f, f.Form)
	}
	return all
}

// unusual tests an indicator. Within a year moves against the year before overlap,
// and figures that count from January run on: so each part of the year is tested
// by itself, and for a break only the newest.
func (m *miner) unusual(indicator int, told earlier) []hypothesis {
	var out []hypothesis
	moves, latest := m.moves(indicator), m.latest(indicator)
	n, periods, lag := len(m.panel.Subjects), m.panel.Axis.Len, int(m.panel.Axis.Freq)
	for part := range min(lag, periods) {
		var cols []int
		for t := part; t < periods; t += lag {
			cols = append(cols, t)
		}
		x := make([]float64, 0, n*len(cols))
		for s := range n {
			for _, t := range cols {
				x = append(x, moves[s*periods+t])
			}
		}
		out = append(out, m.outliers(indicator, x, cols, told)...)
		if (latest-part)%lag == 0 {
			out = append(out, m.breaks(indicator, x, cols, told)...)
		}
	}
	return out
}

// moved gives the form of the figure whose moves are tested.
func moved(about panel.Indicator) Form {
	if about.Rate {
		return Level
	}
	return Growth
}

// moves gives what is tested of an indicator, subject by subject (s·T + t, NaN
// when there is none): published growth as it is, else the change against the year
// before, of positive figures in logarithms.
func (m *miner) moves(i int) []float64 {
	x, about := m.panel.Slabs[i], m.panel.Indicators[i]
	lag := int(m.panel.Axis.Freq)
	relative := m.relative(i)
	out := make([]float64, x.N*x.T)
	for s := range x.N {
		for t := range x.T {
			out[s*x.T+t] = math.NaN()
			v, ok := x.At(s, t)
			if !ok {
				continue
			}
			if about.Pace {
				out[s*x.T+t] = v
				continue
			}
			if t < lag || x.ClassID(s, t) != x.ClassID(s, t-lag) {
				continue
			}
			if was, ok := x.At(s, t-lag); ok {
				if relative {
					out[s*x.T+t] = math.Log(v / was)
				} else {
					out[s*x.T+t] = v - was
				}
			}
		}
	}
	return out
}

// relative reports whether an indicator's moves are growth.
func (m *miner) relative(i int) bool {
	x := m.panel.Slabs[i]
	if m.panel.Indicators[i].Rate {
		return false
	}
	for t := range x.T {
		for s := range x.N {
			if v, ok := x.At(s, t); ok && v <= 0 {
				return false
			}
		}
	}
	return true
}

// outliers tests every cell against its peers in the period and against the
// subject's own history: residuals of a median polish over subjects and periods,
// each over the scale of the subject's other residuals, which is shrunk towards
// the common one as its evidence is thin (Smyth 2004). What was found far off is
// left out of the scales. The p-values are those of normal residuals: where the
// noise itself is heavier, what is found is unusual against a normal year.
func (m *miner) outliers(indicator int, x []float64, cols []int, told earlier) []hypothesis {
	n, periods := len(m.panel.Subjects), len(cols)
	e := slices.Clone(x)
	polish(e, n, periods)
	for s := range n {
		levelOut(e[s*periods : (s+1)*periods])
	}
	columnScales(e, n, periods)
	z, freedom := studentise(e, n, periods)
	from, relative, form := m.since(indicator), m.relative(indicator), moved(m.panel.Indicators[indicator])
	var out []hypothesis
	for s := range n {
		for c, t := range cols {
			v, move := z[s*periods+c], x[s*periods+c]
			if v != v || t < from && !told[[3]int{indicator, s, t}] {
				continue
			}
			if relative {
				move = 100 * math.Expm1(move)
			}
			value, _ := m.panel.Slabs[indicator].At(s, t)
			out = append(out, hypothesis{Fact{Kind: Outlier, Form: form, Indicator: int32(indicator), Subject: int32(s), Peers: None, Rival: None, Since: None,
				Period: int32(t), Value: value, Ref: v, Aux: move}, t, twoSided(v, freedom)})
		}
	}
	return out
}

// polish takes the levels of periods and subjects off in turn: medians first,
// then the means of what is not far off, since a median leaves one residual in
// each line at exactly 0.
func polish(e []float64, n, periods int) {
	for _, level := range []func([]float64) float64{median, median, cutMean, cutMean, cutMean} {
		for t := range periods {
			sweep(e, n, func(s int) int { return s*periods + t }, 3, level)
		}
		for s := range n {
			sweep(e, periods, func(t int) int { return s*periods + t }, leastTested, level)
		}
	}
}

// cutMean gives the mean of what lies within three robust deviations of 0.
func cutMean(line []float64) float64 {
	size := make([]float64, len(line))
	for i, v := range line {
		size[i] = math.Abs(v)
	}
	cut := 3 * madToSD * median(size)
	var sum float64
	n := 0
	for _, v := range line {
		if math.Abs(v) <= cut {
			sum, n = sum+v, n+1
		}
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

// sweep takes the level off a line of cells; a line of fewer than least says
// nothing and is left out.
func sweep(e []float64, n int, at func(int) int, least int, level func([]float64) float64) {
	line := take(e, n, at)
	mid := math.NaN()
	if len(line) >= least {
		mid = level(line)
	}
	for i := range n {
		e[at(i)] -= mid
	}
}

func take(e []float64, n int, at func(int) int) []float64 {
	line := make([]float64, 0, n)
	for i := range n {
		if v := e[at(i)]; v == v {
			line = append(line, v)
		}
	}
	return line
}

// median reorders x.
func median(x []float64) float64 {
	half := (len(x) + 1) / 2
	mid := nth(x, half)
	if len(x)%2 == 1 {
		return mid
	}
	return (mid + slices.Max(x[half:])) / 2
}

// columnScales divides each period's residuals by how much wider they are spread
// than in other periods, as far as that is more than chance.
func columnScales(e []float64, n, periods int) {
	spread := make([]float64, periods)
	var logs []float64
	for t := range periods {
		line := take(e, n, func(s int) int { return s*periods + t })
		for i := range line {
			line[i] = math.Abs(line[i])
		}
		if len(line) >= leastTested {
			if spread[t] = median(line); spread[t] > 0 {
				logs = append(logs, math.Log(spread[t]))
			}
		}
	}
	if len(logs) < 3 {
		return
	}
	// The logarithm of a median deviation of n normal residuals varies by 1.36/n.
	mean, sd := moments(logs)
	noise := 1.36 / float64(n)
	keep := max(0, 1-noise/(sd*sd)) * max(0, 1-noise/(sd*sd))
	for t, w := range spread {
		if w <= 0 {
			continue
		}
		by := math.Exp(keep * (math.Log(w) - mean))
		for s := range n {
			e[s*periods+t] /= by
		}
	}
}

// farOff is the size beyond which a residual is left out of its subject's scale.
const farOff = 3.5

// studentise gives each residual over the scale of its subject's others, and the
// least degrees of freedom behind any.
func studentise(e []float64, n, periods int) (z []float64, freedom float64) {
	z = make([]float64, len(e))
	// A cell far off had no part in the levels taken off it; the others had.
	ns, ts := 1/float64(max(n, 2)), 1/float64(max(periods, 2))
	wider := math.Sqrt((1 + ns) * (1 + ts) / (1 - ns) / (1 - ts))
	for range 4 {
		sum, used := make([]float64, n), make([]float64, n)
		var logs, worth []float64
		for s := range n {
			for t := range periods {
				if v := e[s*periods+t]; v == v && math.Abs(z[s*periods+t]) <= farOff {
					sum[s], used[s] = sum[s]+v*v, used[s]+1
				}
			}
			if d := used[s] - 1; d >= leastTested-1 && sum[s] > 0 {
				logs = append(logs, math.Log(sum[s]/d)-mathext.Digamma(d/2)+math.Log(d/2))
				worth = append(worth, trigamma(d/2))
			}
		}
		prior, common := 0.0, 0.0
		if len(logs) >= 3 {
			mean, sd := moments(logs)
			var noise float64
			for _, w := range worth {
				noise += w / float64(len(worth))
			}
			prior = mostFreedom
			if excess := sd*sd - noise; excess > 0 {
				prior = min(prior, 2*trigammaInverse(excess))
			}
			common = math.Exp(mean + mathext.Digamma(prior/2) - math.Log(prior/2))
		}
		freedom = mostFreedom
		next := make([]float64, len(z))
		for s := range n {
			for t := range periods {
				cell := s*periods + t
				v, d, rest := e[cell], used[s]-1, sum[s]
				next[cell] = math.NaN()
				if v == v && math.Abs(z[cell]) <= farOff {
					d, rest = d-1, rest-v*v
				}
				if v != v || d < leastTested-2 || rest <= 0 {
					continue
				}
				next[cell] = v / wider / math.Sqrt((prior*common+rest)/(prior+d))
				freedom = min(freedom, prior+d)
			}
		}
		z = next
	}
	return z, freedom
}

// breaks tests every series for one change of the mean of its moves, peers'
// medians taken off: the largest t over the places it may be at, each p-value
// multiplied by their number, the variance widened when neighbours agree.
func (m *miner) breaks(indicator int, x []float64, cols []int, told earlier) []hypothesis {
	n, periods := len(m.panel.Subjects), len(cols)
	e := slices.Clone(x)
	for t := range periods {
		sweep(e, n, func(s int) int { return s*periods + t }, 3, median)
	}
	from, unit := m.since(indicator), 1.0
	if m.relative(indicator) {
		unit = 100
	}
	var out []hypothesis
	for s := range n {
		var line []float64
		var at []int
		for c, t := range cols {
			if v := e[s*periods+c]; v == v && !math.IsInf(v, 0) {
				line, at = append(line, v), append(at, t)
			}
		}
		places := len(line) - 2*leastSegment + 1
		if places < 1 {
			continue
		}
		where, size, p := oneBreak(line)
		seen := at[where+leastSegment-1] // not before is there enough of it
		if seen < from && !told[[3]int{indicator, s, None}] {
			continue
		}
		value, _ := m.panel.Slabs[indicator].At(s, at[where])
		out = append(out, hypothesis{Fact{Kind: Break, Form: moved(m.panel.Indicators[indicator]), Indicator: int32(indicator), Subject: int32(s), Peers: None, Rival: None, Since: int32(at[0]),
			Period: int32(at[where]), Value: value, Ref: unit * size}, seen, min(1, p*float64(places))})
	}
	return out
}

// surelyBroken is the p-value below which a series is taken apart at its break
// before its outliers are looked for: a new level is no row of outliers.
const surelyBroken = 0.001

func levelOut(e []float64) {
	line := take(e, len(e), func(i int) int { return i })
	where, size, p := oneBreak(line)
	if p*float64(len(line)-2*leastSegment+1) > surelyBroken {
		return
	}
	before, seen := mean(line[:where]), 0
	for i, v := range e {
		if v != v {
			continue
		}
		e[i] -= before
		if seen++; seen > where {
			e[i] -= size
		}
	}
}

// oneBreak gives the place where the mean of a series most likely changed, by
// how much, and the p-value of that place alone.
func oneBreak(x []float64) (where int, size, p float64) {
	most, freedom := 0.0, float64(len(x)-2)
	for c := leastSegment; c+leastSegment <= len(x); c++ {
		a, b := mean(x[:c]), mean(x[c:])
		var ss, cross, last float64
		for i, v := range x {
			if i < c {
				v -= a
			} else {
				v -= b
			}
			ss += v * v
			if i > 0 {
				cross += v * last
			}
			last = v
		}
		if ss <= 0 {
			continue
		}
		rho := max(0, min(0.9, cross/ss+1/float64(len(x))))
		se := math.Sqrt(ss / freedom * (1/float64(c) + 1/float64(len(x)-c)) * (1 + rho) / (1 - rho))
		if t := math.Abs(b-a) / se; where == 0 || t > most {
			where, size, most = c, b-a, t
		}
	}
	if where == 0 {
		return min(leastSegment, len(x)), 0, 1
	}
	return where, size, twoSided(most, freedom)
}

func mean(x []float64) float64 {
	var sum float64
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}
