package observatory

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/observatory/panel"
	"touyan.dev/touyan/observatory/quality"
	"touyan.dev/touyan/observatory/sheet"
)

// vintage is the statistics of one frequency as they were known: the panel, and
// for each cell the release, line and column that it came from.
type vintage struct {
	*stock
	panel    *panel.Panel
	releases map[int64]Release
	origins  map[spot]Cell
	doubts   map[spot]Doubt
}

// spot is a cell of a panel, whatever release it came with.
type spot struct {
	indicator, subject string
	period             int
}

// through says which cells a vintage is built from.
type through struct {
	freq  panel.Freq
	asOf  string   // day, "" for now
	only  []string // indicators, nil for all
	kin   bool     // and those that the indicators are held to
	with  int64    // a release that is not published yet, on top
	until int64    // published releases with an id below it; 0 for all
}

// now gives the whole panel as of the newest published release. What was built is
// used again while neither a release nor the reference changed, by this program or
// another beside it.
func (d *Desk) now(ctx context.Context, freq panel.Freq) (*vintage, error) {
	head, err := d.head(ctx, freq)
	if err != nil {
		return nil, err
	}
	edition, err := d.edition(ctx)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	v := d.whole[freq]
	d.mu.Unlock()
	if v != nil && v.last == head && v.ref.edition == edition {
		return v, nil
	}
	if v, err = d.build(ctx, through{freq: freq}); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.whole == nil {
		d.whole = map[panel.Freq]*vintage{}
	}
	d.whole[freq] = v
	return v, nil
}

// edition counts the changes of the reference.
func (d *Desk) edition(ctx context.Context) (n int64, err error) {
	err = d.DB.QueryRow(ctx, "SELECT CAST(COALESCE(SUM(rev), 0) AS BIGINT) FROM observed").Scan(&n)
	return n, fault.Wrap("observatory.edition", err)
}

// head gives the release that was published last.
func (d *Desk) head(ctx context.Context, freq panel.Freq) (int64, error) {
	found, err := store.Collect(ctx, d.DB, func(row store.Scanner) (id int64, err error) {
		err = row.Scan(&id)
		return id, err
	}, "SELECT release FROM release_head WHERE freq = ?", int64(freq))
	if err != nil || len(found) == 0 {
		return 0, fault.Wrap("observatory.head", err)
	}
	return found[0], nil
}

// stock is what vintages of a frequency are made from: the releases in the order in
// which they stand over each other, their cells, and what the gate said of them.
type stock struct {
	freq  panel.Freq
	ref   *Reference
	list  []Release
	cells []Cell
	noted []Doubt
	last  int64 // the release that was published last; 0 for none
}

// build makes a vintage from the cells of its releases, later ones over earlier.
func (d *Desk) build(ctx context.Context, t through) (*vintage, error) {
	k := &stock{freq: t.freq}
	var err error
	if k.ref, err = d.reference(ctx); err != nil {
		return nil, err
	}
	if t.kin {
		t.only = k.ref.related(t.only)
	}
	if k.list, err = d.published(ctx, t.freq, t.asOf); err != nil {
		return nil, err
	}
	if t.until != 0 {
		k.list = slices.DeleteFunc(k.list, func(r Release) bool { return r.ID >= t.until })
	}
	if k.last, err = d.head(ctx, t.freq); err != nil {
		return nil, err
	}
	if t.with != 0 {
		r, err := d.Release(ctx, t.with)
		if err != nil {
			return nil, err
		}
		if r.State != Published {
			k.list = append(k.list, r)
		}
	}
	if k.cells, err = d.readCells(ctx, t); err != nil {
		return nil, err
	}
	if k.noted, err = d.readDoubts(ctx); err != nil {
		return nil, err
	}
	return k.as("")
}

