package docket_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// assigned registers a follow-up and takes it to the bureau with a limit; it
// gives the matter and the bureau's part.
func (w *town) assigned(limit string) (id, part int64) {
	w.t.Helper()
	opened, err := w.desk.Open(context.Background(), w.people["tang"], matter.Opening{
		Kind: docket.FollowUp, Title: "时限试验", Office: w.hall, Originator: w.people["zhou"].Person,
		Given: map[string]any{"title": "时限试验", "content": "请按期办理。"}, Key: w.next(),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	id = opened.Matter
	units := []any{map[string]any{"unit": ref(w.bureau), "role": "lead", "limit": limit}}
	w.act("lin", id, "propose", "submit", map[string]any{"opinion": "由人社局办理", "units": units})
	w.act("zhou", id, "approve", "approve", map[string]any{})
	w.act("lin", id, "assign", "assign", map[string]any{"mode": "transfer", "units": units})
	return id, w.get("lin", id).Clocks.Kids["units"][0]
}

// until moves the clock and fires what has come due on the way.
func (w *town) until(t time.Time) {
	w.t.Helper()
	for {
		_, next, err := w.desk.FireDue(context.Background())
		if err != nil {
			w.t.Fatal(err)
		}
		if next.IsZero() || next.After(t) {
			w.clock.Set(t)
			return
		}
		w.clock.Set(next)
	}
}

func day(month time.Month, d, hour, minute int) time.Time {
	return time.Date(2026, month, d, hour, minute, 0, 0, clock.Shanghai())
}

func (w *town) slot(id int64) matter.Slot {
	w.t.Helper()
	m := w.get("lin", id)
	if len(m.Clocks.Slots) != 1 {
		w.t.Fatalf("matter %d has %d open steps", id, len(m.Clocks.Slots))
	}
	return m.Clocks.Slots[0]
}

// TestEscalation follows a limit of ten working days past 70, 100 and 120 %:
// each mark is written once, at its time, and the due time never moves.
func TestEscalation(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		w := newTown(t, db)
		id, part := w.assigned("10wd")
		for _, act := range []struct {
			who, step, act string
			input          map[string]any
		}{
			{"shen", "sign", "sign", map[string]any{}}, {"shen", "split", "split", map[string]any{"head": ref(w.people["head"].Person)}},
			{"head", "direct", "direct", map[string]any{"section": ref(w.section)}}, {"chief", "allot", "allot", map[string]any{"clerk": ref(w.people["clerk"].Person)}},
		} {
			w.act(act.who, part, act.step, act.act, act.input)
		}
		s := w.slot(part) // the clerk's report runs on the clock of the whole part
		due := s.Due
		if got := calendar.FormatInstant(time.UnixMicro(due)); got != "2026-12-07T23:59:59.999999+08:00" {
			t.Fatalf("due %s", got)
		}
		if s.Person != w.people["clerk"].Person {
			t.Fatalf("held by %d", s.Person)
		}
		for _, at := range []struct {
			when time.Time
			mark int
		}{
			{day(12, 2, 23, 59), 0}, {day(12, 3, 0, 0), 70}, {day(12, 7, 23, 59), 70}, {day(12, 8, 0, 0), 100}, {day(12, 9, 23, 59), 100}, {day(12, 10, 0, 0), 120}, {day(12, 28, 9, 0), 120},
		} {
			w.until(at.when)
			if s := w.slot(part); s.Mark != at.mark || s.Due != due {
				t.Errorf("%s: mark %d, want %d; due moved by %d µs", at.when.Format(time.DateTime), s.Mark, at.mark, s.Due-due)
			}
		}
		watch := func(who string, want bool) {
			t.Helper()
			tasks, err := w.desk.Inbox(context.Background(), w.people[who], matter.Watch, 50)
			if err != nil {
				t.Fatal(err)
			}
			seen := false
			for _, k := range tasks {
				seen = seen || k.Matter.ID == part
			}
			if seen != want {
				t.Errorf("%s sees the escalation: %v, want %v", who, seen, want)
			}
		}
		// A matter that waits for a late part is late itself, in lists and in counts.
		for who, want := range map[string][]int64{"lin": {part, id}, "clerk": {part}, "jiao": nil} {
			w.filtered(who, matter.Filter{Late: true}, want...)
			w.filtered(who, matter.Filter{Late: true, Top: true}, slices.DeleteFunc(slices.Clone(want), func(m int64) bool { return m == part })...)
		}
		watch("lin", true)
		watch("zhou", true)
		watch("head", true)
		watch("jiao", false)
		w.check(2)
	})
}

