package sheet

import (
	"slices"
	"strconv"
	"strings"

	"touyan.dev/touyan/observatory/panel"
)

// table is a grid with what its names are resolved by.
type table struct {
	*patterns
	Grid
	Shape
	cols    int // of the widest row
	places  *places
	lexicon *lexicon
	year    int      // of Shape.Period; 0 when it is not told
	units   []string // of the line 单位：…
}

func newTable(g Grid, s Shape, k Known) *table {
	p := newPatterns()
	t := &table{patterns: p, Grid: g, Shape: s, cols: g.width(), places: newPlaces(p, k), lexicon: newLexicon(p, k)}
	t.inYear()
	return t
}

func (t *table) inYear() {
	if f, n, ok := panel.ParsePeriod(t.Period); ok {
		t.year = n / int(f)
	}
}

// role is what a header says that a column holds.
type role int

const (
	noRole role = iota
	subjectRole
	timeRole
	indicatorRole
	valueRole
	unitRole
	serialRole
	statusRole
)

// roleOf reads a header of a column that holds no indicator.
func roleOf(s string) role {
	switch s = tidy(s); s {
	case "地区", "城市", "市州", "地市", "区县", "县区", "市县", "县市区", "市", "省", "省份", "省市", "名称", "单位名称", "地区名称", "城市名称", "行政区", "行政区划", "区域", "地名", "对象", "代码", "编码", "地区代码", "城市代码", "行政区划代码", "区划代码",
		"city", "region", "province", "country", "name", "code", "geo", "subject", "city_code", "province_code", "region_code", "country_code", "unit_name":
		return subjectRole
	case "年份", "年", "年度", "时间", "日期", "月份", "月", "月度", "季度", "季", "时期", "期别", "报告期", "统计时间", "周", "year", "date", "period", "time", "month", "quarter", "week":
		return timeRole
	case "指标", "指标名称", "主要指标", "指标代码", "项目", "统计指标", "indicator", "indicator_code", "item", "series", "concept", "variable":
		return indicatorRole
	case "数值", "值", "指标值", "观测值", "value", "obs_value":
		return valueRole
	case "单位", "计量单位", "unit":
		return unitRole
	case "序号", "编号", "行次", "no", "no.", "id", "#":
		return serialRole
	case "数据状态", "状态", "数据性质", "核实情况", "status", "obs_status":
		return statusRole
	}
	return noRole
}

// numbering reports whether a row only numbers its columns: 甲 1 2 3.
func (t *table) numbering(r int) bool {
	next, n := 0, 0
	for c := range t.cols {
		switch s := tidy(t.text(r, c)); {
		case s == "" || s == "甲" || s == "乙" || s == "丙" || s == "丁" || s == "栏次":
		default:
			v, err := strconv.Atoi(strings.Trim(s, "()"))
			if err != nil || n > 0 && v != next || n == 0 && v > 2 {
				return false
			}
			next, n = v+1, n+1
		}
	}
	return n >= 2
}

// parts gives the texts above a column, top to bottom. A cell left empty in an
// upper row belongs to the one left of it when that is a period, or when what is
// below says only how something is counted (总量 · 增速): in many files merged cells
// are not repeated.
func (t *table) parts(c int) []string {
	var out []string
	for r := t.First - 1; r >= max(t.Head, 0); r-- {
		if t.numbering(r) {
			continue
		}
		s := t.text(r, c)
		if roleOf(s) == unitRole && t.unitRow(r) {
			continue // it says what the row is, and not the column
		}
		if tidy(s) == "" && len(out) > 0 {
			for left := c - 1; left >= 0 && tidy(s) == ""; left-- {
				s = t.text(r, left)
			}
			if above := t.lexicon.head([]string{s}, t.year); !t.lexicon.head(out, t.year).bare() && !(above.bare() && above.timed) {
				s = ""
			}
		}
		if tidy(s) != "" {
			out = append([]string{s}, out...)
		}
	}
	return out
}

