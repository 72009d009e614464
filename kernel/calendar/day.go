package calendar

import (
	"fmt"
	"time"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
)

// Day is a civil day in Asia/Shanghai: the number of days since 1970-01-01.
// Its text, also in JSON, YAML and SQL, is YYYY-MM-DD.
type Day int32

// minDay and maxDay are 0001-01-01 and 9999-12-31, the days the text can name.
const (
	minDay Day = -719162
	maxDay Day = 2932896
)

const (
	microsPerDay  = int64(24 * time.Hour / time.Microsecond)
	microsPerHour = int64(time.Hour / time.Microsecond)
	// shanghaiOffset has held since 15 September 1991; settled is the first
	// midnight of 1992, after which a day needs no zone table.
	shanghaiOffset     = 8 * microsPerHour
	settledDay     Day = 8035
	settled            = int64(settledDay)*microsPerDay - shanghaiOffset
)

// Date gives the day of a year, month and day of month; values past the end
// carry over as in time.Date.
func Date(year int, month time.Month, day int) Day {
	return Day(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// DayOf gives the day in Shanghai on which the instant falls.
func DayOf(t time.Time) Day { return dayAt(t.UnixMicro()) }

// dayAt is DayOf for an instant in microseconds.
func dayAt(micros int64) Day {
	if micros >= settled {
		return Day(min((micros+shanghaiOffset)/microsPerDay, int64(maxDay)))
	}
	return max(Date(instant(micros).Date()), minDay)
}

// instant gives the time of microseconds since 1970, on Shanghai's clocks.
func instant(micros int64) time.Time { return time.UnixMicro(micros).In(clock.Shanghai()) }

// at gives the instant, in microseconds, of a wall time on the day.
func (d Day) at(wall time.Duration) int64 {
	if d >= settledDay {
		return int64(d)*microsPerDay - shanghaiOffset + wall.Microseconds()
	}
	y, m, day := d.civil()
	hour, minute := int(wall/time.Hour), int(wall%time.Hour/time.Minute)
	return time.Date(y, m, day, hour, minute, 0, 0, clock.Shanghai()).UnixMicro()
}

// Start is the day's first instant.
func (d Day) Start() time.Time { return instant(d.at(0)) }

// End is the day's last microsecond, 23:59:59.999999.
func (d Day) End() time.Time { return instant((d + 1).at(0) - 1) }

// Weekday is the day of the week.
func (d Day) Weekday() time.Weekday {
	_, day := floorDiv(int(d)-monday+1, 7)
	return time.Weekday(day)
}

// civil gives year, month and day of month.
func (d Day) civil() (int, time.Month, int) {
	return time.Unix(int64(d)*86400, 0).UTC().Date()
}

// String gives YYYY-MM-DD.
func (d Day) String() string {
	y, m, day := d.civil()
	return fmt.Sprintf("%04d-%02d-%02d", y, m, day)
}

// ParseDay reads YYYY-MM-DD and nothing else.
func ParseDay(s string) (Day, error) {
	d, ok := scanDay(s)
	if !ok {
		return 0, fault.At("calendar.ParseDay", "day",
			"日期应写成“2026-02-10”的形式，且须为实际存在的日期。",
			"Write the day as 2026-02-10; it must exist.")
	}
	return d, nil
}

// scanDay reads exactly YYYY-MM-DD.
func scanDay(s string) (Day, bool) {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return 0, false
	}
	y, okY := digits(s[:4])
	m, okM := digits(s[5:7])
	day, okD := digits(s[8:])
	if !okY || !okM || !okD || y < 1 {
		return 0, false
	}
	d := Date(y, time.Month(m), day)
	gy, gm, gd := d.civil()
	return d, gy == y && int(gm) == m && gd == day
}

// digits reads a short run of ASCII digits and nothing else.
func digits(s string) (int, bool) {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, len(s) > 0 && len(s) <= 9
}

// MarshalText gives YYYY-MM-DD.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads YYYY-MM-DD.
func (d *Day) UnmarshalText(text []byte) error {
	parsed, err := ParseDay(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
