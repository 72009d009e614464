package effect

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"touyan.dev/touyan/kernel/fault"
)

// Cell is one observation as a file gives it.
type Cell struct {
	Unit, Time string
	Value      float64 // NaN where the file has none
	Line       int     // of the file, for errors
}

// Panel is one outcome of units over periods. Units are in the order of their
// names and periods in that of time, whatever the order of the rows was.
type Panel struct {
	Units []string
	Times []Period
	Y     [][]float64 // by unit, then period; NaN where not observed
}

// Period is a point of time as the file writes it, in the order of its numbers:
// 1988, 1988.0, 1988Q3, 1988-03.
type Period struct {
	Label string
	Order float64
}

// ParsePeriod reads a period; ok is false for a text without a number.
func ParsePeriod(text string) (p Period, ok bool) {
	text = strings.TrimSpace(text)
	if v, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) {
		return Period{strconv.FormatFloat(v, 'f', -1, 64), v}, true
	}
	numbers := strings.FieldsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	if len(numbers) == 0 || len(numbers) > 3 {
		return Period{}, false
	}
	share := 1.0
	for _, n := range numbers {
		v, err := strconv.Atoi(n)
		if err != nil {
			return Period{}, false
		}
		p.Order += float64(v) * share
		share /= 100
	}
	p.Label = text
	return p, true
}

// UnitName gives the form in which units are compared: 110000 and 110000.0 are one.
func UnitName(text string) string {
	text = strings.TrimSpace(text)
	whole, part, ok := strings.Cut(text, ".")
	if ok && strings.Trim(part, "0") == "" && whole != "" && strings.Trim(whole, "0123456789") == "" {
		return whole
	}
	return text
}

// largest is the value above which sums of squares leave the range of numbers.
const largest = 1e100

// NewPanel puts cells in order. It refuses two cells for one unit and period.
func NewPanel(cells []Cell) (*Panel, error) {
	p := &Panel{}
	times := map[float64]Period{}
	units := map[string]bool{}
	for _, c := range cells {
		t, ok := ParsePeriod(c.Time)
		if !ok {
			return nil, at(c.Line, "time", "时间无法识别", "the time cannot be read")
		}
		if UnitName(c.Unit) == "" {
			return nil, at(c.Line, "unit", "没有写明单元", "the unit is empty")
		}
		if math.Abs(c.Value) > largest {
			return nil, at(c.Line, "outcome", "数值大得不合理，无法计算，请核对单位", "the value is too large to compute with; check its unit")
		}
		if old, ok := times[t.Order]; !ok || t.Label < old.Label {
			times[t.Order] = t
		}
		units[UnitName(c.Unit)] = true
	}
	for u := range units {
		p.Units = append(p.Units, u)
	}
	slices.Sort(p.Units)
	for _, t := range times {
		p.Times = append(p.Times, t)
	}
	slices.SortFunc(p.Times, func(a, b Period) int { return compare(a.Order, b.Order) })
	return p, p.fill(cells)
}

func (p *Panel) fill(cells []Cell) error {
	p.Y = make([][]float64, len(p.Units))
	lines := make([][]int, len(p.Units))
	for i := range p.Y {
		p.Y[i], lines[i] = make([]float64, len(p.Times)), make([]int, len(p.Times))
		for t := range p.Y[i] {
			p.Y[i][t] = math.NaN()
		}
	}
	for _, c := range cells {
		u, _ := slices.BinarySearch(p.Units, UnitName(c.Unit))
		period, _ := ParsePeriod(c.Time)
		t := p.at(period)
		if lines[u][t] != 0 {
			return at(c.Line, "unit, time", fmt.Sprintf("同一单元同一时间在第 %d 行已有一格", lines[u][t]), fmt.Sprintf("line %d has a cell for this unit and time already", lines[u][t]))
		}
		lines[u][t] = c.Line
		p.Y[u][t] = c.Value
	}
	return nil
}

// at gives the index of a period, -1 where the panel has none.
func (p *Panel) at(t Period) int {
	i, ok := slices.BinarySearchFunc(p.Times, t.Order, func(e Period, o float64) int { return compare(e.Order, o) })
	if !ok {
		return -1
	}
	return i
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// at is an error about one field of one line.
func at(line int, field, zh, en string) error {
	return fault.At("effect.panel", fmt.Sprintf("line %d/%s", line, field), fmt.Sprintf("第 %d 行：%s。", line, zh), fmt.Sprintf("Line %d: %s.", line, en))
}
