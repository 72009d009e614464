package sheet

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/panel"
)

// Read reads a grid that lies as the shape says. Cells come in the order of rows
// and columns, with the missing among them; a cell that is wrong comes in Wrong
// only, and so do all cells that say the same subject, indicator and period twice.
func Read(g Grid, s Shape, k Known) Result {
	r := &reading{
		table: newTable(g, s, k), words: map[wording]meaning{}, unknown: map[[2]string]int{},
		merged: map[[2]int]bool{},
	}
	r.First, r.Last = min(max(r.First, 0), len(g.Rows)), min(max(r.Last, 0), len(g.Rows))
	r.Head = min(max(r.Head, 0), r.First)
	if !r.prepare(k) {
		return r.Result
	}
	for row := r.First; row < r.Last; row++ {
		r.row(row)
	}
	r.twice()
	return r.Result
}

// reading is a grid being read.
type reading struct {
	*table
	Result
	words   map[wording]meaning
	unknown map[[2]string]int // kind and name → place in Unknown
	columns []field
	title   stamp
	asTitle bool // Shape.Period is good
	unitCol int
	yearOf  int             // of the row above, where year and month have two columns
	parted  string          // unit of bare numbers in PartCol
	stated  int             // the column that says which figures are provisional; -1: none
	merged  map[[2]int]bool // parts of merged cells
	starred bool            // the title says 初步
}

// stamp is a period.
type stamp struct {
	freq   panel.Freq
	period int
}

// field is a column of values.
type field struct {
	col     int
	ind     *panel.Indicator // wide and cross
	factor  float64
	shift   float64
	subject string // across
	stamp   stamp
	timed   bool
	head    head
}

// wording is what the meaning of a name depends on: the name, and how its column
// counts.
type wording struct {
	name                        string
	growth, index, sums, single bool
}

// meaning is what the name of an indicator in a row means.
type meaning struct {
	target target
	head   head
	ok     bool
}

func (r *reading) wrong(row, col int, zh, en string) {
	w := Wrong{Row: row, Col: col, Text: fault.T(zh, en)}
	if n := len(r.Wrong); n == 0 || r.Wrong[n-1] != w {
		r.Wrong = append(r.Wrong, w)
	}
}

// prepare finds the columns of values; false when nothing can be read.
func (r *reading) prepare(k Known) bool {
	if f, n, ok := panel.ParsePeriod(r.Period); ok {
		r.title, r.asTitle = stamp{f, n}, true
	} else if r.Period != "" {
		r.wrong(r.Head, 0, "填写的时间无法识别；请写作 2026、2026Q3 或 2026-10。", "The period entered cannot be read; write 2026, 2026Q3 or 2026-10.")
		return false
	}
	for _, m := range r.Merges {
		for row := m.Row; row <= min(m.ToRow, len(r.Rows)-1); row++ {
			for col := m.Col; col <= m.ToCol; col++ {
				r.merged[[2]int{row, col}] = true
			}
		}
	}
	for row := range r.Head {
		for _, s := range r.Rows[row] {
			r.starred = r.starred || r.firstCount.MatchString(tidy(s))
		}
	}
	r.readUnits()
	r.unitCol, r.stated, r.parted = -1, -1, r.partUnit(r.PartCol)
	for c := range r.cols {
		switch is := r.roleOfColumn(c); {
		case r.unitCol < 0 && is == unitRole:
			r.unitCol = c
		case r.stated < 0 && is == statusRole:
			r.stated = c
		}
	}
	return r.named() && r.fields()
}

// named checks what the shape names outside of columns.
func (r *reading) named() bool {
	if r.SubjectCol < 0 && r.Layout != Across && r.places.codes[tidy(r.Subject)] == "" {
		r.wrong(r.Head, 0, "没有指明地区；请指明哪一列是地区，或整张表是哪个地区的。", "No subject is given; say which column holds subjects, or of which subject the sheet is.")
		return false
	}
	if _, ok := r.lexicon.codes[r.Indicator]; r.worded() && r.IndicatorCol < 0 && !ok {
		r.wrong(r.Head, 0, "没有指明指标；请指明哪一列是指标，或整张表是哪个指标的。", "No indicator is given; say which column holds indicators, or of which indicator the sheet is.")
		return false
	}
	return true
}

