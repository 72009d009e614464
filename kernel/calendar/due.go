package calendar

import (
	"math"
	"time"
)

// Interval is a pause (中止计时) of a clock: from Start up to but without End.
// A zero End is a pause that has not ended. An interval that ends at or before
// its start is empty and has no effect.
type Interval struct {
	Start time.Time `json:"start" yaml:"start"`
	End   time.Time `json:"end,omitzero" yaml:"end,omitempty"`
}

// Due is when a limit ends, and why.
type Due struct {
	// At is the last microsecond in time, on Shanghai's clocks. It is zero
	// when there is no deadline: the limit is unusable, or the clock stands in
	// a pause that has not ended.
	At time.Time
	// Provisional: a day that decides the answer belongs to a year whose
	// notice is missing. Compute again when the notice comes. Never set when
	// At is zero.
	Provisional bool
	// Counted are the days that count, in order; none for limits in hours.
	// Days a rolled deadline moves across are not among them. When At is zero
	// they are the days counted until the clock stopped.
	Counted []Day
}

// Due computes the end of a limit that began at from.
//
// Days: the day of the event is not counted. After it each working day (or
// each day, for natural days) counts unless a pause touches it, that is,
// covers any moment of the day from 00:00 to the moment the limit would end on
// it. The limit ends on the N-th counted day. A pause on the evening of an
// @close day therefore comes too late to touch it. With Roll the end then
// moves to the first day at or after that which is worked and untouched.
//
// Hours: they run night and day from the event itself, as time that really
// passed (summer time changes nothing); the exact length of every pause is
// left out. A pause that begins at the very end does not move it.
//
// Pauses may come in any order and overlap; a moment covered twice stops the
// clock once. The work grows with the square of their number.
func (c *Calendar) Due(from time.Time, l Limit, stops []Interval) Due {
	at, provisional := c.DueAt(from, l, stops)
	due := Due{At: at, Provisional: provisional}
	if !l.usable() || l.Unit == Hours {
		return due
	}
	event := DayOf(from)
	last, _ := c.count(event, l.N, l, stops)
	due.Counted = make([]Day, 0, l.N)
	for d := event + 1; d <= last; d++ {
		if first, _, any := l.pauseAfter(d-1, stops); any && first == d {
			continue
		}
		if l.Unit == NaturalDays || c.IsWorkday(d) {
			due.Counted = append(due.Counted, d)
		}
	}
	return due
}

// DueAt gives Due's At and Provisional and allocates nothing.
func (c *Calendar) DueAt(from time.Time, l Limit, stops []Interval) (at time.Time, provisional bool) {
	switch {
	case !l.usable():
		return time.Time{}, false
	case l.Unit == Hours:
		return elapse(from, int64(l.N)*microsPerHour, stops), false
	}
	last, provisional, ok := c.lastDay(DayOf(from), l, stops)
	if !ok {
		return time.Time{}, provisional
	}
	return instant(l.closing(last)), provisional
}

// Mark gives the moment at which percent of a limit is used up, for warnings
// before the deadline and escalation after it. 100 is exactly the deadline.
//
// In hours it is that share of the running time. In days the counted days are
// laid end to end, each running from 00:00 to the moment the limit ends on a
// day: 70 % of 5wd is half of the 4th counted day (12:00), 120 % the end of
// the 6th. The date is thus that of the share rounded up to whole days, and a
// limit of one day still warns on that day, before its end. Past 100 % the
// days are counted on from the deadline, which for a rolled limit is the
// rolled day; marks never roll themselves. Mark never falls as percent grows;
// at zero and below it is from. It is zero where a pause that has not ended
// keeps the clock from ever reaching it.
func (c *Calendar) Mark(from time.Time, l Limit, stops []Interval, percent int) time.Time {
	switch {
	case !l.usable():
		return time.Time{}
	case percent <= 0:
		return instant(from.UnixMicro())
	case percent == 100:
		at, _ := c.DueAt(from, l, stops)
		return at
	case l.Unit == Hours:
		return elapse(from, int64(l.N)*int64(percent)*(microsPerHour/100), stops)
	}
	day, hundredths := DayOf(from), l.N*percent
	if percent > 100 {
		last, _, ok := c.lastDay(day, l, stops)
		if !ok {
			return time.Time{}
		}
		day, hundredths = last, l.N*(percent-100)
	}
	whole, part := hundredths/100, int64(hundredths%100)
	if part == 0 {
		if day, ok := c.count(day, whole, l, stops); ok {
			return instant(l.closing(day))
		}
		return time.Time{}
	}
	day, ok := c.count(day, whole+1, l, stops)
	if !ok {
		return time.Time{}
	}
	start := day.at(0)
	return instant(start + (l.closing(day)+1-start)*part/100)
}

// lastDay gives the day on which a limit in days ends, rolled if the limit
// rolls, and whether a missing notice could still move it.
func (c *Calendar) lastDay(event Day, l Limit, stops []Interval) (day Day, provisional, ok bool) {
	day, ok = c.count(event, l.N, l, stops)
	if l.Unit == WorkingDays {
		return day, ok && !c.knownAll(event+1, day), ok
	}
	if !l.Roll || !ok {
		return day, false, ok
	}
	unrolled := day
	for {
		day = c.OnOrAfter(day)
		first, last, any := l.pauseAfter(day-1, stops)
		if !any || first > day {
			return day, !c.knownAll(unrolled, day), true
		}
		if last == maxDay {
			return day, false, false
		}
		day = last + 1
	}
}

// count gives the n-th counted day after a day. If a pause that has not ended
// comes first, ok is false and day is the last before that pause.
func (c *Calendar) count(after Day, n int, l Limit, stops []Interval) (day Day, ok bool) {
	for {
		day = after + Day(n)
		if l.Unit == WorkingDays {
			day = c.AddWorkdays(after, n)
		}
		first, last, any := l.pauseAfter(after, stops)
		switch {
		case !any || day < first:
			return day, true
		case last == maxDay:
			return first - 1, false
		case l.Unit == WorkingDays:
			n -= c.WorkdaysBetween(after, first-1)
		default:
			n -= int(first - 1 - after)
		}
		after = last
	}
}

// pauseAfter finds, among the days after the given one, the first that a pause
// touches and the last that this pause touches: maxDay if it has not ended.
func (l Limit) pauseAfter(after Day, stops []Interval) (first, last Day, any bool) {
	for _, s := range stops {
		start, end := s.micros()
		if start >= end {
			continue
		}
		f, e := dayAt(start), maxDay
		if end != math.MaxInt64 {
			e = dayAt(end - 1)
		}
		if start > l.closing(f) {
			f++
		}
		if f = max(f, after+1); f <= e && (!any || f < first) {
			first, last, any = f, e, true
		}
	}
	return first, last, any
}

// elapse gives the instant at which a clock started at from and stopped in the
// pauses has run for need microseconds; zero if it never does.
func elapse(from time.Time, need int64, stops []Interval) time.Time {
	now := from.UnixMicro()
	for {
		next, until, any := int64(0), int64(0), false
		for _, s := range stops {
			start, end := s.micros()
			if start = max(start, now); start < end && (!any || start < next) {
				next, until, any = start, end, true
			}
		}
		if !any || need <= next-now {
			return instant(now + need)
		}
		if until == math.MaxInt64 {
			return time.Time{}
		}
		need -= next - now
		now = until
	}
}

// micros gives the interval in microseconds since 1970.
func (i Interval) micros() (start, end int64) {
	if i.End.IsZero() {
		return i.Start.UnixMicro(), math.MaxInt64
	}
	return i.Start.UnixMicro(), i.End.UnixMicro()
}
