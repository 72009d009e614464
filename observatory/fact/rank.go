package fact

import (
	"cmp"
	"math"
	"slices"

	"touyan.dev/touyan/observatory/panel"
)

// partition is a family of peer sets of which no two share a member, so that one
// pass over a sorted period serves them all.
type partition struct {
	sets []int   // indices of the panel's peer sets
	of   []int32 // subject → position in sets, or None
	at   []int   // where the set's order begins; the last entry is the end
}

// partitions divides the peer sets, each into the first family it fits.
func partitions(p *panel.Panel) []partition {
	var out []partition
next:
	for i, set := range p.Peers {
		for g := range out {
			if !slices.ContainsFunc(set.Members, func(s int) bool { return out[g].of[s] != None }) {
				out[g].add(i, set)
				continue next
			}
		}
		g := partition{of: make([]int32, len(p.Subjects)), at: []int{0}}
		for s := range g.of {
			g.of[s] = None
		}
		g.add(i, set)
		out = append(out, g)
	}
	return out
}

func (g *partition) add(i int, set panel.PeerSet) {
	for _, s := range set.Members {
		g.of[s] = int32(len(g.sets))
	}
	g.sets = append(g.sets, i)
	g.at = append(g.at, g.at[len(g.at)-1]+len(set.Members))
}

// standing is a partition's ranks in one slab. Arrays of cells are subject by
// subject, s·T + t; arrays of sets are set by set, k·T + t.
type standing struct {
	*partition
	rank   []uint16    // 1 + peers strictly better; 0: not ranked
	place  []uint16    // position in the order, ties apart
	count  []uint16    // peers observed; 0 when the set is not compared in the period
	order  []int32     // t·members + at[k] + place: subjects from the best down
	median []float64   // of the keys
	held   map[int]int // cell → held peers that are counted as above it
}

func newStanding(g *partition, n, t int) *standing {
	m := g.at[len(g.at)-1]
	return &standing{
		partition: g, rank: make([]uint16, n*t), place: make([]uint16, n*t), count: make([]uint16, len(g.sets)*t),
		order: make([]int32, m*t), median: make([]float64, len(g.sets)*t),
	}
}

// entry is one observed subject of a period; key is larger the better it is.
type entry struct {
	key float64
	s   int32
}

// field is a slab laid out subject by subject: cell (s, t) at s·T + t, NaN where
// there is no value.
type field struct {
	n, t   int
	sign   float64   // −1 when smaller is better: keys are sign·value
	key    []float64 // sign·value
	class  []uint16  // nil: one class
	defs   []uint16  // class id → id of its definition
	bounds []uint16  // class id → id of its boundary
	sorted [][]entry // by period
	held   panel.Bits
	step   int // between compared periods
}

// lay fills a field from a slab.
func (f *field) lay(x *panel.Slab, sign float64) {
	f.n, f.t, f.sign, f.held = x.N, x.T, sign, x.Held
	if len(f.key) != x.N*x.T {
		f.key = make([]float64, x.N*x.T)
		f.sorted = make([][]entry, x.T)
	}
	f.class, f.defs, f.bounds = nil, nil, nil
	if x.Class != nil {
		f.class = make([]uint16, x.N*x.T)
		f.defs = numbered(x.Classes, func(c panel.Class) string { return c.Definition })
		f.bounds = numbered(x.Classes, func(c panel.Class) string { return c.Boundary })
	}
	nan := math.NaN()
	var before []entry // of the period before
	for t := range x.T {
		row := f.sorted[t][:0]
		column, values := x.Have.Column(t), x.Values[t*x.N:(t+1)*x.N]
		for _, e := range before {
			if x.Have.Has(int(e.s), t) {
				row = append(row, entry{sign * values[e.s], e.s})
			}
		}
		for s, v := range values {
			cell := s*x.T + t
			if column[s>>6]&(1<<(s&63)) == 0 {
				f.key[cell] = nan
				continue
			}
			f.key[cell] = sign * v
			if t == 0 || !x.Have.Has(s, t-1) {
				row = append(row, entry{sign * v, int32(s)})
			}
			if f.class != nil {
				f.class[cell] = x.Class[t*x.N+s]
			}
		}
		settle(row)
		f.sorted[t], before = row, row
	}
}

