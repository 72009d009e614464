package store

import (
	"bytes"
	"strconv"
	"strings"

	"touyan.dev/touyan/kernel/fault"
)

// Table describes rows that changes load and write: its key columns, its other
// columns, and how a value is read and written. Declare each table once, next
// to the type it holds. Mutable tables have a column rev, kept by the store:
// an UPDATE names the revision it has read and fails when another came first.
type Table[K comparable, V any] struct {
	Name    string
	Key     []string                                    // key columns
	KeyType []string                                    // portable types of the key columns: BIGINT, TEXT, BYTEA
	Cols    []string                                    // the other columns, without rev
	Fixed   bool                                        // rows are inserted and never changed: no rev column
	Derived bool                                        // rows follow from others and are written over unread: no rev column, no Scan
	KeyArgs func(K) []any                               // values of the key columns
	Args    func(V) []any                               // values of the other columns
	Scan    func(row Scanner, rev *int64) (K, V, error) // reads Key, Cols, rev (rev only when not Fixed)
}

// texts are the statements of a table, composed from its declaration alone.
type texts struct {
	selectOne, selectMany, insert, delete string
	selectSome                            [len(someKeys)]string
	update                                map[uint64]string // by the columns that changed, one bit each
}

// someKeys are the numbers of keys that SQLite is asked for in one statement.
// Fewer keys are filled up with the last one.
var someKeys = [...]int{8, 64}

func (t *Table[K, V]) texts() *texts {
	columns := append(append([]string{}, t.Key...), t.Cols...)
	where := strings.Join(t.Key, " = ? AND ") + " = ?"
	if t.versioned() {
		columns = append(columns, "rev")
	}
	list := strings.Join(columns, ", ")
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(columns)), ", ")
	x := &texts{update: map[uint64]string{}}
	x.selectOne = "SELECT " + list + " FROM " + t.Name + " WHERE " + where
	x.selectMany = t.selectMany(columns)
	x.insert = "INSERT INTO " + t.Name + " (" + list + ") VALUES (" + marks + ")"
	for i, n := range someKeys {
		x.selectSome[i] = t.selectSome(columns, n)
	}
	x.delete = "DELETE FROM " + t.Name + " WHERE " + where
	if t.versioned() {
		x.delete += " AND rev = ?"
	}
	if t.Derived {
		cols := t.Cols
		if len(cols) == 0 { // a row that is all key: written over by itself
			cols = t.Key[:1]
		}
		set := make([]string, len(cols))
		for i, c := range cols {
			set[i] = c + " = excluded." + c
		}
		x.insert += " ON CONFLICT (" + strings.Join(t.Key, ", ") + ") DO UPDATE SET " + strings.Join(set, ", ")
	}
	return x
}

// updateText is the statement that writes the columns of the set bits.
func (t *Table[K, V]) updateText(x *texts, changed uint64) string {
	if text, ok := x.update[changed]; ok {
		return text
	}
	var b strings.Builder
	b.WriteString("UPDATE " + t.Name + " SET ")
	for i, c := range t.Cols {
		if changed&(1<<i) != 0 {
			b.WriteString(c + " = ?, ")
		}
	}
	b.WriteString("rev = ? WHERE " + strings.Join(t.Key, " = ? AND ") + " = ? AND rev = ?")
	x.update[changed] = b.String()
	return b.String()
}

// selectSome is SQLite's text for n keys in one statement. CROSS JOIN keeps the
// keys outermost, so that each is one look-up in the index.
func (t *Table[K, V]) selectSome(columns []string, n int) string {
	row := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(t.Key)), ", ") + ")"
	on, qualified := make([]string, len(t.Key)), make([]string, len(columns))
	for i, k := range t.Key {
		on[i] = t.Name + "." + k + " = wanted.column" + strconv.Itoa(i+1)
	}
	for i, c := range columns {
		qualified[i] = t.Name + "." + c
	}
	return "SELECT " + strings.Join(qualified, ", ") + " FROM (VALUES " + strings.TrimSuffix(strings.Repeat(row+", ", n), ", ") +
		") AS wanted CROSS JOIN " + t.Name + " ON " + strings.Join(on, " AND ")
}

