package docket_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"testing"
	"time"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/docket/report"
	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/bus"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/link"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/serial"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// town is a small city with one office and two bureaus.
type town struct {
	t      *testing.T
	db     *store.DB
	clock  *clock.Manual
	office *docket.Office
	desk   *matter.Engine
	conf   matter.Config
	key    *audit.Key
	keys   int
	now    string  // the walk that is walked
	walked []named // the limits it passed

	registry *auth.Registry

	city, hall, bureau, section, other int64
	people                             map[string]auth.Principal
}

func migrations() []fs.FS {
	return []fs.FS{event.Migrations(), bus.Migrations(), auth.Migrations(), serial.Migrations(), link.Migrations(), matter.Migrations(), docket.Migrations()}
}

func newTown(t *testing.T, db *store.DB) *town {
	t.Helper()
	return newTownAt(t, db, time.Date(2026, 11, 23, 8, 30, 0, 0, clock.Shanghai()))
}

func newTownAt(t *testing.T, db *store.DB, now time.Time) *town {
	t.Helper()
	ctx := context.Background()
	w := &town{t: t, db: db, people: map[string]auth.Principal{}}
	w.clock = clock.NewManual(now)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	w.key, err = audit.OpenKey(t.TempDir(), "test")
	must(err)
	rules, err := auth.NewRules(auth.Policies(), matter.Policies(), docket.Policies())
	must(err)
	book, err := auth.OpenBook(ctx, db, w.clock)
	must(err)
	accounts, err := auth.NewAccounts(book, auth.Options{})
	must(err)
	token, err := accounts.SetupToken(ctx)
	must(err)
	made, err := accounts.Setup(ctx, auth.Setup{
		Token: token, City: fault.T("澄川市", "Chengchuan"), Office: fault.T("市政府办公室", "General Office"),
		Login: "admin", Password: "Meadow-2026-river", Name: fault.T("管理员", "Admin"),
	})
	must(err)
	w.city, w.hall = made.City, made.Office
	w.people["admin"] = auth.Principal{Person: made.Person}
	registry := auth.NewRegistry(book, rules, accounts)
	w.registry = registry
	unit := func(parent int64, kind auth.Kind, zh string) int64 {
		id, err := registry.AddUnit(ctx, w.people["admin"], auth.NewUnit{Key: w.next(), Parent: parent, Kind: kind, Name: fault.T(zh, zh)})
		must(err)
		return id
	}
	w.bureau = unit(w.city, auth.Bureau, "市人力资源和社会保障局")
	w.section = unit(w.bureau, auth.Sector, "社会保险科")
	w.other = unit(w.city, auth.Bureau, "市教育局")
	person := func(login string, unit int64, duty auth.Duty) {
		id, err := registry.AddPerson(ctx, w.people["admin"], auth.NewPerson{Key: w.next(), Login: login, Name: fault.T(login, login), Password: "Meadow-2026-river"})
		must(err)
		w.people[login] = auth.Principal{Person: id}
		if duty != "" {
			_, err = registry.AddPost(ctx, w.people["admin"], auth.NewPost{Key: w.next(), Person: id, Unit: unit, Duty: duty})
			must(err)
		}
	}
	person("zhou", w.hall, auth.Leader)
	person("tang", w.hall, auth.Secretary)
	person("lin", w.hall, auth.Supervisor)
	person("wei", w.hall, auth.Supervisor)
	person("shen", w.bureau, auth.Liaison)
	person("head", w.bureau, auth.Head)
	person("chief", w.section, auth.Section)
	person("clerk", w.section, auth.Clerk)
	person("jiao", w.other, auth.Liaison)
	person("jiaohead", w.other, auth.Head)
	person("citizen", 0, "")

	sources, err := docket.Definitions()
	must(err)
	defs, err := matter.Publish(ctx, db, w.clock, sources)
	must(err)
	w.conf = matter.Config{DB: db, Clock: w.clock, Book: book, Rules: rules, Key: w.key, Defs: defs,
		Series: docket.Series("澄"), SearchSpan: 40, Checks: docket.Checks()}
	w.desk, err = matter.New(ctx, w.conf)
	must(err)
	units, err := report.DefaultRules()
	must(err)
	w.office = &docket.Office{DB: db, Clock: w.clock, Book: book, Rules: rules, Key: w.key, Desk: w.desk, Units: units}
	return w
}

func (w *town) next() string {
	w.keys++
	return fmt.Sprintf("key-%d", w.keys)
}

