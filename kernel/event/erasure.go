package event

import (
	"context"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// The kinds of events that say that something was erased.
const (
	EventSpill = "erase/spill" // by order
	EventAgain = "erase/again" // in a restored log, which held it still
	EventTerm  = "erase/term"  // because its term had come
)

// Erases reports a kind of event that accounts for bodies that are gone.
func Erases(kind string) bool { return kind == EventSpill || kind == EventAgain || kind == EventTerm }

// erasures says what was erased, by object or by the position of an event.
var erasures = store.Table[int64, int64]{
	Name: "erasure", Key: []string{"id"}, KeyType: []string{"BIGINT"}, Cols: []string{"event"}, Fixed: true,
	KeyArgs: func(id int64) []any { return []any{id} },
	Args:    func(pos int64) []any { return []any{pos} },
	Scan: func(row store.Scanner, _ *int64) (id, pos int64, err error) {
		err = row.Scan(&id, &pos)
		return id, pos, err
	},
}

// LoadErased names what WasErased needs.
func LoadErased(g *store.Group, id int64) { store.Want(g, &erasures, id) }

// WasErased reports whether an object, or a single event, was erased, and by
// which event.
func WasErased(g *store.Group, id int64) (pos int64, erased bool) { return store.Get(g, &erasures, id) }

// Erase takes the bodies of an object's events so far, and of the event at its
// own position, and records that the event at pos says so. The caller has loaded
// it by LoadErased.
func Erase(g *store.Group, id, pos int64) {
	if _, done := store.Get(g, &erasures, id); !done {
		store.Put(g, &erasures, id, pos)
	}
	store.Blot(g, "UPDATE event SET body = ? WHERE (subject = ? OR pos = ?) AND pos < ?", []byte{}, id, id, pos)
}

// EraseQuietly is Erase in a copy of a log that is to stay a beginning of the
// original: it leaves no event and no entry.
func EraseQuietly(g *store.Group, id int64) {
	store.Blot(g, "UPDATE event SET body = ? WHERE subject = ? OR pos = ?", []byte{}, id, id)
}

// Erased gives what was erased, by object or single event, and which event says
// so.
func Erased(ctx context.Context, r store.Reader) (map[int64]int64, error) {
	out := map[int64]int64{}
	_, err := store.Collect(ctx, r, func(row store.Scanner) (struct{}, error) {
		var id, pos int64
		err := row.Scan(&id, &pos)
		out[id] = pos
		return struct{}{}, err
	}, "SELECT id, event FROM erasure")
	return out, fault.Wrap("event.Erased", err)
}