// TestPauseAndExtend: a pause stops the clocks and is left out of the count, an
// extension names who granted it, and both have their bound.
func TestPauseAndExtend(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := newTown(t, db)
		_, part := w.assigned("10wd")
		w.act("shen", part, "sign", "sign", map[string]any{})
		w.until(day(11, 25, 10, 0))
		w.act("lin", part, "", "pause", map[string]any{"reason": "等待省厅答复"})
		if s := w.slot(part); s.Due != 0 || s.Next == 0 {
			t.Fatalf("paused: due %d next %d", s.Due, s.Next)
		}
		if _, err := w.desk.Act(ctx, w.people["shen"], part, matter.Act{Step: "split", Act: "split", Input: map[string]any{"head": ref(w.people["head"].Person)}, Key: w.next()}); !fault.Is(err, fault.Conflict) {
			t.Fatalf("acted during a pause: %v", err)
		}
		w.until(day(11, 30, 9, 0))
		w.act("lin", part, "", "resume", nil)
		// Counted: 24 Nov, 1–11 Dec without the weekend; 25–30 Nov was touched by the pause.
		m := w.get("lin", part)
		if got := calendar.FormatInstant(time.UnixMicro(m.Clocks.Due)); got != "2026-12-11T23:59:59.999999+08:00" {
			t.Fatalf("due after the pause: %s", got)
		}
		s := w.slot(part)
		w.act2("lin", part, matter.Act{Slot: s.Slot, Step: s.Step, Act: "extend", Input: map[string]any{"reason": "情况复杂"}})
		if _, err := w.desk.Act(ctx, w.people["lin"], part, matter.Act{Slot: s.Slot, Step: s.Step, Act: "extend", Input: map[string]any{"reason": "再延"}, Key: w.next()}); !fault.Is(err, fault.Conflict) {
			t.Fatalf("extended twice: %v", err)
		}
		w.act("lin", part, "", "pause", map[string]any{"reason": "第二次"})
		w.until(day(12, 31, 9, 0))
		if m := w.get("lin", part); m.Status != matter.Paused {
			t.Fatalf("the pause may stand 30 working days: %s", m.Status)
		}
		w.until(time.Date(2027, 2, 1, 9, 0, 0, 0, clock.Shanghai()))
		if m := w.get("lin", part); m.Status != matter.Open {
			t.Fatalf("a pause that has stood its longest resumes by itself: %s", m.Status)
		}
		if _, err := w.desk.Act(ctx, w.people["lin"], part, matter.Act{Act: "pause", Input: map[string]any{"reason": "第三次"}, Key: w.next()}); !fault.Is(err, fault.Conflict) {
			t.Fatalf("paused three times: %v", err)
		}
		w.check(2)
	})
}

func (w *town) act2(who string, id int64, a matter.Act) {
	w.t.Helper()
	a.Key = w.next()
	if _, err := w.desk.Act(context.Background(), w.people[who], id, a); err != nil {
		w.t.Fatal(err)
	}
}

// TestObjectionInTime: an objection must come within its working day.
func TestObjectionInTime(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		w := newTown(t, db)
		_, part := w.assigned("10wd")
		w.clock.Set(day(11, 24, 17, 30).Add(time.Second)) // one working day, to close of business
		_, err := w.desk.Act(context.Background(), w.people["shen"], part, matter.Act{Step: "sign", Act: "object", Input: map[string]any{"reason": "不属于我局职责"}, Key: w.next()})
		if !fault.Is(err, fault.Conflict) {
			t.Fatalf("a late objection was taken: %v", err)
		}
		w.act("shen", part, "sign", "sign", map[string]any{})
		_, part = w.assigned("10wd")
		w.clock.Set(day(11, 25, 17, 30))
		w.act("shen", part, "sign", "object", map[string]any{"reason": "不属于我局职责"})
		w.act("lin", part, "ruling", "uphold", map[string]any{"reason": "异议成立"})
		if m := w.get("lin", part); m.Outcome != "taken_back" {
			t.Fatalf("outcome %q", m.Outcome)
		}
	})
}

// TestWithdraw: withdrawing ends the units' parts too, and voids the number.
func TestWithdraw(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := newTown(t, db)
		id, part := w.assigned("10wd")
		w.act("zhou", id, "", "withdraw", map[string]any{"reason": "情况变化"})
		if m := w.get("lin", part); m.Status != matter.Ended || m.Outcome != "cancelled" {
			t.Fatalf("the unit's part: %s %s", m.Status, m.Outcome)
		}
		var void string
		if err := db.QueryRow(ctx, "SELECT void FROM serial_number WHERE series = ? AND n = 1", "澄政督").Scan(&void); err != nil || void != "withdrawn" {
			t.Fatalf("void %q: %v", void, err)
		}
		var open int
		if err := db.QueryRow(ctx, "SELECT count(*) FROM task").Scan(&open); err != nil || open != 0 {
			t.Fatalf("%d open steps: %v", open, err)
		}
		w.check(2)
	})
}
