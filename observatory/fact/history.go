package fact

// mark is an earlier period of a monotone stack.
type mark struct {
	key float64
	t   int32
}

// stack answers "when was it last at least this": keys that a later and greater
// one hides are dropped, so a whole history costs one pass.
type stack []mark

// last gives the last earlier period with a key ≥ the key, or None, and enters
// the key.
func (s *stack) last(key float64, t int) int32 {
	m := *s
	for len(m) > 0 && m[len(m)-1].key < key {
		m = m[:len(m)-1]
	}
	since := int32(None)
	if len(m) > 0 {
		since = m[len(m)-1].t
	}
	*s = append(m, mark{key, int32(t)})
	return since
}

// history finds what a subject's own past makes of its values: records, highest
// and lowest since, streaks. Periods of cols are compared in their order; peers
// is set when the values are shares of a peer set.
func (m *miner) history(s int, cols []int, base Fact) {
	o, f := &m.Options, &m.field
	up, down := m.up[:0], m.down[:0]
	first, class := -1, uint16(0)
	var rise, fall run
	prev := -1 // place in cols of the last observed period
	for i, t := range cols {
		key := f.key[s*f.t+t]
		if key != key {
			continue
		}
		v := f.sign * key
		if f.class != nil && (first < 0 || f.class[s*f.t+t] != class) {
			first, class = -1, f.class[s*f.t+t]
		}
		if first < 0 {
			up, down, first, prev = up[:0], down[:0], t, i
			rise, fall = run{}, run{}
			up, down = append(up, mark{v, int32(t)}), append(down, mark{-v, int32(t)})
			continue
		}
		fact := base
		fact.Period, fact.First, fact.Value = int32(t), int32(first), v
		wanted := t >= o.From
		high, low := up.last(v, t), down.last(-v, t)
		if wanted {
			m.level(&fact, i-m.index(high, cols), i-m.index(low, cols), i-m.index(int32(first), cols), high, low)
		}
		whole := prev == i-1
		before := f.sign * f.key[s*f.t+cols[prev]]
		m.streak(&rise, whole && v > before, whole, wanted, &fact, RiseStreak, cols, prev)
		if !o.Mechanical {
			m.streak(&fall, whole && v < before, whole, wanted, &fact, FallStreak, cols, prev)
		}
		prev = i
	}
	m.up, m.down = up, down
}

// index gives the place of a column among the compared ones.
func (m *miner) index(t int32, cols []int) int {
	if len(cols) == m.field.t || t < 0 {
		return int(t)
	}
	return (int(t) - cols[0]) / (cols[1] - cols[0])
}

// level emits what is highest or lowest since, or on record.
func (m *miner) level(fact *Fact, sinceHigh, sinceLow, onRecord int, high, low int32) {
	gap := m.Gap
	fact.Since = high
	switch {
	case high >= 0 && sinceHigh >= gap:
		fact.Kind = HighestSince
		m.emit(fact)
	case high < 0 && onRecord >= gap && !m.Mechanical:
		fact.Kind = Record
		m.emit(fact)
	}
	fact.Since = low
	switch {
	case low >= 0 && sinceLow >= gap:
		fact.Kind = LowestSince
		m.emit(fact)
	case low < 0 && onRecord >= gap:
		fact.Kind = LowestOnRecord
		m.emit(fact)
	}
}

// run is a streak under way.
type run struct {
	n, longest int
	from       int32 // the period before the first
}

// streak carries a run on or ends it. A missing period resets it in silence.
func (m *miner) streak(r *run, goes, whole, wanted bool, fact *Fact, kind Kind, cols []int, prev int) {
	fact.Kind = kind
	if !goes {
		if r.n >= m.Broken && whole && wanted {
			fact.Kind += RiseBroken - RiseStreak
			fact.P1, fact.Since = int32(r.n), r.from
			m.emit(fact)
		}
		r.longest = max(r.longest, r.n)
		r.n = 0
		return
	}
	if r.n == 0 {
		r.from = int32(cols[prev])
	}
	r.n++
	if r.n >= m.Running && wanted {
		fact.P1, fact.Since, fact.P2 = int32(r.n), r.from, 0
		if r.longest > 0 && r.n > r.longest {
			fact.P2 = 1
		}
		m.emit(fact)
	}
}
