package sheet

import (
	"slices"
	"strings"

	"golang.org/x/text/width"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/panel"
)

// How much of a grid is looked at for a guess.
const (
	headRows   = 60
	sampleRows = 2000
)

// Guess tells how a grid lies. It never fails: the notes say what could not be
// told, or what a person should look at before the grid is read.
func Guess(g Grid, k Known) (Shape, []Note) {
	none := Shape{
		SubjectCol: -1, TimeCol: -1, PartCol: -1, IndicatorCol: -1, ValueCol: -1,
		Columns: map[int]string{}, Subjects: map[int]string{}, Periods: map[int]string{}, Scale: map[int]float64{}, Shift: map[int]float64{},
	}
	q := &guesser{table: newTable(g, none, k)}
	q.findHead()
	q.readTitle()
	q.findLast()
	q.look()
	q.roles()
	q.layout()
	return q.Shape, q.notes
}

// guesser is a grid being guessed at.
type guesser struct {
	*table
	notes   []Note
	columns []column
}

func (q *guesser) note(row, col int, zh, en string) {
	q.notes = append(q.notes, Note{Row: row, Col: col, Text: fault.T(zh, en)})
}

// line is what one row holds, each text counted once.
type line struct {
	texts, words, times, values, signs, subjects int
	first                                        string
	subject                                      bool // the first text names a subject, as a line of data does
}

// data reports whether a row holds data, or the subject that they are of.
func (l line) data() bool { return l.values > 0 || l.signs > 0 || l.subject }

func (q *guesser) line(r int) line {
	var l line
	seen := map[string]bool{}
	for c := range q.cols {
		s := tidy(q.text(r, c))
		if s == "" || seen[s] {
			continue
		}
		subject := roleOf(s) == noRole && q.places.find(s) != ""
		if seen[s] = true; l.texts == 0 {
			l.first, l.subject = q.text(r, c), subject
		}
		if l.texts++; subject {
			l.subjects++
		}
		if roleOf(s) != noRole {
			l.words++
			continue
		}
		if _, _, ok := q.read(s, 2000); ok {
			l.times++
			continue
		}
		value, none := q.number(s)
		switch {
		case value:
			l.values++
		case none:
			l.signs++
		default:
			h := q.lexicon.head([]string{s}, 2000)
			if _, ok := q.lexicon.target(h, false); ok || h.rank || h.prior || h.bare() {
				l.words++
			}
		}
	}
	// Subjects side by side, the corner left empty, are a header.
	l.subject = l.subject && (l.subjects < 2 || q.begins(r) == 0)
	return l
}

// score says how much a row looks like a header; 0 when it is none.
func (q *guesser) score(r int, l line) int {
	if l.texts < 2 || l.data() || q.titled(r, l) || q.patterns.note.MatchString(tidy(l.first)) {
		return 0
	}
	if l.words > 0 || l.times > 1 || l.subjects > 1 {
		return l.words + l.times + l.subjects
	}
	return 0
}

// titled reports whether a row is a title, or a line about units or the maker.
func (q *guesser) titled(r int, l line) bool {
	if l.texts < 2 || q.numbered.MatchString(tidy(l.first)) {
		return true
	}
	if l.words+l.subjects == 0 && slices.ContainsFunc(q.Rows[r], func(s string) bool { return q.unitLine.MatchString(tidy(s)) }) {
		return true
	}
	about := 0
	for c := range q.cols {
		s := tidy(q.text(r, c))
		if s == "" {
			continue
		}
		_, _, timed := q.find(s, 0)
		if q.unitLine.MatchString(s) || timed && len([]rune(s)) > 12 {
			about++
		} else if _, _, ok := q.read(s, 0); !ok {
			return false
		}
	}
	return about > 0
}

// findHead finds the header: the row that has most words of headers, with those
// around it that belong to it.
func (q *guesser) findHead() {
	best, most := -1, 0
	for r := range min(len(q.Rows), headRows) {
		if n := q.score(r, q.line(r)); n > most {
			best, most = r, n
		}
	}
	if best < 0 {
		q.withoutHead()
		return
	}
	q.Head, q.First = best, best+1
	for r := best - 1; r >= 0; r-- {
		if l := q.line(r); q.titled(r, l) || l.data() {
			break
		}
		q.Head = r
	}
	for ; q.First < len(q.Rows); q.First++ {
		if q.numbering(q.First) || q.unitRow(q.First) {
			continue
		}
		if l := q.line(q.First); l.data() || l.words+l.times == 0 || !q.under(best, q.First) {
			break
		}
	}
}

