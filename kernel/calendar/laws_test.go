package calendar_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"touyan.dev/touyan/kernel/calendar"
)

// The laws of limits, on random events, limits and pauses. They hold on both
// sides of the notices, so the events run from 1980 to 2110.

var (
	drawDay = rapid.Custom(func(t *rapid.T) calendar.Day {
		return calendar.Day(rapid.Int32Range(int32(calendar.Date(1980, 1, 1)), int32(calendar.Date(2110, 1, 1))).Draw(t, "day"))
	})
	drawFrom = rapid.Custom(func(t *rapid.T) time.Time {
		return drawDay.Draw(t, "day").Start().Add(time.Duration(rapid.Int64Range(0, 86_399_999_999).Draw(t, "µs")) * time.Microsecond)
	})
	drawLimit = rapid.Custom(func(t *rapid.T) calendar.Limit {
		l := calendar.Limit{N: rapid.IntRange(1, 60).Draw(t, "n"), Unit: calendar.Unit(rapid.IntRange(1, 3).Draw(t, "unit"))}
		if l.Unit != calendar.Hours && rapid.Bool().Draw(t, "close") {
			l.Ends = calendar.CloseOfBusiness
		}
		l.Roll = l.Unit == calendar.NaturalDays && rapid.Bool().Draw(t, "roll")
		return l
	})
)

// drawStops gives up to five closed pauses from ten days before the event.
func drawStops(t *rapid.T, from time.Time) []calendar.Interval {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) calendar.Interval {
		start := from.Add(time.Duration(rapid.IntRange(-10*24*60, 60*24*60).Draw(t, "start")) * time.Minute)
		return calendar.Interval{Start: start, End: start.Add(time.Duration(rapid.IntRange(-60, 20*24*60).Draw(t, "length")) * time.Minute)}
	}), 0, 5).Draw(t, "stops")
}

func TestLawsOfWorkdays(t *testing.T) {
	c := calendar.Default()
	rapid.Check(t, func(t *rapid.T) {
		d, n := drawDay.Draw(t, "d"), rapid.IntRange(1, 3000).Draw(t, "n")
		later := c.AddWorkdays(d, n)
		if !c.IsWorkday(later) || c.WorkdaysBetween(d, later) != n || c.WorkdaysBetween(later, d) != -n {
			t.Fatalf("%v + %d = %v: worked %v, %d between", d, n, later, c.IsWorkday(later), c.WorkdaysBetween(d, later))
		}
		earlier := c.AddWorkdays(d, -n)
		if !c.IsWorkday(earlier) || c.WorkdaysBetween(earlier-1, d-1) != n {
			t.Fatalf("%v - %d = %v: worked %v", d, n, earlier, c.IsWorkday(earlier))
		}
		if on := c.OnOrAfter(d); on < d || !c.IsWorkday(on) || c.IsWorkday(d) && on != d || c.WorkdaysBetween(d-1, on) != 1 {
			t.Fatalf("the working day on or after %v is not %v", d, on)
		}
	})
}

func TestLawsOfDue(t *testing.T) {
	c := calendar.Default()
	rapid.Check(t, func(t *rapid.T) {
		from, l := drawFrom.Draw(t, "from"), drawLimit.Draw(t, "limit")
		stops := drawStops(t, from)
		due := c.Due(from, l, stops)
		if due.At.Before(from) {
			t.Fatalf("due %v before the event", due.At)
		}
		at := func(from time.Time, l calendar.Limit, stops []calendar.Interval) time.Time {
			x, _ := c.DueAt(from, l, stops)
			return x
		}
		if got := at(from, l, stops); !got.Equal(due.At) {
			t.Fatalf("DueAt %v, Due %v", got, due.At)
		}
		if later := from.Add(time.Duration(rapid.Int64Range(0, 1e15).Draw(t, "wait"))); at(later, l, stops).Before(due.At) {
			t.Fatal("a later event is due earlier")
		}
		longer := l
		longer.N++
		if at(from, longer, stops).Before(due.At) {
			t.Fatal("a longer limit is due earlier")
		}
		if more := drawStops(t, from); at(from, l, slices.Concat(stops, more)).Before(due.At) {
			t.Fatal("a further pause made the deadline earlier")
		}
		shuffled := rapid.Permutation(stops).Draw(t, "order")
		if !at(from, l, slices.Concat(shuffled, stops)).Equal(due.At) {
			t.Fatal("order or repetition of pauses changes the deadline")
		}
		outside := []calendar.Interval{
			{Start: from.Add(-time.Hour), End: from},
			{Start: due.At.Add(time.Microsecond)},
		}
		if !at(from, l, slices.Concat(stops, outside)).Equal(due.At) {
			t.Fatal("a pause before the event or after the deadline changes it")
		}
	})
}

