package calendar_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/fault"
)

// TestWorkdaysAYear holds the totals that payroll and statistics rely on.
func TestWorkdaysAYear(t *testing.T) {
	for year, want := range map[int]int{
		2018: 250, 2019: 250, 2020: 249, 2021: 250, 2022: 249,
		2023: 249, 2024: 251, 2025: 248, 2026: 248,
	} {
		got := calendar.Default().WorkdaysBetween(calendar.Date(year-1, 12, 31), calendar.Date(year, 12, 31))
		if got != want {
			t.Errorf("%d has %d working days, want %d", year, got, want)
		}
	}
}

// TestTellingDays are days on which other calendars went wrong.
func TestTellingDays(t *testing.T) {
	for _, c := range []struct {
		day    string
		worked bool
		why    string
	}{
		{"2006-12-30", true, "moved by the notice of 2007"},
		{"2007-12-29", true, "moved by the notice of 2008"},
		{"2011-12-31", true, "moved by the notice of 2012"},
		{"2013-04-07", true, "a Sunday worked for Qingming"},
		{"2013-10-12", true, "a Saturday worked for National Day"},
		{"2015-09-03", false, "second notice of 2015"},
		{"2015-09-06", true, "second notice of 2015"},
		{"2018-12-31", false, "moved by the notice of 2019"},
		{"2019-05-02", false, "second notice of 2019"},
		{"2019-05-05", true, "second notice of 2019"},
		{"2020-01-31", false, "holiday made longer in 2020"},
		{"2020-02-01", false, "was to be worked, then the holiday grew"},
		{"2020-02-03", true, "work began again"},
		{"2026-02-14", true, "a Saturday worked for the Spring Festival"},
		{"2026-02-23", false, "last day of the Spring Festival"},
		{"2027-01-01", true, "no notice yet: the plain week"},
		{"1986-05-04", false, "a Sunday before all notices"},
		{"2100-01-01", true, "the Friday after the table"},
		{"2100-01-02", false, "the Saturday after the table"},
		{"2150-01-01", true, "a Thursday long after it"},
	} {
		d := day(t, c.day)
		if got := calendar.Default().IsWorkday(d); got != c.worked {
			t.Errorf("%s (%s): worked = %v", c.day, c.why, got)
		}
	}
}

func TestKnown(t *testing.T) {
	without := slices.DeleteFunc(calendar.Default().Notices(), func(n calendar.Notice) bool { return n.Year == 2010 })
	gap, err := calendar.New(without...)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		day          string
		all, without bool
	}{
		{"2006-12-31", false, false}, // its own year has no notice
		{"2007-01-01", true, true},
		{"2009-12-25", true, true},
		{"2009-12-26", true, false},
		{"2010-06-01", true, false},
		{"2011-01-01", true, true},
		{"2026-12-25", true, true},
		{"2026-12-26", false, false}, // the notice of 2027 may still move it
		{"2027-01-01", false, false},
	} {
		if got := calendar.Default().Known(day(t, c.day)); got != c.all {
			t.Errorf("%s: known = %v", c.day, got)
		}
		if got := gap.Known(day(t, c.day)); got != c.without {
			t.Errorf("%s without the notice of 2010: known = %v", c.day, got)
		}
	}
}

func TestAddWorkdays(t *testing.T) {
	c := calendar.Default()
	for _, x := range []struct {
		from string
		n    int
		want string
	}{
		{"2026-02-10", 4, "2026-02-14"},
		{"2026-02-10", 5, "2026-02-24"},
		{"2026-02-24", -1, "2026-02-14"},
		{"2026-02-20", -1, "2026-02-14"},
		{"2026-02-20", 0, "2026-02-20"},
		{"2006-11-30", 1, "2006-12-01"},  // across the table's first day
		{"2006-12-01", -1, "2006-11-30"}, // and back
		{"2099-12-31", 1, "2100-01-01"},  // and its last
		{"2100-01-01", -1, "2099-12-31"},
		{"9999-12-30", 10, "9999-12-31"}, // held within nameable days
		{"0001-01-02", -10, "0001-01-01"},
		{"2026-01-01", 1 << 60, "9999-12-31"},
		{"2026-01-01", -1 << 60, "0001-01-01"},
	} {
		if got := c.AddWorkdays(day(t, x.from), x.n); got.String() != x.want {
			t.Errorf("%s %+d = %s, want %s", x.from, x.n, got, x.want)
		}
	}
	if got := c.OnOrAfter(day(t, "2026-02-15")); got.String() != "2026-02-24" {
		t.Errorf("OnOrAfter(2026-02-15) = %s", got)
	}
	if got := c.OnOrAfter(day(t, "2026-02-14")); got.String() != "2026-02-14" {
		t.Errorf("OnOrAfter(2026-02-14) = %s", got)
	}
	if got := c.WorkdaysBetween(day(t, "2026-02-24"), day(t, "2026-02-10")); got != -5 {
		t.Errorf("backwards: %d", got)
	}
}

