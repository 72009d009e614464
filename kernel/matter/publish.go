package matter

import (
	"context"

	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/store"
)

// published is one version of a definition.
type published struct {
	kind    string
	version int64
	at      int64
	source  string
}

var definitions = store.Table[string, published]{
	Name: "definition", Key: []string{"hash"}, KeyType: []string{"TEXT"}, Cols: []string{"kind", "version", "published", "source"}, Fixed: true,
	KeyArgs: func(hash string) []any { return []any{hash} },
	Args:    func(p published) []any { return []any{p.kind, p.version, p.at, p.source} },
	Scan: func(row store.Scanner, _ *int64) (hash string, p published, err error) {
		err = row.Scan(&hash, &p.kind, &p.version, &p.at, &p.source)
		return hash, p, err
	},
}

// notices holds the texts of late holiday notices.
var notices = store.Table[int64, string]{
	Name: "calendar_notice", Key: []string{"id"}, KeyType: []string{"BIGINT"}, Cols: []string{"text"}, Fixed: true,
	KeyArgs: func(id int64) []any { return []any{id} },
	Args:    func(text string) []any { return []any{text} },
	Scan: func(row store.Scanner, _ *int64) (id int64, text string, err error) {
		err = row.Scan(&id, &text)
		return id, text, err
	},
}

// Source is the text of a definition and the file it stands in.
type Source struct{ File, Text string }

// Publish enters the definitions that the log does not hold yet, and gives the
// set of all versions ever published: what running matters are pinned to, and
// the newest of each kind for new ones. It refuses a definition that Check
// finds wanting, naming file and line.
func Publish(ctx context.Context, db *store.DB, clk clock.Clock, sources []Source) (*flow.Set, error) {
	old, err := store.Collect(ctx, db, func(row store.Scanner) (s Source, err error) {
		err = row.Scan(&s.File, &s.Text)
		return s, err
	}, "SELECT kind, source FROM definition ORDER BY published, hash")
	if err != nil {
		return nil, err
	}
	var all, latest []*flow.Def
	for _, s := range old {
		d, err := flow.Parse(s.File, []byte(s.Text))
		if err != nil {
			return nil, fault.Wrap("matter.Publish", err)
		}
		all = append(all, d)
	}
	for _, s := range sources {
		d, err := flow.Parse(s.File, []byte(s.Text))
		if err != nil {
			return nil, fault.Wrap("matter.Publish", err)
		}
		all, latest = append(all, d), append(latest, d)
		if err := db.Write(ctx, &publishing{def: d, text: s.Text, clock: clk}); err != nil {
			return nil, err
		}
	}
	return flow.NewSet(all...)
}

// publishing enters one definition.
type publishing struct {
	def   *flow.Def
	text  string
	clock clock.Clock
}

// Load implements store.Change.
func (c *publishing) Load(g *store.Group) {
	event.Load(g)
	store.Want(g, &definitions, c.def.Hash())
}

// Decide implements store.Change.
func (c *publishing) Decide(g *store.Group) error {
	if _, known := store.Get(g, &definitions, c.def.Hash()); known {
		return nil
	}
	now := c.clock.Now()
	_, err := event.Append(g, event.Draft{
		Kind: "definition/publish", Subject: event.NewSubject, Key: event.KeyOf("definition/" + c.def.Hash()), Recorded: now,
		Body: map[string]any{"kind": c.def.Kind, "version": c.def.Version, "hash": c.def.Hash()},
	})
	if err != nil {
		return err
	}
	store.Put(g, &definitions, c.def.Hash(), published{c.def.Kind, int64(c.def.Version), now.UnixMicro(), c.text})
	return nil
}

// withNotice gives the calendar with one notice more.
func (e *Engine) withNotice(text string) (*calendar.Calendar, error) {
	n, err := calendar.ParseNotice("notice", []byte(text))
	if err != nil {
		return nil, err
	}
	return e.Calendar().With(n)
}
