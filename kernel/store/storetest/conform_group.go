package storetest

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// panics: a panic in a rule is an error of its change and of no other, whatever
// was thrown.
func panics(t *testing.T, db *store.DB) {
	table := things()
	throw := func(v any) *change { return &change{decide: func(*store.Group) error { panic(v) }} }
	errs := together(t, db, throw("text"), add(table, 1, 1), throw(errRefused), throw(7), add(table, 1, 1))
	for _, i := range []int{0, 2, 3} {
		if !fault.Is(errs[i], fault.Internal) {
			t.Errorf("panic %d: %v", i, errs[i])
		}
	}
	if v, _, _ := read(t, db, 1); v.amount != 2 || errs[1] != nil || errs[4] != nil {
		t.Fatalf("the others: %v, %d", errs, v.amount)
	}
}

// again: ErrAgain takes a change to the next group, where it sees what the first
// one committed; one that always asks is told so in the end.
func again(t *testing.T, db *store.DB) {
	table := things()
	later := add(table, 1, 10)
	first := later.decide
	later.decide = func(g *store.Group) error {
		if len(later.groups) == 1 {
			store.Put(g, table, 1, thing{name: "must be undone"})
			return store.ErrAgain
		}
		return first(g)
	}
	beside := add(table, 1, 1)
	for i, err := range together(t, db, later, beside) {
		if err != nil {
			t.Fatalf("change %d: %v", i, err)
		}
	}
	if len(later.groups) != 2 || later.groups[0] == later.groups[1] || later.groups[0] != beside.groups[0] {
		t.Fatalf("decided in %d groups", len(later.groups))
	}
	if v, rev, _ := read(t, db, 1); v.amount != 11 || v.name != "" || rev != 2 {
		t.Fatalf("%+v at revision %d", v, rev)
	}
	never := &change{decide: func(*store.Group) error { return store.ErrAgain }}
	if err := db.Write(t.Context(), never); !errors.Is(err, store.ErrAgain) {
		t.Fatalf("a change that always asks again: %v", err)
	}
	if n := len(never.groups); n < 2 || n > 10 {
		t.Fatalf("decided %d times", n)
	}
}

// oneBad: a change which the database refuses does not take its group with it.
func oneBad(t *testing.T, db *store.DB) {
	table, once := things(), fixed()
	var changes []store.Change
	for i := range int64(20) {
		changes = append(changes, add(table, i, 1))
	}
	changes[7] = &change{decide: func(g *store.Group) error {
		store.Insert(g, table, 100, thing{})
		store.Insert(g, once, 1, "x")
		return nil
	}}
	write(t, db, add(table, 100, 1))
	errs := together(t, db, changes...)
	for i, err := range errs {
		if (err != nil) != (i == 7) {
			t.Errorf("change %d: %v", i, err)
		}
	}
	if n := count(t, db, "thing"); n != 20 {
		t.Fatalf("%d rows", n)
	}
	if n := count(t, db, "fixed"); n != 0 {
		t.Fatal("half of the bad change was written")
	}
}

// unasked: a row that Load did not name is not read by accident.
func unasked(t *testing.T, db *store.DB) {
	table := things()
	write(t, db, put(table, 1, thing{name: "there"}))
	for _, decide := range []func(g *store.Group) error{
		func(g *store.Group) error { store.Get(g, table, 1); return nil },
		func(g *store.Group) error { store.Put(g, table, 1, thing{}); return nil },
	} {
		other := add(table, 2, 1)
		errs := together(t, db, &change{decide: func(g *store.Group) error { store.Insert(g, table, 9, thing{}); return decide(g) }}, other)
		if !fault.Is(errs[0], fault.Internal) || errs[1] != nil {
			t.Fatalf("errors %v", errs)
		}
	}
	if v, _, _ := read(t, db, 1); v.name != "there" {
		t.Fatal("the row was written over")
	}
	if _, _, ok := read(t, db, 9); ok {
		t.Fatal("the defective change left a row")
	}
}

// depth: rows are followed into rows, and not for ever.
func depth(t *testing.T, db *store.DB) {
	table := things()
	for id := range int64(40) {
		write(t, db, put(table, id, thing{amount: id + 1}))
	}
	follow := func(far int64) *change {
		return &change{
			load: func(g *store.Group) {
				for id := int64(0); ; {
					store.Want(g, table, id)
					if !store.Have(g, table, id) {
						return
					}
					v, _ := store.Get(g, table, id)
					if id = v.amount; id > far {
						return
					}
				}
			},
			decide: func(g *store.Group) error {
				v, ok := store.Get(g, table, far)
				if !ok {
					return errRefused
				}
				v.name = "found"
				store.Put(g, table, far, v)
				return nil
			},
		}
	}
	write(t, db, follow(5))
	if v, _, _ := read(t, db, 5); v.name != "found" {
		t.Fatal("the sixth row was not found")
	}
	if err := db.Write(t.Context(), follow(39)); !fault.Is(err, fault.Internal) {
		t.Fatalf("forty rows deep: %v", err)
	}
}

