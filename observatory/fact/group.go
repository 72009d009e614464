package fact

import "math"

// longestWait is how far ahead "at this pace" still means something.
const longestWait = 50

// leading is the last place that is measured against the leader.
const leading = 10

// gaps finds how the distances of neighbours in rank, and of the first places to
// the leader, have moved.
func (m *miner) gaps(st *standing, cols []int, base Fact) {
	f := &m.field
	fact := base
	for i, t := range cols {
		if t < m.From {
			continue
		}
		for k := range st.sets {
			order := st.ordered(k, t)
			fact.Peers, fact.Period, fact.Observed, fact.Members = int32(st.sets[k]), int32(t), uint16(len(order)), uint16(st.at[k+1]-st.at[k])
			if !covered(&fact) {
				continue // who is next is not known
			}
			held := func(s int) int { return st.held[s*f.t+t] } // peers above it
			up := -1                                            // the last of those strictly better
			for place := 1; place < len(order); place++ {
				s, before := int(order[place]), int(order[place-1])
				if f.key[s*f.t+t] < f.key[before*f.t+t] {
					up = place - 1
				}
				if up < 0 {
					continue
				}
				above := int(order[up])
				none, next := true, true // held peers above it, and between the two
				if len(st.held) > 0 {
					none, next = held(above) == 0, held(s) == held(above)
				}
				wanted, towards := m.wants(s), kinds
				switch {
				case !wanted:
				case up == 0 && none:
					towards = GapLeader
				case next:
					towards = GapNext
				}
				if chaser := next && up == place-1 && m.wants(above); towards != kinds || chaser {
					m.gap(&fact, s, above, i, cols, towards, chaser)
				}
				if wanted && up > 0 && place < leading && (len(st.held) == 0 || held(int(order[0])) == 0) {
					m.gap(&fact, s, int(order[0]), i, cols, GapLeader, false)
				}
			}
		}
	}
}

// likeness gives how much of the larger the smaller of two values is, by their
// keys of which the first is less; NaN when they are not both positive.
func likeness(below, above, sign float64) float64 {
	switch {
	case sign > 0 && below > 0:
		return below / above
	case sign < 0 && above < 0:
		return above / below
	}
	return math.NaN()
}

// gap emits the gap between two subjects when it has narrowed or widened for
// some time, the one below having been below all the while: for it towards the one
// above (none when towards is kinds), and the other way. It counts back from now
// over the periods that are of now's class for both. Hardly any gap has moved one
// way for the least time asked for, so that time is looked at as a whole first.
func (m *miner) gap(fact *Fact, s, above, i int, cols []int, towards Kind, chaser bool) {
	f, at := &m.field, int(fact.Period)
	low, high := f.key[s*f.t:(s+1)*f.t], f.key[above*f.t:(above+1)*f.t]
	if i < m.Running {
		return
	}
	least := cols[i-m.Running : i]
	below := 0
	for _, c := range least {
		if low[c] < high[c] {
			below++
		}
	}
	if below < len(least) {
		return // it was the other's gap then
	}
	now := likeness(low[at], high[at], f.sign)
	last, narrower, wider := now, 0, 0
	for j := len(least) - 1; j >= 0; j-- {
		q := likeness(low[least[j]], high[least[j]], f.sign)
		if q < last {
			narrower++
		}
		if q > last {
			wider++
		}
		last = q
	}
	if narrower < len(least) && wider < len(least) {
		return
	}
	alike := func(c int) bool { // measured as now
		return f.class == nil || f.class[s*f.t+c] == f.class[s*f.t+at] && f.class[above*f.t+c] == f.class[above*f.t+at]
	}
	for _, c := range least {
		if !alike(c) {
			return
		}
	}
	n := len(least)
	for j := i - n - 1; j >= 0; j-- {
		c := cols[j]
		q := likeness(low[c], high[c], f.sign)
		if !(low[c] < high[c]) || !alike(c) || narrower > 0 && !(q < last) || wider > 0 && !(q > last) {
			break
		}
		n, last = n+1, q
	}
	before := likeness(low[cols[i-1]], high[cols[i-1]], f.sign)
	fact.Since = int32(cols[i-n])
	if wider > 0 {
		n = -n
	}
	fact.P1, fact.P2, fact.Aux = int32(n), 0, 100*(1-now)
	if wait := (1 - now) / (now - before); n > 0 && wait <= longestWait {
		fact.P2 = int32(wait) + 1
	}
	if towards != kinds {
		fact.Kind = towards
		fact.Subject, fact.Rival, fact.Value, fact.Ref = int32(s), int32(above), f.sign*low[at], f.sign*high[at]
		m.emit(fact)
	}
	if chaser {
		fact.Kind, fact.Subject, fact.Rival, fact.Value, fact.Ref = GapChaser, int32(above), int32(s), f.sign*high[at], f.sign*low[at]
		m.emit(fact)
	}
}

