package auth

import (
	"slices"
	"testing"
	"time"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

func TestDirectoryTree(t *testing.T) {
	d := smallCity(t)
	for _, c := range []struct {
		unit                  int64
		up, down              []int64
		enclosing, withOffice int64
	}{
		{1, []int64{1}, []int64{1, 2, 3, 5, 4}, 1, 0},
		{2, []int64{2, 1}, []int64{2, 5}, 2, 2},
		{3, []int64{3, 1}, []int64{3, 4}, 3, 0},
		{4, []int64{4, 3, 1}, []int64{4}, 3, 0},
		{5, []int64{5, 2, 1}, []int64{5}, 2, 2},
		{9, nil, nil, 0, 0},
	} {
		if got := d.Ancestors(c.unit); !slices.Equal(got, c.up) {
			t.Errorf("above %d: %v", c.unit, got)
		}
		if got := d.Descendants(c.unit); !slices.Equal(got, c.down) {
			t.Errorf("below %d: %v", c.unit, got)
		}
		if got := d.Enclosing(c.unit); got != c.enclosing {
			t.Errorf("%d lies in %d", c.unit, got)
		}
		if got := d.OfficeOf(c.unit); got != c.withOffice {
			t.Errorf("%d belongs to office %d", c.unit, got)
		}
	}
	if u, ok := d.UnitByKey("renshe"); !ok || u.ID != 3 {
		t.Errorf("renshe is %+v", u)
	}
	if _, ok := d.UnitByKey(""); ok {
		t.Error("units without a key are found by the empty key")
	}
	if d.Root() != 1 || len(d.Units()) != 5 || d.Units()[0].ID != 1 || len(d.People()) != 10 {
		t.Error("the lists are incomplete")
	}
}

func TestDirectoryPosts(t *testing.T) {
	d := smallCity(t,
		Post{Person: 101, Unit: 3, Duty: Head, From: today, To: today},
		Post{Person: 101, Unit: 3, Duty: Liaison, From: "2026-11-24"},
		Post{Person: 101, Unit: 4, Duty: Clerk, From: "2020-01-01", To: "2026-11-22"},
		Post{Person: 102, Unit: 3, Duty: Head, From: "2020-01-01"},
		Post{Person: 110, Unit: 3, Duty: Head, From: "2020-01-01"}, // suspended
	)
	idsOf := func(posts []Post) (out []int64) {
		for _, p := range posts {
			out = append(out, p.ID)
		}
		return out
	}
	for day, want := range map[string][]int64{"": {1002, 1000, 1001}, today: {1000}, "2026-11-22": {1002}, "2026-11-24": {1001}, "2019-01-01": nil} {
		if got := idsOf(d.PostsOf(101, day)); !slices.Equal(got, want) {
			t.Errorf("on %q: %v", day, got)
		}
	}
	if got := idsOf(d.Holders(Head, 3)); !slices.Equal(got, []int64{1000, 1003}) {
		t.Errorf("heads of 3: %v", got)
	}
	if d.Holds(101, Liaison, 3) || !d.Holds(101, Head, 3) || d.Holds(110, Head, 3) {
		t.Error("Holds and Holders differ")
	}
	if p, ok := d.Post(1003); !ok || p.Person != 102 {
		t.Errorf("post 1003: %+v", p)
	}
	next, err := d.on(noon.AddDate(0, 0, 1))
	if err != nil || !next.Holds(101, Liaison, 3) || next.Holds(101, Head, 3) || next.Version() != d.Version() {
		t.Errorf("a day later: %v", err)
	}
}

func TestNewDirectoryRefuses(t *testing.T) {
	person, unit := []Person{{ID: 7}}, Unit{ID: 1}
	for name, c := range map[string]struct {
		units []Unit
		posts []Post
	}{
		"two roots":         {[]Unit{unit, {ID: 2}}, nil},
		"no parent":         {[]Unit{unit, {ID: 2, Parent: 9}}, nil},
		"cycle":             {[]Unit{unit, {ID: 2, Parent: 3}, {ID: 3, Parent: 2}}, nil},
		"nothing but cycle": {[]Unit{{ID: 2, Parent: 3}, {ID: 3, Parent: 2}}, nil},
		"position 0":        {[]Unit{{ID: 0, Parent: 1}, unit}, nil},
		"post without unit": {[]Unit{unit}, []Post{{ID: 5, Person: 7, Unit: 2}}},
		"post of nobody":    {[]Unit{unit}, []Post{{ID: 5, Person: 8, Unit: 1}}},
	} {
		if _, err := NewDirectory(1, today, c.units, person, c.posts); !fault.Is(err, fault.Internal) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if d, err := NewDirectory(0, today, nil, nil, nil); err != nil || d.Root() != 0 {
		t.Errorf("an empty directory: %v", err)
	}
}

func TestNamesOfWords(t *testing.T) {
	for _, d := range Duties() {
		if n := d.Name(); n.ZH == "" || n.EN == "" || !d.Known() {
			t.Errorf("duty %q", d)
		}
	}
	for _, k := range Kinds() {
		if n := k.Name(); n.ZH == "" || n.EN == "" || !k.Known() {
			t.Errorf("kind %q", k)
		}
	}
	for _, l := range []Level{CityLevel, DistrictLevel, StreetLevel} {
		if n := l.Name(); n.ZH == "" || n.EN == "" {
			t.Errorf("level %q", l)
		}
	}
	if Duty("king").Known() || Kind("guild").Known() || (Level("moon").Name() != fault.Text{}) {
		t.Error("unknown words have names")
	}
}

// TestWriteGivesUp: a change that never finds its snapshot current is Busy, not
// an endless loop.
func TestWriteGivesUp(t *testing.T) {
	db := storetest.Open(t, store.SQLite, store.Options{}, tables()...)
	h := newHouse(t, db)
	old, err := NewDirectory(0, today, nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	tries := 0
	err = h.book.Write(t.Context(), func(*Directory) store.Change { tries++; return &look{dir: old} })
	if !fault.Is(err, fault.Busy) || tries < 2 {
		t.Errorf("%d tries, then %v", tries, err)
	}
	h.clock.Set(time.Date(2026, 11, 25, 0, 0, 0, 0, clock.Shanghai()))
	if d, err := h.book.Fresh(t.Context()); err != nil || d.Day() != "2026-11-25" {
		t.Errorf("two days later: %v", err)
	}
}
