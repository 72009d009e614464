package report

import (
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"touyan.dev/touyan/kernel/fault"
)

// Row is one line of a task list that somebody has written.
type Row struct {
	Row    int      `json:"row"` // line or sheet row, from 1
	Task   string   `json:"task"`
	Lead   string   `json:"lead"` // as written; empty if the column is
	Assist []string `json:"assist"`
	Due    Deadline `json:"due"` // zero if the column is empty
	Note   string   `json:"note"`
}

// RowError is one fault of one row. The caller's rule is: with any RowError
// nothing is imported, so that nobody has to find out which half went in.
type RowError struct {
	Row    int        `json:"row"`    // line or sheet row, from 1; 0 for the whole list
	Column string     `json:"column"` // a heading of the template, or empty for the whole row
	Text   fault.Text `json:"text"`
}

// The columns of a task list, by the headings of the template.
const (
	colNumber = "序号"
	colTask   = "任务"
	colLead   = "牵头单位"
	colAssist = "协办单位"
	colDue    = "时限"
	colNote   = "备注"
)

// The limits of a task list.
const (
	maxRows = 5000
	maxCell = 2000 // runes
	maxCols = 30
)

// column tells which column a heading names; ok is false for a heading that is
// not known.
func column(heading string) (string, bool) {
	switch strings.Trim(strings.ReplaceAll(plain(heading), "\t", ""), "*：:（）必填选") {
	case colNumber, "编号", "No", "No.":
		return colNumber, true
	case colTask, "工作任务", "任务内容", "任务事项", "重点任务", "工作内容", "事项", "目标任务", "任务名称", "Task":
		return colTask, true
	case colLead, "牵头部门", "责任单位", "主办单位", "牵头责任单位", "Lead":
		return colLead, true
	case colAssist, "配合单位", "协办部门", "配合部门", "协同单位", "Assist":
		return colAssist, true
	case colDue, "完成时限", "办结时限", "完成时间", "截止时间", "截止日期", "Due":
		return colDue, true
	case colNote, "说明", "Note":
		return colNote, true
	}
	return "", false
}

// IsSheet reports whether a file is a workbook, by its name.
func IsSheet(name string) bool { return strings.EqualFold(path.Ext(name), ".xlsx") }

// ReadList reads a task list from a file: a workbook as ParseSheet does, other
// text, in UTF-8, UTF-16 or GB18030, as ParseList does.
func ReadList(name string, data []byte, year int) ([]Row, []RowError, error) {
	if IsSheet(name) {
		return ParseSheet(data, year)
	}
	if len(data) > maxText {
		return nil, nil, tooLong("report.ReadList")
	}
	text, err := decode(data)
	if err != nil {
		return nil, nil, err
	}
	rows, faults := ParseList(text, year)
	return rows, faults, nil
}

// ParseList reads a pasted list: one task a line, with columns parted by tabs,
// | or commas if there are any, in the order 任务, 牵头单位, 协办单位, 时限, 备注
// or as a first line of headings says. year is the year that 今年 and a bare
// month mean. Rows with faults are not returned; every fault names its line.
func ParseList(text string, year int) ([]Row, []RowError) {
	if len(text) > maxText {
		return nil, []RowError{wholeList("清单超过4 MB。", "The list exceeds 4 MB.")}
	}
	if !utf8.ValidString(text) {
		return nil, []RowError{wholeList("清单里有无法识别的字符。", "The list has bytes that are no text.")}
	}
	order := []string{colTask, colLead, colAssist, colDue, colNote}
	var rows []Row
	var faults []RowError
	first, count, n := true, 0, 0
	for raw := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		n++
		line := strings.TrimSpace(strings.Trim(raw, "\r\n"))
		if line == "" || ruler(line) {
			continue
		}
		cells := splitCells(strings.Trim(raw, "\r\n"))
		if first {
			first = false
			if o, isHead, bad := headings(cells, n); bad != nil {
				return nil, bad
			} else if isHead {
				order = o
				continue
			}
		}
		if count++; count > maxRows {
			return nil, []RowError{wholeList(fmt.Sprintf("清单超过%d行。", maxRows), fmt.Sprintf("The list exceeds %d lines.", maxRows))}
		}
		row, bad := makeRow(n, cells, order, year)
		faults = append(faults, bad...)
		if len(bad) == 0 {
			rows = append(rows, row)
		}
	}
	if count == 0 {
		faults = append(faults, wholeList("清单里没有任务。", "The list holds no task."))
	}
	return rows, faults
}

func wholeList(zh, en string) RowError { return RowError{Text: fault.T(zh, en)} }

// ruler recognises the line under the head of a Markdown table.
func ruler(line string) bool {
	return strings.Contains(line, "-") && strings.Trim(line, "|-: ") == ""
}

