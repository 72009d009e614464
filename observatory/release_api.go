package observatory

import (
	"cmp"
	"context"
	"slices"

	"touyan.dev/touyan/kernel/attach"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/web"
	"touyan.dev/touyan/observatory/panel"
	"touyan.dev/touyan/observatory/quality"
	"touyan.dev/touyan/observatory/sheet"
)

// ReleaseRow is a release in a list.
type ReleaseRow struct {
	ID          int64      `json:"id"`
	Name        string     `json:"name"`
	Freq        int        `json:"freq"`
	FreqName    fault.Text `json:"freq_name"`
	Vintage     string     `json:"vintage" doc:"day of publication"`
	Newest      string     `json:"newest" doc:"the last period that it speaks of"`
	State       State      `json:"state" enum:"waiting,published,dropped"`
	StateName   fault.Text `json:"state_name"`
	Cells       int64      `json:"cells" doc:"figures that are new or revised"`
	Brought     string     `json:"brought"`
	BroughtBy   person     `json:"brought_by"`
	Published   string     `json:"published"`
	PublishedBy person     `json:"published_by"`
	Found       int64      `json:"facts_found"`
	Changed     int64      `json:"facts_changed"`
	Retracted   int64      `json:"facts_retracted"`
}

// DoubtRow is a cell that the gate noticed.
type DoubtRow struct {
	Indicator Coded      `json:"indicator"`
	Subject   Coded      `json:"subject"`
	Time      string     `json:"time"`
	Period    int        `json:"period"`
	Value     float64    `json:"value"`
	Expected  float64    `json:"expected" doc:"what its neighbours would make likely; 0 when nothing is"`
	Unit      fault.Text `json:"unit"`
	Rule      string     `json:"rule"`
	RuleText  fault.Text `json:"rule_text"`
	State     DoubtState `json:"state" enum:"waiting,held,kept,break,noted"`
	StateName fault.Text `json:"state_name"`
	Reason    string     `json:"reason"`
	Decided   string     `json:"decided"`
	DecidedBy person     `json:"decided_by"`
	Line      int        `json:"line"`
	Column    string     `json:"column"`
	Before    []PointRow `json:"before" doc:"the periods before and after, as published"`
}

// PointRow is a value of a period; null when it is missing.
type PointRow struct {
	Time  string   `json:"time"`
	Value *float64 `json:"value"`
}

// ReleasePage is a release with its gate and its facts: the first page of each list.
type ReleasePage struct {
	ReleaseRow
	Digest    string              `json:"sha256"`
	Doubts    *PagedDoubts        `json:"doubts"`
	Undecided int                 `json:"undecided"`
	Revised   *Paged[RevisionRow] `json:"revised" doc:"published figures that it changes, the largest changes first"`
	News      *Paged[FactRow]     `json:"news" doc:"facts that it brought, the best first"`
	Shifts
	File int64 `json:"file" doc:"the attachment; 0 if there is none"`
	May  bool  `json:"may_work"`
}

// RevisionRow is a published figure that a file changes.
type RevisionRow struct {
	Indicator Coded   `json:"indicator"`
	Subject   Coded   `json:"subject"`
	Time      string  `json:"time"`
	Before    float64 `json:"before"`
	After     float64 `json:"after"`
	Percent   float64 `json:"percent"`
	Final     bool    `json:"final" doc:"the same figure, no longer provisional"`
}

// importInput says which file is brought in, and how it is read.
type importInput struct {
	File    string       `json:"file" minLength:"64" maxLength:"64" doc:"digest of the uploaded file"`
	Name    string       `json:"name" minLength:"1" maxLength:"400"`
	Sheet   int          `json:"sheet,omitempty" minimum:"0" maximum:"200"`
	Shape   *sheet.Shape `json:"shape,omitempty" doc:"how the sheet lies; as the program reads it by default"`
	Vintage string       `json:"vintage,omitempty" maxLength:"10" doc:"day of publication; today by default"`
	First   bool         `json:"first,omitempty" doc:"first estimates: all are provisional"`
}

