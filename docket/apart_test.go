package docket_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// plainKind is a kind that any liaison may raise and nobody may review who worked
// on it.
const plainKind = `
kind: docket.trial
version: 1
name: {zh: 试办, en: Trial}
given: ask
open: {duty: liaison, of: unit}
sealed: {from: given.object, if: "has(data.given.object)", until: show}
forms:
  ask:
    type: object
    required: [title]
    additionalProperties: false
    properties:
      title: {type: string, x-zh: 事由, x-en: Matter}
      object: {type: string, x-zh: 对象, x-en: Object, x-widget: unit}
  team:
    type: object
    required: [reviewer]
    additionalProperties: false
    properties:
      reviewer: {type: string, x-zh: 复核人, x-en: Reviewer, x-widget: person, x-apart: [work]}
      kin: {type: array, x-zh: 回避人员, x-en: Stand aside, items: {type: object, properties: {person: {type: string, x-zh: 人员, x-en: Person}}}}
  off:
    type: object
    required: [person, reason]
    additionalProperties: false
    properties:
      person: {type: string, x-zh: 回避人员, x-en: Person, x-widget: person}
      reason: {type: string, x-zh: 理由, x-en: Reason}
      instead: {type: string, x-zh: 接替人员, x-en: Who takes over, x-widget: person}
do:
  - step: work
    name: {zh: 办理, en: Work}
    who: {duty: supervisor, of: office, or: [{duty: secretary, of: office}]}
    acts:
      done: {name: {zh: 办毕, en: Done}, form: team}
  - step: review
    name: {zh: 复核, en: Review}
    who: {person: work.reviewer}
    apart: [work, work.kin]
    limit: 5wd
    acts:
      ok: {name: {zh: 通过, en: Pass}}
      again: {name: {zh: 重办, en: Again}, back: work, at_most: 2}
  - step: show
    name: {zh: 公开, en: Show}
    who: {duty: secretary, of: office, or: [{duty: supervisor, of: office}]}
    apart: [work.kin]
    acts:
      show: {name: {zh: 公开, en: Show}}
interrupts:
  recuse: {who: {duty: leader, of: office}, form: off}
`

// trial publishes the kind.
func (w *town) trial() {
	w.t.Helper()
	if _, err := matter.Publish(context.Background(), w.db, w.clock, []matter.Source{{File: "trial.yaml", Text: plainKind}}); err != nil {
		w.t.Fatal(err)
	}
	if err := w.desk.CatchUp(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

// refused wants an act to be refused with these words somewhere.
func (w *town) refused(who string, id int64, a matter.Act, kind fault.Kind, field, words string) {
	w.t.Helper()
	a.Key = w.next()
	_, err := w.desk.Act(context.Background(), w.people[who], id, a)
	f := fault.Of(err)
	text := f.Text.ZH + f.Policy
	path := ""
	for _, one := range f.Fields {
		text, path = text+one.Text.ZH, one.Path
	}
	if err == nil || f.Kind != kind || path != field || !strings.Contains(text, words) {
		w.t.Errorf("%s %s.%s: %v %q at %q, want %v %q at %q", who, a.Step, a.Act, f.Kind, text, path, kind, words, field)
	}
}

func (w *town) id(login string) string { return ref(w.people[login].Person) }

// hire gives a new person a post.
func (w *town) hire(login string, unit int64, duty auth.Duty) {
	w.t.Helper()
	ctx := context.Background()
	id, err := w.registry.AddPerson(ctx, w.people["admin"], auth.NewPerson{Key: w.next(), Login: login, Name: fault.T(login, login), Password: "Meadow-2026-river"})
	if err != nil {
		w.t.Fatal(err)
	}
	w.people[login] = auth.Principal{Person: id}
	if _, err := w.registry.AddPost(ctx, w.people["admin"], auth.NewPost{Key: w.next(), Person: id, Unit: unit, Duty: duty}); err != nil {
		w.t.Fatal(err)
	}
}

// TestUnitRaisesAMatter: a kind may let a duty of the opener's own unit raise it;
// he is owed the answer. Nobody else may, and no other kind.
func TestUnitRaisesAMatter(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		w := newTown(t, db)
		w.trial()
		for _, c := range []struct {
			who  string
			in   matter.Opening
			kind fault.Kind
		}{
			{"shen", matter.Opening{Kind: "docket.trial", Unit: w.bureau}, ""},
			{"shen", matter.Opening{Kind: "docket.trial", Unit: w.other}, fault.Forbidden},
			{"shen", matter.Opening{Kind: "docket.trial"}, fault.Invalid},
			{"shen", matter.Opening{Kind: "docket.trial", Unit: w.bureau, Originator: w.people["zhou"].Person}, fault.Invalid},
			{"shen", matter.Opening{Kind: "docket.trial", Unit: w.bureau, Originator: w.people["shen"].Person}, ""},
			{"head", matter.Opening{Kind: "docket.trial", Unit: w.bureau}, fault.Forbidden},
			{"clerk", matter.Opening{Kind: "docket.trial", Unit: w.section}, fault.Forbidden},
			{"citizen", matter.Opening{Kind: "docket.trial", Unit: w.bureau}, fault.Forbidden},
			{"tang", matter.Opening{Kind: "docket.trial", Unit: w.bureau, Originator: w.people["zhou"].Person}, ""},
			{"shen", matter.Opening{Kind: docket.FollowUp, Unit: w.bureau}, fault.Forbidden},
		} {
			c.in.Office, c.in.Title, c.in.Key = w.hall, "试办一件", w.next()
			c.in.Given = map[string]any{"title": "试办"}
			done, err := w.desk.Open(context.Background(), w.people[c.who], c.in)
			if kind := fault.Kind(""); err != nil && fault.Of(err).Kind != c.kind || err == nil && c.kind != kind {
				t.Errorf("%s opens %+v: %v", c.who, c.in, err)
			}
			if m := done.Matter; err == nil && c.who == "shen" {
				if got := w.get("shen", m); got.Originator != w.people["shen"].Person || got.Unit != w.bureau {
					t.Errorf("raised for %d by %d", got.Unit, got.Originator)
				}
			}
		}
		w.check(3)
	})
}

