package claim

import (
	_ "embed" // the dictionary that is built in
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"touyan.dev/touyan/kernel/fault"
)

//go:embed dictionary.csv
var builtIn string

// Term is an indicator as texts name it.
type Term struct {
	Code  string
	Names []string // the proper one first
	Unit  string   // of the panel's values, as in units
	// Growth is the code of the series that gives its growth at constant prices,
	// as an index with the year before = 100; "" for none.
	Growth string
	// Fewer says that less is better, so that the least ranks first.
	Fewer bool
}

// Dictionary gives the terms by code.
type Dictionary map[string]Term

// BuiltIn is the dictionary that comes with the program.
func BuiltIn() (Dictionary, error) {
	return ReadDictionary("dictionary.csv", strings.NewReader(builtIn))
}

// ReadDictionary reads a dictionary: CSV with the columns code, names (separated
// by |, the proper one first), unit, growth and better (less, or empty).
func ReadDictionary(name string, r io.Reader) (Dictionary, error) {
	const op = "claim.ReadDictionary"
	bad := func(line int, zh, en string) error {
		return fault.At(op, name, fmt.Sprintf("第%d行：%s", line, zh), fmt.Sprintf("line %d: %s", line, en))
	}
	rows := csv.NewReader(r)
	rows.FieldsPerRecord, rows.Comment = -1, '#'
	out := Dictionary{}
	for first := true; ; first = false {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		line, _ := rows.FieldPos(0)
		if err != nil {
			return nil, bad(line, "不是规范的 CSV。", "not proper CSV.")
		}
		if len(row) != 5 {
			return nil, bad(line, "应为5列：code,names,unit,growth,better。", "5 columns are wanted: code,names,unit,growth,better.")
		}
		if first {
			continue
		}
		t := Term{Code: strings.TrimSpace(row[0]), Unit: strings.TrimSpace(row[2]), Growth: strings.TrimSpace(row[3]), Fewer: row[4] == "less"}
		for _, n := range strings.Split(row[1], "|") {
			if n = strings.TrimSpace(n); n != "" {
				t.Names = append(t.Names, n)
			}
		}
		if t.Code == "" || len(t.Names) == 0 {
			return nil, bad(line, "缺少代码或名称。", "the code or the name is missing.")
		}
		if _, ok := units()[t.Unit]; !ok && t.Unit != "" {
			return nil, bad(line, "不认识的计量单位“"+t.Unit+"”。", "the unit is not known.")
		}
		out[t.Code] = t
	}
}

// With gives the dictionary with terms added; a code given again is replaced.
func (d Dictionary) With(more Dictionary) Dictionary {
	out := Dictionary{}
	for _, from := range []Dictionary{d, more} {
		for code, t := range from {
			out[code] = t
		}
	}
	return out
}

// unit is a measure in terms of the smallest of its dimension.
type unit struct {
	dimension string
	factor    float64
}

// units lists what amounts are counted in.
func units() map[string]unit {
	return map[string]unit{
		"元": {"yuan", 1}, "万元": {"yuan", 1e4}, "百万元": {"yuan", 1e6}, "亿元": {"yuan", 1e8}, "万亿元": {"yuan", 1e12},
		"美元": {"dollar", 1}, "万美元": {"dollar", 1e4}, "百万美元": {"dollar", 1e6}, "亿美元": {"dollar", 1e8},
		"人": {"person", 1}, "万人": {"person", 1e4}, "亿人": {"person", 1e8},
		"户": {"household", 1}, "万户": {"household", 1e4},
		"平方米": {"m2", 1}, "公顷": {"m2", 1e4}, "平方公里": {"m2", 1e6}, "平方千米": {"m2", 1e6}, "万平方公里": {"m2", 1e10},
		"吨": {"t", 1}, "万吨": {"t", 1e4}, "亿吨": {"t", 1e8},
		"人/平方公里": {"density", 1}, "人每平方公里": {"density", 1},
		"年": {"year", 1}, "岁": {"year", 1},
		"%": {"percent", 1}, "％": {"percent", 1}, "个百分点": {"point", 1}, "倍": {"times", 1},
		"位": {"place", 1}, "个位次": {"place", 1}, "个名次": {"place", 1}, "名": {"place", 1}, "个位": {"place", 1},
	}
}
