package flow

import (
	"fmt"
	"slices"

	"touyan.dev/touyan/kernel/calendar"
)

// maxEffort bounds the work of one longest path: visits of blocks with the
// returns still left. A procedure of 40 steps with ten returns of two each in
// one loop stays far below; hundreds of interleaved loops do not.
const maxEffort = 200_000

// measure finds the longest path of one definition: the sum of the steps'
// limits when each takes all its time, choices and acts fall in the worst way,
// and returns are taken as often as their bounds allow.
//
// A return inside a joint's branch is counted over the whole matter, so when
// the joint is inside a loop its returns may be spread over several passes,
// and spreading them can be worse than spending them at once. The search is
// therefore over (block, returns left). A joint of which k branches are needed
// takes the k-th smallest of its branches' longest times: whatever a branch
// does, it is over by its longest time, so k of them are over by then.
type measure struct {
	c      *checking
	d      *Def
	backs  map[string]int // key of a bounded return → its place in left
	first  []byte         // the bounds
	memo   map[visit]int
	effort int
	child  func(*Def) (int, bool) // longest path of a sub-matter's kind
	failed bool
}

// visit is a block with the returns that are left when it is entered.
type visit struct {
	n    *node
	left string
}

func newMeasure(c *checking, d *Def, child func(*Def) (int, bool)) *measure {
	m := &measure{c: c, d: d, backs: make(map[string]int), memo: make(map[visit]int), child: child}
	for _, n := range d.order {
		for i := range n.acts {
			if a := &n.block.Step.Acts[i]; a.Back != "" {
				m.backs[n.acts[i].key] = len(m.first)
				m.first = append(m.first, byte(a.AtMost))
			}
		}
	}
	return m
}

// longest gives the length of the longest path.
func (m *measure) longest() int { return m.follow(m.d.main, 0, string(m.first)) }

// follow is the longest time from a place in a sequence to the end of the
// matter, or of the joint's branch it is in.
func (m *measure) follow(q *seq, pos int, left string) int {
	switch {
	case pos < len(q.nodes):
		return m.visit(q.nodes[pos], left)
	case q.owner == nil || q.owner.block.Joint != nil:
		return 0
	default:
		return m.follow(q.owner.seq, q.owner.pos+1, left)
	}
}

func (m *measure) visit(n *node, left string) int {
	key := visit{n, left}
	if t, ok := m.memo[key]; ok || m.failed {
		return t
	}
	if m.effort++; m.effort > maxEffort {
		m.failed = true
		return 0
	}
	best, _ := m.best(n, left)
	m.memo[key] = best
	return best
}

// turn is the worst way to leave a block.
type turn struct {
	act    string
	next   *node // with left; nil: goes on behind n, or ends
	ends   bool
	arm    *seq // of a choice, or the decisive branch of a joint
	inside string
	left   string
	add    int
}

func (m *measure) best(n *node, left string) (int, turn) {
	b := n.block
	most, how := -1, turn{}
	try := func(t int, h turn) {
		if t > most {
			most, how = t, h
		}
	}
	switch {
	case b.Step != nil:
		m.leave(n, left, try)
	case b.Choice != nil:
		for _, arm := range n.arms {
			try(m.follow(arm, 0, left), turn{arm: arm, left: left})
		}
	case b.Joint != nil:
		m.join(n, left, try)
	case b.Each != nil:
		add := m.each(b.Each)
		try(add+m.follow(n.seq, n.pos+1, left), turn{left: left, add: add})
	default:
		try(0, turn{ends: true})
	}
	return most, how
}

func (m *measure) leave(n *node, left string, try func(int, turn)) {
	s := n.block.Step
	add := bound(s.Limit)
	for i := range s.Acts {
		a := &s.Acts[i]
		switch {
		case a.End != "":
			try(add, turn{act: a.ID, ends: true, add: add})
		case a.Back == "":
			try(add+m.follow(n.seq, n.pos+1, left), turn{act: a.ID, left: left, add: add})
		default:
			k := m.backs[n.acts[i].key]
			if left[k] == 0 {
				continue
			}
			rest := []byte(left)
			rest[k]--
			try(add+m.visit(n.acts[i].back, string(rest)), turn{act: a.ID, next: n.acts[i].back, left: string(rest), add: add})
		}
	}
}

// join tries every way to divide the returns inside the joint between this
// pass and later ones; when there cannot be a later pass, all go to this one.
func (m *measure) join(n *node, left string, try func(int, turn)) {
	inner := m.inside(n)
	spend := make([]byte, len(left))
	for _, k := range inner {
		spend[k] = left[k]
	}
	again := m.again(n, left)
	for {
		rest := []byte(left)
		for _, k := range inner {
			rest[k] -= spend[k]
		}
		time, branch := m.decisive(n, string(spend))
		try(time+m.follow(n.seq, n.pos+1, string(rest)), turn{arm: branch, inside: string(spend), left: string(rest)})
		if !again || m.failed || !fewer(spend, inner, left) {
			return
		}
	}
}

