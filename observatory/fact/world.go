package fact

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"

	"touyan.dev/touyan/observatory/panel"
)

// world is one indicator's figures as they are, or as they would be after a
// revision.
type world struct {
	p         *panel.Panel
	indicator int
	x         *panel.Slab
	sign      float64
	lag       int
	step      int       // between compared periods
	level     []float64 // s·T + t, NaN where there is none

	// What revisions there are. Without any, plain is level and no span moves.
	plain         []float64   // the levels before any
	factor        [][]float64 // by path and period: the later over the earlier figure
	donor         []uint16    // draw·N + s: whose path a subject goes
	revised       []int       // periods in which a path changes anything
	moves, speeds []span      // how far a level and a growth ratio of a period go at most
	draw          int
	reach         [2][]span // between what levels and growth lie in all worlds, as keys; made when first asked for
	contests      map[contender][]*contest
	totals        map[total]float64 // of this draw
}

// span is the least and the greatest.
type span struct{ low, high float64 }

// total names the sum of a peer set in a period.
type total struct {
	peers int32
	t     int
}

func newWorld(p *panel.Panel, indicator int) *world {
	x := p.Slabs[indicator]
	w := &world{p: p, indicator: indicator, x: x, sign: 1, lag: int(p.Axis.Freq), step: 1, level: make([]float64, x.N*x.T), contests: map[contender][]*contest{}, totals: map[total]float64{}}
	if p.Indicators[indicator].Polarity == panel.SmallerBetter {
		w.sign = -1
	}
	if p.Indicators[indicator].Form == panel.Cumulative {
		w.step = w.lag
	}
	for s := range x.N {
		for t := range x.T {
			v, ok := x.At(s, t)
			if !ok {
				v = math.NaN()
			}
			w.level[s*x.T+t] = v
		}
	}
	w.moves, w.speeds = make([]span, x.T), make([]span, x.T)
	for t := range x.T {
		w.moves[t], w.speeds[t] = span{1, 1}, span{1, 1}
	}
	w.plain = w.level
	return w
}

// deal gives each subject a path of revisions in each draw.
func (w *world) deal(paths [][]float64) {
	n, periods := w.x.N, w.x.T
	w.level = slices.Clone(w.plain)
	w.factor = make([][]float64, len(paths))
	for d, path := range paths {
		w.factor[d] = make([]float64, periods)
		for t := range periods {
			w.factor[d][t] = math.Exp(path[min(periods-1-t, len(path)-1)])
		}
	}
	for t := range periods {
		level, speed := span{math.Inf(1), 0}, span{math.Inf(1), 0}
		for _, f := range w.factor {
			level.take(f[t])
			if t >= w.lag {
				speed.take(f[t] / f[t-w.lag])
			}
		}
		w.moves[t], w.speeds[t] = level, speed
		if level != (span{1, 1}) {
			w.revised = append(w.revised, t)
		}
	}
	seed := fnv.New64a()
	seed.Write([]byte(w.p.Indicators[w.indicator].Code))
	random := rand.New(rand.NewPCG(seed.Sum64(), uint64(periods)))
	// Two subjects given one path would keep their order for certain, so paths are
	// dealt like cards, to those who have values: none comes again before all have.
	w.donor = make([]uint16, draws*n)
	deck, subjects := make([]uint16, len(paths)), w.observed()
	for i := range deck {
		deck[i] = uint16(i)
	}
	for d := range draws {
		left := 0
		for i := range subjects {
			k := i + random.IntN(len(subjects)-i)
			subjects[i], subjects[k] = subjects[k], subjects[i]
			if left == 0 {
				left = len(deck)
			}
			k = random.IntN(left)
			left--
			deck[k], deck[left] = deck[left], deck[k]
			w.donor[d*n+subjects[i]] = deck[left]
		}
	}
}

func (r *span) take(v float64) { r.low, r.high = min(r.low, v), max(r.high, v) }

// of gives between what a value lies once it was multiplied.
func (r span) of(v float64) span {
	return span{min(v*r.low, v*r.high), max(v*r.low, v*r.high)}
}

// observed gives the subjects that have any value.
func (w *world) observed() []int {
	var out []int
	for s := range w.x.N {
		for t := range w.x.T {
			if w.x.Have.Has(s, t) {
				out = append(out, s)
				break
			}
		}
	}
	return out
}

// revise makes it the world of a draw.
func (w *world) revise(draw int) {
	w.draw = draw
	clear(w.totals)
	for s, path := range w.donor[draw*w.x.N : (draw+1)*w.x.N] {
		row := w.level[s*w.x.T : (s+1)*w.x.T]
		plain, factor := w.plain[s*w.x.T:(s+1)*w.x.T], w.factor[path]
		for _, t := range w.revised {
			row[t] = plain[t] * factor[t]
		}
	}
}