// LookPage is what a file holds; nothing of it was kept.
type LookPage struct {
	Sheets    []string      `json:"sheets"`
	Sheet     int           `json:"sheet"`
	Head      [][]string    `json:"head" doc:"the first rows as they stand in the file"`
	Shape     sheet.Shape   `json:"shape"`
	Notes     []PlaceText   `json:"notes"`
	Wrong     []PlaceText   `json:"wrong"`
	WrongMore int           `json:"wrong_more"`
	Unknown   []UnknownRow  `json:"unknown"`
	Freq      int           `json:"freq"`
	FreqName  fault.Text    `json:"freq_name"`
	Cells     int           `json:"cells"`
	Fresh     int           `json:"fresh"`
	Same      int           `json:"same"`
	Revised   []RevisionRow `json:"revised" doc:"published figures that it would change, the largest changes of them"`
	More      int           `json:"revised_more" doc:"such figures that are not listed"`
	Doubts    []DoubtRow    `json:"doubts"`
	Sample    []SampleRow   `json:"sample" doc:"the first figures as they were read"`
	Vintage   string        `json:"vintage"`
}

// PlaceText is a remark on a cell of the file.
type PlaceText struct {
	Cell string     `json:"cell"`
	Text fault.Text `json:"text"`
}

// UnknownRow is a name in the file that nothing matches.
type UnknownRow struct {
	Cell  string  `json:"cell"`
	Kind  string  `json:"kind" enum:"subject,indicator"`
	Name  string  `json:"name"`
	Count int     `json:"count"`
	Total bool    `json:"total" doc:"a line of totals, which need not be known"`
	Near  []Coded `json:"near" doc:"known names that resemble it"`
}

// SampleRow is a figure as it was read.
type SampleRow struct {
	Indicator   Coded      `json:"indicator"`
	Subject     Coded      `json:"subject"`
	Time        string     `json:"time"`
	Value       float64    `json:"value"`
	Unit        fault.Text `json:"unit"`
	Provisional bool       `json:"provisional"`
	Cell        string     `json:"cell"`
}

func (d *Desk) registerReleases(s *web.Server) {
	web.Register(s, get("/releases", "releases", "Releases, those that wait first"), read(d, func(ctx context.Context, in *releaseQuery) (*Paged[ReleaseRow], error) {
		return d.releaseRows(ctx, *in)
	}))
	d.registerReleaseLists(s)
	web.Register(s, get("/releases/{id}", "release", "A release with its gate and its facts"), read(d, func(ctx context.Context, in *ByID) (*ReleasePage, error) {
		return d.ReleasePage(ctx, web.Who(ctx), in.ID)
	}))
	look := post("/look", "look", "What an uploaded file holds; nothing is kept")
	look.Keyless = true
	web.Register(s, look, func(ctx context.Context, in *struct{ Body importInput }) (*out[*LookPage], error) {
		return reply(d.lookPage(ctx, in.Body))
	})
	web.Register(s, created("/releases", "bring", "Bring in a file as a release that waits at the gate"), func(ctx context.Context, in *struct{ Body importInput }) (*out[acted], error) {
		im, err := in.Body.asked()
		if err != nil {
			return nil, err
		}
		return answer(d.Bring(ctx, web.Who(ctx), im, web.Key(ctx)))
	})
	web.Register(s, post("/releases/{id}/decide", "decide", "Decide about a cell that the gate noticed"), func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Indicator string `json:"indicator" maxLength:"60"`
			Subject   string `json:"subject" maxLength:"60"`
			Period    int    `json:"period"`
			Keep      bool   `json:"keep" doc:"true: it is right; false: it stays out"`
			Reason    string `json:"reason" maxLength:"500"`
		}
	}) (*out[acted], error) {
		b := in.Body
		return answer(d.Decide(ctx, web.Who(ctx), in.ID, Decision{b.Indicator, b.Subject, b.Period, b.Keep, b.Reason}, web.Key(ctx)))
	})
	web.Register(s, post("/releases/{id}/publish", "publish", "Publish a release and find its facts"), func(ctx context.Context, in *ByID) (*out[acted], error) {
		return answer(d.Publish(ctx, web.Who(ctx), in.ID, web.Key(ctx)))
	})
	web.Register(s, post("/releases/{id}/drop", "drop", "Put a waiting release aside"), func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Reason string `json:"reason" maxLength:"500"`
		}
	}) (*out[acted], error) {
		return answer(d.Drop(ctx, web.Who(ctx), in.ID, in.Body.Reason, web.Key(ctx)))
	})
}