const notice2027 = `# entered when it came out
notice 2027
number 虚构号
off  2026-12-31..01-03 元旦
work 2026-12-26 元旦
`

// TestLateNotice: with the notice of 2027 a provisional deadline moves and
// becomes firm, and the old calendar stays as it was.
func TestLateNotice(t *testing.T) {
	n, err := calendar.ParseNotice("2027.txt", []byte(notice2027))
	if err != nil {
		t.Fatal(err)
	}
	old := calendar.Default()
	version := old.Version()
	late, err := old.With(n)
	if err != nil {
		t.Fatal(err)
	}
	from, l := at(t, "2026-12-25T10:00"), limit(t, "5wd")
	for _, c := range []struct {
		calendar    *calendar.Calendar
		due         string
		provisional bool
	}{
		{old, "2027-01-01T23:59:59.999999+08:00", true},
		{late, "2027-01-04T23:59:59.999999+08:00", false},
		{old, "2027-01-01T23:59:59.999999+08:00", true},
	} {
		got := c.calendar.Due(from, l, nil)
		if calendar.FormatInstant(got.At) != c.due || got.Provisional != c.provisional {
			t.Errorf("due %v provisional %v, want %s %v", got.At, got.Provisional, c.due, c.provisional)
		}
	}
	if old.Version() != version || late.Version() == version || len(version) != 16 {
		t.Errorf("versions: %s before, %s after, %s with the new notice", version, old.Version(), late.Version())
	}
	same, err := calendar.New(append([]calendar.Notice{n}, old.Notices()...)...)
	if err != nil {
		t.Fatal(err)
	}
	if same.Version() != late.Version() {
		t.Error("the version depends on the order of the notices")
	}
	if _, err := late.With(n); !fault.Is(err, fault.Conflict) {
		t.Errorf("the same notice twice: %v", err)
	}
	n.Year, n.Part = 2028, 2
	n.Spans = []calendar.Span{{First: day(t, "2028-05-01"), Last: day(t, "2028-05-05")}}
	if _, err := late.With(n); !fault.Is(err, fault.Conflict) {
		t.Errorf("a change to a year without arrangement: %v", err)
	}
	if _, err := old.With(calendar.Notice{Year: 2027}); !fault.Is(err, fault.Invalid) {
		t.Errorf("an empty notice: %v", err)
	}
}

// TestOrderOfNotices: an amendment overrides its year's arrangement, whichever
// was given first.
func TestOrderOfNotices(t *testing.T) {
	want := calendar.Default()
	changesFirst := want.Notices()
	slices.SortStableFunc(changesFirst, func(a, b calendar.Notice) int { return b.Part - a.Part })
	got, err := calendar.New(changesFirst...)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want.Notices(), got.Notices()); d != "" || got.Version() != want.Version() {
		t.Errorf("version %s, want %s; notices (-want +got):\n%s", got.Version(), want.Version(), d)
	}
	if got.IsWorkday(day(t, "2020-02-01")) {
		t.Error("2020-02-01 is worked: the second notice of 2020 has no effect")
	}
}

// TestNoticesAreCopies: nobody can change a calendar through what it was given
// or hands out.
func TestNoticesAreCopies(t *testing.T) {
	given := calendar.Default().Notices()
	made, err := calendar.New(given...)
	if err != nil {
		t.Fatal(err)
	}
	given[0].Spans[0].Work = !given[0].Spans[0].Work
	if d := cmp.Diff(calendar.Default().Notices(), made.Notices()); d != "" {
		t.Errorf("what it was given still changes it:\n%s", d)
	}
	list := calendar.Default().Notices()
	list[0].Spans[0].Work = !list[0].Spans[0].Work
	list[0].Number = "x"
	if cmp.Equal(list[0], calendar.Default().Notices()[0]) {
		t.Error("the calendar's own notice was changed")
	}
}

// TestBuiltInNotices: every year once, amendments where history had them, a
// source for each.
func TestBuiltInNotices(t *testing.T) {
	var got []string
	for _, n := range calendar.Default().Notices() {
		if n.Part > 1 {
			got = append(got, n.Number)
		}
		if n.Source == "" {
			t.Errorf("the notice of %d has no source", n.Year)
		}
	}
	want := []string{"国发明电〔2015〕1号", "国办发明电〔2019〕3号", "国办发明电〔2020〕1号"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("amendments (-want +got):\n%s", d)
	}
	if n := len(calendar.Default().Notices()); n != 23 {
		t.Errorf("%d notices, want 20 years and 3 amendments", n)
	}
}

func day(t testing.TB, s string) calendar.Day {
	t.Helper()
	d, err := calendar.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func at(t testing.TB, s string) time.Time {
	t.Helper()
	x, err := calendar.ParseInstant(s)
	if err != nil {
		t.Fatal(s, err)
	}
	return x
}

func limit(t testing.TB, s string) calendar.Limit {
	t.Helper()
	l, err := calendar.ParseLimit(s)
	if err != nil {
		t.Fatal(s, err)
	}
	return l
}
