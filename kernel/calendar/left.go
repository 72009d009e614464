package calendar

import (
	"strconv"
	"time"

	"touyan.dev/touyan/kernel/fault"
)

// Left is how far off a deadline is, in the words of the office.
type Left struct {
	Workdays int  // working days after today up to the last day; after the last day up to today when late
	Late     bool // the deadline has passed
	Today    bool // it falls today
	Paused   bool // there is no deadline, the clock is stopped
}

// Remaining measures from now to a deadline; a zero due is a stopped clock.
func (c *Calendar) Remaining(now, due time.Time) Left {
	if due.IsZero() {
		return Left{Paused: true}
	}
	today, last := DayOf(now), DayOf(due)
	if now.UnixMicro() > due.UnixMicro() {
		return Left{Workdays: c.WorkdaysBetween(last, today), Late: true, Today: today == last}
	}
	return Left{Workdays: c.WorkdaysBetween(today, last), Today: today == last}
}

// Text says it: "剩1工作日", "今日到期", "逾期2工作日".
func (l Left) Text() fault.Text {
	n := strconv.Itoa(l.Workdays)
	switch {
	case l.Paused:
		return fault.T("暂停计时", "clock stopped")
	case l.Late && l.Workdays == 0:
		return fault.T("逾期不足1工作日", "overdue by less than 1 working day")
	case l.Late:
		return fault.T("逾期"+n+"工作日", "overdue by "+plural(l.Workdays, "working day"))
	case l.Today:
		return fault.T("今日到期", "due today")
	case l.Workdays == 0:
		return fault.T("剩不足1工作日", "less than 1 working day left")
	default:
		return fault.T("剩"+n+"工作日", plural(l.Workdays, "working day")+" left")
	}
}

// Answer is a deadline as the program prints it.
type Answer struct {
	Due         string   `json:"due"`         // RFC 3339; empty while the clock is stopped
	Provisional bool     `json:"provisional"` // a notice is missing that could move it
	Counted     []string `json:"counted"`     // the days counted, YYYY-MM-DD; never null
}

// Answer computes a deadline in printable form.
func (c *Calendar) Answer(from time.Time, l Limit, stops []Interval) Answer {
	due := c.Due(from, l, stops)
	a := Answer{Provisional: due.Provisional, Counted: make([]string, 0, len(due.Counted))}
	if !due.At.IsZero() {
		a.Due = FormatInstant(due.At)
	}
	for _, d := range due.Counted {
		a.Counted = append(a.Counted, d.String())
	}
	return a
}
