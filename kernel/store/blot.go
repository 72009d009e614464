package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"touyan.dev/touyan/kernel/fault"
)

// Blot queues a statement that takes text out of rows, however many there are:
// the one write that is not of a row that was read. It runs after all others of
// its group. What it changes is unknown to later changes of the group, so the
// change that blots must be the last word on those rows.
func Blot(g *Group, query string, args ...any) {
	n := len(g.blots)
	g.blots = append(g.blots, statement{sql: query, args: args, any: true})
	g.OnUndo(func() { g.blots = g.blots[:n] })
}

// scrubWait is how long Scrub waits for others to let go of the write-ahead log,
// or of the old rows of one table.
const scrubWait = 60 * time.Second

// Scrub removes from the database's own files what its rows no longer hold: free
// pages, the slack inside pages, statistics, and the write-ahead log. Others may
// have the database open; their writes wait meanwhile. The texts it gives say
// what it could not reach and who must; an error means that it has to be run
// again. What the disk itself keeps of freed blocks is beyond it.
func Scrub(ctx context.Context, dsn string, tables []string) ([]fault.Text, error) {
	const op = "store.Scrub"
	if EngineOf(dsn) == PostgreSQL {
		left, err := scrubPostgres(ctx, dsn, tables)
		return left, fault.Wrap(op, pgRefusal(err))
	}
	return nil, fault.Wrap(op, refusal(scrubSQLite(ctx, dsn)))
}

// scrubSQLite writes every page anew and empties the log. secure_delete
// overwrites what VACUUM gives back within the file.
func scrubSQLite(ctx context.Context, path string) error {
	pool, err := openFile(path, "secure_delete(1)", "synchronous(FULL)")
	if err != nil {
		return err
	}
	defer pool.Close()
	if _, err := pool.ExecContext(ctx, "VACUUM"); err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, scrubWait)
	defer cancel()
	for {
		var busy, pages, moved int
		if err := pool.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved); err != nil && !fault.Is(refusal(err), fault.Busy) {
			return err
		} else if err == nil && busy == 0 {
			return nil
		}
		if wait.Err() != nil {
			return fault.New(fault.Busy, "store.Scrub", "数据库一直有人在读，预写日志未能清空；请稍后再执行一次。", "The database was being read all the time, so its write-ahead log could not be emptied; run it again shortly.")
		}
	}
}

// walStep is how many bytes are written to PostgreSQL's log at a time, to take it
// on; its files hold 16 MB.
const walStep = 4 << 20