// fields makes the list of columns of values.
func (r *reading) fields() bool {
	if r.TimeCol < 0 && !r.asTitle && len(r.Periods) == 0 {
		r.wrong(r.Head, 0, "没有指明数据是哪一期的；请填写，如 2026-10。", "The period of the data is not given; enter it, such as 2026-10.")
		return false
	}
	switch r.Layout {
	case panel.Long:
		if r.ValueCol < 0 {
			r.wrong(r.Head, 0, "没有指明哪一列是数值。", "Say which column holds the values.")
			return false
		}
		r.columns = []field{{col: r.ValueCol, head: r.header(r.ValueCol), stamp: r.title, timed: r.asTitle}}
	case panel.Periods:
		for _, c := range columnsBy(r.Periods) {
			if f, ok := r.stamped(c); ok {
				r.columns = append(r.columns, f)
			}
		}
	case panel.Wide, Cross:
		for _, c := range columnsBy(r.Columns) {
			i, known := r.lexicon.codes[r.Columns[c]]
			if r.Columns[c] == "" {
				continue
			}
			if !known {
				r.wrong(r.headRow(c), c, "这一列指定的指标不在指标目录里；请另选。", "The indicator chosen for this column is not in the catalogue; choose another.")
				continue
			}
			if f, ok := r.stamped(c); ok && r.measured(&f, &r.lexicon.list[i]) {
				r.columns = append(r.columns, f)
			}
		}
		r.unmapped(OfIndicator, r.Columns)
	case Across:
		for _, c := range columnsBy(r.Subjects) {
			if r.Subjects[c] == "" {
				continue
			}
			code := r.places.codes[tidy(r.Subjects[c])]
			if code == "" {
				r.wrong(r.headRow(c), c, "这一列指定的地区不在地区目录里；请另选。", "The subject chosen for this column is not in the catalogue; choose another.")
				continue
			}
			if f, ok := r.stamped(c); ok {
				f.subject = code
				r.columns = append(r.columns, f)
			}
		}
		r.unmapped(OfSubject, r.Subjects)
	default:
		r.wrong(r.Head, 0, "没有指明排法。", "Say how the sheet is laid out.")
		return false
	}
	return true
}

// stamped gives a column with its period: its own, or the title's.
func (r *reading) stamped(c int) (field, bool) {
	f := field{col: c, head: r.header(c), stamp: r.title, timed: r.asTitle}
	label, own := r.Periods[c]
	if !own || label == "" || r.TimeCol >= 0 {
		if !f.timed && r.TimeCol < 0 {
			r.wrong(r.headRow(c), c, "没有指明这一列是哪一期的；请填写，如 2026-10。", "The period of this column is not given; enter it, such as 2026-10.")
			return f, false
		}
		return f, true
	}
	freq, n, ok := panel.ParsePeriod(label)
	if !ok {
		r.wrong(r.headRow(c), c, "这一列指定的时间无法识别；请写作 2026、2026Q3 或 2026-10。", "The period chosen for this column cannot be read; write 2026, 2026Q3 or 2026-10.")
		return f, false
	}
	f.stamp, f.timed = stamp{freq, n}, true
	return f, true
}

// measured gives a column its indicator, and what turns its values into those of
// it: as the shape says, or else the header.
func (r *reading) measured(f *field, ind *panel.Indicator) bool {
	f.ind, f.shift = ind, r.lexicon.shift(f.head, *ind)
	if shift, given := r.Shift[f.col]; given {
		f.shift = shift
	}
	var given, ok bool
	if f.factor, given = r.Scale[f.col]; given {
		return true
	}
	unit, _ := r.unitFor(f.head, *ind)
	if f.factor, ok = r.lexicon.factor(unit, ind.Unit.ZH); !ok {
		r.wrong(r.headRow(f.col), f.col, "表头的单位与这个指标的单位不是同一种，没有读；请核对指标和单位。", "The unit in the header does not measure what the indicator's does, so the column is not read; check both.")
	}
	return ok
}

