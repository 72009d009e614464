package calendar_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"touyan.dev/touyan/kernel/calendar"
)

// stop makes a pause; an empty end leaves it open.
func stop(t *testing.T, start, end string) calendar.Interval {
	t.Helper()
	i := calendar.Interval{Start: at(t, start)}
	if end != "" {
		i.End = at(t, end)
	}
	return i
}

func TestDue(t *testing.T) {
	for _, c := range []struct {
		name, from, limit string
		stops             [][2]string
		want              string // "" for no deadline
		provisional       bool
	}{
		{"across the Spring Festival", "2026-02-10T09:30", "5wd", nil, "2026-02-24T23:59:59.999999+08:00", false},
		{"close of business", "2026-02-10T09:30", "5wd@close", nil, "2026-02-24T17:30:00+08:00", false},
		{"the day of the event is not counted", "2026-03-02T00:00", "1wd", nil, "2026-03-03T23:59:59.999999+08:00", false},
		{"even its last moment", "2026-03-02T23:59:59.999999", "1wd", nil, "2026-03-03T23:59:59.999999+08:00", false},
		{"an event on a day off", "2026-02-20", "1wd", nil, "2026-02-24T23:59:59.999999+08:00", false},
		{"in another zone it is still the 10th", "2026-02-09T16:00:00Z", "4wd", nil, "2026-02-14T23:59:59.999999+08:00", false},
		{"natural days do not mind days off", "2026-02-10", "5d", nil, "2026-02-15T23:59:59.999999+08:00", false},
		{"unless the rule says so", "2026-02-10", "5d+roll", nil, "2026-02-24T23:59:59.999999+08:00", false},
		{"no roll needed on a make-up workday", "2026-02-10", "4d+roll", nil, "2026-02-14T23:59:59.999999+08:00", false},
		{"hours run through the night", "2026-02-10T09:30", "24h", nil, "2026-02-11T09:30:00+08:00", false},
		{"hours run through the holiday", "2026-02-14T20:00:00.25", "48h", nil, "2026-02-16T20:00:00.25+08:00", false},

		{"a pause takes the days it touches", "2026-03-02", "3wd", [][2]string{{"2026-03-03T10:00", "2026-03-04T10:00"}}, "2026-03-09T23:59:59.999999+08:00", false},
		{"a pause up to midnight leaves the next day", "2026-03-02", "3wd", [][2]string{{"2026-03-03", "2026-03-04"}}, "2026-03-06T23:59:59.999999+08:00", false},
		{"a pause on the day of the event", "2026-03-02T09:00", "3wd", [][2]string{{"2026-03-02T10:00", "2026-03-02T18:00"}}, "2026-03-05T23:59:59.999999+08:00", false},
		{"a pause after the end", "2026-03-02", "1wd", [][2]string{{"2026-03-04", ""}}, "2026-03-03T23:59:59.999999+08:00", false},
		{"a pause in the evening of the last day", "2026-03-02", "1wd", [][2]string{{"2026-03-03T18:00", ""}}, "", false},
		{"comes too late when that day closes at 17:30", "2026-03-02", "1wd@close", [][2]string{{"2026-03-03T18:00", ""}}, "2026-03-03T17:30:00+08:00", false},
		{"but not at 17:30 sharp", "2026-03-02", "1wd@close", [][2]string{{"2026-03-03T17:30", ""}}, "", false},
		{"overlapping and unordered", "2026-03-02", "2wd", [][2]string{{"2026-03-05", "2026-03-07"}, {"2026-03-03", "2026-03-06"}}, "2026-03-10T23:59:59.999999+08:00", false},
		{"an empty pause", "2026-03-02", "1wd", [][2]string{{"2026-03-03T10:00", "2026-03-03T10:00"}}, "2026-03-03T23:59:59.999999+08:00", false},
		{"a pause on the rolled day", "2026-02-10", "5d+roll", [][2]string{{"2026-02-24T09:00", "2026-02-24T10:00"}}, "2026-02-25T23:59:59.999999+08:00", false},
		{"an open pause while rolling", "2026-02-10", "5d+roll", [][2]string{{"2026-02-24T09:00", ""}}, "", false},
		{"hours leave out the exact pause", "2026-03-02T09:00", "24h", [][2]string{{"2026-03-02T10:00", "2026-03-02T10:20"}}, "2026-03-03T09:20:00+08:00", false},
		{"pauses that overlap stop once", "2026-03-02T09:00", "24h", [][2]string{{"2026-03-02T10:10", "2026-03-02T10:30"}, {"2026-03-02T10:00", "2026-03-02T10:20"}}, "2026-03-03T09:30:00+08:00", false},
		{"a pause begun before the event", "2026-03-02T09:00", "2h", [][2]string{{"2026-03-01", "2026-03-02T10:00"}}, "2026-03-02T12:00:00+08:00", false},
		{"a pause that begins at the end", "2026-03-02T09:00", "2h", [][2]string{{"2026-03-02T11:00", ""}}, "2026-03-02T11:00:00+08:00", false},
		{"hours in an open pause", "2026-03-02T09:00", "2h", [][2]string{{"2026-03-02T10:59", ""}}, "", false},

		{"into a year without notice", "2026-12-25", "10wd", nil, "2027-01-08T23:59:59.999999+08:00", true},
		{"stopped there, nothing is provisional", "2026-12-25", "10wd", [][2]string{{"2027-01-05", ""}}, "", false},
		{"the last known day", "2026-12-24", "1wd", nil, "2026-12-25T23:59:59.999999+08:00", false},
		{"December that a notice may move", "2026-12-25", "1wd", nil, "2026-12-28T23:59:59.999999+08:00", true},
		{"natural days need no notice", "2026-12-25", "30d", nil, "2027-01-24T23:59:59.999999+08:00", false},
		{"rolling does", "2026-12-25", "30d+roll", nil, "2027-01-25T23:59:59.999999+08:00", true},
		{"hours need none", "2026-12-31T12:00", "24h", nil, "2027-01-01T12:00:00+08:00", false},
		{"before all notices", "2001-03-01", "1wd", nil, "2001-03-02T23:59:59.999999+08:00", true},
		{"a day of summer time", "1988-07-01T12:00", "1d", nil, "1988-07-02T23:59:59.999999+09:00", false},
		{"close on a day of summer time", "1988-07-01T12:00", "1d@close", nil, "1988-07-02T17:30:00+09:00", false},
		{"hours across its end", "1988-09-10T12:00", "24h", nil, "1988-09-11T11:00:00+08:00", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var stops []calendar.Interval
			for _, s := range c.stops {
				stops = append(stops, stop(t, s[0], s[1]))
			}
			got := calendar.Default().Answer(at(t, c.from), limit(t, c.limit), stops)
			if got.Due != c.want || got.Provisional != c.provisional {
				t.Errorf("due %q provisional %v\nwant %q %v", got.Due, got.Provisional, c.want, c.provisional)
			}
		})
	}
}

