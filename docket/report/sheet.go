package report

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"touyan.dev/touyan/kernel/fault"
)

// maxSheet is how large a workbook may be once unpacked.
const maxSheet = 48 << 20

// ParseSheet reads a task list from an .xlsx workbook: the first sheet with a
// row of headings among its first ten rows. Formulas are not computed (the
// value saved with the file is taken, and one without is a fault), merged
// cells give their value to every row they cover except for tasks, and dates
// kept as numbers are read as dates. Rows with faults are not returned. The
// error is a fault error and means that the workbook as a whole is refused.
func ParseSheet(data []byte, year int) ([]Row, []RowError, error) {
	const op = "report.ParseSheet"
	if len(data) > maxFile {
		return nil, nil, fault.New(fault.TooMuch, op, "表格超过32 MB。", "The workbook exceeds 32 MB.")
	}
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{
		UnzipSizeLimit: maxSheet, UnzipXMLSizeLimit: maxSheet, RawCellValue: true,
	})
	if err != nil {
		return nil, nil, badSheet(op, err)
	}
	defer f.Close()
	for _, name := range f.GetSheetList() {
		s := sheet{f: f, name: name, year: year}
		found, err := s.load()
		if err != nil {
			return nil, nil, err
		}
		if !found {
			continue
		}
		rows, faults := s.rows()
		return rows, faults, nil
	}
	return nil, nil, fault.At(op, colTask, "前10行里没有找到“任务”列，请使用模板。", "No column 任务 was found in the first ten rows; use the template.")
}

func badSheet(op string, err error) error {
	if errors.Is(err, excelize.ErrWorkbookFileFormat) || errors.Is(err, excelize.ErrWorkbookPassword) {
		return &fault.Error{Kind: fault.Invalid, Op: op, Err: err,
			Text: fault.T("不是可读取的Excel表格（.xlsx）；加密的表格请先去掉密码。", "This is no readable .xlsx workbook; remove a password first.")}
	}
	if strings.Contains(err.Error(), "unzip size exceeds") {
		return &fault.Error{Kind: fault.TooMuch, Op: op, Err: err, Text: fault.T("表格解压后超过48 MB。", "The workbook exceeds 48 MB when unpacked.")}
	}
	return &fault.Error{Kind: fault.Invalid, Op: op, Err: err,
		Text: fault.T("表格已损坏，或不是Excel表格（.xlsx）。", "The workbook is damaged or no .xlsx workbook.")}
}

// sheet is one sheet being read.
type sheet struct {
	f     *excelize.File
	name  string
	year  int
	cells [][]string
	head  int // index of the row of headings
	order []string
	bad   []RowError
	// tail holds, for a cell covered by a merge, where the merge begins.
	tail map[[2]int][2]int
}

// load reads the cells and finds the headings.
func (s *sheet) load() (bool, error) {
	const op = "report.ParseSheet"
	rows, err := s.f.Rows(s.name)
	if err != nil {
		return false, badSheet(op, err)
	}
	defer rows.Close()
	s.head = -1
	for n := 0; rows.Next(); n++ {
		if n > maxRows+10 {
			return false, fault.New(fault.TooMuch, op, fmt.Sprintf("表格超过%d行。", maxRows), fmt.Sprintf("The sheet exceeds %d rows.", maxRows))
		}
		cells, err := rows.Columns()
		if err != nil {
			return false, badSheet(op, err)
		}
		if len(cells) > maxCols {
			for _, c := range cells[maxCols:] {
				if strings.TrimSpace(c) != "" {
					return false, fault.New(fault.TooMuch, op, fmt.Sprintf("表格超过%d列。", maxCols), fmt.Sprintf("The sheet exceeds %d columns.", maxCols))
				}
			}
			cells = cells[:maxCols]
		}
		s.cells = append(s.cells, trimAll(cells))
		if s.head < 0 && n < 10 {
			if order, ok, bad := headings(cells, n+1); ok {
				s.head, s.order, s.bad = n, order, bad
			}
		}
		if s.head < 0 && n >= 9 {
			return false, nil
		}
	}
	if s.head < 0 {
		return false, nil
	}
	return true, s.merges()
}

// merges spreads merged cells below the headings over the rows they cover.
func (s *sheet) merges() error {
	merged, err := s.f.GetMergeCells(s.name, true)
	if err != nil {
		return badSheet("report.ParseSheet", err)
	}
	s.tail = map[[2]int][2]int{}
	for _, m := range merged {
		c1, r1, err1 := excelize.CellNameToCoordinates(m.GetStartAxis())
		c2, r2, err2 := excelize.CellNameToCoordinates(m.GetEndAxis())
		if err1 != nil || err2 != nil {
			return badSheet("report.ParseSheet", errors.Join(err1, err2))
		}
		if r1-1 <= s.head {
			continue
		}
		for r := r1; r <= min(r2, len(s.cells)); r++ {
			for c := c1; c <= min(c2, maxCols); c++ {
				if r != r1 || c != c1 {
					s.tail[[2]int{r - 1, c - 1}] = [2]int{r1 - 1, c1 - 1}
				}
			}
		}
	}
	return nil
}

func (s *sheet) cell(r, c int) string {
	if r < len(s.cells) && c < len(s.cells[r]) {
		return s.cells[r][c]
	}
	return ""
}

