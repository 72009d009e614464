package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"touyan.dev/touyan/kernel/fault"
)

// A backup is one SQLite file, whichever engine it was taken from: the tables as
// the migrations make them, and two more. backup_seal holds the manifest, a few
// lines of text with a digest for each table, as the caller has signed it;
// backup_rows holds eight bytes of each row's digest, so that a damaged row can
// be named. It is taken while others write, and is of one moment.

// BackupOptions say how a backup is made. Fill all fields but Omit.
type BackupOptions struct {
	Taken   time.Time
	Omit    []string                                     // tables whose rows stay behind, such as those of sessions
	Sources []fs.FS                                      // as for Migrate
	Check   func(ctx context.Context, copy Reader) error // looks at the copy before it is sealed
	Seal    func(manifest string) (string, error)        // signs the manifest
}

// Backup writes a backup of the database to a new file. The file has its name
// only once it is whole, checked and on disk.
func Backup(ctx context.Context, dsn, path string, o BackupOptions) (Manifest, error) {
	const op = "store.Backup"
	if _, err := os.Lstat(path); err == nil {
		return Manifest{}, fault.New(fault.Conflict, op, "备份文件已存在，不会覆盖："+path, "The file exists and is not written over: "+path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.part")
	if err != nil {
		return Manifest{}, fault.New(fault.Unavailable, op, "无法在该目录写入备份："+filepath.Dir(path), "Nothing can be written to the directory: "+filepath.Dir(path))
	}
	part := f.Name()
	defer removeSQLite(part)
	if err := f.Close(); err != nil {
		return Manifest{}, fault.Wrap(op, err)
	}
	if err := takeCopy(ctx, dsn, part, o.Sources); err != nil {
		return Manifest{}, fault.Wrap(op, backupRefusal(err))
	}
	m, err := finishBackup(ctx, EngineOf(dsn), part, o)
	if err != nil {
		return Manifest{}, fault.Wrap(op, backupRefusal(err))
	}
	if err := syncFile(part); err != nil {
		return Manifest{}, fault.Wrap(op, err)
	}
	if err := os.Rename(part, path); err != nil {
		return Manifest{}, fault.Wrap(op, err)
	}
	return m, fault.Wrap(op, syncFile(filepath.Dir(path)))
}

// backupRefusal says that it is the backup which finds no room.
func backupRefusal(err error) error {
	if known := new(fault.Error); !errors.As(err, &known) {
		err = refusal(pgRefusal(err))
	}
	if !fault.Is(err, fault.Unavailable) || !strings.HasPrefix(fault.Of(err).Op, "store.Write") {
		return err
	}
	f := fault.New(fault.Unavailable, "store.Backup", "写备份文件时空间不足或介质出错，未留下备份。", "No room, or a failing medium, while the backup was written; no backup was left.")
	f.Err = err
	return f
}

// takeCopy fills an empty file with a copy of the database.
func takeCopy(ctx context.Context, dsn, part string, sources []fs.FS) error {
	if EngineOf(dsn) == PostgreSQL {
		return exportPostgres(ctx, dsn, part, sources)
	}
	if info, err := os.Stat(dsn); err != nil || info.Size() == 0 {
		return fault.New(fault.NotFound, "store.Backup", "没有这个数据库文件："+dsn, "There is no such database: "+dsn)
	}
	pool, err := openFile(dsn) // query_only would refuse VACUUM INTO
	if err != nil {
		return err
	}
	defer pool.Close()
	versions, err := fileVersions(ctx, pool)
	if fault.Is(refusal(err), fault.Unavailable) {
		return &fault.Error{Kind: fault.Unavailable, Op: "store.Backup", Err: err, Text: fault.T(
			"数据库所在磁盘只读且服务未运行，无法读取："+dsn+"。请把数据目录复制到另一磁盘，在那里备份。",
			"The database cannot be read, because its disk is read-only and no server runs: "+dsn+". Copy the data directory to another disk and take the backup there.")}
	}
	if err != nil {
		return err
	}
	if err := sameVersions(versions, sources); err != nil {
		return err
	}
	_, err = pool.ExecContext(ctx, "VACUUM INTO ?", part)
	return err
}

// sameVersions refuses a database that another version of the program serves:
// this one could not check the copy.
func sameVersions(versions []int64, sources []fs.FS) error {
	merged, err := merge(SQLite, sources)
	if err != nil {
		return err
	}
	if len(versions) == 0 {
		return fault.New(fault.NotFound, "store.Backup", "该数据库中没有头雁的数据。", "The database holds nothing of Touyan.")
	}
	same := len(versions) == len(merged)
	for _, version := range versions {
		same = same && merged.has(version)
	}
	if !same {
		return fault.New(fault.Conflict, "store.Backup", "该数据库由另一版本的程序运行；请用那一版本的程序备份。", "Another version of the program serves this database; take the backup with that one.")
	}
	return nil
}

// openFile opens a SQLite file on one connection of its own.
func openFile(path string, pragmas ...string) (*sql.DB, error) {
	pool, err := sql.Open("sqlite", sqliteURI(path, pragmas...))
	if err == nil {
		pool.SetMaxOpenConns(1)
	}
	return pool, err
}

// finishBackup empties the omitted tables, checks the copy and seals it.
func finishBackup(ctx context.Context, engine Engine, part string, o BackupOptions) (Manifest, error) {
	// One file, no -wal beside it. What is omitted must not linger in free pages.
	pool, err := openFile(part, "journal_mode(DELETE)", "synchronous(FULL)", "secure_delete(1)")
	if err != nil {
		return Manifest{}, err
	}
	m, err := func() (Manifest, error) {
		tables, err := fileTables(ctx, pool)
		if err != nil {
			return Manifest{}, err
		}
		for _, name := range o.Omit {
			for _, t := range tables {
				if t.name == name {
					if _, err := pool.ExecContext(ctx, "DELETE FROM "+t.name); err != nil {
						return Manifest{}, err
					}
				}
			}
		}
		if err := o.Check(ctx, fileReader{pool}); err != nil {
			return Manifest{}, err
		}
		return seal(ctx, pool, engine, tables, o)
	}()
	return m, errors.Join(err, pool.Close())
}

// fileReader is a Reader of a SQLite file that is not in service.
type fileReader struct{ pool *sql.DB }

// Query implements Reader.
func (r fileReader) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	rows, err := r.pool.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fault.Wrap("store.Query", damaged(err))
	}
	return rows, nil
}

