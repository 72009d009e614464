package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

func sources() []fs.FS { return []fs.FS{event.Migrations(), storetest.Tables()} }

// step is a change that writes an event, a row of each table of the suite, and
// the same sum into two rows.
type step struct {
	n    int64
	thin bool // without a row of its own in each table
}

type sum struct{ n int64 }

var sums = store.Table[int64, sum]{
	Name: "thing", Key: []string{"id"}, KeyType: []string{"BIGINT"}, Cols: []string{"name", "amount", "ratio", "held", "raw"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args: func(s sum) []any {
		return []any{fmt.Sprintf("第%d个“?”", s.n), s.n, float64(s.n) / 3, s.n%2 == 0, []byte{byte(s.n), 0}[:s.n%3]}
	},
	Scan: func(row store.Scanner, rev *int64) (id int64, s sum, err error) {
		var name string
		var ratio float64
		var held bool
		var raw []byte
		err = row.Scan(&id, &name, &s.n, &ratio, &held, &raw, rev)
		return id, s, err
	},
}

var texts = store.Table[int64, string]{
	Name: "fixed", Key: []string{"id"}, KeyType: []string{"BIGINT"}, Cols: []string{"text"}, Fixed: true,
	KeyArgs: func(id int64) []any { return []any{id} }, Args: func(s string) []any { return []any{s} },
}

type place struct {
	kind string
	n    int64
}

var places = store.Table[place, string]{
	Name: "derived", Key: []string{"kind", "n"}, KeyType: []string{"TEXT", "BIGINT"}, Cols: []string{"raw", "note"}, Derived: true,
	KeyArgs: func(p place) []any { return []any{p.kind, p.n} }, Args: func(s string) []any { return []any{[]byte(s), s} },
}

// Load implements store.Change.
func (s *step) Load(g *store.Group) {
	event.Load(g)
	store.Want(g, &sums, int64(-1))
	store.Want(g, &sums, int64(-2))
}

// Decide implements store.Change.
func (s *step) Decide(g *store.Group) error {
	for _, id := range []int64{-1, -2} {
		v, _ := store.Get(g, &sums, id)
		store.Put(g, &sums, id, sum{v.n + s.n})
	}
	if !s.thin {
		store.Insert(g, &sums, s.n, sum{s.n})
		store.Insert(g, &texts, s.n, "文字")
		store.Insert(g, &places, place{"甲乙"[:3*(s.n%2+1)], s.n}, strings.Repeat("备注", int(s.n)%5))
	}
	_, err := event.Append(g, event.Draft{Kind: "test/step", Subject: s.n, Key: event.KeyOf(fmt.Sprint(s.n)), Recorded: time.UnixMicro(s.n), Body: s.n})
	return err
}

// filled gives a database with n steps in it.
func filled(t *testing.T, engine store.Engine, n int) (dsn string, db *store.DB) {
	t.Helper()
	dsn = storetest.DSN(t, engine)
	if err := store.Migrate(t.Context(), dsn, sources()...); err != nil {
		t.Fatal(err)
	}
	db = opened(t, dsn)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if err := db.Write(context.Background(), &step{n: int64(i + 1)}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	return dsn, db
}

func opened(t *testing.T, dsn string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), dsn, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func options() store.BackupOptions {
	return store.BackupOptions{
		Taken: time.Date(2026, 11, 23, 10, 30, 0, 0, time.UTC), Sources: sources(),
		Check: func(context.Context, store.Reader) error { return nil },
		Seal:  func(text string) (string, error) { return text, nil },
	}
}

// content lists every row of every table as text.
func content(t *testing.T, r store.Reader) []string {
	t.Helper()
	var out []string
	for _, query := range []string{
		"SELECT 'thing', id, name, amount, ratio, CASE WHEN held THEN 1 ELSE 0 END, raw, rev FROM thing ORDER BY id",
		"SELECT 'fixed', id, text, 0, 0, 0, 0, 0 FROM fixed ORDER BY id",
		"SELECT 'derived', n, kind, raw, note, 0, 0, 0 FROM derived ORDER BY kind, n",
		"SELECT 'event', pos, subject, idem, actor, envelope, body, proof FROM event ORDER BY pos",
		"SELECT 'head', size, edge, epoch, rev, 0, 0, 0 FROM log_head",
	} {
		rows, err := store.Collect(t.Context(), r, func(row store.Scanner) (string, error) {
			var v [8]any
			err := row.Scan(&v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7])
			for i := range v {
				if b, ok := v[i].([]byte); ok {
					v[i] = fmt.Sprintf("%x", b)
				} else if v[i] == nil {
					v[i] = ""
				}
			}
			return fmt.Sprint(v[:]...), err
		}, query)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		out = append(out, rows...)
	}
	return out
}

// examine opens a backup, wants it whole, and gives it.
func examine(t *testing.T, path string) *store.Archive {
	t.Helper()
	a, err := store.OpenArchive(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	m, err := store.ParseManifest(a.Seal())
	if err != nil {
		t.Fatal(err)
	}
	if damage, err := a.Damage(t.Context(), m, 10); err != nil || len(damage) > 0 {
		t.Fatalf("%v %v", damage, err)
	}
	return a
}

// TestBackup takes a backup of each engine while others write, and installs it
// on each engine.
func TestBackup(t *testing.T) {
	for _, from := range []store.Engine{store.SQLite, store.PostgreSQL} {
		t.Run(string(from), func(t *testing.T) {
			ctx := t.Context()
			dsn, db := filled(t, from, 300)
			writing, stop := context.WithCancel(ctx)
			var wg sync.WaitGroup
			wg.Go(func() {
				for n := int64(1000); writing.Err() == nil; n++ {
					if err := db.Write(ctx, &step{n: n, thin: true}); err != nil {
						t.Error(err)
						return
					}
				}
			})
			path := filepath.Join(t.TempDir(), "city.backup")
			m, err := store.Backup(ctx, dsn, path, options())
			stop()
			wg.Wait()
			if err != nil {
				t.Fatal(err)
			}
			if m.Engine != from || len(m.Tables) != 7 { // three of storetest's, four of the log's
				t.Fatalf("%+v", m)
			}
			a := examine(t, path)
			var one, two, events, size int64
			if err := a.QueryRow(ctx, "SELECT (SELECT amount FROM thing WHERE id = -1), (SELECT amount FROM thing WHERE id = -2), (SELECT count(*) FROM event), (SELECT size FROM log_head)").Scan(&one, &two, &events, &size); err != nil {
				t.Fatal(err)
			}
			if one != two || events != size || events < 300 {
				t.Fatalf("not of one moment: sums %d and %d, %d events, head %d", one, two, events, size)
			}
			for _, to := range []store.Engine{store.SQLite, store.PostgreSQL} {
				part := filepath.Join(t.TempDir(), "part.db")
				if err := a.Unpack(ctx, part); err != nil {
					t.Fatal(err)
				}
				target := storetest.DSN(t, to)
				if to == store.SQLite {
					target = filepath.Join(filepath.Dir(part), "touyan.db")
				}
				if empty, err := store.Empty(ctx, target); err != nil || !empty {
					t.Fatalf("a new database is not empty: %v", err)
				}
				if err := store.Install(ctx, part, target, "", sources()...); err != nil {
					t.Fatalf("to %s: %v", to, err)
				}
				if empty, err := store.Empty(ctx, target); err != nil || empty {
					t.Fatalf("a restored database is empty: %v", err)
				}
				if err := store.Migrate(ctx, target, sources()...); err != nil {
					t.Fatal(err)
				}
				restored := opened(t, target)
				if d := cmp.Diff(content(t, a), content(t, restored)); d != "" {
					t.Fatalf("to %s: %s", to, d)
				}
				if err := restored.Write(ctx, &step{n: 5000}); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestBackupOmits: omitted rows are not in the file, not even as remains.
func TestBackupOmits(t *testing.T) {
	dsn, _ := filled(t, store.SQLite, 50)
	path := filepath.Join(t.TempDir(), "b")
	o := options()
	o.Omit = []string{"derived", "no_such_table"}
	if _, err := store.Backup(t.Context(), dsn, path, o); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := examine(t, path).QueryRow(t.Context(), "SELECT count(*) FROM derived").Scan(&n); err != nil || n != 0 {
		t.Fatalf("%d rows, %v", n, err)
	}
	data, err := os.ReadFile(path)
	if err != nil || bytes.Contains(data, []byte("备注")) {
		t.Fatalf("the omitted rows can be read in the file's bytes: %v", err)
	}
}

func TestBackupRefused(t *testing.T) {
	ctx := t.Context()
	dsn, _ := filled(t, store.SQLite, 5)
	dir := t.TempDir()
	path := filepath.Join(dir, "b")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Backup(ctx, dsn, path, options()); !fault.Is(err, fault.Conflict) {
		t.Errorf("an existing file: %v", err)
	}
	if text, _ := os.ReadFile(path); string(text) != "precious" {
		t.Error("the existing file was written over")
	}
	refuse := errors.New("refused")
	o := options()
	o.Check = func(context.Context, store.Reader) error { return refuse }
	if _, err := store.Backup(ctx, dsn, filepath.Join(dir, "c"), o); !errors.Is(err, refuse) {
		t.Errorf("a copy that does not pass the check: %v", err)
	}
	if _, err := store.Backup(ctx, dsn, filepath.Join(dir, "none", "c"), options()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("no such directory: %v", err)
	}
	if _, err := store.Backup(ctx, filepath.Join(dir, "no.db"), filepath.Join(dir, "c"), options()); !fault.Is(err, fault.NotFound) {
		t.Errorf("no database: %v", err)
	}
	o = options()
	o.Sources = sources()[:1]
	for _, engine := range []store.Engine{store.SQLite, store.PostgreSQL} {
		other, _ := filled(t, engine, 1)
		if _, err := store.Backup(ctx, other, filepath.Join(dir, "c"), o); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: the database of another version: %v", engine, err)
		}
	}
	if _, err := store.Backup(ctx, storetest.DSN(t, store.PostgreSQL), filepath.Join(dir, "c"), options()); !fault.Is(err, fault.NotFound) {
		t.Errorf("an empty PostgreSQL database: %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v %v", left, err)
	}
	if _, err := store.OpenArchive(ctx, path); !fault.Is(err, fault.Invalid) {
		t.Errorf("a file that is no backup: %v", err)
	}
	if _, err := store.OpenArchive(ctx, dsn); !fault.Is(err, fault.Invalid) {
		t.Errorf("a database that is no backup: %v", err)
	}
	if _, err := store.OpenArchive(ctx, filepath.Join(dir, "x")); !fault.Is(err, fault.NotFound) {
		t.Errorf("no file: %v", err)
	}
}

// TestDamageIsNamed alters a backup and wants the row named.
func TestDamageIsNamed(t *testing.T) {
	ctx := t.Context()
	dsn, _ := filled(t, store.SQLite, 1200)
	path := filepath.Join(t.TempDir(), "good")
	if _, err := store.Backup(ctx, dsn, path, options()); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ statement, want string }{
		{"UPDATE thing SET amount = amount + 1 WHERE id = 700", "thing id=700"},
		{"UPDATE thing SET raw = x'00' WHERE id = 3", "thing id=3"},
		{"UPDATE thing SET rev = 2 WHERE id = 1200", "thing id=1200"},
		{"UPDATE thing SET id = 1201 WHERE id = 1200", "thing id=1201"},
		{"UPDATE event SET body = CAST('7' AS BLOB) WHERE pos = 1023", "event pos=1023"},
		{"UPDATE event SET proof = x'' WHERE pos = 0", "event pos=0"},
		{"UPDATE derived SET note = note || ' ' WHERE n = 10", "derived n=10 #5"},
		{"DELETE FROM fixed WHERE id = 600", "fixed id=1200"}, // 1200 rows were sealed, 1199 are there; the first out of place is 601
		{"INSERT INTO fixed (id, text) VALUES (9999, '')", "fixed id=9999"},
		{"UPDATE log_head SET epoch = 9", "log_head id=1"},
		{"CREATE TRIGGER later AFTER INSERT ON thing BEGIN DELETE FROM fixed; END", "sqlite_schema "},
		{"CREATE TABLE more (id INTEGER PRIMARY KEY) STRICT", "sqlite_schema "},
		{"INSERT INTO goose_db_version (version_id, is_applied) VALUES (12345, 1)", "goose_db_version "},
	} {
		bad := filepath.Join(t.TempDir(), "bad")
		if err := os.WriteFile(bad, good, 0o600); err != nil {
			t.Fatal(err)
		}
		storetest.Alter(t, bad, test.statement)
		a, err := store.OpenArchive(ctx, bad)
		if err != nil {
			t.Fatal(err)
		}
		m, err := store.ParseManifest(a.Seal())
		if err != nil {
			t.Fatal(err)
		}
		damage, err := a.Damage(ctx, m, 5)
		if err != nil || len(damage) == 0 || damage[0].Table+" "+damage[0].Row != test.want {
			t.Errorf("%s: %v %v", test.statement, damage, err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestDamageOfBytes changes bytes of a backup at random. Whatever the change,
// either it is found, or what would be restored is what was saved.
func TestDamageOfBytes(t *testing.T) {
	ctx := t.Context()
	dsn, db := filled(t, store.SQLite, 60)
	dir := t.TempDir()
	path := filepath.Join(dir, "good")
	if _, err := store.Backup(ctx, dsn, path, options()); err != nil {
		t.Fatal(err)
	}
	want := content(t, db)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	found, harmless := 0, 0
	for range 300 {
		bad := bytes.Clone(good)
		i := random.IntN(len(bad))
		bad[i] ^= 1 << random.IntN(8)
		spoilt := filepath.Join(dir, "bad")
		if err := os.WriteFile(spoilt, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := unpackWhole(ctx, spoilt, filepath.Join(dir, "part")); err != nil {
			found++
		} else {
			harmless++
			restored, err := store.Open(ctx, filepath.Join(dir, "part"), store.Options{})
			if err != nil {
				t.Fatalf("byte %d: %v", i, err)
			}
			if d := cmp.Diff(want, content(t, restored)); d != "" {
				t.Errorf("byte %d was changed unnoticed: %s", i, d)
			}
			if err := restored.Close(); err != nil {
				t.Fatal(err)
			}
		}
		for _, suffix := range []string{"", "-wal", "-shm"} {
			_ = os.Remove(filepath.Join(dir, "part"+suffix))
		}
	}
	t.Logf("%d bytes of %d changed one at a time: %d found, %d without consequence", found+harmless, len(good), found, harmless)
	if found < 50 { // a small file is mostly empty pages and indexes
		t.Errorf("only %d found", found)
	}
}

// unpackWhole does what a restore does before it accepts a backup. The seal of
// this test is unsigned, so it is compared with the text that was sealed.
func unpackWhole(ctx context.Context, path, part string) error {
	a, err := store.OpenArchive(ctx, path)
	if err != nil {
		return err
	}
	defer a.Close()
	m, err := store.ParseManifest(a.Seal())
	if err != nil {
		return err
	}
	damage, err := a.Damage(ctx, m, 1)
	if err != nil {
		return err
	}
	if len(damage) > 0 {
		return fmt.Errorf("%v", damage)
	}
	return a.Unpack(ctx, part)
}

func TestAlone(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.PostgreSQL} {
		dsn, db := filled(t, engine, 3)
		if err := store.Alone(t.Context(), dsn); !fault.Is(err, fault.Busy) {
			t.Errorf("%s: open elsewhere: %v", engine, err)
		}
		if err := db.Write(t.Context(), &step{n: 9}); err != nil {
			t.Errorf("%s: a write after the question: %v", engine, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if err := store.Alone(t.Context(), dsn); err != nil {
			t.Errorf("%s: closed: %v", engine, err)
		}
		db = opened(t, dsn)
		if err := db.Write(t.Context(), &step{n: 10}); err != nil {
			t.Errorf("%s: %v", engine, err)
		}
	}
	if err := store.Alone(t.Context(), filepath.Join(t.TempDir(), "none.db")); err != nil {
		t.Errorf("no database: %v", err)
	}
}

// TestInstallReplaces: the database that was there is kept under its new name,
// and what SQLite kept beside it does not come into the new one.
func TestInstallReplaces(t *testing.T) {
	ctx := t.Context()
	source, _ := filled(t, store.SQLite, 20)
	path := filepath.Join(t.TempDir(), "b")
	if _, err := store.Backup(ctx, source, path, options()); err != nil {
		t.Fatal(err)
	}
	a := examine(t, path)
	for _, engine := range []store.Engine{store.SQLite, store.PostgreSQL} {
		target, db := filled(t, engine, 7)
		before := content(t, db)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if err := store.Alone(ctx, target); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if engine == store.SQLite {
			dir = filepath.Dir(target)
		}
		part, aside := filepath.Join(dir, "part"), filepath.Join(dir, "aside")
		if err := a.Unpack(ctx, part); err != nil {
			t.Fatal(err)
		}
		if err := store.Install(ctx, part, target, aside, sources()...); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(content(t, a), content(t, opened(t, target))); d != "" {
			t.Errorf("%s: %s", engine, d)
		}
		if engine == store.SQLite {
			if d := cmp.Diff(before, content(t, opened(t, aside))); d != "" {
				t.Errorf("kept aside: %s", d)
			}
		}
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add("touyan backup 1\ntaken 2026-11-23T10:30:00.000000Z\nengine sqlite\nschema 1 10\nddl ab\ntable event 3 cd\n")
	f.Add("touyan backup 1\n\n\n\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		if m, err := store.ParseManifest(text); err == nil && m.Text() != text {
			t.Fatalf("%q was read as %q", text, m.Text())
		}
	})
}
