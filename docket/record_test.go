package docket_test

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// judged takes an instruction to its unit and back to its giver: after so many
// days the unit hands its part in, the office may review it later still, and the
// giver settles or instructs anew.
func (w *town) judged(days, review int, settled bool) {
	w.t.Helper()
	_, part := w.assigned("5wd")
	parent := w.get("lin", part).Parent
	w.until(w.clock.Now().AddDate(0, 0, days))
	w.act("shen", part, "sign", "sign", map[string]any{})
	w.act("shen", part, "split", "split", map[string]any{"head": ref(w.people["head"].Person)})
	w.act("head", part, "direct", "direct", map[string]any{"section": ref(w.section)})
	w.act("chief", part, "allot", "allot", map[string]any{"clerk": ref(w.people["clerk"].Person)})
	w.act("clerk", part, "report", "report", map[string]any{"result": "已经办理完毕"})
	w.act("head", part, "signoff", "sign", map[string]any{})
	w.until(w.clock.Now().AddDate(0, 0, review))
	w.act("lin", part, "review", "accept", map[string]any{})
	w.act("lin", parent, "present", "present", map[string]any{"summary": "该单位已办结"})
	if !settled {
		w.act("zhou", parent, "answer", "instruct", map[string]any{"words": "还要再做"})
		w.act("lin", parent, "assign", "assign", map[string]any{"mode": "self", "units": []any{}})
		w.act("lin", parent, "handle", "report", map[string]any{"summary": "已经再做一遍"})
		w.act("lin", parent, "present", "present", map[string]any{"summary": "再次呈报结果"})
		w.act("zhou", parent, "answer", "settle", map[string]any{}) // his first word stands
		return
	}
	w.act("zhou", parent, "answer", "settle", map[string]any{})
}

// TestRecordCountsWhatHappened: in time is by the unit's hand-in, not by the
// office's review; solved is the giver's first word; the sums survive counting
// again, and a wrong one is found.
func TestRecordCountsWhatHappened(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		w := newTown(t, db)
		ctx := context.Background()
		w.judged(1, 0, true)
		w.judged(2, 20, true)    // handed in on time, reviewed long after its date
		w.judged(20, 0, true)    // late
		w.judged(1, 0, false)    // not settled
		walkUnitsPart(w)         // returned by the office once
		_, _ = w.assigned("5wd") // runs on, until its steps are overdue
		w.until(w.clock.Now().AddDate(0, 0, 30))
		if _, err := w.office.CatchUpRecord(ctx); err != nil {
			t.Fatal(err)
		}
		page, err := w.office.RecordPage(ctx, w.people["shen"])
		if err != nil || page.Office || len(page.Units) != 1 || page.Units[0].Unit != w.bureau {
			t.Fatalf("%+v %v", page, err)
		}
		got := page.Units[0].Total
		if got.Parts != 5 || got.Dated != 5 || got.InTime != 4 || got.Returned != 1 || got.Answered != 4 || got.Solved != 3 {
			t.Errorf("the unit's record is %+v", got)
		}
		if other, err := w.office.RecordPage(ctx, w.people["jiao"]); err != nil || len(other.Units) != 1 || other.Units[0].Unit != w.other || other.Units[0].Total.Parts != 0 {
			t.Errorf("another unit sees %+v %v", other, err)
		}
		all, err := w.office.RecordPage(ctx, w.people["lin"])
		if err != nil || !all.Office || len(all.Units) != 1 || all.None != 1 || all.Units[0].Total != got {
			t.Errorf("the office sees %+v %v", all, err)
		}
		for _, who := range []string{"clerk", "chief", "citizen"} {
			if _, err := w.office.RecordPage(ctx, w.people[who]); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s sees a record: %v", who, err)
			}
			if _, err := w.office.LeadPage(ctx, w.people[who]); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s sees the leaders' page: %v", who, err)
			}
		}
		w.recounts(all)
	})
}

