package sheet

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
	"pgregory.net/rapid"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/panel"
)

// TestRoundTrip: a panel written in any of the layouts, in either encoding, with
// codes or names, is read back by Guess with the same cells.
func TestRoundTrip(t *testing.T) {
	k := lanjiang()
	rapid.Check(t, func(t *rapid.T) {
		freq := rapid.SampledFrom([]panel.Freq{panel.Yearly, panel.Quarterly, panel.Monthly}).Draw(t, "freq")
		axis := panel.Axis{Freq: freq, First: 2000*int(freq) + rapid.IntRange(0, 20).Draw(t, "first"), Len: rapid.IntRange(2, 5).Draw(t, "periods")}
		subjects := rapid.Permutation(k.Subjects).Draw(t, "subjects")[:rapid.IntRange(1, 4).Draw(t, "of them")]
		var single []panel.Indicator
		for _, x := range k.Indicators {
			if x.Form == panel.Single && !strings.HasPrefix(x.Code, "fdi") && x.Code != "revenue_month" { // two have one name
				single = append(single, x)
			}
		}
		indicators := rapid.Permutation(single).Draw(t, "indicators")[:rapid.IntRange(1, 4).Draw(t, "of these")]
		p := panel.New(axis, subjects, indicators)
		for _, slab := range p.Slabs {
			for s := range slab.N {
				for c := range slab.T {
					if rapid.IntRange(0, 3).Draw(t, "have") > 0 {
						slab.Set(s, c, float64(rapid.IntRange(-1e9, 1e9).Draw(t, "value"))/1000)
					}
				}
			}
		}
		p.Slabs[0].Set(0, 0, 1.5)
		layout := rapid.SampledFrom([]panel.Layout{panel.Wide, panel.Long, panel.Periods, Across}).Draw(t, "layout")
		rows := spell(p, layout, layout == Across || rapid.Bool().Draw(t, "names"))
		if freq != panel.Yearly && layout != panel.Periods && rapid.Bool().Draw(t, "in two columns") {
			rows = parted(rows, freq)
		}
		var out bytes.Buffer
		w := csv.NewWriter(&out)
		w.Comma = rapid.SampledFrom([]rune{',', '\t', ';'}).Draw(t, "separator")
		if err := w.WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		data := out.Bytes()
		if rapid.Bool().Draw(t, "GB18030") {
			data, _ = simplifiedchinese.GB18030.NewEncoder().Bytes(data)
		}
		grids, err := Open("panel.csv", data)
		if err != nil {
			t.Fatal(err)
		}
		s, notes := Guess(grids[0], k)
		r := Read(grids[0], s, k)
		if s.Layout != layout || len(notes)+len(r.Wrong)+len(r.Unknown) > 0 {
			t.Fatalf("%+v %v %v %v of\n%s", s, notes, r.Wrong, r.Unknown, out.String())
		}
		same(t, p, r)
	})
}

// spell writes a panel as rows, by codes or by names.
func spell(p *panel.Panel, layout panel.Layout, names bool) [][]string {
	name := func(code, name string) string {
		if names {
			return name
		}
		return code
	}
	value := func(i, s, c int) string {
		if v, ok := p.Slabs[i].At(s, c); ok {
			return strconv.FormatFloat(v, 'f', -1, 64)
		}
		return ""
	}
	var rows [][]string
	head := map[panel.Layout][]string{panel.Wide: {"地区", "时间"}, panel.Long: {"地区", "时间", "指标", "数值"}, panel.Periods: {"指标", "地区"}, Across: {"指标", "时间"}}[layout]
	switch layout {
	case panel.Wide:
		for _, x := range p.Indicators {
			head = append(head, name(x.Code, x.Name.ZH))
		}
	case panel.Periods:
		for c := range p.Axis.Len {
			head = append(head, p.Axis.Label(c))
		}
	case Across:
		for _, x := range p.Subjects {
			head = append(head, name(x.Code, x.Name.ZH))
		}
	}
	rows = append(rows, head)
	for i, x := range p.Indicators {
		for c := range p.Axis.Len {
			row := []string{name(x.Code, x.Name.ZH), p.Axis.Label(c)}
			for s := range p.Subjects {
				row = append(row, value(i, s, c))
			}
			if layout == Across {
				rows = append(rows, row)
			}
		}
	}
	for s, subject := range p.Subjects {
		who := name(subject.Code, subject.Name.ZH)
		for i, x := range p.Indicators {
			row := []string{name(x.Code, x.Name.ZH), who}
			for c := range p.Axis.Len {
				if layout == panel.Long {
					rows = append(rows, []string{who, p.Axis.Label(c), name(x.Code, x.Name.ZH), value(i, s, c)})
				}
				row = append(row, value(i, s, c))
			}
			if layout == panel.Periods {
				rows = append(rows, row)
			}
		}
		for c := range p.Axis.Len {
			row := []string{who, p.Axis.Label(c)}
			for i := range p.Indicators {
				row = append(row, value(i, s, c))
			}
			if layout == panel.Wide {
				rows = append(rows, row)
			}
		}
	}
	return rows
}

