package observatory

import (
	"context"
	"iter"
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
	origins  []int32 // by place: 1 + which cell of the stock stands there, 0 for none
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
// Each cell has a place among all indicators, subjects and periods there are, and a
// rank: that of its release in the list.
type stock struct {
	freq  panel.Freq
	ref   *Reference
	list  []Release
	cells []Cell
	noted []Doubt
	last  int64 // the release that was published last; 0 for none

	indicators, subjects numbering
	first, periods       int
	place, rank          []int32 // of each cell; the rank of one whose release is not in the list is none
}

// numbering gives codes numbers in the order in which they come.
type numbering struct {
	codes []string
	of    map[string]int
}

func (n *numbering) add(code string) {
	if _, known := n.of[code]; !known {
		if n.of == nil {
			n.of = map[string]int{}
		}
		n.of[code] = len(n.codes)
		n.codes = append(n.codes, code)
	}
}

const none = -1

// number gives the cells their places and ranks.
func (k *stock) number() {
	k.indicators, k.subjects, k.first, k.periods = numbering{}, numbering{}, 0, 0
	k.place, k.rank = make([]int32, len(k.cells)), make([]int32, len(k.cells))
	if len(k.cells) == 0 {
		return
	}
	last := k.cells[0].Period
	k.first = last
	for _, c := range k.cells {
		k.indicators.add(c.Indicator)
		k.subjects.add(c.Subject)
		k.first, last = min(k.first, c.Period), max(last, c.Period)
	}
	k.periods = last - k.first + 1
	order := map[int64]int32{}
	for i, r := range k.list {
		order[r.ID] = int32(i)
	}
	for i, c := range k.cells {
		place, _ := k.at(spot{c.Indicator, c.Subject, c.Period})
		k.place[i] = int32(place)
		rank, in := order[c.Release]
		if !in {
			rank = none
		}
		k.rank[i] = rank
	}
}

// at gives the place of a cell.
func (k *stock) at(at spot) (int, bool) {
	i, known := k.indicators.of[at.indicator]
	s, too := k.subjects.of[at.subject]
	t := at.period - k.first
	if !known || !too || t < 0 || t >= k.periods {
		return 0, false
	}
	return (i*len(k.subjects.codes)+s)*k.periods + t, true
}

// origin gives the cell that a figure of the vintage came from.
func (v *vintage) origin(at spot) (Cell, bool) {
	place, ok := v.at(at)
	if !ok || v.origins[place] == 0 {
		return Cell{}, false
	}
	return v.cells[v.origins[place]-1], true
}

// figures gives the cells of a vintage.
func (v *vintage) figures() iter.Seq[Cell] {
	return func(yield func(Cell) bool) {
		for _, c := range v.origins {
			if c != 0 && !yield(v.cells[c-1]) {
				return
			}
		}
	}
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
	k.number()
	return k.as("")
}

// over gives a vintage with further cells on top, known on a day. Their release is 0.
func (v *vintage) over(day string, fresh []Cell) (*vintage, error) {
	k := *v.stock
	k.list = append(slices.Clone(k.list), Release{Freq: k.freq, Vintage: day})
	k.cells = slices.Concat(k.cells, fresh)
	k.number()
	return k.as("")
}

// as folds the releases known on a day into a vintage; "" for all.
func (k *stock) as(day string) (*vintage, error) {
	v := &vintage{stock: k, releases: map[int64]Release{}, origins: make([]int32, len(k.indicators.codes)*len(k.subjects.codes)*k.periods), doubts: map[spot]Doubt{}}
	known, name := make([]bool, len(k.list)), ""
	for i, r := range k.list {
		if day == "" || r.Vintage <= day {
			v.releases[r.ID], known[i], name = r, true, r.Vintage
		}
	}
	for i, rank := range k.rank {
		if rank == none || !known[rank] {
			continue
		}
		if have := &v.origins[k.place[i]]; *have == 0 || k.rank[*have-1] < rank {
			*have = int32(i + 1)
		}
	}
	for _, x := range k.noted {
		at := spot{x.Indicator, x.Subject, x.Period}
		_, counts := v.releases[x.Found]
		if c, ok := v.origin(at); ok && counts && c.Release == x.Release && x.over(v.doubts[at]) {
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
	n := len(v.subjects.codes)
	subjects, indicators := make([]bool, n), make([]bool, len(v.indicators.codes))
	first, last := v.periods, none
	for at, c := range v.origins {
		if c != 0 {
			row, t := at/v.periods, at%v.periods
			subjects[row%n], indicators[row/n] = true, true
			first, last = min(first, t), max(last, t)
		}
	}
	axis := panel.Axis{Freq: v.freq}
	if last != none {
		axis.First, axis.Len = v.first+first, last-first+1
	}
	var who []panel.Subject
	whose := slices.Repeat([]int{none}, n) // row of the panel
	for _, l := range v.ref.Subjects {
		if s, ok := v.subjects.of[l["code"]]; ok && subjects[s] {
			whose[s] = len(who)
			who = append(who, panel.Subject{Code: l["code"], Name: nameOf(l)})
		}
	}
	var what []panel.Indicator
	var rows []line
	for _, l := range v.ref.Indicators {
		if i, ok := v.indicators.of[l["code"]]; ok && indicators[i] {
			what, rows = append(what, panel.Indicator{Code: l["code"]}), append(rows, l)
		}
	}
	p := panel.New(axis, who, what)
	p.Vintage = name
	v.panel = p
	if err := v.describe(rows); err != nil {
		return err
	}
	for i, about := range p.Indicators {
		x, from := p.Slabs[i], v.indicators.of[about.Code]*n
		for s := range n {
			if whose[s] == none {
				continue // without figures, or no longer in the reference
			}
			for t := range axis.Len {
				if c := v.origins[(from+s)*v.periods+first+t]; c != 0 {
					x.Set(whose[s], t, v.cells[c-1].Value)
					if v.cells[c-1].Provisional {
						x.MarkProvisional(whose[s], t)
					}
				}
			}
		}
	}
	index := v.index()
	for at, d := range v.doubts {
		i, s, t := index.cell(at)
		if i < 0 || s < 0 {
			continue
		}
		switch {
		case d.State.out():
			p.Slabs[i].Hold(s, t)
		case d.State == DoubtBreak:
			p.Slabs[i].Break(s, t, axis.Label(t))
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
	c, ok := v.origin(spot{indicator, subject, period})
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
		c, _ := v.origin(at)
		x := Doubt{Release: c.Release, Indicator: at.indicator, Subject: at.subject, Period: at.period, Rule: string(f.Rule), Value: f.Value, Expected: f.Expected, State: DoubtNoted}
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
