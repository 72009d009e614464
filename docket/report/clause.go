package report

// atom is a stretch of a sentence between two separators.
type atom struct {
	from, to int
	sep      rune // the separator before it; 0 at the start
	next     rune // the separator after it
	qs       []Quantity
	ds       []Deadline
}

// group is one commitment: neighbouring atoms which belong together.
type group struct {
	from, to  int
	core      atom // the atom the title is made from
	qs        []Quantity
	deadline  Deadline
	dated     bool
	inherited bool // the deadline stands earlier in the sentence
}

// atoms cuts a sentence at ， ； ： and tabs outside brackets and names, and at
// 、 where a number stands on both sides.
func atoms(rs []rune, qs []Quantity, ds []Deadline) []atom {
	var out []atom
	depth, from, sep := 0, 0, rune(0)
	flush := func(to int, next rune) {
		if to > from {
			out = append(out, atom{from: from, to: to, sep: sep, next: next})
		}
		from, sep = to+1, next
	}
	for i, r := range rs {
		switch r {
		case '（', '《':
			depth++
		case '）', '》':
			depth = max(0, depth-1)
		case '，', '；', '：', '\t', '。', '！', '？':
			if depth == 0 {
				flush(i, r)
			}
		case '、':
			if depth == 0 && numberIn(qs, from, i) && numberIn(qs, i, nextSeparator(rs, i+1)) {
				flush(i, r)
			}
		}
	}
	flush(len(rs), 0)
	for k := range out {
		for _, q := range qs {
			if q.from >= out[k].from && q.from < out[k].to {
				out[k].qs = append(out[k].qs, q)
			}
		}
		for _, d := range ds {
			if d.from >= out[k].from && d.from < out[k].to {
				out[k].ds = append(out[k].ds, d)
			}
		}
	}
	return out
}

func numberIn(qs []Quantity, from, to int) bool {
	for _, q := range qs {
		if q.from >= from && q.to <= to {
			return true
		}
	}
	return false
}

func nextSeparator(rs []rune, i int) int {
	for i < len(rs) && !hasRune("，；：、。！？\t", rs[i]) {
		i++
	}
	return i
}

// groups gathers atoms into commitments. A number with a subject of its own
// begins a new one; a comparison (比上年增加……), a bare number or a clause
// without a number goes with the one before it. A deadline reaches to the end
// of the sentence or to the next deadline.
func groups(rs []rune, as []atom) []group {
	var out []group
	open := false // whether the last group may still grow
	var reach Deadline
	var before *atom // the clause without a number just before, in the same segment
	for i, a := range as {
		if a.sep == '；' || a.sep == '\t' || a.sep == '：' {
			open, before = false, nil
		}
		due, dated := best(a.ds)
		last := len(out) - 1
		switch {
		case len(a.qs) > 0 && open && (joined(rs, out[last], a, due, dated) || hollow(rs, out[last])):
			whole := !hollow(rs, out[last]) && len(out[last].qs) == 0
			core := out[last].core
			out[last].grow(a)
			if whole { // 今年教育投入，由10亿元增加到12亿元: neither half is a title
				out[last].core.from, out[last].core.ds = core.from, append(core.ds[:len(core.ds):len(core.ds)], a.ds...)
			}
		case len(a.qs) > 0:
			out = append(out, newGroup(rs, a, before))
			open = true
		case dated && a.next == '：': // an announcement; its date reaches on
			open = false
		case dated && open && trailing(rs, a):
			out[last].grow(a)
		case dated:
			out = append(out, newGroup(rs, a, before))
			open = true
		case open:
			out[last].grow(a)
		default:
			before = &as[i]
		}
		if dated {
			reach = due
		}
		if open {
			out[len(out)-1].date(due, dated, reach)
		}
	}
	return out
}

// joined reports whether the numbers of an atom go with the open group: they
// have no subject of their own, and promise nothing with a date beside it.
func joined(rs []rune, g group, a atom, due Deadline, dated bool) bool {
	return dependent(rs, a) && !(dated && !due.Start && g.undated())
}

// date gives a group the deadline of the atom just read, or the one that
// reaches over from earlier in the sentence.
func (g *group) date(due Deadline, dated bool, reach Deadline) {
	switch {
	case dated && (!g.dated || g.deadline.weak || g.inherited):
		g.deadline, g.dated, g.inherited = due, true, false
	case !dated && !g.dated && reach.Kind != "":
		g.deadline, g.dated, g.inherited = reach, true, true
	}
}

