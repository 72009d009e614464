// Package floor writes what the engine writes, and does nothing else: the same
// tables, the same rows of the same size, prepared statements, 256 changes to a
// commit, one commit after another, synchronous FULL. It has no rules, no forms,
// no clocks, no tree and no answers: bytes that the engine computes are random
// here. It is the speed at which a hand-written program could hope to work, and
// imports only the standard library and the drivers.
package floor

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"math/bits"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	_ "modernc.org/sqlite" // the driver named sqlite
)

// Group is how many changes share a commit.
const Group = 256

// Change is what one change of a matter writes: the columns of its rows without
// their keys, as the engine wrote them once.
type Change struct {
	Event   []any   // recorded … body
	Matter  []any   // kind … mark
	Task    []any   // kind … next; nil when the change leaves no open step
	Parties [][]any // person, since
}

// Result is what a run did.
type Result struct {
	Matters int
	Took    time.Duration
}

const (
	event        = "recorded, occurred, kind, subject, actor, behalf, unit, digest, salt, body, idem, hashes"
	matter       = "kind, def, parent, part, root, source, number, title, office, unit, originator, opened, updated, last, state, clocks, status, outcome, stage, due, mark"
	task         = "kind, step, n, office, unit, duty, need, person, since, due, provisional, mark, next"
	firstMutable = 12 // of matter: updated
)

// The statements, in the order of the constants below.
func statements() []string {
	marks := func(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }
	set := func(columns ...string) string { return strings.Join(columns, " = ?, ") + " = ?" }
	m, t := strings.Split(matter, ", "), strings.Split(task, ", ")
	return []string{
		"INSERT INTO event (" + event + ", pos) VALUES (" + marks(13) + ")",
		"INSERT INTO matter (" + matter + ", id, rev) VALUES (" + marks(len(m)+2) + ")",
		"UPDATE matter SET " + set(m[firstMutable:]...) + ", rev = ? WHERE id = ? AND rev = ?",
		"INSERT INTO task (" + task + ", matter, slot) VALUES (" + marks(len(t)+1) + ", '')",
		"UPDATE task SET " + set(t[1:]...) + " WHERE matter = ? AND slot = ''",
		"DELETE FROM task WHERE matter = ? AND slot = ''",
		"INSERT INTO matter_party (person, since, matter) VALUES (?, ?, ?)",
		"UPDATE log_head SET size = ?, edge = ?, rev = rev + 1 WHERE id = 1",
	}
}

const (
	insertEvent = iota
	insertMatter
	updateMatter
	insertTask
	updateTask
	deleteTask
	insertParty
	updateHead
)

// writer sends the statements of one group and commits it.
type writer interface {
	begin() error
	exec(statement int, args ...any) error
	commit() error
}

// run writes matters, a group of them at a time, change after change, until the
// time is over.
func run(w writer, shape []Change, pos int64, d time.Duration) (Result, error) {
	var out Result
	random := rand.NewChaCha8([32]byte(binary.LittleEndian.AppendUint64(make([]byte, 24), uint64(pos))))
	start := time.Now()
	for time.Since(start) < d {
		first := pos
		for n := range shape {
			if err := w.begin(); err != nil {
				return out, err
			}
			for k := range int64(Group) {
				if err := change(w, &shape[n], random, pos, first+k, int64(n)); err != nil {
					return out, err
				}
				pos++
			}
			edge := make([]byte, 32*bits.OnesCount64(uint64(pos)))
			fill(random, edge)
			if err := w.exec(updateHead, pos, edge); err != nil {
				return out, err
			}
			if err := w.commit(); err != nil {
				return out, err
			}
		}
		out.Matters += Group
	}
	out.Took = time.Since(start)
	return out, nil
}