// splitCells parts a line at tabs, else at |, else at commas. A comma between
// digits is part of a number, one in double quotes part of the text.
func splitCells(line string) []string {
	switch {
	case strings.Contains(strings.TrimRight(line, "\t "), "\t"):
		return trimAll(strings.Split(line, "\t"))
	case strings.ContainsAny(line, "|｜"):
		line = strings.TrimSpace(strings.ReplaceAll(line, "｜", "|"))
		line = strings.TrimSuffix(strings.TrimPrefix(line, "|"), "|")
		return trimAll(strings.Split(line, "|"))
	}
	var out []string
	var cell strings.Builder
	quoted := false
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '"' && (quoted || strings.TrimSpace(cell.String()) == ""):
			if quoted && i+1 < len(line) && line[i+1] == '"' {
				cell.WriteByte('"')
				i++
				continue
			}
			quoted = !quoted
		case c == ',' && !quoted && !(i > 0 && i+3 < len(line) && isDigit(rune(line[i-1])) && groupOfThree([]rune(line[i+1:min(len(line), i+5)]), 0)):
			out = append(out, cell.String())
			cell.Reset()
		default:
			cell.WriteByte(c)
		}
	}
	return trimAll(append(out, cell.String()))
}

func trimAll(cells []string) []string {
	for i := range cells {
		cells[i] = strings.Trim(cells[i], " \t\u3000\u00a0")
	}
	return cells
}

// headings reads a first line as column headings, if it names the task column.
// A heading that is not known is a fault: a column must not vanish unseen.
func headings(cells []string, n int) (order []string, isHead bool, bad []RowError) {
	for _, c := range cells {
		if name, ok := column(c); ok && name == colTask {
			isHead = true
		}
	}
	if !isHead {
		return nil, false, nil
	}
	seen := map[string]bool{}
	for i, c := range cells {
		name, ok := column(c)
		switch {
		case c == "" || i >= maxCols:
			name = ""
		case !ok:
			bad = append(bad, RowError{Row: n, Text: fault.T(
				fmt.Sprintf("第%d列的列名不在模板里，请改为模板的列名或删去该列。", i+1),
				fmt.Sprintf("The heading of column %d is not in the template; rename or remove the column.", i+1))})
		case seen[name]:
			bad = append(bad, RowError{Row: n, Column: name, Text: fault.T("列名重复。", "The heading is repeated.")})
		}
		seen[name] = true
		order = append(order, name)
	}
	return order, true, bad
}

// makeRow checks one row. order names the column of each cell.
func makeRow(n int, cells, order []string, year int) (Row, []RowError) {
	row := Row{Row: n, Assist: []string{}}
	var bad []RowError
	fail := func(column, zh, en string) {
		bad = append(bad, RowError{Row: n, Column: column, Text: fault.T(zh, en)})
	}
	for i, cell := range cells {
		if i >= len(order) || order[i] == "" {
			if cell != "" {
				fail("", fmt.Sprintf("第%d列没有列名。", i+1), fmt.Sprintf("Column %d has no heading.", i+1))
			}
			continue
		}
		if utf8.RuneCountInString(cell) > maxCell {
			fail(order[i], fmt.Sprintf("超过%d字。", maxCell), fmt.Sprintf("Longer than %d characters.", maxCell))
			if order[i] == colTask {
				row.Task = cell // told once: it is long, not empty
			}
			continue
		}
		switch order[i] {
		case colTask:
			row.Task = unnumbered(cell)
		case colLead:
			if units := unitList(cell); len(units) > 0 {
				row.Lead = units[0]
				row.Assist = append(row.Assist, units[1:]...) // 多个责任单位: the first leads
			}
		case colAssist:
			row.Assist = append(row.Assist, unitList(cell)...)
		case colDue:
			if cell == "" {
				continue
			}
			d, ok := ParseDeadline(cell, year)
			if !ok {
				fail(colDue, "时限无法识别，请写成2026-06-30、6月底前、年底前或“长期”。", "The date cannot be read; write 2026-06-30, 6月底前, 年底前 or 长期.")
			}
			row.Due = d
		case colNote:
			row.Note = cell
		}
	}
	if row.Task == "" {
		fail(colTask, "任务为空。", "The task is empty.")
	}
	return row, bad
}

// unnumbered takes a leading number off a task: 1. 1、 （1） 一、.
func unnumbered(s string) string {
	rs := []rune(strings.TrimSpace(s))
	n := 0
	switch headingLevel([]rune(plain(s))) {
	case 1:
		for n < len(rs) && hasRune(chineseOrdinals, rs[n]) {
			n++
		}
		if n == 0 || n >= len(rs) || rs[n] != '、' {
			return string(rs)
		}
		n++
	case 2, 3:
		if rs[0] == '第' {
			return string(rs)
		}
		for n < len(rs) && !hasRune("）).、．", rs[n]) {
			n++
		}
		n++
	}
	return strings.TrimSpace(string(rs[min(n, len(rs)):]))
}

// unitList parts 市教育局、市财政局.
func unitList(s string) []string {
	var out []string
	for _, u := range strings.FieldsFunc(s, func(r rune) bool { return hasRune("、，,；;/\n", r) }) {
		if u = strings.Trim(u, " \t\u3000\r"); u != "" {
			out = append(out, u)
		}
	}
	return out
}
