package statistics

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"touyan.dev/touyan/observatory/fact"
	"touyan.dev/touyan/observatory/panel"
)

// read gives one file as a panel. The bulletin is read as a person would: names
// to codes, the two columns of figures, the period from the title.
func read(t testing.TB, f File) *panel.Panel {
	t.Helper()
	data, column := f.Data, "year"
	if f.Dataset == Monthly {
		column = "month"
	}
	if strings.HasSuffix(f.Name, ".xlsx") {
		data = typed(t, f)
	}
	p, err := panel.ReadCSV(data, panel.Reading{File: f.Name, Layout: panel.Wide, SubjectCol: "code", TimeCol: column})
	if err != nil {
		t.Fatal(f.Name, err)
	}
	return p
}

// typed gives the bulletin as the table it stands for.
func typed(t testing.TB, f File) []byte {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(f.Data))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := book.GetRows(book.GetSheetName(0), excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	known, err := table(Subjects())
	if err != nil {
		t.Fatal(err)
	}
	out := "code,month,va_industry,va_industry_rate\n"
	for _, r := range rows {
		for _, s := range known {
			if s["level"] == "city" && len(r) == 3 && r[0] == s["name"] {
				out += s["code"] + ",2026-10," + r[1] + "," + r[2] + "\n"
			}
		}
	}
	return []byte(out)
}

// known gives what was known on a day of one dataset: of each cell the figure
// published last. Figures of the newest year that were not final are provisional.
func known(t testing.TB, dataset, day string, files []File) *panel.Panel {
	t.Helper()
	var parts []*panel.Panel
	first, last := 1<<30, 0
	var order []string
	for _, f := range files {
		if f.Dataset != dataset || f.Vintage > day {
			continue
		}
		p := read(t, f)
		parts = append(parts, p)
		first, last = min(first, p.Axis.First), max(last, p.Axis.First+p.Axis.Len-1)
		for _, x := range p.Indicators {
			if !slices.Contains(order, x.Code) {
				order = append(order, x.Code)
			}
		}
	}
	// All that there are, so that a peer set knows whom it lacks.
	everybody, err := table(Subjects())
	if err != nil {
		t.Fatal(err)
	}
	var subjects []panel.Subject
	for _, s := range everybody {
		subjects = append(subjects, panel.Subject{Code: s["code"]})
	}
	slices.SortFunc(subjects, func(a, b panel.Subject) int { return strings.Compare(a.Code, b.Code) })
	var about []panel.Indicator
	for _, code := range order {
		about = append(about, panel.Indicator{Code: code})
	}
	p := panel.New(panel.Axis{Freq: parts[0].Axis.Freq, First: first, Len: last - first + 1}, subjects, about)
	p.Vintage = day
	for _, from := range parts {
		overlay(p, from)
	}
	newest := p.Axis.Year(p.Axis.Len - 1)
	if c := p.Axis.Len - 1; dataset == Monthly && p.Axis.Part(c) == 12 {
		newest++ // a whole year is published when it is final
	}
	for _, x := range p.Slabs {
		for s := range x.N {
			for c := range x.T {
				if _, ok := x.At(s, c); ok && p.Axis.Year(c) == newest {
					x.MarkProvisional(s, c)
				}
			}
		}
	}
	return described(t, p)
}

func overlay(p, from *panel.Panel) {
	for i, about := range from.Indicators {
		to, _ := p.Indicator(about.Code)
		for s, subject := range from.Subjects {
			at, _ := p.Subject(subject.Code)
			for c := range from.Axis.Len {
				if v, ok := from.Slabs[i].At(s, c); ok {
					col, _ := p.Axis.Col(from.Axis.Period(c))
					p.Slabs[to].Set(at, col, v)
				}
			}
		}
	}
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
		if len(set.Members) > 1 {
			p.Peers = append(p.Peers, set)
		}
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
