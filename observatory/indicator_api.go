package observatory

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/web"
	"touyan.dev/touyan/observatory/panel"
)

// IndicatorPage is one indicator of one subject: over time, among its peers, and
// ahead.
type IndicatorPage struct {
	IndicatorRow
	Freq      int             `json:"freq"`
	FreqName  fault.Text      `json:"freq_name"`
	Vintage   string          `json:"vintage" doc:"the figures as known on this day"`
	Subject   Coded           `json:"subject"`
	Peers     Coded           `json:"peers"`
	Sets      []Coded         `json:"sets" doc:"the peer sets that the subject is of"`
	Labels    []string        `json:"labels"`
	Series    []SeriesRow     `json:"series" doc:"the subject first, then its peers"`
	Ranks     []*int          `json:"ranks" doc:"of the subject; null where it was not observed"`
	Observed  []int           `json:"observed" doc:"peers with a figure in the period, the subject included"`
	Leader    []*float64      `json:"to_leader" doc:"the leader's figure less the subject's"`
	Next      []*float64      `json:"to_next" doc:"the next above less the subject"`
	Chaser    []*float64      `json:"to_chaser" doc:"the subject less the next below"`
	Breaks    []BreakRow      `json:"breaks"`
	Forecast  *ForecastRow    `json:"forecast" doc:"null with too few figures, and of a past vintage"`
	Revisions []RevisedRow    `json:"revisions" doc:"the subject's figures that were published more than once, the newest first"`
	Facts     *Paged[FactRow] `json:"facts" doc:"of the subject that stand"`
	Targets   []TargetRow     `json:"targets" doc:"of the subject, in force"`
	Source    string          `json:"source" doc:"the file of the subject's newest figure"`
	Vintages  []string        `json:"vintages"`
}

// SeriesRow is the figures of a subject; null where none was published.
type SeriesRow struct {
	Coded
	Values      []*float64 `json:"values"`
	Provisional []int      `json:"provisional" doc:"places in values"`
	Held        []int      `json:"held" doc:"places that the quality gate keeps out; their value is null"`
}

// BreakRow is where figures before and after are not compared.
type BreakRow struct {
	Time string     `json:"time"`
	Text fault.Text `json:"text"`
}

// ForecastRow is how the subject's series goes on.
type ForecastRow struct {
	Labels  []string  `json:"labels"`
	Point   []float64 `json:"point"`
	Lower80 []float64 `json:"lower_80"`
	Upper80 []float64 `json:"upper_80"`
	Lower95 []float64 `json:"lower_95"`
	Upper95 []float64 `json:"upper_95"`
	Origins int       `json:"origins" doc:"how often it was back-tested"`
	SMAPE   float64   `json:"smape" doc:"how far off it was then, in per cent"`
	First   []float64 `json:"first" doc:"chance to be first of the peers, by period; empty when nothing says"`
	Keep    []float64 `json:"keep" doc:"chance to rank as well as now, or better"`
}

// RevisedRow is a figure as it was first published and as it is known now.
type RevisedRow struct {
	Time  string    `json:"time"`
	Steps []StepRow `json:"steps"`
}

// StepRow is a figure as of a release.
type StepRow struct {
	Vintage     string  `json:"vintage"`
	Release     int64   `json:"release"`
	Value       float64 `json:"value"`
	Provisional bool    `json:"provisional"`
}

// ahead is how many periods a forecast goes.
func ahead(f panel.Freq) int {
	if f == panel.Yearly {
		return 3
	}
	return int(f) / 2
}