// fewer steps to the next way of spending; it reports false after the last.
func fewer(spend []byte, inner []int, left string) bool {
	for _, k := range inner {
		if spend[k] > 0 {
			spend[k]--
			return true
		}
		spend[k] = left[k]
	}
	return false
}

// decisive gives the k-th smallest of the branches' longest times and the
// branch that has it.
func (m *measure) decisive(n *node, spend string) (int, *seq) {
	type branch struct {
		t int
		q *seq
	}
	if m.effort++; m.effort > maxEffort { // a way of spending is work too
		m.failed = true
		return 0, n.arms[0]
	}
	times := make([]branch, 0, len(n.arms))
	for _, q := range n.arms {
		times = append(times, branch{m.follow(q, 0, m.within(q, spend)), q})
	}
	slices.SortStableFunc(times, func(a, b branch) int { return a.t - b.t })
	need := n.block.Joint.Need
	if need == 0 {
		need = len(n.arms)
	}
	return times[need-1].t, times[need-1].q
}

// within keeps of the returns only those inside one branch, so that equal
// work is recognised.
func (m *measure) within(q *seq, spend string) string {
	kept := make([]byte, len(spend))
	var walk func(q *seq)
	walk = func(q *seq) {
		for _, n := range q.nodes {
			for i := range n.acts {
				if k, ok := m.backs[n.acts[i].key]; ok {
					kept[k] = spend[k]
				}
			}
			for _, arm := range n.arms {
				walk(arm)
			}
		}
	}
	walk(q)
	return string(kept)
}

// inside gives the places of the returns within a joint.
func (m *measure) inside(n *node) []int {
	full := make([]byte, len(m.first))
	for i := range full {
		full[i] = 1
	}
	var places []int
	for _, q := range n.arms {
		for k, b := range []byte(m.within(q, string(full))) {
			if b == 1 {
				places = append(places, k)
			}
		}
	}
	return places
}

// again reports whether the joint can be entered once more: some return of
// its own slot that is left leads from behind it to before it.
func (m *measure) again(n *node, left string) bool {
	at := slices.Index(m.d.order, n)
	for i, other := range m.d.order {
		if i < at || other.slot != n.slot {
			continue
		}
		for k := range other.acts {
			l := &other.acts[k]
			if l.back != nil && left[m.backs[l.key]] > 0 && slices.Index(m.d.order, l.back) < at {
				return true
			}
		}
	}
	return false
}

// each gives the time of the sub-matters: their common limit, or else the
// longest path of their kind.
func (m *measure) each(e *Each) int {
	if e.Limit != nil {
		return bound(e.Limit)
	}
	t, ok := m.child(m.c.set.latest[e.Run])
	if !ok {
		m.failed = true
	}
	return t
}

func bound(c *Clock) int {
	if c == nil {
		return 0
	}
	return c.Bound().N
}

// trace lists the longest path leg by leg. It asks again for what longest has
// computed, so it must follow it.
func (m *measure) trace() []Leg {
	var legs []Leg
	m.walk(m.d.main, 0, string(m.first), &legs)
	sum := 0
	for i := range legs {
		sum += legs[i].Add
		legs[i].Sum = sum
	}
	return legs
}

func (m *measure) walk(q *seq, pos int, left string, legs *[]Leg) {
	for {
		if pos == len(q.nodes) {
			if q.owner == nil || q.owner.block.Joint != nil {
				return
			}
			q, pos = q.owner.seq, q.owner.pos+1
			continue
		}
		n := q.nodes[pos]
		_, how := m.best(n, left)
		switch b := n.block; {
		case b.Step != nil:
			*legs = append(*legs, Leg{Step: n.id, Act: how.act, Add: how.add})
		case b.Each != nil:
			*legs = append(*legs, Leg{Step: n.id, Act: b.Each.Run, Add: how.add})
		case b.Joint != nil:
			m.walk(how.arm, 0, m.within(how.arm, how.inside), legs)
		}
		switch left = how.left; {
		case how.ends:
			return
		case how.next != nil:
			q, pos = how.next.seq, how.next.pos
		case n.block.Choice != nil:
			q, pos = how.arm, 0
		default:
			pos++
		}
	}
}

