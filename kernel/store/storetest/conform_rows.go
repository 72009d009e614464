package storetest

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

var errRefused = errors.New("refused by the rule")

// types: every portable type comes back as it went in.
func types(t *testing.T, db *store.DB) {
	table := things()
	want := []thing{
		{raw: []byte{}},
		{name: "澄川市人民政府办公室〔2026〕47号", amount: math.MaxInt64, ratio: 0.1, held: true, raw: []byte{0, 255, '\''}},
		{name: "𠮷é\t\n'\"\\?", amount: math.MinInt64, ratio: -math.MaxFloat64, raw: []byte("正文")},
		{name: strings.Repeat("长", 800), ratio: math.SmallestNonzeroFloat64, raw: make([]byte, 1<<15)},
	}
	for i, v := range want {
		write(t, db, put(table, int64(i), v))
	}
	for i, v := range want {
		got, rev, ok := read(t, db, int64(i))
		if !ok || rev != 1 {
			t.Fatalf("row %d: there %v, revision %d", i, ok, rev)
		}
		if d := cmp.Diff(v, got, cmp.AllowUnexported(thing{}), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("row %d: %s", i, d)
		}
		write(t, db, &change{
			load: func(g *store.Group) { store.Want(g, table, int64(i)) },
			decide: func(g *store.Group) error {
				loaded, ok := store.Get(g, table, int64(i))
				if d := cmp.Diff(v, loaded, cmp.AllowUnexported(thing{}), cmpopts.EquateEmpty()); d != "" || !ok {
					t.Errorf("row %d as a change loads it: %v %s", i, ok, d)
				}
				return nil
			},
		})
	}
}

// null: no column takes a NULL.
func null(t *testing.T, db *store.DB) {
	for i := range 5 {
		table := things()
		full := table.Args
		table.Args = func(v thing) []any {
			args := full(v)
			args[i] = nil
			return args
		}
		errs := together(t, db, put(table, 1, thing{}), add(things(), int64(i+10), 1))
		if errs[0] == nil || errs[1] != nil {
			t.Errorf("column %s: %v", table.Cols[i], errs)
		}
	}
	if n := count(t, db, "thing"); n != 5 {
		t.Fatalf("%d rows", n)
	}
}

// rows: insert, change, delete and insert again, and what later changes of the
// same group see of it.
func rows(t *testing.T, db *store.DB) {
	table := things()
	write(t, db, put(table, 1, thing{name: "one"}))
	write(t, db, add(table, 1, 5))
	if v, rev, _ := read(t, db, 1); v.amount != 5 || rev != 2 {
		t.Fatalf("after a change: %d at revision %d", v.amount, rev)
	}
	remove := func() *change {
		return &change{
			load:   func(g *store.Group) { store.Want(g, table, 1) },
			decide: func(g *store.Group) error { store.Delete(g, table, 1); return nil },
		}
	}
	absent := &change{
		load: func(g *store.Group) { store.Want(g, table, 1) },
		decide: func(g *store.Group) error {
			if _, ok := store.Get(g, table, 1); ok {
				return errors.New("the row deleted before in this group is there")
			}
			return nil
		},
	}
	for i, err := range together(t, db, add(table, 1, 1), remove(), absent) {
		if err != nil {
			t.Fatalf("change %d: %v", i, err)
		}
	}
	if _, _, ok := read(t, db, 1); ok {
		t.Fatal("the deleted row is there")
	}
	// New, changed and deleted within one group: nothing is left, nothing fails.
	for i, err := range together(t, db, put(table, 2, thing{}), add(table, 2, 1), &change{
		load:   func(g *store.Group) { store.Want(g, table, 2) },
		decide: func(g *store.Group) error { store.Delete(g, table, 2); return nil },
	}, put(table, 1, thing{name: "again"}), remove(), put(table, 1, thing{name: "third"})) {
		if err != nil {
			t.Fatalf("change %d: %v", i, err)
		}
	}
	if v, rev, ok := read(t, db, 1); !ok || v.name != "third" || rev != 1 {
		t.Fatalf("the row inserted again: %q at %d", v.name, rev)
	}
	if n := count(t, db, "thing"); n != 1 {
		t.Fatalf("%d rows", n)
	}
	write(t, db, remove())
	write(t, db, remove()) // deleting what is not there is no error
}

