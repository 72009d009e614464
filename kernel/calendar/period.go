package calendar

import (
	"strconv"
	"time"

	"touyan.dev/touyan/kernel/fault"
)

// Period is a span counted by the calendar in months and years (按年、月计算的期间),
// such as that for which records are kept. Its text is 10y or 18m. The zero
// Period is none.
type Period struct{ Months int }

// maxPeriod bounds a period: a hundred years.
const maxPeriod = 1200

// ParsePeriod reads the text of a period; the error is Invalid on "period".
func ParsePeriod(s string) (Period, error) {
	if len(s) > 1 && s[0] != '0' {
		n, ok := digits(s[:len(s)-1])
		switch {
		case ok && s[len(s)-1] == 'y' && n >= 1 && n <= maxPeriod/12:
			return Period{12 * n}, nil
		case ok && s[len(s)-1] == 'm' && n >= 1 && n <= maxPeriod:
			return Period{n}, nil
		}
	}
	return Period{}, fault.At("calendar.ParsePeriod", "period", "期限应写成 10y（年）或 18m（月），最长100年。", "Write the period as 10y (years) or 18m (months), 100 years at most.")
}

// usable reports whether the period is one.
func (p Period) usable() bool { return p.Months >= 1 && p.Months <= maxPeriod }

// String gives the text that ParsePeriod reads; whole years as years.
func (p Period) String() string {
	switch {
	case !p.usable():
		return ""
	case p.Months%12 == 0:
		return strconv.Itoa(p.Months/12) + "y"
	}
	return strconv.Itoa(p.Months) + "m"
}

// Text says the period to a person.
func (p Period) Text() fault.Text {
	if p.Months%12 == 0 {
		return fault.T(strconv.Itoa(p.Months/12)+"年", plural(p.Months/12, "year"))
	}
	return fault.T(strconv.Itoa(p.Months)+"个月", plural(p.Months, "month"))
}

// MarshalText gives the text of the period.
func (p Period) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads the text of a period.
func (p *Period) UnmarshalText(text []byte) error {
	parsed, err := ParsePeriod(string(text))
	*p = parsed
	return err
}

// End is the last microsecond of a period that began with an event at from
// (Civil Code, Arts. 201 to 203): the day of the event is not counted, the last
// day is the one of the same number in the last month, or that month's last when
// it has none, and it lasts until 24:00. Days off move nothing: the article moves
// the end of a time to act.
func (p Period) End(from time.Time) time.Time { return p.lastDay(DayOf(from)).End() }

func (p Period) lastDay(event Day) Day {
	year, month, day := event.civil()
	first := Date(year, month+time.Month(p.Months), 1)
	next := Date(year, month+time.Month(p.Months)+1, 1)
	return min(first+Day(day)-1, next-1)
}

// Over is the latest event whose period is over at now, which is End turned
// round: End(t) lies before now just when t does not lie after Over(now).
func (p Period) Over(now time.Time) time.Time {
	last := DayOf(now) - 1
	year, month, day := last.civil()
	first := Date(year, month-time.Month(p.Months), 1)
	next := Date(year, month-time.Month(p.Months)+1, 1)
	began := min(first+Day(day)-1, next-1)
	if y, m, _ := (last + 1).civil(); m != month || y != year { // the last of its month ends all that is left of the other
		began = next - 1
	}
	return began.End()
}
