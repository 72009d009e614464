package panel

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"

	"touyan.dev/touyan/kernel/fault"
)

// Layout says how a file lays a panel out.
type Layout string

// The layouts.
const (
	Wide    Layout = "wide"    // a line for each subject and period, a column for each indicator
	Long    Layout = "long"    // a line for each subject, period and indicator
	Periods Layout = "periods" // a line for each subject and indicator, a column for each period
)

// Reading says which columns of a file mean what. Only the columns that the
// layout has need a name.
type Reading struct {
	File         string // its name, for the sources of cells
	Layout       Layout
	SubjectCol   string
	TimeCol      string   // wide and long
	IndicatorCol string   // long and periods
	ValueCol     string   // long
	Indicators   []string // which to read, in this order; nil: all that hold numbers
	VintageCol   string   // with Vintage: only the lines of this vintage are read
	Vintage      string
}

// Bounds of what is read.
const (
	maxFaults  = 20         // told at once
	maxColumns = 1200       // periods: a hundred years of months
	maxCells   = 60_000_000 // of all slabs together
)

// ReadCSV reads a panel from a file in UTF-8 or GB18030, with or without a byte
// order mark. An empty cell, or one of the signs statistics use for none ("-",
// "—", "…", "NA"), is missing. Errors name line and column and never repeat
// what stands there. The subjects come in the order of their codes.
func ReadCSV(data []byte, r Reading) (*Panel, error) {
	t, err := NewTable(data)
	if err != nil {
		return nil, err
	}
	rd := &reader{Reading: r, Table: t, subjects: map[string]int{}, indicators: map[string]int{}, units: map[string]int{}}
	if err := rd.columns(); err != nil {
		return nil, err
	}
	for row, err := range t.Rows() {
		if err != nil {
			return nil, err
		}
		if rd.vintage >= 0 && clean(row[rd.vintage]) != r.Vintage {
			continue
		}
		rd.row(row)
		if len(rd.faults) >= maxFaults {
			break
		}
	}
	if len(rd.faults) > 0 {
		return nil, faulty(rd.faults)
	}
	return rd.panel()
}

func faulty(fields []fault.Field) error {
	return &fault.Error{
		Kind: fault.Invalid, Op: "panel.Read", Fields: fields,
		Text: fault.T("数据文件有误，没有读入；请按行号和列名修改。", "The data file has errors and was not read; mend the lines and columns named."),
	}
}

// Table reads lines of equal length below a header, in UTF-8 or GB18030, with or
// without a byte order mark.
type Table struct {
	Head []string
	Line int // of the row read last
	csv  *csv.Reader
}

// NewTable reads the header.
func NewTable(data []byte) (*Table, error) {
	text, err := Decode(data)
	if err != nil {
		return nil, err
	}
	t := &Table{csv: csv.NewReader(bytes.NewReader(text))}
	t.csv.FieldsPerRecord = -1
	t.csv.ReuseRecord = true
	row, err := t.next()
	if err == io.EOF {
		return nil, fault.New(fault.Invalid, "panel.Read", "文件是空的。", "The file is empty.")
	}
	if err != nil {
		return nil, err
	}
	for _, name := range row {
		t.Head = append(t.Head, clean(name))
	}
	return t, nil
}

