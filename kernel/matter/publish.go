package matter

import (
	"context"
	"slices"

	"touyan.dev/touyan/kernel/auth"
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

// Known is what the installation tells the checker.
func Known() flow.Known {
	var known flow.Known
	for _, d := range auth.Duties() {
		known.Duties = append(known.Duties, string(d))
	}
	return known
}

// Judge reads the text of a definition and holds it against the rules, beside the
// definitions in force: what parses may still have problems.
func Judge(defs *flow.Set, file, text string) (*flow.Def, []flow.Problem, error) {
	d, err := flow.Parse(file, []byte(text))
	if err != nil {
		return nil, nil, err
	}
	var beside []*flow.Def
	for _, other := range defs.All() {
		if other.Kind != d.Kind && other == defs.Latest(other.Kind) {
			beside = append(beside, other)
		}
	}
	set, err := flow.NewSet(append(beside, d)...)
	if err != nil {
		return d, nil, err
	}
	return d, slices.DeleteFunc(flow.Check(set, Known()), func(p flow.Problem) bool { return p.File != file }), nil
}

// Enter publishes a definition while the engine runs: new matters of its kind
// begin on it, running ones keep theirs. Entering it again does nothing.
func (e *Engine) Enter(ctx context.Context, s Source) error {
	d, problems, err := Judge(e.Definitions(), s.File, s.Text)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return fault.New(fault.Invalid, "matter.Enter", "流程定义有误："+problems[0].Text.ZH, "The definition is wrong: "+problems[0].Text.EN)
	}
	if _, err := flow.NewSet(append(e.Definitions().All(), d)...); err != nil {
		return err
	}
	if err := e.db.Write(ctx, &publishing{def: d, text: s.Text, clock: e.clock}); err != nil {
		return err
	}
	return e.CatchUp(ctx)
}

// InputCheck is a rule that a form names as x-check: it sees what is in force, what the
// matter has written so far, and the input. Its error is Invalid and names the
// field; it is pure.
type InputCheck func(defs *flow.Set, st flow.State, input map[string]any) error

// check asks the rule that a form names, if it names one.
func (e *Engine) check(f *flow.Form, st flow.State, input map[string]any) error {
	if f == nil {
		return nil
	}
	name, _ := f.Schema["x-check"].(string)
	if name == "" {
		return nil
	}
	rule := e.checks[name]
	if rule == nil {
		return fault.New(fault.Internal, "matter.check", "程序缺陷：表单所用的核对规则不存在。", "A defect: the form names a check that does not exist.")
	}
	return rule(e.Definitions(), st, input)
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
