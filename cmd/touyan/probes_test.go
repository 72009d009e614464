package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/store"
)

// visitKind is a matter that may be kept from a unit, as an unannounced visit is.
const visitKind = `
kind: probe.visit
version: 1
name: {zh: 暗访, en: Unannounced visit}
given: ask
sealed: {from: given.object, if: "has(data.given.object)", until: show}
forms:
  ask:
    type: object
    required: [title]
    additionalProperties: false
    properties:
      title: {type: string, x-zh: 事由, x-en: Matter}
      object: {type: string, x-zh: 对象, x-en: Object, x-widget: unit}
do:
  - step: show
    name: {zh: 公开, en: Show}
    who: {duty: liaison, of: unit, or: [{duty: supervisor, of: office}]}
    limit: 5wd
    acts:
      show: {name: {zh: 公开, en: Show}}
`

// seen is a matter as the reference model knows it: rows, read as they are.
type seen struct {
	id, office, unit, originator int64
	kind                         string
	need                         []string
	parties, sealed              []int64
}

// model is who may see what, written anew from the rows of posts, delegations and
// absences, without the rules, the snapshot or the predicates.
type model struct {
	parent  map[int64]int64
	runs    map[int64]bool
	posts   []auth.Post
	given   []auth.NewDelegation
	away    []auth.NewAbsence
	matters []seen
}

func (m *model) above(unit int64) (out []int64) {
	for ; unit != 0; unit = m.parent[unit] {
		out = append(out, unit)
	}
	return out
}

func (m *model) of(person int64) (out []auth.Post) {
	for _, p := range m.posts {
		if p.Person == person {
			out = append(out, p)
		}
	}
	return out
}

// lent gives the posts that a delegation conveys at an instant.
func (m *model) lent(g auth.NewDelegation, at time.Time) (out []auth.Post) {
	absent := slices.ContainsFunc(m.away, func(a auth.NewAbsence) bool { return a.Person == g.Giver && !at.Before(a.Since) && at.Before(a.Until) })
	if at.Before(g.Since) || !g.Until.IsZero() && !at.Before(g.Until) || g.Standing && !absent {
		return nil
	}
	for _, p := range m.of(g.Giver) {
		if g.Post == 0 || g.Post == p.ID {
			out = append(out, p)
		}
	}
	return out
}

// kept reports whether a matter is kept from a person: he has or is lent a post in
// a unit that it is sealed from, or below one.
func (m *model) kept(x seen, person int64, at time.Time) bool {
	posts := m.of(person)
	for _, g := range m.given {
		if g.Taker == person {
			posts = append(posts, m.lent(g, at)...)
		}
	}
	return slices.ContainsFunc(posts, func(p auth.Post) bool {
		return slices.ContainsFunc(m.above(p.Unit), func(u int64) bool { return slices.Contains(x.sealed, u) })
	})
}

// byPost reports whether a post gives sight of a matter.
func (m *model) byPost(x seen, p auth.Post) bool {
	switch p.Duty {
	case auth.Secretary, auth.Supervisor, auth.Leader, auth.Deputy, auth.Auditor:
		for _, u := range m.above(p.Unit) {
			if m.runs[u] {
				if u == x.office {
					return true
				}
				break
			}
		}
	case auth.Liaison, auth.Head, auth.Section:
		if slices.Contains(m.above(x.unit), p.Unit) {
			return true
		}
	}
	return slices.Contains(x.need, fmt.Sprintf("%s@%d", p.Duty, p.Unit))
}

// sees is the reference: may a person see a matter at an instant?
func (m *model) sees(x seen, person int64, at time.Time) bool {
	if m.kept(x, person, at) {
		return false
	}
	if x.originator == person || slices.Contains(x.parties, person) || slices.ContainsFunc(m.of(person), func(p auth.Post) bool { return m.byPost(x, p) }) {
		return true
	}
	for _, g := range m.given {
		posts := m.lent(g, at)
		if g.Taker != person || len(posts) == 0 || m.kept(x, g.Giver, at) || len(g.Kinds) > 0 && !slices.Contains(g.Kinds, x.kind) {
			continue
		}
		named := x.originator == g.Giver || slices.Contains(x.parties, g.Giver)
		if named && (g.Post == 0 || slices.Contains(m.above(posts[0].Unit), x.unit)) {
			return true
		}
		if slices.ContainsFunc(posts, func(p auth.Post) bool { return m.byPost(x, p) }) {
			return true
		}
	}
	return false
}