// under reports whether a row goes on with a header: its first column is empty,
// merged with the one above, or not the first of the sheet.
func (q *guesser) under(above, r int) bool {
	a, b := q.begins(above), q.begins(r)
	return a != b || a > 0 || tidy(q.text(above, a)) == tidy(q.text(r, b))
}

// begins gives the first column in which a row holds something.
func (q *guesser) begins(r int) int {
	for c := range q.cols {
		if tidy(q.text(r, c)) != "" {
			return c
		}
	}
	return 0
}

func (q *guesser) withoutHead() {
	for q.First < len(q.Rows) && q.line(q.First).values == 0 {
		q.First++
	}
	if q.First == len(q.Rows) {
		q.First = 0
	}
	if q.Head = q.First; q.Head > 0 && q.line(q.Head-1).texts > 1 {
		q.Head--
	}
	q.note(-1, -1, "没有认出表头，请指明表头在哪几行。", "The header was not recognised; say which rows it is in.")
}

// readTitle takes period, units and subject from what stands above the header and
// from the name of the sheet.
func (q *guesser) readTitle() {
	q.readUnits()
	for r := range q.Head {
		seen := map[string]bool{}
		for _, raw := range q.Rows[r] {
			s := tidy(q.numbered.ReplaceAllString(width.Fold.String(raw), ""))
			if s == "" || seen[s] || q.unitLine.MatchString(s) {
				continue
			}
			seen[s] = true
			if w, ok := q.titleLine(s); ok && w.label() != q.Period {
				q.note(r, 0, "标题里写有不止一个时间，取了第一个，请核对。", "The title names more than one period; the first was taken. Check it.")
			}
		}
	}
	q.titleLine(strings.TrimSuffix(strings.TrimSuffix(tidy(q.Name), ".csv"), ".txt"))
	q.inYear()
}

// titleLine takes from one line what those before it did not tell, and gives the
// period it names.
func (q *guesser) titleLine(s string) (when, bool) {
	w, _, ok := q.find(s, 0)
	if ok && q.Period == "" {
		q.Period, q.Cumulative = w.label(), w.cumulative || strings.Contains(s, "累计")
	}
	if q.Subject == "" {
		q.Subject = q.places.inside(s)
	}
	if q.Indicator == "" {
		q.Indicator = q.titleIndicator(s)
	}
	return w, ok
}

// titleIndicator gives the indicator that a title names and nothing else: 各市地区
// 生产总值（2020—2025年）.
func (q *guesser) titleIndicator(s string) string {
	s = q.bracket.ReplaceAllString(s, "")
	if _, rest, ok := q.find(s, 0); ok {
		s = rest
	}
	for before := ""; before != s; {
		before = s
		s = q.ofAll.ReplaceAllString(q.tail.ReplaceAllString(s, ""), "")
	}
	t, ok := q.lexicon.target(q.lexicon.head([]string{s}, 2000), q.Cumulative)
	if !ok {
		return ""
	}
	return q.lexicon.list[t.ind].Code
}

// findLast finds where the data end and notes begin.
func (q *guesser) findLast() {
	q.Last = q.First
	for r := q.First; r < len(q.Rows); r++ {
		first, texts, values := "", 0, 0
		for _, s := range q.Rows[r] {
			if s = strings.TrimFunc(s, blank); s == "" {
				continue
			}
			if texts++; texts == 1 {
				first = s
			}
			if value, none := q.number(s); value || none {
				values++
			}
		}
		if q.patterns.note.MatchString(tidy(first)) {
			q.below(r)
			return
		}
		if texts > 1 || values > 0 || first != "" && q.places.find(first) != "" {
			q.Last = r + 1
		}
	}
}

// below tells of values below the first note, which are not read.
func (q *guesser) below(note int) {
	for r := note + 1; r < len(q.Rows); r++ {
		if q.line(r).values > 1 {
			q.note(r, 0, "注释下面还有数据，没有算进数据区；如果要读，请改数据区的末行，或分成两张表。", "There are values below the notes, outside of what is read; move the end of the data, or part the sheet in two.")
			return
		}
	}
}

