package fact

import "math"

// topMost bounds the k of Options.TopK.
const topMost = 8

// place finds what a subject's ranks in one peer set say: changes, first top-k,
// best and worst since, streaks at the top and above the median.
func (m *miner) place(st *standing, s int, cols []int, base Fact) {
	o, f := &m.Options, &m.field
	k := int(st.of[s])
	ranks, keys, count, median := st.rank[s*f.t:(s+1)*f.t], f.key[s*f.t:(s+1)*f.t], st.count[k*f.t:(k+1)*f.t], st.median[k*f.t:(k+1)*f.t]
	var lastTop [topMost]int32
	for i := range o.TopK {
		lastTop[i] = None
	}
	first, prev := -1, -1
	held := places{ks: tellable(o.TopK, int(base.Members))}
	fact := base
	for i, t := range cols {
		r := int32(ranks[t])
		if r == 0 {
			continue
		}
		if prev >= 0 && f.broken(s, cols[prev], t) {
			first = -1
			held.forget()
			for i := range o.TopK {
				lastTop[i] = None
			}
		}
		fact.Period, fact.Value = int32(t), f.sign*keys[t]
		fact.Observed = count[t]
		fact.First, fact.P1 = base.First, r
		wanted := t >= o.From && (o.Mechanical || covered(&fact))
		if wanted && !o.Mechanical {
			if !m.merelyCounts(Rank, fact.Period, height(r)) {
				fact.Kind, fact.First = Rank, int32(max(first, 0))
				m.emit(&fact)
			}
		}
		if first >= 0 {
			fact.First = int32(first)
			if wanted && prev == i-1 {
				m.moved(&fact, int32(ranks[cols[prev]]), cols[prev])
			}
			m.firstTop(st, k, &fact, &lastTop, i, cols, wanted)
			if !o.Mechanical {
				held.keep(r, keys[t] > median[t], prev == i-1, int32(t))
				if wanted {
					m.bestSince(ranks, &fact, i, cols)
					m.stay(&held, &fact)
				}
			}
		} else {
			first = t
		}
		for j := len(o.TopK) - 1; j >= 0 && int(r) <= o.TopK[j]; j-- {
			lastTop[j] = int32(t)
		}
		prev = i
	}
}

// covered reports whether enough peers are published for a rank to mean much.
func covered(f *Fact) bool { return 2*f.Observed >= f.Members }

// moved emits a change of rank.
func (m *miner) moved(fact *Fact, old int32, from int) {
	rank, since := fact.P1, fact.Since
	if old == rank || m.merelyCounts(RankChange, fact.Period, climb(old, rank)) {
		return
	}
	fact.Kind, fact.P1, fact.P2, fact.Since = RankChange, old, rank, int32(from)
	m.emit(fact)
	fact.P1, fact.P2, fact.Since = rank, 0, since
}

// firstTop emits first top-k, since and on record.
func (m *miner) firstTop(st *standing, k int, fact *Fact, last *[topMost]int32, i int, cols []int, wanted bool) {
	if !wanted {
		return
	}
	for j, top := range m.TopK {
		if int(fact.P1) > top || !m.Mechanical && 2*top > int(fact.Observed) && top > 1 {
			continue
		}
		kind, since := FirstTopSince, last[j]
		if since < 0 {
			kind, since = FirstTopOnRecord, fact.First
		}
		if i-m.index(since, cols) < m.Gap {
			continue
		}
		one := *fact
		one.Kind, one.Since = kind, since
		one.P2 = int32(top)
		if m.complete(st, k, int(one.Since), int(fact.Period), cols) {
			one.Flags |= Complete
		}
		m.emit(&one)
	}
}

// complete reports whether every member of a set is observed in every compared
// period of a span.
func (m *miner) complete(st *standing, k, from, to int, cols []int) bool {
	all := uint16(st.at[k+1] - st.at[k])
	for _, t := range cols {
		if t >= from && t <= to && st.count[k*m.field.t+t] != all {
			return false
		}
	}
	return true
}

// bestSince emits the best and the worst rank since. Most ranks were reached on
// both sides within the gap; only for the others is the last time looked up.
func (m *miner) bestSince(ranks []uint16, fact *Fact, i int, cols []int) {
	first, r, near := m.index(fact.First, cols), uint16(fact.P1), i-m.Gap+1
	if near <= first || fact.Observed < 3 {
		return
	}
	high, low := uint16(math.MaxUint16), uint16(0)
	for _, t := range cols[near:i] {
		high, low = min(high, ranks[t]-1), max(low, ranks[t]) // not ranked: 0 − 1 is the largest there is
	}
	best, worst := high >= r, low < r
	if !best && !worst {
		return
	}
	since := fact.Since
	last := func(reached func(rank uint16) bool) int32 {
		for j := near - 1; j >= first; j-- {
			if reached(ranks[cols[j]]) {
				return int32(cols[j])
			}
		}
		return None
	}
	if best {
		fact.Kind, fact.Since = BestRank, last(func(rank uint16) bool { return rank-1 < r })
		m.emit(fact)
	}
	if worst {
		fact.Kind, fact.Since = WorstRank, last(func(rank uint16) bool { return rank >= r })
		m.emit(fact)
	}
	fact.Since = since
}

// places is how long a subject has kept a place among the first of its peers,
// and above their median.
type places struct {
	ks    []int // ascending
	top   [topMost]run
	above run
}