func TestUnusableLimitHasNoDue(t *testing.T) {
	c := calendar.Default()
	for _, l := range []calendar.Limit{{}, {N: 5}, {N: -1, Unit: calendar.Hours}, {N: 5, Unit: calendar.WorkingDays, Roll: true}} {
		if got := c.Due(at(t, "2026-02-10"), l, nil); !got.At.IsZero() || len(got.Counted) > 0 {
			t.Errorf("%+v is due %v", l, got)
		}
		if got := c.Mark(at(t, "2026-02-10"), l, nil, 70); !got.IsZero() {
			t.Errorf("%+v has a mark at %v", l, got)
		}
	}
}

func TestAnswerJSON(t *testing.T) {
	for _, c := range []struct {
		limit string
		stops []calendar.Interval
		want  string
	}{
		{"5wd", nil, `{"due":"2026-02-24T23:59:59.999999+08:00","provisional":false,"counted":["2026-02-11","2026-02-12","2026-02-13","2026-02-14","2026-02-24"]}`},
		{"24h", nil, `{"due":"2026-02-11T09:30:00+08:00","provisional":false,"counted":[]}`},
		{"5wd", []calendar.Interval{stop(t, "2026-02-13T09:00", "")}, `{"due":"","provisional":false,"counted":["2026-02-11","2026-02-12"]}`},
	} {
		got, err := json.Marshal(calendar.Default().Answer(at(t, "2026-02-10T09:30"), limit(t, c.limit), c.stops))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(c.want, string(got)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.limit, d)
		}
	}
}

