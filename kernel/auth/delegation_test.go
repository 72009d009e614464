package auth

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// lending is a house with a leader, a supervisor, an auditor and a clerk.
type lending struct {
	*house
	leader, deputy, auditor, clerk, citizen int64
	leads, watches, section                 int64 // posts of the leader: two, and of the clerk
	bureau                                  int64
}

func newLending(t *testing.T, db *store.DB) *lending {
	h := newHouse(t, db)
	l := &lending{house: h, leader: h.person(t, "leader"), deputy: h.person(t, "deputy"), auditor: h.person(t, "auditor"), clerk: h.person(t, "clerk"), citizen: h.person(t, "citizen")}
	l.bureau = h.unit(t, h.made.City, Bureau, "renshe")
	post := func(person, unit int64, duty Duty) int64 {
		id, err := h.registry.AddPost(t.Context(), h.admin, NewPost{Key: fmt.Sprint("post", person, unit, duty), Person: person, Unit: unit, Duty: duty, From: "2026-01-01"})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	l.leads, l.watches = post(l.leader, h.made.Office, Leader), post(l.leader, h.made.Office, Supervisor)
	post(l.deputy, h.made.Office, Secretary)
	post(l.auditor, h.made.Office, Auditor)
	l.section = post(l.clerk, l.bureau, Clerk)
	return l
}

func (l *lending) at(text string) time.Time {
	at, err := time.ParseInLocation("2006-01-02 15:04", text, clock.Shanghai())
	if err != nil {
		panic(err)
	}
	return at
}

// may asks the rules of the test's matters through the newest directory.
func (l *lending) may(rules *Rules, who int64, action string, res Resource) Verdict {
	v, _ := rules.Require(l.book.Now(), Principal{Person: who}, action, res)
	return v
}

// TestDelegationEdges walks a delegation over its first and last instant, its
// scope by post and kind, and its end, on the snapshot that everybody reads.
func TestDelegationEdges(t *testing.T) {
	rules := testRules(t, "matter.cedar")
	storetest.Each(t, tables(), func(t *testing.T, db *store.DB) {
		l := newLending(t, db)
		office := l.made.Office
		since, until := l.at("2026-11-24 00:00"), l.at("2026-11-26 00:00")
		id, err := l.registry.Delegate(t.Context(), Principal{Person: l.leader}, NewDelegation{
			Key: "d", Taker: l.deputy, Post: l.leads, Kinds: []string{"docket.followup"}, Since: since, Until: until, Reason: "出差",
		})
		if err != nil {
			t.Fatal(err)
		}
		matter := Resource{Type: "Matter", ID: 1, Unit: office, Office: office, Kind: "docket.followup", Need: []string{Need(Leader, office)}}
		other, watch, named, below := matter, matter, matter, matter
		other.Kind = "docket.unit"
		watch.Need = []string{Need(Supervisor, office)}
		named.Need, named.Named = nil, l.leader
		below.Need, below.Named, below.Unit = nil, l.leader, l.bureau
		for _, c := range []struct {
			at   time.Time
			want bool
		}{
			{since.Add(-time.Microsecond), false}, {since, true}, {until.Add(-time.Microsecond), true}, {until, false}, {until.Add(time.Hour), false},
		} {
			l.clock.Set(c.at)
			v := l.may(rules, l.deputy, "matter.act", matter)
			if v.Allowed != c.want {
				t.Errorf("at %s: %+v", c.at.Format(time.RFC3339Nano), v)
			}
			if c.want && (v.Behalf != l.leader || v.Delegation != id || v.Policy != "matter.act.duty") {
				t.Errorf("the verdict does not say by whom: %+v", v)
			}
			if !c.want {
				continue
			}
			for name, c := range map[string]struct {
				res  Resource
				want bool
			}{"another kind": {other, false}, "another post": {watch, false}, "by name": {named, true}, "by name elsewhere": {below, false}} {
				if v := l.may(rules, l.deputy, "matter.act", c.res); v.Allowed != c.want {
					t.Errorf("%s: %+v", name, v)
				}
			}
		}
		if v := l.may(rules, l.leader, "matter.act", matter); !v.Allowed || v.Behalf != 0 {
			t.Errorf("the giver himself: %+v", v)
		}
		if id, err = l.registry.Delegate(t.Context(), Principal{Person: l.leader}, NewDelegation{Key: "d2", Taker: l.deputy, Until: until.AddDate(0, 0, 5), Reason: "出差"}); err != nil {
			t.Fatal(err)
		}
		for _, res := range []Resource{matter, other, watch, named, below} { // all posts, and whatever names the giver
			if v := l.may(rules, l.deputy, "matter.act", res); v.Behalf != l.leader {
				t.Errorf("all posts: %+v on %+v", v, res)
			}
		}
		// It ends at once, also for a program that has not read it yet.
		beside, err := OpenBook(t.Context(), db, l.clock)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.registry.Undelegate(t.Context(), Principal{Person: l.leader}, "u", id); err != nil {
			t.Fatal(err)
		}
		if v := l.may(rules, l.deputy, "matter.act", matter); v.Allowed {
			t.Errorf("after its end: %+v", v)
		}
		stale := beside.Now()
		if v, _ := rules.Require(stale, Principal{Person: l.deputy}, "matter.act", matter); !v.Allowed {
			t.Error("the other program's snapshot should still be the old one")
		}
		if err := db.Write(t.Context(), &deciding{dir: stale}); err == nil {
			t.Error("a change was decided by a snapshot from before the end")
		}
		l.clock.Advance(time.Second)
		if fresh, err := beside.Fresh(t.Context()); err != nil || len(fresh.ActsFor(l.deputy)) != 0 {
			t.Errorf("a second later the other program still lends: %v", err)
		}
	})
}

// deciding is a change that only asks whether its snapshot is current.
type deciding struct{ dir *Directory }

func (c *deciding) Load(g *store.Group)         { LoadVersion(g) }
func (c *deciding) Decide(g *store.Group) error { return Current(g, c.dir) }

// TestDeputyStandsInOnlyWhileAway names a standing deputy (AB角) and marks the
// holder absent from one instant to another.
func TestDeputyStandsInOnlyWhileAway(t *testing.T) {
	rules := testRules(t, "matter.cedar")
	storetest.Each(t, tables(), func(t *testing.T, db *store.DB) {
		l := newLending(t, db)
		ctx, office := t.Context(), l.made.Office
		if _, err := l.registry.Delegate(ctx, l.admin, NewDelegation{Key: "ab", Giver: l.leader, Taker: l.deputy, Post: l.leads, Standing: true, Reason: "AB角"}); err != nil {
			t.Fatal(err)
		}
		matter := Resource{Type: "Matter", ID: 1, Unit: office, Office: office, Kind: "docket.followup", Need: []string{Need(Leader, office)}}
		if v := l.may(rules, l.deputy, "matter.act", matter); v.Allowed {
			t.Errorf("while the holder is there: %+v", v)
		}
		from, to := l.at("2026-11-23 12:00"), l.at("2026-11-23 18:00")
		_, err := l.registry.MarkAbsent(ctx, Principal{Person: l.leader}, NewAbsence{Key: "away", Since: from, Until: to, Reason: "开会"})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			at   time.Time
			want bool
		}{{from.Add(-time.Microsecond), false}, {from, true}, {to.Add(-time.Microsecond), true}, {to, false}} {
			l.clock.Set(c.at)
			if v := l.may(rules, l.deputy, "matter.act", matter); v.Allowed != c.want || c.want && v.Behalf != l.leader {
				t.Errorf("at %s: %+v", c.at.Format(time.RFC3339Nano), v)
			}
		}
		again, err := l.registry.MarkAbsent(ctx, Principal{Person: l.leader}, NewAbsence{Key: "again", Until: to.AddDate(0, 0, 1), Reason: "开会"})
		if err != nil {
			t.Fatal(err)
		}
		if v := l.may(rules, l.deputy, "matter.act", matter); !v.Allowed {
			t.Errorf("away again: %+v", v)
		}
		if err := l.registry.EndAbsence(ctx, Principal{Person: l.leader}, "back", again); err != nil {
			t.Fatal(err)
		}
		if v := l.may(rules, l.deputy, "matter.act", matter); v.Allowed {
			t.Errorf("after the holder came back: %+v", v)
		}
	})
}