// QueryRow implements Reader.
func (r fileReader) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	return r.pool.QueryRowContext(ctx, query, args...)
}

// Archive is a backup opened for reading. Nothing is written to its file or
// beside it.
type Archive struct {
	fileReader
	path string
	seal string
}

// OpenArchive opens a backup file. It is Invalid if the file is no backup, or so
// damaged that its seal cannot be read.
func OpenArchive(ctx context.Context, path string) (*Archive, error) {
	const op = "store.OpenArchive"
	if _, err := os.Stat(path); err != nil {
		return nil, fault.New(fault.NotFound, op, "没有这个备份文件："+path, "There is no such backup: "+path)
	}
	q := url.Values{"mode": {"ro"}, "immutable": {"1"}}
	pool, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	pool.SetMaxOpenConns(2) // CheckLog may read while a caller reads
	a := &Archive{fileReader: fileReader{pool}, path: path}
	if err := pool.QueryRowContext(ctx, "SELECT text FROM backup_seal WHERE id = 1").Scan(&a.seal); err != nil {
		bad := fault.New(fault.Invalid, op, "这不是头雁的备份文件，或文件已损坏到无法读取："+path, "This is no backup of Touyan, or is too damaged to be read: "+path)
		bad.Err = err
		return nil, errors.Join(bad, pool.Close())
	}
	return a, nil
}

// Seal gives the manifest as it was signed when the backup was made. The caller
// checks the signature, reads the manifest with ParseManifest and hands it to
// Damage.
func (a *Archive) Seal() string { return a.seal }

// Close closes the file.
func (a *Archive) Close() error { return a.pool.Close() }

// Unpack writes the backup's tables to a new SQLite file, which Migrate and Open
// then take as any database.
func (a *Archive) Unpack(ctx context.Context, path string) error {
	const op = "store.Unpack"
	if _, err := a.pool.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return fault.Wrap(op, damaged(err))
	}
	pool, err := openFile(path, "journal_mode(DELETE)", "synchronous(FULL)")
	if err != nil {
		return fault.Wrap(op, err)
	}
	_, err = pool.ExecContext(ctx, "DROP TABLE backup_rows; DROP TABLE backup_seal")
	return fault.Wrap(op, refusal(errors.Join(err, pool.Close())))
}

// Empty reports whether the database holds no event, or does not exist.
func Empty(ctx context.Context, dsn string) (bool, error) {
	pool, err := plainPool(dsn)
	if err != nil || pool == nil {
		return err == nil, fault.Wrap("store.Empty", err)
	}
	defer pool.Close()
	query := "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'event'"
	if EngineOf(dsn) == PostgreSQL {
		query = "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = 'event'"
	}
	var n int64
	if err := pool.QueryRowContext(ctx, query).Scan(&n); err != nil {
		return false, fault.Wrap("store.Empty", refusal(pgRefusal(err)))
	}
	if n == 0 {
		return true, nil
	}
	if err := pool.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT pos FROM event LIMIT 1) AS e").Scan(&n); err != nil {
		return false, fault.Wrap("store.Empty", refusal(pgRefusal(err)))
	}
	return n == 0, nil
}