// as folds the releases known on a day into a vintage; "" for all.
func (k *stock) as(day string) (*vintage, error) {
	v := &vintage{stock: k, releases: map[int64]Release{}, origins: map[spot]Cell{}, doubts: map[spot]Doubt{}}
	order, name := map[int64]int{}, ""
	for i, r := range k.list {
		if day == "" || r.Vintage <= day {
			v.releases[r.ID], order[r.ID], name = r, i, r.Vintage
		}
	}
	for _, c := range k.cells {
		rank, in := order[c.Release]
		if !in {
			continue
		}
		at := spot{c.Indicator, c.Subject, c.Period}
		if have, ok := v.origins[at]; !ok || order[have.Release] < rank {
			v.origins[at] = c
		}
	}
	for _, x := range k.noted {
		at := spot{x.Indicator, x.Subject, x.Period}
		_, counts := v.releases[x.Found]
		if c, ok := v.origins[at]; ok && counts && c.Release == x.Release && x.over(v.doubts[at]) {
			v.doubts[at] = x
		}
	}
	return v, v.lay(name)
}

// related adds the indicators that some are compared with by the quality gate or by
// a fact about their parts, either way round.
func (r *Reference) related(codes []string) []string {
	out := slices.Clone(codes)
	add := func(code string) {
		if code != "" && !slices.Contains(out, code) {
			out = append(out, code)
		}
	}
	for _, l := range r.Indicators {
		kin := append(strings.Fields(l["parts"]), l["second"], l["growth"])
		if slices.Contains(codes, l["code"]) {
			for _, k := range kin {
				add(k)
			}
			continue
		}
		for _, k := range kin {
			if slices.Contains(codes, k) {
				add(l["code"])
			}
		}
	}
	return out
}

func (d *Desk) readDoubts(ctx context.Context) ([]Doubt, error) {
	all, err := store.Collect(ctx, d.DB, scanDoubt, "SELECT "+doubtColumns+" FROM doubt")
	return all, fault.Wrap("observatory.readDoubts", err)
}

// lay puts the cells into a panel, describes it, and applies what the gate said.
func (v *vintage) lay(name string) error {
	axis := panel.Axis{Freq: v.freq}
	subjects, indicators := map[string]bool{}, map[string]bool{}
	for at := range v.origins {
		subjects[at.subject], indicators[at.indicator] = true, true
		switch {
		case axis.Len == 0:
			axis.First, axis.Len = at.period, 1
		case at.period < axis.First:
			axis.First, axis.Len = at.period, axis.Len+axis.First-at.period
		case at.period >= axis.First+axis.Len:
			axis.Len = at.period - axis.First + 1
		}
	}
	var who []panel.Subject
	for _, l := range v.ref.Subjects {
		if subjects[l["code"]] {
			who = append(who, panel.Subject{Code: l["code"], Name: nameOf(l)})
		}
	}
	var what []panel.Indicator
	var rows []line
	for _, l := range v.ref.Indicators {
		if indicators[l["code"]] {
			what, rows = append(what, panel.Indicator{Code: l["code"]}), append(rows, l)
		}
	}
	p := panel.New(axis, who, what)
	p.Vintage = name
	v.panel = p
	if err := v.describe(rows); err != nil {
		return err
	}
	index := v.index()
	for at, c := range v.origins {
		i, s, t := index.cell(at)
		if i < 0 || s < 0 {
			continue // no longer in the reference
		}
		x := p.Slabs[i]
		x.Set(s, t, c.Value)
		if c.Provisional {
			x.MarkProvisional(s, t)
		}
		if d, ok := v.doubts[at]; ok {
			switch {
			case d.State.out():
				x.Hold(s, t)
			case d.State == DoubtBreak:
				x.Break(s, t, axis.Label(t))
			}
		}
	}
	v.peers()
	return nil
}

