package store

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"touyan.dev/touyan/kernel/fault"
)

// writerLock is the advisory lock under which each group commits, so that
// positions of the log are gapless whichever replica writes.
const writerLock = 0x746f7579616e // "touyan"

func openPostgres(ctx context.Context, dsn string, opts Options) (*sql.DB, session, error) {
	cfg, err := pgxConfig(dsn)
	if err != nil {
		return nil, nil, err
	}
	readerCfg := cfg.Copy()
	readerCfg.RuntimeParams["default_transaction_read_only"] = "on"
	reader := stdlib.OpenDB(*readerCfg)
	reader.SetMaxOpenConns(opts.Readers)
	reader.SetMaxIdleConns(opts.Readers)
	reader.SetConnMaxLifetime(time.Hour)
	w := &pgSession{cfg: cfg}
	if err := w.connect(ctx); err != nil {
		return nil, nil, errors.Join(err, reader.Close())
	}
	return reader, w, nil
}

// pgxConfig reads a data source name; the error never repeats it, because it
// may hold a password.
func pgxConfig(dsn string) (*pgx.ConnConfig, error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fault.New(fault.Invalid, "store.Open", "数据库地址格式有误（应为 postgres://用户@主机/库名）。",
			"The database address is malformed (postgres://user@host/database is wanted).")
	}
	cfg.RuntimeParams["timezone"] = "UTC"
	return cfg, nil
}

// pgSession is the writer's connection. It is remade after a broken one.
type pgSession struct {
	cfg  *pgx.ConnConfig
	conn *pgx.Conn
	// opening is the BEGIN and the lock, not sent yet: they travel with the
	// group's first load, which saves a round trip.
	opening bool
}

func (s *pgSession) connect(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, s.cfg)
	if err != nil {
		return pgRefusal(err)
	}
	var commit, fsync string
	if err := conn.QueryRow(ctx, "SELECT current_setting('synchronous_commit'), current_setting('fsync')").Scan(&commit, &fsync); err != nil {
		return errors.Join(pgRefusal(err), conn.Close(ctx))
	}
	if commit == "off" || fsync != "on" {
		return errors.Join(fault.New(fault.Unavailable, "store.Open",
			"数据库的 synchronous_commit 或 fsync 已关闭，断电会丢失已答复的事项，拒绝启动。",
			"The database has synchronous_commit or fsync off; a power cut would lose acknowledged work, so we refuse to start."), conn.Close(ctx))
	}
	s.conn = conn
	return nil
}

func (s *pgSession) begin(ctx context.Context) error {
	if s.conn == nil || s.conn.IsClosed() {
		if err := s.connect(ctx); err != nil {
			return err
		}
	}
	s.opening = true
	return nil
}

// open queues the start of the transaction if it has not been sent.
func (s *pgSession) open(b *pgx.Batch) {
	if s.opening {
		b.Queue("BEGIN")
		b.Queue("SELECT pg_advisory_xact_lock($1)", int64(writerLock))
		s.opening = false
	}
}

func (s *pgSession) load(ctx context.Context, lookups []*lookup) error {
	b := &pgx.Batch{}
	s.open(b)
	skip := b.Len()
	for _, l := range lookups {
		b.Queue(dollars(l.texts.selectMany), l.columns()...)
	}
	res := s.conn.SendBatch(ctx, b)
	for range skip {
		if _, err := res.Exec(); err != nil {
			return errors.Join(pgRefusal(err), res.Close())
		}
	}
	for _, l := range lookups {
		rows, err := res.Query()
		if err != nil {
			return errors.Join(pgRefusal(err), res.Close())
		}
		for rows.Next() {
			if err := l.scan(rows); err != nil {
				rows.Close()
				return errors.Join(err, res.Close())
			}
		}
		if err := rows.Err(); err != nil {
			return errors.Join(pgRefusal(err), res.Close())
		}
	}
	return pgRefusal(res.Close())
}

// columns turns the wanted keys into one array per key column.
func (l *lookup) columns() []any {
	out := make([]any, len(l.types))
	for c, kind := range l.types {
		switch kind {
		case "BIGINT":
			out[c] = column[int64](l.keys, c)
		case "TEXT":
			out[c] = column[string](l.keys, c)
		default:
			out[c] = column[[]byte](l.keys, c)
		}
	}
	return out
}

func column[T any](keys [][]any, c int) []T {
	out := make([]T, len(keys))
	for i, key := range keys {
		out[i], _ = key[c].(T)
	}
	return out
}

// commit sends the batch in one round trip and COMMIT in a second: a row that
// moved on must be able to stop the group.
func (s *pgSession) commit(ctx context.Context, batch []statement) error {
	b := &pgx.Batch{}
	s.open(b)
	skip := b.Len()
	for _, st := range batch {
		b.Queue(dollars(st.sql), st.args...)
	}
	res := s.conn.SendBatch(ctx, b)
	err := func() error {
		for range skip {
			if _, err := res.Exec(); err != nil {
				return err
			}
		}
		for _, st := range batch {
			tag, err := res.Exec()
			if err != nil {
				return err
			}
			if tag.RowsAffected() != 1 && !st.any {
				return movedOn(st.table)
			}
		}
		return nil
	}()
	if cerr := res.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		_, err = s.conn.Exec(ctx, "COMMIT")
	}
	if err != nil {
		s.rollback()
	}
	return pgRefusal(err)
}

func (s *pgSession) rollback() {
	s.opening = false
	if s.conn == nil || s.conn.IsClosed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if s.conn.PgConn().TxStatus() == 'I' {
		return
	}
	if _, err := s.conn.Exec(ctx, "ROLLBACK"); err != nil {
		_ = s.conn.Close(ctx)
	}
}

func (s *pgSession) close() error {
	if s.conn == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return s.conn.Close(ctx)
}

// pgRefusal turns the errors of a full or read-only server into Unavailable
// and a lost connection into Busy.
func pgRefusal(err error) error {
	if err == nil {
		return nil
	}
	var p *pgconn.PgError
	if errors.As(err, &p) {
		switch p.Code {
		case "53100", "25006", "58030": // disk full, read-only, I/O error
			return errFull(err)
		case "57P01", "57P02", "57P03": // the server stops, has crashed, is starting
			return errGone(err)
		}
		return err
	}
	var refused *pgconn.ConnectError
	var network *net.OpError
	if pgconn.Timeout(err) || pgconn.SafeToRetry(err) || errors.As(err, &refused) || errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errGone(err)
	}
	return err
}

// errGone answers whoever finds no server.
func errGone(err error) error {
	return &fault.Error{Kind: fault.Busy, Op: "store.Write", Err: err, Text: fault.T("数据库连接中断，请稍后重试。", "The connection to the database was lost; try again shortly.")}
}
