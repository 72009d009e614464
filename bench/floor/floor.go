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
	"database/sql/driver"
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
	Actor    int64
	Envelope string
	Body     []byte
	Proof    int     // bytes, for a leaf that completes no subtree
	Matter   []any   // kind … data
	Task     []any   // n … next; nil when the change leaves no open step
	Parties  []int64 // who has joined
}

// Result is what a run did.
type Result struct {
	Matters int
	Took    time.Duration
}

const (
	matter = "kind, parent, number, title, office, unit, originator, opened, mark, status, stage, data"
	task   = "n, office, unit, need, person, due, mark, next"
	status = 9 // of matter: the first column that a change writes
)

// The statements, in the order of the constants below.
func statements() []string {
	marks := func(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }
	set := func(columns ...string) string { return strings.Join(columns, " = ?, ") + " = ?" }
	m, t := strings.Split(matter, ", "), strings.Split(task, ", ")
	return []string{
		"INSERT INTO event (pos, subject, actor, idem, envelope, body, proof) VALUES (" + marks(7) + ")",
		"INSERT INTO matter (" + matter + ", id, rev) VALUES (" + marks(len(m)+2) + ")",
		"UPDATE matter SET " + set(m[status+1:]...) + ", rev = ? WHERE id = ? AND rev = ?",
		"UPDATE matter SET " + set(m[status:]...) + ", rev = ? WHERE id = ? AND rev = ?",
		"INSERT INTO task (" + task + ", matter, slot) VALUES (" + marks(len(t)+1) + ", '')",
		"UPDATE task SET " + set(t...) + " WHERE matter = ? AND slot = ''",
		"DELETE FROM task WHERE matter = ? AND slot = ''",
		"INSERT INTO matter_party (person, matter) VALUES (?, ?)",
		"UPDATE log_head SET size = ?, edge = ?, rev = rev + 1 WHERE id = 1",
	}
}

const (
	insertEvent = iota
	insertMatter
	updateMatter
	endMatter
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
	fresh := make([]byte, 16+c.Proof+32*bits.TrailingZeros64(uint64(pos)+1)) // idem and proof
	fill(random, fresh)
	binary.BigEndian.PutUint64(fresh, uint64(pos)) // keys begin with the time
	if err := w.exec(insertEvent, pos, id, c.Actor, fresh[:16], c.Envelope, c.Body, fresh[16:]); err != nil {
		return err
	}
	var err error
	switch {
	case n == 0:
		err = w.exec(insertMatter, append(append(make([]any, 0, 14), c.Matter...), id, int64(1))...)
	case c.Task == nil:
		err = w.exec(endMatter, append(append(make([]any, 0, 6), c.Matter[status:]...), n+1, id, n)...)
	default:
		err = w.exec(updateMatter, append(append(make([]any, 0, 5), c.Matter[status+1:]...), n+1, id, n)...)
	}
	if err != nil {
		return err
	}
	switch {
	case c.Task == nil:
		err = w.exec(deleteTask, id)
	case n == 0:
		err = w.exec(insertTask, append(append(make([]any, 0, 8), c.Task...), id)...)
	default:
		err = w.exec(updateTask, append(append(make([]any, 0, 8), c.Task...), id)...)
	}
	for _, person := range c.Parties {
		if err == nil {
			err = w.exec(insertParty, person, id)
		}
	}
	return err
}

func fill(random *rand.ChaCha8, b []byte) {
	for ; len(b) >= 8; b = b[8:] {
		binary.LittleEndian.PutUint64(b, random.Uint64())
	}
}

// lite writes to SQLite, past database/sql.
type lite struct {
	conn   driver.Conn
	stmts  []driver.StmtExecContext // begin and commit last
	values []driver.NamedValue
}

func (l *lite) begin() error  { return l.exec(len(l.stmts) - 2) }
func (l *lite) commit() error { return l.exec(len(l.stmts) - 1) }

func (l *lite) exec(statement int, args ...any) error {
	l.values = l.values[:0]
	for i, a := range args {
		l.values = append(l.values, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	_, err := l.stmts[statement].ExecContext(context.Background(), l.values)
	return err
}

// SQLite runs the floor for d on a migrated file whose log has pos events.
func SQLite(path string, shape []Change, pos int64, d time.Duration) (out Result, err error) {
	pool, err := sql.Open("sqlite", "")
	if err != nil {
		return out, err
	}
	conn, err := pool.Driver().Open("file:" + path + "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(-64000)&_pragma=wal_autocheckpoint(4000)")
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, conn.Close(), pool.Close()) }()
	l := &lite{conn: conn}
	for _, text := range append(statements(), "BEGIN IMMEDIATE", "COMMIT") {
		s, err := conn.Prepare(text)
		if err != nil {
			return out, err
		}
		defer s.Close()
		l.stmts = append(l.stmts, s.(driver.StmtExecContext))
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
	for i := 1; strings.Contains(text, "?"); i++ {
		text = strings.Replace(text, "?", "$"+strconv.Itoa(i), 1)
	}
	return text
}