// column is what a column holds, over a sample of its rows.
type column struct {
	filled, values, signs, times, hits, words int
	years, parts                              int             // of times: whole years, parts of a year that is not named
	subject                                   string          // that the header names
	subjects                                  map[string]bool // that stand below it
	role                                      role
	head                                      head
	target                                    target
	known                                     bool // the header names an indicator
}

// mostly reports whether n is at least half of what the column holds.
func (c column) mostly(n int) bool { return n > 0 && 2*n >= c.filled }

// look takes the sample.
func (q *guesser) look() {
	q.columns = make([]column, q.cols)
	words := map[string]bool{}
	for i := range q.columns {
		c := column{subjects: map[string]bool{}, role: q.roleOfColumn(i), head: q.header(i), subject: q.subjectOf(i)}
		c.target, c.known = q.lexicon.target(c.head, q.Cumulative)
		parted := q.partUnit(i)
		for r := q.First; r < min(q.Last, q.First+sampleRows); r++ {
			s := q.text(r, i)
			if tidy(s) == "" {
				continue
			}
			c.filled++
			if w, _, ok := q.read(s, q.year); ok {
				if c.times++; w.freq == panel.Yearly && !w.yearless {
					c.years++
				}
			}
			if c.role == timeRole {
				if _, _, ok := q.partOf(s, parted, 2000); ok {
					c.parts++
				}
			}
			value, none := q.number(s)
			if value {
				c.values++
			}
			if none {
				c.signs++
			}
			if code := q.places.find(s); code != "" {
				c.hits++
				c.subjects[code] = true
			} else if q.total.MatchString(tidy(s)) {
				c.filled--
			}
			if !value && !none {
				word, ok := words[s]
				if !ok {
					_, word = q.lexicon.target(q.lexicon.head([]string{s}, q.year), q.Cumulative)
					words[s] = word
				}
				if word {
					c.words++
				}
			}
		}
		q.columns[i] = c
	}
	q.corner()
}

// corner takes for no column of subjects what is only the corner of a header that
// names subjects side by side: 地区 above the indicators.
func (q *guesser) corner() {
	side := 0
	for _, c := range q.columns {
		if c.subject != "" {
			side++
		}
	}
	for i, c := range q.columns {
		if side > 1 && c.role == subjectRole && c.hits == 0 {
			q.columns[i].role = noRole
		}
	}
}

// roles finds the columns of subjects, times, indicators and values.
func (q *guesser) roles() {
	for i, c := range q.columns {
		if !c.known && c.role != subjectRole && (c.mostly(c.words) || c.role == indicatorRole) && !c.mostly(c.hits) && q.IndicatorCol < 0 {
			q.IndicatorCol = i
		}
	}
	q.SubjectCol = q.subjectColumn()
	for i, c := range q.columns {
		if i == q.SubjectCol || i == q.IndicatorCol || c.known || c.head.timed || c.role != noRole && c.role != timeRole || c.filled == 0 {
			continue
		}
		byName := c.role == timeRole && 2*c.times >= c.filled
		byText := 10*c.times >= 9*c.filled && (q.TimeCol < 0)
		if byName && (q.TimeCol < 0 || q.columns[q.TimeCol].role != timeRole || q.finer(i, q.TimeCol)) || byText {
			q.TimeCol = i
		}
	}
	q.twoColumns()
}

// finer reports whether a column of times tells more than one of years.
func (q *guesser) finer(i, years int) bool {
	return q.columns[i].years < q.columns[i].times && q.columns[years].years == q.columns[years].times && q.columns[i].parts == 0
}

// twoColumns finds the year and its part in two columns: 年份 · 月份.
func (q *guesser) twoColumns() {
	years, part := -1, -1
	for i, c := range q.columns {
		switch {
		case c.role != timeRole || c.filled == 0 || i == q.SubjectCol || i == q.IndicatorCol:
		case years < 0 && 2*c.years >= c.filled:
			years = i
		case part < 0 && 2*c.parts >= c.filled:
			part = i
		}
	}
	if years >= 0 && part >= 0 {
		q.TimeCol, q.PartCol = years, part
	}
}

