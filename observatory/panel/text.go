package panel

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/width"

	"touyan.dev/touyan/kernel/fault"
)

// Decode gives a file in UTF-8 or GB18030 as UTF-8 without its byte order mark.
func Decode(data []byte) ([]byte, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if utf8.Valid(data) {
		return data, nil
	}
	text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(data)
	if err != nil || bytes.ContainsRune(text, utf8.RuneError) {
		return nil, fault.New(fault.Invalid, "panel.Read", "文件的编码无法识别，请存为 UTF-8 或 GB18030。", "The encoding of the file is not known; save it as UTF-8 or GB18030.")
	}
	return text, nil
}

// clean takes spaces away, those of no width too.
func clean(s string) string {
	s = strings.TrimSpace(s)
	if strings.ContainsAny(s, "\u200b\u200c\u200d\u2060\ufeff") {
		s = strings.Map(func(r rune) rune {
			switch r {
			case '\u200b', '\u200c', '\u200d', '\u2060', '\ufeff':
				return -1
			}
			return r
		}, s)
	}
	return s
}

// ParseNumber reads a value: with or without separators of thousands, in full
// width too. missing is true of an empty cell and of the signs for no data.
func ParseNumber(text string) (v float64, missing, ok bool) {
	if text == "" {
		return 0, true, false
	}
	if v, err := strconv.ParseFloat(text, 64); err == nil && decimal(text) {
		return v, false, true
	}
	s := width.Narrow.String(clean(text))
	switch strings.ToUpper(s) {
	case "/", "NA", "N/A", "#N/A", "NULL", "NAN", "无", "无数据", "暂无", "暂无数据", "暂缺", "缺", "不详":
		return 0, true, false
	}
	if strings.Trim(s, "-–—―─") == "" || strings.Trim(s, ".…⋯") == "" {
		return 0, true, false
	}
	s = strings.ReplaceAll(s, "−", "-")
	if whole, _, _ := strings.Cut(s, "."); strings.Contains(whole, ",") {
		groups := strings.Split(strings.TrimLeft(whole, "+-"), ",")
		for i, g := range groups {
			if len(g) > 3 || i > 0 && len(g) != 3 || g == "" {
				return 0, false, false
			}
		}
		s = strings.ReplaceAll(s, ",", "")
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, false, err == nil && decimal(s)
}

// decimal keeps out what ParseFloat knows beyond numbers as people write them:
// infinities, hexadecimals, underscores.
func decimal(s string) bool {
	return strings.Trim(s, "0123456789+-.eE") == ""
}
