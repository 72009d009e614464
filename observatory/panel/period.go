package panel

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/text/width"

	"touyan.dev/touyan/kernel/fault"
)

// Freq is how many periods a year has.
type Freq int

// The frequencies.
const (
	Yearly    Freq = 1
	Quarterly Freq = 4
	Monthly   Freq = 12
)

// Axis is an unbroken run of periods. A period is a number: the year times the
// frequency plus the place in the year, so the one before is one less and the
// same one of last year is one frequency less.
type Axis struct {
	Freq  Freq
	First int // the period of column 0
	Len   int // T
}

// Period gives the period of a column.
func (a Axis) Period(t int) int { return a.First + t }

// Col gives the column of a period.
func (a Axis) Col(period int) (int, bool) {
	t := period - a.First
	return t, t >= 0 && t < a.Len
}

// Year gives the year of a column.
func (a Axis) Year(t int) int { return a.Period(t) / int(a.Freq) }

// Part gives the place of a column in its year, from 1.
func (a Axis) Part(t int) int { return a.Period(t)%int(a.Freq) + 1 }

// Label gives a column as data name it: 2024, 2024Q3, 2024-03.
func (a Axis) Label(t int) string {
	switch a.Freq {
	case Quarterly:
		return fmt.Sprintf("%dQ%d", a.Year(t), a.Part(t))
	case Monthly:
		return fmt.Sprintf("%d-%02d", a.Year(t), a.Part(t))
	}
	return strconv.Itoa(a.Year(t))
}

// Name gives a column in words; a cumulative one runs from January.
func (a Axis) Name(t int, form Form) fault.Text {
	y, n := a.Year(t), a.Part(t)
	switch {
	case a.Freq == Yearly || form == Cumulative && n == int(a.Freq):
		return fault.T(fmt.Sprintf("%d年", y), strconv.Itoa(y))
	case form == Cumulative && (a.Freq == Quarterly || n%3 == 0):
		if a.Freq == Monthly {
			n /= 3
		}
		zh := []string{"一季度", "上半年", "前三季度"}[n-1]
		en := []string{"the first quarter", "the first half", "the first three quarters"}[n-1]
		return fault.T(fmt.Sprintf("%d年%s", y, zh), fmt.Sprintf("%s of %d", en, y))
	case a.Freq == Quarterly:
		return fault.T(fmt.Sprintf("%d年%s季度", y, []string{"一", "二", "三", "四"}[n-1]), fmt.Sprintf("Q%d %d", n, y))
	case form == Cumulative && n > 1:
		return fault.T(fmt.Sprintf("%d年1—%d月", y, n), fmt.Sprintf("January–%s %d", month(n), y))
	}
	return fault.T(fmt.Sprintf("%d年%d月", y, n), fmt.Sprintf("%s %d", month(n), y))
}

func month(n int) string {
	return []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}[n-1]
}

// Years outside of these are slips of the pen.
const (
	firstYear = 1000
	lastYear  = 2999
)

// ParsePeriod reads a period as statistics write it: 2024, 2024年, 2024Q3,
// 2024年三季度, 2024-03, 202403, 2024年3月, 2024年1-3月 (which is the March of a
// cumulative series), 2024年一季度, 2024年上半年.
func ParsePeriod(s string) (Freq, int, bool) {
	s = strings.TrimSpace(width.Narrow.String(s))
	if len(s) < 4 {
		return 0, 0, false
	}
	year, err := strconv.Atoi(s[:4])
	if err != nil || year < firstYear || year > lastYear {
		return 0, 0, false
	}
	rest := strings.TrimPrefix(strings.TrimSpace(s[4:]), "年")
	if rest == "" || rest == "全年" {
		return Yearly, year, true
	}
	if q := quarter(rest); q > 0 {
		return Quarterly, year*4 + q - 1, true
	}
	rest = strings.TrimSuffix(strings.TrimLeft(rest, "-/."), "月")
	if _, last, ok := strings.Cut(strings.NewReplacer("—", "-", "–", "-", "~", "-", "至", "-").Replace(rest), "-"); ok {
		if !strings.HasPrefix(rest, "1") {
			return 0, 0, false
		}
		rest = last
	}
	m, err := strconv.Atoi(rest)
	if err != nil || m < 1 || m > 12 || len(rest) > 2 {
		return 0, 0, false
	}
	return Monthly, year*12 + m - 1, true
}

// quarter reads a quarter of a year, or the quarter a cumulative figure ends with.
func quarter(s string) int {
	switch strings.TrimSuffix(strings.TrimPrefix(strings.ToUpper(s), "-"), "度") {
	case "Q1", "一季", "第一季", "1季":
		return 1
	case "Q2", "二季", "第二季", "2季", "上半年":
		return 2
	case "Q3", "三季", "第三季", "3季", "前三季":
		return 3
	case "Q4", "四季", "第四季", "4季":
		return 4
	}
	return 0
}
