package fact

import (
	"cmp"
	"iter"
	"math"
	"slices"

	"touyan.dev/touyan/observatory/panel"
)

// strengths bounds how finely the strength of a fact is told apart.
const strengths = 64

// tally counts the facts of one indicator and form by kind and strength, which
// is all that their rarity needs.
type tally struct {
	n [kinds][strengths]int32
}

func (c *tally) reset() { *c = tally{} }

// kinds gives how many facts of each kind there are.
func (c *tally) kinds() iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		for k := range c.n {
			n := 0
			for _, v := range c.n[k] {
				n += int(v)
			}
			if !yield(k, n) {
				return
			}
		}
	}
}

// strength gives how strong a fact is among those of its kind: how far back it
// looks, in the periods step apart that are compared, how long it lasted, how far
// it moved.
func strength(f *Fact, step int) int {
	var n int32
	back := func(from int32) int32 { return (f.Period - from) / int32(step) }
	switch f.Kind {
	case Rank:
		n = height(f.P1)
	case RankChange:
		n = climb(f.P1, f.P2)
	case FirstTopOnRecord, FirstTopSince:
		n = back(f.Since)/2 + 24/max(1, f.P2)
	case BestRank, WorstRank, HighestSince, LowestSince, Record, LowestOnRecord:
		from := f.Since
		if from < 0 {
			from = f.First
		}
		n = back(from)
	case RiseStreak, FallStreak, RiseBroken, FallBroken, Converge, Diverge:
		n = f.P1
	case TopStreak, MedianStreak:
		n = f.P1
		if f.P2 > 0 {
			n = n/2 + 24/f.P2
		}
	case GapLeader, GapNext, GapChaser:
		n = f.P1
		if n < 0 {
			n = -n
		}
	case Overtake, Overtaken:
		n = prominence(f.P1)
	case Contribution:
		n = int32(f.Ref / 4)
	case Driver:
		n = int32(math.Abs(f.Ref))
	case ShiftShare:
		n = int32(math.Abs(f.Aux))
	case Skyline:
		n = few - f.P1
	}
	return int(min(max(n, 0), strengths-1))
}

// height is the strength of a rank: the nearer to the top, the stronger.
func height(rank int32) int32 { return 40 / rank }

// climb is the strength of a change of rank, up or down.
func climb(old, now int32) int32 { return max(old-now, now-old) }

// prominence is the strength of an overtaking: among the first it is worth more.
func prominence(rank int32) int32 { return 24 / max(1, rank) }

// weights of kinds: what a leader asks first.
func (k Kind) weight() float64 {
	switch k {
	case FirstTopOnRecord, FirstTopSince:
		return 1.5
	case Overtake, Overtaken, BestRank, WorstRank, Target:
		return 1.2
	case RankChange, RiseBroken, FallBroken, Outlier, Break:
		return 1.1
	case Rank, TopStreak, MedianStreak, RiseStreak, FallStreak, Converge, Diverge, ShiftShare, Driver:
		return 0.8
	}
	return 1
}

// weigh gives the facts collected their scores and keeps the best. Rarity is
// measured in the panel itself: how many facts of this kind are at least as
// strong, among the cells that could have shown one. sure is whether no fact of
// a period before those kept could be among the best.
func (m *miner) weigh(indicator int, form Form) (kept []Fact, sure bool) {
	var tail [kinds][strengths]float32
	most := 0.0 // that a fact can score when it is new, but for the weights of its indicator and peer set
	cells := float64(m.panel.Slabs[indicator].Count())
	for k := range m.tally.n {
		chances := cells
		if Kind(k) >= Rank && Kind(k) <= WorstRank || Kind(k) >= TopStreak {
			chances *= float64(max(1, len(m.parts)))
		}
		n := 0
		for s := strengths - 1; s >= 0; s-- {
			n += int(m.tally.n[k][s])
			tail[k][s] = float32(max(0, -math.Log2(float64(n+1)/(chances+2))))
			if m.tally.n[k][s] > 0 {
				most = max(most, float64(tail[k][s])*Kind(k).weight())
			}
		}
	}
	weight := m.weightOf(indicator)
	latest := m.latest(indicator)
	largest := 0
	for _, set := range m.panel.Peers {
		largest = max(largest, len(set.Members))
	}
	scales := make([]float64, largest+1)
	for n := range scales {
		scales[n] = weight * scale(n)
	}
	fresh := make([]float32, latest+1)
	for t := range fresh {
		fresh[t] = novelty(t, latest)
	}
	pace := form == Growth || m.panel.Indicators[indicator].Pace
	score := func(f *Fact) (rarity, importance, score float32) {
		rarity = tail[f.Kind][strength(f, m.apart)]
		importance = float32(f.Kind.weight() * scales[f.Members])
		if pace && (f.Kind == Overtake || f.Kind == Overtaken) {
			importance /= 2 // growth rates cross all the time
		}
		if form == Growth && f.Kind == RankChange {
			importance *= 0.7 // and so do ranks of what nobody publishes
		}
		if m.known(f) || f.Kind == BestRank && 3*f.P1 > int32(f.Members) {
			importance *= 0.6 // told before, or the best of a place in the middle
		}
		score = rarity * importance * fresh[f.Period]
		if f.Members > 0 {
			score *= float32(f.Observed) / float32(f.Members)
		}
		return rarity, importance, score
	}
	kept, bound := m.best(func(f *Fact) float32 {
		_, _, s := score(f)
		return s
	})
	for i := range kept {
		f := &kept[i]
		f.Rarity, f.Importance, f.Score = score(f)
		f.Robust, f.Novelty = 1, fresh[f.Period]
		m.qualify(f, form)
	}
	m.survive(indicator, kept)
	sure = m.keepFrom <= m.From || len(kept) == m.Most && float64(bound) > most*slices.Max(scales)*float64(novelty(m.keepFrom-1, latest))
	return kept, sure
}

