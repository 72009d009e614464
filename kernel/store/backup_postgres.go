package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"touyan.dev/touyan/kernel/fault"
)

// PostgreSQL has no file to copy, so a backup is read out of one repeatable-read
// transaction into a SQLite file made by the same migrations, and a restore is
// one transaction of COPY.

// exportPostgres fills an empty file with the database as it is at one moment.
func exportPostgres(ctx context.Context, dsn, part string, sources []fs.FS) error {
	cfg, err := pgxConfig(dsn)
	if err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return pgRefusal(err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	versions, err := pgVersions(ctx, tx)
	if err != nil {
		return err
	}
	if err := sameVersions(versions, sources); err != nil {
		return err
	}
	if err := Migrate(ctx, part, sources...); err != nil {
		return err
	}
	pool, err := openFile(part, "journal_mode(DELETE)", "synchronous(OFF)") // Backup syncs the whole file at the end
	if err != nil {
		return err
	}
	return errors.Join(exportTables(ctx, tx, pool), pool.Close())
}

func exportTables(ctx context.Context, from pgx.Tx, pool *sql.DB) error {
	tables, err := fileTables(ctx, pool)
	if err != nil {
		return err
	}
	if err := sameTables(ctx, from, tables); err != nil {
		return err
	}
	to, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := exportTable(ctx, from, to, t); err != nil {
			return errors.Join(fmt.Errorf("table %s: %w", t.name, err), to.Rollback())
		}
	}
	return to.Commit()
}

func exportTable(ctx context.Context, from pgx.Tx, to *sql.Tx, t fileTable) error {
	list := strings.Join(t.columns, ", ")
	insert, err := to.PrepareContext(ctx, "INSERT INTO "+t.name+" ("+list+") VALUES ("+strings.TrimSuffix(strings.Repeat("?, ", len(t.columns)), ", ")+")")
	if err != nil {
		return err
	}
	defer insert.Close()
	rows, err := from.Query(ctx, "SELECT "+list+" FROM "+t.name+" ORDER BY "+strings.Join(t.key, ", "))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return err
		}
		if _, err := insert.ExecContext(ctx, values...); err != nil {
			return err
		}
	}
	return rows.Err()
}

// importPostgres replaces the rows of every table by those of the file, in one
// transaction under the writers' lock.
func importPostgres(ctx context.Context, part, dsn string) error {
	pool, err := openFile(part, "query_only(1)")
	if err != nil {
		return err
	}
	defer pool.Close()
	tables, err := fileTables(ctx, pool)
	if err != nil {
		return err
	}
	cfg, err := pgxConfig(dsn)
	if err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(writerLock)); err != nil {
		return err
	}
	if err := sameTables(ctx, tx, tables); err != nil {
		return err
	}
	for _, t := range tables {
		if _, err := tx.Exec(ctx, "TRUNCATE "+t.name); err != nil {
			return err
		}
		if err := importTable(ctx, pool, tx, t); err != nil {
			return fmt.Errorf("table %s: %w", t.name, err)
		}
	}
	return tx.Commit(ctx)
}

func importTable(ctx context.Context, pool *sql.DB, tx pgx.Tx, t fileTable) error {
	kinds, err := columnKinds(ctx, tx, t)
	if err != nil {
		return err
	}
	rows, err := pool.QueryContext(ctx, "SELECT "+strings.Join(t.columns, ", ")+" FROM "+t.name)
	if err != nil {
		return err
	}
	defer rows.Close()
	dest := make([]any, len(t.columns))
	_, err = tx.CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, pgx.CopyFromFunc(func() ([]any, error) {
		if !rows.Next() {
			return nil, rows.Err()
		}
		values := make([]any, len(t.columns))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		for i, v := range values {
			values[i] = pgValue(kinds[i], v)
		}
		return values, nil
	}))
	return err
}

// pgValue gives a value of SQLite as PostgreSQL's type wants it.
func pgValue(kind string, v any) any {
	switch v := v.(type) {
	case int64:
		if kind == "boolean" {
			return v != 0
		}
	case nil: // SQLite's driver gives an empty blob so; NULLs there are none
		return []byte{}
	case []byte:
		if v == nil {
			return []byte{}
		}
	}
	return v
}

func columnKinds(ctx context.Context, tx pgx.Tx, t fileTable) ([]string, error) {
	rows, err := tx.Query(ctx, "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1", t.name)
	if err != nil {
		return nil, err
	}
	kinds := make([]string, len(t.columns))
	var name, kind string
	_, err = pgx.ForEachRow(rows, []any{&name, &kind}, func() error {
		kinds[slices.Index(t.columns, name)] = kind
		return nil
	})
	return kinds, err
}

// sameTables refuses a database whose tables are not those of the file.
func sameTables(ctx context.Context, tx pgx.Tx, tables []fileTable) error {
	rows, err := tx.Query(ctx, `SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = current_schema() AND table_name NOT LIKE 'goose\_%' ORDER BY 1`)
	if err != nil {
		return err
	}
	there, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	var wanted []string
	for _, t := range tables {
		for _, c := range t.columns {
			wanted = append(wanted, t.name+"."+c)
		}
	}
	slices.Sort(wanted)
	slices.Sort(there)
	if slices.Equal(wanted, there) {
		return nil
	}
	for _, name := range append(wanted, there...) {
		if !slices.Contains(wanted, name) || !slices.Contains(there, name) {
			return fault.New(fault.Conflict, "store.sameTables", "数据库的表与程序的不一致："+name, "The database's tables are not the program's: "+name)
		}
	}
	return nil
}

// pgVersions lists the migrations that the database has had; none where there is
// no table of them.
func pgVersions(ctx context.Context, tx pgx.Tx) ([]int64, error) {
	var there bool
	if err := tx.QueryRow(ctx, "SELECT to_regclass('goose_db_version') IS NOT NULL").Scan(&there); err != nil {
		return nil, err
	}
	if !there {
		return nil, nil
	}
	rows, err := tx.Query(ctx, "SELECT DISTINCT version_id FROM goose_db_version WHERE is_applied AND version_id > 0 ORDER BY 1")
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// pgOthers counts the connections to the database beside the pool's one.
func pgOthers(ctx context.Context, pool *sql.DB) (n int, err error) {
	err = pool.QueryRowContext(ctx, `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`).Scan(&n)
	return n, err
}
