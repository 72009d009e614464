package store_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// TestScrubWaits: rows that somebody's earlier query could still see would go
// along into the new file of a table, so Scrub waits until it has ended.
func TestScrubWaits(t *testing.T) {
	ctx := t.Context()
	dsn := storetest.DSN(t, store.PostgreSQL)
	pool, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	do := func(query string, to ...any) {
		t.Helper()
		if len(to) > 0 {
			err = pool.QueryRowContext(ctx, query).Scan(to...)
		} else {
			_, err = pool.ExecContext(ctx, query)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	const phrase = "a phrase that must go"
	do("CREATE TABLE told (id bigint PRIMARY KEY, words text)")
	do("INSERT INTO told SELECT n, '" + phrase + "' || n FROM generate_series(1, 500) n")
	reader, err := pool.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Rollback()
	var n int
	if err := reader.QueryRowContext(ctx, "SELECT count(*) FROM pg_class").Scan(&n); err != nil { // of another table: no lock on this one
		t.Fatal(err)
	}
	do("UPDATE told SET words = ''")
	done := make(chan error, 1)
	go func() {
		_, err := store.Scrub(ctx, dsn, []string{"told"})
		done <- err
	}()
	select {
	case err := <-done:
		t.Errorf("it did not wait for the reader: %v", err)
		done <- err
	case <-time.After(300 * time.Millisecond):
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	do("CHECKPOINT")
	var data, place string
	do("SELECT current_setting('data_directory'), pg_relation_filepath('told')", &data, &place)
	file, err := os.ReadFile(filepath.Join(data, place))
	if err != nil {
		t.Skip("the server's files cannot be read here:", err)
	}
	if len(file) == 0 || strings.Contains(string(file), phrase) {
		t.Errorf("%d bytes, the phrase is in them: %v", len(file), strings.Contains(string(file), phrase))
	}
}
