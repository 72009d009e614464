// Package sheet reads statistics as bureaus of statistics publish them (统计公报、
// 月报、年鉴的表格): CSV, text and xlsx with titles above the header, merged header
// cells, units in words, notes below, marks for what is provisional and for what
// is missing. It gives observations, and for each bad cell what is wrong with it,
// so that a person can look before anything is kept.
//
// Three steps: Open makes grids of texts out of a file, Guess says how a grid
// lies, Read reads it in the way that a person has confirmed or corrected. Names
// are resolved to the subjects and indicators that are known; what matches none
// is told with the nearest known names, never taken for one that resembles it. A
// missing value is missing and never 0. The same bytes give the same result.
//
// The package knows no database, no clock and no screen, and keeps nothing.
package sheet

import (
	"fmt"
	"slices"
	"strconv"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/panel"
)

// Grid is a rectangular table of texts, as a person sees it: merged cells
// repeated, formulas by their values, dates and numbers as text without loss.
type Grid struct {
	Name   string // of the sheet; the file's for CSV
	Rows   [][]string
	Merges []Merge // cells that repeat the one at (Row, Col)
}

// Merge is a merged cell, its last row and column included, 0-based.
type Merge struct{ Row, Col, ToRow, ToCol int }

// Known is what names are resolved to.
type Known struct {
	Subjects   []panel.Subject
	Indicators []panel.Indicator
	Spellings  map[string]string // other names of subjects → code
}

// Cross is one period for the whole table, a line for each subject and a column
// for each indicator: the way monthly bulletins look.
const Cross panel.Layout = "cross"

// Across is a column for each subject, and a line for each indicator or period.
const Across panel.Layout = "across"

// Shape says how a grid lies. A person may correct each field of it. Rows and
// columns are 0-based; a column of -1 means that there is none.
type Shape struct {
	Layout            panel.Layout
	Head, First, Last int // header rows are [Head, First), data rows [First, Last)

	SubjectCol, TimeCol, IndicatorCol, ValueCol int

	PartCol int // beside a TimeCol of years: the column of months or quarters

	Subject   string // without a column of subjects: the code of the one that the title names
	Indicator string // without a column of indicators, in long, periods and across: the code that the title names
	Period    string // without a column of times: the period that the title names, "2026-10"

	Columns    map[int]string // wide and cross: column → indicator code; "" is not read, and one that is absent is told as unknown
	Subjects   map[int]string // across: column → code of the subject; "" and absence as in Columns
	Periods    map[int]string // column → the period its header names; in cross and across it goes before Period
	Cumulative bool           // the title or header says 1—10月 or 累计

	// Column → factor from the unit written to the indicator's own, and what is added
	// then: 100 turns growth in % into an index of the year before. Where none is
	// given, Read goes by what the header and the rows say.
	Scale map[int]float64
	Shift map[int]float64 // wide and cross
}

// Note is something that Guess could not tell, or that a person should look at.
// Row and Col are -1 when it concerns the whole sheet.
type Note struct {
	Row, Col int
	Text     fault.Text
}

// Left gives the notes on a guessed shape that a corrected one leaves to be looked
// at: those about a column that is read as before.
func (s Shape) Left(notes []Note, corrected Shape) []Note {
	return slices.DeleteFunc(slices.Clone(notes), func(n Note) bool {
		return n.Col < 0 || s.Layout != corrected.Layout || s.as(n.Col) != corrected.as(n.Col)
	})
}

// as says how a column is read.
func (s Shape) as(c int) string {
	return fmt.Sprint(s.Columns[c], s.Subjects[c], s.Periods[c], []bool{c == s.SubjectCol, c == s.TimeCol, c == s.PartCol, c == s.IndicatorCol, c == s.ValueCol})
}

// Cell is one observation. A missing one says that the place was there and held
// nothing, or a sign for no data.
type Cell struct {
	Indicator, Subject string // codes
	Freq               panel.Freq
	Period             int // as panel.Axis counts them
	Value              float64
	Missing            bool
	Provisional        bool
	Cumulative         bool // from January to the end of the period
	Row, Col           int
}

// Wrong is a cell that cannot be read: where (see A1), and what to do. It repeats
// no more than twenty characters of what stands there.
type Wrong struct {
	Row, Col int
	Text     fault.Text
}

// Unknown is a name that nothing matches. Its lines or columns are not read.
type Unknown struct {
	Kind     string // OfSubject or OfIndicator
	Name     string // as it stands there
	Row, Col int    // where first
	Count    int    // how often
	Total    bool   // a line of totals (全省, 合计): no mistake when it stays out
	Near     []Near // the nearest known names, best first
}

// What an unknown name is of.
const (
	OfSubject   = "subject"
	OfIndicator = "indicator"
)

// Near is a known name that resembles an unknown one.
type Near struct {
	Code string
	Name fault.Text
}

// Result is what a grid says, in the order of its rows and columns.
type Result struct {
	Cells   []Cell
	Wrong   []Wrong
	Unknown []Unknown
}

// A1 gives the place of a cell as spreadsheets write it: row 6, column 1 is B7.
func A1(row, col int) string { return Column(col) + strconv.Itoa(row+1) }

// Column gives a column as spreadsheets name it: 0 is A, 26 is AA; nothing before
// the first.
func Column(col int) string {
	name := ""
	for n := col + 1; n > 0; n = (n - 1) / 26 {
		name = string(rune('A'+(n-1)%26)) + name
	}
	return name
}

// text gives a cell; "" outside of the grid.
func (g Grid) text(row, col int) string {
	if row < 0 || col < 0 || row >= len(g.Rows) || col >= len(g.Rows[row]) {
		return ""
	}
	return g.Rows[row][col]
}

// width gives the number of columns.
func (g Grid) width() int {
	n := 0
	for _, row := range g.Rows {
		n = max(n, len(row))
	}
	return n
}
