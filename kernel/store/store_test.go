package store_test

import (
	"testing"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

func TestSQLite(t *testing.T) { storetest.Conform(t, store.SQLite) }

func TestPostgreSQL(t *testing.T) { storetest.Conform(t, store.PostgreSQL) }

// TestNoServer: a server that does not answer is told apart from a defect.
func TestNoServer(t *testing.T) {
	const dsn = "postgres://touyan@127.0.0.1:1/touyan?sslmode=disable&connect_timeout=2"
	if _, err := store.Open(t.Context(), dsn, store.Options{}); !fault.Is(err, fault.Busy) {
		t.Errorf("open: %v", err)
	}
	if err := store.Migrate(t.Context(), dsn, storetest.Tables()); !fault.Is(err, fault.Busy) {
		t.Errorf("migrate: %v", err)
	}
}
