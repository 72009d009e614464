package docket_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/notice"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// size is how long the log is.
func (w *town) size() int64 {
	w.t.Helper()
	n, _, err := event.Head(context.Background(), w.db)
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// told gives who was told what by the events since a position: "shen task task sign".
func (w *town) told(since int64) []string {
	w.t.Helper()
	ctx := context.Background()
	events, err := event.After(ctx, w.db, since, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	names := map[int64]string{}
	for login, p := range w.people {
		names[p.Person] = login
	}
	var out []string
	for _, e := range events {
		told, err := w.office.Told(ctx, e)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, t := range told {
			line := strings.TrimSpace(fmt.Sprintf("%s %s %s %s", names[t.Person], t.Class, t.Text, t.Step))
			if !slices.Contains(out, line) {
				out = append(out, line)
			}
		}
	}
	slices.Sort(out)
	return out
}

// TestTold walks a matter and asks at each turn who is told of it.
func TestTold(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		w := newTown(t, db)
		var since int64
		want := func(turn string, lines ...string) {
			t.Helper()
			slices.Sort(lines)
			if got := w.told(since); !slices.Equal(got, lines) {
				t.Errorf("%s: told are\n  %s\nwant\n  %s", turn, strings.Join(got, "\n  "), strings.Join(lines, "\n  "))
			}
			since = w.size()
		}
		_, part := w.assigned("5wd")
		parent := w.get("lin", part).Parent
		since = w.size()
		w.act("shen", part, "sign", "sign", map[string]any{})
		want("the unit's own next step is no news to who did the last")
		w.act("shen", part, "split", "split", map[string]any{"head": ref(w.people["head"].Person)})
		want("named", "head task task direct")
		w.act("head", part, "direct", "direct", map[string]any{"section": ref(w.section)})
		want("by duty and unit", "chief task task allot")
		w.act("chief", part, "allot", "allot", map[string]any{"clerk": ref(w.people["clerk"].Person)})
		want("named", "clerk task task report")
		w.act("clerk", part, "report", "report", map[string]any{"result": "已经办理完毕"})
		want("the head's own", "head task task signoff")
		w.act("head", part, "signoff", "return", map[string]any{"reason": "写得不清楚"})
		want("returned", "clerk return return report")
		w.until(w.clock.Now().AddDate(0, 0, 30))
		escalated := w.told(since)
		for _, line := range []string{"clerk soon soon report", "clerk overdue due report", "clerk overdue late report", "head overdue due report", "lin overdue due report"} {
			if !slices.Contains(escalated, line) {
				t.Errorf("of time that is over are told\n  %s\nand not %s", strings.Join(escalated, "\n  "), line)
			}
		}
		if slices.Contains(escalated, "head soon soon report") || slices.Contains(escalated, "zhou overdue due report") || slices.Contains(escalated, "jiao overdue due report") {
			t.Errorf("told of time that is over: %v", escalated)
		}
		since = w.size()
		w.act("clerk", part, "report", "report", map[string]any{"result": "已经办理完毕，写清楚了"})
		w.act("head", part, "signoff", "sign", map[string]any{})
		since = w.size()
		w.act("lin", part, "review", "accept", map[string]any{})
		w.act("lin", parent, "present", "present", map[string]any{"summary": "该单位已办结"})
		if got := w.told(since); !slices.Contains(got, "zhou answer answer answer") {
			t.Errorf("the giver is not told of the answer: %v", got)
		}
		since = w.size()
		w.act("zhou", parent, "answer", "settle", map[string]any{})
		ended := w.told(since)
		if !slices.ContainsFunc(ended, func(l string) bool { return strings.HasPrefix(l, "lin end end =") }) || slices.ContainsFunc(ended, func(l string) bool { return strings.HasPrefix(l, "zhou") }) {
			t.Errorf("of the end are told %v", ended)
		}
	})
}

// TestToldOfNothingSealed: the object of a sealed matter is told of nothing, sees
// no words, and a letter to others names neither number nor step.
func TestToldOfNothingSealed(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		w := newTown(t, db)
		w.trial()
		ctx := context.Background()
		w.hire("both", w.hall, auth.Supervisor) // of the office, and of the object
		if _, err := w.registry.AddPost(ctx, w.people["admin"], auth.NewPost{Key: w.next(), Person: w.people["both"].Person, Unit: w.bureau, Duty: auth.Clerk}); err != nil {
			t.Fatal(err)
		}
		since := w.size()
		done, err := w.desk.Open(ctx, w.people["tang"], matter.Opening{
			Kind: "docket.trial", Title: "暗访", Office: w.hall, Given: map[string]any{"title": "暗访", "object": ref(w.bureau)}, Key: w.next(),
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := w.told(since); !slices.Equal(got, []string{"lin task task work", "wei task task work"}) {
			t.Errorf("told are %v, want the office's two other supervisors", got)
		}
		one := []notice.Notice{{Pos: done.Pos, Class: notice.Task, Subject: done.Matter, Text: "task", Step: "work"}}
		for login, sees := range map[string]bool{"shen": false, "both": false, "clerk": false, "lin": true} {
			words, err := w.office.Words(ctx, w.people[login].Person, one)
			if err != nil {
				t.Fatal(err)
			}
			got, ok := words[done.Pos]
			if ok != sees || ok && (!got.Sealed || strings.Contains(got.Plain.ZH, "办理：") || got.Text.ZH != "待您办理：办理") {
				t.Errorf("%s reads %+v (%v)", login, got, ok)
			}
		}
	})
}
