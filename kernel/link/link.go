// Package link is the web between everything that has an id (来龙去脉): what a
// thing came from and what it led to.
//
// An edge is directed, typed and receipted: it is written in the transaction of
// the act that made it and names that act's event. Ids are positions in the
// event log, unique over all kinds of objects, so an edge needs no types of its
// ends. Edges are never changed or removed; a wrong one is answered by another.
//
// Reading never shows more than the reader may see: Trace asks its caller about
// each end and counts what it hides.
package link

import (
	"context"
	"embed"
	"io/fs"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// Rel is the type of an edge, read from source to target.
type Rel string

// The relations.
const (
	Basis    Rel = "basis"     // 依据: the source is the basis of the target
	Quote    Rel = "quote"     // 引用: the source is quoted by the target
	TurnInto Rel = "turn-into" // 转为: the source became the target
	Assign   Rel = "assign"    // 交办: the source gave the target to a unit
	Handle   Rel = "handle"    // 办理: the source was handled by the target
	Evaluate Rel = "evaluate"  // 评价: the source was rated by the target
	Respond  Rel = "respond"   // 回应: the source was answered by the target
)

// Names gives the words for each relation.
func (r Rel) Names() fault.Text {
	switch r {
	case Basis:
		return fault.T("依据", "is the basis of")
	case Quote:
		return fault.T("引用", "is quoted by")
	case TurnInto:
		return fault.T("转为", "became")
	case Assign:
		return fault.T("交办", "was assigned as")
	case Handle:
		return fault.T("办理", "was handled by")
	case Evaluate:
		return fault.T("评价", "was rated by")
	case Respond:
		return fault.T("回应", "was answered by")
	}
	return fault.T(string(r), string(r))
}

// Edge is one link.
type Edge struct {
	Source int64
	Rel    Rel
	Target int64
}

var edges = store.Table[Edge, int64]{
	Name: "link", Key: []string{"source", "rel", "target"}, KeyType: []string{"BIGINT", "TEXT", "BIGINT"}, Cols: []string{"pos"}, Fixed: true,
	KeyArgs: func(e Edge) []any { return []any{e.Source, string(e.Rel), e.Target} },
	Args:    func(pos int64) []any { return []any{pos} },
	Scan: func(row store.Scanner, _ *int64) (e Edge, pos int64, err error) {
		err = row.Scan(&e.Source, &e.Rel, &e.Target, &pos)
		return e, pos, err
	},
}

// Load names the edges that Add will write.
func Load(g *store.Group, e Edge) { store.Want(g, &edges, e) }

// Add writes an edge made by the event at pos; an edge that exists stays as it
// was. One end at least must be new in this act, or Load must have named it.
func Add(g *store.Group, e Edge, pos int64) {
	if store.Have(g, &edges, e) {
		if _, exists := store.Get(g, &edges, e); exists {
			return
		}
	}
	store.Insert(g, &edges, e, pos)
}

// Made is an edge as stored.
type Made struct {
	Edge
	Pos int64
}

// Trace walks the web from id in both directions, at most depth edges far and
// at most limit edges, and gives each edge once, nearest first.
func Trace(ctx context.Context, r store.Reader, id int64, depth, limit int) ([]Made, error) {
	seen := map[Edge]bool{}
	visited := map[int64]bool{id: true}
	frontier := []int64{id}
	var out []Made
	for range depth {
		var next []int64
		for _, at := range frontier {
			found, err := store.Collect(ctx, r, func(row store.Scanner) (m Made, err error) {
				err = row.Scan(&m.Source, &m.Rel, &m.Target, &m.Pos)
				return m, err
			}, `SELECT source, rel, target, pos FROM link WHERE source = ?
				UNION SELECT source, rel, target, pos FROM link WHERE target = ? ORDER BY 4 LIMIT ?`, at, at, limit)
			if err != nil {
				return nil, fault.Wrap("link.Trace", err)
			}
			for _, m := range found {
				if seen[m.Edge] || len(out) == limit {
					continue
				}
				seen[m.Edge] = true
				out = append(out, m)
				for _, end := range []int64{m.Source, m.Target} {
					if !visited[end] {
						visited[end] = true
						next = append(next, end)
					}
				}
			}
		}
		frontier = next
	}
	return out, nil
}

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations gives the table of links.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic("link: " + err.Error())
	}
	return sub
}