func (d *Desk) registerIndicators(s *web.Server) {
	web.Register(s, get("/indicators/{code}", "indicator", "An indicator of a subject: over time, among peers, ahead"), read(d, func(ctx context.Context, in *struct {
		Code    string `path:"code" maxLength:"60"`
		Freq    int    `query:"freq" required:"true" doc:"periods a year: 1, 4 or 12"`
		Subject string `query:"subject" maxLength:"60"`
		Peers   string `query:"peers" maxLength:"60"`
		AsOf    string `query:"as_of" maxLength:"10"`
	}) (*IndicatorPage, error) {
		return d.IndicatorPage(ctx, web.Who(ctx), panel.Freq(in.Freq), in.Code, in.Subject, in.Peers, in.AsOf)
	}))
	web.Register(s, get("/compare", "compare", "All members of a peer set in one period"), read(d, func(ctx context.Context, in *Comparison) (*ComparePage, error) {
		return d.compared(ctx, *in)
	}))
	web.Register(s, get("/compare.xlsx", "compare-export", "The comparison as a workbook"), func(ctx context.Context, in *Comparison) (*web.Export, error) {
		return d.ExportComparison(ctx, web.Who(ctx), *in)
	})
	web.Register(s, get("/few", "few", "Who stands out in a peer set on two or three indicators together"), read(d, func(ctx context.Context, in *struct {
		Freq   int      `query:"freq" required:"true" doc:"periods a year: 1, 4 or 12"`
		Peers  string   `query:"peers" maxLength:"60" required:"true"`
		Period string   `query:"period" maxLength:"20" doc:"the newest by default"`
		Of     []string `query:"of" minItems:"2" maxItems:"3" required:"true" doc:"codes of the indicators"`
		AsOf   string   `query:"as_of" maxLength:"10"`
	}) ([]FewRow, error) {
		return d.few(ctx, panel.Freq(in.Freq), in.Peers, in.Period, in.AsOf, in.Of)
	}))
}

// of gives the statistics as they were known on a day, "" for now: of some
// indicators, or without any the whole panel.
func (d *Desk) of(ctx context.Context, freq panel.Freq, asOf string, only ...string) (*vintage, error) {
	if _, ok := day(asOf); !ok && asOf != "" {
		return nil, fault.At("observatory", "as_of", "日期应写作 2026-11-20。", "A day is written 2026-11-20.")
	}
	if asOf == "" && only == nil {
		return d.now(ctx, freq)
	}
	return d.build(ctx, through{freq: freq, asOf: asOf, only: only})
}

// IndicatorPage gives an indicator of a subject among its peers, as known on a day;
// empty texts ask for our own city, its first peer set and now.
func (d *Desk) IndicatorPage(ctx context.Context, who auth.Principal, freq panel.Freq, code, subject, peers, asOf string) (*IndicatorPage, error) {
	if err := d.reads(who); err != nil {
		return nil, err
	}
	v, err := d.of(ctx, freq, asOf, code)
	if err != nil {
		return nil, err
	}
	n := v.ref.naming(d.Book.Now())
	i, ok := v.panel.Indicator(code)
	if !ok {
		return nil, fault.New(fault.NotFound, "observatory.indicator", "没有这个指标的数据。", "There are no figures of this indicator.")
	}
	s, ok := v.panel.Subject(cmp.Or(subject, v.ref.home()))
	if !ok {
		return nil, fault.At("observatory.indicator", "subject", "没有这个对象的数据。", "There are no figures of this subject.")
	}
	if peers != "" && !slices.ContainsFunc(v.ref.Peers, func(l line) bool { return l["code"] == peers }) {
		return nil, fault.At("observatory.indicator", "peers", "没有这个分组。", "There is no such peer set.")
	}
	p := &IndicatorPage{
		IndicatorRow: rowOf(v.panel.Indicators[i]), Freq: int(freq), FreqName: freqName(freq), Vintage: v.panel.Vintage, Subject: n.subject(v.panel.Subjects[s].Code),
		Sets: []Coded{}, Labels: []string{}, Breaks: []BreakRow{}, Revisions: v.revised(code, v.panel.Subjects[s].Code), Targets: []TargetRow{}, Vintages: v.overview(n).Vintages,
	}
	set := v.peersOf(s, peers, p)
	v.fill(p, i, s, set)
	if asOf == "" {
		p.Forecast = v.ahead(i, s, set)
		if p.Targets, err = d.targetRows(ctx, v, n, code, v.panel.Subjects[s].Code); err != nil {
			return nil, err
		}
	}
	p.Facts, err = d.factPaged(ctx, n, FactFilter{Freq: freq, Subject: v.panel.Subjects[s].Code, Indicator: code, State: FactStands}, 1, pageSize)
	return p, err
}