// weightOf gives how much an indicator's facts weigh.
func (m *miner) weightOf(indicator int) float64 {
	if w, ok := m.Weights[m.panel.Indicators[indicator].Code]; ok {
		return w
	}
	if m.part(indicator) {
		return 0.8 // a part says less than its whole
	}
	return 1
}

// part reports whether an indicator is a part of another.
func (m *miner) part(indicator int) bool {
	code := m.panel.Indicators[indicator].Code
	return slices.ContainsFunc(m.panel.Indicators, func(x panel.Indicator) bool { return slices.Contains(x.Parts, code) })
}

// known reports whether a fact goes on with what was told a period ago: a streak
// is news when it begins to count, when it is the longest, and when it is round.
func (m *miner) known(f *Fact) bool {
	switch f.Kind {
	case TopStreak, MedianStreak, RiseStreak, FallStreak:
		longest := f.Kind != TopStreak && f.P2 == 1
		return int(f.P1) > m.Running && f.P1%5 != 0 && !longest
	}
	return false
}

// scale makes a large peer set weigh more than a small one.
func scale(members int) float64 {
	if members < 2 {
		return 0.8
	}
	return 0.6 + math.Log2(float64(members))/10
}

// novelty halves with each period of age.
func novelty(period, latest int) float32 { return float32(math.Exp2(float64(period - latest))) }

// latest gives the last period an indicator has a value in.
func (m *miner) latest(indicator int) int { return latest(m.panel.Slabs[indicator]) }

func latest(x *panel.Slab) int {
	for t := x.T - 1; t > 0; t-- {
		for _, w := range x.Have.Column(t) {
			if w != 0 {
				return t
			}
		}
	}
	return 0
}

// best copies the facts to keep out of the buffer and gives the least score of
// them where some were left out.
func (m *miner) best(score func(*Fact) float32) (kept []Fact, bound float32) {
	if m.Most == 0 || len(m.raw) <= m.Most {
		return slices.Clone(m.raw), 0
	}
	m.scores = m.scores[:0]
	for i := range m.raw {
		m.scores = append(m.scores, score(&m.raw[i]))
	}
	// The bound by score, found without ordering the rest.
	m.spare = append(m.spare[:0], m.scores...)
	bound = nth(m.spare, m.Most)
	kept = make([]Fact, 0, m.Most)
	var equal []Fact
	for i, s := range m.scores {
		switch {
		case s > bound:
			kept = append(kept, m.raw[i])
		case s == bound:
			equal = append(equal, m.raw[i])
		}
	}
	slices.SortFunc(equal, better)
	return append(kept, equal[:m.Most-len(kept)]...), bound
}