// TestStandingAside walks a matter on which people must stand aside: by what they
// did, by what the data says, and by being taken off.
func TestStandingAside(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		w := newTown(t, db)
		w.trial()
		w.hire("gu", w.hall, auth.Supervisor)
		w.hire("he", w.hall, auth.Secretary)
		open := func() int64 {
			done, err := w.desk.Open(context.Background(), w.people["tang"], matter.Opening{Kind: "docket.trial", Title: "试办一件", Office: w.hall, Given: map[string]any{"title": "试办"}, Key: w.next()})
			if err != nil {
				t.Fatal(err)
			}
			return done.Matter
		}
		id := open()
		again := matter.Act{Step: "review", Act: "again"}
		kin := func(login string) []any { return []any{map[string]any{"person": w.id(login)}} }
		// The one who works and names himself, and one who is to stand aside, cannot review.
		w.refused("lin", id, matter.Act{Step: "work", Act: "done", Input: map[string]any{"reviewer": w.id("lin")}}, fault.Invalid, "", "应当回避“复核”环节")
		w.refused("lin", id, matter.Act{Step: "work", Act: "done", Input: map[string]any{"reviewer": w.id("gu"), "kin": kin("gu")}}, fault.Invalid, "", "应当回避“复核”环节")
		w.act("lin", id, "work", "done", map[string]any{"reviewer": w.id("gu")})
		w.act("gu", id, "review", "again", nil)
		// In the second round the form itself refuses who worked in the first.
		w.refused("gu", id, matter.Act{Step: "work", Act: "done", Input: map[string]any{"reviewer": w.id("lin")}}, fault.Invalid, "reviewer", "办理过“办理”")
		w.act("tang", id, "work", "done", map[string]any{"reviewer": w.id("gu"), "kin": kin("he")})

		// Taken off: only by the leader or himself; what he holds needs somebody.
		off := func(login, instead string) matter.Act {
			in := map[string]any{"person": w.id(login), "reason": "与对象有亲属关系"}
			if instead != "" {
				in["instead"] = w.id(instead)
			}
			return matter.Act{Act: "recuse", Input: in}
		}
		w.refused("lin", id, off("gu", "he"), fault.Forbidden, "", "default-deny")
		w.refused("shen", id, off("shen", ""), fault.Forbidden, "", "default-deny")
		w.refused("gu", id, off("gu", ""), fault.Invalid, "instead", "请指定接替人员")
		w.refused("gu", id, off("gu", "gu"), fault.Invalid, "instead", "未回避")
		w.refused("gu", id, off("gu", "shen"), fault.Invalid, "instead", "本单位")
		w.refused("gu", id, off("gu", "he"), fault.Invalid, "instead", "请指定接替人员") // who must stand aside himself
		w.refused("gu", id, off("gu", "lin"), fault.Invalid, "instead", "请指定接替人员")
		w.act("gu", id, "", "recuse", off("gu", "zhou").Input)
		if s := w.get("zhou", id).Clocks.Slots[0]; s.Person != w.people["zhou"].Person {
			t.Errorf("the review is held by %d", s.Person)
		}
		w.refused("gu", id, again, fault.Forbidden, "", "matter.act.apart")
		w.refused("zhou", id, off("gu", ""), fault.Conflict, "", "已经回避")
		w.act("zhou", id, "review", "ok", nil)
		w.refused("he", id, matter.Act{Step: "show", Act: "show"}, fault.Forbidden, "", "matter.act.apart")
		offers, err := w.desk.Offers(w.people["he"], w.get("he", id))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range offers {
			if o.Mine && !o.Interrupt {
				t.Errorf("offered to one who must stand aside: %+v", o.Offer)
			}
		}
		w.act("zhou", id, "", "recuse", off("lin", "").Input) // holds nothing by name
		w.refused("lin", id, matter.Act{Step: "show", Act: "show"}, fault.Forbidden, "", "matter.act.apart")
		w.act("tang", id, "show", "show", nil)

		// Who stands in may be taken off in turn.
		id = open()
		w.act("lin", id, "work", "done", map[string]any{"reviewer": w.id("gu")})
		w.act("zhou", id, "", "recuse", off("gu", "he").Input)
		w.act("he", id, "", "recuse", off("he", "tang").Input)
		w.refused("he", id, again, fault.Forbidden, "", "matter.act.apart")
		w.act("tang", id, "review", "ok", nil)
		w.check(2)
	})
}