// probing is the city under test with its model.
type probing struct {
	*city
	model
	r      *rand.Rand
	staff  []string
	edges  []time.Time
	asked  int
	said   int
	titles map[int64]string
}

// TestProbes asks who sees what, person by person, at every edge of every
// delegation, of everything that reads: the matter itself, lists, counts, boards,
// searches, the live feed, and over HTTP lists, exports, trees, links and print.
// Each answer is compared with the reference model, also on matters kept from a
// unit. Short, it asks some thousands on both engines.
func TestProbes(t *testing.T) {
	size := struct{ people, matters, loans, over int }{16, 110, 12, 6}
	engines := []store.Engine{store.SQLite}
	if testing.Short() {
		size = struct{ people, matters, loans, over int }{3, 20, 3, 1}
		engines = append(engines, store.PostgreSQL)
	}
	for _, engine := range engines {
		t.Run(string(engine), func(t *testing.T) {
			p := &probing{city: newCity(t, engine), r: rand.New(rand.NewPCG(5, 20261123)), titles: map[int64]string{}}
			p.populate(size.people, size.loans)
			p.open(size.matters)
			p.read()
			for i, at := range p.edges {
				p.clock.Set(at)
				p.functions(at)
				if i%max(1, len(p.edges)/size.over) == 0 {
					p.http(at)
				}
				if t.Failed() {
					return
				}
			}
			t.Logf("%d probes at %d instants, %d seen; %d people, %d matters", p.asked, len(p.edges), p.said, len(p.staff), len(p.matters))
			if !testing.Short() && p.asked < 1_000_000 || p.said < p.asked/50 || p.said > p.asked*3/4 {
				t.Errorf("%d probes, %d seen: too few or too much alike", p.asked, p.said)
			}
		})
	}
}

// populate hires people and lends their posts at random.
func (p *probing) populate(people, loans int) {
	ctx, admin, reg := p.t.Context(), p.who("admin"), p.prog.Registry
	p.parent, p.runs = map[int64]int64{}, map[int64]bool{p.city.office: true}
	units := []int64{p.city.office, p.bureau, p.section, p.other}
	for i := range people {
		login := fmt.Sprintf("p%d", i)
		id, err := reg.AddPerson(ctx, admin, auth.NewPerson{Key: p.key(), Login: login, Name: fault.T("职员"+login, login), Password: cityPassword})
		p.must(err)
		p.people[login] = id
		for range 1 + p.r.IntN(2) {
			duty := []auth.Duty{auth.Secretary, auth.Supervisor, auth.Leader, auth.Liaison, auth.Head, auth.Section, auth.Clerk, auth.Clerk}[p.r.IntN(8)]
			_, err := reg.AddPost(ctx, admin, auth.NewPost{Key: p.key(), Person: id, Unit: units[p.r.IntN(len(units))], Duty: duty})
			if err != nil && !fault.Is(err, fault.Conflict) {
				p.t.Fatal(err)
			}
		}
		p.signIn(login)
	}
	dir := p.prog.Book.Now()
	for _, u := range dir.Units() {
		p.parent[u.ID] = u.Parent
	}
	for login := range p.city.people {
		p.model.posts = append(p.model.posts, dir.PostsOf(p.people[login], dir.Day())...)
		if login != "guest" {
			p.staff = append(p.staff, login)
		}
	}
	slices.Sort(p.staff)
	start := p.clock.Now()
	minute := func(n int) time.Time { return start.Add(time.Duration(n) * time.Minute) }
	for range loans {
		giver := fmt.Sprintf("p%d", p.r.IntN(people))
		in := auth.NewDelegation{Key: p.key(), Giver: p.people[giver], Taker: p.people[fmt.Sprintf("p%d", p.r.IntN(people))], Since: minute(1 + p.r.IntN(60)), Reason: "试验"}
		in.Until = in.Since.Add(time.Duration(1+p.r.IntN(90)) * time.Minute)
		in.Standing = p.r.IntN(4) == 0
		if held := p.of(in.Giver); p.r.IntN(2) == 0 && len(held) > 0 {
			in.Post = held[p.r.IntN(len(held))].ID
		}
		if p.r.IntN(3) == 0 {
			in.Kinds = []string{[]string{"probe.visit", docket.FollowUp}[p.r.IntN(2)]}
		}
		if _, err := reg.Delegate(ctx, p.who(giver), in); err != nil {
			if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Conflict) {
				p.t.Fatal(err)
			}
			continue
		}
		p.given = append(p.given, in)
		p.edges = append(p.edges, in.Since, in.Since.Add(-time.Microsecond), in.Until, in.Until.Add(-time.Microsecond))
	}
	for i := range people / 3 {
		who := fmt.Sprintf("p%d", i)
		a := auth.NewAbsence{Key: p.key(), Person: p.people[who], Since: minute(10 + p.r.IntN(40)), Until: minute(60 + p.r.IntN(60)), Reason: "休假"}
		_, err := reg.MarkAbsent(ctx, p.who(who), a)
		p.must(err)
		p.away = append(p.away, a)
		p.edges = append(p.edges, a.Since, a.Since.Add(-time.Microsecond), a.Until)
	}
	slices.SortFunc(p.edges, time.Time.Compare)
	p.edges = slices.CompactFunc(p.edges, time.Time.Equal)
}