// plainPool opens a database that exists; nil when it does not.
func plainPool(dsn string) (*sql.DB, error) {
	if EngineOf(dsn) == SQLite {
		if info, err := os.Stat(dsn); err != nil || info.Size() == 0 {
			return nil, nil //nolint: absence is the answer
		}
		return openFile(dsn)
	}
	pool, _, err := migrationPool(dsn)
	if err == nil {
		pool.SetMaxOpenConns(1) // a second one would count as another program
	}
	return pool, err
}

// Alone refuses, as Busy, when another program has the database open. A SQLite
// database is left as one file, without a write-ahead log beside it.
func Alone(ctx context.Context, dsn string) error {
	const op = "store.Alone"
	pool, err := plainPool(dsn)
	if err != nil || pool == nil {
		return fault.Wrap(op, err)
	}
	defer pool.Close()
	busy := fault.New(fault.Busy, op, "数据库正被另一个程序使用，请先停止服务器。", "Another program has the database open; stop the server first.")
	if EngineOf(dsn) == PostgreSQL {
		others, err := pgOthers(ctx, pool)
		for tries := 0; err == nil && others > 0 && tries < 10; tries++ { // the server takes a moment to forget a connection that has ended
			if _, err = pool.ExecContext(ctx, "SELECT pg_sleep(0.1)"); err == nil {
				others, err = pgOthers(ctx, pool)
			}
		}
		if err == nil && others > 0 {
			return busy
		}
		return fault.Wrap(op, pgRefusal(err))
	}
	// Leaving WAL needs the file to itself.
	var mode string
	_, err = pool.ExecContext(ctx, "PRAGMA busy_timeout = 200")
	if err == nil {
		err = pool.QueryRowContext(ctx, "PRAGMA journal_mode = DELETE").Scan(&mode)
	}
	if fault.Is(refusal(err), fault.Busy) || err == nil && mode != "delete" {
		return busy
	}
	if isCorrupt(err) { // nobody can work with it, and a restore is to replace it
		return nil
	}
	return fault.Wrap(op, refusal(err))
}

// Install puts a database file that was unpacked, migrated and closed in place
// of the one that dsn names, in one step. A SQLite database that is replaced is
// kept under the name aside. The caller has asked Empty and Alone.
func Install(ctx context.Context, part, dsn, aside string, sources ...fs.FS) error {
	const op = "store.Install"
	if EngineOf(dsn) == PostgreSQL {
		if err := Migrate(ctx, dsn, sources...); err != nil {
			return fault.Wrap(op, err)
		}
		return fault.Wrap(op, pgRefusal(importPostgres(ctx, part, dsn)))
	}
	if info, err := os.Stat(part + "-wal"); err == nil && info.Size() > 0 {
		return fault.New(fault.Internal, op, "待恢复的数据库尚未关闭。", "The database to be installed is still open.")
	}
	if err := syncFile(part); err != nil {
		return fault.Wrap(op, err)
	}
	if _, err := os.Stat(dsn); err == nil {
		if err := os.Link(dsn, aside); err != nil {
			return fault.Wrap(op, err)
		}
	}
	for _, suffix := range []string{"-wal", "-shm", "-journal"} { // of a database that is damaged or gone
		if err := os.Rename(dsn+suffix, aside+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fault.Wrap(op, err)
		}
	}
	if err := os.Rename(part, dsn); err != nil {
		return fault.Wrap(op, err)
	}
	return fault.Wrap(op, syncFile(filepath.Dir(dsn)))
}

// removeSQLite removes a database file and what SQLite keeps beside it.
func removeSQLite(path string) {
	for _, suffix := range []string{"", "-wal", "-shm", "-journal", ".lock"} {
		_ = os.Remove(path + suffix)
	}
}

// syncFile makes a file, or the entries of a directory, durable.
func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// damaged turns SQLite's errors of a spoilt file into Invalid.
func damaged(err error) error {
	if err == nil || !isCorrupt(err) {
		return refusal(err)
	}
	f := fault.New(fault.Invalid, "store.Archive", "备份文件已损坏，部分内容无法读取。", "The backup is damaged; part of it cannot be read.")
	f.Err = fmt.Errorf("sqlite: %w", err)
	return f
}
