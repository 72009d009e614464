package fact

import "math"

// narrowing is how many periods in a row a gap must narrow or widen.
const narrowing = 3

// longestWait is how far ahead "at this pace" still means something.
const longestWait = 50

// gaps finds, for a subject of a peer set, how its distance to the leader, to
// the next above and to the next below has moved.
func (m *miner) gaps(st *standing, s int, cols []int, base Fact) {
	f := &m.field
	k := int(st.of[s])
	for i, t := range cols {
		if t < m.From || st.rank[s*f.t+t] == 0 {
			continue
		}
		order, place := st.ordered(k, t), int(st.place[s*f.t+t])
		key := f.key[s*f.t+t]
		fact := base
		fact.Period, fact.Value, fact.Observed = int32(t), f.sign*key, uint16(len(order))
		up := place - 1
		for up >= 0 && f.key[int(order[up])*f.t+t] == key {
			up--
		}
		if up >= 0 {
			fact.Kind = GapNext
			m.gap(fact, s, int(order[up]), i, cols)
		}
		if up > 0 { // the leader is not the next above
			fact.Kind = GapLeader
			m.gap(fact, s, int(order[0]), i, cols)
		}
		if place+1 < len(order) && f.key[int(order[place+1])*f.t+t] < key {
			fact.Kind = GapChaser
			m.gap(fact, s, int(order[place+1]), i, cols)
		}
	}
}

// gap emits the gap to one rival when it has narrowed or widened for some time.
func (m *miner) gap(fact Fact, s, rival, i int, cols []int) {
	f := &m.field
	own, other := s*f.t, rival*f.t
	at := int(fact.Period)
	distance := func(i int) (float64, bool) {
		t := cols[i]
		a, b := f.sign*f.key[own+t], f.sign*f.key[other+t]
		if !(a > 0 && b > 0) || f.class != nil && (f.class[own+t] != f.class[own+at] || f.class[other+t] != f.class[other+at]) {
			return 0, false
		}
		d := (b - a) / max(a, b) // of the larger of the two
		if d < 0 {
			d = -d
		}
		return d, true
	}
	now, ok := distance(i)
	if !ok || now == 0 {
		return
	}
	n, last := 0, now
	var step float64
	for j := i - 1; j >= 0; j-- {
		d, ok := distance(j)
		if !ok || d == last || n > 0 && d < last || n < 0 && d > last {
			break
		}
		if j == i-1 {
			step = d - now
		}
		if d > last {
			n++
		} else {
			n--
		}
		last = d
	}
	if n < narrowing && n > -narrowing {
		return
	}
	fact.P1, fact.Rival, fact.Ref, fact.Aux = int32(n), int32(rival), f.sign*f.key[other+at], 100*now
	fact.Since = int32(cols[i-max(n, -n)])
	if n > 0 && now/step <= longestWait {
		fact.P2 = int32(now/step) + 1
	}
	m.emit(fact)
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
				m.emit(one)
			}
			if apart.n >= m.Running {
				one.Kind, one.P1, one.Since = Diverge, int32(apart.n), apart.from
				m.emit(one)
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
	m.emit(fact)
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