// TestDelegateRefuses lists what may not be delegated, by whom and to whom.
func TestDelegateRefuses(t *testing.T) {
	storetest.Each(t, tables(), func(t *testing.T, db *store.DB) {
		l := newLending(t, db)
		ctx := t.Context()
		tomorrow := l.at("2026-11-24 00:00")
		good := NewDelegation{Giver: l.leader, Taker: l.deputy, Until: tomorrow, Reason: "出差"}
		with := func(f func(*NewDelegation)) NewDelegation {
			d := good
			f(&d)
			return d
		}
		suspended := l.person(t, "gone")
		if _, err := l.registry.AddPost(ctx, l.admin, NewPost{Key: "gone", Person: suspended, Unit: l.bureau, Duty: Clerk}); err != nil {
			t.Fatal(err)
		}
		if err := l.registry.SetStatus(ctx, l.admin, "off", suspended, Suspended, false); err != nil {
			t.Fatal(err)
		}
		if _, err := l.registry.Delegate(ctx, Principal{Person: l.leader}, with(func(d *NewDelegation) { d.Key = "first"; d.Post = l.leads })); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			who   int64
			in    NewDelegation
			kind  fault.Kind
			field string
		}{
			"for another":             {l.clerk, good, fault.Forbidden, ""},
			"by an administrator":     {l.made.Person, good, fault.Forbidden, ""},
			"handed on":               {l.deputy, with(func(d *NewDelegation) { d.Taker = l.clerk }), fault.Forbidden, ""},
			"to himself":              {l.leader, with(func(d *NewDelegation) { d.Taker = l.leader }), fault.Invalid, "taker"},
			"to a suspended person":   {l.leader, with(func(d *NewDelegation) { d.Taker = suspended }), fault.Invalid, "taker"},
			"to a citizen":            {l.leader, with(func(d *NewDelegation) { d.Taker = l.citizen }), fault.Invalid, "taker"},
			"to nobody":               {l.leader, with(func(d *NewDelegation) { d.Taker = 9999 }), fault.Invalid, "taker"},
			"work to an auditor":      {l.leader, with(func(d *NewDelegation) { d.Taker = l.auditor }), fault.Invalid, "taker"},
			"auditing to one at work": {l.auditor, with(func(d *NewDelegation) { d.Giver = l.auditor }), fault.Invalid, "taker"},
			"another's post":          {l.leader, with(func(d *NewDelegation) { d.Post = l.section }), fault.Invalid, "post"},
			"without end":             {l.leader, with(func(d *NewDelegation) { d.Until = time.Time{} }), fault.Invalid, "until"},
			"turned round":            {l.leader, with(func(d *NewDelegation) { d.Since = tomorrow.Add(time.Hour) }), fault.Invalid, "until"},
			"empty time":              {l.leader, with(func(d *NewDelegation) { d.Since = tomorrow }), fault.Invalid, "until"},
			"over":                    {l.leader, with(func(d *NewDelegation) { d.Since = l.at("2026-11-23 00:00"); d.Until = l.at("2026-11-23 08:00") }), fault.Invalid, "until"},
			"long ago":                {l.leader, with(func(d *NewDelegation) { d.Since = l.at("2026-11-01 00:00") }), fault.Invalid, "since"},
			"for years":               {l.leader, with(func(d *NewDelegation) { d.Until = l.at("2027-12-01 00:00") }), fault.Invalid, "until"},
			"without reason":          {l.leader, with(func(d *NewDelegation) { d.Reason = " 差 " }), fault.Invalid, "reason"},
			"odd kind":                {l.leader, with(func(d *NewDelegation) { d.Kinds = []string{"a b"} }), fault.Invalid, "kinds"},
			"the same twice":          {l.leader, with(func(d *NewDelegation) { d.Post = l.leads }), fault.Conflict, ""},
		} {
			c.in.Key = "refuse " + name
			_, err := l.registry.Delegate(ctx, Principal{Person: c.who}, c.in)
			f := fault.Of(err)
			if kindOf(err) != c.kind || c.field != "" && (len(f.Fields) != 1 || f.Fields[0].Path != c.field) {
				t.Errorf("%s: %v %+v", name, err, f)
			}
			if strings.Contains(f.Error(), "9999") {
				t.Errorf("%s: repeats a value", name)
			}
		}
		// Only the giver or an administrator ends it; the delegate cannot even by it.
		given := l.book.Now().Delegations()[0].ID
		for who, want := range map[int64]fault.Kind{l.deputy: fault.Forbidden, l.clerk: fault.Forbidden, l.made.Person: ""} {
			if want != "" {
				if err := l.registry.Undelegate(ctx, Principal{Person: who}, fmt.Sprint("end", who), given); kindOf(err) != want {
					t.Errorf("ended by %d: %v", who, err)
				}
			}
		}
		if err := l.registry.Undelegate(ctx, l.admin, "end", given); err != nil {
			t.Fatal(err)
		}
		if err := l.registry.Undelegate(ctx, l.admin, "end again", given); kindOf(err) != fault.Conflict {
			t.Errorf("ended twice: %v", err)
		}
	})
}