// finish: what a group gathers is written once, and only with its changes.
func finish(t *testing.T, db *store.DB) {
	table := things()
	type sum struct{ n int64 }
	gather := func(err error) *change {
		return &change{
			load: func(g *store.Group) { store.Want(g, table, 100) },
			decide: func(g *store.Group) error {
				s := store.Local(g, "sum", func() *sum {
					s := &sum{}
					g.OnFinish(func() error {
						if s.n == 0 {
							return nil
						}
						v, _ := store.Get(g, table, 100)
						v.amount += s.n
						store.Put(g, table, 100, v)
						return nil
					})
					return s
				})
				s.n++
				g.OnUndo(func() { s.n-- })
				return err
			},
		}
	}
	errs := together(t, db, gather(errRefused), gather(nil), gather(nil), gather(errRefused), gather(nil))
	if errs[0] == nil || errs[1] != nil || errs[3] == nil {
		t.Fatalf("errors %v", errs)
	}
	if v, rev, _ := read(t, db, 100); v.amount != 3 || rev != 1 {
		t.Fatalf("gathered %d, revision %d", v.amount, rev)
	}
	failing := &change{decide: func(g *store.Group) error {
		g.OnFinish(func() error { return errRefused })
		store.Insert(g, table, 7, thing{})
		return nil
	}}
	errs = together(t, db, failing, add(table, 8, 1))
	if !errors.Is(errs[0], errRefused) || errs[1] != nil {
		t.Fatalf("errors %v", errs)
	}
	if _, _, ok := read(t, db, 7); ok {
		t.Fatal("a row of the failed finish was written")
	}
}

// cancelled: a change whose caller has gone is not decided.
func cancelled(t *testing.T, db *store.DB) {
	table := things()
	ctx, cancel := context.WithCancel(t.Context())
	gone := add(table, 1, 1)
	held, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = db.Write(context.Background(), &change{decide: func(*store.Group) error { close(held); <-release; return errRefused }})
	})
	<-held
	answer := make(chan error, 1)
	wg.Go(func() { answer <- db.Write(ctx, gone) })
	for db.Waiting() == 0 {
		runtime.Gosched()
	}
	cancel()
	if err := <-answer; !errors.Is(err, context.Canceled) || !fault.Is(err, fault.Busy) {
		t.Errorf("the caller was told %v", err)
	}
	close(release)
	wg.Wait()
	write(t, db, add(table, 2, 1))
	if _, _, ok := read(t, db, 1); ok || len(gone.groups) > 0 {
		t.Fatal("the change of a caller who had gone was decided")
	}
}

