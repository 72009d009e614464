package auth

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"touyan.dev/touyan/kernel/clock"
)

const today = "2026-11-23"

// world is a small random city with everything that posts can differ in.
type world struct {
	units  []Unit
	people []Person
	posts  []Post
	given  []Delegation
	away   []Absence
	dir    *Directory
}

// noon is the instant of a world, in the middle of today.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, clock.Shanghai())

// delegate gives and names who may act for whom, as it should be and as it
// should not.
func (w *world) delegate(r *rand.Rand) {
	now := noon.UnixMicro()
	for id := int64(2001); id <= 2003+r.Int64N(6); id++ {
		giver := pick(r, w.people...).ID
		g := Delegation{ID: id, Giver: giver, Taker: pick(r, w.people...).ID, Since: pick(r, now-1, now-1, now, now+1), Until: pick(r, now, now+1, now+1, now+9), Standing: r.IntN(3) == 0}
		if g.Taker == giver {
			continue
		}
		for _, p := range w.posts {
			if p.Person == giver && r.IntN(2) == 0 {
				g.Post = p.ID
			}
		}
		if g.Standing {
			g.Until = pick(r, 0, g.Until)
		}
		if r.IntN(3) == 0 {
			g.Kinds = []string{pick(r, "petition", "followup")}
		}
		if r.IntN(8) == 0 {
			g.Ended = pick(r, now-1, now, now+1)
		}
		w.given = append(w.given, g)
	}
	for id, p := range w.people {
		if r.IntN(2) == 0 {
			w.away = append(w.away, Absence{ID: int64(3001 + id), Person: p.ID, Since: pick(r, now-1, now, now+1), Until: pick(r, now, now+1, now+1), Ended: pick(r, 0, 0, 0, now)})
		}
	}
}

// lent lists the posts that a delegation conveys at noon, from the rows alone.
func (w *world) lent(g Delegation) (out []Post) {
	now := noon.UnixMicro()
	if g.Ended != 0 || now < g.Since || g.Until != 0 && now >= g.Until {
		return nil
	}
	active := map[int64]bool{}
	for _, p := range w.people {
		active[p.ID] = p.Status == Active
	}
	away := false
	for _, a := range w.away {
		away = away || a.Person == g.Giver && a.Ended == 0 && a.Since <= now && now < a.Until
	}
	if !active[g.Giver] || !active[g.Taker] || g.Standing && !away {
		return nil
	}
	audits, works := false, false
	for _, p := range w.posts {
		if p.Person == g.Taker && p.From <= today && (p.To == "" || today <= p.To) {
			audits, works = audits || p.Duty == Auditor, works || p.Duty != Auditor
		}
	}
	for _, p := range w.posts {
		held := p.Person == g.Giver && p.From <= today && (p.To == "" || today <= p.To)
		if held && (g.Post == 0 || g.Post == p.ID) && (p.Duty != Auditor || !works) && (p.Duty == Auditor || !audits) {
			out = append(out, p)
		}
	}
	return out
}