// total gives the sum of a peer set, NaN when a member is missing.
func (w *world) total(peers int32, t int) float64 {
	of := total{peers, t}
	sum, known := w.totals[of]
	if !known {
		for _, s := range w.p.Peers[peers].Members {
			sum += w.level[s*w.x.T+t]
		}
		w.totals[of] = sum
	}
	return sum
}

// trial holds a fact to a world, by its definition and nothing of the miner.
type trial struct {
	*world
	*Fact
	contests []*contest // of its contender
}

// contender names a subject among its peers. Its contests are by period, made when
// they are first asked for.
type contender struct {
	form    Form
	peers   int32
	subject int32
}

// contest is what one period's figures decide about a subject's rank before any
// revision.
type contest struct {
	observed int
	above    int   // peers above it in every world
	open     []int // those that may be above or below
	held     []int // those whose figure is held back
	settled  bool  // nothing is open
	draw     int   // that the rank was last counted in
	rank     int
}

func (w *world) trial(f *Fact) *trial {
	who := contender{f.Form, f.Peers, f.Subject}
	if w.contests[who] == nil {
		w.contests[who] = make([]*contest, w.x.T)
	}
	return &trial{world: w, Fact: f, contests: w.contests[who]}
}

// at gives a cell in the fact's form, NaN when there is none.
func (c *trial) at(s, t int) float64 {
	switch c.Form {
	case Growth:
		return c.growth(c.level, s, t)
	case Share:
		return 100 * c.level[s*c.x.T+t] / c.total(c.Peers, t)
	}
	return c.level[s*c.x.T+t]
}

func (w *world) growth(level []float64, s, t int) float64 {
	if t < w.lag || w.x.ClassID(s, t) != w.x.ClassID(s, t-w.lag) {
		return math.NaN()
	}
	was := level[s*w.x.T+t-w.lag]
	if !(was > 0) {
		return math.NaN()
	}
	return 100 * (level[s*w.x.T+t]/was - 1)
}

// slack is more than what rounding does to a figure.
const slack = 1e-9

// spans gives between what each cell lies in all worlds, as keys: the larger the
// better. Both ends are NaN when there is no value.
func (w *world) spans(form Form) []span {
	if w.reach[form] != nil {
		return w.reach[form]
	}
	out := make([]span, len(w.plain))
	for s := range w.x.N {
		for t := range w.x.T {
			var r span
			if form == Growth {
				r = w.speeds[t].of(w.growth(w.plain, s, t)/100 + 1)
			} else {
				r = w.moves[t].of(w.plain[s*w.x.T+t])
			}
			if w.sign < 0 {
				r = span{-r.high, -r.low}
			}
			out[s*w.x.T+t] = span{r.low - slack*math.Abs(r.low), r.high + slack*math.Abs(r.high)}
		}
	}
	w.reach[form] = out
	return out
}

// contest decides what can be decided of a period without knowing the world.
func (c *trial) contest(t int) *contest {
	if c.contests[t] != nil {
		return c.contests[t]
	}
	reach, out := c.spans(c.Form), &contest{draw: None}
	own := reach[int(c.Subject)*c.x.T+t]
	for _, s := range c.p.Peers[c.Peers].Members {
		r := reach[s*c.x.T+t]
		if r.low == r.low {
			out.observed++
		}
		switch {
		case s == int(c.Subject):
		case c.x.Held.Has(s, t):
			out.held = append(out.held, s)
		case r.low > own.high:
			out.above++
		case r.high >= own.low:
			out.open = append(out.open, s)
		}
	}
	if out.settled = len(out.open)+len(out.held) == 0; out.settled && own.low == own.low {
		out.rank = 1 + out.above
	}
	c.contests[t] = out
	return out
}

// rank gives the subject's rank among the fact's peers, 0 when it has none.
func (c *trial) rank(t int) int {
	of := c.contest(t)
	if of.settled || of.draw == c.draw {
		return of.rank
	}
	v, r := c.sign*c.at(int(c.Subject), t), 0
	if v == v {
		r = 1 + of.above
		for _, s := range of.open {
			if c.sign*c.at(s, t) > v {
				r++
			}
		}
		for _, s := range of.held {
			if c.stood(s, t) {
				r++
			}
		}
	}
	of.draw, of.rank = c.draw, r
	return r
}

// stood reports whether a held peer was above the subject when it was last compared.
func (c *trial) stood(held, t int) bool {
	for was := t - c.step; was >= 0; was -= c.step {
		if h := c.at(held, was); h == h {
			return c.sign*h > c.sign*c.at(int(c.Subject), was)
		}
	}
	return false
}

// aboveMedian reports whether more than half of the peers are below the subject,
// or half of them with it as the last of the upper half.
func (c *trial) aboveMedian(t int) bool {
	v := c.sign * c.at(int(c.Subject), t)
	if v != v {
		return false
	}
	of := c.contest(t)
	asGood := 1 + of.above
	for _, s := range of.open {
		if c.sign*c.at(s, t) >= v {
			asGood++
		}
	}
	return asGood <= of.observed/2
}