// parted writes the times of rows in two columns: 2026 and 10 for 2026-10.
func parted(rows [][]string, freq panel.Freq) [][]string {
	at := slices.Index(rows[0], "时间")
	out := make([][]string, 0, len(rows))
	for i, row := range rows {
		year, part := "年份", map[panel.Freq]string{panel.Quarterly: "季度", panel.Monthly: "月份"}[freq]
		if i > 0 {
			year, part = row[at][:4], strings.TrimLeft(row[at][4:], "Q-0")
		}
		out = append(out, append(slices.Clone(row[:at]), append([]string{year, part}, row[at+1:]...)...))
	}
	return out
}

// fatal is what a test and a law have in common.
type fatal interface {
	Helper()
	Fatalf(string, ...any)
}

// same compares the cells that are not missing with those of a panel.
func same(t fatal, p *panel.Panel, r Result) {
	t.Helper()
	want := 0
	for _, slab := range p.Slabs {
		want += slab.Count()
	}
	have := 0
	subjects, indicators := map[string]int{}, map[string]int{}
	for i, s := range p.Subjects {
		subjects[s.Code] = i
	}
	for i, x := range p.Indicators {
		indicators[x.Code] = i
	}
	for _, c := range r.Cells {
		s, okS := subjects[c.Subject]
		i, okI := indicators[c.Indicator]
		if c.Missing {
			continue
		}
		if !okS || !okI || c.Freq != p.Axis.Freq {
			t.Fatalf("%+v is of nothing", c)
		}
		col, in := p.Axis.Col(c.Period)
		if !in {
			t.Fatalf("%+v is of no period", c)
		}
		if v, ok := p.Slabs[i].At(s, col); !ok || v != c.Value {
			t.Fatalf("%+v: the panel has %v %v", c, v, ok)
		}
		have++
	}
	if have != want {
		t.Fatalf("%d cells were read, the panel has %d", have, want)
	}
}

// shared gives a file of the test data, which are not part of the repository.
func shared(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../../../shared/observatory/panels", name))
	if err != nil {
		t.Skip("the test data are not here: ../shared/observatory/panels/" + name)
	}
	return string(data)
}