// walkUnitsPart walks one part that the office returns once, and leaves its
// matter before the answer.
func walkUnitsPart(w *town) {
	_, part := w.assigned("9wd")
	walkUnit(w, "shen", part)
}

// recounts checks, spoils, checks and rebuilds.
func (w *town) recounts(before docket.Recorded) {
	w.t.Helper()
	ctx := context.Background()
	if found, err := w.office.CheckRecord(ctx, 10); err != nil || len(found) != 0 {
		w.t.Errorf("check finds %v %v", found, err)
	}
	if err := w.office.SpoilRecord(ctx); err != nil {
		w.t.Fatal(err)
	}
	if found, err := w.office.CheckRecord(ctx, 10); err != nil || len(found) != 1 {
		w.t.Errorf("check of a wrong sum finds %v %v", found, err)
	}
	if _, err := w.office.RebuildRecord(ctx); err != nil {
		w.t.Fatal(err)
	}
	if found, err := w.office.CheckRecord(ctx, 10); err != nil || len(found) != 0 {
		w.t.Errorf("check after a rebuild finds %v %v", found, err)
	}
	again, err := w.office.RecordPage(ctx, w.people["lin"])
	if err != nil || !reflect.DeepEqual(again, before) {
		w.t.Errorf("after a rebuild the record is %+v, was %+v (%v)", again, before, err)
	}
}

// TestLeadPage: six numbers with their direction, and three exceptions, the
// longest overdue first, each of its own matter, with what can be done.
func TestLeadPage(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		w := newTown(t, db)
		ctx := context.Background()
		var parts []int64
		for range 5 {
			_, part := w.assigned("5wd")
			parts = append(parts, part)
			w.until(w.clock.Now().AddDate(0, 0, 2))
		}
		twice := w.decide("两个单位都逾期的事项", "请两个单位各自办理。", 0) // takes one place of the three
		units := []any{map[string]any{"unit": ref(w.bureau), "role": "lead", "limit": "5wd"}, map[string]any{"unit": ref(w.other), "role": "assist", "limit": "5wd"}}
		w.act("lin", twice, "propose", "submit", map[string]any{"opinion": "办理", "units": units})
		w.act("zhou", twice, "approve", "approve", map[string]any{})
		w.act("lin", twice, "assign", "assign", map[string]any{"mode": "transfer", "units": units})
		w.until(w.clock.Now().AddDate(0, 0, 35))
		kids := w.get("lin", twice).Clocks.Kids["units"]
		if _, err := w.office.CatchUpRecord(ctx); err != nil {
			t.Fatal(err)
		}
		for _, kid := range kids {
			w.act2("lin", kid, matter.Act{Act: "urge", Step: "sign", Input: map[string]any{"reason": "请尽快签收"}})
		}
		w.act2("lin", parts[3], matter.Act{Act: "urge", Step: "sign", Input: map[string]any{"reason": "请尽快签收"}})
		got, err := w.office.LeadPage(ctx, w.people["zhou"])
		if err != nil || len(got.Numbers) != 6 || got.Open != 6 || got.Late != 6 {
			t.Fatalf("%+v %v", got, err)
		}
		if n := got.Numbers[0]; n.ID != "opened" || n.Value+n.Previous != 6 || n.Value > n.Previous && n.Direction != "up" || n.Value < n.Previous && n.Direction != "down" {
			t.Errorf("%+v", n)
		}
		for _, n := range got.Numbers[2:5] {
			if n.Of != 0 || !n.Few || n.Direction != "none" {
				t.Errorf("%s says %+v of nothing", n.ID, n)
			}
		}
		var order []int64
		for _, x := range got.Exceptions {
			order = append(order, x.Matter)
			if len(x.Can) == 0 || x.Remaining == nil || !x.Remaining.Late {
				t.Errorf("%+v", x)
			}
		}
		if !slices.Equal(order, []int64{parts[3], kids[0], parts[0]}) {
			t.Errorf("the exceptions are %v of %v", order, parts)
		}
	})
}
