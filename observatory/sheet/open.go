package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/panel"
)

// Bounds of a file.
const (
	maxFile    = 32 << 20
	maxRows    = 200_000
	maxColumns = 2_000
	maxCells   = 6_000_000
)

const opOpen = "sheet.Open"

// Open gives the tables of a file: one of CSV or text (UTF-8 or GB18030, parted
// by commas, tabs or semicolons), and of a workbook (.xlsx) every visible sheet
// that holds something. Its errors say what to do with the file as a whole.
func Open(name string, data []byte) ([]Grid, error) {
	if len(data) > maxFile {
		return nil, fault.New(fault.TooMuch, opOpen, "文件超过32 MB，请拆分后再上传。", "The file exceeds 32 MB; split it.")
	}
	switch {
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return openWorkbook(data)
	case bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")):
		return nil, fault.New(fault.Invalid, opOpen, "这是旧版 .xls 文件或加密的表格，请去掉密码并另存为 .xlsx。", "This is an old .xls file or an encrypted workbook; remove the password and save it as .xlsx.")
	}
	text, err := panel.Decode(data)
	if err != nil {
		return nil, err
	}
	if bytes.IndexByte(text, 0) >= 0 {
		return nil, fault.New(fault.Invalid, opOpen, "这不是文本文件，请上传 CSV、TXT 或 .xlsx。", "This is no text; upload CSV, TXT or .xlsx.")
	}
	rows, err := readText(text)
	if err != nil {
		return nil, err
	}
	g := Grid{Name: name, Rows: rows}
	g.trim()
	if len(g.Rows) == 0 {
		return nil, empty()
	}
	return []Grid{g}, nil
}

func empty() error {
	return fault.New(fault.Invalid, opOpen, "文件里没有内容。", "The file holds nothing.")
}

// readText parts a text into cells by the separator that is most frequent outside
// of quotes; a line may be shorter than others.
func readText(text []byte) ([][]string, error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = separator(text), -1, false
	var rows [][]string
	cells, at := 0, 0
	for {
		row, err := r.Read()
		if err == io.EOF {
			return rows, nil
		}
		var wrong *csv.ParseError
		if errors.As(err, &wrong) {
			return nil, fault.At(opOpen, fmt.Sprintf("line %d", wrong.StartLine), "引号不成对，或引号外有多余字符。", "A quote is not closed, or stands in the middle of a cell.")
		}
		if err != nil {
			return nil, fault.Wrap(opOpen, err)
		}
		// Empty lines are passed over by the reader; they keep their place here, so
		// that rows are numbered as a spreadsheet numbers them.
		for n := emptyLine(text[at:]); n > 0 && len(rows) < maxRows; n = emptyLine(text[at:]) {
			rows, at = append(rows, nil), at+n
		}
		at = int(r.InputOffset())
		rows = append(rows, row)
		if cells += len(row); len(rows) > maxRows || len(row) > maxColumns || cells > maxCells {
			return nil, tooLarge()
		}
	}
}

// emptyLine gives the length of an empty line at the beginning of a text, or 0.
func emptyLine(text []byte) int {
	switch {
	case bytes.HasPrefix(text, []byte("\n")):
		return 1
	case bytes.HasPrefix(text, []byte("\r\n")):
		return 2
	}
	return 0
}

func tooLarge() error {
	return fault.New(fault.TooMuch, opOpen,
		fmt.Sprintf("表格超过%d行、%d列或%d个单元格，请拆分后再上传。", maxRows, maxColumns, maxCells),
		fmt.Sprintf("The table exceeds %d rows, %d columns or %d cells; split it.", maxRows, maxColumns, maxCells))
}

// separator tells what parts the cells: the one that stands in most of the first
// lines, outside of quotes. Where tabs stand in as many lines as commas, the commas
// part thousands.
func separator(text []byte) rune {
	best, most := ',', 0
	for _, c := range []rune{'\t', ';', ','} {
		n := 0
		quoted, here := false, false
		for _, b := range text[:min(len(text), 64<<10)] {
			switch {
			case b == '"':
				quoted = !quoted
			case rune(b) == c && !quoted:
				here = true
			case b == '\n' && !quoted:
				if here {
					n++
				}
				here = false
			}
		}
		if here {
			n++
		}
		if n > most {
			best, most = c, n
		}
	}
	return best
}

// trim takes empty rows and columns off the end and makes the table rectangular.
func (g *Grid) trim() {
	width := 0
	for i, row := range g.Rows {
		for len(row) > 0 && strings.TrimFunc(row[len(row)-1], blank) == "" {
			row = row[:len(row)-1]
		}
		g.Rows[i] = row
		width = max(width, len(row))
	}
	for len(g.Rows) > 0 && len(g.Rows[len(g.Rows)-1]) == 0 {
		g.Rows = g.Rows[:len(g.Rows)-1]
	}
	for i, row := range g.Rows {
		g.Rows[i] = append(slices.Clip(row), make([]string, width-len(row))...)
	}
}