// versioned reports whether rows carry a revision.
func (t *Table[K, V]) versioned() bool { return !t.Fixed && !t.Derived }

// selectMany is PostgreSQL's text for a whole set of keys in one statement:
// the keys travel as one array per key column.
func (t *Table[K, V]) selectMany(columns []string) string {
	arrays, names := make([]string, len(t.Key)), make([]string, len(t.Key))
	on := make([]string, len(t.Key))
	for i, k := range t.Key {
		arrays[i] = "?::" + strings.ToLower(t.KeyType[i]) + "[]"
		names[i] = "k" + k
		on[i] = t.Name + "." + k + " = wanted.k" + k
	}
	qualified := make([]string, len(columns))
	for i, c := range columns {
		qualified[i] = t.Name + "." + c
	}
	return "SELECT " + strings.Join(qualified, ", ") + " FROM unnest(" + strings.Join(arrays, ", ") + ") AS wanted(" +
		strings.Join(names, ", ") + ") JOIN " + t.Name + " ON " + strings.Join(on, " AND ")
}

// entry is one row as a group knows it.
type entry[V any] struct {
	val     V
	rev     int64 // as stored; 0 for a row not stored yet
	present bool
	dirty   bool
	stored  *V // as loaded, once it is dirty: only columns that differ are written
}

// rowset holds the rows of one table that a group has loaded or written.
type rowset[K comparable, V any] struct {
	table *Table[K, V]
	sql   *texts
	rows  map[K]*entry[V]
	want  []K
	dirty []K
}

// flusher is a rowset with its types forgotten.
type flusher interface {
	wanted() *lookup
	statements([]statement) []statement
}

func rows[K comparable, V any](g *Group, t *Table[K, V]) *rowset[K, V] {
	if s, ok := g.sets[t]; ok {
		return s.(*rowset[K, V])
	}
	text, ok := g.texts[t]
	if !ok {
		text = t.texts()
		g.texts[t] = text
	}
	s := &rowset[K, V]{table: t, sql: text, rows: map[K]*entry[V]{}}
	g.sets[t] = s
	g.order = append(g.order, s)
	return s
}

// Want names a row that Decide will read. Call it from Load.
func Want[K comparable, V any](g *Group, t *Table[K, V], key K) {
	s := rows(g, t)
	if _, ok := s.rows[key]; !ok {
		s.rows[key] = nil // asked for, not loaded yet
		s.want = append(s.want, key)
	}
}

// Have reports whether the row has been loaded, so that Load can look at it to
// name further rows.
func Have[K comparable, V any](g *Group, t *Table[K, V], key K) bool {
	e, ok := rows(g, t).rows[key]
	return ok && e != nil
}

// Get gives a loaded row, with what earlier changes of the group did to it.
// The second result is false when there is no such row.
func Get[K comparable, V any](g *Group, t *Table[K, V], key K) (V, bool) {
	e, ok := rows(g, t).rows[key]
	if !ok || e == nil {
		var zero V
		g.fail(fault.Wrap("store.Get", &fault.Error{Kind: fault.Internal, Op: "store.Get", Text: fault.T("程序缺陷：读取了未声明的行。", "A defect: a row was read that was not asked for: "+t.Name)}))
		return zero, false
	}
	return e.val, e.present
}

// Put writes a row: a changed one, or one that Get has shown to be absent.
func Put[K comparable, V any](g *Group, t *Table[K, V], key K, val V) {
	s := rows(g, t)
	e, ok := s.rows[key]
	if !ok || e == nil {
		Get(g, t, key) // reports the defect
		return
	}
	s.remember(g, e)
	if !e.dirty {
		if e.rev != 0 && !t.Derived {
			was := e.val
			e.stored = &was
		}
		e.dirty = true
		s.dirty = append(s.dirty, key)
	}
	e.val, e.present = val, true
}