// belongs lists the units in which a person has posts, of his own or lent to him,
// and all above them.
func (w *world) belongs(person int64, parent map[int64]int64) (out []int64) {
	posts := []Post{}
	for _, p := range w.posts {
		if p.Person == person && p.From <= today && (p.To == "" || today <= p.To) {
			posts = append(posts, p)
		}
	}
	for _, g := range w.given {
		if g.Taker == person {
			posts = append(posts, w.lent(g)...)
		}
	}
	for _, p := range posts {
		for unit := p.Unit; unit != 0; unit = parent[unit] {
			out = append(out, unit)
		}
	}
	return out
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

func newWorld(t testing.TB, r *rand.Rand) *world {
	t.Helper()
	w := &world{units: []Unit{{ID: 1, Level: CityLevel, Kind: Other}}}
	for id := int64(2); id <= 10+r.Int64N(6); id++ {
		parent := w.units[r.IntN(len(w.units))]
		kind := pick(r, Kinds()...)
		w.units = append(w.units, Unit{ID: id, Parent: parent.ID, Level: parent.Level.below(kind), Kind: kind})
	}
	for id := int64(101); id <= 106+r.Int64N(4); id++ {
		w.people = append(w.people, Person{ID: id, Status: pick(r, Active, Active, Active, Active, Active, Suspended)})
	}
	for id := int64(1001); id <= 1008+r.Int64N(12); id++ {
		w.posts = append(w.posts, Post{
			ID: id, Person: pick(r, w.people...).ID, Unit: pick(r, w.units...).ID, Duty: pick(r, Duties()...),
			From: pick(r, "2020-01-01", "2020-01-01", today, "2026-11-24"), To: pick(r, "", "", today, "2026-11-22", "2030-01-01"),
		})
	}
	w.delegate(r)
	dir, err := newDirectory(1, noon, rows{w.units, w.people, w.posts, w.given, w.away})
	if err != nil {
		t.Fatal(err)
	}
	w.dir = dir
	return w
}

// resource makes a random matter; what is not set is as likely as not.
func (w *world) resource(r *rand.Rand, id int64) Resource {
	unit := func() int64 { return pick(r, 0, pick(r, w.units...).ID, pick(r, w.units...).ID, 99) }
	person := func() int64 { return pick(r, 0, pick(r, w.people...).ID, 199) }
	res := Resource{
		Type: "Matter", ID: id, Unit: unit(), Office: unit(), Originator: person(), Named: person(),
		Kind: pick(r, "", "petition", "followup"), Class: pick(r, "", "inner", "secret"),
	}
	for range r.IntN(3) {
		res.Parties = append(res.Parties, pick(r, w.people...).ID)
	}
	for range max(0, r.IntN(5)-2) {
		res.Sealed = append(res.Sealed, pick(r, w.units...).ID)
		res.Apart = append(res.Apart, pick(r, w.people...).ID)
	}
	for range r.IntN(3) {
		p := pick(r, w.posts...)
		res.Need = append(res.Need, pick(r, Need(p.Duty, p.Unit), Need(pick(r, Duties()...), p.Unit)))
	}
	return res
}

// grants writes every right that the matter rules give as a policy that names
// the person, from the rows alone.
func (w *world) grants() string {
	var b strings.Builder
	read, act := `Action::"matter.read"`, `Action::"matter.act"`
	parent, kind := map[int64]int64{}, map[int64]Kind{}
	for _, u := range w.units {
		parent[u.ID], kind[u.ID] = u.Parent, u.Kind
	}
	for _, p := range w.people {
		who := fmt.Sprintf(`Person::"%d"`, p.ID)
		if p.Status != Active {
			fmt.Fprintf(&b, "forbid(principal == %s, action, resource);\n", who)
		}
		fmt.Fprintf(&b, "permit(principal == %s, action == %s, resource) when { resource.originator == %s };\n", who, read, who)
		fmt.Fprintf(&b, "permit(principal == %s, action == %s, resource) when { resource.parties.contains(%s) };\n", who, read, who)
		fmt.Fprintf(&b, "permit(principal == %s, action == %s, resource) when { resource.named == %s };\n", who, act, who)
		fmt.Fprintf(&b, "forbid(principal == %s, action == %s, resource) when { resource.apart.contains(%s) };\n", who, act, who)
		for _, unit := range w.belongs(p.ID, parent) {
			fmt.Fprintf(&b, "forbid(principal == %s, action, resource) when { resource.sealed.contains(Unit::\"%d\") };\n", who, unit)
		}
	}
	audits := map[int64]bool{}
	for _, p := range w.posts {
		if p.From <= today && (p.To == "" || today <= p.To) {
			audits[p.Person] = audits[p.Person] || p.Duty == Auditor
		}
	}
	for _, g := range w.given {
		w.grantLent(&b, g, parent, kind, audits[g.Giver])
	}
	for _, p := range w.posts {
		if p.From > today || p.To != "" && p.To < today {
			continue
		}
		who := fmt.Sprintf(`Person::"%d"`, p.Person)
		fmt.Fprintf(&b, "permit(principal == %s, action == %s, resource) when { resource.need.contains(\"%s@%d\") };\n", who, act, p.Duty, p.Unit)
		switch p.Duty {
		case Liaison, Head, Section:
			fmt.Fprintf(&b, "permit(principal == %s, action == %s, resource) when { resource.unit in Unit::\"%d\" };\n", who, read, p.Unit)
		case Auditor:
			fmt.Fprintf(&b, "forbid(principal == %s, action == %s, resource);\n", who, act)
			fallthrough
		case Secretary, Supervisor, Leader, Deputy:
			office := p.Unit
			for office != 0 && kind[office] != Office {
				office = parent[office]
			}
			if office != 0 {
				fmt.Fprintf(&b, "permit(principal == %s, action == %s, resource) when { resource.office == Unit::\"%d\" };\n", who, read, office)
			}
		}
	}
	return b.String()
}

// grantLent writes the rights that a delegation conveys.
func (w *world) grantLent(b *strings.Builder, g Delegation, parent map[int64]int64, kind map[int64]Kind, auditor bool) {
	posts := w.lent(g)
	if len(posts) == 0 {
		return
	}
	who, giver := fmt.Sprintf(`Person::"%d"`, g.Taker), fmt.Sprintf(`Person::"%d"`, g.Giver)
	permit := func(action, cond string) {
		if len(g.Kinds) > 0 {
			cond = fmt.Sprintf("(%s) && resource.kind == %q", cond, g.Kinds[0])
		}
		cond = "(" + cond + ")"
		for _, unit := range w.belongs(g.Giver, parent) {
			cond += fmt.Sprintf(` && !resource.sealed.contains(Unit::"%d")`, unit)
		}
		if action == "matter.act" {
			cond += fmt.Sprintf(` && !resource.apart.contains(%s)`, giver)
		}
		if action == "matter.act" && auditor { // nobody conveys what is forbidden to him
			return
		}
		fmt.Fprintf(b, "permit(principal == %s, action == Action::%q, resource) when { %s };\n", who, action, cond)
	}
	near := "true"
	if g.Post != 0 { // by name only in the post's unit and those above it
		near = "false"
		for unit := posts[0].Unit; unit != 0; unit = parent[unit] {
			near += fmt.Sprintf(` || resource.unit == Unit::"%d"`, unit)
		}
	}
	permit("matter.read", "("+near+") && (resource.originator == "+giver+" || resource.parties.contains("+giver+"))")
	permit("matter.act", "("+near+") && resource.named == "+giver)
	for _, p := range posts {
		permit("matter.act", fmt.Sprintf(`resource.need.contains("%s@%d")`, p.Duty, p.Unit))
		switch p.Duty {
		case Liaison, Head, Section:
			permit("matter.read", fmt.Sprintf(`resource.unit in Unit::"%d"`, p.Unit))
		case Secretary, Supervisor, Leader, Deputy, Auditor:
			office := p.Unit
			for office != 0 && kind[office] != Office {
				office = parent[office]
			}
			if office != 0 {
				permit("matter.read", fmt.Sprintf(`resource.office == Unit::"%d"`, office))
			}
		}
	}
}

func testRules(t testing.TB, files ...string) *Rules {
	t.Helper()
	var sources []Source
	for _, f := range files {
		text, err := os.ReadFile("testdata/" + f)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, Source{Name: f, Text: string(text)})
	}
	r, err := NewRules(sources...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