// Rows gives the lines that follow, up to the first that is wrong, with empty
// ones left out. A line is good until the one after it.
func (t *Table) Rows() iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for {
			row, err := t.next()
			if err == io.EOF || !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// next gives the next line; io.EOF after the last.
func (t *Table) next() ([]string, error) {
	for {
		row, err := t.csv.Read()
		if err == io.EOF {
			return nil, err
		}
		var wrong *csv.ParseError
		if errors.As(err, &wrong) {
			return nil, faulty([]fault.Field{at(wrong.StartLine, "", "引号不成对，或引号外有多余字符。", "A quote is not closed, or stands in the middle of a cell.")})
		}
		if err != nil {
			return nil, fault.Wrap("panel.Read", err)
		}
		t.Line, _ = t.csv.FieldPos(0)
		if t.Head != nil && !slices.ContainsFunc(row, func(c string) bool { return clean(c) != "" }) {
			continue
		}
		if t.Head != nil && len(row) != len(t.Head) {
			return nil, faulty([]fault.Field{at(t.Line, "", fmt.Sprintf("有 %d 列，表头有 %d 列。", len(row), len(t.Head)), fmt.Sprintf("It has %d columns, the header has %d.", len(row), len(t.Head)))})
		}
		return row, nil
	}
}

// Wrong is an error about a cell of the row read last.
func (t *Table) Wrong(column, zh, en string) error {
	return faulty([]fault.Field{at(t.Line, column, zh, en)})
}

// Column finds a column by its name in the header.
func (t *Table) Column(name string) (int, error) {
	i := slices.Index(t.Head, name)
	if i < 0 {
		return i, fault.At("panel.Read", "line 1/"+name, "表头没有这一列。", "The header has no such column.")
	}
	if slices.Contains(t.Head[i+1:], name) {
		return i, fault.At("panel.Read", "line 1/"+name, "表头有两列同名。", "The header has two columns of this name.")
	}
	return i, nil
}

func at(line int, column, zh, en string) fault.Field {
	path := fmt.Sprintf("line %d", line)
	if column != "" {
		path += "/" + column
	}
	return fault.Field{Path: path, Text: fault.T(zh, en)}
}

// observation is one cell read.
type observation struct {
	value              float64
	indicator, subject int32
	period             int32
	line, column       int32
}

// block is how many observations are kept in one piece: a file is read once and
// nothing that was read is moved.
const block = 4096

// reader collects the cells of a file.
type reader struct {
	Reading
	*Table
	subject, time, indicator, value, vintage int // columns; -1 when there is none

	codes      []string
	subjects   map[string]int // code → index into codes
	indicators map[string]int
	order      []string
	units      map[string]int // columns of values in wide and periods → indicator or period
	columnsOf  []int          // those columns, in the order of the file
	freq       Freq
	seen       [][]observation // in blocks
	faults     []fault.Field
}

// columns finds the columns that the layout needs.
func (r *reader) columns() error {
	r.time, r.indicator, r.value, r.vintage = -1, -1, -1, -1
	need := map[*int]string{&r.subject: r.SubjectCol}
	switch r.Layout {
	case Wide:
		need[&r.time] = r.TimeCol
	case Long:
		need[&r.time], need[&r.indicator], need[&r.value] = r.TimeCol, r.IndicatorCol, r.ValueCol
	case Periods:
		need[&r.indicator] = r.IndicatorCol
	default:
		return fault.At("panel.Read", "layout", "只有 wide、long、periods 三种排法。", "There are three layouts: wide, long, periods.")
	}
	if r.VintageCol != "" {
		need[&r.vintage] = r.VintageCol
	}
	for col, name := range need {
		var err error
		if *col, err = r.Column(name); err != nil {
			return err
		}
	}
	for _, code := range r.Indicators {
		if _, ok := r.indicators[code]; !ok {
			r.indicators[code] = len(r.order)
			r.order = append(r.order, code)
		}
	}
	if r.Layout == Wide {
		for _, code := range r.Indicators {
			if _, err := r.Column(code); err != nil {
				return err
			}
		}
	}
	for i, name := range r.Head {
		_, wanted := r.indicators[name]
		switch {
		case i == r.subject || i == r.time || i == r.indicator || i == r.vintage:
		case r.Layout == Wide && (wanted || r.Indicators == nil):
			r.columnsOf = append(r.columnsOf, i)
		case r.Layout == Periods:
			if freq, period, ok := ParsePeriod(name); ok && r.sameFreq(freq, 1, name) {
				r.columnsOf = append(r.columnsOf, i)
				r.units[name] = period
			}
		}
	}
	if len(r.faults) > 0 {
		return faulty(r.faults)
	}
	return nil
}

func (r *reader) sameFreq(f Freq, line int, column string) bool {
	if r.freq == 0 {
		r.freq = f
	}
	if r.freq != f {
		r.faults = append(r.faults, at(line, column, "时间的频率与前面不同：年、季、月不能混在一个文件里。", "The period is of another frequency than those before: years, quarters and months do not mix in one file."))
	}
	return r.freq == f
}

// row reads one line.
func (r *reader) row(row []string) {
	code := clean(row[r.subject])
	if code == "" {
		r.faults = append(r.faults, at(r.Line, r.SubjectCol, "没有写明对象。", "It does not say which subject."))
		return
	}
	s, ok := r.subjects[code]
	if !ok {
		s = len(r.codes)
		r.codes = append(r.codes, code)
		r.subjects[code] = s
	}
	o := observation{subject: int32(s), line: int32(r.Line)}
	if r.time >= 0 {
		f, period, ok := ParsePeriod(clean(row[r.time]))
		if !ok {
			r.faults = append(r.faults, at(r.Line, r.TimeCol, "不是可以识别的时间，如 2024、2024Q3、2024-03。", "It is no period that can be read, such as 2024, 2024Q3, 2024-03."))
			return
		}
		if !r.sameFreq(f, r.Line, r.TimeCol) {
			return
		}
		o.period = int32(period)
	}
	if r.Layout == Wide {
		for _, col := range r.columnsOf {
			o.column = int32(col)
			r.cell(o, r.Head[col], row[col])
		}
		return
	}
	name := clean(row[r.indicator])
	if _, ok := r.indicators[name]; !ok && r.Indicators != nil {
		return
	}
	if name == "" {
		r.faults = append(r.faults, at(r.Line, r.IndicatorCol, "没有写明指标。", "It does not say which indicator."))
		return
	}
	if r.Layout == Long {
		o.column = int32(r.value)
		r.cell(o, name, row[r.value])
		return
	}
	for _, col := range r.columnsOf {
		o.column, o.period = int32(col), int32(r.units[r.Head[col]])
		r.cell(o, name, row[col])
	}
}

// cell reads one value. A column that was not asked for by name and does not
// begin with a number is no indicator.
func (r *reader) cell(o observation, indicator, text string) {
	v, missing, ok := ParseNumber(text)
	if missing {
		return
	}
	i, known := r.indicators[indicator]
	if !ok {
		if r.Layout == Wide && r.Indicators == nil && !known {
			r.columnsOf = slices.DeleteFunc(slices.Clone(r.columnsOf), func(c int) bool { return c == int(o.column) })
			return
		}
		r.faults = append(r.faults, at(int(o.line), r.Head[o.column], "不是数字；没有数据请留空。", "It is not a number; leave it empty when there is none."))
		return
	}
	if !known {
		i = len(r.order)
		r.indicators[indicator] = i
		r.order = append(r.order, indicator)
	}
	o.indicator, o.value = int32(i), v
	last := len(r.seen) - 1
	if last < 0 || len(r.seen[last]) == block {
		r.seen, last = append(r.seen, make([]observation, 0, block)), last+1
	}
	r.seen[last] = append(r.seen[last], o)
}

// panel puts the cells in their places.
func (r *reader) panel() (*Panel, error) {
	if len(r.seen) == 0 {
		return nil, fault.New(fault.Invalid, "panel.Read", "文件里没有一个数值，请检查列名和版本。", "The file holds no value; check the names of the columns and the vintage.")
	}
	first, last := math.MaxInt, math.MinInt
	for _, b := range r.seen {
		for _, o := range b {
			first, last = min(first, int(o.period)), max(last, int(o.period))
		}
	}
	axis := Axis{Freq: r.freq, First: first, Len: last - first + 1}
	if axis.Len > maxColumns || axis.Len*len(r.codes)*len(r.order) > maxCells {
		return nil, fault.New(fault.TooMuch, "panel.Read", "数据跨越的时间太长，或对象和指标太多；请检查时间一列。", "The data span too long a time, or too many subjects and indicators; check the column of periods.")
	}
	sorted := slices.Sorted(slices.Values(r.codes))
	places := make([]int, len(r.codes)) // of the subjects as they were met
	subjects := make([]Subject, len(sorted))
	for i, code := range sorted {
		places[r.subjects[code]] = i
		subjects[i] = Subject{Code: code, Name: fault.T(code, code)}
	}
	indicators := make([]Indicator, len(r.order))
	for i, code := range r.order {
		indicators[i] = Indicator{Code: code, Name: fault.T(code, code)}
	}
	p := New(axis, subjects, indicators)
	p.Vintage = r.Vintage
	for i, slab := range p.Slabs {
		slab.File, slab.Lines, slab.Column = r.File, make([]uint32, slab.N*slab.T), r.columnName(r.order[i], axis)
	}
	for _, b := range r.seen {
		for _, o := range b {
			s, t, slab := places[o.subject], int(o.period)-first, p.Slabs[o.indicator]
			if v, twice := slab.At(s, t); twice && v != o.value {
				line := slab.Lines[t*slab.N+s]
				r.faults = append(r.faults, at(int(o.line), r.Head[o.column],
					fmt.Sprintf("与第 %d 行是同一对象、时间和指标，数值不同。", line), fmt.Sprintf("Line %d has the same subject, period and indicator with another value.", line)))
				continue
			}
			slab.Set(s, t, o.value)
			slab.Lines[t*slab.N+s] = uint32(o.line)
		}
		if len(r.faults) >= maxFaults {
			break
		}
	}
	if len(r.faults) > 0 {
		return nil, faulty(r.faults[:min(len(r.faults), maxFaults)])
	}
	return p, nil
}

func (r *reader) columnName(indicator string, axis Axis) func(int) string {
	name := indicator
	switch r.Layout {
	case Long:
		name = r.ValueCol
	case Periods:
		names := map[int]string{}
		for _, col := range r.columnsOf {
			names[r.units[r.Head[col]]] = r.Head[col]
		}
		return func(t int) string { return names[axis.Period(t)] }
	}
	return func(int) string { return name }
}