func (d *Desk) releaseRows(ctx context.Context, q releaseQuery) (*Paged[ReleaseRow], error) {
	list, err := d.Releases(ctx, q.State, panel.Freq(q.Freq))
	if err != nil {
		return nil, err
	}
	n, err := d.naming(ctx)
	if err != nil {
		return nil, err
	}
	p := told(paged(list, q.Page, cmp.Or(q.Limit, pageSize)), n.release)
	return &p, nil
}

// releaseQuery asks for a page of the list of releases.
type releaseQuery struct {
	State State `query:"state" enum:"waiting,published,dropped,"`
	Freq  int   `query:"freq" minimum:"0" maximum:"12"`
	Page  int   `query:"page" minimum:"0" maximum:"100000" doc:"from 1"`
	Limit int   `query:"limit" minimum:"0" maximum:"200" doc:"rows of a page; 50 by default"`
}

func (n *naming) release(r Release) ReleaseRow {
	return ReleaseRow{
		ID: r.ID, Name: r.Name, Freq: int(r.Freq), FreqName: freqName(r.Freq), Vintage: r.Vintage, Newest: label(r.Freq, int(r.Newest)), State: r.State, StateName: r.State.Name(), Cells: r.Cells,
		Brought: at(r.Brought), BroughtBy: n.person(r.BroughtBy), Published: at(r.Published), PublishedBy: n.person(r.PublishedBy), Found: r.Found, Changed: r.Changed, Retracted: r.Retracted,
	}
}

// ReleasePage gives a release as who sees it.
func (d *Desk) ReleasePage(ctx context.Context, who auth.Principal, id int64) (*ReleasePage, error) {
	r, n, err := d.open(ctx, id)
	if err != nil {
		return nil, err
	}
	p := &ReleasePage{ReleaseRow: n.release(r), Digest: r.Digest}
	p.May = d.works(who) == nil
	if p.Doubts, err = d.doubtPage(ctx, n, r, "", 1); err != nil {
		return nil, err
	}
	p.Undecided = p.Doubts.States[DoubtWaiting]
	if p.News, err = d.factPaged(ctx, n, FactFilter{Release: id}, 1, pageSize); err != nil {
		return nil, err
	}
	if p.Shifts, err = d.shifts(ctx, n, []Release{r}); err != nil {
		return nil, err
	}
	if p.Revised, err = d.revisedPage(ctx, n, r, 1); err != nil {
		return nil, err
	}
	files, err := d.Files.List(ctx, who, id)
	if err == nil && len(files) > 0 {
		p.File = files[0].ID
	}
	return p, err
}

