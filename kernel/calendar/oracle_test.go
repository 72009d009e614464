package calendar_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/clock"
)

// oracle walks one day, or one minute, after the other. It knows the facts of
// the notices and the zone database, and none of the package's arithmetic.
type oracle struct {
	start []int64 // microsecond at which each day begins, by zone database
	work  []bool
	known []bool
	text  []string
}

const oracleFirst = 2006

func newOracle() *oracle {
	named := map[string]bool{}
	for _, n := range calendar.Default().Notices() {
		for _, s := range n.Spans {
			for d := s.First; d <= s.Last; d++ {
				named[d.String()] = s.Work
			}
		}
	}
	o := &oracle{}
	for d := time.Date(oracleFirst, 1, 1, 0, 0, 0, 0, clock.Shanghai()); d.Year() < 2036; d = d.AddDate(0, 0, 1) {
		worked, ok := named[d.Format(time.DateOnly)]
		if !ok {
			worked = d.Weekday() >= time.Monday && d.Weekday() <= time.Friday
		}
		o.start = append(o.start, d.UnixMicro())
		o.work = append(o.work, worked)
		o.known = append(o.known, d.Year() >= 2007 && d.Format(time.DateOnly) < "2026-12-26")
		o.text = append(o.text, d.Format(time.DateOnly))
	}
	return o
}

// end is the last microsecond of day i that is in time.
func (o *oracle) end(i int, l calendar.Limit) int64 {
	if l.Ends == calendar.CloseOfBusiness {
		return o.start[i] + (17*60+30)*60_000_000
	}
	return o.start[i+1] - 1
}

// stopped reports whether a pause covers a microsecond from first to last.
func stopped(stops [][2]int64, first, last int64) bool {
	for _, s := range stops {
		if s[0] < s[1] && s[0] <= last && first < s[1] {
			return true
		}
	}
	return false
}

// answer is what the oracle says: at 0 means no deadline.
type answer struct {
	at          int64
	provisional bool
	counted     []int
}

func (o *oracle) days(event int, l calendar.Limit, stops [][2]int64, openFrom int64) (a answer) {
	i, n := event, 0
	for n < l.N {
		i++
		if l.Unit == calendar.WorkingDays && !o.known[i] {
			a.provisional = true
		}
		if o.end(i, l) >= openFrom { // an open pause touches this day and all later ones
			a.provisional = false
			return a
		}
		if stopped(stops, o.start[i], o.end(i, l)) || l.Unit == calendar.WorkingDays && !o.work[i] {
			continue
		}
		n++
		a.counted = append(a.counted, i)
	}
	if l.Roll {
		a.provisional = !o.known[i]
		for !o.work[i] || stopped(stops, o.start[i], o.end(i, l)) {
			i++
			a.provisional = a.provisional || !o.known[i]
			if o.end(i, l) >= openFrom {
				a.provisional = false
				return a
			}
		}
	}
	a.at = o.end(i, l)
	return a
}

const minute = int64(60_000_000)

// hours walks minute by minute; everything it is given is in whole minutes.
func (o *oracle) hours(from int64, l calendar.Limit, stops [][2]int64, openFrom int64) (a answer) {
	run := 0
	for now := from; ; now += minute {
		if run == l.N*60 {
			a.at = now
			return a
		}
		if now >= openFrom {
			return a
		}
		if !stopped(stops, now, now) {
			run++
		}
	}
}