func TestMark(t *testing.T) {
	pause := []calendar.Interval{stop(t, "2026-03-03", "2026-03-04")}
	open := []calendar.Interval{stop(t, "2026-03-05", "")}
	for _, c := range []struct {
		from, limit string
		stops       []calendar.Interval
		percent     int
		want        string
	}{
		{"2026-03-02T09:00", "5wd", nil, 70, "2026-03-06T12:00:00+08:00"},
		{"2026-03-02T09:00", "5wd", nil, 60, "2026-03-05T23:59:59.999999+08:00"},
		{"2026-03-02T09:00", "5wd", nil, 100, "2026-03-09T23:59:59.999999+08:00"},
		{"2026-03-02T09:00", "5wd", nil, 120, "2026-03-10T23:59:59.999999+08:00"},
		{"2026-03-02T09:00", "5wd@close", nil, 70, "2026-03-06T08:45:00+08:00"},
		{"2026-03-02T09:00", "5wd@close", nil, 120, "2026-03-10T17:30:00+08:00"},
		{"2026-03-02T09:00", "1wd", nil, 70, "2026-03-03T16:48:00+08:00"},
		{"2026-03-02T09:00", "5wd", pause, 70, "2026-03-09T12:00:00+08:00"},
		{"2026-03-02T09:00", "5wd", open, 40, "2026-03-04T23:59:59.999999+08:00"},
		{"2026-03-02T09:00", "5wd", open, 41, ""},
		{"2026-03-02T09:00", "5wd", open, 120, ""},
		{"2026-03-02T09:00", "1wd", open, 120, "2026-03-04T04:48:00+08:00"},
		{"2026-03-02T09:00", "1wd", open, 201, ""},
		{"2026-03-02T09:00", "1wd", open, 300, ""},
		{"2026-03-02T09:00", "5wd", nil, 0, "2026-03-02T09:00:00+08:00"},
		{"2026-02-10T09:00", "5d+roll", nil, 70, "2026-02-14T12:00:00+08:00"},
		{"2026-02-10T09:00", "5d+roll", nil, 120, "2026-02-25T23:59:59.999999+08:00"},
		{"2026-03-02T09:00", "24h", nil, 70, "2026-03-03T01:48:00+08:00"},
		{"2026-03-02T09:00", "24h", nil, 120, "2026-03-03T13:48:00+08:00"},
		{"2026-03-02T09:00", "24h", pause, 70, "2026-03-04T01:48:00+08:00"},
	} {
		got := calendar.Default().Mark(at(t, c.from), limit(t, c.limit), c.stops, c.percent)
		text := ""
		if !got.IsZero() {
			text = calendar.FormatInstant(got)
		}
		if text != c.want {
			t.Errorf("%d%% of %s from %s with %d pauses: %s, want %s", c.percent, c.limit, c.from, len(c.stops), text, c.want)
		}
	}
}