// revisedBy gives the figures, published before a release, that it changes.
func (d *Desk) revisedBy(ctx context.Context, r Release) ([]Revision, error) {
	fresh, err := d.cellsOf(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	before, err := d.build(ctx, through{freq: r.Freq, until: r.ID, only: indicatorsOf(fresh)})
	if err != nil {
		return nil, err
	}
	var out []Revision
	for _, c := range fresh {
		if was, ok := before.origin(spot{c.Indicator, c.Subject, c.Period}); ok {
			out = append(out, Revision{Cell: c, Before: was.Value, Final: was.Value == c.Value})
		}
	}
	slices.SortStableFunc(out, func(a, b Revision) int { return cmp.Compare(b.share(), a.share()) })
	return out, nil
}

func (n *naming) doubt(v *vintage, x Doubt) DoubtRow {
	f := v.panel.Axis.Freq
	row := DoubtRow{
		Indicator: n.indicator(x.Indicator), Subject: n.subject(x.Subject), Time: label(f, x.Period), Period: x.Period, Value: x.Value, Expected: x.Expected, Unit: n.unit(x.Indicator),
		Rule: x.Rule, RuleText: quality.Rule(x.Rule).Text(), State: x.State, StateName: x.State.Name(), Reason: x.Reason, Decided: at(x.Decided), DecidedBy: n.person(x.DecidedBy), Before: []PointRow{},
	}
	if c, ok := v.origin(spot{x.Indicator, x.Subject, x.Period}); ok {
		row.Line, row.Column = c.Line, sheet.Column(c.Col-1)
	}
	for t := x.Period - 3; t <= x.Period+1; t++ {
		point := PointRow{Time: label(f, t)}
		if c, ok := v.origin(spot{x.Indicator, x.Subject, t}); ok {
			point.Value = &c.Value
		}
		row.Before = append(row.Before, point)
	}
	return row
}

// asked gives what was sent as an import.
func (in importInput) asked() (Import, error) {
	digest, ok := attach.ParseDigest(in.File)
	if !ok {
		return Import{}, fault.At("observatory.look", "file", "请先选择文件。", "Choose a file first.")
	}
	return Import{Digest: digest, Name: in.Name, Sheet: in.Sheet, Shape: in.Shape, Vintage: in.Vintage, First: in.First}, nil
}

// What a look shows of a file.
const (
	lookRows    = 12
	lookWrong   = 100
	lookRevised = 200
)

func (d *Desk) lookPage(ctx context.Context, in importInput) (*LookPage, error) {
	im, err := in.asked()
	if err != nil {
		return nil, err
	}
	look, err := d.Look(ctx, web.Who(ctx), im)
	if err != nil {
		return nil, err
	}
	n, err := d.naming(ctx)
	if err != nil {
		return nil, err
	}
	return look.page(n), nil
}

func (l *Look) page(n *naming) *LookPage {
	p := &LookPage{
		Sheets: l.Sheets, Sheet: l.Sheet, Head: l.Grid.Rows[:min(len(l.Grid.Rows), lookRows)], Shape: l.Shape, Notes: []PlaceText{}, Wrong: []PlaceText{}, Unknown: []UnknownRow{},
		Freq: int(l.Freq), FreqName: freqName(l.Freq), Fresh: len(l.Fresh), Same: l.Same, Revised: []RevisionRow{}, Doubts: []DoubtRow{}, Sample: []SampleRow{}, Vintage: l.Vintage,
	}
	for _, c := range l.Result.Cells {
		if !c.Missing {
			p.Cells++
		}
	}
	for _, x := range l.Notes {
		p.Notes = append(p.Notes, PlaceText{cellName(x.Row, x.Col), x.Text})
	}
	for _, x := range l.Result.Wrong[:min(len(l.Result.Wrong), lookWrong)] {
		p.Wrong = append(p.Wrong, PlaceText{cellName(x.Row, x.Col), x.Text})
	}
	p.WrongMore = len(l.Result.Wrong) - len(p.Wrong)
	for _, x := range l.Revised[:min(len(l.Revised), lookRevised)] {
		p.Revised = append(p.Revised, n.revision(l.Freq, x))
	}
	p.More = len(l.Revised) - len(p.Revised)
	for _, x := range l.Result.Unknown {
		row := UnknownRow{Cell: sheet.A1(x.Row, x.Col), Kind: x.Kind, Name: x.Name, Count: x.Count, Total: x.Total, Near: []Coded{}}
		for _, near := range x.Near {
			row.Near = append(row.Near, Coded{near.Code, near.Name})
		}
		p.Unknown = append(p.Unknown, row)
	}
	for _, c := range l.Fresh[:min(len(l.Fresh), lookRows)] {
		p.Sample = append(p.Sample, SampleRow{n.indicator(c.Indicator), n.subject(c.Subject), label(l.Freq, c.Period), c.Value, n.unit(c.Indicator), c.Provisional, sheet.A1(c.Line-1, c.Col-1)})
	}
	for _, x := range l.Doubts {
		p.Doubts = append(p.Doubts, n.doubt(l.gated, x))
	}
	return p
}

func (n *naming) revision(f panel.Freq, r Revision) RevisionRow {
	return RevisionRow{n.indicator(r.Indicator), n.subject(r.Subject), label(f, r.Period), r.Before, r.Value, 100 * r.share(), r.Final}
}

// cellName names a cell of a file; "" for the sheet as a whole.
func cellName(row, col int) string {
	if row < 0 || col < 0 {
		return ""
	}
	return sheet.A1(row, col)
}