// nth gives the n-th largest, and puts the smaller ones behind it.
func nth[F float32 | float64](x []F, n int) F {
	lo, hi := 0, len(x)-1
	for lo < hi {
		pivot := x[(lo+hi)/2]
		i, j := lo, hi
		for i <= j {
			for x[i] > pivot {
				i++
			}
			for x[j] < pivot {
				j--
			}
			if i <= j {
				x[i], x[j] = x[j], x[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case n-1 <= j:
			hi = j
		case n-1 >= i:
			lo = i
		default:
			return x[n-1]
		}
	}
	return x[n-1]
}

// qualify sets what the sentence must not leave out.
func (m *miner) qualify(f *Fact, form Form) {
	x := m.panel.Slabs[f.Indicator]
	if f.Subject < 0 {
		return
	}
	s, t := int(f.Subject), int(f.Period)
	if f.Peers >= 0 && form == Level {
		for _, r := range m.panel.Peers[f.Peers].Members {
			if v, ok := x.At(r, t); ok && r != s && v == f.Value && f.Kind <= WorstRank {
				f.Flags |= Tied
			}
		}
	}
	for _, c := range []int{t, int(f.Since)} {
		if c >= 0 && (x.Provisional.Has(s, c) || f.Rival >= 0 && x.Provisional.Has(int(f.Rival), c)) {
			f.Flags |= Provisional
		}
	}
	if from := lookback(*f); f.Peers >= 0 && x.Class != nil {
		for c := from; c < t; c++ {
			if x.ClassOf(s, c).Definition != x.ClassOf(s, t).Definition {
				f.Flags |= DefinitionMove
			}
		}
	}
}

// lookback gives the first period a fact speaks of.
func lookback(f Fact) int {
	switch {
	case f.Kind == Rank || f.Kind == Skyline:
		return int(f.Period)
	case f.Since >= 0:
		return int(f.Since)
	case f.Kind == Overtake || f.Kind == Overtaken || f.Kind >= FirstTopOnRecord && f.Kind <= LowestOnRecord:
		return int(f.First)
	}
	return int(f.Period)
}

// fold leaves out what another fact of the same subject, indicator and period
// implies: a smaller k with the same span, a first place that makes a best rank,
// the rank that a change ends in, a record of the level when its streak is told.
func (r *Result) fold(p *panel.Panel) {
	type about struct {
		subject, indicator, period int32
		form                       Form
	}
	groups := map[about][]int{}
	for i, f := range r.Facts {
		if f.Subject >= 0 {
			k := about{f.Subject, f.Indicator, f.Period, f.Form}
			groups[k] = append(groups[k], i)
		}
	}
	drop := make([]bool, len(r.Facts))
	for _, g := range groups {
		for _, i := range g {
			for _, j := range g {
				if i != j && !drop[j] && implies(p, r.Facts[j], r.Facts[i]) {
					drop[i] = true
				}
			}
		}
	}
	kept := r.Facts[:0]
	for i, f := range r.Facts {
		if drop[i] {
			r.Folded++
		} else {
			kept = append(kept, f)
		}
	}
	r.Facts = kept
}

// implies reports whether the first fact makes the second not worth a line.
func implies(p *panel.Panel, a, b Fact) bool {
	top := func(k Kind) bool { return k == FirstTopOnRecord || k == FirstTopSince }
	if a.Peers != b.Peers && (a.Kind == Overtake || a.Kind == Overtaken) && a.Kind == b.Kind && a.Rival == b.Rival {
		// Who passed whom is one thing, told of the largest set that saw it.
		return a.Peers >= 0 && b.Peers >= 0 && cmp.Or(cmp.Compare(a.Observed, b.Observed), cmp.Compare(b.Peers, a.Peers)) > 0
	}
	if a.Peers != b.Peers {
		// First of a larger set is first of a smaller one that lies within it.
		return a.Peers >= 0 && b.Peers >= 0 && a.Kind == b.Kind && a.Since == b.Since && a.P1 == 1 && b.P1 == 1 && (a.Kind == Rank || top(a.Kind) && a.P2 == b.P2) &&
			cmp.Compare(a.Members, b.Members) > 0 && within(p.Peers[b.Peers].Members, p.Peers[a.Peers].Members)
	}
	switch {
	case top(a.Kind) && top(b.Kind):
		return a.P2 < b.P2 && a.Since == b.Since
	case top(a.Kind) && b.Kind == BestRank:
		return a.Since == b.Since || b.Since < 0 && a.Kind == FirstTopOnRecord
	case b.Kind == Rank:
		return a.Kind == RankChange || top(a.Kind) || a.Kind == BestRank || a.Kind == WorstRank || a.Kind == TopStreak
	case b.Kind == Record:
		return a.Kind == RiseStreak && a.P2 == 1 || a.Kind == RiseStreak && a.Since == b.First
	case a.Kind == TopStreak && b.Kind == MedianStreak:
		return 2*a.P2 <= int32(a.Members) && a.P1 >= b.P1
	case a.Kind == TopStreak && b.Kind == TopStreak:
		return a.P2 < b.P2 && a.P1 >= b.P1
	}
	return false
}

// within reports whether every member of the one is of the other; both ascend.
func within(small, large []int) bool {
	for _, s := range small {
		if _, ok := slices.BinarySearch(large, s); !ok {
			return false
		}
	}
	return true
}
