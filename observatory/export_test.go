package observatory

import (
	"context"

	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/observatory/panel"
)

// Retell puts a told fact as another program may have told it.
func (d *Desk) Retell(ctx context.Context, id int64, edit func(*Fact)) error {
	return d.DB.Write(ctx, &retelling{id, edit})
}

// Changes gives what lies between two days of publication.
func (d *Desk) Changes(ctx context.Context, q Between) (*ChangesPage, error) {
	return d.changes(ctx, q)
}

// Changed gives a page of the facts that read differently between two days.
func (d *Desk) Changed(ctx context.Context, q Between, page int) (*Paged[ChangedRow], error) {
	list, n, err := d.betweenDays(ctx, q)
	if err != nil {
		return nil, err
	}
	return d.changedBy(ctx, n, list, page)
}

// Today gives what the newest releases say of a subject.
func (d *Desk) Today(ctx context.Context, subject string) ([]TodayRow, error) {
	return d.today(ctx, subject)
}

// FactsAt gives a page of told facts.
func (d *Desk) FactsAt(ctx context.Context, f FactFilter, page, size int) (Paged[Fact], error) {
	return d.factsAt(ctx, f, page, size)
}

// NoteRows gives a page of the notes.
func (d *Desk) NoteRows(ctx context.Context, page int) (*Paged[NoteRow], error) {
	return d.noteRows(ctx, page)
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

// Few gives who stands out in a peer set on indicators together.
func (d *Desk) Few(ctx context.Context, peers, period string, of ...string) ([]FewRow, error) {
	return d.few(ctx, panel.Yearly, peers, period, "", of)
}
