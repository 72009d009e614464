package docket_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// allotted takes a part to its clerk, whose deadline lies in a year without a
// holiday notice.
func (w *town) allotted() int64 {
	w.t.Helper()
	w.clock.Set(day(12, 21, 9, 0))
	_, part := w.assigned("10wd")
	if s := w.slot(part); s.Provisional { // signing is due on the next day
		w.t.Fatal("the first step is provisional")
	}
	w.act("shen", part, "sign", "sign", map[string]any{})
	w.act("shen", part, "split", "split", map[string]any{"head": ref(w.people["head"].Person)})
	w.act("head", part, "direct", "direct", map[string]any{"section": ref(w.section)})
	w.act("chief", part, "allot", "allot", map[string]any{"clerk": ref(w.people["clerk"].Person)})
	if s := w.slot(part); !s.Provisional {
		w.t.Fatalf("not provisional: %+v", s)
	}
	return part
}

// noticeText writes a notice in the calendar's own form: New Year's three days.
func noticeText(t *testing.T) string {
	t.Helper()
	off, err := calendar.ParseDay("2027-01-01")
	if err != nil {
		t.Fatal(err)
	}
	n := calendar.Notice{
		Year: 2027, Part: 1, Number: "国办发明电〔2026〕9号", Source: "https://www.gov.cn/zhengce/content_1.htm",
		Spans: []calendar.Span{{First: off, Last: off + 2, Name: "元旦"}},
	}
	return n.String()
}

// TestNoticeArrives: a deadline in a year without a holiday notice is
// provisional, and is computed again by an event when the notice comes.
func TestNoticeArrives(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := newTown(t, db)
		part := w.allotted()
		before := w.slot(part)
		if _, _, err := w.desk.LoadNotice(ctx, w.people["lin"], noticeText(t), w.next()); !fault.Is(err, fault.Forbidden) {
			t.Fatalf("a supervisor enters a notice: %v", err)
		}
		if n, err := w.desk.Reclock(ctx); err != nil || n != 0 {
			t.Fatalf("without a notice %d deadlines changed: %v", n, err)
		}
		done, n, err := w.desk.LoadNotice(ctx, w.people["admin"], noticeText(t), w.next())
		if err != nil || n != 1 {
			t.Fatalf("%d recomputed: %v", n, err)
		}
		w.verify(done.Receipt)
		after := w.slot(part)
		if after.Provisional || after.Due == before.Due {
			t.Fatalf("after the notice: %+v", after)
		}
		again, n, err := w.desk.LoadNotice(ctx, w.people["admin"], noticeText(t), w.next())
		if err != nil || n != 0 || again.Pos != done.Pos || !again.Again {
			t.Errorf("the same notice again: %+v, %d, %v", again, n, err)
		}
		other := strings.Replace(noticeText(t), "01-03", "01-04", 1)
		if _, _, err := w.desk.LoadNotice(ctx, w.people["admin"], other, w.next()); !fault.Is(err, fault.Conflict) {
			t.Errorf("another notice for the year: %v", err)
		}
		w.check(2)
	})
}

// TestNoticeIsFinished: a call that ended between the notice and the deadlines
// is finished by the next call, and by the timers of the next start.
func TestNoticeIsFinished(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		for _, by := range []string{"call", "start"} {
			w := newTown(t, storetest.Open(t, db.Engine(), store.Options{}, migrations()...))
			part := w.allotted()
			ctx, cut := context.WithCancel(context.Background())
			w.office.DB.OnCommit(cut)
			if _, _, err := w.desk.LoadNotice(ctx, w.people["admin"], noticeText(t), w.next()); err == nil {
				t.Fatal("it was not cut off")
			}
			if !w.slot(part).Provisional {
				t.Fatal("the deadline was computed before the cut")
			}
			if by == "call" {
				if _, n, err := w.desk.LoadNotice(context.Background(), w.people["admin"], noticeText(t), w.next()); err != nil || n != 1 {
					t.Errorf("finished: %d, %v", n, err)
				}
			} else {
				next := w.another()
				running, stop := context.WithCancel(context.Background())
				ended := make(chan error, 1)
				w.office.DB.OnCommit(stop)
				go func() { ended <- next.RunTimers(running) }()
				if err := <-ended; err != nil {
					t.Error(err)
				}
			}
			if w.slot(part).Provisional {
				t.Errorf("by the next %s: still provisional", by)
			}
		}
	})
}

