// Package storetest opens real databases for tests: SQLite in a temporary
// directory, and PostgreSQL 15 in a cluster of its own which it starts and
// stops. It holds the conformance suite that both engines pass.
package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"touyan.dev/touyan/kernel/store"
)

// Engines are those that tests run on: both, or the one that the environment's
// TOUYAN_TEST_ENGINE names. The race pass of a domain runs on one, because what the
// domain does beside its own goroutines is the same on either.
func Engines() []store.Engine {
	if one := os.Getenv("TOUYAN_TEST_ENGINE"); one != "" {
		return []store.Engine{store.Engine(one)}
	}
	return []store.Engine{store.SQLite, store.PostgreSQL}
}

// Each runs f once for each engine, on an empty migrated database.
func Each(t *testing.T, migrations []fs.FS, f func(t *testing.T, db *store.DB)) {
	t.Helper()
	for _, engine := range Engines() {
		t.Run(string(engine), func(t *testing.T) {
			f(t, Open(t, engine, store.Options{}, migrations...))
		})
	}
}

// Open gives an empty migrated database that is closed with the test.
func Open(t testing.TB, engine store.Engine, opts store.Options, migrations ...fs.FS) *store.DB {
	t.Helper()
	dsn := DSN(t, engine)
	ctx := context.Background()
	if err := store.Migrate(ctx, dsn, migrations...); err != nil {
		t.Fatalf("migrating %s: %v", engine, err)
	}
	db, err := store.Open(ctx, dsn, opts)
	if err != nil {
		t.Fatalf("opening %s: %v", engine, err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("closing %s: %v", engine, err)
		}
	})
	return db
}

// DSN gives the data source name of a new empty database.
func DSN(t testing.TB, engine store.Engine) string { return dsn(t, engine, "") }

// Pinyin gives the data source name of a new PostgreSQL database that sorts
// Chinese by pinyin unless told otherwise, as one set up by hand may do.
func Pinyin(t testing.TB) string {
	return dsn(t, store.PostgreSQL, " TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'zh-CN' LOCALE 'C.UTF-8'")
}

func dsn(t testing.TB, engine store.Engine, how string) string {
	t.Helper()
	if engine == store.SQLite {
		return filepath.Join(t.TempDir(), "touyan.db")
	}
	base, err := cluster()
	if err != nil {
		t.Fatalf("PostgreSQL is needed by this test (apt-get install postgresql, or set TOUYAN_TEST_POSTGRES to a server's URL): %v", err)
	}
	name := "t" + random()
	if out, err := psql(base, "CREATE DATABASE "+name+how); err != nil {
		t.Fatalf("creating a test database: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := psql(base, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Logf("dropping %s: %v: %s", name, err, out)
		}
	})
	return strings.Replace(base, "/postgres?", "/"+name+"?", 1)
}

// Alter runs a statement behind the store's back, as somebody with the database
// in hand may: for tests of what notices it. It gives the rows touched.
func Alter(t testing.TB, dsn, statement string, args ...any) int64 {
	t.Helper()
	driver := "sqlite"
	if store.EngineOf(dsn) == store.PostgreSQL {
		driver = "pgx"
		for i := range args {
			statement = strings.Replace(statement, "?", fmt.Sprintf("$%d", i+1), 1)
		}
	}
	pool, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	result, err := pool.Exec(statement, args...)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func random() string {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

func psql(url, command string) (string, error) {
	out, err := exec.Command("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", command).CombinedOutput()
	return string(out), err
}

// cluster gives the URL of a server: the one named by TOUYAN_TEST_POSTGRES, or
// one that lives in a directory shared by all test processes of this user and
// is started by the first that finds it down.
var cluster = sync.OnceValues(func() (string, error) {
	if url := os.Getenv("TOUYAN_TEST_POSTGRES"); url != "" {
		if !strings.Contains(url, "/postgres?") {
			return "", fmt.Errorf("TOUYAN_TEST_POSTGRES must name the database postgres and have a query, as in postgres://user@host/postgres?sslmode=disable")
		}
		return url, nil
	}
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("touyan-test-postgres-%d", os.Getuid()))
	script, err := filepath.Abs(filepath.Join(sourceDir(), "cluster.sh"))
	if err != nil {
		return "", err
	}
	out, err := exec.Command("bash", script, dir).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return strings.TrimSpace(string(out)), nil
})
