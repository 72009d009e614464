// Package calendar knows which days the state works and when a legal time
// limit (法定时限) ends.
//
// Working days follow the yearly notices of the State Council's General
// Office, with their make-up workdays (调休); notices.txt holds them. A notice
// governs its year and can reach back into the last days of the December
// before. A day whose notice is not out yet is counted by the plain week, and
// every answer that leans on such a day says it is provisional: when the
// notice comes, With gives a new calendar and the deadline is computed again.
//
// Limits are those of the Administrative Licensing Law (行政许可法) and its
// kin: the day of the event is not counted (民法典 art. 201), limits counted in
// working days leave out days off (行政许可法 art. 82), and time taken by
// hearings, inspections and the like stops the clock (art. 45). Whether a
// limit in natural days that ends on a day off moves on (民法典 art. 203) is
// data of each rule, never a habit of this package.
//
// A Calendar does not change once made, so it may be shared freely. Instants
// are kept to microseconds; days and wall times are those of Asia/Shanghai,
// with the summer time of 1986 to 1991. The package reads no clock and stores
// nothing.
package calendar

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"slices"
	"strconv"
	"sync"

	"touyan.dev/touyan/kernel/fault"
)

//go:embed notices.txt
var builtIn []byte

// firstYear and lastYear bound the years a notice may be for.
const (
	firstYear = 2007
	lastYear  = 2099
)

// reachBack is the first day of December which the notice of the following
// year may still move. None since 2007 reached back past the 29th; the 26th
// covers the whole weekend before any New Year holiday.
const reachBack = 26

// Calendar tells working days from days off. It is immutable.
type Calendar struct {
	notices []Notice // by year and part; never handed out without a copy
	version string
	known   []daySpan
	table   table
}

// daySpan is a run of days, both ends included.
type daySpan struct{ first, last Day }

// Default is the calendar of the notices built into the program.
func Default() *Calendar { return builtInCalendar() }

var builtInCalendar = sync.OnceValue(func() *Calendar {
	notices, err := parseNotices("notices.txt", builtIn)
	if err == nil {
		var c *Calendar
		if c, err = New(notices...); err == nil {
			return c
		}
	}
	panic("calendar: the built-in notices are damaged: " + err.Error())
})

// New makes a calendar of exactly these notices, in any order; a later part
// of a year overrides an earlier one day by day. It refuses (Invalid) a notice
// that breaks the rules of ParseNotice, and (Conflict) the same year and part
// twice or an amendment of a year that has no arrangement.
func New(notices ...Notice) (*Calendar, error) {
	const op = "calendar.New"
	sorted := make([]Notice, len(notices))
	for i, n := range notices {
		if err := n.Validate(); err != nil {
			return nil, fault.Wrap(op, err)
		}
		sorted[i] = n.clone()
	}
	slices.SortFunc(sorted, func(a, b Notice) int {
		return cmp.Or(cmp.Compare(a.Year, b.Year), cmp.Compare(a.Part, b.Part))
	})
	for i, n := range sorted {
		switch {
		case i > 0 && sorted[i-1].Year == n.Year && sorted[i-1].Part == n.Part:
			return nil, fault.New(fault.Conflict, op,
				"日历中已有"+n.title().ZH+"，不能重复录入。", "The calendar already holds the "+n.title().EN+".")
		case n.Part > 1 && (i == 0 || sorted[i-1].Year != n.Year):
			return nil, fault.New(fault.Conflict, op,
				"请先录入"+strconv.Itoa(n.Year)+"年的年度放假通知，再录入调整通知。",
				"Enter the yearly notice of "+strconv.Itoa(n.Year)+" before a notice that changes it.")
		}
	}
	hash := sha256.New()
	for _, n := range sorted {
		hash.Write([]byte(n.String()))
	}
	return &Calendar{
		notices: sorted,
		version: hex.EncodeToString(hash.Sum(nil)[:8]),
		known:   knownSpans(sorted),
		table:   newTable(sorted),
	}, nil
}

// With gives a calendar which also holds n; c stays as it was. Errors are
// those of New.
func (c *Calendar) With(n Notice) (*Calendar, error) {
	return New(append(slices.Clone(c.notices), n)...)
}

// Holds reports whether the calendar rests on a part of a year's notices.
func (c *Calendar) Holds(year, part int) bool {
	return slices.ContainsFunc(c.notices, func(n Notice) bool { return n.Year == year && n.Part == part })
}

// Notices lists what the calendar rests on, by year and part.
func (c *Calendar) Notices() []Notice {
	list := make([]Notice, len(c.notices))
	for i, n := range c.notices {
		list[i] = n.clone()
	}
	return list
}

// Version names the set of notices: 16 hexadecimal digits, equal for equal
// notices in whatever order they were given. A stored deadline keeps it.
func (c *Calendar) Version() string { return c.version }

// Known reports whether the notices that govern the day are all here: the one
// of its year, and from 26 December also the one of the year after.
func (c *Calendar) Known(d Day) bool { return c.knownAll(d, d) }

// knownAll reports whether every day from first to last is known; an empty
// range is.
func (c *Calendar) knownAll(first, last Day) bool {
	if first > last {
		return true
	}
	for _, s := range c.known {
		if s.first <= first && last <= s.last {
			return true
		}
	}
	return false
}

// knownSpans gives the runs of known days, joined where they meet.
func knownSpans(sorted []Notice) []daySpan {
	has := map[int]bool{}
	for _, n := range sorted {
		has[n.Year] = true
	}
	var spans []daySpan
	for y := firstYear; y <= lastYear; y++ {
		if !has[y] {
			continue
		}
		s := daySpan{Date(y, 1, 1), Date(y, 12, 31)}
		if !has[y+1] {
			s.last = Date(y, 12, reachBack-1)
		}
		if n := len(spans); n > 0 && spans[n-1].last+1 == s.first {
			spans[n-1].last = s.last
			continue
		}
		spans = append(spans, s)
	}
	return spans
}

// IsWorkday reports whether the state works on the day; a day no notice
// names is worked from Monday to Friday.
func (c *Calendar) IsWorkday(d Day) bool { return c.table.rank(d) != c.table.rank(d-1) }

// AddWorkdays gives the n-th working day after d, the -n-th before d for
// negative n, and d itself for 0, worked or not.
func (c *Calendar) AddWorkdays(d Day, n int) Day {
	switch {
	case n > 0:
		return c.table.nth(c.table.rank(d) + n)
	case n < 0:
		return c.table.nth(c.table.rank(d-1) + n + 1)
	default:
		return d
	}
}

// OnOrAfter gives d if it is worked, else the next working day.
func (c *Calendar) OnOrAfter(d Day) Day { return c.AddWorkdays(d-1, 1) }

// WorkdaysBetween counts the working days after a up to and with b; it is
// negative when b is before a.
func (c *Calendar) WorkdaysBetween(a, b Day) int { return c.table.rank(b) - c.table.rank(a) }
