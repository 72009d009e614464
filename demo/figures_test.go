package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/store"
)

// figures is what the database says of the city, computed anew each time.
type figures struct {
	Now       string            `json:"now"`
	Events    int               `json:"events"`
	Kinds     map[string]int    `json:"kinds"`     // events by kind
	Marks     map[string]int    `json:"marks"`     // escalations by the share of the limit used up
	Numbered  map[string]int    `json:"numbered"`  // numbers drawn by series
	Void      []string          `json:"void"`      // numbers void
	Outcomes  map[string]int    `json:"outcomes"`  // matters by kind and outcome
	Late      int               `json:"late"`      // open steps past their time
	DueToday  int               `json:"due_today"` // open steps due today, not yet late
	Proposals map[string]int    `json:"proposals"` // of the work report, by state
	Inbox     map[string]string `json:"inbox"`     // mine, of them late; watched; to confirm
	Standing  []string          `json:"standing"`  // open steps: number, unit, step, days
}

// texts collects the lines of a query that gives one text per row.
func (s *Story) texts(t *testing.T, query string, args ...any) []string {
	t.Helper()
	out, err := store.Collect(context.Background(), s.DB, func(row store.Scanner) (text string, err error) {
		err = row.Scan(&text)
		return text, err
	}, query, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// counts collects the counts of a query that gives a name and a number per row.
func (s *Story) counts(t *testing.T, query string, args ...any) map[string]int {
	t.Helper()
	out := map[string]int{}
	_, err := store.Collect(context.Background(), s.DB, func(row store.Scanner) (none struct{}, err error) {
		var name string
		var n int
		err = row.Scan(&name, &n)
		out[name] = n
		return none, err
	}, query, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (s *Story) figures(t *testing.T) figures {
	t.Helper()
	ctx := context.Background()
	now := s.Clock.Now()
	f := figures{Now: stamp(now), Marks: map[string]int{}, Inbox: map[string]string{}}
	sum, err := s.Summary(ctx)
	if err != nil {
		t.Fatal(err)
	}
	f.Events = int(sum.Events)
	f.Kinds = map[string]int{}
	for _, e := range s.eventsOfKind(t, "") {
		f.Kinds[e.Kind]++
	}
	for _, e := range s.eventsOfKind(t, "/escalate") {
		var b matter.Body
		if err := json.Unmarshal(e.Body, &b); err != nil {
			t.Fatal(err)
		}
		// A step that opens when its share of the limit is used up escalates at
		// once; every other escalation comes at its very microsecond.
		if slot := b.Clocks.Slots[0]; b.Late != 0 && slot.Since != e.Recorded {
			t.Errorf("event %d escalates %d µs late", e.Pos, b.Late)
		}
		f.Marks[fmt.Sprint(b.Mark)]++
	}
	f.Numbered = s.counts(t, "SELECT series, count(*) FROM serial_number GROUP BY series")
	f.Void = s.texts(t, "SELECT series || '〔' || year || '〕' || n || '号' || ' ' || void FROM serial_number WHERE void <> ''")
	f.Outcomes = s.counts(t, "SELECT kind || ' ' || CASE status WHEN 'ended' THEN CAST(data AS TEXT) ->> '$.outcome' ELSE status END, count(*) FROM matter GROUP BY 1")
	f.Proposals = s.counts(t, "SELECT state, count(*) FROM proposal GROUP BY state")
	tonight := calendar.DayOf(now).End().UnixMicro()
	late := s.counts(t, "SELECT CASE WHEN due < ? THEN 'late' ELSE 'today' END, count(*) FROM task WHERE due <> 0 AND due <= ? GROUP BY 1", now.UnixMicro(), tonight)
	f.Late, f.DueToday = late["late"], late["today"]
	for _, login := range []string{"zhou", "ye", "lin", "tang", "shen", "he", "wu", "gu"} {
		f.Inbox[login] = s.inboxOf(t, login)
	}
	f.Standing = s.standingOf(t)
	return f
}

// eventsOfKind gives the events whose kind ends so.
func (s *Story) eventsOfKind(t *testing.T, suffix string) []event.Event {
	t.Helper()
	all, err := event.After(context.Background(), s.DB, 0, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(e event.Event) bool { return !strings.HasSuffix(e.Kind, suffix) })
}

func (s *Story) inboxOf(t *testing.T, login string) string {
	t.Helper()
	ctx := context.Background()
	who := s.who[login]
	mine, err := s.Desk.Inbox(ctx, who, matter.Mine, 100)
	if err != nil {
		t.Fatal(err)
	}
	late := 0
	for _, task := range mine {
		if task.Slot.Due != 0 && task.Slot.Due < s.Clock.Now().UnixMicro() {
			late++
		}
	}
	watch, err := s.Desk.Inbox(ctx, who, matter.Watch, 100)
	if err != nil {
		t.Fatal(err)
	}
	confirm, err := s.Docket.Instructions(ctx, who, true, 100)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d mine, %d late, %d watched, %d to confirm", len(mine), late, len(watch), len(confirm))
}

// standingOf lists the open steps of the follow-ups.
func (s *Story) standingOf(t *testing.T) []string {
	t.Helper()
	ctx := context.Background()
	page, err := s.Desk.List(ctx, s.reader(), matter.Filter{Kind: docket.FollowUp, Top: true, Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range page.Matters {
		if m.Status == matter.Ended {
			continue
		}
		family, err := s.family(ctx, m.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range family {
			for _, slot := range f.Clocks.Slots {
				u, _ := s.Book.Now().Unit(f.Unit)
				due := "no date"
				if slot.Due != 0 {
					due = "due " + dayOf(slot.Due).String()
				}
				out = append(out, fmt.Sprintf("%s %s %s %s %s %d%%", f.Number, u.Name.ZH, slot.Step, f.Status, due, slot.Mark))
			}
		}
	}
	return out
}