// clocks compares every statutory limit with its longest path.
func (c *checking) clocks(sound map[*Def]bool) {
	for _, d := range c.set.defs {
		if d.Limit == nil || d.Limit.Of.IsZero() || !c.reliable(d, sound) {
			continue
		}
		if !c.units(d, d, d.Limit.Of, nil) {
			continue
		}
		m, length := c.length(d)
		whole := d.Limit.Of
		switch {
		case m.failed:
			c.add(d, CodeComplex, d.Limit.Line, "limit",
				fmt.Sprintf("并行与退回交织过于复杂，计算量超过 %d，无法核对法定时限；请减少退回次数或拆成分办。", maxEffort),
				fmt.Sprintf("Joints and returns are interwoven beyond %d visits, so the limit cannot be verified; lower bounds or split the matter.", maxEffort))
		case length > whole.N:
			t := whole.Text()
			p := c.add(d, CodeClock, d.Limit.Line, "limit",
				fmt.Sprintf("最长路径合计 %d，超过全程时限（%s）。", length, t.ZH),
				fmt.Sprintf("The longest path adds up to %d, more than the limit of the whole (%s).", length, t.EN))
			p.Trace = m.trace()
		}
	}
	c.eachLimits(sound)
}

// reliable reports whether the definition and all it runs are sound.
func (c *checking) reliable(d *Def, sound map[*Def]bool) bool {
	if d == nil || !sound[d] {
		return false
	}
	for _, n := range d.order {
		if e := n.block.Each; e != nil && !c.reliable(c.set.latest[e.Run], sound) {
			return false
		}
	}
	return true
}

// length measures a definition, and the kinds it runs once each.
func (c *checking) length(d *Def) (*measure, int) {
	known := make(map[*Def]int)
	var child func(*Def) (int, bool)
	child = func(k *Def) (int, bool) {
		if t, ok := known[k]; ok {
			return t, true
		}
		m := newMeasure(c, k, child)
		known[k] = m.longest()
		return known[k], !m.failed
	}
	m := newMeasure(c, d, child)
	return m, m.longest()
}

// eachLimits checks that sub-matters with a common limit fit into it.
func (c *checking) eachLimits(sound map[*Def]bool) {
	for _, d := range c.set.defs {
		if !sound[d] {
			continue
		}
		for _, n := range d.order {
			e := n.block.Each
			if e == nil || e.Limit == nil {
				continue
			}
			child := c.set.latest[e.Run]
			most := e.Limit.Bound()
			if !c.reliable(child, sound) || !c.units(d, child, most, n) {
				continue
			}
			if m, length := c.length(child); !m.failed && length > most.N {
				p := c.add(d, CodeClock, n.block.Line, n.block.Path,
					fmt.Sprintf("分办事项最长路径合计 %d，超过这里给的时限（%s）。", length, most.Text().ZH),
					fmt.Sprintf("The longest path of a sub-matter adds up to %d, more than the limit given here (%s).", length, most.Text().EN))
				p.Trace = m.trace()
			}
		}
	}
}

// units checks that every clock of d can be added up and compared with whole.
// at is the each through which d was reached from top, or nil.
func (c *checking) units(top, d *Def, whole calendar.Limit, at *node) bool {
	ok := true
	report := func(l calendar.Limit, line int, path string) {
		if l.IsZero() || l.Unit == whole.Unit && !l.Roll && (whole.Ends == calendar.DayEnd || l.Ends == whole.Ends) {
			return
		}
		ok = false
		if at != nil {
			line, path = at.block.Line, at.block.Path
		}
		c.add(top, CodeUnit, line, path, "此时限与全程时限的计量方式不同，无法相加比较："+l.String(), "This limit is counted in another way than that of the whole and cannot be added up: "+l.String())
	}
	single := c.oneRoll(d, whole)
	for _, n := range d.order {
		switch b := n.block; {
		case b.Step != nil && b.Step.Limit != nil:
			if l := b.Step.Limit.Bound(); !single || !l.Roll {
				report(l, b.Step.Limit.Line, b.Path+"/limit")
			}
		case b.Each != nil && b.Each.Limit != nil:
			report(b.Each.Limit.Bound(), b.Each.Limit.Line, b.Path+"/limit")
		case b.Each != nil:
			via := at
			if via == nil {
				via = n
			}
			ok = c.units(top, c.set.latest[b.Each.Run], whole, via) && ok
		}
	}
	if in := d.Interrupt(IntExtend); in != nil && at == nil {
		report(in.By, in.Line, "interrupts/extend/by")
	}
	return ok
}

// oneRoll reports the one case in which a rolling limit can be compared: the
// whole rolls too, and the definition has no other clock and no return. Days a
// limit is moved by would otherwise have to be added to the next one's.
func (c *checking) oneRoll(d *Def, whole calendar.Limit) bool {
	clocks := 0
	for _, n := range d.order {
		if n.block.Each != nil {
			return false
		}
		if s := n.block.Step; s != nil && s.Limit != nil {
			clocks++
		}
		for i := range n.acts {
			if n.acts[i].back != nil {
				return false
			}
		}
	}
	return clocks == 1 && whole.Roll && whole.Unit == calendar.NaturalDays
}
