package observatory

import (
	"context"

	"touyan.dev/touyan/kernel/store"
)

// Retell puts a told fact as another program may have told it.
func (d *Desk) Retell(ctx context.Context, id int64, edit func(*Fact)) error {
	return d.DB.Write(ctx, &retelling{id, edit})
}

type retelling struct {
	id   int64
	edit func(*Fact)
}

func (c *retelling) Load(g *store.Group) { store.Want(g, &facts, c.id) }

func (c *retelling) Decide(g *store.Group) error {
	f, _ := store.Get(g, &facts, c.id)
	c.edit(&f)
	store.Put(g, &facts, c.id, f)
	return nil
}