// checkable reports whether a trial can judge the fact.
func checkable(f *Fact) bool { return f.Kind <= GapChaser && f.Form != PerHead }

// holds reports whether the fact is true in this world.
func (c *trial) holds() bool {
	s, t, since := int(c.Subject), int(c.Period), int(c.Since)
	k := int(c.P2)
	switch c.Kind {
	case Rank:
		return c.rank(t) == int(c.P1)
	case RankChange:
		return c.rank(t) == int(c.P2) && c.rank(since) == int(c.P1)
	case FirstTopOnRecord, FirstTopSince:
		if r := c.rank(t); r == 0 || r > k || c.Kind == FirstTopSince && c.rank(since) > k {
			return false
		}
		from := since + c.step
		if c.Kind == FirstTopOnRecord {
			from = since
		}
		return c.all(from, t, func(was int) bool { r := c.rank(was); return r == 0 || r > k })
	case BestRank, WorstRank:
		return c.bestSince()
	case Record, HighestSince, LowestOnRecord, LowestSince:
		return c.levelSince()
	case RiseStreak, FallStreak, RiseBroken, FallBroken:
		return c.streak()
	case TopStreak:
		return c.all(since, t+1, func(was int) bool { r := c.rank(was); return r > 0 && r <= k })
	case MedianStreak:
		return c.all(since, t+1, func(was int) bool { return c.aboveMedian(was) })
	case Overtake, Overtaken:
		up, down := s, int(c.Rival)
		if c.Kind == Overtaken {
			up, down = down, up
		}
		return c.sign*c.at(up, t) > c.sign*c.at(down, t) && c.sign*c.at(up, t-c.step) < c.sign*c.at(down, t-c.step)
	case GapLeader, GapNext, GapChaser:
		return c.gap()
	}
	return false
}

// all reports whether something is true of every compared period in [from, to).
func (w *world) all(from, to int, is func(t int) bool) bool {
	for t := from; t < to; t += w.step {
		if !is(t) {
			return false
		}
	}
	return true
}

func (c *trial) bestSince() bool {
	side := 1
	if c.Kind == WorstRank {
		side = -1
	}
	from := int(c.First)
	if c.Since >= 0 {
		from = int(c.Since) + c.step
		if r := c.rank(int(c.Since)); r == 0 || side*r > side*int(c.P1) {
			return false
		}
	}
	return c.rank(int(c.Period)) == int(c.P1) && c.all(from, int(c.Period), func(was int) bool { r := c.rank(was); return r == 0 || side*r > side*int(c.P1) })
}

func (c *trial) levelSince() bool {
	side := 1.0
	if c.Kind == LowestOnRecord || c.Kind == LowestSince {
		side = -1
	}
	at := func(t int) float64 { return side * c.at(int(c.Subject), t) }
	v, from := at(int(c.Period)), int(c.First)
	if c.Since >= 0 {
		from = int(c.Since) + c.step
		if !(at(int(c.Since)) >= v) {
			return false
		}
	}
	return v == v && c.all(from, int(c.Period), func(was int) bool { return !(at(was) >= v) })
}

func (c *trial) streak() bool {
	side := 1.0
	if c.Kind == FallStreak || c.Kind == FallBroken {
		side = -1
	}
	at := func(t int) float64 { return side * c.at(int(c.Subject), t) }
	since, end := int(c.Since), int(c.Period)
	if c.Kind == RiseBroken || c.Kind == FallBroken {
		if !(at(end) <= at(end-c.step)) {
			return false
		}
		end -= c.step
	}
	if since >= c.step && at(since) > at(since-c.step) && c.x.ClassID(int(c.Subject), since) == c.x.ClassID(int(c.Subject), since-c.step) {
		return false // it began earlier
	}
	return (end-since)/c.step == int(c.P1) && c.all(since+c.step, end+1, func(was int) bool { return at(was) > at(was-c.step) })
}

func (c *trial) gap() bool {
	distance := func(t int) float64 {
		a, b := c.at(int(c.Subject), t), c.at(int(c.Rival), t)
		return math.Abs(b-a) / max(a, b)
	}
	t, n := int(c.Period), int(c.P1)
	for i := range max(n, -n) + 1 {
		ahead := c.sign*c.at(int(c.Rival), t-i*c.step) > c.sign*c.at(int(c.Subject), t-i*c.step)
		if ahead == (c.Kind == GapChaser) {
			return false
		}
	}
	for i := range max(n, -n) {
		now, before := distance(t-i*c.step), distance(t-(i+1)*c.step)
		if n > 0 && !(before > now) || n < 0 && !(before < now) {
			return false
		}
	}
	return true
}