// unmapped tells of columns of values that the shape says nothing about.
func (r *reading) unmapped(kind string, columns map[int]string) {
	for c := range r.cols {
		if _, said := columns[c]; said || r.names(c) || c == r.ValueCol {
			continue
		}
		n, at := 0, 0
		for row := r.First; row < r.Last; row++ {
			if value, _ := r.number(r.text(row, c)); value {
				if n++; n == 1 {
					at = row
				}
			}
		}
		switch h := r.header(c); {
		case n == 0:
		case h.text == "":
			r.wrong(at, c, "这一列有数值而没有表头，没有读；请在表头写明是什么。", "This column holds values and has no header, so it is not read; name in the header what they are.")
		default:
			r.missed(kind, h.text, r.headRow(c), c, n)
		}
	}
}

// missed notes an unknown name.
func (r *reading) missed(kind, name string, row, col, count int) {
	key := [2]string{kind, tidy(name)}
	if i, ok := r.unknown[key]; ok {
		r.Unknown[i].Count += count
		return
	}
	r.unknown[key] = len(r.Unknown)
	u := Unknown{Kind: kind, Name: long(name), Row: row, Col: col, Count: count, Total: kind == OfSubject && r.total.MatchString(tidy(name))}
	if len(r.Unknown) < maxSuggested {
		if kind == OfSubject {
			u.Near = r.places.near(u.Name)
		} else {
			u.Near = r.lexicon.near(u.Name)
		}
	}
	r.Unknown = append(r.Unknown, u)
}

// Bounds of what is told about unknown names.
const (
	maxSuggested = 200 // names that get suggestions
	maxName      = 100 // characters
)

func long(s string) string {
	if r := []rune(s); len(r) > maxName {
		return string(r[:maxName-1]) + "…"
	}
	return s
}

// row reads one row of data.
func (r *reading) row(row int) {
	if !r.written(row) || r.repeatsHead(row) {
		return
	}
	subject := r.Subject
	if r.SubjectCol >= 0 && r.Layout != Across {
		name := r.text(row, r.SubjectCol)
		if tidy(name) == "" {
			r.wrong(row, r.SubjectCol, "没有写明地区；请补写。", "It does not say which subject; write it.")
			return
		}
		if subject = r.places.find(name); subject == "" {
			r.missed(OfSubject, name, row, r.SubjectCol, 1)
			return
		}
	} else {
		subject = r.places.codes[tidy(subject)]
	}
	at, starred, ok := r.time(row)
	if !ok {
		return
	}
	if r.stated >= 0 {
		s := tidy(r.text(row, r.stated))
		starred = starred || r.firstCount.MatchString(s) || s == "p" || s == "provisional" || s == "preliminary"
	}
	if r.Layout == panel.Wide || r.Layout == Cross {
		for _, f := range r.columns {
			if r.TimeCol >= 0 {
				f.stamp = at.stamp
				f.head.sums = f.head.sums || at.sums && !f.head.single
			}
			r.cell(row, f, subject, *f.ind, f.factor, f.shift, starred)
		}
		return
	}
	r.byName(row, at, subject, starred)
}

// byName reads a row that names its indicator.
func (r *reading) byName(row int, at rowTime, subject string, starred bool) {
	unit := ""
	if r.unitCol >= 0 {
		unit = tidy(r.text(row, r.unitCol))
	}
	for _, f := range r.columns {
		m := r.meaning(row, f.head)
		if !m.ok && r.nameless(row, f) {
			return
		} else if !m.ok {
			continue
		}
		ind := r.lexicon.list[m.target.ind]
		factor, ok := r.rowFactor(row, unit, f, m, ind)
		if !ok {
			continue
		}
		if r.TimeCol >= 0 {
			f.stamp, f.head.sums = at.stamp, f.head.sums || at.sums
		}
		f.head.sums, f.head.single = f.head.sums || m.head.sums, f.head.single || m.head.single
		if r.Layout == Across {
			subject = f.subject
		}
		r.cell(row, f, subject, ind, factor, m.target.shift, starred || m.head.provisional)
	}
}

