package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
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

// sqliteSession is the one connection that writes. It speaks to the driver
// without database/sql: a group is hundreds of small statements, and the pool's
// locks and conversions would cost as much as half of them.
type sqliteSession struct {
	conn  driver.Conn
	stmts map[string]*prepared
	args  []driver.NamedValue // of the statement being run
	row   cells
}

// prepared is a statement that stays prepared while the session lives.
type prepared struct {
	driver.Stmt
	exec  driver.StmtExecContext
	query driver.StmtQueryContext
}

func newSQLiteSession(ctx context.Context, path, mode string) (*sqliteSession, error) {
	pool, err := sql.Open("sqlite", sqliteURI(path))
	if err != nil {
		return nil, err
	}
	defer pool.Close() // it has opened nothing: only its driver is wanted
	conn, err := pool.Driver().Open(sqliteURI(path, "journal_mode(WAL)", "synchronous("+mode+")", "cache_size(-64000)", "wal_autocheckpoint(4000)"))
	if err != nil {
		return nil, refusal(err)
	}
	s := &sqliteSession{conn: conn, stmts: map[string]*prepared{}}
	if mode == "FULL" {
		if err := s.mustBeDurable(); err != nil {
			return nil, errors.Join(err, s.close())
		}
	}
	return s, nil
}

// mustBeDurable refuses a database whose commits would not survive a power cut.
func (s *sqliteSession) mustBeDurable() error {
	var sync int
	var journal string
	if err := s.query("PRAGMA synchronous", nil, 0, func(row Scanner) error { return row.Scan(&sync) }); err != nil {
		return refusal(err)
	}
	if err := s.query("PRAGMA journal_mode", nil, 0, func(row Scanner) error { return row.Scan(&journal) }); err != nil {
		return refusal(err)
	}
	if sync != 2 || journal != "wal" {
		return fault.New(fault.Unavailable, "store.Open",
			"数据库未以最高持久级别打开（需 WAL 与 synchronous=FULL），拒绝启动；请检查数据目录所在文件系统。",
			fmt.Sprintf("The database did not open durably (journal %s, synchronous %d; WAL and FULL are needed); check the file system of the data directory.", journal, sync))
	}
	return nil
}

func (s *sqliteSession) prepared(text string) (*prepared, error) {
	if p, ok := s.stmts[text]; ok {
		return p, nil
	}
	stmt, err := s.conn.Prepare(text)
	if err != nil {
		return nil, err
	}
	p := &prepared{Stmt: stmt}
	var can [2]bool
	p.exec, can[0] = stmt.(driver.StmtExecContext)
	p.query, can[1] = stmt.(driver.StmtQueryContext)
	if !can[0] || !can[1] {
		return nil, errors.New("store: the SQLite driver lacks context methods")
	}
	s.stmts[text] = p
	return p, nil
}

// exec runs a statement. The driver watches a context that can end by a
// goroutine for every statement; the writer's statements are short, and wait
// for a lock no longer than busy_timeout, so it is given one that cannot.
func (s *sqliteSession) exec(text string, args ...any) (driver.Result, error) {
	p, err := s.prepared(text)
	if err != nil {
		return nil, err
	}
	s.args = appendValues(s.args[:0], args)
	return p.exec.ExecContext(context.Background(), s.args)
}

// query runs a SELECT with the arguments of all keys, the last key repeated
// until there are n, and scans each row.
func (s *sqliteSession) query(text string, keys [][]any, n int, scan func(Scanner) error) (err error) {
	p, err := s.prepared(text)
	if err != nil {
		return err
	}
	s.args = s.args[:0]
	for i := range n {
		s.args = appendValues(s.args, keys[min(i, len(keys)-1)])
	}
	rows, err := p.query.QueryContext(context.Background(), s.args)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if k := len(rows.Columns()); cap(s.row) < k {
		s.row = make(cells, k)
	} else {
		s.row = s.row[:k]
	}
	for {
		if err := rows.Next(s.row); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := scan(s.row); err != nil {
			return err
		}
	}
}

func (s *sqliteSession) begin(context.Context) error {
	_, err := s.exec("BEGIN IMMEDIATE")
	return refusal(err)
}

func (s *sqliteSession) load(_ context.Context, lookups []*lookup) error {
	for _, l := range lookups {
		for keys := l.keys; len(keys) > 0; {
			text, n := l.texts.selectOne, 1
			for i, some := range someKeys {
				if len(keys) > n {
					text, n = l.texts.selectSome[i], some
				}
			}
			part := keys[:min(n, len(keys))]
			if err := s.query(text, part, n, l.scan); err != nil {
				return refusal(err)
			}
			keys = keys[len(part):]
		}
	}
	return nil
}

func (s *sqliteSession) commit(_ context.Context, batch []statement) error {
	for _, st := range batch {
		res, err := s.exec(st.sql, st.args...)
		if err == nil {
			var n int64
			if n, err = res.RowsAffected(); err == nil && n != 1 && !st.any {
				err = movedOn(st.table)
			}
		}
		if err != nil {
			s.rollback()
			return refusal(err)
		}
	}
	if _, err := s.exec("COMMIT"); err != nil {
		s.rollback()
		return refusal(err)
	}
	return nil
}

func (s *sqliteSession) rollback() {
	// After a full disk SQLite may have rolled back by itself; the error of a
	// second ROLLBACK says nothing new.
	_, _ = s.exec("ROLLBACK")
}

func (s *sqliteSession) close() error {
	for _, stmt := range s.stmts {
		_ = stmt.Close()
	}
	return s.conn.Close()
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
		return &fault.Error{Kind: fault.Busy, Op: "store.Write", Err: err, Text: fault.T("数据库正忙，请稍后重试。", "The database is busy; try again shortly.")}
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
