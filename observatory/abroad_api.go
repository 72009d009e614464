package observatory

import (
	"context"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/web"
)

// AbroadRow is an outside development.
type AbroadRow struct {
	ID        int64      `json:"id"`
	Day       string     `json:"day"`
	Place     string     `json:"place"`
	Sort      string     `json:"sort" enum:"policy,announcement,forum,exchange,cooperation"`
	SortName  fault.Text `json:"sort_name"`
	Title     string     `json:"title"`
	Content   string     `json:"content"`
	Lesson    string     `json:"lesson" doc:"what could be learned"`
	Source    string     `json:"source"`
	Entered   string     `json:"entered"`
	EnteredBy person     `json:"entered_by"`
	Led       []LedRow   `json:"led"`
}

type abroadInput struct {
	Day     string `json:"day" maxLength:"10"`
	Place   string `json:"place" maxLength:"60"`
	Sort    string `json:"sort" enum:"policy,announcement,forum,exchange,cooperation"`
	Title   string `json:"title" maxLength:"200"`
	Content string `json:"content" maxLength:"5000"`
	Lesson  string `json:"lesson,omitempty" maxLength:"2000"`
	Source  string `json:"source" maxLength:"300"`
}

func (d *Desk) registerAbroad(s *web.Server) {
	web.Register(s, get("/abroad", "abroad", "What other places decided, announced or showed, a page of 50, the newest first"), read(d, func(ctx context.Context, in *struct {
		PageOf
		Sort  string `query:"sort" enum:"policy,announcement,forum,exchange,cooperation,"`
		Words string `query:"q" maxLength:"100" doc:"in its text"`
	}) (*Paged[AbroadRow], error) {
		list, err := d.Developments(ctx, in.Sort, in.Words)
		if err != nil {
			return nil, err
		}
		n, err := d.naming(ctx)
		if err != nil {
			return nil, err
		}
		rows := told(paged(list, in.Page, pageSize), n.abroad)
		for i, row := range rows.Rows {
			if rows.Rows[i].Led, err = d.led(ctx, row.ID); err != nil {
				return nil, err
			}
		}
		return &rows, nil
	}))
	web.Register(s, get("/abroad/{id}", "abroad-one", "What another place decided, announced or showed"), read(d, func(ctx context.Context, in *ByID) (*AbroadRow, error) {
		a, err := d.Development(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		n, err := d.naming(ctx)
		if err != nil {
			return nil, err
		}
		row := n.abroad(a)
		row.Led, err = d.led(ctx, a.ID)
		return &row, err
	}))
	web.Register(s, created("/abroad", "abroad-enter", "Enter an outside development"), func(ctx context.Context, in *struct{ Body abroadInput }) (*out[acted], error) {
		b := in.Body
		return answer(d.EnterAbroad(ctx, web.Who(ctx), Abroad{Day: b.Day, Place: b.Place, Sort: b.Sort, Title: b.Title, Content: b.Content, Lesson: b.Lesson, Source: b.Source}, web.Key(ctx)))
	})
}

func (n *naming) abroad(a Abroad) AbroadRow {
	return AbroadRow{a.ID, a.Day, a.Place, a.Sort, AbroadSorts()[a.Sort], a.Title, a.Content, a.Lesson, a.Source, at(a.Entered), n.person(a.EnteredBy), nil}
}