// subjectColumn gives the column with most known subjects; failing that the one
// that says so; failing that the first of words.
func (q *guesser) subjectColumn() int {
	best := -1
	for i, c := range q.columns {
		if i == q.IndicatorCol || c.known || c.head.timed || !c.mostly(c.hits) {
			continue
		}
		if best < 0 || len(c.subjects) > len(q.columns[best].subjects) {
			best = i
		}
	}
	for i, c := range q.columns {
		if best < 0 && c.role == subjectRole && c.filled > 0 && i != q.IndicatorCol {
			best = i
		}
	}
	for i, c := range q.columns {
		free := c.role == noRole && !c.known && i != q.IndicatorCol && !c.head.timed
		if best < 0 && q.IndicatorCol < 0 && free && c.filled > 0 && c.values+c.signs+c.times == 0 {
			best = i
		}
	}
	return best
}

// names reports whether a column says what a row is of.
func (t *table) names(c int) bool {
	return c == t.SubjectCol || c == t.TimeCol || c == t.PartCol || c == t.IndicatorCol
}

// holds reports whether a column holds values to be read.
func (q *guesser) holds(i int) bool {
	c := q.columns[i]
	if q.names(i) || c.head.rank || c.head.prior {
		return false
	}
	if c.role != noRole && c.role != valueRole {
		return false
	}
	return c.known || (c.values > 0 || c.signs == c.filled && c.filled > 0) && !c.mostly(c.hits)
}

// layout tells the layout, and fills in what it needs.
func (q *guesser) layout() {
	var bare, named []int
	side := 0
	timed := q.Period != ""
	for i, c := range q.columns {
		if !q.holds(i) {
			continue
		}
		if c.head.bare() || c.role == valueRole {
			bare = append(bare, i)
		} else {
			named = append(named, i)
		}
		if timed = timed || c.head.timed; c.subject != "" {
			side++
		}
	}
	known := 0
	for _, i := range named {
		if q.columns[i].known {
			known++
		}
	}
	switch {
	case side > 0 && q.SubjectCol < 0 && known == 0 && (q.IndicatorCol >= 0 || q.Indicator != ""):
		q.Layout = Across
		q.across()
	case q.IndicatorCol >= 0 && len(bare)+len(named) > 0 && known == 0 && (q.TimeCol >= 0 || q.valueColumn(bare, named) >= 0):
		q.Layout, q.ValueCol = panel.Long, q.valueColumn(bare, named)
		if q.ValueCol < 0 {
			q.ValueCol = append(bare, named...)[0]
		}
		q.unread(append(bare, named...), q.ValueCol)
	case len(bare) > 0 && known == 0 && q.TimeCol < 0 && timed && (q.IndicatorCol >= 0 || q.Indicator != ""):
		q.Layout = panel.Periods
		q.periods(bare)
		q.unread(named, -1)
	case q.TimeCol >= 0:
		q.Layout = panel.Wide
		q.indicators()
	default:
		q.Layout = Cross
		q.indicators()
	}
	q.tidyUp()
}

// valueColumn gives the column that says it holds values, of no period of its own.
func (q *guesser) valueColumn(bare, named []int) int {
	for _, i := range append(append([]int(nil), bare...), named...) {
		if q.columns[i].role == valueRole {
			return i
		}
	}
	return -1
}

// unread tells of columns of values that the layout has no place for.
func (q *guesser) unread(cols []int, but int) {
	for _, i := range cols {
		if i != but {
			q.note(q.headRow(i), i, "这一列有数值，但按现在的排法不读；如果要读，请改排法。", "This column holds values and is not read in this layout; change the layout if it should be.")
		}
	}
}

// tidyUp takes out what the layout does not need, and tells what it lacks.
func (q *guesser) tidyUp() {
	if q.SubjectCol >= 0 || q.Layout == Across {
		q.Subject = ""
	} else if q.Subject == "" {
		q.note(-1, -1, "没有认出哪一列是地区，标题里也没有写；请指明。", "No column of subjects was recognised, and the title names none; say which it is.")
	}
	if q.IndicatorCol >= 0 || !q.worded() {
		q.Indicator = ""
	}
	if q.TimeCol < 0 && q.Period == "" && len(q.Periods) == 0 {
		q.note(-1, -1, "没有认出数据是哪一期的；请填写，如 2026-10。", "The period of the data was not recognised; enter it, such as 2026-10.")
	}
}
