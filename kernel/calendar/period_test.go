package calendar_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/fault"
)

func TestPeriods(t *testing.T) {
	for _, c := range []struct{ event, period, last string }{
		{"2026-11-29T14:05", "10y", "2036-11-29"},
		{"2026-11-29T00:00", "1m", "2026-12-29"},
		{"2026-12-31T23:59", "2m", "2027-02-28"},
		{"2024-02-29T09:00", "1y", "2025-02-28"},
		{"2024-02-29T09:00", "4y", "2028-02-29"},
		{"2025-10-31T09:00", "18m", "2027-04-30"},
	} {
		from, err := calendar.ParseInstant(c.event)
		if err != nil {
			t.Fatal(err)
		}
		p, err := calendar.ParsePeriod(c.period)
		if err != nil {
			t.Fatal(err)
		}
		if end := p.End(from); end.Format("2006-01-02 15:04:05.000000") != c.last+" 23:59:59.999999" {
			t.Errorf("%s after %s ends at %s", c.period, c.event, end)
		}
	}
}

// monthsOn counts on month by month and then down to a day that exists, with the
// parser's word for which do.
func monthsOn(event calendar.Day, months int) calendar.Day {
	var y, m, d int
	fmt.Sscanf(event.String(), "%d-%d-%d", &y, &m, &d)
	for range months {
		if m++; m > 12 {
			y, m = y+1, 1
		}
	}
	for ; ; d-- {
		if day, err := calendar.ParseDay(fmt.Sprintf("%04d-%02d-%02d", y, m, d)); err == nil {
			return day
		}
	}
}

func TestPeriodLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := calendar.Period{Months: rapid.OneOf(rapid.IntRange(1, 25), rapid.IntRange(1, 1200)).Draw(t, "months")}
		if again, err := calendar.ParsePeriod(p.String()); err != nil || again != p {
			t.Fatalf("%q reads as %v, %v", p, again, err)
		}
		from := drawFrom.Draw(t, "from")
		end := p.End(from)
		if want := monthsOn(calendar.DayOf(from), p.Months).End(); !end.Equal(want) {
			t.Fatalf("%s after %s ends at %s, counted by hand at %s", p, from, end, want)
		}
		// Over is End turned round, to the microsecond.
		for _, now := range []time.Time{end, end.Add(time.Microsecond), end.Add(time.Duration(rapid.Int64Range(-90, 90).Draw(t, "days")) * 24 * time.Hour)} {
			if over := !from.After(p.Over(now)); over != end.Before(now) {
				t.Fatalf("%s from %s ends at %s; at %s it is over: %v", p, from, end, now, over)
			}
		}
	})
}

func FuzzParsePeriod(f *testing.F) {
	for _, s := range []string{"10y", "18m", "0y", "101y", "1200m", "1201m", "y", "1d", "-1y", "01y", "１y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := calendar.ParsePeriod(s)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		if again, err := calendar.ParsePeriod(p.String()); err != nil || again != p || p.Text().ZH == "" {
			t.Fatalf("%q reads as %q, which reads as %v (%v)", s, p, again, err)
		}
	})
}
