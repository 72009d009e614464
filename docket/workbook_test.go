package docket

import (
	"bytes"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// TestExportCells: whatever people type, in whatever column, leaves as text that
// no spreadsheet program takes for a formula.
func TestExportCells(t *testing.T) {
	dangerous := []string{"=1+1", "=HYPERLINK(\"http://x\")", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "|calc", "%0", "＝1", "＋1", "－1", "＠1", " =1", "\u3000=1", "\u00a0+1", "\ufeff=1"}
	harmless := []string{"", "市教育局", "澄政督〔2026〕1号", "2026-11-23T08:30:00+08:00", "a=b", "'quoted"}
	columns := len(exportHead())
	var rows [][]string
	for _, text := range append(dangerous, harmless...) {
		for c := range columns {
			row := make([]string, columns)
			row[c] = text
			rows = append(rows, row)
		}
	}
	data, err := workbook(rows, "=导出人")
	if err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cells := 0
	for i := range len(rows) + 4 {
		for c := range columns {
			name, _ := excelize.CoordinatesToCellName(c+1, i+1)
			formula, err := f.GetCellFormula("台账", name)
			kind, err2 := f.GetCellType("台账", name)
			value, err3 := f.GetCellValue("台账", name)
			if err != nil || err2 != nil || err3 != nil {
				t.Fatal(err, err2, err3)
			}
			first := strings.TrimLeft(value, " \u00a0\u3000\ufeff")
			if formula != "" || value != "" && kind != excelize.CellTypeSharedString && kind != excelize.CellTypeInlineString || first != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(first)[0]) {
				t.Errorf("%s holds %q: formula %q, type %v", name, value, formula, kind)
			}
			cells++
		}
	}
	if cells < 9*(len(dangerous)+len(harmless))*9 {
		t.Errorf("only %d cells were looked at", cells)
	}
	for i, text := range harmless {
		name, _ := excelize.CoordinatesToCellName(2, 4+(len(dangerous)+i)*columns+1)
		if value, _ := f.GetCellValue("台账", name); value != text {
			t.Errorf("%s: %q became %q", name, text, value)
		}
	}
}