// unitRow reports whether a row gives the units of the columns above it: 单位 亿元 %.
func (t *table) unitRow(r int) bool {
	n := 0
	for c := range t.cols {
		s := strings.Trim(tidy(t.text(r, c)), "()")
		_, unit := t.lexicon.unit(s)
		if unit {
			n++
		} else if _, none := t.number(s); s != "" && !none && roleOf(s) != unitRole {
			return false
		}
	}
	return n > 0
}

// subjectOf gives the subject that the header of a column names.
func (t *table) subjectOf(c int) string {
	for _, s := range t.parts(c) {
		if code := t.places.find(s); code != "" && roleOf(s) == noRole {
			return code
		}
	}
	return ""
}

// worded reports whether the rows name the indicators, and not the columns.
func (s Shape) worded() bool {
	return s.Layout == panel.Long || s.Layout == panel.Periods || s.Layout == Across
}

// headRow gives the row in which the lowest header of a column stands.
func (t *table) headRow(c int) int {
	for r := t.First - 1; r >= max(t.Head, 0); r-- {
		if tidy(t.text(r, c)) != "" && !t.numbering(r) {
			return r
		}
	}
	return max(t.First-1, 0)
}

// roleOfColumn gives what the lowest header of a column says it holds.
func (t *table) roleOfColumn(c int) role {
	for _, s := range slices.Backward(t.parts(c)) {
		if r := roleOf(s); r != noRole {
			return r
		}
	}
	return noRole
}

// header reads the header of a column. One that says 增速 and no more is of the
// column before it that has a name.
func (t *table) header(c int) head {
	h := t.lexicon.head(t.parts(c), t.year)
	if !h.growth || !h.bare() {
		return h
	}
	for left := c - 1; left >= 0; left-- {
		of := t.lexicon.head(t.parts(left), t.year)
		if of.bare() && of.text != "" && !of.timed {
			continue
		}
		if !of.bare() && t.roleOfColumn(left) == noRole {
			h.names, h.text = of.names, of.text+" · "+h.text
			if !h.timed {
				h.when, h.timed = of.when, of.timed
			}
		}
		break
	}
	return h
}

// partUnit gives the unit of bare numbers in a column of parts of a year.
func (t *table) partUnit(c int) string {
	switch s := tidy(strings.Join(t.parts(c), "")); {
	case strings.Contains(s, "季") || strings.Contains(s, "quarter"):
		return "季度"
	case strings.Contains(s, "月") || strings.Contains(s, "month"):
		return "月"
	}
	return ""
}

// columnsBy gives the columns of a map in their order.
func columnsBy[V any](m map[int]V) []int {
	cols := make([]int, 0, len(m))
	for c := range m {
		cols = append(cols, c)
	}
	slices.Sort(cols)
	return cols
}

// readUnits takes the units from the line 单位：亿元、% that stands above the data.
func (t *table) readUnits() {
	t.units = nil
	for r := range min(t.First, len(t.Rows)) {
		for c, s := range t.Rows[r] {
			m := t.unitLine.FindStringSubmatch(tidy(s))
			if m == nil || !strings.Contains(m[0], "单位:") || c > 0 && s == t.Rows[r][c-1] {
				continue
			}
			for _, u := range strings.FieldsFunc(m[1], func(r rune) bool { return strings.ContainsRune("、,;和", r) }) {
				if _, ok := t.lexicon.unit(u); ok {
					t.units = append(t.units, u)
				}
			}
		}
	}
}

// unitFor gives the unit of a column of an indicator: its own, or the one of the
// line 单位：… that measures the same; "" where none or more than one fit.
func (t *table) unitFor(h head, ind panel.Indicator) (unit string, fits int) {
	if h.unit != "" || len(t.units) == 0 || ind.Unit.ZH == "" || h.growth {
		return h.unit, 1
	}
	if unit, fits = t.fitting(ind); fits != 1 {
		unit = ""
	}
	return unit, fits
}

// fitting gives the one unit of the sheet that measures what an indicator does,
// and how many do.
func (t *table) fitting(ind panel.Indicator) (string, int) {
	unit, fits := "", map[float64]bool{}
	for _, u := range t.units {
		if f, ok := t.lexicon.factor(u, ind.Unit.ZH); ok {
			unit, fits[f] = u, true
		}
	}
	return unit, len(fits)
}