// peersOf chooses the peer set: the one asked for if the subject is of it, else the
// first that it is of.
func (v *vintage) peersOf(s int, code string, p *IndicatorPage) panel.PeerSet {
	chosen := panel.PeerSet{Members: []int{s}}
	for _, set := range v.panel.Peers {
		if !slices.Contains(set.Members, s) {
			continue
		}
		p.Sets = append(p.Sets, Coded{set.Code, set.Name})
		if set.Code == code || p.Peers.Code == "" {
			chosen, p.Peers = set, Coded{set.Code, set.Name}
		}
	}
	return chosen
}

// fill puts the figures, ranks and gaps of a subject among its peers on the page.
func (v *vintage) fill(p *IndicatorPage, i, s int, set panel.PeerSet) {
	a, x := v.panel.Axis, v.panel.Slabs[i]
	first, last := a.Len, -1
	for t := range a.Len {
		for _, m := range set.Members {
			if _, ok := x.Seen(m, t); ok {
				first, last = min(first, t), t
			}
		}
	}
	if last < 0 {
		return
	}
	members := append([]int{s}, slices.DeleteFunc(slices.Clone(set.Members), func(m int) bool { return m == s })...)
	for t := first; t <= last; t++ {
		p.Labels = append(p.Labels, a.Label(t))
		at := v.stood(i, s, t, set)
		p.Observed, p.Ranks = append(p.Observed, at.observed), append(p.Ranks, at.rank)
		p.Leader, p.Next, p.Chaser = append(p.Leader, at.leader), append(p.Next, at.next), append(p.Chaser, at.chaser)
		if t > first {
			if b := breakAt(x, s, t); b != nil {
				p.Breaks = append(p.Breaks, BreakRow{a.Label(t), *b})
			}
		}
	}
	for _, m := range members {
		about := v.panel.Subjects[m]
		row := SeriesRow{Coded: Coded{about.Code, about.Name}, Values: []*float64{}, Provisional: []int{}, Held: []int{}}
		for t := first; t <= last; t++ {
			row.Values = append(row.Values, pointer(x.At(m, t)))
			if x.Held.Has(m, t) {
				row.Held = append(row.Held, t-first)
			}
			if x.Provisional.Has(m, t) {
				row.Provisional = append(row.Provisional, t-first)
			}
		}
		p.Series = append(p.Series, row)
	}
	for t := last; t >= first && p.Source == ""; t-- {
		p.Source = v.source(p.Code, p.Subject.Code, a.Label(t)).File
	}
}

func pointer(v float64, ok bool) *float64 {
	if !ok {
		return nil
	}
	return &v
}

// breakAt tells why the figures of a subject before a period are not compared with
// those from it on; nil where they are.
func breakAt(x *panel.Slab, s, t int) *fault.Text {
	was, is := x.ClassOf(s, t-1), x.ClassOf(s, t)
	switch {
	case was.Definition != is.Definition:
		text := fault.T("统计口径改为："+is.Definition, "definition changed to: "+is.Definition)
		return &text
	case was.Boundary != is.Boundary:
		text := fault.T("数据断层，前后不作比较", "a break: not compared across")
		return &text
	}
	return nil
}

// stood is where a subject stood among its peers in a period; null where it, or the
// other, was not observed.
type stood struct {
	rank                 *int
	observed             int
	leader, next, chaser *float64 // the leader's figure less its own, the next above less its own, its own less the next below
}

