package docket_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// busy fills the town with matters of every stage, over eight weeks.
func (w *town) busy() {
	w.t.Helper()
	for n := range 12 {
		w.until(day(11, 24, 9, 0).AddDate(0, 0, 5*n))
		opened, err := w.desk.Open(context.Background(), w.people["tang"], matter.Opening{
			Kind: docket.FollowUp, Title: fmt.Sprintf("第%d件 50%%_完成", n), Office: w.hall, Originator: []int64{w.people["zhou"].Person, 0}[n%2],
			Given: map[string]any{"title": "列表试验", "content": "请按期办理。"}, Key: w.next(),
		})
		if err != nil {
			w.t.Fatal(err)
		}
		id := opened.Matter
		units := []any{map[string]any{"unit": ref([]int64{w.bureau, w.other}[n%2]), "role": "lead", "limit": "3wd"}}
		lives := []func(){
			func() { w.act("lin", id, "propose", "submit", map[string]any{"opinion": "办理", "units": units}) },
			func() { w.act("zhou", id, "approve", "approve", map[string]any{}) },
			func() { w.act("lin", id, "assign", "assign", map[string]any{"mode": "transfer", "units": units}) },
			func() {
				if n%2 == 0 {
					walkUnit(w, "shen", w.get("lin", id).Clocks.Kids["units"][0])
					w.act("lin", id, "present", "present", map[string]any{"summary": "该单位已办结"})
				}
			},
		}
		for _, do := range lives[:n%5] {
			do()
		}
		if n == 7 {
			w.act("lin", id, "", "pause", map[string]any{"reason": "等待鉴定结论"})
		}
	}
}

// all reads every matter past the rights.
func (w *town) all() []matter.Matter {
	w.t.Helper()
	ids, err := store.Collect(context.Background(), w.db, func(row store.Scanner) (id int64, err error) {
		err = row.Scan(&id)
		return id, err
	}, "SELECT id FROM matter ORDER BY id DESC")
	if err != nil {
		w.t.Fatal(err)
	}
	out := make([]matter.Matter, len(ids))
	for i, id := range ids {
		for _, who := range []string{"lin", "shen", "jiao"} {
			if m, err := w.desk.Get(context.Background(), w.people[who], id); err == nil {
				out[i] = m
			}
		}
		if out[i].ID != id {
			w.t.Fatalf("nobody sees matter %d", id)
		}
	}
	return out
}

// passes says in Go what Filter says in SQL.
func passes(f matter.Filter, m matter.Matter, all []matter.Matter) bool {
	late, held := isLate(m), false
	for _, s := range m.Clocks.Slots {
		held = held || s.Person == f.Holder
	}
	for _, part := range all {
		late = late || m.Status != matter.Ended && part.Parent == m.ID && isLate(part)
	}
	return (f.Kind == "" || m.Kind == f.Kind) && (f.Unit == 0 || m.Unit == f.Unit) && (f.Status == "" || m.Status == f.Status) &&
		(f.Stage == "" || m.Stage == f.Stage && m.Status != matter.Ended) && (!f.Late || late) && (f.Holder == 0 || held) &&
		(f.From == 0 || m.Opened >= f.From) && (f.To == 0 || m.Opened < f.To) && (f.Parent == 0 || m.Parent == f.Parent) &&
		(!f.Top || f.Parent != 0 || m.Parent == 0) && (f.Query == "" || strings.Contains(m.Title, f.Query) || strings.Contains(m.Number, f.Query))
}

func isLate(m matter.Matter) bool {
	return slices.ContainsFunc(m.Clocks.Slots, func(s matter.Slot) bool { return s.Mark >= 100 })
}

