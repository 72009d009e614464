package store_test

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// TestUpgradeWaitsForTheOthers: a SQLite file that another program has open is
// used together as it is, and not upgraded before the other has ended.
// PostgreSQL's replicas are upgraded while the others run.
func TestUpgradeWaitsForTheOthers(t *testing.T) {
	more := func(name string) fs.FS {
		return fstest.MapFS{name: {Data: []byte("-- +goose Up\nCREATE TABLE more (\n    id BIGINT PRIMARY KEY\n);\n")}}
	}
	for engine, want := range map[store.Engine]fault.Kind{store.SQLite: fault.Conflict, store.PostgreSQL: ""} {
		ctx, dsn := t.Context(), storetest.DSN(t, engine)
		if err := store.Migrate(ctx, dsn, storetest.Tables()); err != nil {
			t.Fatal(err)
		}
		first, err := store.Open(ctx, dsn, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Migrate(ctx, dsn, storetest.Tables()); err != nil {
			t.Errorf("%s: nothing to upgrade, yet: %v", engine, err)
		}
		second, err := store.Open(ctx, dsn, store.Options{})
		if err != nil {
			t.Fatalf("%s: %v", engine, err)
		}
		for name, db := range map[string]*store.DB{"two": first, "one": second} {
			err := store.Migrate(ctx, dsn, storetest.Tables(), more("9003_more.sql"))
			if want != "" && !fault.Is(err, want) || want == "" && err != nil {
				t.Errorf("%s: upgraded beside %s others: %v", engine, name, err)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}
		if err := store.Migrate(ctx, dsn, storetest.Tables(), more("9003_more.sql")); err != nil {
			t.Errorf("%s: alone: %v", engine, err)
		}
	}
}