// TestLawOfSplitPauses: a pause cut in two is the same pause.
func TestLawOfSplitPauses(t *testing.T) {
	c := calendar.Default()
	rapid.Check(t, func(t *rapid.T) {
		from, l := drawFrom.Draw(t, "from"), drawLimit.Draw(t, "limit")
		stops := drawStops(t, from)
		var split []calendar.Interval
		for _, s := range stops {
			length := max(s.End.Sub(s.Start), 0)
			cut := s.Start.Add(time.Duration(rapid.Int64Range(0, length.Microseconds()).Draw(t, "cut")) * time.Microsecond)
			split = append(split, calendar.Interval{Start: cut, End: s.End}, calendar.Interval{Start: s.Start, End: cut})
		}
		if d := cmp.Diff(c.Due(from, l, stops), c.Due(from, l, split)); d != "" {
			t.Fatalf("cutting pauses in two changes the answer:\n%s", d)
		}
	})
}

func TestLawsOfCounted(t *testing.T) {
	c := calendar.Default()
	rapid.Check(t, func(t *rapid.T) {
		from, l := drawFrom.Draw(t, "from"), drawLimit.Draw(t, "limit")
		due := c.Due(from, l, drawStops(t, from))
		if l.Unit == calendar.Hours {
			if len(due.Counted) != 0 {
				t.Fatal("hours count no days")
			}
			return
		}
		if len(due.Counted) != l.N || due.Counted[0] <= calendar.DayOf(from) {
			t.Fatalf("%d days counted from %v, want %d after the event", len(due.Counted), due.Counted, l.N)
		}
		for i, d := range due.Counted {
			if i > 0 && d <= due.Counted[i-1] || l.Unit == calendar.WorkingDays && !c.IsWorkday(d) {
				t.Fatalf("%v is out of order or not worked", d)
			}
		}
		if last := calendar.DayOf(due.At); !l.Roll && last != due.Counted[l.N-1] || l.Roll && !c.IsWorkday(last) {
			t.Fatalf("the limit ends on %v, the last counted day is %v", last, due.Counted[l.N-1])
		}
	})
}

func TestLawsOfMark(t *testing.T) {
	c := calendar.Default()
	rapid.Check(t, func(t *rapid.T) {
		from, l := drawFrom.Draw(t, "from"), drawLimit.Draw(t, "limit")
		stops := drawStops(t, from)
		due, _ := c.DueAt(from, l, stops)
		if !c.Mark(from, l, stops, 100).Equal(due) || !c.Mark(from, l, stops, 0).Equal(from) {
			t.Fatal("0 and 100 percent are not the event and the deadline")
		}
		p := rapid.IntRange(0, 300).Draw(t, "percent")
		q := rapid.IntRange(p, 300).Draw(t, "more")
		if c.Mark(from, l, stops, q).Before(c.Mark(from, l, stops, p)) {
			t.Fatalf("%d %% comes before %d %%", q, p)
		}
	})
}

// TestDaysAgreeWithTheZoneDatabase: the short cut for days since 1992 gives
// what the zone database gives, summer time and far future included.
func TestDaysAgreeWithTheZoneDatabase(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		micros := r.Int64N(8e15) - 600_000_000_000_000 // 1950 to 2204
		x := time.UnixMicro(micros)
		d := calendar.DayOf(x)
		shown := x.In(calendar.Day(0).Start().Location())
		if d.String() != shown.Format(time.DateOnly) || d.Weekday() != shown.Weekday() {
			t.Fatalf("%v is on %v %v", shown, d, d.Weekday())
		}
		if d.Start().After(x) || d.End().Before(x.Truncate(time.Microsecond)) || calendar.DayOf(d.Start()) != d || calendar.DayOf(d.End()) != d {
			t.Fatalf("%v is not from %v to %v", x, d.Start(), d.End())
		}
	}
}

// TestFarDays: instants past the days that text can name are held at the last.
func TestFarDays(t *testing.T) {
	for year, want := range map[int]string{9998: "9998-12-31", 9999: "9999-12-31", 12000: "9999-12-31"} {
		if got := calendar.DayOf(time.Date(year, 12, 31, 12, 0, 0, 0, time.UTC)).String(); got != want {
			t.Errorf("year %d falls on %s, want %s", year, got, want)
		}
	}
}
