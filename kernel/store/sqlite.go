package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"touyan.dev/touyan/kernel/fault"
)

// sqliteURI builds the driver's data source name. busy_timeout comes first, so
// that the later pragmas wait instead of failing while another opens.
func sqliteURI(path string, pragmas ...string) string {
	q := url.Values{"_pragma": append([]string{"busy_timeout(10000)"}, pragmas...), "_txlock": {"immediate"}}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

func openSQLite(ctx context.Context, path string, opts Options) (*sql.DB, session, error) {
	mode := "FULL"
	if opts.UnsafeSync != "" {
		mode = opts.UnsafeSync
	}
	w, err := newSQLiteSession(ctx, path, mode)
	if err != nil {
		return nil, nil, err
	}
	reader, err := sql.Open("sqlite", sqliteURI(path, "query_only(1)", "cache_size(-32000)", "temp_store(2)", "mmap_size(1073741824)"))
	if err != nil {
		return nil, nil, err
	}
	reader.SetMaxOpenConns(opts.Readers)
	reader.SetMaxIdleConns(opts.Readers)
	if err := reader.PingContext(ctx); err != nil {
		return nil, nil, errors.Join(err, reader.Close(), w.close())
	}
	return reader, w, nil
}

// sqliteSession is the one connection that writes.
type sqliteSession struct {
	pool  *sql.DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func newSQLiteSession(ctx context.Context, path, mode string) (*sqliteSession, error) {
	pool, err := sql.Open("sqlite", sqliteURI(path, "journal_mode(WAL)", "synchronous("+mode+")", "cache_size(-64000)", "wal_autocheckpoint(4000)"))
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(1)
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, errors.Join(refusal(err), pool.Close())
	}
	s := &sqliteSession{pool: pool, conn: conn, stmts: map[string]*sql.Stmt{}}
	if mode == "FULL" {
		if err := s.mustBeDurable(ctx); err != nil {
			return nil, errors.Join(err, s.close())
		}
	}
	return s, nil
}

// mustBeDurable refuses a database whose commits would not survive a power cut.
func (s *sqliteSession) mustBeDurable(ctx context.Context) error {
	var sync int
	var journal string
	if err := s.conn.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&sync); err != nil {
		return refusal(err)
	}
	if err := s.conn.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&journal); err != nil {
		return refusal(err)
	}
	if sync != 2 || journal != "wal" {
		return fault.New(fault.Unavailable, "store.Open",
			"数据库未以最高持久级别打开(需 WAL 与 synchronous=FULL),拒绝启动;请检查数据目录所在文件系统。",
			fmt.Sprintf("The database did not open durably (journal %s, synchronous %d; WAL and FULL are needed); check the file system of the data directory.", journal, sync))
	}
	return nil
}

func (s *sqliteSession) prepared(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt, ok := s.stmts[text]; ok {
		return stmt, nil
	}
	stmt, err := s.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	s.stmts[text] = stmt
	return stmt, nil
}

func (s *sqliteSession) exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	stmt, err := s.prepared(ctx, text)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(ctx, args...)
}

func (s *sqliteSession) begin(ctx context.Context) error {
	_, err := s.exec(ctx, "BEGIN IMMEDIATE")
	return refusal(err)
}

func (s *sqliteSession) load(ctx context.Context, lookups []*lookup) error {
	for _, l := range lookups {
		stmt, err := s.prepared(ctx, l.one)
		if err != nil {
			return refusal(err)
		}
		for _, key := range l.keys {
			if err := l.scan(stmt.QueryRowContext(ctx, key...)); err != nil && !errors.Is(err, sql.ErrNoRows) {
				return refusal(err)
			}
		}
	}
	return nil
}

func (s *sqliteSession) commit(ctx context.Context, batch []statement) error {
	for _, st := range batch {
		res, err := s.exec(ctx, st.sql, st.args...)
		if err == nil {
			var n int64
			if n, err = res.RowsAffected(); err == nil && n != 1 {
				err = movedOn(st.table)
			}
		}
		if err != nil {
			s.rollback()
			return refusal(err)
		}
	}
	if _, err := s.exec(ctx, "COMMIT"); err != nil {
		s.rollback()
		return refusal(err)
	}
	return nil
}

func (s *sqliteSession) rollback() {
	// After a full disk SQLite may have rolled back by itself; the error of a
	// second ROLLBACK says nothing new.
	_, _ = s.exec(context.Background(), "ROLLBACK")
}

func (s *sqliteSession) close() error {
	for _, stmt := range s.stmts {
		_ = stmt.Close()
	}
	return errors.Join(s.conn.Close(), s.pool.Close())
}

// refusal turns the errors of a full, read-only or failing disk into
// Unavailable, and a lock held too long into Busy.
func refusal(err error) error {
	var f *sqlite.Error
	if !errors.As(err, &f) {
		return err
	}
	switch f.Code() & 0xff {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN:
		return errFull(err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return &fault.Error{Kind: fault.Busy, Op: "store.Write", Err: err, Text: fault.T("数据库正忙,请稍后重试。", "The database is busy; try again shortly.")}
	}
	return err
}

// movedOn is the error of an update whose row has another revision than read.
func movedOn(table string) error {
	return fmt.Errorf("store: %s: the row changed since it was read", table)
}

// strict turns our portable DDL into SQLite's: STRICT tables, INTEGER keys and
// the five type words. A table marked /* clustered */ keeps its rows in key
// order (WITHOUT ROWID).
func strict(ddl string) string {
	lines := strings.Split(ddl, "\n")
	clustered := false
	for i, line := range lines {
		if strings.HasPrefix(strings.ToUpper(strings.TrimSpace(line)), "CREATE TABLE") {
			clustered = strings.Contains(line, "/* clustered */")
		}
		for word, own := range map[string]string{"BIGINT": "INTEGER", "BOOLEAN": "INTEGER", "DOUBLE PRECISION": "REAL", "BYTEA": "BLOB"} {
			line = strings.ReplaceAll(line, word, own)
		}
		if strings.TrimSpace(line) == ");" {
			line = ") STRICT;"
			if clustered {
				line = ") STRICT, WITHOUT ROWID;"
			}
		}
		lines[i] = line
	}
	return strings.Join(lines, "\n")
}
