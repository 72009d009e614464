package calendar

import (
	"strings"
	"time"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
)

// instantLayout prints RFC 3339 with as many fractional digits as there are
// microseconds to show.
const instantLayout = "2006-01-02T15:04:05.999999Z07:00"

// FormatInstant prints an instant by RFC 3339 on Shanghai's clocks: +08:00,
// and +09:00 in the summers of 1986 to 1991.
func FormatInstant(t time.Time) string {
	return t.In(clock.Shanghai()).Truncate(time.Microsecond).Format(instantLayout)
}

// ParseInstant reads an instant of the years 1950 to 2199:
//
//	2026-02-10T09:30:00+08:00  RFC 3339, any offset, up to 9 decimals
//	2026-02-10T09:30[:05]      Shanghai's wall clock; a blank may stand for T
//	2026-02-10                 the start of that day in Shanghai
//
// A wall time that the end of summer time repeats is read as its first
// occurrence; one that its beginning skipped is refused. The answer is cut to
// microseconds. The error is Invalid on "time".
func ParseInstant(s string) (time.Time, error) {
	day, wall := s, "00:00"
	if len(s) > 10 {
		day, wall = s[:10], s[11:]
		if s[10] != 'T' && s[10] != ' ' {
			day = ""
		}
	}
	d, ok := scanDay(day)
	if !ok || d < Date(1950, 1, 1) || d > Date(2199, 12, 31) {
		return time.Time{}, badInstant()
	}
	if at := strings.IndexAny(wall, "Z+-"); at >= 0 {
		offset, okZone := scanOffset(wall[at:])
		clockTime, okWall := scanWall(wall[:at])
		// RFC 3339 always writes seconds and the letter T.
		if !okZone || !okWall || at < len("15:04:05") || s[10] != 'T' {
			return time.Time{}, badInstant()
		}
		return instant(int64(d)*microsPerDay + (clockTime - offset).Microseconds()), nil
	}
	clockTime, ok := scanWall(wall)
	if !ok {
		return time.Time{}, badInstant()
	}
	return onShanghaiClocks(d, clockTime)
}

// onShanghaiClocks finds the first instant at which Shanghai's clocks show
// the time on the day.
func onShanghaiClocks(d Day, wall time.Duration) (time.Time, error) {
	shown := int64(d)*microsPerDay + wall.Microseconds()
	for _, offset := range []int64{shanghaiOffset + microsPerHour, shanghaiOffset} {
		t := instant(shown - offset)
		if _, seconds := t.Zone(); int64(seconds)*int64(time.Second/time.Microsecond) == offset {
			return t, nil
		}
	}
	return time.Time{}, fault.At("calendar.ParseInstant", "time",
		"该时刻在夏令时拨快时被跳过，实际不存在。", "Summer time skipped this wall time; it never was.")
}

// scanWall reads 15:04, 15:04:05 or 15:04:05.999999999, cut to microseconds.
func scanWall(s string) (time.Duration, bool) {
	var fraction time.Duration
	whole, decimals, split := strings.Cut(s, ".")
	if split {
		n, ok := digits(decimals)
		if !ok || len(whole) != len("15:04:05") {
			return 0, false
		}
		for range 9 - len(decimals) {
			n *= 10
		}
		fraction = time.Duration(n).Truncate(time.Microsecond)
	}
	if len(whole) == len("15:04") {
		whole += ":00"
	}
	if len(whole) != len("15:04:05") || whole[2] != ':' || whole[5] != ':' {
		return 0, false
	}
	h, okH := digits(whole[:2])
	m, okM := digits(whole[3:5])
	sec, okS := digits(whole[6:])
	if !okH || !okM || !okS || h > 23 || m > 59 || sec > 59 {
		return 0, false
	}
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(sec)*time.Second + fraction, true
}

// scanOffset reads Z, +08:00 or -05:30.
func scanOffset(s string) (time.Duration, bool) {
	if s == "Z" {
		return 0, true
	}
	if len(s) != len("+08:00") || s[3] != ':' || s[0] == 'Z' {
		return 0, false
	}
	h, okH := digits(s[1:3])
	m, okM := digits(s[4:])
	if !okH || !okM || h > 23 || m > 59 {
		return 0, false
	}
	offset := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
	if s[0] == '-' {
		offset = -offset
	}
	return offset, true
}

// badInstant is the one refusal of text that is no instant.
func badInstant() error {
	return fault.At("calendar.ParseInstant", "time",
		"时间应写成“2026-02-10T09:30”、“2026-02-10 09:30”、“2026-02-10”或带时区的 RFC 3339 形式，年份在 1950 至 2199 之间。",
		"Write the time as 2026-02-10T09:30, 2026-02-10 09:30, 2026-02-10 or RFC 3339 with an offset; years 1950 to 2199.")
}
