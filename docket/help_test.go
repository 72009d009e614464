package docket_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// decide takes a matter with its own words to its unit; without a unit it stays
// at the proposal.
func (w *town) decide(title, content string, unit int64) int64 {
	w.t.Helper()
	opened, err := w.desk.Open(context.Background(), w.people["tang"], matter.Opening{
		Kind: docket.FollowUp, Title: title, Office: w.hall, Originator: w.people["zhou"].Person, Given: map[string]any{"title": title, "content": content}, Key: w.next(),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if unit != 0 {
		units := []any{map[string]any{"unit": ref(unit), "role": "lead", "limit": "7wd"}}
		w.act("lin", opened.Matter, "propose", "submit", map[string]any{"opinion": "办理", "units": units})
		w.act("zhou", opened.Matter, "approve", "approve", map[string]any{})
		w.act("lin", opened.Matter, "assign", "assign", map[string]any{"mode": "transfer", "units": units})
	}
	return opened.Matter
}

// TestHelp: the nearest earlier matter leads to its unit and its limit; the label
// is measured; nobody outside the office is helped, nothing is acted, and both
// switches turn it off.
func TestHelp(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		w := newTown(t, db)
		ctx := context.Background()
		first := w.decide("农民工工资支付检查", "请检查在建项目欠薪情况。", w.bureau)
		w.decide("新建学校开学准备", "请逐校报学位到位情况。", w.other)
		id := w.decide("农民工工资拖欠反映", "有农民工反映欠薪，请核实。", 0)
		w.decide("后来的农民工工资事项", "比要办的晚，不能用来建议。", w.other)
		got, err := w.office.Help(ctx, w.people["lin"], id)
		if err != nil || !got.On || len(got.Similar) == 0 || got.Similar[0].ID != first || got.Units[0].Unit != w.bureau || got.Handling.From != first || got.Handling.Units[0].Limit != "7wd" {
			t.Fatalf("%+v %v", got, err)
		}
		for _, s := range got.Similar {
			if s.ID > id {
				t.Errorf("a later matter is a precedent: %+v", s)
			}
		}
		if strings.Contains(got.Labels.Unit.ZH, "%") || !strings.Contains(got.Labels.Unit.ZH, "2026-11-23") {
			t.Errorf("a label of a few trials is %q", got.Labels.Unit.ZH)
		}
		for _, who := range []string{"shen", "head", "citizen"} {
			if _, err := w.office.Help(ctx, w.people[who], id); err == nil {
				t.Errorf("%s is helped", who)
			}
		}
		before := w.get("lin", id)
		if _, err := w.office.TakeHelp(ctx, w.people["lin"], id, "handling", first, w.next()); err != nil {
			t.Fatal(err)
		}
		if after := w.get("lin", id); after.Last != before.Last {
			t.Error("the help acted on the matter")
		}
		w.switches(id)
	})
}

// switches turns the help off for one, and for all.
func (w *town) switches(id int64) {
	w.t.Helper()
	ctx := context.Background()
	on := func(who string, want bool) {
		w.t.Helper()
		if got, err := w.office.Help(ctx, w.people[who], id); err != nil || got.On != want || !want && (got.Handling != nil || len(got.Units)+len(got.Similar) > 0) {
			w.t.Errorf("%s: %+v %v", who, got, err)
		}
	}
	set := func(who string, all, off bool) error {
		return w.office.SwitchHelp(ctx, w.people[who], all, off, w.next())
	}
	if err := set("lin", false, true); err != nil {
		w.t.Fatal(err)
	}
	on("lin", false)
	on("tang", true)
	if err := set("lin", true, true); !fault.Is(err, fault.Forbidden) {
		w.t.Errorf("a supervisor switches the help of all: %v", err)
	}
	if err := set("admin", true, true); err != nil {
		w.t.Fatal(err)
	}
	on("tang", false)
	if err := set("admin", true, false); err != nil {
		w.t.Fatal(err)
	}
	on("tang", true)
	on("lin", false)
}

// TestMeasureLooksOnlyBack: a unit that is always the same is found; one that
// alternates in a way no earlier matter tells is not; each trial sees only what
// came before it.
func TestMeasureLooksOnlyBack(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		w := newTown(t, db)
		for n := range 9 {
			w.decide(fmt.Sprintf("供水管网抢修%d", n), "请抢修供水管网。", w.bureau)
		}
		w.decide("供水管网抢修", "请抢修供水管网。", w.other) // the first of its kind: all earlier ones say otherwise
		a, err := w.office.Measure(context.Background(), w.people["lin"])
		if err != nil || a.N != 5 || a.UnitFirst != 4 || a.Similar != 4 || a.Handling != 4 {
			t.Errorf("%+v %v", a, err)
		}
	})
}