// rowFactor gives the factor of a cell in a row that names its indicator: by the
// unit of the column, of the row, or of the whole sheet.
func (r *reading) rowFactor(row int, unit string, f field, m meaning, ind panel.Indicator) (float64, bool) {
	if factor, ok := r.Scale[f.col]; ok {
		return factor, true
	}
	from, at := unit, max(r.unitCol, 0)
	switch {
	case f.head.unit != "":
		from, at = f.head.unit, f.col
	case f.head.growth || m.head.growth:
		from, at = "%", f.col
	case m.head.unit != "":
		from, at = m.head.unit, max(r.IndicatorCol, 0)
	case unit == "" && len(r.units) > 0 && ind.Unit.ZH != "":
		one, fits := r.fitting(ind)
		if fits != 1 {
			r.wrong(row, f.col, "表上写的单位里没有一种（或不止一种）适合这个指标，没有读；请在指标名后写明单位。", "None or more than one of the units on the sheet fits this indicator, so it is not read; write the unit after the indicator's name.")
			return 0, false
		}
		from = one
	}
	factor, same := r.lexicon.factor(from, ind.Unit.ZH)
	if !same {
		r.wrong(row, at, "这里的单位与指标的单位不是同一种，没有读；请核对。", "The unit here does not measure what the indicator's does, so it is not read; check it.")
	}
	return factor, same
}

// nameless tells of a row whose indicator is not known, or of which the growth that
// a column gives is not; it reports whether the row has no more to say.
func (r *reading) nameless(row int, f field) bool {
	name := r.Indicator
	if r.IndicatorCol >= 0 {
		name = r.text(row, r.IndicatorCol)
	}
	if tidy(name) == "" {
		r.wrong(row, r.IndicatorCol, "没有写明指标；请补写。", "It does not say which indicator; write it.")
		return true
	}
	if !r.meaning(row, head{}).ok {
		r.missed(OfIndicator, name, row, max(r.IndicatorCol, 0), 1)
		return true
	}
	if value, _ := r.number(r.text(row, f.col)); value {
		r.missed(OfIndicator, name+" · "+f.head.text, row, f.col, 1)
	}
	return false
}

// meaning resolves the indicator of a row; a column of growth (同比增长) makes it
// the growth of it.
func (r *reading) meaning(row int, column head) meaning {
	name := r.Indicator
	if r.IndicatorCol >= 0 {
		name = r.text(row, r.IndicatorCol)
	}
	key := wording{name, column.growth, column.index, column.sums, column.single}
	m, ok := r.words[key]
	if ok {
		return m
	}
	h := r.lexicon.head([]string{name}, r.year)
	m.head = h
	h.growth, h.index = h.growth || column.growth, h.index || column.index
	if h.sums == h.single {
		h.sums, h.single = column.sums, column.single
	}
	m.target, m.ok = r.lexicon.target(h, r.Cumulative)
	if r.IndicatorCol < 0 && !h.growth && !h.index {
		m.target, m.ok = target{ind: r.lexicon.codes[r.Indicator]}, true
	}
	r.words[key] = m
	return m
}

// cell reads one value.
func (r *reading) cell(row int, f field, subject string, ind panel.Indicator, factor, shift float64, starred bool) {
	if !f.timed && r.TimeCol < 0 {
		return
	}
	text := r.text(row, f.col)
	fig, ok := r.readFigure(text)
	switch {
	case !ok && text != "" && text[0] == '=':
		r.wrong(row, f.col, "公式没有保存结果；请用表格软件打开、保存后再上传，或改为数值。", "The formula has no saved value; open and save the file in a spreadsheet program, or write the value.")
		return
	case !ok:
		r.wrong(row, f.col, fmt.Sprintf("“%s”不是数字；没有数据请留空。", short(text)), fmt.Sprintf("“%s” is no number; leave it empty when there is none.", short(text)))
		return
	case !fig.missing && r.merged[[2]int{row, f.col}]:
		r.wrong(row, f.col, "这个数值的单元格是合并的，分不清属于哪一格；请取消合并，每格各写一个数。", "This value stands in a merged cell, and it cannot be told which place it belongs to; unmerge it and write one value in each.")
		return
	}
	if fig.sign != "" {
		if factor, ok = r.lexicon.factor(fig.sign, ind.Unit.ZH); !ok {
			r.wrong(row, f.col, "这里写的是百分数，指标的单位不是百分数；请核对指标。", "This is a percentage, and the indicator is not in per cent; check the indicator.")
			return
		}
	}
	v := scaled(fig.value, factor, shift)
	if math.IsInf(v, 0) || math.IsNaN(v) {
		r.wrong(row, f.col, "数值太大，无法记录；请核对。", "The value is too large to be kept; check it.")
		return
	}
	if fig.missing {
		v = 0
	}
	r.Cells = append(r.Cells, Cell{
		Indicator: ind.Code, Subject: subject, Freq: f.stamp.freq, Period: f.stamp.period, Value: v, Missing: fig.missing,
		Provisional: !fig.missing && (fig.provisional || starred || r.starred || f.head.provisional), Cumulative: r.sums(f.head), Row: row, Col: f.col,
	})
}

