package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"touyan.dev/touyan/kernel/fault"
)

// maxUnpacked is how large a workbook may be once unpacked.
const maxUnpacked = 128 << 20

// openWorkbook reads the visible sheets of an .xlsx workbook.
func openWorkbook(data []byte) ([]Grid, error) {
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{
		UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxUnpacked, RawCellValue: true,
	})
	if err != nil {
		return nil, badWorkbook(err)
	}
	defer f.Close()
	b := book{f: f, forms: map[int]form{}}
	if props, err := f.GetWorkbookProps(); err == nil && props.Date1904 != nil {
		b.since1904 = *props.Date1904
	}
	var grids []Grid
	for _, name := range f.GetSheetList() {
		if seen, err := f.GetSheetVisible(name); err != nil || !seen {
			continue
		}
		g, err := b.grid(name)
		if err != nil {
			return nil, err
		}
		if len(g.Rows) > 0 {
			grids = append(grids, g)
		}
	}
	if len(grids) == 0 {
		return nil, empty()
	}
	return grids, nil
}

func badWorkbook(err error) error {
	if strings.Contains(err.Error(), "unzip size exceeds") {
		return &fault.Error{Kind: fault.TooMuch, Op: opOpen, Err: err, Text: fault.T("表格解压后过大，请拆分后再上传。", "The workbook is too large when unpacked; split it.")}
	}
	return &fault.Error{Kind: fault.Invalid, Op: opOpen, Err: err,
		Text: fault.T("表格已损坏、已加密，或不是 .xlsx；请用表格软件打开后另存为 .xlsx。", "The workbook is damaged, encrypted or no .xlsx; open it and save it as .xlsx.")}
}

// form is how a style shows a number.
type form int

const (
	asNumber form = iota
	asPercent
	asYear  // a date of which the year is shown
	asMonth // and the month
	asDay
)

// book is a workbook being read.
type book struct {
	f         *excelize.File
	since1904 bool
	forms     map[int]form // of each style
	cells     int
}

func (b *book) grid(name string) (Grid, error) {
	g := Grid{Name: name}
	rows, err := b.f.Rows(name)
	if err != nil {
		// A chart sheet holds no cells.
		return g, nil
	}
	defer rows.Close()
	for rows.Next() {
		row, err := rows.Columns()
		if err != nil {
			return g, badWorkbook(err)
		}
		if b.cells += len(row) + 1; len(g.Rows) >= maxRows || len(row) > maxColumns || b.cells > maxCells {
			return g, tooLarge()
		}
		for c := range row {
			row[c] = b.shown(name, len(g.Rows), c, row[c])
		}
		g.Rows = append(g.Rows, row)
	}
	if err := rows.Error(); err != nil {
		return g, badWorkbook(err)
	}
	if err := b.merge(&g); err != nil {
		return g, err
	}
	g.trim()
	return g, nil
}

// shown gives a cell as it is seen, without the loss of digits that the format of
// the cell brings. A formula without a saved value stays as the formula, which no
// reader of values takes for one.
func (b *book) shown(name string, row, col int, raw string) string {
	axis := A1(row, col)
	if raw == "" {
		if formula, err := b.f.GetCellFormula(name, axis); err == nil && formula != "" {
			return "=" + strings.TrimPrefix(formula, "=")
		}
		return raw
	}
	v, err := strconv.ParseFloat(raw, 64)
	if err != nil || strings.Trim(raw, "0123456789.-+eE") != "" {
		return raw
	}
	switch t, err := b.f.GetCellType(name, axis); {
	case err != nil:
	case t == excelize.CellTypeSharedString || t == excelize.CellTypeInlineString:
		return raw
	case t == excelize.CellTypeBool:
		return strings.ToUpper(strconv.FormatBool(v != 0))
	}
	plain := strconv.FormatFloat(v, 'f', -1, 64)
	switch b.form(name, axis) {
	case asPercent:
		return shiftTwo(plain) + "%"
	case asYear, asMonth, asDay:
		t, err := excelize.ExcelDateToTime(v, b.since1904)
		if err != nil {
			return plain
		}
		return t.Format(map[form]string{asYear: "2006", asMonth: "2006-01", asDay: "2006-01-02"}[b.form(name, axis)])
	}
	return plain
}