// open begins matters, a third of them kept from a unit.
func (p *probing) open(n int) {
	ctx := p.t.Context()
	_, err := matter.Publish(ctx, p.prog.DB, p.clock, []matter.Source{{File: "visit.yaml", Text: visitKind}})
	p.must(err)
	p.must(p.prog.Desk.CatchUp(ctx))
	units := []int64{p.city.office, p.bureau, p.section, p.other}
	for i := range n {
		title := fmt.Sprintf("探查事项%04d", i)
		in := matter.Opening{Kind: "probe.visit", Title: title, Office: p.city.office, Unit: units[p.r.IntN(4)], Given: map[string]any{"title": title}, Key: p.key()}
		if i%3 == 0 {
			in.Given["object"] = fmt.Sprint(units[1+p.r.IntN(3)])
		}
		if i%4 == 0 {
			in.Kind, in.Unit, in.Given = docket.FollowUp, 0, map[string]any{"title": title, "content": title}
		}
		if p.r.IntN(3) == 0 {
			in.Originator = p.people[p.staff[p.r.IntN(len(p.staff))]]
		}
		_, err := p.prog.Desk.Open(ctx, p.who("secretary"), in)
		p.must(err)
	}
}

// read fills the model's matters from the rows.
func (p *probing) read() {
	ctx, db := p.t.Context(), p.prog.DB
	var err error
	p.matters, err = store.Collect(ctx, db, func(row store.Scanner) (x seen, err error) {
		var title string
		err = row.Scan(&x.id, &x.kind, &x.office, &x.unit, &x.originator, &title)
		p.titles[x.id] = title
		return x, err
	}, "SELECT id, kind, office, unit, originator, title FROM matter ORDER BY id")
	p.must(err)
	for i := range p.matters {
		x := &p.matters[i]
		ids := func(query string) []int64 {
			out, err := store.Collect(ctx, db, func(row store.Scanner) (id int64, err error) { return id, row.Scan(&id) }, query, x.id)
			p.must(err)
			return out
		}
		x.parties = ids("SELECT person FROM matter_party WHERE matter = ? ORDER BY person")
		x.sealed = ids("SELECT unit FROM matter_seal WHERE matter = ? ORDER BY unit")
		x.need, err = store.Collect(ctx, db, func(row store.Scanner) (need string, err error) { return need, row.Scan(&need) },
			"SELECT need FROM task WHERE matter = ? AND need <> '' ORDER BY need", x.id)
		p.must(err)
	}
}

// expect compares what one endpoint showed with the model, matter by matter.
func (p *probing) expect(who, endpoint string, at time.Time, shown func(seen) bool, among func(seen) bool) {
	for _, x := range p.matters {
		want, got := among(x) && p.sees(x, p.people[who], at), shown(x)
		p.asked++
		if want {
			p.said++
		}
		if want != got {
			p.t.Errorf("%s at %s, %s: matter %d (%s, unit %d, sealed %v): shown %v, the model says %v",
				who, at.In(clock.Shanghai()).Format("15:04:05.000000"), endpoint, x.id, x.kind, x.unit, x.sealed, got, want)
			return
		}
	}
}