func TestRemaining(t *testing.T) {
	const due = "2026-02-24T17:30"
	for _, c := range []struct{ now, due, zh, en string }{
		{"2026-02-10T09:00", due, "剩5工作日", "5 working days left"},
		{"2026-02-14T09:00", due, "剩1工作日", "1 working day left"},
		{"2026-02-24T17:30", due, "今日到期", "due today"},
		{"2026-02-24T17:30:00.000001", due, "逾期不足1工作日", "overdue by less than 1 working day"},
		{"2026-02-25T09:00", due, "逾期1工作日", "overdue by 1 working day"},
		{"2026-02-26T09:00", due, "逾期2工作日", "overdue by 2 working days"},
		{"2026-03-01T09:00", due, "逾期4工作日", "overdue by 4 working days"},
		{"2026-02-14T09:00", "2026-02-16T09:00", "剩不足1工作日", "less than 1 working day left"},
		{"2026-02-14T09:00", "", "暂停计时", "clock stopped"},
	} {
		end := time.Time{}
		if c.due != "" {
			end = at(t, c.due)
		}
		got := calendar.Default().Remaining(at(t, c.now), end).Text()
		if got.ZH != c.zh || got.EN != c.en {
			t.Errorf("at %s of %s: %+v, want %s / %s", c.now, c.due, got, c.zh, c.en)
		}
	}
}

// benchmarkCases are the kinds of deadline the engine computes.
func benchmarkCases(b *testing.B) map[string]func() bool {
	c := calendar.Default()
	from := at(b, "2026-02-10T09:30")
	one := []calendar.Interval{{Start: at(b, "2026-02-11T10:00"), End: at(b, "2026-02-12T10:00")}}
	three := append(one, calendar.Interval{Start: at(b, "2026-02-25"), End: at(b, "2026-02-26")},
		calendar.Interval{Start: at(b, "2026-01-25"), End: at(b, "2026-01-26")})
	run := func(text string, stops []calendar.Interval) func() bool {
		l := limit(b, text)
		return func() bool { due, _ := c.DueAt(from, l, stops); return due.IsZero() }
	}
	return map[string]func() bool{
		"20wd": run("20wd", nil), "20wd one pause": run("20wd", one), "20wd three pauses": run("20wd", three),
		"30d+roll": run("30d+roll", nil), "24h one pause": run("24h", one),
	}
}

func BenchmarkDueAt(b *testing.B) {
	for name, f := range benchmarkCases(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if f() {
					b.Fatal("no deadline")
				}
			}
		})
	}
}

// BenchmarkDueAtAnywhere draws its days from twenty years, so that the table
// is not in the nearest cache.
func BenchmarkDueAtAnywhere(b *testing.B) {
	c, l := calendar.Default(), limit(b, "20wd")
	start := at(b, "2007-01-01T09:30")
	b.ReportAllocs()
	k := uint32(1)
	for b.Loop() {
		k = k*1664525 + 1013904223
		due, _ := c.DueAt(start.Add(time.Duration(k%7000)*24*time.Hour), l, nil)
		if due.IsZero() {
			b.Fatal("no deadline")
		}
	}
}

func BenchmarkDueWithDays(b *testing.B) {
	c, l, from := calendar.Default(), limit(b, "20wd"), at(b, "2026-02-10T09:30")
	b.ReportAllocs()
	for b.Loop() {
		if len(c.Due(from, l, nil).Counted) != 20 {
			b.Fatal("days are missing")
		}
	}
}

// TestDueAtAllocatesNothing guards the hot path of the timers.
func TestDueAtAllocatesNothing(t *testing.T) {
	c, from := calendar.Default(), at(t, "2026-02-10T09:30")
	stops := []calendar.Interval{stop(t, "2026-02-12T09:00", "2026-02-25"), stop(t, "2026-02-11", "2026-02-12")}
	for _, text := range []string{"20wd", "20wd@close", "30d+roll", "24h"} {
		l := limit(t, text)
		if n := testing.AllocsPerRun(100, func() { c.DueAt(from, l, stops); c.Mark(from, l, stops, 70) }); n != 0 {
			t.Errorf("%s: %v allocations", text, n)
		}
	}
}
