package sheet_test

import (
	"strings"
	"testing"

	"touyan.dev/touyan/demo/statistics"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/panel"
	"touyan.dev/touyan/observatory/sheet"
)

// known is what the office of the demonstration knows.
func known(t *testing.T) sheet.Known {
	t.Helper()
	k := sheet.Known{Spellings: map[string]string{}}
	var err error
	if k.Indicators, err = panel.ReadIndicators(statistics.Indicators()); err != nil {
		t.Fatal(err)
	}
	table, err := panel.NewTable(statistics.Subjects())
	if err != nil {
		t.Fatal(err)
	}
	for row, err := range table.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		s := panel.Subject{Attrs: map[string]string{}}
		for i, name := range table.Head {
			s.Attrs[name] = row[i]
		}
		s.Code, s.Name = s.Attrs["code"], fault.T(s.Attrs["name"], s.Attrs["name_en"])
		for _, other := range strings.FieldsFunc(s.Attrs["spellings"], func(r rune) bool { return r == '|' }) {
			k.Spellings[other] = s.Code
		}
		delete(s.Attrs, "spellings")
		k.Subjects = append(k.Subjects, s)
	}
	return k
}

// TestDemonstration: every publication of the demonstration is read without a
// note, and says what panel.ReadCSV says where it can read it too.
func TestDemonstration(t *testing.T) {
	k := known(t)
	for _, f := range statistics.History() {
		grids, err := sheet.Open(f.Name, f.Data)
		if err != nil {
			t.Fatal(err)
		}
		s, notes := sheet.Guess(grids[0], k)
		r := sheet.Read(grids[0], s, k)
		if s.Layout != panel.Wide || len(notes)+len(r.Wrong)+len(r.Unknown) > 0 {
			t.Fatalf("%s: %+v %v %v %v", f.Name, s, notes, r.Wrong[:min(3, len(r.Wrong))], r.Unknown)
		}
		p, err := panel.ReadCSV(f.Data, panel.Reading{Layout: panel.Wide, SubjectCol: "code", TimeCol: map[string]string{statistics.Yearly: "year", statistics.Monthly: "month"}[f.Dataset]})
		if err != nil {
			t.Fatal(err)
		}
		n, first := 0, 0
		for _, c := range r.Cells {
			if c.Missing {
				continue
			}
			i, okS := p.Subject(c.Subject)
			col, okT := p.Axis.Col(c.Period)
			if v, ok := p.Slab(c.Indicator).At(i, col); !okS || !okT || !ok || v != c.Value {
				t.Fatalf("%s: %+v, the panel has %v", f.Name, c, v)
			}
			if n++; c.Provisional {
				first++
			}
		}
		want := 0
		for _, slab := range p.Slabs {
			want += slab.Count()
		}
		if n != want || (first > 0) != strings.Contains(string(f.Data), "初步数") {
			t.Errorf("%s: %d cells of %d, %d provisional", f.Name, n, want, first)
		}
	}
	october, err := statistics.October()
	if err != nil {
		t.Fatal(err)
	}
	grids, err := sheet.Open(october.Name, october.Data)
	if err != nil || len(grids) != 1 {
		t.Fatal(err)
	}
	s, notes := sheet.Guess(grids[0], k)
	r := sheet.Read(grids[0], s, k)
	if s.Layout != sheet.Cross || s.Period != "2026-10" || !s.Cumulative || len(notes)+len(r.Wrong)+len(r.Unknown) > 0 || len(r.Cells) != 2*14 {
		t.Fatalf("%+v %v %v %v, %d cells", s, notes, r.Wrong, r.Unknown, len(r.Cells))
	}
	for _, c := range r.Cells {
		if c.Subject == statistics.Home && c.Indicator == "va_industry" && (c.Value != 1862.4 || !c.Provisional || !c.Cumulative) {
			t.Errorf("%+v", c)
		}
	}
}
