package observatory

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/web"
	"touyan.dev/touyan/observatory/panel"
)

// Between asks for what lies between two days of publication.
type Between struct {
	Freq int    `query:"freq" required:"true" doc:"periods a year: 1, 4 or 12"`
	From string `query:"from" maxLength:"10" required:"true"`
	To   string `query:"to" maxLength:"10" doc:"now by default"`
}

// ChangesPage is what lies between two days of publication: the first page of each
// list.
type ChangesPage struct {
	From    string              `json:"from"`
	To      string              `json:"to"`
	Fresh   int                 `json:"fresh" doc:"figures that were published for the first time"`
	Revised *Paged[RevisionRow] `json:"revised" doc:"the largest changes first"`
	Shifts
}

func (d *Desk) registerChanges(s *web.Server) {
	web.Register(s, get("/changes", "changes", "What changed between two days of publication"), read(d, func(ctx context.Context, in *Between) (*ChangesPage, error) {
		return d.changes(ctx, *in)
	}))
	web.Register(s, get("/changes/revised", "changes-revised", "Figures revised between two days of publication, a page of 50, the largest changes first"), read(d, func(ctx context.Context, in *struct {
		Between
		PageOf
	}) (*Paged[RevisionRow], error) {
		_, n, err := d.betweenDays(ctx, in.Between)
		if err != nil {
			return nil, err
		}
		_, list, err := d.revisedBetween(ctx, in.Between)
		return n.revisions(panel.Freq(in.Freq), list, in.Page), err
	}))
	web.Register(s, get("/changes/facts", "changes-facts", "Facts that releases between two days took back, let lapse or confirmed, a page of 50"), read(d, func(ctx context.Context, in *struct {
		Between
		PageOf
		Of string `query:"of" enum:"retracted,lapsed,confirmed" required:"true"`
	}) (*Paged[FactRow], error) {
		list, n, err := d.betweenDays(ctx, in.Between)
		if err != nil {
			return nil, err
		}
		return d.heldTo(ctx, n, list, in.Of, in.Page)
	}))
	web.Register(s, get("/changes/changed", "changes-changed", "Told facts that releases between two days made read differently, a page of 50"), read(d, func(ctx context.Context, in *struct {
		Between
		PageOf
	}) (*Paged[ChangedRow], error) {
		list, n, err := d.betweenDays(ctx, in.Between)
		if err != nil {
			return nil, err
		}
		return d.changedBy(ctx, n, list, in.Page)
	}))
}

// betweenDays gives the releases published after one day and until another, with
// the names for their rows.
func (d *Desk) betweenDays(ctx context.Context, q Between) ([]Release, *naming, error) {
	for name, asked := range map[string]string{"from": q.From, "to": q.To} {
		if _, ok := day(asked); !ok && (asked != "" || name == "from") {
			return nil, nil, fault.At("observatory.changes", name, "日期应写作 2026-11-20。", "A day is written 2026-11-20.")
		}
	}
	if q.To != "" && q.To < q.From {
		return nil, nil, fault.At("observatory.changes", "to", "截止日期早于起始日期，请核对。", "This day is before the one that changes are counted from; check both.")
	}
	list, err := d.published(ctx, panel.Freq(q.Freq), q.To)
	if err != nil {
		return nil, nil, err
	}
	n, err := d.naming(ctx)
	return slices.DeleteFunc(list, func(r Release) bool { return r.Vintage <= q.From }), n, err
}

func (d *Desk) changes(ctx context.Context, q Between) (*ChangesPage, error) {
	list, n, err := d.betweenDays(ctx, q)
	if err != nil {
		return nil, err
	}
	p := &ChangesPage{From: q.From, To: q.To}
	if q.To == "" && len(list) > 0 {
		p.To = list[len(list)-1].Vintage
	}
	var revised []Revision
	if p.Fresh, revised, err = d.revisedBetween(ctx, q); err != nil {
		return nil, err
	}
	p.Revised = n.revisions(panel.Freq(q.Freq), revised, 1)
	p.Shifts, err = d.shifts(ctx, n, list)
	return p, err
}

// revisedBetween counts the figures that were first published between two days,
// and gives those that were revised, the largest changes first.
func (d *Desk) revisedBetween(ctx context.Context, q Between) (fresh int, list []Revision, err error) {
	before, err := d.of(ctx, panel.Freq(q.Freq), q.From)
	if err != nil {
		return 0, nil, err
	}
	after, err := d.of(ctx, panel.Freq(q.Freq), q.To)
	if err != nil {
		return 0, nil, err
	}
	for c := range after.figures() {
		was, known := before.origin(spot{c.Indicator, c.Subject, c.Period})
		switch {
		case !known:
			fresh++
		case was.Value != c.Value:
			list = append(list, Revision{Cell: c, Before: was.Value})
		}
	}
	slices.SortFunc(list, func(a, b Revision) int {
		return cmp.Or(cmp.Compare(b.share(), a.share()), strings.Compare(a.Indicator, b.Indicator), strings.Compare(a.Subject, b.Subject), cmp.Compare(a.Period, b.Period))
	})
	return fresh, list, nil
}