// crowd: a thousand writers of the same row, in groups.
func crowd(t *testing.T, db *store.DB) {
	table := things()
	const writers = 1024
	var groups atomic.Int64
	db.OnCommit(func() { groups.Add(1) })
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			err := db.Write(context.Background(), add(table, int64(i%3), 1))
			if err != nil {
				t.Errorf("writer %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	total := int64(0)
	for id := range int64(3) {
		v, _, _ := read(t, db, id)
		total += v.amount
	}
	if total != writers {
		t.Fatalf("%d of %d", total, writers)
	}
	if n := groups.Load(); n < writers/256 || n > writers {
		t.Fatalf("%d commits", n)
	}
	if n := groups.Load(); n > writers/2 {
		t.Errorf("%d commits for %d changes: they were not grouped", n, writers)
	}
}

// closed: every Write is answered, before, during and after Close.
func closed(t *testing.T, db *store.DB) {
	table := things()
	const writers = 32
	var wg sync.WaitGroup
	written := make(chan struct{}, writers)
	for range writers {
		wg.Go(func() {
			err := db.Write(context.Background(), add(table, 1, 1))
			written <- struct{}{}
			for err == nil {
				err = db.Write(context.Background(), add(table, 1, 1))
			}
			if !fault.Is(err, fault.Busy) {
				t.Errorf("refused with %v", err)
			}
		})
	}
	for range writers {
		<-written
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	for range 200 {
		if err := db.Write(context.Background(), add(table, 1, 1)); !fault.Is(err, fault.Busy) {
			t.Fatalf("after Close: %v", err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatalf("closed twice: %v", err)
	}
}

// readOnly: a Reader cannot write.
func readOnly(t *testing.T, db *store.DB) {
	write(t, db, put(things(), 1, thing{name: "there"}))
	for _, text := range []string{
		"INSERT INTO fixed (id, text) VALUES (1, 'x')", "UPDATE thing SET name = 'x'", "DELETE FROM thing", "DROP TABLE thing", "CREATE TABLE t (a BIGINT)",
		"UPDATE thing SET name = 'x' RETURNING id",
	} {
		rows, err := db.Query(t.Context(), text)
		if err == nil {
			for rows.Next() {
			}
			err = errors.Join(rows.Err(), rows.Close())
		}
		if err == nil {
			t.Errorf("accepted: %s", text)
		}
		var n int64
		if err := db.QueryRow(t.Context(), text).Scan(&n); err == nil || errors.Is(err, sql.ErrNoRows) {
			t.Errorf("QueryRow accepted: %s", text)
		}
	}
	if v, _, _ := read(t, db, 1); v.name != "there" || count(t, db, "fixed") != 0 {
		t.Fatal("a reader wrote")
	}
}

// order: text sorts by its bytes, Chinese included, in columns and in indexes.
func order(t *testing.T, db *store.DB) {
	if db.Engine() == store.PostgreSQL {
		dsn := Pinyin(t)
		if err := store.Migrate(t.Context(), dsn, Tables()); err != nil {
			t.Fatal(err)
		}
		pinyin, err := store.Open(t.Context(), dsn, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer pinyin.Close()
		sorted(t, pinyin)
	}
	sorted(t, db)
}

func sorted(t *testing.T, db *store.DB) {
	names := []string{"重庆", "安徽", "北京", "澄川", "a", "B", "b", "A", "〔2026〕", "", "长", "长春", "𠮷", "é", "z", "_", "-", " ", "1", "10", "2", "?"}
	table := things()
	for i, name := range names {
		write(t, db, put(table, int64(i), thing{name: name}))
	}
	slices.Sort(names)
	one := func(row store.Scanner) (s string, err error) { err = row.Scan(&s); return s, err }
	for _, query := range []string{"SELECT name FROM thing ORDER BY name", "SELECT name FROM thing WHERE name >= '' ORDER BY name", "SELECT DISTINCT name FROM thing ORDER BY 1"} {
		got, err := store.Collect(t.Context(), db, one, query)
		if err != nil || !slices.Equal(got, names) {
			t.Errorf("%s: %q %v", query, got, err)
		}
	}
	got, err := store.Collect(t.Context(), db, one, "SELECT name FROM thing WHERE name > ? AND name < ? ORDER BY name", "a", "长")
	want := names[slices.Index(names, "a")+1 : slices.Index(names, "长")]
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("range: %q, want %q, %v", got, want, err)
	}
}

// marks: a question mark inside quotes is text.
func marks(t *testing.T, db *store.DB) {
	var a, b, c, d string
	err := db.QueryRow(t.Context(), "SELECT '?', CAST(? AS TEXT), 'it''s ? or ''?''', CAST(? AS TEXT)", "一?", "'?'").Scan(&a, &b, &c, &d)
	if got := strings.Join([]string{a, b, c, d}, "|"); err != nil || got != "?|一?|it's ? or '?'|'?'" {
		t.Fatalf("%s %v", got, err)
	}
	rows, err := store.Collect(t.Context(), db, func(row store.Scanner) (s string, err error) { err = row.Scan(&s); return s, err },
		"SELECT x FROM (SELECT '?' AS x UNION SELECT CAST(? AS TEXT)) AS q WHERE x = '?' OR x = ? ORDER BY x", "b", "b")
	if err != nil || !slices.Equal(rows, []string{"?", "b"}) {
		t.Fatalf("%q %v", rows, err)
	}
}

// hook: OnCommit tells of each commit that wrote, and of none that did not.
func hook(t *testing.T, db *store.DB) {
	var told atomic.Int64
	db.OnCommit(func() { told.Add(1) })
	write(t, db, add(things(), 1, 1))
	if n := told.Load(); n != 1 {
		t.Fatalf("told %d times of one commit", n)
	}
}

// twoWriters: two processes write the same rows; nothing is lost.
func twoWriters(t *testing.T, dsn string) {
	if err := store.Migrate(t.Context(), dsn, Tables()); err != nil {
		t.Fatal(err)
	}
	const each = 100
	var wg sync.WaitGroup
	var last *store.DB
	for range 2 {
		db, err := store.Open(t.Context(), dsn, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		last = db
		for range 4 {
			wg.Go(func() {
				for range each / 4 {
					if err := db.Write(context.Background(), add(things(), 1, 1)); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	if v, rev, _ := read(t, last, 1); v.amount != 2*each {
		t.Fatalf("%d of %d at revision %d", v.amount, 2*each, rev)
	}
}
