package docket_test

import (
	"context"
	"strings"
	"testing"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// draftText is a template, as a unit would begin from it.
func draftText(t *testing.T, n int) string {
	t.Helper()
	all, err := docket.ProcedureTemplates()
	if err != nil || len(all) <= n {
		t.Fatalf("%d templates: %v", len(all), err)
	}
	return all[n].Text
}

// TestProcedure: a procedure written on screen is checked, returned, approved and
// published; matters run on it at once, also after a restart, and on another
// replica; and none of the steps can be left out.
func TestProcedure(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := newTown(t, db)
		opened, err := w.desk.Open(ctx, w.people["shen"], matter.Opening{
			Kind: docket.Procedure, Title: "问询", Office: w.hall, Unit: w.bureau, Originator: w.people["shen"].Person,
			Given: map[string]any{"title": "问询", "purpose": "常有部门间的简短问询。"}, Key: w.next(),
		})
		if err != nil {
			t.Fatal(err)
		}
		id, text := opened.Matter, draftText(t, 0)
		submit := func(text string) error {
			_, err := w.desk.Act(ctx, w.people["shen"], id, matter.Act{Step: "draft", Act: "submit", Input: map[string]any{"text": text}, Key: w.next()})
			return err
		}
		for _, c := range []struct{ name, from, to, says string }{
			{"unreadable", "kind:", "kind", "第"},
			{"no such duty", "duty: supervisor", "duty: wizard", "第"},
			{"no way out", "back: ask, at_most: 2", "back: read", "第"},
			{"the program's own kind", "kind: local.inquiry", "kind: docket.followup", "local."},
			{"version", "version: 1", "version: 3", "1"},
			{"a number of the office", "form: ask}", "form: ask, number: true}", "文号"},
			{"a check of the program", "    required: [units]", "    x-check: procedure\n    required: [units]", "x-check"},
			{"a name that is taken", "zh: 问询", "zh: 日常督办", "同名"},
		} {
			err := submit(strings.Replace(text, c.from, c.to, 1))
			e := fault.Of(err)
			if !fault.Is(err, fault.Invalid) || len(e.Fields) != 1 || e.Fields[0].Path != "text" || !strings.Contains(e.Fields[0].Text.ZH, c.says) {
				t.Errorf("%s: %v %+v", c.name, err, e)
			}
		}
		if err := submit(text); err != nil {
			t.Fatal(err)
		}
		w.act("lin", id, "review", "return", map[string]any{"reason": "请写明答复时限"})
		if err := submit(strings.Replace(text, "limit: 2wd@close", "limit: 3wd@close", 1)); err != nil {
			t.Fatal(err)
		}
		w.act("lin", id, "review", "pass", map[string]any{})
		if _, err := w.desk.Act(ctx, w.people["shen"], id, matter.Act{Step: "approve", Act: "approve", Input: map[string]any{}, Key: w.next()}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("approved by whoever drafted it: %v", err)
		}
		w.act("zhou", id, "approve", "approve", map[string]any{})
		w.follow()
		if w.desk.Definitions().Latest("local.inquiry") != nil {
			t.Error("in force before it was published")
		}
		w.act("shen", id, "publish", "publish", map[string]any{})
		w.follow()
		w.follow() // what was handed over twice is entered once
		d := w.desk.Definitions().Latest("local.inquiry")
		if d == nil || d.Step("read").Limit.Fixed.String() != "3wd@close" {
			t.Fatalf("in force: %+v", d)
		}
		again, err := matter.Publish(ctx, db, w.clock, nil)
		if err != nil || again.Latest("local.inquiry") == nil {
			t.Fatalf("after a restart: %v", err)
		}

		asked, err := w.desk.Open(ctx, w.people["tang"], matter.Opening{
			Kind: "local.inquiry", Title: "问一件事", Office: w.hall, Given: map[string]any{"title": "问一件事", "words": "何时完成？"}, Key: w.next(),
		})
		if err != nil {
			t.Fatal(err)
		}
		w.act("lin", asked.Matter, "ask", "ask", map[string]any{"units": []any{map[string]any{"unit": ref(w.bureau), "role": "lead", "limit": "5wd"}}})
		if m := w.get("lin", asked.Matter); m.Stage != "units" || m.Number != "" {
			t.Errorf("stands at %q with number %q", m.Stage, m.Number)
		}
		w.check(3)
	})
}