func (v *vintage) describe(rows []line) error {
	if len(v.panel.Subjects) > 0 {
		if err := v.panel.Describe(table(v.ref.Subjects, v.freq), "code", "name"); err != nil {
			return err
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return v.panel.DescribeIndicators(table(rows, v.freq))
}

// indexes finds columns and rows of a panel by code.
type indexes struct {
	axis                 panel.Axis
	indicators, subjects map[string]int
}

func (v *vintage) index() indexes {
	x := indexes{axis: v.panel.Axis, indicators: map[string]int{}, subjects: map[string]int{}}
	for i, ind := range v.panel.Indicators {
		x.indicators[ind.Code] = i
	}
	for i, s := range v.panel.Subjects {
		x.subjects[s.Code] = i
	}
	return x
}

// cell gives the place of a cell; -1 for an indicator or subject that is unknown.
func (x indexes) cell(at spot) (i, s, t int) {
	i, s = -1, -1
	if n, ok := x.indicators[at.indicator]; ok {
		i = n
	}
	if n, ok := x.subjects[at.subject]; ok {
		s = n
	}
	return i, s, at.period - x.axis.First
}

// peers puts the peer sets of the reference into the panel, with those members
// that were observed. A set in force from a year on holds from its first period.
func (v *vintage) peers() {
	index, freq := v.index(), int(v.freq)
	for _, l := range v.ref.Peers {
		set := panel.PeerSet{Code: l["code"], Name: nameOf(l), Kind: l["kind"]}
		for _, code := range strings.Fields(l["members"]) {
			if s, ok := index.subjects[code]; ok {
				set.Members = append(set.Members, s)
			}
		}
		slices.Sort(set.Members)
		if year, err := strconv.Atoi(l["from"]); err == nil {
			set.From = max(0, year*freq-v.panel.Axis.First)
		}
		if year, err := strconv.Atoi(l["until"]); err == nil {
			if set.Until = (year+1)*freq - v.panel.Axis.First; set.Until <= 0 {
				continue // ended before the panel begins
			}
		}
		// A set of whom too few are in these figures at all is none of this panel's:
		// first of thirteen is not first of the nation.
		if n := len(strings.Fields(l["members"])); len(set.Members) > 1 && 5*len(set.Members) >= 4*n {
			v.panel.Peers = append(v.panel.Peers, set)
		}
	}
}

func nameOf(l line) fault.Text {
	name := fault.T(l["name"], l["name_en"])
	if name.EN == "" {
		name.EN = name.ZH
	}
	return name
}

// source gives where a cell can be looked up.
func (v *vintage) source(indicator, subject, label string) panel.Source {
	f, period, ok := panel.ParsePeriod(label)
	if !ok || f != v.panel.Axis.Freq {
		return panel.Source{}
	}
	c, ok := v.origins[spot{indicator, subject, period}]
	if !ok {
		return panel.Source{}
	}
	return panel.Source{File: v.releases[c.Release].Name, Line: c.Line, Column: sheet.Column(c.Col - 1)}
}

// noticed gives what the gate notices in a vintage, as doubts about the cells of
// their releases.
func (v *vintage) noticed() []Doubt {
	var out []Doubt
	for _, f := range quality.Check(v.panel) {
		at := spot{v.panel.Indicators[f.Indicator].Code, v.panel.Subjects[f.Subject].Code, v.panel.Axis.Period(f.Period)}
		x := Doubt{Release: v.origins[at].Release, Indicator: at.indicator, Subject: at.subject, Period: at.period, Rule: string(f.Rule), Value: f.Value, Expected: f.Expected, State: DoubtNoted}
		switch {
		case f.Hold, f.Rule == quality.Shift && v.newest(f):
			x.State = DoubtWaiting
		case f.Break:
			x.State = DoubtBreak
		}
		out = append(out, x)
	}
	return out
}

// newest reports whether nothing was published after a cell: a jump there is a new
// level or a slip, and only a person can tell which.
func (v *vintage) newest(f quality.Finding) bool {
	for t := f.Period + 1; t < v.panel.Axis.Len; t++ {
		if _, ok := v.panel.Slabs[f.Indicator].Seen(f.Subject, t); ok {
			return false
		}
	}
	return true
}