// TestSealedFromWhoTookPart: whoever gets a post in the object no longer sees the
// matter, not even one that he opened and worked on, by whatever way a list walks;
// when it is disclosed he does.
func TestSealedFromWhoTookPart(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := newTown(t, db)
		w.trial()
		w.hire("gu", w.hall, auth.Supervisor)
		w.hire("he", w.hall, auth.Secretary)
		given := map[string]any{"title": "试办", "object": ref(w.bureau)}
		begin := func(given map[string]any) int64 {
			opened, err := w.desk.Open(ctx, w.people["lin"], matter.Opening{Kind: "docket.trial", Title: "试办一件", Office: w.hall, Originator: w.people["lin"].Person, Given: given, Key: w.next()})
			if err != nil {
				t.Fatal(err)
			}
			w.act("lin", opened.Matter, "work", "done", map[string]any{"reviewer": w.id("gu")})
			return opened.Matter
		}
		id := begin(given)
		others := []int64{begin(map[string]any{"title": "试办"}), begin(map[string]any{"title": "试办"})}
		slices.Reverse(others) // the newest first
		var err error
		filters := []matter.Filter{{}, {Unit: w.hall}, {Kind: "docket.trial"}, {Status: matter.Open}, {Query: "试办"}, {Holder: w.people["gu"].Person}}
		look := func(want ...int64) {
			t.Helper()
			for _, few := range []int{0, 1} { // with few matters, and as if there were many
				w.conf.Few = few
				if w.desk, err = matter.New(ctx, w.conf); err != nil {
					t.Fatal(err)
				}
				if err := w.desk.CatchUp(ctx); err != nil {
					t.Fatal(err)
				}
				for _, f := range filters {
					w.filtered("lin", f, append(slices.Clone(others), want...)...)
				}
			}
		}
		look(id)
		if _, err := w.registry.AddPost(ctx, w.people["admin"], auth.NewPost{Key: w.next(), Person: w.people["lin"].Person, Unit: w.section, Duty: auth.Clerk}); err != nil {
			t.Fatal(err)
		}
		look()
		if _, err := w.desk.Get(ctx, w.people["lin"], id); !fault.Is(err, fault.NotFound) {
			t.Errorf("read by its number: %v", err)
		}
		w.refused("lin", id, matter.Act{Act: "recuse", Input: map[string]any{"person": w.id("lin"), "reason": "在对象任职"}}, fault.Forbidden, "", "matter.sealed")
		// Nobody can hide a matter from himself by opening it.
		_, err = w.desk.Open(ctx, w.people["lin"], matter.Opening{Kind: "docket.trial", Title: "试办一件", Office: w.hall, Given: given, Key: w.next()})
		if !fault.Is(err, fault.Forbidden) {
			t.Errorf("opened against himself: %v", err)
		}
		_, err = w.desk.Open(ctx, w.people["tang"], matter.Opening{Kind: "docket.trial", Title: "试办一件", Office: w.hall, Given: map[string]any{"title": "试办", "object": ref(w.city)}, Key: w.next()})
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("sealed from the office itself: %v", err)
		}
		w.act("gu", id, "review", "ok", nil)
		w.act("he", id, "show", "show", nil)
		filters = filters[:3]
		look(id)
		w.check(3)
	})
}