func (v *vintage) stood(i, s, t int, set panel.PeerSet) (out stood) {
	x := v.panel.Slabs[i]
	better := func(a, b float64) bool {
		if v.panel.Indicators[i].Polarity == panel.SmallerBetter {
			return a < b
		}
		return a > b
	}
	own, ok := x.At(s, t)
	rank := 1
	for _, m := range set.Members {
		y, have := x.At(m, t)
		if !have {
			continue
		}
		out.observed++
		if !ok {
			continue
		}
		gap := y - own
		if out.leader == nil || better(y, own+*out.leader) {
			out.leader = pointer(gap, true)
		}
		if better(y, own) {
			rank++
			if out.next == nil || better(own+*out.next, y) {
				out.next = pointer(gap, true)
			}
		}
		if better(own, y) && (out.chaser == nil || better(y, own-*out.chaser)) {
			out.chaser = pointer(-gap, true)
		}
	}
	if ok {
		out.rank = &rank
	}
	return out
}

// ahead forecasts the subject's series and tells how likely its ranks are.
func (v *vintage) ahead(i, s int, set panel.PeerSet) *ForecastRow {
	a, end := v.panel.Axis, v.lastOf(i, s)
	h := ahead(a.Freq)
	run, own := v.forecasts(i, s, set, end, h)
	if own < 0 {
		return nil
	}
	f := run[own]
	row := &ForecastRow{Labels: []string{}, Point: f.Point, Lower80: f.Lower80, Upper80: f.Upper80, Lower95: f.Lower95, Upper95: f.Upper95, First: []float64{}, Keep: []float64{}}
	for t := range h {
		row.Labels = append(row.Labels, a.Label(end+1+t))
	}
	if f.Backtest != nil {
		row.Origins, row.SMAPE = f.Backtest.Origins, f.Backtest.SMAPE
	}
	rivals := slices.Concat(run[:own], run[own+1:])
	smaller := v.panel.Indicators[i].Polarity == panel.SmallerBetter
	now := v.stood(i, s, end, set).rank
	for t := 1; t <= h && len(rivals) > 0; t++ {
		first, ok1 := f.Rank(rivals, t, 1, smaller)
		keep, ok2 := f.Rank(rivals, t, *now, smaller)
		if !ok1 || !ok2 {
			break
		}
		row.First, row.Keep = append(row.First, first), append(row.Keep, keep)
	}
	return row
}

// revised gives the figures of a series that were published more than once, the
// newest first.
func (v *vintage) revised(indicator, subject string) []RevisedRow {
	said := map[int][]int{} // by period, its cells
	for i, c := range v.cells {
		if v.rank[i] != none && c.Subject == subject && c.Indicator == indicator {
			said[c.Period] = append(said[c.Period], i)
		}
	}
	rows := []RevisedRow{}
	for _, period := range slices.Backward(slices.Sorted(maps.Keys(said))) {
		cells := said[period]
		if len(cells) < 2 {
			continue
		}
		slices.SortFunc(cells, func(a, b int) int { return cmp.Compare(v.rank[a], v.rank[b]) })
		row := RevisedRow{Time: label(v.freq, period)}
		for _, i := range cells {
			c := v.cells[i]
			row.Steps = append(row.Steps, StepRow{Vintage: v.list[v.rank[i]].Vintage, Release: c.Release, Value: c.Value, Provisional: c.Provisional})
		}
		rows = append(rows, row)
	}
	return rows
}

// Comparison says what is compared.
type Comparison struct {
	Freq   int    `query:"freq" required:"true" doc:"periods a year: 1, 4 or 12"`
	Peers  string `query:"peers" maxLength:"60" required:"true"`
	Period string `query:"period" maxLength:"20" doc:"the newest by default"`
	AsOf   string `query:"as_of" maxLength:"10"`
}

