package fact

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"

	"touyan.dev/touyan/observatory/panel"
)

// Revisions is what became of an indicator's published figures: for each subject
// whose history was revised one path, by age (0 is the newest period of the
// earlier vintage), of the logarithm of the later over the earlier figure. Whole
// paths are drawn, so that a revision that lifts many years at once lifts them
// together, and what is common to all subjects cancels in ranks as it does in
// the world.
type Revisions struct {
	Paths [][]float64 // NaN where either vintage has no figure
}

// LearnRevisions compares two vintages of one indicator over the subjects given
// by code; nil means all. Where either marks what is provisional, only such figures
// teach anything: one that was final stays, and one that nobody has
// revised yet says nothing of how it will be.
func LearnRevisions(old, new *panel.Panel, indicator string, subjects []string) *Revisions {
	a, b := old.Slab(indicator), new.Slab(indicator)
	if a == nil || b == nil {
		return nil
	}
	r := &Revisions{}
	marked := !a.Provisional.Empty() || !b.Provisional.Empty()
	for s, about := range old.Subjects {
		other, ok := new.Subject(about.Code)
		if !ok || subjects != nil && !slices.Contains(subjects, about.Code) {
			continue
		}
		path, newest := make([]float64, old.Axis.Len), -1
		moved, open := false, false // a figure was revised; the newest is provisional still
		for age := range path {
			t := old.Axis.Len - 1 - age
			path[age] = math.NaN()
			c, ok := new.Axis.Col(old.Axis.Period(t))
			if !ok {
				continue
			}
			before, ok1 := a.At(s, t)
			after, ok2 := b.At(other, c)
			if ok1 && ok2 && before > 0 && after > 0 {
				path[age] = math.Log(after / before)
				moved = moved || after != before
				if newest < 0 {
					newest, open = t, b.Provisional.Has(other, c)
				}
			}
		}
		if newest >= 0 && (!marked || a.Provisional.Has(s, newest) && (moved || !open)) {
			r.Paths = append(r.Paths, fill(path))
		}
	}
	return r
}

// Usual gives how far a figure of the age usually moves, up or down, in per cent
// of it: the mean over the paths, without what they have in common.
func (r *Revisions) Usual(age int) float64 {
	var common, sum float64
	for _, path := range r.Paths {
		common += path[min(age, len(path)-1)] / float64(len(r.Paths))
	}
	for _, path := range r.Paths {
		sum += math.Abs(path[min(age, len(path)-1)] - common)
	}
	return 100 * sum / float64(len(r.Paths))
}

// Join puts together what several pairs of vintages tell of one indicator.
func Join(all ...*Revisions) *Revisions {
	out := &Revisions{}
	for _, r := range all {
		if r != nil {
			out.Paths = append(out.Paths, r.Paths...)
		}
	}
	return out
}

// fill carries the nearest known revision over the ages that have none.
func fill(path []float64) []float64 {
	for _, step := range []int{1, -1} {
		at := 0
		if step < 0 {
			at = len(path) - 1
		}
		for i := at + step; i >= 0 && i < len(path); i += step {
			if math.IsNaN(path[i]) {
				path[i] = path[i-step]
			}
		}
	}
	return path
}

// draws is how many revised worlds a fact must survive in.
const draws = 200

// survive gives each fact the share of revised worlds in which it stays true.
func (m *miner) survive(indicator int, facts []Fact) {
	code := m.panel.Indicators[indicator].Code
	r := m.Revisions[code]
	if r == nil || len(r.Paths) < 2 {
		return
	}
	w := newWorld(m.panel, indicator)
	factor := make([][]float64, len(r.Paths))
	for d, path := range r.Paths {
		factor[d] = make([]float64, w.x.T)
		for t := range factor[d] {
			factor[d][t] = math.Exp(path[min(w.x.T-1-t, len(path)-1)])
		}
	}
	seed := fnv.New64a()
	seed.Write([]byte(code))
	random := rand.New(rand.NewPCG(seed.Sum64(), uint64(w.x.T)))
	// Two subjects given one path would keep their order for certain, so paths are
	// dealt like cards, to those who have values: none comes again before all have.
	donor := make([]uint16, draws*w.x.N)
	for d := range draws {
		var deck []int
		for _, s := range random.Perm(w.x.N) {
			if !w.observed(s) {
				continue
			}
			if len(deck) == 0 {
				deck = random.Perm(len(r.Paths))
			}
			donor[d*w.x.N+s] = uint16(deck[0])
			deck = deck[1:]
		}
	}
	for i := range facts {
		f := &facts[i]
		if !checkable(f.Kind) {
			continue
		}
		n := 0
		for d := range draws {
			of := donor[d*w.x.N : (d+1)*w.x.N]
			w.revise = func(s, t int) float64 { return factor[of[s]][t] }
			if w.holds(*f) {
				n++
			}
		}
		f.Robust = float32(n) / draws
		f.Flags |= Known
		f.Score *= f.Robust
	}
}