// TestListsAreFilters: for everybody and every filter, the pages of a list are
// the matters that he may read and that pass, newest first; the count is theirs.
func TestListsAreFilters(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		w := newTown(t, db)
		w.busy()
		w.until(day(11, 24, 8, 30).AddDate(0, 0, 61))
		all := w.all()
		filters := map[string]matter.Filter{
			"all": {}, "top": {Top: true}, "kind": {Kind: docket.FollowUp}, "no such kind": {Kind: "docket.none"}, "bureau": {Unit: w.bureau}, "the office, top": {Unit: w.hall, Top: true}, "other bureau": {Unit: w.other},
			"open": {Status: matter.Open}, "paused": {Status: matter.Paused}, "ended": {Status: matter.Ended}, "ended of a kind": {Kind: "docket.unit", Status: matter.Ended},
			"late": {Late: true}, "late of a bureau": {Late: true, Unit: w.bureau}, "late at a stage": {Late: true, Kind: "docket.unit", Stage: "sign"},
			"holder": {Holder: w.people["zhou"].Person}, "from": {From: day(12, 20, 0, 0).UnixMicro()}, "to": {To: day(12, 20, 0, 0).UnixMicro()},
			"between": {From: day(12, 1, 0, 0).UnixMicro(), To: day(12, 31, 0, 0).UnixMicro()}, "after all": {From: day(12, 1, 0, 0).AddDate(1, 0, 0).UnixMicro()}, "before all": {To: day(1, 1, 0, 0).UnixMicro()},
			"words": {Query: "第1"}, "words with signs": {Query: "50%_"}, "no words": {Query: "飞船"}, "part of a number": {Query: "〔2026〕1"},
		}
		for _, m := range all {
			if m.Parent != 0 {
				filters["parent"] = matter.Filter{Parent: m.Parent}
				filters["number of a part"] = matter.Filter{Query: m.Number}
			} else if m.Number != "" {
				filters["number"] = matter.Filter{Query: m.Number}
			}
			if m.Status != matter.Ended {
				filters["stage "+m.Stage] = matter.Filter{Kind: m.Kind, Stage: m.Stage}
			}
		}
		if len(filters) < 28 {
			t.Fatalf("the town is too quiet: %d filters", len(filters))
		}
		found := map[string]int{}
		for _, few := range []int{0, 1} { // the walks that are chosen when there is little, and when there is much
			w.conf.Few = few
			desk, err := matter.New(context.Background(), w.conf)
			if err != nil {
				t.Fatal(err)
			}
			w.desk = desk
			for login, who := range w.people {
				for name, f := range filters {
					found[name] += w.pages(fmt.Sprint(login, "/", name, "/", few), who, f, all)
				}
			}
		}
		for login, who := range w.people {
			w.board(login, who, "docket.unit", 0)
			w.board(login, who, docket.FollowUp, w.hall)
		}
		for name := range filters {
			if nothing := slices.Contains([]string{"no such kind", "after all", "before all", "no words"}, name); nothing != (found[name] == 0) {
				t.Errorf("%s finds %d matters", name, found[name])
			}
		}
	})
}

// pages walks a list three matters at a time and compares it with passes.
func (w *town) pages(name string, who auth.Principal, f matter.Filter, all []matter.Matter) int {
	w.t.Helper()
	ctx := context.Background()
	var want, got []int64
	for _, m := range all {
		exact := m.Number == f.Query || !strings.HasSuffix(f.Query, "号") && !strings.Contains(f.Query, "号-")
		if w.desk.May(who, m) && passes(f, m, all) && exact {
			want = append(want, m.ID)
		}
	}
	f.Limit = 3
	for range 10 * len(all) {
		page, err := w.desk.List(ctx, who, f)
		if err != nil {
			w.t.Fatalf("%s: %v", name, err)
		}
		for _, m := range page.Matters {
			got = append(got, m.ID)
		}
		if f.Before = page.Next; f.Before == 0 {
			break
		}
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("%s: lists %v, want %v", name, got, want)
	}
	// A search counts in its newest stretch alone.
	if n, err := w.desk.CountMatters(ctx, who, f, 999); err != nil || n != len(want) && (f.Query == "" || n > len(want)) {
		w.t.Errorf("%s: counts %d, want %d; %v", name, n, len(want), err)
	}
	return len(want)
}

// board compares the board's counts with those of lists.
func (w *town) board(login string, who auth.Principal, kind string, unit int64) {
	w.t.Helper()
	ctx := context.Background()
	stands, err := w.desk.Board(ctx, who, kind, unit, 999)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, stage := range w.desk.Definitions().Latest(kind).Stages() {
		f := matter.Filter{Kind: kind, Unit: unit, Stage: stage}
		count, err := w.desk.CountMatters(ctx, who, f, 999)
		if err != nil {
			w.t.Fatal(err)
		}
		f.Late = true
		late, err := w.desk.CountMatters(ctx, who, f, 999)
		if got := (matter.Stand{Count: count, Late: late}); err != nil || stands[stage] != got {
			w.t.Errorf("%s: the board says %+v at %s, the lists %+v; %v", login, stands[stage], stage, got, err)
		}
	}
}

