package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"sort"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"touyan.dev/touyan/kernel/fault"
)

// Migrate brings the database to the newest schema. Each package that owns
// tables gives its own directory of numbered .sql files; the numbers are unique
// over the whole program (kernel 1–99, then a hundred for each domain), and a
// file, once released, never changes. A database written by a newer program is
// refused, and so is an upgrade of a SQLite file that another program has open.
func Migrate(ctx context.Context, dsn string, sources ...fs.FS) error {
	merged, err := merge(EngineOf(dsn), sources)
	if err != nil {
		return fault.Wrap("store.Migrate", err)
	}
	if EngineOf(dsn) == PostgreSQL { // replicas are upgraded one after the other
		return fault.Wrap("store.Migrate", migrate(ctx, dsn, merged, func() error { return nil }))
	}
	lock, err := openLock(dsn)
	if err != nil {
		return err
	}
	return errors.Join(fault.Wrap("store.Migrate", migrate(ctx, dsn, merged, lock.alone)), lock.release())
}

// migrate runs what has not run yet; before it does, alone must agree.
func migrate(ctx context.Context, dsn string, merged scripts, alone func() error) error {
	pool, dialect, err := migrationPool(dsn)
	if err != nil {
		return err
	}
	defer pool.Close()
	// A kernel package may get a migration after those of domains, with their
	// higher numbers, have run.
	provider, err := goose.NewProvider(dialect, pool, merged, goose.WithAllowOutofOrder(true))
	if err != nil {
		return err
	}
	if _, err := provider.GetDBVersion(ctx); err != nil { // makes goose's table
		return refusal(pgRefusal(err))
	}
	rows, err := pool.QueryContext(ctx, "SELECT DISTINCT version_id FROM goose_db_version WHERE version_id > 0")
	if err != nil {
		return refusal(pgRefusal(err))
	}
	defer rows.Close()
	for rows.Next() {
		var version int64
		if err := rows.Scan(&version); err != nil {
			return err
		}
		if !merged.has(version) {
			return fault.New(fault.Unavailable, "store.Migrate", "数据库由另一版本的程序建立：请使用较新的程序；若为试用版所建，请换一个数据目录。", "The database was made by another version: run the newer program, or, if a trial version made it, choose another data directory.")
		}
	}
	if err := rows.Close(); err != nil {
		return err
	}
	pending, err := provider.HasPending(ctx)
	if err != nil || !pending {
		return refusal(pgRefusal(err))
	}
	if err := alone(); err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return refusal(pgRefusal(err))
}

func migrationPool(dsn string) (*sql.DB, goose.Dialect, error) {
	if EngineOf(dsn) == PostgreSQL {
		cfg, err := pgxConfig(dsn)
		if err != nil {
			return nil, "", err
		}
		return stdlib.OpenDB(*cfg), goose.DialectPostgres, nil
	}
	pool, err := sql.Open("sqlite", sqliteURI(dsn, "journal_mode(WAL)", "synchronous(FULL)"))
	if err != nil {
		return nil, "", err
	}
	pool.SetMaxOpenConns(1)
	return pool, goose.DialectSQLite3, nil
}

// merge gathers the migrations of all packages into one directory.
func merge(engine Engine, sources []fs.FS) (scripts, error) {
	merged := scripts{}
	seen := map[int64]string{}
	for _, source := range sources {
		names, err := fs.Glob(source, "*.sql")
		if err != nil {
			return nil, err
		}
		sort.Strings(names)
		for _, name := range names {
			version, err := numberOf(name)
			if err != nil {
				return nil, err
			}
			if other, taken := seen[version]; taken {
				return nil, fmt.Errorf("migrations %s and %s have the same number", other, name)
			}
			seen[version] = name
			text, err := fs.ReadFile(source, name)
			if err != nil {
				return nil, err
			}
			if engine == SQLite {
				text = []byte(strict(string(text)))
			} else {
				text = []byte(bytewise(string(text)))
			}
			merged[name] = text
		}
	}
	if len(merged) == 0 {
		return nil, errors.New("no migrations given")
	}
	return merged, nil
}

// numberOf gives the number in front of a migration's name.
func numberOf(name string) (int64, error) {
	number, _, _ := strings.Cut(name, "_")
	version, err := strconv.ParseInt(number, 10, 64)
	if err != nil || version < 1 {
		return 0, fmt.Errorf("migration %s: the name must begin with a number", name)
	}
	return version, nil
}

// bytewise turns our portable DDL into PostgreSQL's: text is ordered by its
// bytes, as SQLite orders it, whatever locale the database was made with.
func bytewise(ddl string) string {
	lines := strings.Split(strings.ReplaceAll(ddl, "/* clustered */", ""), "\n")
	for i, line := range lines {
		if !strings.HasPrefix(strings.TrimSpace(line), "--") {
			lines[i] = strings.ReplaceAll(line, " TEXT", ` TEXT COLLATE "C"`)
		}
	}
	return strings.Join(lines, "\n")
}

// Column is one column of the schema, in portable words.
type Column struct{ Table, Name, Type string }

// Schema lists the columns of the database in portable types, ordered by table
// and name, so that the two engines can be compared.
func (db *DB) Schema(ctx context.Context) ([]Column, error) {
	query := `SELECT m.name, c.name, c.type FROM sqlite_schema m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'goose_%' ORDER BY 1, 2`
	words := map[string]string{"INTEGER": "BIGINT", "TEXT": "TEXT", "BLOB": "BYTEA", "REAL": "DOUBLE PRECISION"}
	if db.engine == PostgreSQL {
		query = `SELECT table_name, column_name, data_type FROM information_schema.columns
			WHERE table_schema = current_schema() AND table_name NOT LIKE 'goose_%'
			ORDER BY table_name COLLATE "C", column_name COLLATE "C"`
		words = map[string]string{"bigint": "BIGINT", "boolean": "BIGINT", "text": "TEXT", "bytea": "BYTEA", "double precision": "DOUBLE PRECISION"}
	}
	return Collect(ctx, db, func(row Scanner) (Column, error) {
		var c Column
		err := row.Scan(&c.Table, &c.Name, &c.Type)
		if word, ok := words[c.Type]; ok {
			c.Type = word
		}
		return c, err
	}, query)
}