// world reads a slab as it would be after a revision.
type world struct {
	p      *panel.Panel
	x      *panel.Slab
	sign   float64
	lag    int
	step   int // between compared periods
	revise func(s, t int) float64
}

func newWorld(p *panel.Panel, indicator int) *world {
	w := &world{p: p, x: p.Slabs[indicator], sign: 1, lag: int(p.Axis.Freq), step: 1}
	if p.Indicators[indicator].Polarity == panel.SmallerBetter {
		w.sign = -1
	}
	if p.Indicators[indicator].Form == panel.Cumulative {
		w.step = w.lag
	}
	return w
}

// observed reports whether a subject has any value.
func (w *world) observed(s int) bool {
	for t := range w.x.T {
		if w.x.Have.Has(s, t) {
			return true
		}
	}
	return false
}

// level gives a cell as revised, NaN when there is none.
func (w *world) level(s, t int) float64 {
	v, ok := w.x.At(s, t)
	if !ok {
		return math.NaN()
	}
	if w.revise != nil {
		v *= w.revise(s, t)
	}
	return v
}

// at gives a cell in the fact's form.
func (w *world) at(f Fact, s, t int) float64 {
	switch f.Form {
	case Growth:
		if t < w.lag || w.x.ClassID(s, t) != w.x.ClassID(s, t-w.lag) {
			return math.NaN()
		}
		was := w.level(s, t-w.lag)
		if !(was > 0) {
			return math.NaN()
		}
		return 100 * (w.level(s, t)/was - 1)
	case Share:
		var total float64
		for _, r := range w.p.Peers[f.Peers].Members {
			total += w.level(r, t)
		}
		return 100 * w.level(s, t) / total
	}
	return w.level(s, t)
}

// rank gives a subject's rank among the fact's peers, 0 when it has none.
func (w *world) rank(f Fact, s, t int) int {
	v := w.sign * w.at(f, s, t)
	if v != v {
		return 0
	}
	r := 1
	for _, o := range w.p.Peers[f.Peers].Members {
		if w.sign*w.at(f, o, t) > v || w.x.Held.Has(o, t) && w.stood(f, o, s, t) {
			r++
		}
	}
	return r
}

// stood reports whether a held peer was above a subject when it was last compared.
func (w *world) stood(f Fact, held, s, t int) bool {
	for was := t - w.step; was >= 0; was -= w.step {
		if h := w.at(f, held, was); h == h {
			return w.sign*h > w.sign*w.at(f, s, was)
		}
	}
	return false
}

// checkable reports whether holds can judge the kind.
func checkable(k Kind) bool { return k <= GapChaser }

