package process

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"io"
	"math"
	"strconv"
	"unicode/utf8"

	"touyan.dev/touyan/kernel/fault"
)

// Columns say where a log keeps what is needed: columns of a CSV file. In XES an
// attribute of the trace is named with "case:" before its key, one of the event
// by its key alone. Empty means the names of the XES standard.
type Columns struct{ Case, Activity, Time string }

func (c Columns) filled() Columns {
	return Columns{cmp.Or(c.Case, "case:concept:name"), cmp.Or(c.Activity, "concept:name"), cmp.Or(c.Time, "time:timestamp")}
}

// bufferSize is what is read at once.
const bufferSize = 1 << 18

// Read reads a log: XES if its first character is <, else CSV; either may be
// gzipped. An error names the line and the attribute or column.
func Read(r io.Reader, c Columns) (*Log, error) {
	in := bufio.NewReaderSize(r, bufferSize)
	if magic, _ := in.Peek(2); len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
		gz, err := gzip.NewReader(in)
		if err != nil {
			return nil, unreadable(err)
		}
		in = bufio.NewReaderSize(gz, bufferSize)
	}
	if bom, _ := in.Peek(3); string(bom) == "\ufeff" {
		_, _ = in.Discard(3)
	}
	head, err := in.Peek(bufferSize)
	if len(head) == 0 && err != nil && !errors.Is(err, io.EOF) {
		return nil, unreadable(err)
	}
	switch first := bytes.TrimLeft(head, " \t\r\n"); {
	case len(first) == 0:
		return nil, flaw(1, "", "日志是空的。", "The log is empty.")
	case first[0] == '<':
		return readXES(in, c.filled())
	}
	return readCSV(in, c.filled(), head)
}

// unreadable wraps a failure of the file itself, such as a damaged gzip stream.
func unreadable(err error) error {
	return &fault.Error{Kind: fault.Invalid, Op: "process.Read", Err: err,
		Text: fault.T("日志文件无法读取或压缩已损坏，请重新取得该文件。", "The log cannot be read or its compression is damaged; fetch the file again.")}
}

// flaw is what is wrong at a line, in an attribute or column if one is named.
func flaw(line int, attribute, zh, en string) error {
	n := strconv.Itoa(line)
	path, where, whereEN := "line/"+n, "第"+n+"行", "Line "+n
	if attribute != "" {
		path, where, whereEN = path+"/"+attribute, where+" "+attribute, whereEN+", "+attribute
	}
	return fault.At("process.Read", path, where+"："+zh, whereEN+": "+en)
}

// nameMax is how long the name of a case or activity may be, in bytes.
const nameMax = 1 << 12

// checkName refuses a name that is empty, too long or no UTF-8.
func checkName(line int, attribute string, text []byte) error {
	switch {
	case len(text) == 0:
		return flaw(line, attribute, "没有值。", "there is no value.")
	case len(text) > nameMax:
		return flaw(line, attribute, "名称超过4096字节。", "the name exceeds 4,096 bytes.")
	case !utf8.Valid(text):
		return flaw(line, attribute, "不是有效的 UTF-8 文本，请另存为 UTF-8。", "not valid UTF-8; save the file as UTF-8.")
	}
	return nil
}

func badTime(line int, attribute string) error {
	return flaw(line, attribute, "时间应写作 2026-11-23T08:30:00+08:00（1678年至2261年）。", "a time is written 2026-11-23T08:30:00+08:00 (years 1678 to 2261).")
}

// milli rounds seconds to the millisecond.
func milli(s float64) float64 { return math.Round(s*1000) / 1000 }
