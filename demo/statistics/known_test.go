package statistics

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/fact"
	"touyan.dev/touyan/observatory/panel"
	"touyan.dev/touyan/observatory/sheet"
)

// reference gives the names that files may use.
func reference(t testing.TB) sheet.Known {
	t.Helper()
	rows, err := table(Subjects())
	if err != nil {
		t.Fatal(err)
	}
	k := sheet.Known{Spellings: map[string]string{}}
	for _, r := range rows {
		k.Subjects = append(k.Subjects, panel.Subject{Code: r["code"], Name: fault.T(r["name"], r["name_en"])})
		for _, other := range strings.FieldsFunc(r["spellings"], func(c rune) bool { return c == '|' }) {
			k.Spellings[other] = r["code"]
		}
	}
	if k.Indicators, err = panel.ReadIndicators(Indicators()); err != nil {
		t.Fatal(err)
	}
	return k
}

// shelf keeps what was read of each file: the files are the same each time.
var shelf sync.Map

// read gives the cells of one file, as the program reads any file.
func read(t testing.TB, f File) []sheet.Cell {
	t.Helper()
	if kept, ok := shelf.Load(f.Name); ok {
		return slices.Clone(kept.([]sheet.Cell))
	}
	grids, err := sheet.Open(f.Name, f.Data)
	if err != nil {
		t.Fatal(f.Name, err)
	}
	k := reference(t)
	shape, _ := sheet.Guess(grids[0], k)
	r := sheet.Read(grids[0], shape, k)
	if len(r.Wrong)+len(r.Unknown) > 0 || len(r.Cells) == 0 {
		t.Fatal(f.Name, len(r.Cells), r.Wrong, r.Unknown)
	}
	shelf.Store(f.Name, slices.Clone(r.Cells))
	return r.Cells
}

// known gives what was known on a day of one dataset: of each cell the figure
// published last.
func known(t testing.TB, dataset, day string, files []File) *panel.Panel {
	t.Helper()
	freq := panel.Yearly
	if dataset == Monthly {
		freq = panel.Monthly
	}
	axis := panel.Axis{Freq: freq, First: 1 << 30}
	var cells []sheet.Cell
	for _, f := range files {
		if f.Dataset != dataset || f.Vintage > day {
			continue
		}
		for _, c := range read(t, f) {
			if c.Freq != freq {
				t.Fatalf("%s: %+v", f.Name, c)
			}
			if c.Provisional = c.Provisional || f.First; !c.Missing {
				cells = append(cells, c)
				axis.First = min(axis.First, c.Period)
			}
		}
	}
	for _, c := range cells {
		axis.Len = max(axis.Len, c.Period-axis.First+1)
	}
	k := reference(t)
	slices.SortFunc(k.Subjects, func(a, b panel.Subject) int { return strings.Compare(a.Code, b.Code) })
	p := panel.New(axis, k.Subjects, slices.DeleteFunc(k.Indicators, func(x panel.Indicator) bool {
		return !slices.ContainsFunc(cells, func(c sheet.Cell) bool { return c.Indicator == x.Code })
	}))
	p.Vintage = day
	at := map[string]int{}
	for i, s := range p.Subjects {
		at[s.Code] = i
	}
	type place struct {
		indicator, subject string
		period             int
	}
	last := map[place]sheet.Cell{}
	for _, c := range cells {
		last[place{c.Indicator, c.Subject, c.Period}] = c
	}
	for _, c := range last {
		x, s, col := p.Slab(c.Indicator), at[c.Subject], c.Period-axis.First
		x.Set(s, col, c.Value)
		if c.Provisional {
			x.MarkProvisional(s, col)
		}
	}
	return described(t, p)
}

// described gives a panel names, definitions and peer sets.
func described(t testing.TB, p *panel.Panel) *panel.Panel {
	t.Helper()
	if err := p.Describe(Subjects(), "code", "name"); err != nil {
		t.Fatal(err)
	}
	if err := p.DescribeIndicators(Indicators()); err != nil {
		t.Fatal(err)
	}
	sets, err := PeerSets()
	if err != nil {
		t.Fatal(err)
	}
	year := func(text string) (int, bool) {
		y, err := strconv.Atoi(text)
		return y*int(p.Axis.Freq) - p.Axis.First, err == nil
	}
	for _, s := range sets {
		set := panel.PeerSet{Code: s.Code, Name: s.Name, Kind: s.Kind}
		for _, code := range s.Members {
			if i, ok := p.Subject(code); ok {
				set.Members = append(set.Members, i)
			}
		}
		slices.Sort(set.Members)
		if from, ok := year(s.From); ok {
			set.From = max(0, from)
		}
		if until, ok := year(s.Until); ok {
			set.Until = max(0, until+int(p.Axis.Freq))
		}
		p.Peers = append(p.Peers, set)
	}
	return p
}

// learned gives what became of first figures, as an office that keeps every
// vintage sees it on a day: each against what is known now.
func learned(t testing.TB, day string) map[string]*fact.Revisions {
	t.Helper()
	out, files := map[string]*fact.Revisions{}, published(t)
	now := known(t, Monthly, day, files)
	for _, r := range releases()[1:] {
		then := known(t, Monthly, r.day, files)
		for _, x := range now.Indicators {
			out[x.Code] = fact.Join(out[x.Code], fact.LearnRevisions(then, now, x.Code, nil))
		}
	}
	return out
}