// tellable gives the k of first top-k that are told of a set: one of more than half
// of it says nothing.
func tellable(ks []int, members int) []int {
	for len(ks) > 0 && 2*ks[len(ks)-1] > members {
		ks = ks[:len(ks)-1]
	}
	return ks
}

func (p *places) forget() { p.top, p.above = [topMost]run{}, run{} }

// keep carries the runs on with a rank.
func (p *places) keep(rank int32, above, whole bool, t int32) {
	keep(&p.above, above, whole, t)
	if last := len(p.ks) - 1; last >= 0 && (int(rank) <= p.ks[last] || p.top[last].n > 0) {
		for j, k := range p.ks {
			keep(&p.top[j], int(rank) <= k, whole, t)
		}
	}
}

// stay emits how long a subject has kept a place at the top, and above the
// median of its peers.
func (m *miner) stay(held *places, fact *Fact) {
	rank, since := fact.P1, fact.Since
	for j, k := range held.ks {
		// A place among the first five is said by its smallest k only.
		if n := held.top[j].n; n >= m.Running && 2*k <= int(fact.Observed) && (j == 0 || n > held.top[j-1].n) {
			fact.Kind, fact.P1, fact.P2, fact.Since = TopStreak, int32(n), int32(k), held.top[j].from
			m.emit(fact)
		}
	}
	if held.above.n >= m.Running && fact.Observed >= 3 {
		fact.Kind, fact.P1, fact.P2, fact.Since = MedianStreak, int32(held.above.n), 0, held.above.from
		m.emit(fact)
	}
	fact.P1, fact.P2, fact.Since = rank, 0, since
}

// keep carries a run on; a missing period ends it.
func keep(r *run, holds, whole bool, t int32) {
	if !holds {
		r.n = 0
		return
	}
	if r.n == 0 || !whole {
		r.n, r.from = 0, t
	}
	r.n++
}

// overtakes emits who passed whom between two periods in each peer set: of all
// pairs, or of those who are or were neighbours in rank.
func (m *miner) overtakes(st *standing, cols []int, base Fact) {
	f := &m.field
	for i := 1; i < len(cols); i++ {
		was, t := cols[i-1], cols[i]
		if t < m.From {
			continue
		}
		for k := range st.sets {
			n, before := st.ordered(k, t), st.ordered(k, was)
			fact := base
			fact.Peers, fact.Period, fact.Observed, fact.Members = int32(st.sets[k]), int32(t), uint16(len(n)), uint16(st.at[k+1]-st.at[k])
			keys := m.keys[:0] // before, in the order of now
			for _, s := range n {
				keys = append(keys, f.key[int(s)*f.t+was])
			}
			m.keys = keys
			if m.AllPairs {
				for a, key := range keys {
					for b := a + 1; b < len(keys); b++ {
						if key < keys[b] {
							m.passed(st, n[a], n[b], was, i, cols, &fact)
						}
					}
				}
				continue
			}
			for a := 1; a < len(keys); a++ {
				if keys[a-1] < keys[a] {
					m.passed(st, n[a-1], n[a], was, i, cols, &fact)
				}
			}
			// Neighbours before: the one below is now above, and not next to it.
			down, placed := int32(None), 0
			for _, up := range before {
				cell := int(up)*f.t + t
				if st.rank[cell] == 0 {
					down = None
					continue
				}
				place := int(st.place[cell])
				if down != None && place+1 < placed {
					m.passed(st, up, down, was, i, cols, &fact)
				}
				down, placed = up, place
			}
		}
	}
}

// passed emits an overtaking if the first is ahead now and was behind before.
func (m *miner) passed(st *standing, up, down int32, was, i int, cols []int, fact *Fact) {
	f := &m.field
	u, d := f.key[int(up)*f.t:int(up)*f.t+f.t], f.key[int(down)*f.t:int(down)*f.t+f.t]
	t := int(fact.Period)
	if !(u[was] < d[was] && u[t] > d[t]) || f.broken(int(up), was, t) || f.broken(int(down), was, t) {
		return
	}
	above, below := int32(st.rank[int(up)*f.t+t]), int32(st.rank[int(down)*f.t+t])
	won := m.wants(int(up)) && !m.merelyCounts(Overtake, fact.Period, prominence(above))
	lost := m.watched != nil && m.wants(int(down)) && !m.merelyCounts(Overtaken, fact.Period, prominence(below))
	if !won && !lost {
		return
	}
	fact.Since, fact.First = None, int32(was)
	for j := i - 2; j >= 0; j-- {
		c := cols[j]
		if f.broken(int(up), c, t) || f.broken(int(down), c, t) {
			break
		}
		if u[c] == u[c] && d[c] == d[c] {
			fact.First = int32(c)
			if u[c] > d[c] {
				fact.Since = int32(c)
				break
			}
		}
	}
	if won {
		fact.Kind, fact.Subject, fact.Rival, fact.Value, fact.Ref, fact.P1 = Overtake, up, down, f.sign*u[t], f.sign*d[t], above
		m.emit(fact)
	}
	if lost {
		fact.Kind, fact.Subject, fact.Rival, fact.Value, fact.Ref, fact.P1 = Overtaken, down, up, f.sign*d[t], f.sign*u[t], below
		m.emit(fact)
	}
}
