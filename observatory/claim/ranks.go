package claim

import (
	"fmt"

	"touyan.dev/touyan/observatory/panel"
)

// peers gives those a subject is ranked among, itself with them.
func (j *judgement) peers() []int {
	var out []int
	mine := j.panel.Subjects[j.subject].Attrs[j.opts.Peers]
	for i, s := range j.panel.Subjects {
		if j.national || j.opts.Peers == "" || mine == "" || s.Attrs[j.opts.Peers] == mine {
			out = append(out, i)
		}
	}
	return out
}

// fewer reports whether the least ranks first.
func (j *judgement) fewer() bool {
	return j.opts.Terms[j.panel.Indicators[j.index].Code].Polarity == panel.SmallerBetter
}

// rank gives a subject's place in a period, and among how many: 1 and one more
// for each peer that is strictly better.
func (j *judgement) rankAt(t int, keep bool) (rank, of int, ok bool) {
	v, ok := j.measured(j.subject, t, keep)
	if !ok {
		return 0, 0, false
	}
	rank = 1
	for _, s := range j.peers() {
		x, there := j.measured(s, t, false)
		if !there {
			continue
		}
		of++
		if s != j.subject && (x > v && !j.fewer() || x < v && j.fewer()) {
			rank++
		}
	}
	return rank, of, true
}

// holds reports whether a rank is what the text says: this place, among the
// first, or counted from the end.
func (j *judgement) holds(rank, of int) bool {
	switch {
	case j.top > 0:
		return rank <= j.top
	case j.last:
		return of-rank+1 == j.rank
	}
	return rank == j.rank
}

func (j *judgement) ranked(t int) (good, known bool, zh, en string) {
	rank, of, ok := j.rankAt(t, true)
	if !ok {
		return false, false, "", ""
	}
	j.neighbours(t, rank)
	if held := j.held(t); held > 0 {
		return j.holds(rank, of), true, fmt.Sprintf("在有可用数据的%d个地区中居第%d位；另有%d个地区的数据存疑待核，未计入。", of, rank, held),
			fmt.Sprintf("It ranks %d among the %d with usable data; the figures of %d more are doubtful and left out.", rank, of, held)
	}
	return j.holds(rank, of), true, fmt.Sprintf("在有数据的%d个地区中居第%d位。", of, rank), fmt.Sprintf("It ranks %d among the %d with data.", rank, of)
}

// held counts the peers that are not ranked as the quality gate holds their figure.
func (j *judgement) held(t int) int {
	n := 0
	for _, s := range j.peers() {
		if _, there := j.measured(s, t, false); !there && j.slab.Held.Has(s, t) {
			n++
		}
	}
	return n
}

// neighbours keeps as evidence the peers one place before and behind.
func (j *judgement) neighbours(t, rank int) {
	mine, _ := j.measured(j.subject, t, false)
	above, below := -1, -1
	var up, down float64
	for _, s := range j.peers() {
		x, ok := j.measured(s, t, false)
		if !ok || s == j.subject {
			continue
		}
		if j.fewer() {
			x = -x
		}
		m := mine
		if j.fewer() {
			m = -m
		}
		if x > m && (above < 0 || x < up) {
			above, up = s, x
		}
		if x <= m && (below < 0 || x > down) {
			below, down = s, x
		}
	}
	for _, s := range []int{above, below} {
		if s >= 0 {
			j.measured(s, t, true)
		}
	}
}

func (j *judgement) rankMoved(t int) (good, known bool, zh, en string) {
	at, ok := j.earlier(t)
	if !ok {
		return false, false, "", ""
	}
	old, _, a := j.rankAt(at, true)
	now, _, b := j.rankAt(t, true)
	if !a || !b {
		return false, false, "", ""
	}
	good = (j.old == 0 || old == j.old) && (j.rank == 0 || now == j.rank)
	if j.old == 0 {
		good = good && old-now == j.moved
	}
	return good, true, fmt.Sprintf("由第%d位变为第%d位。", old, now), fmt.Sprintf("It went from %d to %d.", old, now)
}

// firstTime holds a place to the years before: the last of them that had it, or
// the first on record when none had, is the year that the text has to name.
func (j *judgement) firstTime(t int) (good, known bool, zh, en string) {
	now, of, ok := j.rankAt(t, true)
	if !ok {
		return false, false, "", ""
	}
	// A place reached for the first time is one at least as good: who was first
	// before has been second or better.
	reached := func(rank, of int) bool {
		if j.last {
			return of-rank+1 <= j.rank
		}
		return rank <= max(j.rank, j.top)
	}
	last, begin := -1, -1
	step := int(j.panel.Axis.Freq)
	for at := t - step; at >= 0; at -= step {
		rank, of, ok := j.rankAt(at, false)
		if !ok {
			continue
		}
		begin = at
		if last < 0 && reached(rank, of) {
			last = at
		}
	}
	if !j.holds(now, of) {
		return false, true, fmt.Sprintf("居第%d位。", now), fmt.Sprintf("It ranks %d.", now)
	}
	return j.sinceFits(t, last, begin)
}

// sinceFits compares the year that the text names with the last time (last) and
// the beginning of the record (begin); either is a column, or −1.
func (j *judgement) sinceFits(t, last, begin int) (good, known bool, zh, en string) {
	axis := j.panel.Axis
	if begin < 0 {
		return false, false, "", ""
	}
	zh, en = fmt.Sprintf("有记录（%d年）以来首次。", axis.Year(begin)), fmt.Sprintf("It is the first time on record (since %d).", axis.Year(begin))
	since := axis.Year(begin)
	if last >= 0 {
		since = axis.Year(last)
		j.measured(j.subject, last, true)
		zh, en = fmt.Sprintf("上一次是%d年。", since), fmt.Sprintf("The last time was %d.", since)
	} else {
		j.measured(j.subject, begin, true)
	}
	switch {
	case j.record:
		good = last < 0
	case j.span > 0:
		good = axis.Year(t)-since >= j.span
	case j.since > 0:
		good = j.since == since && (!j.again || last >= 0)
	default:
		good = last >= 0 && axis.Year(t)-axis.Year(last) > 1 // 再次, without a year
	}
	return good, true, zh, en
}

// extreme holds 2001年以来新高 to the years before.
func (j *judgement) extreme(t int) (good, known bool, zh, en string) {
	v, ok := j.measured(j.subject, t, true)
	if !ok {
		return false, false, "", ""
	}
	last, begin := -1, -1
	step := int(j.panel.Axis.Freq)
	for at := t - step; at >= 0; at -= step {
		x, ok := j.measured(j.subject, at, false)
		if !ok {
			continue
		}
		begin = at
		if last < 0 && (x >= v && !j.low || x <= v && j.low) {
			last = at
		}
	}
	return j.sinceFits(t, last, begin)
}

func (j *judgement) compared(t int) (good, known bool, zh, en string) {
	o, ok := j.panel.Subject(j.other)
	if !ok {
		return false, false, "", ""
	}
	mine, a := j.measured(j.subject, t, true)
	theirs, b := j.measured(o, t, true)
	if !a || !b {
		return false, false, "", ""
	}
	name := j.panel.Subjects[o].Name
	return j.more > 0 && mine > theirs || j.more < 0 && mine < theirs, true,
		fmt.Sprintf("本地%.2f，%s%.2f。", mine, name.ZH, theirs), fmt.Sprintf("It has %.2f, %s %.2f.", mine, name.EN, theirs)
}