// Insert writes a row whose key is new by construction, without a look-up.
func Insert[K comparable, V any](g *Group, t *Table[K, V], key K, val V) {
	s := rows(g, t)
	e := s.rows[key]
	if e == nil {
		e = &entry[V]{}
		s.rows[key] = e
	}
	Put(g, t, key, val)
}

// Note records what a row will hold by another statement of the group, so that
// later changes of the group see it; it queues no write of its own.
func Note[K comparable, V any](g *Group, t *Table[K, V], key K, val V) {
	s := rows(g, t)
	e := s.rows[key]
	if e == nil {
		e = &entry[V]{}
		s.rows[key] = e
	}
	s.remember(g, e)
	e.val, e.present = val, true
}

// Delete removes a row that Get has shown, or a row of a derived table that is
// known to be there.
func Delete[K comparable, V any](g *Group, t *Table[K, V], key K) {
	s := rows(g, t)
	e := s.rows[key]
	// Unknown to the group, or known only from a change that was taken back.
	if t.Derived && (e == nil || !e.present && !e.dirty) {
		e = &entry[V]{rev: 1, present: true}
		s.rows[key] = e
	}
	if e == nil || !e.present {
		return
	}
	s.remember(g, e)
	e.present = false
	if !e.dirty {
		e.dirty = true
		s.dirty = append(s.dirty, key)
	}
}

// remember keeps the row as it was, for a Decide that fails half-way.
func (s *rowset[K, V]) remember(g *Group, e *entry[V]) {
	before, dirty := *e, len(s.dirty)
	g.undo = append(g.undo, func() {
		*e = before
		s.dirty = s.dirty[:dirty]
	})
}

// statements appends what must be written for the rows changed by the group.
func (s *rowset[K, V]) statements(out []statement) []statement {
	for _, key := range s.dirty {
		e := s.rows[key]
		if !e.dirty {
			continue
		}
		switch {
		case e.present && (e.rev == 0 || s.table.Derived):
			args := append(append(make([]any, 0, len(s.table.Key)+len(s.table.Cols)+1), s.table.KeyArgs(key)...), s.table.Args(e.val)...)
			if s.table.versioned() {
				args = append(args, int64(1))
			}
			out = append(out, statement{sql: s.sql.insert, args: args, table: s.table.Name})
		case e.present:
			args, changed := s.changes(e)
			args = append(append(append(args, e.rev+1), s.table.KeyArgs(key)...), e.rev)
			out = append(out, statement{sql: s.table.updateText(s.sql, changed), args: args, table: s.table.Name})
		case s.table.Derived && e.rev == 0:
			// Written by the group and deleted by it; whether it was stored before
			// nobody has looked. Written over first, there is exactly one to delete.
			args := append(s.table.KeyArgs(key), s.table.Args(e.val)...)
			out = append(out, statement{sql: s.sql.insert, args: args, table: s.table.Name}, statement{sql: s.sql.delete, args: s.table.KeyArgs(key), table: s.table.Name})
		case e.rev != 0:
			args := s.table.KeyArgs(key)
			if s.table.versioned() {
				args = append(args, e.rev)
			}
			out = append(out, statement{sql: s.sql.delete, args: args, table: s.table.Name})
		}
	}
	return out
}

// changes gives the values of the columns in which a row differs from what is
// stored, and a bit for each. Indexes of the other columns are left alone.
func (s *rowset[K, V]) changes(e *entry[V]) ([]any, uint64) {
	args := s.table.Args(e.val)
	if e.stored == nil { // deleted and written again
		return args, 1<<len(args) - 1
	}
	var changed uint64
	kept := args[:0]
	for i, was := range s.table.Args(*e.stored) {
		if !sameValue(was, args[i]) {
			changed |= 1 << i
			kept = append(kept, args[i])
		}
	}
	return kept, changed
}

func sameValue(a, b any) bool {
	x, isBytes := a.([]byte)
	if !isBytes {
		return a == b
	}
	y, _ := b.([]byte)
	return bytes.Equal(x, y)
}