func every(seen) bool { return true }

// functions asks what stands behind the endpoints.
func (p *probing) functions(at time.Time) {
	ctx, desk := p.t.Context(), p.prog.Desk
	var log []event.Envelope
	for _, x := range p.matters {
		log = append(log, event.Envelope{Kind: x.kind + "/open", Subject: x.id})
	}
	for _, who := range p.staff {
		pr := p.who(who)
		p.expect(who, "get", at, func(x seen) bool { _, err := desk.Get(ctx, pr, x.id); return err == nil }, every)
		for _, f := range []matter.Filter{{}, {Kind: "probe.visit"}, {Unit: p.bureau}, {Status: matter.Open}, {Query: "探查事项00"}} {
			among := func(x seen) bool {
				return (f.Kind == "" || x.kind == f.Kind) && (f.Unit == 0 || x.unit == f.Unit) && strings.Contains(p.titles[x.id], f.Query)
			}
			ids := map[int64]bool{}
			for f.Limit = 200; ; {
				page, err := desk.List(ctx, pr, f)
				p.must(err)
				for _, m := range page.Matters {
					ids[m.ID] = true
				}
				if f.Before = page.Next; page.Next == 0 {
					break
				}
			}
			f.Before = 0
			p.expect(who, fmt.Sprintf("list %+v", f), at, func(x seen) bool { return ids[x.id] }, among)
			n, err := desk.CountMatters(ctx, pr, f, 9999)
			p.must(err)
			if n != len(ids) {
				p.t.Errorf("%s: %d counted, %d listed, %+v", who, n, len(ids), f)
			}
		}
		board, err := desk.Board(ctx, pr, "probe.visit", 0, 9999)
		p.must(err)
		total := 0
		for _, s := range board {
			total += s.Count
		}
		for _, x := range p.matters {
			if x.kind == "probe.visit" && p.sees(x, pr.Person, at) {
				total--
			}
		}
		if total != 0 {
			p.t.Errorf("%s at %s: the board counts %d too many", who, at, total)
		}
		moved, err := desk.Moved(ctx, pr, log)
		p.must(err)
		p.expect(who, "live", at, func(x seen) bool { return slices.Contains(moved, x.id) }, every)
	}
}

// http asks the endpoints themselves.
func (p *probing) http(at time.Time) {
	for _, who := range p.staff {
		cl := p.clients[who]
		ids := map[int64]bool{}
		for _, group := range []string{"mine", "unit"} { // a task is only ever shown to who sees its matter
			_, body := cl.do("GET", "/api/inbox?group="+group, nil)
			var in struct {
				Items  []struct{ Matter int64 }
				Counts map[string]int
			}
			p.must(json.Unmarshal(body, &in))
			if n := in.Counts[group]; n != len(in.Items) {
				p.t.Errorf("%s: the inbox (%s) counts %d and shows %d", who, group, n, len(in.Items))
			}
			for _, task := range in.Items {
				i := slices.IndexFunc(p.matters, func(x seen) bool { return x.id == task.Matter })
				if i >= 0 && !p.sees(p.matters[i], p.people[who], at) {
					p.t.Errorf("%s: the inbox (%s) shows matter %d", who, group, task.Matter)
				}
			}
		}
		for cursor := ""; ; {
			_, body := cl.do("GET", "/api/matters?all=1&limit=200&cursor="+cursor, nil)
			var page struct {
				Items []struct{ ID int64 }
				Next  string
			}
			p.must(json.Unmarshal(body, &page))
			for _, row := range page.Items {
				ids[row.ID] = true
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		p.expect(who, "GET /api/matters", at, func(x seen) bool { return ids[x.id] }, every)
		for range 4 {
			x := p.matters[p.r.IntN(len(p.matters))]
			for _, tail := range []string{"", "/tree", "/provenance", "/papers"} {
				status, body := cl.do("GET", fmt.Sprintf("/api/matters/%d%s", x.id, tail), nil)
				p.asked++
				if want := p.sees(x, p.people[who], at); want != (status == http.StatusOK) || !want && strings.Contains(string(body), p.titles[x.id]) {
					p.t.Errorf("%s GET %s of %d: %d, the model says %v", who, tail, x.id, status, want)
				}
			}
		}
	}
}
