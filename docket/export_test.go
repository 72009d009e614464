package docket

import (
	"context"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/store"
)

// ProcessPage is what /api/process answers.
func (o *Office) ProcessPage(ctx context.Context, who auth.Principal, kind string) (processPage, error) {
	return o.process(ctx, who, kind, "", "")
}

// RowOf is a matter as a list shows it.
func (o *Office) RowOf(who auth.Principal, m matter.Matter) Row { return o.view(who).row(m) }

// Displayed is a value of a form in words.
func (o *Office) Displayed(prop map[string]any, v any) fault.Text {
	return o.view(auth.Principal{}).display(prop, v)
}

// Recorded is what /api/record answers.
type Recorded = recordPage

// RecordPage is what /api/record answers.
func (o *Office) RecordPage(ctx context.Context, who auth.Principal) (Recorded, error) {
	return o.recordPage(ctx, who, 12)
}

// LeadPage is what /api/lead answers.
func (o *Office) LeadPage(ctx context.Context, who auth.Principal) (leadPage, error) {
	return o.lead(ctx, who)
}

// SpoilRecord makes one sum wrong.
func (o *Office) SpoilRecord(ctx context.Context) error {
	_, rows, err := o.readRecord(ctx)
	if err != nil {
		return err
	}
	for k := range rows {
		return o.DB.Write(ctx, &spoiling{k})
	}
	return nil
}

type spoiling struct{ key recordKey }

func (c *spoiling) Load(g *store.Group) { store.Want(g, &records, c.key) }

func (c *spoiling) Decide(g *store.Group) error {
	t, _ := store.Get(g, &records, c.key)
	t.solved++
	store.Put(g, &records, c.key, t)
	return nil
}

// Help is what /api/matters/{id}/help answers.
func (o *Office) Help(ctx context.Context, who auth.Principal, id int64) (helpPage, error) {
	return o.help(ctx, who, id)
}