// fixedRows: a row is written once; its second writer is refused alone.
func fixedRows(t *testing.T, db *store.DB) {
	table := fixed()
	insert := func(id int64, text string) *change {
		return &change{decide: func(g *store.Group) error { store.Insert(g, table, id, text); return nil }}
	}
	write(t, db, insert(1, "first"))
	errs := together(t, db, insert(2, "two"), insert(1, "second"), insert(3, "three"))
	if errs[0] != nil || errs[1] == nil || errs[2] != nil {
		t.Fatalf("errors %v", errs)
	}
	write(t, db, &change{
		load: func(g *store.Group) { store.Want(g, table, 1) },
		decide: func(g *store.Group) error {
			if v, ok := store.Get(g, table, 1); !ok || v != "first" {
				t.Errorf("fixed row %q", v)
			}
			return nil
		},
	})
	if n := count(t, db, "fixed"); n != 3 {
		t.Fatalf("%d rows", n)
	}
}

// derivedRows: rows written over unread; a row that is not there cannot be
// deleted by mistake.
func derivedRows(t *testing.T, db *store.DB) {
	table := derived()
	key := pair{"甲?'", -7}
	write(t, db, &change{decide: func(g *store.Group) error { store.Insert(g, table, key, "one"); return nil }})
	write(t, db, &change{decide: func(g *store.Group) error {
		store.Insert(g, table, key, "two")
		store.Insert(g, table, key, "three")
		store.Insert(g, table, pair{"乙", 1}, "other")
		return nil
	}})
	var note string
	if err := db.QueryRow(t.Context(), "SELECT note FROM derived WHERE kind = ? AND n = ?", key.kind, key.n).Scan(&note); err != nil || note != "three" {
		t.Fatalf("written over: %q %v", note, err)
	}
	// Written over and deleted by one group, whether it was stored before or not.
	for _, k := range []pair{key, {"丁", 3}} {
		errs := together(t, db,
			&change{decide: func(g *store.Group) error { store.Insert(g, table, k, "four"); return nil }},
			&change{decide: func(g *store.Group) error { store.Delete(g, table, k); return nil }})
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(t, db, "derived"); n != 1 {
		t.Fatalf("%d rows after two were deleted by the group that wrote them", n)
	}
	write(t, db, &change{decide: func(g *store.Group) error { store.Insert(g, table, key, "five"); return nil }})
	refused := together(t, db,
		&change{decide: func(g *store.Group) error { store.Insert(g, table, key, "six"); return errRefused }},
		&change{decide: func(g *store.Group) error { store.Delete(g, table, key); return nil }})
	if !errors.Is(refused[0], errRefused) || refused[1] != nil || count(t, db, "derived") != 1 {
		t.Fatalf("deleted after a change that was taken back: %v, %d rows", refused, count(t, db, "derived"))
	}
	write(t, db, &change{decide: func(g *store.Group) error { store.Insert(g, table, key, "seven"); return nil }})
	write(t, db, &change{decide: func(g *store.Group) error { store.Delete(g, table, key); return nil }})
	errs := together(t, db,
		&change{decide: func(g *store.Group) error { store.Delete(g, table, key); return nil }},
		&change{decide: func(g *store.Group) error { store.Insert(g, table, pair{"丙", 2}, "kept"); return nil }})
	if errs[0] == nil || errs[1] != nil {
		t.Fatalf("a delete of no row: %v", errs)
	}
	if n := count(t, db, "derived"); n != 2 {
		t.Fatalf("%d rows", n)
	}
}

// revision: an update that names an old revision is refused, and takes nobody
// with it.
func revision(t *testing.T, db *store.DB) {
	table := things()
	write(t, db, put(table, 1, thing{amount: 1}))
	stale := things()
	stale.Scan = func(row store.Scanner, rev *int64) (int64, thing, error) {
		id, v, err := table.Scan(row, rev)
		*rev += 3
		return id, v, err
	}
	errs := together(t, db, add(table, 2, 1), add(stale, 1, 10), add(table, 3, 1))
	if errs[0] != nil || errs[1] == nil || errs[2] != nil {
		t.Fatalf("errors %v", errs)
	}
	if v, rev, _ := read(t, db, 1); v.amount != 1 || rev != 1 {
		t.Fatalf("the row was written over: %d at %d", v.amount, rev)
	}
	err := db.Write(t.Context(), &change{
		load:   func(g *store.Group) { store.Want(g, stale, 1) },
		decide: func(g *store.Group) error { store.Delete(g, stale, 1); return nil },
	})
	if err == nil {
		t.Fatal("a delete at an old revision was accepted")
	}
	if n := count(t, db, "thing"); n != 3 {
		t.Fatalf("%d rows", n)
	}
}

// halfDone: a Decide that fails half-way leaves nothing, and the changes after
// it in the group see what was before it.
func halfDone(t *testing.T, db *store.DB) {
	table, once, many := things(), fixed(), derived()
	write(t, db, put(table, 1, thing{name: "one"}))
	write(t, db, put(table, 2, thing{name: "two"}))
	want := func(g *store.Group) {
		for id := range int64(5) {
			store.Want(g, table, id)
			store.Want(g, once, id)
		}
	}
	mess := func(end func() error) *change {
		return &change{load: want, decide: func(g *store.Group) error {
			store.Put(g, table, 1, thing{name: "spoilt"})
			store.Put(g, table, 1, thing{name: "spoilt twice"})
			store.Delete(g, table, 2)
			store.Insert(g, table, 3, thing{name: "new"})
			store.Delete(g, table, 3)
			store.Insert(g, table, 3, thing{name: "new again"})
			store.Note(g, table, 4, thing{name: "noted"})
			store.Insert(g, once, 1, "new")
			store.Insert(g, many, pair{"a", 1}, "new")
			*store.Local(g, "sum", func() *int { return new(int) }) = 7
			g.OnUndo(func() { *store.Local(g, "sum", func() *int { return new(int) }) = 0 })
			return end()
		}}
	}
	look := &change{load: want, decide: func(g *store.Group) error {
		v1, ok1 := store.Get(g, table, 1)
		v2, ok2 := store.Get(g, table, 2)
		_, ok3 := store.Get(g, table, 3)
		_, ok4 := store.Get(g, table, 4)
		_, once1 := store.Get(g, once, 1)
		sum := *store.Local(g, "sum", func() *int { return new(int) })
		if v1.name != "one" || !ok1 || v2.name != "two" || !ok2 || ok3 || ok4 || once1 || sum != 0 {
			t.Errorf("left behind: %q %v %q %v %v %v %v %d", v1.name, ok1, v2.name, ok2, ok3, ok4, once1, sum)
		}
		store.Put(g, table, 1, thing{name: "after"})
		return nil
	}}
	errs := together(t, db, mess(func() error { return errRefused }), look, mess(func() error { panic("in the middle") }))
	if !errors.Is(errs[0], errRefused) || errs[1] != nil || !fault.Is(errs[2], fault.Internal) {
		t.Fatalf("errors %v", errs)
	}
	v1, rev1, _ := read(t, db, 1)
	v2, rev2, _ := read(t, db, 2)
	if v1.name != "after" || rev1 != 2 || v2.name != "two" || rev2 != 1 {
		t.Fatalf("stored %q at %d, %q at %d", v1.name, rev1, v2.name, rev2)
	}
	if things, fixed, derived := count(t, db, "thing"), count(t, db, "fixed"), count(t, db, "derived"); things != 2 || fixed != 0 || derived != 0 {
		t.Fatalf("rows: %d, %d, %d", things, fixed, derived)
	}
}
