package auth

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

const today = "2026-11-23"

// world is a small random city with everything that posts can differ in.
type world struct {
	units  []Unit
	people []Person
	posts  []Post
	dir    *Directory
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
	dir, err := NewDirectory(1, today, w.units, w.people, w.posts)
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