// TestSharedProvinces reads each vintage of the provinces' product, by code and by
// Chinese name, and compares with panel.ReadCSV.
func TestSharedProvinces(t *testing.T) {
	text := shared(t, "cn_provinces_gdp_vintages.csv")
	lines := strings.SplitAfter(text, "\n")
	k := Known{Indicators: []panel.Indicator{{Code: "gdp", Name: fault.T("地区生产总值", "GDP"), Unit: fault.T("亿元", ""), Synonyms: []string{"gdp_100m_yuan"}}}}
	seen := map[string]bool{}
	for _, line := range lines[1:] {
		if f := strings.Split(line, ","); len(f) > 2 && !seen[f[0]] {
			seen[f[0]] = true
			k.Subjects = append(k.Subjects, panel.Subject{Code: f[0], Name: fault.T(f[1], f[1])})
		}
	}
	for _, vintage := range []string{"A2017", "B2021", "C2025"} {
		want, err := panel.ReadCSV([]byte(text), panel.Reading{Layout: panel.Wide, SubjectCol: "province_code", TimeCol: "year", Indicators: []string{"gdp_100m_yuan"}, VintageCol: "vintage", Vintage: vintage})
		if err != nil {
			t.Fatal(err)
		}
		want.Indicators[0].Code = "gdp"
		for _, drop := range []int{-1, 0} {
			var some strings.Builder
			for i, line := range lines {
				f := strings.Split(strings.TrimRight(line, "\r\n"), ",")
				if len(f) < 5 || i > 0 && f[3] != vintage {
					continue
				}
				some.WriteString(strings.Join(f[drop+1:], ",") + "\n")
			}
			grids, err := Open("provinces.csv", []byte(some.String()))
			if err != nil {
				t.Fatal(err)
			}
			s, notes := Guess(grids[0], k)
			r := Read(grids[0], s, k)
			if len(notes)+len(r.Wrong)+len(r.Unknown) > 0 {
				t.Fatalf("%s: %+v %v %v %v", vintage, s, notes, r.Wrong, r.Unknown)
			}
			same(t, want, r)
		}
	}
}

// TestSharedCities reads the cities' panel with the dictionary that comes with the
// program, the cities under their names without 市 and behind their province.
func TestSharedCities(t *testing.T) {
	text, about := shared(t, "cn_cities.csv"), shared(t, "cn_cities_meta.csv")
	lines := strings.SplitAfter(text, "\n")
	text = strings.Join(lines[:min(len(lines), 3000)], "")
	want, err := panel.ReadCSV([]byte(text), panel.Reading{Layout: panel.Wide, SubjectCol: "city_code", TimeCol: "year"})
	if err != nil {
		t.Fatal(err)
	}
	if err := want.Describe([]byte(about), "city_code", ""); err != nil {
		t.Fatal(err)
	}
	k := Known{Subjects: want.Subjects}
	if k.Indicators, err = panel.ReadIndicators(panel.Dictionary()); err != nil {
		t.Fatal(err)
	}
	names := map[string]panel.Subject{}
	for _, s := range want.Subjects {
		names[s.Code] = s
	}
	for _, write := range []func(panel.Subject) string{
		func(s panel.Subject) string { return s.Code },
		func(s panel.Subject) string { return s.Name.ZH },
		func(s panel.Subject) string { return strings.TrimSuffix(s.Name.ZH, "市") },
		func(s panel.Subject) string { return s.Attrs["province"] + s.Name.ZH },
	} {
		var out strings.Builder
		for i, line := range strings.SplitAfter(text, "\n") {
			if code, rest, ok := strings.Cut(line, ","); ok && i > 0 {
				line = fmt.Sprintf("%s,%s", write(names[code]), rest)
			}
			out.WriteString(line)
		}
		grids, err := Open("cities.csv", []byte(out.String()))
		if err != nil {
			t.Fatal(err)
		}
		s, notes := Guess(grids[0], k)
		r := Read(grids[0], s, k)
		if s.Layout != panel.Wide || len(notes)+len(r.Wrong)+len(r.Unknown) > 0 {
			t.Fatalf("%+v %v %v %v", s, notes, r.Wrong[:min(5, len(r.Wrong))], r.Unknown[:min(5, len(r.Unknown))])
		}
		same(t, want, r)
	}
}

func TestScaled(t *testing.T) {
	for _, c := range []struct{ v, factor, shift, want float64 }{
		{12345, 1e-4, 0, 1.2345}, {0.81, 1 / 0.1, 0, 8.1}, {6.4, 1, 100, 106.4}, {-7.1, 1, 100, 92.9}, {0.1 + 0.2, 1, 0, 0.1 + 0.2}, {0, 1e8, 0, 0},
	} {
		if got := scaled(c.v, c.factor, c.shift); got != c.want {
			t.Errorf("%v × %v + %v is %v, not %v", c.v, c.factor, c.shift, got, c.want)
		}
	}
	if !math.IsInf(scaled(1e308, 1e8, 0), 1) {
		t.Error("what is too large")
	}
}
