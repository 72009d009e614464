package process

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
)

// readCSV reads a file with a header line; head is its beginning. The separator
// is whichever of comma, semicolon and tab stands most often in the header.
func readCSV(in *bufio.Reader, c Columns, head []byte) (*Log, error) {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	r := csv.NewReader(in)
	r.ReuseRecord = true
	for _, sep := range ";\t" {
		if bytes.Count(line, []byte(string(sep))) > bytes.Count(line, []byte(string(r.Comma))) {
			r.Comma = sep
		}
	}
	row, err := r.Read()
	if err != nil {
		return nil, csvFlaw(err)
	}
	var at [3]int
	for i, name := range []string{c.Case, c.Activity, c.Time} {
		if at[i] = column(row, name); at[i] < 0 {
			return nil, flaw(1, name, "没有这一列，请用 --case、--activity、--time 指明列名。", "there is no such column; name the columns with --case, --activity and --time.")
		}
	}
	log := &Log{}
	var text []byte
	for {
		if row, err = r.Read(); errors.Is(err, io.EOF) {
			return log, nil
		}
		if err != nil {
			return nil, csvFlaw(err)
		}
		line, _ := r.FieldPos(at[0])
		text = append(text[:0], row[at[0]]...)
		if err := checkName(line, c.Case, text); err != nil {
			return nil, err
		}
		kase := log.cases.of(text)
		text = append(text[:0], row[at[1]]...)
		if err := checkName(line, c.Activity, text); err != nil {
			return nil, err
		}
		name := log.names.of(text)
		when, ok := parseInstant(append(text[:0], row[at[2]]...))
		if !ok {
			return nil, badTime(line, c.Time)
		}
		log.add(kase, name, when)
	}
}

// column finds a column by its name; -1 if there is none.
func column(header []string, name string) int {
	for i, h := range header {
		if strings.TrimSpace(h) == name {
			return i
		}
	}
	return -1
}

func csvFlaw(err error) error {
	var e *csv.ParseError
	if !errors.As(err, &e) {
		return unreadable(err)
	}
	if errors.Is(e.Err, csv.ErrFieldCount) {
		return flaw(e.Line, "", "列数与表头不符。", "the number of columns is not the header's.")
	}
	return flaw(e.Line, "", "引号没有配对。", "a quotation mark has no partner.")
}