// TestDelegatedAdministrationBearsBothNames lets a delegate of the administrator
// add a unit: the event says for whom.
func TestDelegatedAdministrationBearsBothNames(t *testing.T) {
	storetest.Each(t, tables(), func(t *testing.T, db *store.DB) {
		l := newLending(t, db)
		ctx := t.Context()
		if _, err := l.registry.Delegate(ctx, l.admin, NewDelegation{Key: "d", Taker: l.deputy, Until: l.at("2026-11-24 00:00"), Reason: "培训"}); err != nil {
			t.Fatal(err)
		}
		id, err := l.registry.AddUnit(ctx, Principal{Person: l.deputy}, NewUnit{Key: "u", Parent: l.made.City, Kind: Bureau, Name: fault.T("市教育局", "Education")})
		if err != nil {
			t.Fatal(err)
		}
		if e, err := event.At(ctx, db, id); err != nil || e.Actor != l.deputy || e.Behalf != l.made.Person {
			t.Errorf("%+v %v", e.Envelope, err)
		}
		if _, err := l.registry.MarkAbsent(ctx, Principal{Person: l.deputy}, NewAbsence{Key: "a", Person: l.leader, Until: l.at("2026-11-24 00:00"), Reason: "开会"}); kindOf(err) != fault.Forbidden {
			t.Errorf("a delegate marked somebody absent: %v", err)
		}
	})
}