// newGroup begins a group with an atom; one that cannot be understood alone
// ("春节前全部清零") takes the clause before it along.
func newGroup(rs []rune, a atom, before *atom) group {
	if before != nil && before.to+1 == a.from && (len(a.qs) > 0 && dependent(rs, a) || len(a.qs) == 0 && brief(rs, a)) {
		a.from = before.from
	}
	return group{from: a.from, to: a.to, core: a, qs: a.qs}
}

// brief reports whether a dated clause says little besides its date, but more
// than the bare date of a clause to come ("到2020年，").
func brief(rs []rune, a atom) bool {
	n := 0
	if len(a.ds) > 0 {
		n = besides(rs, a.from, a.to, a.ds[0])
	}
	return n > 3 && n <= 6 || n > 0 && n <= 3 && verbs().in(rs[a.from:a.to])
}

// besides counts the Chinese characters of a stretch outside its date.
func besides(rs []rune, from, to int, d Deadline) int {
	n := 0
	for i := from; i < to; i++ {
		if (i < d.from || i >= d.to) && isHan(rs[i]) {
			n++
		}
	}
	return n
}

func (g *group) grow(a atom) {
	if len(g.qs) == 0 && len(a.qs) > 0 {
		g.core = a
	}
	g.to = a.to
	g.qs = append(g.qs[:len(g.qs):len(g.qs)], a.qs...)
}

// undated reports whether the group states no date of its own: a clause that
// states one is then a promise beside it, not a gloss on it.
func (g group) undated() bool { return !g.dated || g.inherited }

// best picks the deadline that binds most among those of one atom.
func best(ds []Deadline) (Deadline, bool) {
	found := Deadline{}
	for _, d := range ds {
		if d.past {
			continue
		}
		if found.Kind == "" || found.weak && !d.weak || found.Start && !d.Start {
			found = d
		}
	}
	return found, found.Kind != ""
}

// hollow reports whether a group is no more than its date ("到2020年，").
func hollow(rs []rune, g group) bool {
	if len(g.qs) > 0 || !g.dated || g.inherited {
		return false
	}
	return besides(rs, g.from, g.to, g.deadline) <= 3
}

// trailing reports whether a dated clause only closes the one before it
// ("年底前完成").
func trailing(rs []rune, a atom) bool {
	return len(a.ds) > 0 && besides(rs, a.from, a.to, a.ds[0]) <= 5 && verbs().in(rs[a.from:a.to]) && !weakOnly(a.ds)
}

func weakOnly(ds []Deadline) bool {
	for _, d := range ds {
		if !d.weak {
			return false
		}
	}
	return true
}

// dependent reports whether the numbers of an atom belong to the clause before
// it: it is a comparison, or nothing but a bare verb stands in front of the
// number and nothing that it counts behind (增加500亿元, but not 增加500个学位).
func dependent(rs []rune, a atom) bool {
	from := skipModals(rs, a.from, a.qs[0].from, a.ds)
	end := a.qs[len(a.qs)-1].to
	bare := bareAfter(rs, end, nextSeparator(rs, end))
	if a.qs[0].from-from < 2 {
		return bare
	}
	for _, w := range comparisons {
		if follows(rs, from, w) && a.qs[0].from-from-len([]rune(w)) < 14 {
			return isComparison(w) || bare && bareAfter(rs, from+len([]rune(w)), a.qs[0].from)
		}
	}
	return false
}

// isComparison tells 比上年增加 from 提高居民收入: after the first any words may
// follow, after the second a noun would make it a commitment of its own.
func isComparison(w string) bool {
	switch w {
	case "比", "较", "同比", "与去年", "与上年", "用于", "主要用于", "重点用于", "全部用于", "占", "约占", "惠及", "相当于", "折合", "约合", "合计", "由", "从":
		return true
	}
	return false
}

// bareAfter reports whether at most one Chinese character stands in a stretch.
func bareAfter(rs []rune, from, to int) bool {
	n := 0
	for i := from; i < to; i++ {
		if isHan(rs[i]) {
			n++
		}
	}
	return n <= 1
}

// skipModals steps over dates and words such as 要, 力争 and 其中.
func skipModals(rs []rune, from, to int, ds []Deadline) int {
	for from < to {
		moved := false
		for _, d := range ds {
			if d.from == from && d.to <= to {
				from, moved = d.to, true
			}
		}
		if _, n, ok := modals().at(rs, from); ok && from+n <= to && !moved {
			from, moved = from+n, true
		}
		if !moved {
			return from
		}
	}
	return from
}