// rows makes the rows below the headings.
func (s *sheet) rows() ([]Row, []RowError) {
	if len(s.bad) > 0 {
		return nil, s.bad
	}
	var out []Row
	var faults []RowError
	count := 0
	for r := s.head + 1; r < len(s.cells); r++ {
		cells, bad := s.row(r)
		if cells == nil {
			continue
		}
		count++
		row, more := makeRow(r+1, cells, s.order, s.year)
		if len(bad) > 0 {
			more = bad // what a missing value leads to need not be told as well
		}
		faults = append(faults, more...)
		if len(more) == 0 {
			out = append(out, row)
		}
	}
	if count == 0 {
		faults = append(faults, RowError{Row: s.head + 1, Column: colTask, Text: fault.T("列名下面没有任务。", "There is no task below the headings.")})
	}
	return out, faults
}

// row gives the cells of one row, or nil if nothing is written in it.
func (s *sheet) row(r int) ([]string, []RowError) {
	cells := make([]string, len(s.order))
	var bad []RowError
	written := false
	for c, name := range s.order {
		cells[c] = s.cell(r, c)
		if from, ok := s.tail[[2]int{r, c}]; ok && name != "" {
			switch {
			case name == colTask && s.cell(from[0], from[1]) != "":
				bad = append(bad, RowError{Row: r + 1, Column: name, Text: fault.T("任务单元格跨行合并，请取消合并后每行写一项任务。", "The task cell is merged over rows; unmerge it and write one task a row.")})
			case from[1] == c:
				cells[c] = s.cell(from[0], from[1])
			}
			continue // a merged value alone does not make a row
		}
		if formula := s.formula(r, c); formula {
			if cells[c] == "" {
				bad = append(bad, RowError{Row: r + 1, Column: name, Text: fault.T("公式没有保存结果，请改为数值或文字。", "The formula has no saved value; write the value itself.")})
			}
			written = true
		}
		if name == colDue {
			cells[c] = serialDay(cells[c])
		}
		written = written || cells[c] != "" && name != colNumber
	}
	if !written && len(bad) == 0 {
		return nil, nil
	}
	for c := len(s.order); r < len(s.cells) && c < len(s.cells[r]); c++ {
		cells = append(cells, s.cells[r][c])
	}
	return cells, bad
}

func (s *sheet) formula(r, c int) bool {
	axis, err := excelize.CoordinatesToCellName(c+1, r+1)
	if err != nil {
		return false
	}
	formula, err := s.f.GetCellFormula(s.name, axis)
	return err == nil && formula != ""
}

// serialDay turns a date kept as a day number (45,000 or so, counted from
// 1900) into YYYY-MM-DD, and a bare year into 年底前; other text stays.
func serialDay(s string) string {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return s
	}
	if v >= 1990 && v <= 2100 && v == float64(int(v)) {
		return s + "年底前"
	}
	if v < 30000 || v > 75000 {
		return s
	}
	t, err := excelize.ExcelDateToTime(v, false)
	if err != nil {
		return s
	}
	return t.Format("2006-01-02")
}

// Template gives the .xlsx workbook to fill in: the sheet 任务清单 with its
// headings, and 填写说明 which explains them in both languages.
func Template() ([]byte, error) {
	f := excelize.NewFile()
	defer f.Close()
	const list, guide = "任务清单", "填写说明"
	steps := []error{f.SetSheetName("Sheet1", list)}
	_, err := f.NewSheet(guide)
	bold, err2 := f.NewStyle(&excelize.Style{
		Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E8EEF7"}},
		Alignment: &excelize.Alignment{Horizontal: "center", Vertical: "center", WrapText: true},
	})
	wrap, err3 := f.NewStyle(&excelize.Style{Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}})
	text, err4 := f.NewStyle(&excelize.Style{NumFmt: 49, Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}})
	steps = append(steps, err, err2, err3, err4)
	heads := []any{colNumber, colTask, colLead, colAssist, colDue, colNote}
	steps = append(steps, f.SetSheetRow(list, "A1", &heads), f.SetColStyle(list, "A:F", text), f.SetCellStyle(list, "A1", "F1", bold))
	for i, width := range []float64{8, 60, 22, 30, 18, 30} {
		col, err := excelize.ColumnNumberToName(i + 1)
		steps = append(steps, err, f.SetColWidth(list, col, col, width))
	}
	steps = append(steps, f.SetPanes(list, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}))
	for i, line := range guidance() {
		cells := []any{line[0], line[1], line[2]}
		steps = append(steps, f.SetSheetRow(guide, fmt.Sprintf("A%d", i+1), &cells))
	}
	steps = append(steps, f.SetColWidth(guide, "A", "A", 14), f.SetColWidth(guide, "B", "C", 60), f.SetColStyle(guide, "A:C", wrap))
	if err := errors.Join(steps...); err != nil {
		return nil, fault.Wrap("report.Template", err)
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		return nil, fault.Wrap("report.Template", err)
	}
	return out.Bytes(), nil
}

// guidance is the second sheet of the template.
func guidance() [][3]string {
	return [][3]string{
		{"列名", "填写要求", "How to fill in"},
		{colNumber, "可不填。", "May stay empty."},
		{colTask, "必填，每行一项，写清做什么、做到多少；不超过2000字。", "Required, one task a row: what is to be done and how much; at most 2,000 characters."},
		{colLead, "填一个单位；填多个时，第一个为牵头单位，其余按协办单位处理。", "One unit; if there are several, the first leads and the others assist."},
		{colAssist, "多个单位用顿号分开。", "Part several units with 、."},
		{colDue, "写法示例：2026-06-30、6月底前、二季度、上半年、年底前、长期。", "For example: 2026-06-30, 6月底前, 二季度, 上半年, 年底前, 长期."},
		{colNote, "可不填。", "May stay empty."},
		{"注意", "请不要合并任务单元格，不要增加列；公式不会计算，只取保存的结果。有一处错误，整张表都不导入，并逐行列出错误。", "Do not merge task cells or add columns; formulas are not computed, only their saved values are read. One fault and nothing is imported; every fault is listed by row."},
	}
}
