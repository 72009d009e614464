package link

import (
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// adding writes edges by the event at pos.
type adding struct {
	pos   int64
	edges []Edge
}

func (c *adding) Load(g *store.Group) {
	for _, e := range c.edges {
		Load(g, e)
	}
}

func (c *adding) Decide(g *store.Group) error {
	for _, e := range c.edges {
		Add(g, e, c.pos)
	}
	return nil
}

// TestAddTwice: an edge that exists stays as it was, within one act and by a
// later one; another relation between the same two is an edge of its own.
func TestAddTwice(t *testing.T) {
	storetest.Each(t, []fs.FS{Migrations()}, func(t *testing.T, db *store.DB) {
		e := Edge{1, TurnInto, 2}
		for _, c := range []*adding{{10, []Edge{e, e}}, {11, []Edge{e}}, {12, []Edge{{1, Assign, 2}}}} {
			if err := db.Write(t.Context(), c); err != nil {
				t.Fatalf("by event %d: %v", c.pos, err)
			}
		}
		got, err := Trace(t.Context(), db, 1, 1, 10)
		want := []Made{{e, 10}, {Edge{1, Assign, 2}, 12}}
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("%v, %v", got, err)
		}
	})
}

// TestTrace walks 1 → 2 → 3 → 1 and 4 → 2 from each end: both directions,
// nearest first, each edge once, no further than asked and no more than asked.
func TestTrace(t *testing.T) {
	storetest.Each(t, []fs.FS{Migrations()}, func(t *testing.T, db *store.DB) {
		a, b, ring, side := Edge{1, Basis, 2}, Edge{2, Handle, 3}, Edge{3, Respond, 1}, Edge{4, Quote, 2}
		for i, e := range []Edge{a, b, ring, side} {
			if err := db.Write(t.Context(), &adding{int64(10 + i), []Edge{e}}); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct {
			name         string
			id           int64
			depth, limit int
			want         []Edge
		}{
			{"forwards and backwards", 2, 1, 10, []Edge{a, b, side}},
			{"from the target", 4, 1, 10, []Edge{side}},
			{"two steps", 4, 2, 10, []Edge{side, a, b}},
			{"round the ring once", 1, 9, 10, []Edge{a, ring, b, side}},
			{"no more than asked", 1, 9, 2, []Edge{a, ring}},
			{"nothing is asked", 1, 0, 10, nil},
			{"nothing there", 5, 9, 10, nil},
		} {
			made, err := Trace(t.Context(), db, c.id, c.depth, c.limit)
			if err != nil {
				t.Fatal(err)
			}
			var got []Edge
			for _, m := range made {
				got = append(got, m.Edge)
			}
			if !cmp.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		}
	})
}

func TestNames(t *testing.T) {
	seen := map[string]Rel{}
	for _, r := range []Rel{Basis, Quote, TurnInto, Assign, Handle, Evaluate, Respond} {
		name := r.Names()
		if name.ZH == "" || name.EN == "" || name.ZH == string(r) || seen[name.ZH] != "" {
			t.Errorf("%s is called %+v", r, name)
		}
		seen[name.ZH] = r
	}
	if got := Rel("other").Names(); got.ZH != "other" {
		t.Errorf("an unknown relation is called %+v", got)
	}
}
