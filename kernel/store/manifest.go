package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"touyan.dev/touyan/kernel/fault"
)

// Manifest says what a backup holds. Its text is what gets signed.
type Manifest struct {
	Taken  time.Time
	Engine Engine
	Schema []int64 // numbers of the migrations
	DDL    string  // digest of the tables' declarations, in hexadecimal
	Tables []TableSum
}

// TableSum is the content of one table.
type TableSum struct {
	Name   string
	Rows   int64
	Digest string // SHA-256 over the digests of its rows in the order of their keys, in hexadecimal
}

// manifestForm is the first line of a manifest.
const manifestForm = "touyan backup 1"

// Text gives the manifest as lines:
//
//	touyan backup 1
//	taken 2026-11-23T10:30:00.000000+08:00
//	engine sqlite
//	schema 1 10 11
//	ddl 9f2c…
//	table event 1200 51ab…
func (m Manifest) Text() string {
	var b strings.Builder
	versions := make([]string, len(m.Schema))
	for i, v := range m.Schema {
		versions[i] = strconv.FormatInt(v, 10)
	}
	fmt.Fprintf(&b, "%s\ntaken %s\nengine %s\nschema %s\nddl %s\n", manifestForm, m.Taken.Format(takenForm), m.Engine, strings.Join(versions, " "), m.DDL)
	for _, t := range m.Tables {
		fmt.Fprintf(&b, "table %s %d %s\n", t.Name, t.Rows, t.Digest)
	}
	return b.String()
}

const takenForm = "2006-01-02T15:04:05.000000Z07:00"

// ParseManifest reads a manifest as Text writes it, and nothing else.
func ParseManifest(text string) (Manifest, error) {
	bad := fault.New(fault.Invalid, "store.ParseManifest", "备份清单的格式有误，或由更新的程序所作。", "The backup's manifest is malformed, or of a newer program.")
	lines := strings.Split(text, "\n")
	if len(lines) < 6 || lines[0] != manifestForm {
		return Manifest{}, bad
	}
	var m Manifest
	var err error
	if m.Taken, err = time.Parse("taken "+takenForm, lines[1]); err != nil {
		return m, bad
	}
	m.Engine = Engine(strings.TrimPrefix(lines[2], "engine "))
	for _, v := range strings.Fields(strings.TrimPrefix(lines[3], "schema")) {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return m, bad
		}
		m.Schema = append(m.Schema, n)
	}
	m.DDL = strings.TrimPrefix(lines[4], "ddl ")
	for _, line := range lines[5 : len(lines)-1] {
		fields := strings.Split(line, " ")
		if len(fields) != 4 || fields[0] != "table" {
			return m, bad
		}
		rows, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil || rows < 0 {
			return m, bad
		}
		m.Tables = append(m.Tables, TableSum{fields[1], rows, fields[3]})
	}
	if m.Text() != text { // one form only: what was signed is what was read
		return m, bad
	}
	return m, nil
}

// Damage is something in a backup that is not as it was sealed.
type Damage struct {
	Table string
	Row   string // "pos=17", or its place in the order of keys where the key is text
	Text  fault.Text
}

// fileTable is a table of a SQLite file.
type fileTable struct {
	name    string
	columns []string
	key     []string // in the order of the primary key
	numbers []string // the key columns that are numbers
}