// act does an act and verifies its receipt offline.
func (w *town) act(who string, id int64, step, act string, input map[string]any) matter.Done {
	w.t.Helper()
	done, err := w.desk.Act(context.Background(), w.people[who], id, matter.Act{Slot: w.branch(id, step), Step: step, Act: act, Input: input, Key: w.next()})
	if err != nil {
		w.t.Fatalf("%s %s.%s: %v", who, step, act, err)
	}
	w.verify(done.Receipt)
	return done
}

// branch finds the slot in which a step is open; "" if lin does not see it.
func (w *town) branch(id int64, step string) string {
	m, err := w.desk.Get(context.Background(), w.people["lin"], id)
	if err != nil {
		return ""
	}
	for _, s := range m.Clocks.Slots {
		if s.Step == step {
			return s.Slot
		}
	}
	return ""
}

func (w *town) verify(r audit.Receipt) {
	w.t.Helper()
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		w.t.Fatal(err)
	}
	report, err := audit.Verify(text, []string{w.key.Public})
	if err != nil || !report.OK || len(report.Checks) != 3 {
		w.t.Fatalf("receipt does not verify: %v %+v", err, report)
	}
}

func (w *town) get(who string, id int64) matter.Matter {
	w.t.Helper()
	m, err := w.desk.Get(context.Background(), w.people[who], id)
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

// filtered wants somebody's list under a filter to hold just these matters, the
// newest first, and to be counted so.
func (w *town) filtered(who string, f matter.Filter, want ...int64) {
	w.t.Helper()
	found, err := w.desk.List(context.Background(), w.people[who], f)
	if err != nil {
		w.t.Fatal(err)
	}
	var got []int64
	for _, m := range found.Matters {
		got = append(got, m.ID)
	}
	n, err := w.desk.CountMatters(context.Background(), w.people[who], f, 99)
	if err != nil || n != len(want) || !slices.Equal(got, want) {
		w.t.Errorf("%s, %+v: %v, counted %d (%v), want %v", who, f, got, n, err, want)
	}
}

// lists wants a matter to be, or not to be, in what somebody may list.
func (w *town) lists(who string, id int64, want bool) {
	w.t.Helper()
	found, err := w.desk.List(context.Background(), w.people[who], matter.Filter{})
	if err != nil {
		w.t.Fatal(err)
	}
	got := false
	for _, m := range found.Matters {
		got = got || m.ID == id
	}
	if got != want {
		w.t.Errorf("%s lists matter %d: %v, want %v", who, id, got, want)
	}
}

func ref(id int64) string { return fmt.Sprint(id) }

func TestInstructionFromEntryToAnswer(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := newTown(t, db)
		entered, err := w.office.Enter(ctx, w.people["tang"], docket.Entry{
			Office: w.hall, Leader: w.people["zhou"].Person, Verbatim: "请人社局牵头，尽快研究。", Medium: docket.Paper, Key: w.next(),
		})
		if err != nil {
			t.Fatal(err)
		}
		w.verify(entered.Receipt)
		opened, err := w.desk.Open(ctx, w.people["tang"], matter.Opening{
			Kind: docket.FollowUp, Title: "新市民一件事", Office: w.hall, Originator: w.people["zhou"].Person, Source: entered.ID, Behalf: w.people["zhou"].Person,
			Given: map[string]any{"title": "新市民一件事", "content": "请人社局牵头，尽快研究。"}, Key: w.next(),
		})
		if err != nil {
			t.Fatal(err)
		}
		id := opened.Matter
		units := []any{
			map[string]any{"unit": ref(w.bureau), "role": "lead", "limit": "10wd"},
			map[string]any{"unit": ref(w.other), "role": "assist", "limit": "5wd"},
		}
		w.act("lin", id, "propose", "submit", map[string]any{"opinion": "建议由人社局牵头", "units": units})
		if done := w.act("zhou", id, "approve", "approve", map[string]any{}); done.Number != "澄政督〔2026〕1号" {
			t.Fatalf("number %q", done.Number)
		}
		w.act("lin", id, "assign", "assign", map[string]any{"mode": "transfer", "units": units})
		m := w.get("lin", id)
		kids := m.Clocks.Kids["units"]
		if len(kids) != 2 || m.Stage != "units" {
			t.Fatalf("sub-matters %v at %s", kids, m.Stage)
		}
		lead, assist := kids[0], kids[1]
		if k := w.get("shen", lead); k.Number != "澄政督〔2026〕1号-1" || k.Clocks.Limit != "10wd" {
			t.Fatalf("sub-matter %+v", k)
		}
		if _, err := w.desk.Get(ctx, w.people["jiao"], lead); !fault.Is(err, fault.NotFound) {
			t.Fatalf("another unit sees it: %v", err)
		}
		walkUnit(w, "shen", lead)
		w.lists("clerk", lead, true) // who has taken part goes on seeing it
		w.lists("jiao", lead, false)

		// The other unit objects in time, is designated, and reports.
		w.act("jiao", assist, "sign", "object", map[string]any{"reason": "不属于我局职责"})
		w.act("lin", assist, "ruling", "designate", map[string]any{"reason": "涉及入学，由你局协办"})
		if _, err := w.desk.Act(ctx, w.people["jiao"], assist, matter.Act{Step: "sign", Act: "object", Input: map[string]any{"reason": "仍不属于"}, Key: w.next()}); !fault.Is(err, fault.Conflict) {
			t.Fatalf("bounced after designation: %v", err)
		}
		finishAlone(w, assist)

		if m = w.get("lin", id); m.Stage != "present" {
			t.Fatalf("after both units: %s", m.Stage)
		}
		w.act("lin", id, "present", "present", map[string]any{"summary": "两单位均已办结"})
		w.act("zhou", id, "answer", "settle", map[string]any{})
		if m = w.get("zhou", id); m.Status != matter.Ended || m.Outcome != "closed" {
			t.Fatalf("%s %s", m.Status, m.Outcome)
		}
		w.check(3)
	})
}