// TestNobodyConveysMoreThanHeHas: what a delegation allows, its giver may do
// himself, on the same resource and at the same instant; and a snapshot says the
// same for as long as it claims to be true.
func TestNobodyConveysMoreThanHeHas(t *testing.T) {
	rules := testRules(t, "matter.cedar", "secret.cedar")
	lent := 0
	rapid.Check(t, func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 3))
		w := newWorld(t, r)
		late, err := newDirectory(1, time.UnixMicro(w.dir.until-1), w.dir.rows)
		if err != nil {
			rt.Fatal(err)
		}
		for i := range 200 {
			res := w.resource(r, int64(i+1))
			for _, p := range w.people {
				for _, action := range rules.Actions() {
					v, _ := rules.Require(w.dir, Principal{Person: p.ID}, action, res)
					if again, _ := rules.Require(late, Principal{Person: p.ID}, action, res); again.Allowed != v.Allowed || again.Behalf != v.Behalf && v.Behalf == 0 {
						rt.Fatalf("the last instant of the snapshot differs: %+v %+v", v, again)
					}
					if v.Behalf == 0 {
						continue
					}
					lent++
					if own, _ := rules.Require(w.dir, Principal{Person: v.Behalf}, action, res); !own.Allowed {
						rt.Fatalf("%d acts for %d, who may not: %s %+v", p.ID, v.Behalf, action, res)
					}
					g := w.given[slices.IndexFunc(w.given, func(g Delegation) bool { return g.ID == v.Delegation })]
					if g.Taker != p.ID || g.Giver != v.Behalf || len(w.lent(g)) == 0 {
						rt.Fatalf("the verdict names a delegation not in force: %+v", g)
					}
				}
			}
		}
	})
	if lent < 20 {
		t.Errorf("only %d verdicts rested on a delegation", lent)
	}
}