// form tells how a cell shows its number.
func (b *book) form(name, axis string) form {
	id, err := b.f.GetCellStyle(name, axis)
	if err != nil {
		return asNumber
	}
	if kind, ok := b.forms[id]; ok {
		return kind
	}
	kind := asNumber
	if style, err := b.f.GetStyle(id); err == nil {
		code := ""
		if style.CustomNumFmt != nil {
			code = *style.CustomNumFmt
		}
		kind = formOf(style.NumFmt, code)
	}
	b.forms[id] = kind
	return kind
}

// formOf reads a number format: 9 and 10 are the built-in per cents; 14–17, 22,
// 27–31, 36, 50–54 and 57–58 the dates, of which 17, 27, 36, 50, 55 and 57 show no
// day.
func formOf(id int, code string) form {
	switch id {
	case 9, 10:
		return asPercent
	case 17, 27, 36, 50, 52, 55, 57:
		return asMonth
	case 14, 15, 16, 22, 28, 29, 30, 31, 51, 53, 54, 56, 58:
		return asDay
	}
	// What is quoted or in brackets is shown, or a condition, not a format.
	var plain strings.Builder
	quoted, bracket := false, false
	for _, r := range strings.ToLower(code) {
		switch {
		case r == '"':
			quoted = !quoted
		case quoted:
		case r == '[':
			bracket = true
		case r == ']':
			bracket = false
		case !bracket:
			plain.WriteRune(r)
		}
	}
	switch s := plain.String(); {
	case strings.Contains(s, "%"):
		return asPercent
	case strings.Contains(s, "y") && strings.Contains(s, "d"):
		return asDay
	case strings.Contains(s, "y") && strings.Contains(s, "m"):
		return asMonth
	case strings.Contains(s, "yy"):
		return asYear
	}
	return asNumber
}

// shiftTwo moves the point of a decimal two places to the right, in text, so that
// no digit changes.
func shiftTwo(s string) string {
	sign := ""
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		sign, s = "-", rest
	}
	whole, frac, _ := strings.Cut(s, ".")
	for len(frac) < 2 {
		frac += "0"
	}
	whole = strings.TrimLeft(whole+frac[:2], "0")
	if whole == "" {
		whole = "0"
	}
	if frac = frac[2:]; frac != "" {
		whole += "." + frac
	}
	return sign + whole
}

// merge repeats merged cells.
func (b *book) merge(g *Grid) error {
	merged, err := b.f.GetMergeCells(g.Name, true)
	if err != nil {
		return badWorkbook(err)
	}
	for _, m := range merged {
		c1, r1, err1 := excelize.CellNameToCoordinates(m.GetStartAxis())
		c2, r2, err2 := excelize.CellNameToCoordinates(m.GetEndAxis())
		if err := errors.Join(err1, err2); err != nil {
			return badWorkbook(fmt.Errorf("merged cells: %w", err))
		}
		at := Merge{Row: r1 - 1, Col: c1 - 1, ToRow: min(r2, len(g.Rows)) - 1, ToCol: min(c2, maxColumns) - 1}
		text := g.text(at.Row, at.Col)
		if text == "" {
			continue
		}
		if b.cells += (at.ToRow - at.Row + 1) * (at.ToCol - at.Col + 1); b.cells > maxCells {
			return tooLarge()
		}
		g.Merges = append(g.Merges, at)
		for r := at.Row; r <= at.ToRow; r++ {
			for len(g.Rows[r]) <= at.ToCol {
				g.Rows[r] = append(g.Rows[r], "")
			}
			for c := at.Col; c <= at.ToCol; c++ {
				g.Rows[r][c] = text
			}
		}
	}
	return nil
}