// TestInboxes: everybody's inbox holds the open steps that name him or wait for
// one of his duties, the most urgent first, those without a date last.
func TestInboxes(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		w := newTown(t, db)
		w.busy()
		w.until(day(11, 24, 8, 30).AddDate(0, 0, 61))
		ctx, all, total := context.Background(), w.all(), 0
		for login, who := range w.people {
			var want []string
			for _, m := range all {
				for _, slot := range m.Clocks.Slots {
					if slot.Person == who.Person || slot.Person == 0 && w.holds(login, slot.Duty, slot.Unit) {
						want = append(want, fmt.Sprint(m.ID, slot.Slot))
					}
				}
			}
			tasks, err := w.desk.Inbox(ctx, who, matter.Mine, 200)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, task := range tasks {
				got = append(got, fmt.Sprint(task.Matter.ID, task.Slot.Slot))
			}
			if !slices.IsSortedFunc(tasks, func(a, b matter.Task) int { return cmp.Compare(dated(a.Slot.Due), dated(b.Slot.Due)) }) {
				t.Errorf("%s: not in the order of urgency", login)
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s has %v, want %v", login, got, want)
			}
			total += len(want)
			count, err := w.desk.Count(ctx, who, matter.Mine, 0, 999)
			if err != nil || count != len(want) {
				t.Errorf("%s counts %d, want %d; %v", login, count, len(want), err)
			}
			for _, limit := range []int{1, 2} {
				if few, err := w.desk.Inbox(ctx, who, matter.Mine, limit); err != nil || len(few) != min(limit, len(tasks)) || len(few) > 0 && few[0].Matter.ID != tasks[0].Matter.ID {
					t.Errorf("%s: the first %d are not the first of all; %v", login, limit, err)
				}
			}
		}
		if total < 8 {
			t.Fatalf("only %d open steps", total)
		}
		if _, err := w.desk.Inbox(ctx, w.people["lin"], "others", 10); err == nil {
			t.Error("an unknown group was accepted")
		}
	})
}

// holds says who was given which duty by newTown.
func (w *town) holds(login, duty string, unit int64) bool {
	post := map[string]struct {
		duty string
		unit int64
	}{
		"zhou": {"leader", w.hall}, "tang": {"secretary", w.hall}, "lin": {"supervisor", w.hall}, "wei": {"supervisor", w.hall}, "shen": {"liaison", w.bureau}, "head": {"head", w.bureau},
		"chief": {"section", w.section}, "clerk": {"clerk", w.section}, "jiao": {"liaison", w.other}, "jiaohead": {"head", w.other},
	}[login]
	return post.duty == duty && post.unit == unit
}

// dated puts what has no date last.
func dated(due int64) int64 {
	if due == 0 {
		return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	}
	return due
}

// TestHeldOnce: whoever holds three steps at once is named once.
func TestHeldOnce(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		w := newTown(t, db)
		given := map[string]any{"title": "停车收费管理办法", "host": ref(w.bureau), "sort": "policy", "content": "规范停车收费。"}
		opened, err := w.desk.Open(context.Background(), w.people["tang"], matter.Opening{Kind: "docket.decision", Title: "停车收费管理办法", Office: w.hall, Unit: w.bureau, Given: given, Key: w.next()})
		if err != nil {
			t.Fatal(err)
		}
		w.act("zhou", opened.Matter, "start", "approve", nil)
		w.act("shen", opened.Matter, "draft", "draft", map[string]any{"summary": "草案共六章。"})
		m := w.get("shen", opened.Matter)
		if got := w.office.RowOf(w.people["shen"], m).HolderName; len(m.Clocks.Slots) != 3 || got != "shen" {
			t.Errorf("%d steps are held by %q", len(m.Clocks.Slots), got)
		}
	})
}

// TestDisplayed: a list of people is their names; an item of several fields names each.
func TestDisplayed(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		w := newTown(t, db)
		person := map[string]any{"x-zh": "人员", "x-en": "Person", "x-widget": "person"}
		list := func(fields map[string]any) map[string]any {
			return map[string]any{"items": map[string]any{"properties": fields}}
		}
		why := map[string]any{"x-zh": "事由", "x-en": "Reason"}
		for want, got := range map[string]fault.Text{
			"shen；lin": w.office.Displayed(list(map[string]any{"person": person}), []any{map[string]any{"person": w.id("shen")}, map[string]any{"person": w.id("lin")}}),
			"人员：shen，事由：曾任负责人": w.office.Displayed(list(map[string]any{"person": person, "why": why}), []any{map[string]any{"person": w.id("shen"), "why": "曾任负责人"}}),
		} {
			if got.ZH != want {
				t.Errorf("%q, want %q", got.ZH, want)
			}
		}
	})
}
