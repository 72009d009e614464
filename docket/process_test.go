package docket_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/docket/process"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// TestProcessConserves: on the drawing of a procedure, what enters a step is what
// visited it, and what leaves it is what visited it and went on; each visit was
// ended by one act of the log.
func TestProcessConserves(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		w := newTown(t, db)
		w.busy()
		w.until(day(11, 24, 8, 30).AddDate(0, 0, 61))
		ctx := context.Background()
		year := w.clock.Now().AddDate(-1, 0, 0)
		for _, kind := range []string{docket.FollowUp, "docket.unit"} {
			r, err := w.office.Ran(ctx, w.people["lin"], kind, year, w.clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			want := w.acted(kind)
			if r.Runs != want.matters || r.Ended != want.ended {
				t.Errorf("%s: %d matters, %d ended; want %+v", kind, r.Runs, r.Ended, want)
			}
			def := w.desk.Definitions().Latest(kind)
			d := def.Diagram("zh")
			lines := process.Draw(d, r.Moves, func(o string) string { return def.OutcomeName(o).ZH })
			in, out := map[string]int{}, map[string]int{}
			for i, e := range d.Edges {
				in[e.To] += lines[i].Count
				out[e.From] += lines[i].Count
			}
			for _, s := range r.Stays {
				if in[s.Step] != s.Visits || out[s.Step] != s.Visits-s.Open-s.Skipped {
					t.Errorf("%s %s: %d in, %d out of %+v", kind, s.Step, in[s.Step], out[s.Step], s)
				}
				if def.Step(s.Step) != nil && s.Visits-s.Open-s.Skipped != want.acts[s.Step] {
					t.Errorf("%s %s: %d visits ended, the log has %d acts", kind, s.Step, s.Visits-s.Open-s.Skipped, want.acts[s.Step])
				}
			}
			if in["start"] != 0 || out["start"] != want.matters {
				t.Errorf("%s: %d ways begin", kind, out["start"])
			}
		}
		for _, who := range []string{"shen", "head", "jiao", "citizen"} {
			if _, err := w.office.ProcessPage(ctx, w.people[who], docket.FollowUp); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s is shown how the office works: %v", who, err)
			}
		}
		page, err := w.office.ProcessPage(ctx, w.people["tang"], docket.FollowUp)
		if err != nil || page.Bottleneck == nil || !strings.Contains(page.Bottleneck.Text.ZH, page.Bottleneck.StepName.ZH) {
			t.Errorf("%+v %v", page.Bottleneck, err)
		}
		for _, name := range []string{"zhou", "tang", "shen", "jiao"} {
			if text := fmt.Sprintf("%+v", page); strings.Contains(text, name) {
				t.Errorf("the page names %s", name)
			}
		}
	})
}

// told is what the log says about a kind, counted plainly.
type told struct {
	matters, ended int
	acts           map[string]int // by step
}

func (w *town) acted(kind string) told {
	w.t.Helper()
	out := told{acts: map[string]int{}}
	for _, m := range w.all() {
		if m.Kind != kind {
			continue
		}
		out.matters++
		if m.Status == matter.Ended {
			out.ended++
		}
		events, err := w.desk.History(context.Background(), m)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, e := range events {
			if step, act, ok := strings.Cut(strings.TrimPrefix(e.Kind, kind+"/"), "."); ok && act != "escalate" && !strings.HasPrefix(e.Kind, kind+"/escalate") {
				out.acts[step]++
			}
		}
	}
	return out
}

// TestWorkedTime holds working time against a count of minutes.
func TestWorkedTime(t *testing.T) {
	cal := calendar.Default()
	minutes := func(from, to time.Time, pauses []process.Span) (n int) {
		for at := from; at.Before(to); at = at.Add(time.Minute) {
			m := at.Hour()*60 + at.Minute()
			inside := m >= 510 && m < 720 || m >= 780 && m < 1050
			for _, p := range pauses {
				inside = inside && !(at.UnixMicro() >= p.From && (p.To == 0 || at.UnixMicro() < p.To))
			}
			if inside && cal.IsWorkday(calendar.DayOf(at)) {
				n++
			}
		}
		return n
	}
	begin := time.Date(2026, 9, 28, 0, 0, 0, 0, day(11, 24, 8, 30).Location()) // the days around the National Day and a make-up workday
	for i := range 400 {
		from := begin.Add(time.Duration(i*i*7%20000) * time.Minute)
		to := from.Add(time.Duration(i*i*i*13%26000) * time.Minute)
		var pauses []process.Span
		if i%3 == 0 {
			pauses = append(pauses, process.Span{From: from.Add(500 * time.Minute).UnixMicro(), To: from.Add(3000 * time.Minute).UnixMicro()})
		}
		if i%7 == 0 {
			pauses = append(pauses, process.Span{From: from.Add(9000 * time.Minute).UnixMicro()})
		}
		if got, want := process.Worked(cal, from.UnixMicro(), to.UnixMicro(), pauses), time.Duration(minutes(from, to, pauses))*time.Minute; got != want {
			t.Fatalf("from %s to %s without %v: %s, want %s", from, to, pauses, got, want)
		}
	}
}
