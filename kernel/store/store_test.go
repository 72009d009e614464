package store_test

import (
	"testing"

	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

func TestSQLite(t *testing.T) { storetest.Conform(t, store.SQLite) }

func TestPostgreSQL(t *testing.T) { storetest.Conform(t, store.PostgreSQL) }
