package storetest

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

func files(pairs ...string) fs.FS {
	out := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return out
}

// only gives some files of the suite's tables.
func only(names ...string) fs.FS {
	out := fstest.MapFS{}
	for _, name := range names {
		text, err := fs.ReadFile(Tables(), name)
		if err != nil {
			panic("storetest: " + err.Error())
		}
		out[name] = &fstest.MapFile{Data: text}
	}
	return out
}

// schemaOf opens the database and lists its columns.
func schemaOf(t *testing.T, dsn string) []store.Column {
	t.Helper()
	db, err := store.Open(t.Context(), dsn, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	columns, err := db.Schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return columns
}

// migrate: from nothing to the newest schema, and again without effect.
func migrate(t *testing.T, dsn string) {
	for range 2 {
		if err := store.Migrate(t.Context(), dsn, Tables()); err != nil {
			t.Fatal(err)
		}
	}
	var want []store.Column
	for _, line := range strings.Fields(`
		derived/kind/TEXT derived/n/BIGINT derived/note/TEXT derived/raw/BYTEA
		fixed/id/BIGINT fixed/text/TEXT
		thing/amount/BIGINT thing/held/BIGINT thing/id/BIGINT thing/name/TEXT thing/ratio/FLOAT thing/raw/BYTEA thing/rev/BIGINT`) {
		parts := strings.Split(strings.Replace(line, "FLOAT", "DOUBLE PRECISION", 1), "/")
		want = append(want, store.Column{Table: parts[0], Name: parts[1], Type: parts[2]})
	}
	if d := cmp.Diff(want, schemaOf(t, dsn)); d != "" {
		t.Fatal(d)
	}
}

// migrateOlder: rows written under the older schema are there under the newer,
// also when the newer file comes from another package with a lower number.
func migrateOlder(t *testing.T, dsn string) {
	ctx := t.Context()
	if err := store.Migrate(ctx, dsn, only("9001_first.sql")); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(ctx, dsn, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	write(t, db, put(things(), 1, thing{name: "旧"}))
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	extra := files("9003_extra.sql", "-- +goose Up\nALTER TABLE thing ADD COLUMN late TEXT NOT NULL DEFAULT '?';\nCREATE INDEX thing_late ON thing (late);\n")
	if err := store.Migrate(ctx, dsn, extra, only("9001_first.sql")); err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(ctx, dsn, extra, Tables()); err != nil { // 9002 after 9003
		t.Fatal(err)
	}
	if db, err = store.Open(ctx, dsn, store.Options{}); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var name, late string
	if err := db.QueryRow(ctx, "SELECT name, late FROM thing WHERE id = 1").Scan(&name, &late); err != nil || name != "旧" || late != "?" {
		t.Fatalf("%q %q %v", name, late, err)
	}
	write(t, db, add(things(), 1, 1))
}

// migrateNewer: a database of a newer program is refused and not touched.
func migrateNewer(t *testing.T, dsn string) {
	if err := store.Migrate(t.Context(), dsn, Tables()); err != nil {
		t.Fatal(err)
	}
	before := schemaOf(t, dsn)
	older := files("9005_other.sql", "-- +goose Up\nCREATE TABLE other (\n    id BIGINT PRIMARY KEY\n);\n")
	for _, sources := range [][]fs.FS{{only("9001_first.sql")}, {only("9001_first.sql"), older}} {
		if err := store.Migrate(t.Context(), dsn, sources...); !fault.Is(err, fault.Unavailable) {
			t.Fatalf("an older program got %v", err)
		}
	}
	if d := cmp.Diff(before, schemaOf(t, dsn)); d != "" {
		t.Fatal(d)
	}
}

// migrateBroken: a migration that fails half-way leaves the schema as it was,
// and goes through once it is mended.
func migrateBroken(t *testing.T, dsn string) {
	ctx := t.Context()
	if err := store.Migrate(ctx, dsn, Tables()); err != nil {
		t.Fatal(err)
	}
	before := schemaOf(t, dsn)
	half := "-- +goose Up\nCREATE TABLE half (\n    id BIGINT PRIMARY KEY\n);\nCREATE INDEX no_such ON no_such_table (id);\n"
	if err := store.Migrate(ctx, dsn, Tables(), files("9009_half.sql", half)); err == nil {
		t.Fatal("a broken migration was accepted")
	}
	if d := cmp.Diff(before, schemaOf(t, dsn)); d != "" {
		t.Fatalf("half a migration stands: %s", d)
	}
	if err := store.Migrate(ctx, dsn, Tables(), files("9009_half.sql", strings.ReplaceAll(half, "no_such_table", "half"))); err != nil {
		t.Fatal(err)
	}
}

// migrateRefused: sets of files that cannot be in order.
func migrateRefused(t *testing.T, dsn string) {
	up := "-- +goose Up\nCREATE TABLE x (\n    id BIGINT PRIMARY KEY\n);\n"
	for name, sources := range map[string][]fs.FS{
		"a number taken twice":         {files("0001_a.sql", up), files("0001_b.sql", up)},
		"a number taken twice, padded": {files("0001_a.sql", up), files("1_b.sql", up)},
		"no number":                    {files("first.sql", up)},
		"nothing":                      {},
	} {
		if err := store.Migrate(t.Context(), dsn, sources...); err == nil {
			t.Errorf("accepted: %s", name)
		}
	}
	if columns := schemaOf(t, dsn); len(columns) != 0 {
		t.Fatalf("columns %v", columns)
	}
}

// notMigrated: a write before Migrate fails and says so.
func notMigrated(t *testing.T, dsn string) {
	db, err := store.Open(t.Context(), dsn, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Write(t.Context(), add(things(), 1, 1)); err == nil {
		t.Fatal("a write into no table was accepted")
	}
}