// leastSpread is how many peers a statement of the whole set needs.
const leastSpread = 5

// sets finds what is true of the peer sets themselves: whether they draw
// together, and who contributed most to their growth.
func (m *miner) sets(st *standing, cols []int, base Fact, additive bool) {
	f := &m.field
	for k, set := range st.sets {
		var together, apart run
		fact := base
		fact.Peers, fact.Members = int32(set), uint16(st.at[k+1]-st.at[k])
		for i := 1; i < len(cols); i++ {
			was, t := cols[i-1], cols[i]
			fact.Period, fact.Observed = int32(t), st.count[k*f.t+t]
			before, now, n := m.spread(st, k, was, t)
			whole := n >= leastSpread
			keep(&together, whole && now < before, whole, int32(was))
			keep(&apart, whole && now > before, whole, int32(was))
			if t < m.From {
				continue
			}
			one := fact
			one.Value, one.Ref = 100*now, 100*before
			if together.n >= m.Running {
				one.Kind, one.P1, one.Since = Converge, int32(together.n), together.from
				m.emit(&one)
			}
			if apart.n >= m.Running {
				one.Kind, one.P1, one.Since = Diverge, int32(apart.n), apart.from
				m.emit(&one)
			}
			if additive {
				m.contribution(st, k, was, fact)
			}
		}
	}
}

// spread gives the coefficient of variation of a set in two periods, over the
// members observed and positive in both, and how many they are.
func (m *miner) spread(st *standing, k, was, t int) (before, now float64, n int) {
	f := &m.field
	var sum, square [2]float64
	for _, s := range st.ordered(k, t) {
		a, b := f.sign*f.key[int(s)*f.t+was], f.sign*f.key[int(s)*f.t+t]
		if !(a > 0 && b > 0) || f.class != nil && f.class[int(s)*f.t+was] != f.class[int(s)*f.t+t] {
			continue
		}
		n++
		sum[0], sum[1], square[0], square[1] = sum[0]+a, sum[1]+b, square[0]+a*a, square[1]+b*b
	}
	if n == 0 {
		return 0, 0, 0
	}
	return deviation(sum[0], square[0], n), deviation(sum[1], square[1], n), n
}

func deviation(sum, square float64, n int) float64 {
	mean := sum / float64(n)
	return math.Sqrt(max(0, square/float64(n)-mean*mean)) / mean
}

// contribution emits who contributed most to a set's growth. Every member must
// be observed in both periods: a part of what was published is no part.
func (m *miner) contribution(st *standing, k, was int, fact Fact) {
	f := &m.field
	t := int(fact.Period)
	order := st.ordered(k, t)
	if len(order) != int(fact.Members) || int(st.count[k*f.t+was]) != int(fact.Members) || len(order) < 3 {
		return
	}
	var total, most float64
	who := int32(None)
	for _, s := range order {
		cell := int(s) * f.t
		if f.class != nil && f.class[cell+was] != f.class[cell+t] {
			return
		}
		d := f.sign * (f.key[cell+t] - f.key[cell+was])
		if total += d; d > most {
			most, who = d, s
		}
	}
	if who == None || total <= 0 || !m.wants(int(who)) {
		return
	}
	fact.Kind, fact.Subject, fact.Value, fact.Ref, fact.Aux, fact.Since = Contribution, who, most, 100*most/total, total, int32(was)
	fact.Flags |= Complete
	m.emit(&fact)
}

// shares mines the subjects' shares of their sets' totals against their own
// past. A period in which a member is missing has no total.
func (m *miner) shares(st *standing, cols []int, base Fact) {
	whole := m.field
	share := &m.share
	share.n, share.t, share.sign, share.class, share.defs, share.bounds = whole.n, whole.t, 1, whole.class, whole.defs, whole.bounds
	if len(share.key) != len(whole.key) {
		share.key = make([]float64, len(whole.key))
	}
	for i := range share.key {
		share.key[i] = math.NaN()
	}
	for k := range st.sets {
		members := st.at[k+1] - st.at[k]
		for _, t := range cols {
			order := st.ordered(k, t)
			if len(order) != members || members < 2 {
				continue
			}
			var total float64
			for _, s := range order {
				total += whole.sign * whole.key[int(s)*whole.t+t]
			}
			for _, s := range order {
				if total > 0 {
					share.key[int(s)*whole.t+t] = 100 * whole.sign * whole.key[int(s)*whole.t+t] / total
				}
			}
		}
	}
	m.field = *share
	for s, k := range st.of {
		if k != None && m.wants(s) {
			fact := base
			fact.Form, fact.Subject, fact.Peers, fact.Members = Share, int32(s), int32(st.sets[k]), uint16(st.at[k+1]-st.at[k])
			fact.Observed, fact.Flags = fact.Members, Complete
			m.history(s, cols, fact)
		}
	}
	m.field = whole
}