func nameForm() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`) }

// fileTables lists the tables of a SQLite file, but for those of SQLite, of the
// migrations and of backups.
func fileTables(ctx context.Context, pool *sql.DB) ([]fileTable, error) {
	type column struct {
		table, name, kind string
		key               int
	}
	columns, err := Collect(ctx, fileReader{pool}, func(row Scanner) (c column, err error) {
		err = row.Scan(&c.table, &c.name, &c.kind, &c.key)
		return c, err
	}, `SELECT m.name, c.name, c.type, c.pk FROM sqlite_schema m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'goose_%' AND m.name NOT LIKE 'backup_%' ORDER BY m.name, c.cid`)
	if err != nil {
		return nil, err
	}
	var out []fileTable
	form := nameForm()
	for _, c := range columns {
		if !form.MatchString(c.table) || !form.MatchString(c.name) {
			return nil, fault.New(fault.Invalid, "store.fileTables", "备份中有不合规的表名或列名。", "The backup has a table or column with an improper name.")
		}
		if len(out) == 0 || out[len(out)-1].name != c.table {
			out = append(out, fileTable{name: c.table})
		}
		t := &out[len(out)-1]
		t.columns = append(t.columns, c.name)
		if c.key > 0 {
			for len(t.key) < c.key {
				t.key = append(t.key, "")
			}
			t.key[c.key-1] = c.name
			if c.kind == "INTEGER" {
				t.numbers = append(t.numbers, c.name)
			}
		}
	}
	return out, nil
}

// scan calls each with the digest and label of every row, in the order of keys.
func (t fileTable) scan(ctx context.Context, pool *sql.DB, each func(n int64, digest []byte, label string) error) error {
	rows, err := pool.QueryContext(ctx, "SELECT "+strings.Join(t.columns, ", ")+" FROM "+t.name+" ORDER BY "+strings.Join(t.key, ", "))
	if err != nil {
		return err
	}
	defer rows.Close()
	values, dest := make([]any, len(t.columns)), make([]any, len(t.columns))
	for i := range values {
		dest[i] = &values[i]
	}
	sum := sha256.New()
	for n := int64(0); rows.Next(); n++ {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		sum.Reset()
		for _, v := range values {
			if err := digestValue(sum, v); err != nil {
				return err
			}
		}
		if err := each(n, sum.Sum(nil), t.label(n, values)); err != nil {
			return err
		}
	}
	return rows.Err()
}

// label names a row by the numbers of its key. Text stays out of it, because it
// may be a login.
func (t fileTable) label(n int64, values []any) string {
	var parts []string
	for _, name := range t.numbers {
		parts = append(parts, fmt.Sprintf("%s=%v", name, values[slices.Index(t.columns, name)]))
	}
	if len(t.numbers) < len(t.key) {
		parts = append(parts, fmt.Sprintf("#%d", n+1))
	}
	return strings.Join(parts, " ")
}

// digestValue adds a value to a digest, with its type and length.
func digestValue(sum hash.Hash, v any) error {
	var head [9]byte
	var text []byte
	switch v := v.(type) {
	case int64:
		head[0] = 'i'
		binary.BigEndian.PutUint64(head[1:], uint64(v))
	case float64:
		head[0] = 'f'
		binary.BigEndian.PutUint64(head[1:], math.Float64bits(v))
	case string:
		head[0], text = 't', []byte(v)
		binary.BigEndian.PutUint64(head[1:], uint64(len(v)))
	case []byte:
		head[0], text = 'b', v
		binary.BigEndian.PutUint64(head[1:], uint64(len(v)))
	case nil: // an empty blob is read as nil
		head[0] = 'b'
	default:
		return fmt.Errorf("store: a value of type %T", v)
	}
	sum.Write(head[:])
	sum.Write(text)
	return nil
}

// The width of a row's digest in backup_rows, and how many rows share one entry.
const (
	markWidth = 8
	markBlock = 512
)

// seal computes the manifest of a copy, has it signed and writes both down.
func seal(ctx context.Context, pool *sql.DB, engine Engine, tables []fileTable, o BackupOptions) (Manifest, error) {
	m := Manifest{Taken: o.Taken, Engine: engine}
	var err error
	if m.Schema, err = fileVersions(ctx, pool); err != nil {
		return m, err
	}
	if m.DDL, err = digestDDL(ctx, pool); err != nil {
		return m, err
	}
	marks := map[string][][]byte{}
	for _, t := range tables {
		whole := sha256.New()
		sum := TableSum{Name: t.name}
		err := t.scan(ctx, pool, func(n int64, digest []byte, _ string) error {
			whole.Write(digest)
			if n%markBlock == 0 {
				marks[t.name] = append(marks[t.name], nil)
			}
			marks[t.name][n/markBlock] = append(marks[t.name][n/markBlock], digest[:markWidth]...)
			sum.Rows++
			return nil
		})
		if err != nil {
			return m, err
		}
		sum.Digest = hex.EncodeToString(whole.Sum(nil))
		m.Tables = append(m.Tables, sum)
	}
	signed, err := o.Seal(m.Text())
	if err != nil {
		return m, err
	}
	return m, writeSeal(ctx, pool, signed, marks)
}

func writeSeal(ctx context.Context, pool *sql.DB, signed string, marks map[string][][]byte) error {
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	err = func() error {
		if _, err := tx.ExecContext(ctx, `CREATE TABLE backup_seal (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
			CREATE TABLE backup_rows (name TEXT NOT NULL, n INTEGER NOT NULL, marks BLOB NOT NULL, PRIMARY KEY (name, n)) STRICT, WITHOUT ROWID`); err != nil {
			return err
		}
		for name, blocks := range marks {
			for n, block := range blocks {
				if _, err := tx.ExecContext(ctx, "INSERT INTO backup_rows (name, n, marks) VALUES (?, ?, ?)", name, n, block); err != nil {
					return err
				}
			}
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO backup_seal (id, text) VALUES (1, ?)", signed)
		return err
	}()
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// fileVersions lists the migrations that a SQLite file has had; none where there
// is no table of them.
func fileVersions(ctx context.Context, pool *sql.DB) ([]int64, error) {
	var there bool
	if err := pool.QueryRowContext(ctx, "SELECT count(*) > 0 FROM sqlite_schema WHERE name = 'goose_db_version'").Scan(&there); err != nil || !there {
		return nil, err
	}
	return Collect(ctx, fileReader{pool}, func(row Scanner) (v int64, err error) { err = row.Scan(&v); return v, err },
		"SELECT DISTINCT version_id FROM goose_db_version WHERE is_applied <> 0 AND version_id > 0 ORDER BY 1")
}

// digestDDL hashes the declarations of a file: a trigger slipped into a backup
// would otherwise change no row, and act after the restore.
func digestDDL(ctx context.Context, pool *sql.DB) (string, error) {
	texts, err := Collect(ctx, fileReader{pool}, func(row Scanner) (s string, err error) { err = row.Scan(&s); return s, err },
		`SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'backup_%' AND name NOT LIKE 'sqlite_%' ORDER BY 1`)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(strings.Join(texts, "\x00")))
	return hex.EncodeToString(sum[:]), nil
}

// Damage compares the file with its manifest and names what is not as it was
// sealed, up to limit.
func (a *Archive) Damage(ctx context.Context, m Manifest, limit int) ([]Damage, error) {
	var found []Damage
	add := func(table, row, zh, en string) { found = append(found, Damage{table, row, fault.T(zh, en)}) }
	if ddl, err := digestDDL(ctx, a.pool); err != nil || ddl != m.DDL {
		add("sqlite_schema", "", "表结构与备份时不同", "the declarations are not those of the backup")
		return found, nil
	}
	versions, err := fileVersions(ctx, a.pool)
	if err != nil || !slices.Equal(versions, m.Schema) {
		add("goose_db_version", "", "结构版本与备份时不同", "the schema's versions are not those of the backup")
		return found, nil
	}
	tables, err := fileTables(ctx, a.pool)
	if err != nil {
		return nil, err
	}
	if len(tables) != len(m.Tables) {
		add("sqlite_schema", "", "表的数目与备份时不同", "the number of tables is not that of the backup")
		return found, nil
	}
	for i, t := range tables {
		if len(found) >= limit {
			return found, nil
		}
		if t.name != m.Tables[i].Name {
			add(t.name, "", "清单中没有这张表", "the manifest has no such table")
			continue
		}
		damage, err := a.damageOf(ctx, t, m.Tables[i], limit-len(found))
		if err != nil {
			return nil, err
		}
		found = append(found, damage...)
	}
	return found, nil
}

// damageOf names the rows of one table that are not as they were sealed.
func (a *Archive) damageOf(ctx context.Context, t fileTable, sum TableSum, limit int) (found []Damage, err error) {
	add := func(row, zh, en string) { found = append(found, Damage{t.name, row, fault.T(zh, en)}) }
	whole := sha256.New()
	last, rows := "", int64(0)
	err = t.scan(ctx, a.pool, func(n int64, digest []byte, label string) error {
		whole.Write(digest)
		last, rows = label, n+1
		return nil
	})
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		add(last, "此行之后的内容无法读取", "what comes after this row cannot be read")
		return found, nil
	}
	if rows == sum.Rows && hex.EncodeToString(whole.Sum(nil)) == sum.Digest {
		return nil, nil
	}
	if rows != sum.Rows {
		add(last, fmt.Sprintf("备份时有%d行，现有%d行", sum.Rows, rows), fmt.Sprintf("%d rows were sealed, %d are there", sum.Rows, rows))
	}
	var block []byte
	stop := errors.New("enough")
	err = t.scan(ctx, a.pool, func(n int64, digest []byte, label string) error {
		if n%markBlock == 0 {
			block = nil
			if err := a.pool.QueryRowContext(ctx, "SELECT marks FROM backup_rows WHERE name = ? AND n = ?", t.name, n/markBlock).Scan(&block); err != nil && !errors.Is(err, sql.ErrNoRows) {
				return stop // the marks are damaged too
			}
		}
		at := int(n%markBlock) * markWidth
		if at+markWidth > len(block) || string(block[at:at+markWidth]) != string(digest[:markWidth]) {
			add(label, "此行与备份时不同", "this row is not as it was sealed")
			if rows != sum.Rows || len(found) >= limit { // after a gap every row would differ
				return stop
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, stop) {
		return found, err
	}
	if len(found) == 0 {
		add("", "表的内容与备份时不同", "the table is not as it was sealed")
	}
	return found, nil
}

// isCorrupt reports an error of a spoilt file.
func isCorrupt(err error) bool {
	var f *sqlite.Error
	if !errors.As(err, &f) {
		return false
	}
	code := f.Code() & 0xff
	return code == sqlite3.SQLITE_CORRUPT || code == sqlite3.SQLITE_NOTADB
}