// settle puts a period's entries in order, the best first, equal ones by
// subject. They come in the order of the period before, and few move far: they
// are inserted one by one, and sorted anew when that turns out to be more work.
func settle(row []entry) {
	left := 16 * len(row)
	for i := 1; i < len(row) && left >= 0; i++ {
		e, j := row[i], i
		for ; j > 0 && (row[j-1].key < e.key || row[j-1].key == e.key && row[j-1].s > e.s); j-- {
			row[j] = row[j-1]
		}
		row[j] = e
		left -= i - j
	}
	if left >= 0 {
		return
	}
	slices.SortFunc(row, func(a, b entry) int {
		switch {
		case a.key > b.key:
			return -1
		case a.key < b.key:
			return 1
		}
		return cmp.Compare(a.s, b.s)
	})
}

// numbered gives each class the number of one of its two versions.
func numbered(classes []panel.Class, version func(panel.Class) string) []uint16 {
	seen := map[string]uint16{}
	out := make([]uint16, len(classes))
	for i, c := range classes {
		d, ok := seen[version(c)]
		if !ok {
			d = uint16(len(seen))
			seen[version(c)] = d
		}
		out[i] = d
	}
	return out
}

// def gives the definition by which a cell was counted.
func (f *field) def(s, t int) uint16 {
	if f.class == nil {
		return 0
	}
	return f.defs[f.class[s*f.t+t]]
}

// broken reports whether a subject's own series breaks between two periods, so
// that not even its ranks are compared.
func (f *field) broken(s, a, b int) bool {
	return f.class != nil && f.bounds[f.class[s*f.t+a]] != f.bounds[f.class[s*f.t+b]]
}

// running is the state of a peer set while a period's order is read.
type running struct {
	last   float64
	n      uint16
	rank   uint16
	def    uint16
	broken bool // its members are not counted by one definition
}

// rankAll ranks every period. A set whose members are counted by different
// definitions in a period is not ranked in it.
func (st *standing) rankAll(p *panel.Panel, f *field, state []running) {
	clear(st.rank)
	clear(st.held)
	members := st.at[len(st.at)-1]
	for t := range f.t {
		state = state[:len(st.sets)]
		clear(state)
		for _, e := range f.sorted[t] {
			k := st.of[e.s]
			if k == None {
				continue
			}
			c := &state[k]
			if f.class != nil {
				if d := f.def(int(e.s), t); c.n == 0 {
					c.def = d
				} else if d != c.def {
					c.broken = true
				}
			}
			cell := int(e.s)*f.t + t
			st.place[cell] = c.n
			st.order[t*members+st.at[k]+int(c.n)] = e.s
			c.n++
			if c.n == 1 || e.key != c.last {
				c.rank, c.last = c.n, e.key
			}
			st.rank[cell] = c.rank
		}
		for k, i := range st.sets {
			c := &state[k]
			st.count[k*f.t+t] = c.n
			if c.n == 0 {
				continue
			}
			order := st.ordered(k, t)
			if c.broken || !p.Peers[i].Holds(t) {
				for _, s := range order {
					st.rank[int(s)*f.t+t] = 0
				}
				st.count[k*f.t+t] = 0
				continue
			}
			lo, hi := order[(c.n-1)/2], order[c.n/2]
			st.median[k*f.t+t] = (f.key[int(lo)*f.t+t] + f.key[int(hi)*f.t+t]) / 2
			st.doubt(p.Peers[i].Members, order, f, t)
		}
	}
}

// doubt counts a held peer as still above those that it stood above when it was
// last compared: left out, it would make them seem to have moved up.
func (st *standing) doubt(members []int, order []int32, f *field, t int) {
	for _, h := range members {
		if !f.held.Has(h, t) {
			continue
		}
		was := t - f.step
		for was >= 0 && f.key[h*f.t+was] != f.key[h*f.t+was] {
			was -= f.step
		}
		for _, s := range order {
			if was >= 0 && f.key[h*f.t+was] > f.key[int(s)*f.t+was] {
				if st.held == nil {
					st.held = map[int]int{}
				}
				st.held[int(s)*f.t+t]++
				st.rank[int(s)*f.t+t]++
			}
		}
	}
}

// ordered gives a set's observed members of a period from the best down.
func (st *standing) ordered(k, t int) []int32 {
	from := t*st.at[len(st.at)-1] + st.at[k]
	periods := len(st.count) / len(st.sets)
	return st.order[from : from+int(st.count[k*periods+t])]
}