// holds reports whether a fact is true in this world, by its definition and
// nothing of the miner.
func (w *world) holds(f Fact) bool {
	s, t, since := int(f.Subject), int(f.Period), int(f.Since)
	rank := func(t int) int { return w.rank(f, s, t) }
	k := int(f.P2)
	switch f.Kind {
	case Rank:
		return rank(t) == int(f.P1)
	case RankChange:
		return rank(t) == int(f.P2) && rank(since) == int(f.P1)
	case FirstTopOnRecord, FirstTopSince:
		if r := rank(t); r == 0 || r > k || f.Kind == FirstTopSince && rank(since) > k {
			return false
		}
		from := since + w.step
		if f.Kind == FirstTopOnRecord {
			from = since
		}
		return w.all(from, t, func(c int) bool { r := rank(c); return r == 0 || r > k })
	case BestRank, WorstRank:
		return w.bestSince(f, rank)
	case Record, HighestSince, LowestOnRecord, LowestSince:
		return w.levelSince(f)
	case RiseStreak, FallStreak, RiseBroken, FallBroken:
		return w.streak(f)
	case TopStreak:
		return w.all(since, t+1, func(c int) bool { r := rank(c); return r > 0 && r <= k })
	case MedianStreak:
		return w.all(since, t+1, func(c int) bool { return w.aboveMedian(f, c) })
	case Overtake, Overtaken:
		up, down := s, int(f.Rival)
		if f.Kind == Overtaken {
			up, down = down, up
		}
		return w.sign*w.at(f, up, t) > w.sign*w.at(f, down, t) && w.sign*w.at(f, up, t-w.step) < w.sign*w.at(f, down, t-w.step)
	case GapLeader, GapNext, GapChaser:
		return w.gap(f)
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

func (w *world) bestSince(f Fact, rank func(int) int) bool {
	side := 1
	if f.Kind == WorstRank {
		side = -1
	}
	from := int(f.First)
	if f.Since >= 0 {
		from = int(f.Since) + w.step
		if r := rank(int(f.Since)); r == 0 || side*r > side*int(f.P1) {
			return false
		}
	}
	return rank(int(f.Period)) == int(f.P1) && w.all(from, int(f.Period), func(c int) bool { r := rank(c); return r == 0 || side*r > side*int(f.P1) })
}

func (w *world) levelSince(f Fact) bool {
	side := 1.0
	if f.Kind == LowestOnRecord || f.Kind == LowestSince {
		side = -1
	}
	at := func(c int) float64 { return side * w.at(f, int(f.Subject), c) }
	v, from := at(int(f.Period)), int(f.First)
	if f.Since >= 0 {
		from = int(f.Since) + w.step
		if !(at(int(f.Since)) >= v) {
			return false
		}
	}
	return v == v && w.all(from, int(f.Period), func(c int) bool { return !(at(c) >= v) })
}

func (w *world) streak(f Fact) bool {
	side := 1.0
	if f.Kind == FallStreak || f.Kind == FallBroken {
		side = -1
	}
	at := func(c int) float64 { return side * w.at(f, int(f.Subject), c) }
	since, end := int(f.Since), int(f.Period)
	if f.Kind == RiseBroken || f.Kind == FallBroken {
		if !(at(end) <= at(end-w.step)) {
			return false
		}
		end -= w.step
	}
	if since >= w.step && at(since) > at(since-w.step) && w.x.ClassID(int(f.Subject), since) == w.x.ClassID(int(f.Subject), since-w.step) {
		return false // it began earlier
	}
	return (end-since)/w.step == int(f.P1) && w.all(since+w.step, end+1, func(c int) bool { return at(c) > at(c-w.step) })
}

func (w *world) aboveMedian(f Fact, t int) bool {
	var keys []float64
	for _, o := range w.p.Peers[f.Peers].Members {
		if v := w.at(f, o, t); v == v {
			keys = append(keys, w.sign*v)
		}
	}
	slices.Sort(keys)
	n := len(keys)
	return n > 0 && w.sign*w.at(f, int(f.Subject), t) > (keys[(n-1)/2]+keys[n/2])/2
}

func (w *world) gap(f Fact) bool {
	distance := func(t int) float64 {
		a, b := w.at(f, int(f.Subject), t), w.at(f, int(f.Rival), t)
		return math.Abs(b-a) / max(a, b)
	}
	t, n := int(f.Period), int(f.P1)
	for i := range max(n, -n) + 1 {
		ahead := w.sign*w.at(f, int(f.Rival), t-i*w.step) > w.sign*w.at(f, int(f.Subject), t-i*w.step)
		if ahead == (f.Kind == GapChaser) {
			return false
		}
	}
	for i := range max(n, -n) {
		now, before := distance(t-i*w.step), distance(t-(i+1)*w.step)
		if n > 0 && !(before > now) || n < 0 && !(before < now) {
			return false
		}
	}
	return true
}
