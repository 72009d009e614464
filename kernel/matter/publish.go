package matter

import (
	"context"

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

// Source is the text of a definition and the file it stands in.
type Source struct{ File, Text string }

// Publish enters the definitions that the log does not hold yet, and gives the
// set of all versions ever published: what running matters are pinned to, and
// the newest of each kind for new ones. It refuses a definition that Check
// finds wanting, naming file and line.
func Publish(ctx context.Context, db *store.DB, clk clock.Clock, sources []Source) (*flow.Set, error) {
	all, err := readDefinitions(ctx, db)
	if err != nil {
		return nil, err
	}
	for _, s := range sources {
		d, err := flow.Parse(s.File, []byte(s.Text))
		if err != nil {
			return nil, fault.Wrap("matter.Publish", err)
		}
		all = append(all, d)
		if err := db.Write(ctx, &publishing{def: d, text: s.Text, clock: clk}); err != nil {
			return nil, err
		}
	}
	return flow.NewSet(all...)
}

// readDefinitions reads every version that the log holds.
func readDefinitions(ctx context.Context, r store.Reader) ([]*flow.Def, error) {
	texts, err := store.Collect(ctx, r, func(row store.Scanner) (s Source, err error) {
		err = row.Scan(&s.File, &s.Text)
		return s, err
	}, "SELECT kind, source FROM definition ORDER BY published, hash")
	if err != nil {
		return nil, err
	}
	out := make([]*flow.Def, len(texts))
	for i, s := range texts {
		if out[i], err = flow.Parse(s.File, []byte(s.Text)); err != nil {
			return nil, fault.Wrap("matter.Publish", err)
		}
	}
	return out, nil
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
