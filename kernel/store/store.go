// Package store keeps everything the product remembers, in SQLite or in
// PostgreSQL, from one SQL text.
//
// Reading goes through Reader: plain SQL with ? placeholders, on connections
// that cannot write. Writing goes through DB.Write and nothing else: a Change
// names the rows it needs (Load), decides from them alone (Decide), and the
// group writer takes up to 256 waiting changes, loads for all, decides each in
// turn, sends one batch and commits once. A caller is answered only after its
// commit is on disk: SQLite runs with synchronous=FULL, PostgreSQL with
// synchronous_commit on, and Open refuses less.
//
// What it never does: hold truth in memory between groups, run a closure
// inside a transaction, or build SQL from input. On a full disk or a read-only
// file writes are refused with fault.Unavailable and reads go on.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"touyan.dev/touyan/kernel/fault"
)

// Engine names a database engine.
type Engine string

// The two engines.
const (
	SQLite     Engine = "sqlite"
	PostgreSQL Engine = "postgresql"
)

// Options tune a DB. The zero value is right for production.
type Options struct {
	// GroupSize bounds how many changes share one commit; 0 means 256.
	GroupSize int
	// Readers bounds concurrent reading connections; 0 means 8.
	Readers int
	// UnsafeSync opens SQLite with the named synchronous mode instead of FULL.
	// It exists so that the torture tests can show that they notice a loss;
	// the program never sets it.
	UnsafeSync string
}

// DB is an open database.
type DB struct {
	engine  Engine
	dsn     string
	opts    Options
	reader  *sql.DB
	writer  session
	lock    *lockFile // nil on PostgreSQL
	queue   chan *request
	stop    chan struct{}
	ended   chan struct{} // the writer has returned
	closing atomic.Bool

	mu    sync.Mutex
	hooks []func()
}

// Open opens the database named by dsn: a file path for SQLite, or a
// postgres:// URL. It checks that commits are durable and starts the writer.
// Migrate must have run before the first Write.
func Open(ctx context.Context, dsn string, opts Options) (*DB, error) {
	if opts.GroupSize == 0 {
		opts.GroupSize = 256
	}
	if opts.Readers == 0 {
		opts.Readers = 8
	}
	db := &DB{dsn: dsn, opts: opts, engine: EngineOf(dsn), queue: make(chan *request, 4*opts.GroupSize), stop: make(chan struct{}), ended: make(chan struct{})}
	var err error
	if db.engine == PostgreSQL {
		db.reader, db.writer, err = openPostgres(ctx, dsn, opts)
	} else if db.lock, err = openLock(dsn); err == nil {
		if err = db.lock.share(); err == nil {
			db.reader, db.writer, err = openSQLite(ctx, dsn, opts)
		}
	}
	if err != nil {
		return nil, fault.Wrap("store.Open", errors.Join(err, db.lock.release()))
	}
	go db.run()
	return db, nil
}

// EngineOf tells which engine a data source name belongs to.
func EngineOf(dsn string) Engine {
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		return PostgreSQL
	}
	return SQLite
}

// Engine tells which engine the database runs on.
func (db *DB) Engine() Engine { return db.engine }

// Path is the file of a SQLite database; "" on PostgreSQL.
func (db *DB) Path() string {
	if db.engine == PostgreSQL {
		return ""
	}
	return db.dsn
}

// Close lets the running group finish, refuses later writes and closes all
// connections.
func (db *DB) Close() error {
	if db.closing.Swap(true) {
		return nil
	}
	close(db.stop)
	<-db.ended
	return errors.Join(db.writer.close(), db.reader.Close(), db.lock.release())
}

// Waiting gives how many changes wait for the writer: what a gauge shows.
func (db *DB) Waiting() int { return len(db.queue) }

// OnCommit registers a function to be called after each group commit, on the
// writer's goroutine: it must return at once (a channel send that cannot block).
func (db *DB) OnCommit(f func()) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.hooks = append(db.hooks, f)
}

func (db *DB) committed() {
	db.mu.Lock()
	hooks := db.hooks
	db.mu.Unlock()
	for _, f := range hooks {
		f()
	}
}

// Reader is a source of rows that cannot write.
type Reader interface {
	// Query runs a SELECT with ? placeholders. The caller closes the rows.
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	// QueryRow runs a SELECT that gives at most one row.
	QueryRow(ctx context.Context, query string, args ...any) *sql.Row
}

// Query runs a SELECT on a read-only connection.
func (db *DB) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	rows, err := db.reader.QueryContext(ctx, db.rebind(query), args...)
	if err != nil {
		return nil, fault.Wrap("store.Query", pgRefusal(err))
	}
	return rows, nil
}

// QueryRow runs a SELECT that gives at most one row.
func (db *DB) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	return db.reader.QueryRowContext(ctx, db.rebind(query), args...)
}

// rebind turns ? placeholders into the engine's own.
func (db *DB) rebind(query string) string {
	if db.engine == PostgreSQL {
		return dollars(query)
	}
	return query
}

// dollars turns each ? outside quotes into $1, $2, …
func dollars(query string) string {
	if !strings.Contains(query, "?") {
		return query
	}
	var b strings.Builder
	b.Grow(len(query) + 8)
	n, quoted := 0, false
	for i := 0; i < len(query); i++ {
		switch c := query[i]; {
		case c == '\'':
			quoted = !quoted
			b.WriteByte(c)
		case c == '?' && !quoted:
			n++
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(n))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// Collect runs a SELECT and gathers its rows with scan.
func Collect[T any](ctx context.Context, r Reader, scan func(Scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := r.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, fault.Wrap("store.Collect", err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fault.Wrap("store.Collect", err)
	}
	return out, nil
}

// Scanner is one row being read.
type Scanner interface{ Scan(dest ...any) error }

// errClosed answers a Write after Close.
func errClosed() error {
	return fault.New(fault.Busy, "store.Write", "系统正在停止，请稍后重试。", "The system is stopping; try again shortly.")
}

// errFull answers a write that the disk or the file refuses.
func errFull(err error) error {
	f := fault.New(fault.Unavailable, "store.Write", "存储空间已满或只读，暂不能写入；已有内容仍可查阅。请通知管理员。",
		"Storage is full or read-only, so nothing can be written; everything can still be read. Tell the administrator.")
	f.Err = err
	return f
}

func unexpected(what string, err error) error { return fmt.Errorf("%s: %w", what, err) }