// ComparePage is a peer set in one period.
type ComparePage struct {
	Freq       int            `json:"freq"`
	Peers      Coded          `json:"peers"`
	Time       string         `json:"time"`
	Times      []string       `json:"times" doc:"the newest first"`
	Vintage    string         `json:"vintage"`
	Home       string         `json:"home"`
	Indicators []IndicatorRow `json:"indicators"`
	Rows       []CompareRow   `json:"rows"`
}

// CompareRow is a member with a figure for each indicator of the page.
type CompareRow struct {
	Coded
	Cells []CompareCell `json:"cells"`
}

// CompareCell is a figure with its rank; the value is null where none was
// published.
type CompareCell struct {
	Value       *float64 `json:"value"`
	Rank        *int     `json:"rank"`
	Growth      *float64 `json:"growth" doc:"against the same period of the year before, in per cent"`
	Provisional bool     `json:"provisional"`
	Held        bool     `json:"held"`
}

func (d *Desk) compared(ctx context.Context, q Comparison) (*ComparePage, error) {
	v, err := d.of(ctx, panel.Freq(q.Freq), q.AsOf)
	if err != nil {
		return nil, err
	}
	set, ok := v.set(q.Peers)
	if !ok {
		return nil, fault.At("observatory.compare", "peers", "没有这个分组。", "There is no such peer set.")
	}
	t, ok := v.column(q.Period, set)
	if !ok {
		return nil, fault.At("observatory.compare", "period", "这个时间没有数据。", "There are no figures of this period.")
	}
	a := v.panel.Axis
	p := &ComparePage{Freq: q.Freq, Peers: Coded{set.Code, set.Name}, Time: a.Label(t), Vintage: v.panel.Vintage, Home: v.ref.home(), Indicators: []IndicatorRow{}, Rows: []CompareRow{}, Times: []string{}}
	for back := a.Len - 1; back >= 0; back-- {
		p.Times = append(p.Times, a.Label(back))
	}
	var shown []int
	for i, x := range v.panel.Indicators {
		if slices.ContainsFunc(set.Members, func(m int) bool { _, ok := v.panel.Slabs[i].Seen(m, t); return ok }) {
			shown, p.Indicators = append(shown, i), append(p.Indicators, rowOf(x))
		}
	}
	for _, m := range set.Members {
		about := v.panel.Subjects[m]
		row := CompareRow{Coded: Coded{about.Code, about.Name}, Cells: []CompareCell{}}
		for _, i := range shown {
			row.Cells = append(row.Cells, v.cell(i, m, t, set))
		}
		p.Rows = append(p.Rows, row)
	}
	return p, nil
}

func (v *vintage) cell(i, m, t int, set panel.PeerSet) CompareCell {
	x := v.panel.Slabs[i]
	c := CompareCell{Value: pointer(x.At(m, t)), Provisional: x.Provisional.Has(m, t), Held: x.Held.Has(m, t)}
	if c.Value == nil {
		return c
	}
	c.Rank = v.stood(i, m, t, set).rank
	lag := t - int(v.panel.Axis.Freq)
	if lag >= 0 && !v.panel.Indicators[i].Rate && x.ClassID(m, t) == x.ClassID(m, lag) {
		if was, ok := x.At(m, lag); ok && was > 0 {
			growth := 100 * (*c.Value/was - 1)
			c.Growth = &growth
		}
	}
	return c
}

// column finds a period by its label, or the newest with a figure of a member.
func (v *vintage) column(period string, set panel.PeerSet) (int, bool) {
	if period != "" {
		f, n, ok := panel.ParsePeriod(period)
		t, within := v.panel.Axis.Col(n)
		return t, ok && within && f == v.panel.Axis.Freq
	}
	for t := v.panel.Axis.Len - 1; t >= 0; t-- {
		for _, x := range v.panel.Slabs {
			if slices.ContainsFunc(set.Members, func(m int) bool { _, ok := x.Seen(m, t); return ok }) {
				return t, true
			}
		}
	}
	return 0, false
}