// walkUnit takes a sub-matter through the bureau, with one return by the head
// and one by the office.
func walkUnit(w *town, liaison string, id int64) {
	w.t.Helper()
	w.act(liaison, id, "sign", "sign", map[string]any{})
	w.act(liaison, id, "split", "split", map[string]any{"head": ref(w.people["head"].Person)})
	w.act("head", id, "direct", "direct", map[string]any{"section": ref(w.section)})
	w.act("chief", id, "allot", "allot", map[string]any{"clerk": ref(w.people["clerk"].Person)})
	w.act("clerk", id, "report", "report", map[string]any{"result": "已办理第一稿"})
	w.act("head", id, "signoff", "return", map[string]any{"reason": "数据不全"})
	w.act("clerk", id, "report", "report", map[string]any{"result": "已办理第二稿"})
	w.act("head", id, "signoff", "sign", map[string]any{})
	w.act("lin", id, "review", "return", map[string]any{"reason": "请补充实施时间"})
	w.act("clerk", id, "report", "report", map[string]any{"result": "已办理第三稿", "solved": "yes"})
	w.act("head", id, "signoff", "sign", map[string]any{})
	w.act("lin", id, "review", "accept", map[string]any{})
	if m := w.get(liaison, id); m.Status != matter.Ended || m.Outcome != "accepted" {
		w.t.Fatalf("unit's part: %s %s", m.Status, m.Outcome)
	}
}

// finishAlone takes the assisting unit's part through a bureau without
// sections.
func finishAlone(w *town, id int64) {
	w.t.Helper()
	_, err := w.desk.Act(context.Background(), w.people["jiao"], id, matter.Act{Step: "split", Act: "split", Input: map[string]any{"head": ref(w.people["head"].Person)}, Key: w.next()})
	if !fault.Is(err, fault.Invalid) {
		w.t.Fatalf("a head of another bureau was accepted: %v", err)
	}
	w.act("jiao", id, "split", "split", map[string]any{"head": ref(w.people["jiaohead"].Person)})
	w.act("jiao", id, "direct", "direct", map[string]any{"section": ref(w.other)})
	w.act("jiao", id, "allot", "allot", map[string]any{"clerk": ref(w.people["jiao"].Person)})
	w.act("jiao", id, "report", "report", map[string]any{"result": "已配合办理"})
	w.act("jiaohead", id, "signoff", "sign", map[string]any{})
	w.act("lin", id, "review", "accept", map[string]any{})
}

// check folds everything and wants nothing found.
func (w *town) check(matters int) {
	w.t.Helper()
	ctx := context.Background()
	found, err := audit.CheckLog(ctx, w.db, 10, nil)
	if err != nil || len(found) > 0 {
		w.t.Fatalf("log: %v %+v", err, found)
	}
	found, looked, _, err := matter.Check(ctx, w.db, 10)
	if err != nil || len(found) > 0 || looked != matters {
		w.t.Fatalf("fold of %d: %v %+v", looked, err, found)
	}
}