// follow hands the whole log to what puts procedures into force.
func (w *town) follow() {
	w.t.Helper()
	events, err := event.After(context.Background(), w.db, 0, 1000)
	if err == nil {
		err = w.office.Publish(context.Background(), events)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestProcedureOvertaken: of two drafts of one version the later cannot be put
// into force any more, and says so where it can be mended.
func TestProcedureOvertaken(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := newTown(t, db)
		var ids []int64
		for range 2 {
			opened, err := w.desk.Open(ctx, w.people["lin"], matter.Opening{
				Kind: docket.Procedure, Title: "请示", Office: w.hall, Originator: w.people["lin"].Person,
				Given: map[string]any{"title": "请示", "purpose": "统一请示的办理。"}, Key: w.next(),
			})
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, opened.Matter)
		}
		for i, id := range ids {
			text := strings.Replace(draftText(t, 1), "limit: 1wd@close", []string{"limit: 1wd@close", "limit: 2wd@close"}[i], 1)
			w.act("lin", id, "draft", "submit", map[string]any{"text": text})
			w.act("lin", id, "review", "pass", map[string]any{})
			w.act("zhou", id, "approve", "approve", map[string]any{})
		}
		w.act("lin", ids[0], "publish", "publish", map[string]any{})
		w.follow()
		_, err := w.desk.Act(ctx, w.people["lin"], ids[1], matter.Act{Step: "publish", Act: "publish", Input: map[string]any{}, Key: w.next()})
		if !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Of(err).Fields[0].Text.ZH, "版本号应为 2") {
			t.Errorf("published beside another of its version: %v", err)
		}
		w.act("lin", ids[1], "publish", "return", map[string]any{"reason": "另一草案已先发布"})
	})
}

// TestTrial: a draft is tried in memory, act by act, and nothing is stored.
func TestTrial(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		w := newTown(t, db)
		before, _, err := event.Head(context.Background(), db)
		if err != nil {
			t.Fatal(err)
		}
		in := docket.Trial{Text: draftText(t, 0), Given: map[string]any{"title": "试办", "words": "何时完成？"}}
		in.Moves = []docket.TrialMove{
			{Step: "ask", Act: "ask", Input: map[string]any{"units": []any{
				map[string]any{"unit": "1", "role": "lead", "limit": "5wd"}, map[string]any{"unit": "2", "role": "assist", "limit": "5wd"},
			}}},
		}
		got, err := w.office.Try(in)
		if err != nil || len(got.Problems) > 0 || got.Trial == nil || len(got.Trial.Children) != 2 || len(got.Trial.Children[0].Outcomes) == 0 {
			t.Fatalf("%v %+v", err, got.Trial)
		}
		for i, c := range got.Trial.Children {
			in.Moves = append(in.Moves, docket.TrialMove{Each: c.Each, N: c.N, Index: i, Outcome: c.Outcomes[0].ID})
		}
		in.Moves = append(in.Moves, docket.TrialMove{Step: "read", Act: "accept", Input: map[string]any{}}, docket.TrialMove{Step: "read", Act: "accept"})
		got, err = w.office.Try(in)
		if err != nil || got.Trial.Made != 4 || !got.Trial.Over || got.Trial.Ended.ZH != "已答复" || got.Trial.Refused == nil || len(got.Trial.Past) != 4 {
			t.Errorf("%v %+v", err, got.Trial)
		}
		in.Given = map[string]any{"title": "试办"}
		if got, err = w.office.Try(in); err != nil || got.Trial.Refused == nil || len(got.Trial.Refused.Fields) != 1 || got.Trial.Refused.Fields[0].Path != "words" {
			t.Errorf("a form that is not filled in: %v %+v", err, got.Trial.Refused)
		}
		for n := range 3 {
			if got, err := w.office.Try(docket.Trial{Text: draftText(t, n)}); err != nil || len(got.Problems) > 0 || got.Diagram == nil {
				t.Errorf("template %d: %v %+v", n, err, got.Problems)
			}
		}
		if after, _, err := event.Head(context.Background(), db); err != nil || after != before {
			t.Errorf("the log grew from %d to %d: %v", before, after, err)
		}
	})
}