// scaled turns a value into another unit. It keeps the fifteen digits that a
// decimal surely has in a float64, so that 0.81 % are 8.1 ‰ and no digit is made up.
func scaled(v, factor, shift float64) float64 {
	if factor == 1 && shift == 0 {
		return v
	}
	out, err := strconv.ParseFloat(strconv.FormatFloat(v*factor+shift, 'g', 15, 64), 64)
	if err != nil {
		return math.Inf(1)
	}
	return out
}

// written reports whether a row says more than its names: a heading between rows
// (一、省辖市) says nothing.
func (r *reading) written(row int) bool {
	known := r.SubjectCol >= 0 && r.places.find(r.text(row, r.SubjectCol)) != ""
	seen := ""
	for c := range r.cols {
		s := tidy(r.text(row, c))
		if s == "" || s == seen {
			continue
		}
		if seen != "" || known {
			return true
		}
		seen = s
	}
	return false
}

// repeatsHead reports whether a row is the header again, as at the top of a page.
func (r *reading) repeatsHead(row int) bool {
	for h := r.Head; h < r.First; h++ {
		same := 0
		for c := range r.cols {
			if tidy(r.text(h, c)) != tidy(r.text(row, c)) {
				same = -1
				break
			}
			if tidy(r.text(h, c)) != "" {
				same++
			}
		}
		if same > 0 {
			return true
		}
	}
	return false
}

// twice takes out cells that say the same thing twice. A missing one says nothing.
func (r *reading) twice() {
	type key struct {
		indicator, subject string
		stamp              stamp
	}
	type place struct {
		values, none  int
		first, second int // of the cells with a value
	}
	slots := make([]int, len(r.Cells))
	index := make(map[key]int, len(r.Cells))
	var places []place
	for i, c := range r.Cells {
		k := key{c.Indicator, c.Subject, stamp{c.Freq, c.Period}}
		n, seen := index[k]
		if !seen {
			n = len(places)
			index[k], places = n, append(places, place{})
		}
		slots[i] = n
		if p := &places[n]; !c.Missing {
			switch p.values++; p.values {
			case 1:
				p.first = i
			case 2:
				p.second = i
			}
		}
	}
	kept := r.Cells[:0:0]
	for i, c := range r.Cells {
		p := &places[slots[i]]
		switch {
		case c.Missing && p.values+p.none > 0:
		case c.Missing:
			p.none++
			kept = append(kept, c)
		case p.values == 1:
			kept = append(kept, c)
		default:
			other := r.Cells[p.first]
			if i == p.first {
				other = r.Cells[p.second]
			}
			where := A1(other.Row, other.Col)
			r.wrong(c.Row, c.Col, fmt.Sprintf("与 %s 是同一地区、指标和时间；请留下对的一个。", where), fmt.Sprintf("%s is of the same subject, indicator and period; keep the right one.", where))
		}
	}
	r.Cells = kept
	slices.SortStableFunc(r.Wrong, func(a, b Wrong) int {
		if a.Row != b.Row {
			return a.Row - b.Row
		}
		return a.Col - b.Col
	})
}
