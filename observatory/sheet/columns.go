package sheet

import (
	"fmt"
	"slices"

	"touyan.dev/touyan/observatory/panel"
)

// periods fills in the period of each column that has no name of its own: the one
// in its header; for growth (同比) else the one of the column before, and if no
// column has any the title's.
func (q *guesser) periods(cols []int) {
	timed := slices.ContainsFunc(cols, func(i int) bool { return q.columns[i].head.timed })
	last := ""
	for _, i := range cols {
		switch h := q.columns[i].head; {
		case h.timed:
			last = h.when.label()
			q.Periods[i] = last
			q.Cumulative = q.Cumulative || h.sums && q.Period == ""
		case timed && h.growth && last != "":
			q.Periods[i] = last
		case !timed && q.Period != "":
			q.Periods[i] = q.Period
		default:
			q.note(q.headRow(i), i, "没有认出这一列是哪一期的，没有读；请指明。", "The period of this column was not recognised and it is not read; say which it is.")
		}
	}
}

// across fills in the subject of each column, and the period that its header names.
func (q *guesser) across() {
	for i, c := range q.columns {
		switch {
		case q.holds(i) && c.subject != "":
			if q.Subjects[i] = c.subject; c.head.timed && q.TimeCol < 0 {
				q.Periods[i] = c.head.when.label()
			}
		case !q.names(i) && (c.values == 0 || c.head.rank || c.head.prior || c.role != noRole && c.role != valueRole):
			q.Subjects[i] = ""
		}
	}
}

// indicators fills in the indicator of each column, with its unit.
func (q *guesser) indicators() {
	for i, c := range q.columns {
		switch {
		case q.names(i) || i == q.ValueCol:
		case c.head.rank || c.role != noRole && c.role != valueRole && !c.known:
			q.Columns[i] = ""
		case c.head.prior:
			q.Columns[i] = ""
			q.note(q.headRow(i), i, "这一列是上年或上期的数，没有读；以前的数请从当时的表导入。", "This column is of the year or period before and is not read; import earlier figures from their own tables.")
		case !c.known && (c.mostly(c.hits) || c.values == 0):
			if c.filled > 0 {
				q.Columns[i] = ""
			}
		case c.known:
			q.indicator(i, c)
		}
	}
	q.twice()
}

// indicator fills in one column.
func (q *guesser) indicator(i int, c column) {
	ind := q.lexicon.list[c.target.ind]
	unit := q.unitOf(i, c, ind)
	if _, ok := q.lexicon.factor(unit, ind.Unit.ZH); !ok {
		q.Columns[i] = ""
		q.note(q.headRow(i), i, "表头的单位与这个指标的单位不是同一种，没有读；请核对指标和单位。", "The unit in the header does not measure what the indicator's does, so the column is not read; check both.")
		return
	}
	q.Columns[i] = ind.Code
	if c.head.timed && q.TimeCol < 0 {
		q.Periods[i] = c.head.when.label()
	}
	if q.sums(c.head) && ind.Form != panel.Cumulative && q.partOfYear(i) {
		q.note(q.headRow(i), i, "这一列是年初以来的累计数，而指标登记的是当期数；请核对。", "This column counts from the beginning of the year, the indicator is of single periods; check it.")
	}
}

// sums reports whether a column counts from the beginning of the year: as its own
// header says, or else as the sheet does.
func (t *table) sums(h head) bool {
	if h.sums != h.single {
		return h.sums
	}
	return t.Cumulative
}

// partOfYear reports whether a column is of less than a year.
func (q *guesser) partOfYear(i int) bool {
	label := q.Period
	if own, ok := q.Periods[i]; ok {
		label = own
	}
	f, n, ok := panel.ParsePeriod(label)
	return ok && f != panel.Yearly && n%int(f) != 0 && n%int(f) != int(f)-1
}

// unitOf gives the unit of a column, and tells where the sheet leaves it open.
func (q *guesser) unitOf(i int, c column, ind panel.Indicator) string {
	unit, fits := q.unitFor(c.head, ind)
	switch {
	case fits == 1:
	case fits > 1:
		q.note(q.headRow(i), i, "表上写有几种可用的单位，没有说明这一列是哪一种；先按指标自己的单位读，请核对。", "The sheet names several units that fit, and not which is this column's; it is read in the indicator's own. Check it.")
	default:
		q.note(q.headRow(i), i, fmt.Sprintf("表上写的单位对不上这个指标；先按%s读，请核对。", ind.Unit.ZH), fmt.Sprintf("The sheet's unit does not fit this indicator; it is read in %s. Check it.", ind.Unit.EN))
	}
	return unit
}

// twice leaves out one of two columns for the same indicator and period (当月 and
// 累计): the one that does not count as the indicator does.
func (q *guesser) twice() {
	type key struct{ code, period string }
	first := map[key]int{}
	for _, i := range columnsBy(q.Columns) {
		code := q.Columns[i]
		if code == "" {
			continue
		}
		k := key{code, q.Periods[i]}
		if k.period == "" && q.TimeCol < 0 {
			k.period = q.Period
		}
		other, seen := first[k]
		if first[k] = i; !seen {
			continue
		}
		sums := q.lexicon.list[q.lexicon.codes[code]].Form == panel.Cumulative
		here, there := q.sums(q.columns[i].head) == sums, q.sums(q.columns[other].head) == sums
		if here == there {
			continue
		}
		drop := i
		if here {
			drop = other
		}
		first[k] = i + other - drop
		q.Columns[drop] = ""
		delete(q.Periods, drop)
		q.note(q.headRow(drop), drop, "另一列是同一指标、同一时间，且计法（当期或累计）与指标相符，这一列没有读。", "Another column is of the same indicator and period and counts as the indicator does (single or cumulative); this one is not read.")
	}
}
