package process

import (
	"time"

	"touyan.dev/touyan/kernel/calendar"
)

// The hours of a working day, eight in all (Decree 174 of the State Council, art.
// 3): what is waited outside them is not counted.
const (
	morning   = 8*time.Hour + 30*time.Minute
	noon      = 12 * time.Hour
	afternoon = 13 * time.Hour
	evening   = 17*time.Hour + 30*time.Minute
	Workday   = noon - morning + evening - afternoon
)

// Span is a stretch of time, µs; To is 0 while it lasts.
type Span struct{ From, To int64 }

// Worked gives the working time between two instants (µs), without the pauses of
// the matter.
func Worked(cal *calendar.Calendar, from, to int64, pauses []Span) time.Duration {
	total := worked(cal, from, to)
	for _, p := range pauses {
		if p.To == 0 {
			p.To = to
		}
		total -= worked(cal, max(p.From, from), min(p.To, to))
	}
	return max(total, 0)
}

func worked(cal *calendar.Calendar, from, to int64) time.Duration {
	if to <= from {
		return 0
	}
	first, last := calendar.DayOf(time.UnixMicro(from)), calendar.DayOf(time.UnixMicro(to))
	whole := time.Duration(cal.WorkdaysBetween(first-1, last)) * Workday
	if cal.IsWorkday(first) {
		whole -= until(first, from)
	}
	if cal.IsWorkday(last) {
		whole -= Workday - until(last, to)
	}
	return whole
}

// until gives the working time of a day up to an instant of it.
func until(day calendar.Day, at int64) time.Duration {
	passed := time.UnixMicro(at).Sub(day.Start())
	am := min(max(passed-morning, 0), noon-morning)
	pm := min(max(passed-afternoon, 0), evening-afternoon)
	return am + pm
}