// scrubPostgres writes the tables and their indexes anew, lets new statistics
// take the place of those that quote rows, and writes the log on until every
// file in pg_wal has been written over.
func scrubPostgres(ctx context.Context, dsn string, tables []string) (left []fault.Text, err error) {
	cfg, err := pgxConfig(dsn)
	if err != nil {
		return nil, err
	}
	w, err := newRewriter(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer w.conn.Close(context.WithoutCancel(ctx))
	form := nameForm()
	for _, t := range tables {
		if !form.MatchString(t) {
			return nil, fmt.Errorf("store: an improper table name")
		}
		if err := w.rewrite(ctx, ", ANALYZE", t); err != nil {
			return nil, err
		}
	}
	if err := w.rewrite(ctx, "", "pg_statistic"); fault.Is(err, fault.Busy) {
		return nil, err
	} else if err != nil {
		left = append(left, fault.T("统计信息（pg_statistic）可能仍引用原文：请由数据库所有者执行 VACUUM FULL pg_statistic。", "pg_statistic may still quote rows: let the database's owner run VACUUM FULL pg_statistic."))
	}
	if err := overwriteWAL(ctx, w.conn); err != nil {
		left = append(left, fault.T("没有权限清空预写日志：请由超级用户执行 CHECKPOINT，并清除 pg_wal 中的旧文件。", "Not permitted to empty the write-ahead log: let a superuser run CHECKPOINT and clear the old files of pg_wal."))
	}
	var archive string
	if err := w.conn.QueryRow(ctx, "SELECT current_setting('archive_mode')").Scan(&archive); err != nil || archive != "off" {
		left = append(left, fault.T("日志归档已开启：归档文件与备库仍有原文，须按保管办法另行销毁并重做基础备份。", "WAL archiving is on: the archived files and standbys still hold the text; destroy them and take a new base backup."))
	}
	return left, nil
}

// rewriter writes tables anew. The server's report on each is all that tells
// whether one was skipped, or dead rows went along.
type rewriter struct {
	conn *pgx.Conn
	dead string // how many dead rows the last one kept; "" without a report
}

func newRewriter(ctx context.Context, cfg *pgx.ConnConfig) (*rewriter, error) {
	w := &rewriter{}
	cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		// "3 dead row versions cannot be removed yet." begins with the number in every language.
		if end := strings.IndexFunc(n.Detail, func(r rune) bool { return r < '0' || r > '9' }); end > 0 {
			w.dead = n.Detail[:end]
		}
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	w.conn = conn
	return w, err
}

// rewrite writes a table and its indexes anew, until no dead row is taken along:
// PostgreSQL keeps those that a transaction begun earlier could still see, be it
// only autovacuum's own look at the table.
func (w *rewriter) rewrite(ctx context.Context, options, table string) error {
	const op = "store.rewrite"
	wait, cancel := context.WithTimeout(ctx, scrubWait)
	defer cancel()
	for ; ; time.Sleep(50 * time.Millisecond) {
		w.dead = ""
		if _, err := w.conn.Exec(ctx, "VACUUM (FULL, VERBOSE"+options+") "+table); err != nil {
			return err
		}
		switch {
		case w.dead == "0":
			return nil
		case w.dead == "":
			return fault.New(fault.Forbidden, op, "没有权限重写数据表 "+table+"。", "Not permitted to write the table "+table+" anew.")
		case wait.Err() != nil:
			return fault.New(fault.Busy, op, "数据库中有较早开始的查询一直没有结束，旧数据未能清除；请稍后再执行一次。", "A query begun earlier has not ended in the database, so old rows could not be removed; run it again shortly.")
		}
	}
}

// overwriteWAL writes the log on until every file of pg_wal has been written over.
// A checkpoint gives the files before it new names ahead of the log, with their
// old content; so the one in use is left first, and then the log is taken past
// the last name there is.
func overwriteWAL(ctx context.Context, conn *pgx.Conn) error {
	past := func(name string) error {
		for range 10_000 {
			var here bool
			if err := conn.QueryRow(ctx, "SELECT pg_walfile_name(pg_current_wal_lsn()) > $1", name).Scan(&here); err != nil || here {
				return err
			}
			if _, err := conn.Exec(ctx, "SELECT pg_logical_emit_message(false, 'touyan', repeat('0', $1))", walStep); err != nil {
				return err
			}
		}
		return errors.New("store: the log does not go on")
	}
	var name string
	if err := conn.QueryRow(ctx, "SELECT pg_walfile_name(pg_current_wal_lsn())").Scan(&name); err != nil {
		return err
	}
	if err := past(name); err != nil {
		return err
	}
	for range 2 {
		if _, err := conn.Exec(ctx, "CHECKPOINT"); err != nil {
			return err
		}
	}
	if err := conn.QueryRow(ctx, "SELECT max(name) FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'").Scan(&name); err != nil {
		return err
	}
	if err := past(name); err != nil {
		return err
	}
	_, err := conn.Exec(ctx, "CHECKPOINT")
	return err
}

// Reseal rewrites a backup: change is given its tables as a database that Migrate
// and Open take, and what it leaves there is sealed as of the time when the
// backup was taken. The file is replaced in one step, and the one before written
// over with zeros.
func (a *Archive) Reseal(ctx context.Context, m Manifest, o BackupOptions, change func(ctx context.Context, dsn string) error) error {
	const op = "store.Reseal"
	dir, err := os.MkdirTemp(filepath.Dir(a.path), ".spill-")
	if err != nil {
		return fault.New(fault.Unavailable, op, "备份所在目录无法写入："+filepath.Dir(a.path), "Nothing can be written to the backup's directory: "+filepath.Dir(a.path))
	}
	defer os.RemoveAll(dir)
	part := filepath.Join(dir, "touyan.db")
	defer wipe(part)
	if err := a.Unpack(ctx, part); err != nil {
		return err
	}
	if err := change(ctx, part); err != nil {
		return err
	}
	if err := scrubSQLite(ctx, part); err != nil {
		return fault.Wrap(op, refusal(err))
	}
	o.Taken = m.Taken
	clean := filepath.Join(dir, "clean")
	pool, err := openFile(part)
	if err != nil {
		return fault.Wrap(op, err)
	}
	if _, err = pool.ExecContext(ctx, "VACUUM INTO ?", clean); err != nil {
		return fault.Wrap(op, errors.Join(refusal(err), pool.Close()))
	}
	if err := pool.Close(); err != nil {
		return fault.Wrap(op, err)
	}
	if _, err := finishBackup(ctx, m.Engine, clean, o); err != nil {
		return fault.Wrap(op, backupRefusal(err))
	}
	if err := syncFile(clean); err != nil {
		return fault.Wrap(op, err)
	}
	return fault.Wrap(op, replaceFile(clean, a.path))
}

// replaceFile puts a file in place of another and writes zeros over the other.
func replaceFile(with, path string) error {
	old, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	info, err := old.Stat()
	if err == nil {
		err = os.Chmod(with, info.Mode().Perm())
	}
	if err == nil {
		err = os.Rename(with, path)
	}
	if err == nil {
		err = errors.Join(syncFile(filepath.Dir(path)), zero(old, info))
	}
	return errors.Join(err, old.Close())
}

func zero(f *os.File, info fs.FileInfo) error {
	blank := make([]byte, 1<<20)
	for at := int64(0); at < info.Size(); at += int64(len(blank)) {
		if _, err := f.WriteAt(blank[:min(int64(len(blank)), info.Size()-at)], at); err != nil {
			return err
		}
	}
	return f.Sync()
}

// wipe writes zeros over a database file that is about to be removed, and over
// what stands beside it.
func wipe(path string) {
	for _, suffix := range []string{"", "-wal", "-journal"} {
		if f, err := os.OpenFile(path+suffix, os.O_WRONLY, 0); err == nil {
			if info, err := f.Stat(); err == nil {
				_ = zero(f, info) // it is removed all the same
			}
			_ = f.Close()
		}
	}
}
