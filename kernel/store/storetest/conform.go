package storetest

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"runtime"
	"sync"
	"testing"

	"touyan.dev/touyan/kernel/store"
)

//go:embed conform/*.sql
var conform embed.FS

// Tables gives the migrations of the suite's own tables.
func Tables() fs.FS {
	sub, err := fs.Sub(conform, "conform")
	if err != nil {
		panic("storetest: " + err.Error())
	}
	return sub
}

// Conform runs the suite that every engine passes: what Table, Group, Write and
// Migrate promise to the rest of the product.
func Conform(t *testing.T, engine store.Engine) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, db *store.DB)
	}{
		{"Types", types}, {"Null", null}, {"Rows", rows}, {"Fixed", fixedRows}, {"Derived", derivedRows},
		{"Revision", revision}, {"HalfDone", halfDone}, {"Panic", panics}, {"Again", again},
		{"OneBad", oneBad}, {"Unasked", unasked}, {"Depth", depth}, {"Finish", finish},
		{"Cancelled", cancelled}, {"Crowd", crowd}, {"Closed", closed},
		{"ReadOnly", readOnly}, {"Order", order}, {"Marks", marks}, {"Hook", hook},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, Open(t, engine, store.Options{}, Tables())) })
	}
	for _, test := range []struct {
		name string
		run  func(t *testing.T, dsn string)
	}{
		{"TwoWriters", twoWriters}, {"Migrate", migrate}, {"MigrateOlder", migrateOlder}, {"MigrateNewer", migrateNewer},
		{"MigrateBroken", migrateBroken}, {"MigrateRefused", migrateRefused}, {"NotMigrated", notMigrated},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, DSN(t, engine)) })
	}
}

// thing is a row of the suite's ordinary table.
type thing struct {
	name   string
	amount int64
	ratio  float64
	held   bool
	raw    []byte
}

func things() *store.Table[int64, thing] {
	return &store.Table[int64, thing]{
		Name: "thing", Key: []string{"id"}, KeyType: []string{"BIGINT"}, Cols: []string{"name", "amount", "ratio", "held", "raw"},
		KeyArgs: func(id int64) []any { return []any{id} },
		Args: func(v thing) []any {
			if v.raw == nil { // a nil slice would be NULL
				v.raw = []byte{}
			}
			return []any{v.name, v.amount, v.ratio, v.held, v.raw}
		},
		Scan: func(row store.Scanner, rev *int64) (id int64, v thing, err error) {
			err = row.Scan(&id, &v.name, &v.amount, &v.ratio, &v.held, &v.raw, rev)
			return id, v, err
		},
	}
}

func fixed() *store.Table[int64, string] {
	return &store.Table[int64, string]{
		Name: "fixed", Key: []string{"id"}, KeyType: []string{"BIGINT"}, Cols: []string{"text"}, Fixed: true,
		KeyArgs: func(id int64) []any { return []any{id} },
		Args:    func(v string) []any { return []any{v} },
		Scan: func(row store.Scanner, _ *int64) (id int64, v string, err error) {
			err = row.Scan(&id, &v)
			return id, v, err
		},
	}
}

type pair struct {
	kind string
	n    int64
}

func derived() *store.Table[pair, string] {
	return &store.Table[pair, string]{
		Name: "derived", Key: []string{"kind", "n"}, KeyType: []string{"TEXT", "BIGINT"}, Cols: []string{"raw", "note"}, Derived: true,
		KeyArgs: func(p pair) []any { return []any{p.kind, p.n} },
		Args:    func(v string) []any { return []any{[]byte(v), v} },
	}
}

// change is a store.Change made of two functions, which notes the groups it was
// decided in.
type change struct {
	load   func(g *store.Group)
	decide func(g *store.Group) error
	groups []*store.Group
}

func (c *change) Load(g *store.Group) {
	if c.load != nil {
		c.load(g)
	}
}

func (c *change) Decide(g *store.Group) error {
	c.groups = append(c.groups, g)
	return c.decide(g)
}

// put gives a change that writes a row of things.
func put(table *store.Table[int64, thing], id int64, v thing) *change {
	return &change{
		load:   func(g *store.Group) { store.Want(g, table, id) },
		decide: func(g *store.Group) error { store.Put(g, table, id, v); return nil },
	}
}

// add gives a change that adds to a row's amount.
func add(table *store.Table[int64, thing], id, n int64) *change {
	return &change{
		load: func(g *store.Group) { store.Want(g, table, id) },
		decide: func(g *store.Group) error {
			v, _ := store.Get(g, table, id)
			v.amount += n
			store.Put(g, table, id, v)
			return nil
		},
	}
}

// write writes one change and fails the test on an error.
func write(t *testing.T, db *store.DB, c store.Change) {
	t.Helper()
	if err := db.Write(context.Background(), c); err != nil {
		t.Fatalf("write: %v", err)
	}
}

// together writes the changes as one group, in this order, and gives their
// errors: a first change holds the writer until all the others wait.
func together(t *testing.T, db *store.DB, changes ...store.Change) []error {
	t.Helper()
	held, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := db.Write(context.Background(), &change{decide: func(*store.Group) error {
			once.Do(func() { close(held) })
			<-release
			return errors.New("nothing to write")
		}}); err == nil {
			t.Error("a change that refuses was accepted")
		}
	})
	<-held
	errs := make([]error, len(changes))
	for i, c := range changes {
		wg.Go(func() { errs[i] = db.Write(context.Background(), c) })
		for db.Waiting() <= i {
			runtime.Gosched()
		}
	}
	close(release)
	wg.Wait()
	return errs
}

// read gives a row of things, and false when there is none.
func read(t *testing.T, db *store.DB, id int64) (v thing, rev int64, ok bool) {
	t.Helper()
	found, err := store.Collect(context.Background(), db, func(row store.Scanner) (v thing, err error) {
		err = row.Scan(&v.name, &v.amount, &v.ratio, &v.held, &v.raw, &rev)
		return v, err
	}, "SELECT name, amount, ratio, held, raw, rev FROM thing WHERE id = ?", id)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		return v, 0, false
	}
	return found[0], rev, true
}

// count gives the number of rows of a table of the suite.
func count(t *testing.T, db *store.DB, table string) (n int) {
	t.Helper()
	if err := db.QueryRow(context.Background(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