// TestMillionAgainstOracle checks that a million deadlines from 2007 to 2026
// are those of the oracle: instant, provisional flag and days counted.
func TestMillionAgainstOracle(t *testing.T) {
	if raceEnabled {
		t.Skip("a million cases take minutes under the race detector: the first pass runs them")
	}
	total := 1_000_000
	if testing.Short() {
		total = 50_000
	}
	c, o := calendar.Default(), newOracle()
	r := rand.New(rand.NewPCG(20070101, 20261231))
	first, last := 0, 0
	for i, s := range o.text {
		switch s {
		case "2007-01-01":
			first = i
		case "2026-12-31":
			last = i
		}
	}
	var none, provisional, paused int
	for k := range total {
		event := first + r.IntN(last-first+1)
		from := o.start[event] + int64(r.IntN(1440))*minute
		l := randomLimit(r)
		if l.Unit != calendar.Hours {
			from += int64(r.IntN(60_000_000)) // days do not mind odd microseconds
		}
		stops, raw, openFrom := randomStops(r, from, l.Unit == calendar.Hours)
		var want answer
		if l.Unit == calendar.Hours {
			want = o.hours(from, l, raw, openFrom)
		} else {
			want = o.days(event, l, raw, openFrom)
		}
		got := c.Due(time.UnixMicro(from), l, stops)
		if !o.agrees(got, want) {
			t.Fatalf("case %d: from %v, limit %v, stops %v\n got %+v\nwant at %d (%v) provisional %v days %v", k,
				calendar.FormatInstant(time.UnixMicro(from)), l, stops, got, want.at, time.UnixMicro(want.at).In(clock.Shanghai()), want.provisional, want.counted)
		}
		if at, p := c.DueAt(time.UnixMicro(from), l, stops); !at.Equal(got.At) || p != got.Provisional {
			t.Fatalf("case %d: DueAt gives %v %v, Due %v %v", k, at, p, got.At, got.Provisional)
		}
		if want.at == 0 {
			none++
		}
		if want.provisional {
			provisional++
		}
		if len(stops) > 0 {
			paused++
		}
	}
	t.Logf("%d cases: %d with pauses, %d without a deadline, %d provisional", total, paused, none, provisional)
	if none < total/100 || provisional < total/1000 || paused < total/4 {
		t.Error("the cases do not cover pauses, open pauses and missing notices")
	}
}

func (o *oracle) agrees(got calendar.Due, want answer) bool {
	if got.At.IsZero() != (want.at == 0) || want.at != 0 && got.At.UnixMicro() != want.at {
		return false
	}
	if got.Provisional != want.provisional || len(got.Counted) != len(want.counted) {
		return false
	}
	epoch := calendar.Date(oracleFirst, 1, 1)
	for i, d := range got.Counted {
		if d != epoch+calendar.Day(want.counted[i]) {
			return false
		}
	}
	return true
}

// randomLimit draws the kinds of limit the rules know, short ones mostly.
func randomLimit(r *rand.Rand) calendar.Limit {
	l := calendar.Limit{N: 1 + r.IntN(10), Unit: calendar.Unit(1 + r.IntN(3))}
	if r.IntN(3) == 0 {
		l.N = 1 + r.IntN(60)
	}
	if l.Unit == calendar.Hours {
		l.N = 1 + r.IntN(48)
		return l
	}
	if r.IntN(3) == 0 {
		l.Ends = calendar.CloseOfBusiness
	}
	l.Roll = l.Unit == calendar.NaturalDays && r.IntN(2) == 0
	return l
}

// randomStops draws up to four pauses around from, overlapping, unordered,
// some of them empty and some of them without an end.
func randomStops(r *rand.Rand, from int64, minutes bool) (stops []calendar.Interval, raw [][2]int64, openFrom int64) {
	openFrom = 1 << 62
	if r.IntN(2) == 0 {
		return nil, nil, openFrom
	}
	span := int64(20 * 1440)
	if minutes {
		span = 2 * 1440
	}
	for range 1 + r.IntN(4) {
		start := from + (r.Int64N(span)-span/5)*minute
		if !minutes {
			start += r.Int64N(minute)
		}
		switch r.IntN(4) { // edges of a day and of its close, where mistakes live
		case 0:
			start -= (start + 8*60*minute) % (1440 * minute)
		case 1:
			start += (17*60+30)*minute - (start+8*60*minute)%(1440*minute) + int64(r.IntN(2))*int64(r.IntN(2))
			if minutes {
				start -= start % minute
			}
		}
		if r.IntN(16) == 0 {
			stops = append(stops, calendar.Interval{Start: time.UnixMicro(start)})
			openFrom = min(openFrom, start)
			continue
		}
		end := start + (r.Int64N(span/2)-30)*minute
		if r.IntN(4) == 0 {
			end -= (end + 8*60*minute) % (1440 * minute)
		}
		stops = append(stops, calendar.Interval{Start: time.UnixMicro(start), End: time.UnixMicro(end)})
		raw = append(raw, [2]int64{start, end})
	}
	return stops, raw, openFrom
}