// change writes the n-th change of a matter.
func change(w writer, c *Change, random *rand.ChaCha8, pos, id, n int64) error {
	size := 16 + 32 + 16 + 32*(1+bits.TrailingZeros64(uint64(pos)+1))
	fresh := make([]byte, size) // idem, digest, salt and hashes
	fill(random, fresh)
	args := append(make([]any, 0, 13), c.Event...)
	args[3], args[7], args[8] = id, fresh[16:48], fresh[48:64]
	if err := w.exec(insertEvent, append(args, fresh[:16], fresh[64:], pos)...); err != nil {
		return err
	}
	var err error
	if n == 0 {
		args = append(append(make([]any, 0, 23), c.Matter...), id, int64(1))
		args[4] = id
		err = w.exec(insertMatter, args...)
	} else {
		args = append(append(make([]any, 0, 12), c.Matter[firstMutable:]...), n+1, id, n)
		args[1] = pos
		err = w.exec(updateMatter, args...)
	}
	if err != nil {
		return err
	}
	switch {
	case c.Task == nil:
		err = w.exec(deleteTask, id)
	case n == 0:
		err = w.exec(insertTask, append(append(make([]any, 0, 14), c.Task...), id)...)
	default:
		err = w.exec(updateTask, append(append(make([]any, 0, 13), c.Task[1:]...), id)...)
	}
	for _, p := range c.Parties {
		if err == nil {
			err = w.exec(insertParty, p[0], p[1], id)
		}
	}
	return err
}

func fill(random *rand.ChaCha8, b []byte) {
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, random.Uint64())
		b = b[8:]
	}
}

// lite writes to SQLite.
type lite struct {
	conn  *sql.Conn
	stmts []*sql.Stmt
}

func (l *lite) begin() error {
	_, err := l.conn.ExecContext(context.Background(), "BEGIN IMMEDIATE")
	return err
}

func (l *lite) exec(statement int, args ...any) error {
	_, err := l.stmts[statement].ExecContext(context.Background(), args...)
	return err
}

func (l *lite) commit() error {
	_, err := l.conn.ExecContext(context.Background(), "COMMIT")
	return err
}

// SQLite runs the floor for d on a migrated file whose log has pos events.
func SQLite(path string, shape []Change, pos int64, d time.Duration) (out Result, err error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(-64000)&_pragma=wal_autocheckpoint(4000)")
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	l := &lite{}
	if l.conn, err = db.Conn(context.Background()); err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, l.conn.Close()) }()
	for _, text := range statements() {
		s, err := l.conn.PrepareContext(context.Background(), text)
		if err != nil {
			return out, err
		}
		defer s.Close()
		l.stmts = append(l.stmts, s)
	}
	return run(l, shape, pos, d)
}

// post writes to PostgreSQL: a group is one batch, in one transaction and one
// round trip.
type post struct {
	conn  *pgx.Conn
	batch *pgx.Batch
	names []string
}

func (p *post) begin() error {
	p.batch = &pgx.Batch{}
	return nil
}

func (p *post) exec(statement int, args ...any) error {
	p.batch.Queue(p.names[statement], args...)
	return nil
}

func (p *post) commit() error { return p.conn.SendBatch(context.Background(), p.batch).Close() }

// PostgreSQL runs the floor for d on a migrated database whose log has pos
// events.
func PostgreSQL(url string, shape []Change, pos int64, d time.Duration) (Result, error) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return Result{}, err
	}
	defer conn.Close(ctx)
	p := &post{conn: conn}
	for i, text := range statements() {
		name := "floor" + string(rune('a'+i))
		if _, err := conn.Prepare(ctx, name, dollars(text)); err != nil {
			return Result{}, err
		}
		p.names = append(p.names, name)
	}
	return run(p, shape, pos, d)
}

// dollars turns ? into $1, $2, …
func dollars(text string) string {
	parts := strings.Split(text, "?")
	var b strings.Builder
	for i, part := range parts {
		b.WriteString(part)
		if i < len(parts)-1 {
			b.WriteString("$" + strconv.Itoa(i+1))
		}
	}
	return b.String()
}
