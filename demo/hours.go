package demo

import (
	"time"

	"touyan.dev/touyan/kernel/calendar"
)

// The working hours of the demo's people: 8:30–12:00 and 14:00–17:30.
const (
	morning   = 8*time.Hour + 30*time.Minute
	noon      = 12 * time.Hour
	afternoon = 14 * time.Hour
	evening   = 17*time.Hour + 30*time.Minute
)

// later gives the moment that lies so many minutes of working time after from.
func later(cal *calendar.Calendar, from time.Time, minutes int) time.Time {
	left := time.Duration(minutes) * time.Minute
	for at := from; ; {
		start, end := sitting(cal, at)
		if at.Before(start) {
			at = start
		}
		room := end.Sub(at)
		if left <= room {
			return at.Add(left)
		}
		left -= room
		at = end.Add(time.Microsecond)
	}
}

// sitting gives the half day of work in which a moment lies, or the next one.
func sitting(cal *calendar.Calendar, at time.Time) (start, end time.Time) {
	day := calendar.DayOf(at)
	midnight := day.Start()
	switch passed := at.Sub(midnight); {
	case !cal.IsWorkday(day) || passed > evening:
		midnight = cal.AddWorkdays(day, 1).Start()
		return midnight.Add(morning), midnight.Add(noon)
	case passed <= noon:
		return midnight.Add(morning), midnight.Add(noon)
	}
	return midnight.Add(afternoon), midnight.Add(evening)
}

// dayOf gives the day of an instant in microseconds.
func dayOf(micros int64) calendar.Day { return calendar.DayOf(time.UnixMicro(micros)) }
