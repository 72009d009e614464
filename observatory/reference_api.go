package observatory

import (
	"context"
	"slices"
	"strings"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/web"
	"touyan.dev/touyan/observatory/panel"
)

// Overview is what the observatory holds.
type Overview struct {
	Home    Coded          `json:"home" doc:"our own city"`
	Waiting int            `json:"waiting" doc:"releases at the quality gate"`
	Freqs   []FreqOverview `json:"freqs"`
	May     bool           `json:"may_work" doc:"the one who asks may bring in, decide and publish"`
}

// FreqOverview is what it holds of one frequency.
type FreqOverview struct {
	Freq       int            `json:"freq" doc:"periods a year: 1, 4, 12"`
	Name       fault.Text     `json:"name"`
	First      string         `json:"first"`
	Last       string         `json:"last"`
	Vintage    string         `json:"vintage" doc:"the day of the newest release"`
	Indicators []IndicatorRow `json:"indicators"`
	Subjects   []Coded        `json:"subjects"`
	Peers      []PeerRow      `json:"peers"`
	Vintages   []string       `json:"vintages" doc:"days of publication, the newest first"`
}

// IndicatorRow is an indicator in a list.
type IndicatorRow struct {
	Coded
	Unit       fault.Text `json:"unit"`
	Polarity   string     `json:"polarity" enum:"larger,smaller,neutral"`
	Cumulative bool       `json:"cumulative"`
	Rate       bool       `json:"rate"`
}

// PeerRow is a peer set with its members' codes.
type PeerRow struct {
	Coded
	Kind    string   `json:"kind"`
	Members []string `json:"members"`
}

// ReferenceRow is a row of a table of reference: column → text.
type ReferenceRow map[string]string

func (d *Desk) registerReference(s *web.Server) {
	web.Register(s, get("", "overview", "What statistics there are"), read(d, func(ctx context.Context, _ *struct{}) (*Overview, error) {
		return d.overview(ctx)
	}))
	web.Register(s, get("/reference/{sort}", "reference", "A table of reference: subjects, indicators or peer sets"), read(d, func(ctx context.Context, in *struct {
		Sort Sort `path:"sort" enum:"subject,indicator,peers"`
	}) ([]ReferenceRow, error) {
		ref, err := d.reference(ctx)
		if err != nil {
			return nil, err
		}
		rows := []ReferenceRow{}
		for _, l := range ref.of(in.Sort) {
			rows = append(rows, ReferenceRow(l))
		}
		return rows, nil
	}))
	web.Register(s, post("/reference/{sort}", "reference-enter", "Add rows to a table of reference, or replace those of the same code"), func(ctx context.Context, in *struct {
		Sort Sort `path:"sort" enum:"subject,indicator,peers"`
		Body struct {
			Table string `json:"table" minLength:"3" maxLength:"1000000" doc:"a CSV table with the columns of the sort"`
		}
	}) (*out[acted], error) {
		return answer(d.Enter(ctx, web.Who(ctx), in.Sort, []byte(in.Body.Table), web.Key(ctx)))
	})
	web.Register(s, get("/map", "map", "The map of the subjects, as GeoJSON; null when none was entered"), read(d, func(ctx context.Context, _ *struct{}) (any, error) {
		return d.Map(ctx)
	}))
}

func (d *Desk) overview(ctx context.Context) (*Overview, error) {
	ref, err := d.reference(ctx)
	if err != nil {
		return nil, err
	}
	n := ref.naming(d.Book.Now())
	o := &Overview{Freqs: []FreqOverview{}, May: d.works(web.Who(ctx)) == nil}
	if home := ref.home(); home != "" {
		o.Home = n.subject(home)
	}
	if err := d.DB.QueryRow(ctx, "SELECT COUNT(*) FROM release WHERE state = ?", string(Waiting)).Scan(&o.Waiting); err != nil {
		return nil, fault.Wrap("observatory.overview", err)
	}
	for _, f := range []panel.Freq{panel.Monthly, panel.Quarterly, panel.Yearly} {
		v, err := d.now(ctx, f)
		if err != nil {
			return nil, err
		}
		if v.panel.Axis.Len > 0 {
			o.Freqs = append(o.Freqs, v.overview(n))
		}
	}
	return o, nil
}

func (v *vintage) overview(n *naming) FreqOverview {
	a := v.panel.Axis
	f := FreqOverview{Freq: int(a.Freq), Name: freqName(a.Freq), First: a.Label(0), Last: a.Label(a.Len - 1), Vintage: v.panel.Vintage, Indicators: []IndicatorRow{}, Subjects: []Coded{}, Peers: []PeerRow{}, Vintages: []string{}}
	for _, x := range v.panel.Indicators {
		f.Indicators = append(f.Indicators, rowOf(x))
	}
	for _, s := range v.panel.Subjects {
		f.Subjects = append(f.Subjects, n.subject(s.Code))
	}
	for _, p := range v.panel.Peers {
		row := PeerRow{Coded: Coded{p.Code, p.Name}, Kind: p.Kind, Members: []string{}}
		for _, s := range p.Members {
			row.Members = append(row.Members, v.panel.Subjects[s].Code)
		}
		f.Peers = append(f.Peers, row)
	}
	for _, r := range v.releases {
		if !slices.Contains(f.Vintages, r.Vintage) {
			f.Vintages = append(f.Vintages, r.Vintage)
		}
	}
	slices.SortFunc(f.Vintages, func(a, b string) int { return strings.Compare(b, a) })
	return f
}

func rowOf(x panel.Indicator) IndicatorRow {
	polarity := map[panel.Polarity]string{panel.LargerBetter: "larger", panel.SmallerBetter: "smaller", panel.Neutral: "neutral"}
	return IndicatorRow{Coded{x.Code, x.Name}, x.Unit, polarity[x.Polarity], x.Form == panel.Cumulative, x.Rate}
}
