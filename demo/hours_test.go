package demo

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/clock"
)

func TestLaterKeepsWorkingHours(t *testing.T) {
	at := func(text string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", text, clock.Shanghai())
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		from    string
		minutes int
		want    string
	}{
		{"2026-11-23 08:30", 30, "2026-11-23 09:00"},
		{"2026-11-23 07:00", 30, "2026-11-23 09:00"},
		{"2026-11-23 11:50", 30, "2026-11-23 14:20"},
		{"2026-11-23 12:30", 10, "2026-11-23 14:10"},
		{"2026-11-20 17:20", 30, "2026-11-23 08:50"}, // over the weekend
		{"2026-09-30 17:00", 60, "2026-10-08 09:00"}, // over the national holiday
		{"2026-11-23 08:30", 420, "2026-11-23 17:30"},
		{"2026-11-23 08:30", 421, "2026-11-24 08:31"},
	} {
		if got := later(calendar.Default(), at(c.from), c.minutes).Format("2006-01-02 15:04"); got != c.want {
			t.Errorf("%d minutes after %s: %s, want %s", c.minutes, c.from, got, c.want)
		}
	}
}

func TestLaterAddsUp(t *testing.T) {
	cal := calendar.Default()
	base := time.Date(2026, 1, 1, 0, 0, 0, 0, clock.Shanghai())
	rapid.Check(t, func(t *rapid.T) {
		from := base.Add(time.Duration(rapid.IntRange(0, 360*24*60).Draw(t, "from")) * time.Minute)
		a, b := rapid.IntRange(1, 3000).Draw(t, "a"), rapid.IntRange(1, 3000).Draw(t, "b")
		if one, two := later(cal, from, a+b), later(cal, later(cal, from, a), b); !one.Equal(two) {
			t.Fatalf("%d and %d minutes after %s: %s, at once %s", a, b, from, two, one)
		}
	})
}