// another is a second program on the same database, with its own memory.
func (w *town) another(sources ...matter.Source) *matter.Engine {
	w.t.Helper()
	ctx, o := context.Background(), w.office
	book, err := auth.OpenBook(ctx, o.DB, o.Clock)
	if err != nil {
		w.t.Fatal(err)
	}
	defs, err := matter.Publish(ctx, o.DB, o.Clock, sources)
	if err != nil {
		w.t.Fatal(err)
	}
	desk, err := matter.New(ctx, matter.Config{DB: o.DB, Clock: o.Clock, Book: book, Rules: o.Rules, Key: o.Key, Defs: defs,
		Series: map[string]string{docket.FollowUp: "澄政督"}})
	if err != nil {
		w.t.Fatal(err)
	}
	return desk
}

// TestAnotherProgramEnters: what a second program enters counts in the first
// from its next act on, and shows on its screens after CatchUp.
func TestAnotherProgramEnters(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := newTown(t, db)
		part := w.allotted()
		second := w.another()
		if _, n, err := second.LoadNotice(ctx, w.people["admin"], noticeText(t), w.next()); err != nil || n != 1 {
			t.Fatalf("%d recomputed: %v", n, err)
		}
		if w.desk.Calendar().Holds(2027, 1) {
			t.Fatal("the first program needs no look to know")
		}
		w.act("clerk", part, "report", "report", map[string]any{"result": "已按要求办理。", "solved": "yes"})
		if s := w.slot(part); s.Provisional || !w.desk.Calendar().Holds(2027, 1) {
			t.Errorf("decided by the old calendar: %+v", s)
		}

		newer := strings.Replace(definition(t, docket.FollowUp), "version: 3\n", "version: 4\n", 1)
		third := w.another(matter.Source{File: "newer.yaml", Text: newer})
		opened, err := third.Open(ctx, w.people["tang"], matter.Opening{
			Kind: docket.FollowUp, Title: "新版流程试验", Office: w.hall, Originator: w.people["zhou"].Person,
			Given: map[string]any{"title": "新版流程试验", "content": "请办理。"}, Key: w.next(),
		})
		if err != nil {
			t.Fatal(err)
		}
		units := []any{map[string]any{"unit": ref(w.bureau), "role": "lead", "limit": "10wd"}}
		w.act("lin", opened.Matter, "propose", "submit", map[string]any{"opinion": "由人社局办理", "units": units})
		if v := w.desk.Definitions().Latest(docket.FollowUp).Version; v != 4 {
			t.Errorf("the first program holds version %d", v)
		}
		if v := second.Definitions().Latest(docket.FollowUp).Version; v != 3 {
			t.Errorf("the second has looked by itself: version %d", v)
		}
		if err := second.CatchUp(ctx); err != nil || second.Definitions().Latest(docket.FollowUp).Version != 4 {
			t.Errorf("after a look: %v", err)
		}
		w.check(3)
	})
}

// definition gives the text of a procedure of the docket.
func definition(t *testing.T, kind string) string {
	t.Helper()
	sources, err := docket.Definitions()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sources {
		if strings.Contains(s.Text, "kind: "+kind+"\n") {
			return s.Text
		}
	}
	t.Fatalf("no definition of %s", kind)
	return ""
}

// TestWholeLimitFollowsTheNotice: the limit of the whole matter is counted
// again when a step opens, though the step itself was never provisional.
func TestWholeLimitFollowsTheNotice(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		w := newTown(t, db)
		w.clock.Set(day(12, 21, 9, 0))
		_, part := w.assigned("10wd")
		before := w.get("lin", part).Clocks.Due
		if _, n, err := w.desk.LoadNotice(context.Background(), w.people["admin"], noticeText(t), w.next()); err != nil || n != 0 {
			t.Fatalf("%d recomputed: %v", n, err)
		}
		w.act("shen", part, "sign", "sign", map[string]any{})
		if after := w.get("lin", part).Clocks.Due; after <= before {
			t.Errorf("the whole is due %v, before the notice %v", time.UnixMicro(after), time.UnixMicro(before))
		}
		w.check(2)
	})
}
