package statistics

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"touyan.dev/touyan/observatory/panel"
)

// published gives every file of the story, in the order of its days.
func published(t testing.TB) []File {
	t.Helper()
	october, err := October()
	if err != nil {
		t.Fatal(err)
	}
	calls, err := Calls()
	if err != nil {
		t.Fatal(err)
	}
	return append(History(), october, December(), calls)
}

// TestSame: the files are the same to the byte each time, come in the order of
// their days, and say what they are.
func TestSame(t *testing.T) {
	first, again := published(t), published(t)
	for i, f := range first {
		if !bytes.Equal(f.Data, again[i].Data) {
			t.Errorf("%s differs the second time", f.Name)
		}
		if i > 0 && f.Vintage < first[i-1].Vintage {
			t.Errorf("%s of %s comes after %s", f.Name, f.Vintage, first[i-1].Vintage)
		}
		if f.Note.ZH == "" || f.Note.EN == "" || len(f.Data) < 500 || len(f.Data) > 400<<10 {
			t.Errorf("%s: note %v, %d bytes", f.Name, f.Note, len(f.Data))
		}
	}
}

// TestReadBack: every file of months and years reads, and what was known in
// November 2026 spans what the story needs.
func TestReadBack(t *testing.T) {
	files := published(t)
	for _, c := range []struct {
		dataset, first, last string
		least                int // cells
	}{{Monthly, "1999-01", "2026-10", 2 * 13 * 334}, {Yearly, "1998", "2025", 13*28*13 - 13*2}} {
		p := known(t, c.dataset, "2026-11-23", files)
		if p.Axis.Label(0) != c.first || p.Axis.Label(p.Axis.Len-1) != c.last {
			t.Errorf("%s: %s to %s", c.dataset, p.Axis.Label(0), p.Axis.Label(p.Axis.Len-1))
		}
		n := 0
		for i, x := range p.Slabs {
			n += x.Count()
			if p.Indicators[i].Name.ZH == p.Indicators[i].Code || p.Indicators[i].Name.EN == "" {
				t.Errorf("%s is not in the table of indicators", p.Indicators[i].Code)
			}
		}
		if n < c.least {
			t.Errorf("%s: %d cells, want %d", c.dataset, n, c.least)
		}
		home, _ := p.Subject(Home)
		if s := p.Subjects[home]; s.Name.ZH != "澄川市" || s.Name.EN != "Chengchuan" || s.Attrs["province"] != "澜江省" {
			t.Errorf("%+v", s)
		}
	}
}

// TestSums: sectors add up to the product, and the cities to the province.
func TestSums(t *testing.T) {
	p := known(t, Yearly, "2026-11-23", published(t))
	whole, _ := p.Subject("990000")
	for c := range p.Axis.Len {
		var sum float64
		for s, about := range p.Subjects {
			gdp, ok := p.Slab("gdp").At(s, c)
			if !ok {
				continue
			}
			if about.Attrs["province"] == "澜江省" {
				sum += gdp
			}
			var parts float64
			for _, part := range []string{"va_primary", "va_secondary", "va_tertiary"} {
				v, _ := p.Slab(part).At(s, c)
				parts += v
			}
			if d := parts - gdp; d > .06 || d < -.06 {
				t.Errorf("%s %s: %.1f is not %.1f", about.Name.ZH, p.Axis.Label(c), gdp, parts)
			}
		}
		if v, _ := p.Slab("gdp").At(whole, c); v-sum > .5 || v-sum < -.5 {
			t.Errorf("%s: the province has %.1f, its cities %.1f", p.Axis.Label(c), v, sum)
		}
	}
}

// TestFictional: codes are nobody's, and no city has the name of a real one.
func TestFictional(t *testing.T) {
	all, err := table(Subjects())
	if err != nil {
		t.Fatal(err)
	}
	real, err := os.ReadFile("../../../shared/observatory/panels/cn_cities_meta.csv")
	if err != nil {
		t.Log("the list of real cities is not here; names are not compared")
	}
	seen := map[string]bool{}
	for _, s := range all {
		code, name := s["code"], s["name"]
		if !strings.HasPrefix(code, "99") && !strings.HasPrefix(code, "98") && !strings.HasPrefix(code, "97") && !strings.HasPrefix(code, "96") && (code[0] != 'X' || len(code) != 2) {
			t.Errorf("%s is somebody's code", code)
		}
		if seen[code] || seen[name] || name == "" || s["name_en"] == "" {
			t.Errorf("%s %s: twice, or without a name", code, name)
		}
		seen[code], seen[name] = true, true
		if s["level"] == "city" && bytes.Contains(real, []byte(","+name+",")) {
			t.Errorf("%s is a real city", name)
		}
	}
}

// TestPeerSets: every member is a subject, once; the province has its thirteen,
// and the city cluster grew.
func TestPeerSets(t *testing.T) {
	all, err := table(Subjects())
	if err != nil {
		t.Fatal(err)
	}
	sets, err := PeerSets()
	if err != nil {
		t.Fatal(err)
	}
	sizes := map[string]int{}
	for _, s := range sets {
		sizes[s.Code] = len(s.Members)
		for i, code := range s.Members {
			if slices.Contains(s.Members[:i], code) || !slices.ContainsFunc(all, func(r map[string]string) bool { return r["code"] == code }) {
				t.Errorf("%s: %s is unknown or twice", s.Code, code)
			}
		}
		if s.Name.ZH == "" || s.Name.EN == "" || s.Kind == "" {
			t.Errorf("%+v", s)
		}
	}
	if sizes["lanjiang"] != 13 || sizes["river-2006"] >= sizes["river-2016"] || sizes["parks"] < 8 || sizes["world"] < 5 {
		t.Errorf("%v", sizes)
	}
}

// TestBulletin: October is laid out as a bulletin, and names that are spelt apart
// are among the spellings of their subject.
func TestBulletin(t *testing.T) {
	october, err := October()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]map[string]float64{"va_industry": {}, "va_industry_rate": {}}
	for _, c := range read(t, october) {
		values[c.Indicator][c.Subject] = c.Value
		if c.Period != 2026*12+9 || !c.Cumulative || !c.Provisional {
			t.Errorf("%+v", c)
		}
	}
	if len(values["va_industry"]) != 14 { // the province and its cities
		t.Errorf("%d subjects", len(values["va_industry"]))
	}
	for code, want := range pinned() {
		if v := values["va_industry"][code]; v != want {
			t.Errorf("%s: %v, want %v", code, v, want)
		}
	}
	rates := values["va_industry_rate"]
	better := 0
	for _, v := range rates {
		if v > rates[Home] {
			better++
		}
	}
	if better != 2 {
		t.Errorf("growth ranks %d", better+1)
	}
}

// TestDictionary: the table of indicators is one a claim check can use.
func TestDictionary(t *testing.T) {
	list, err := panel.ReadIndicators(Indicators())
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range list {
		if !utf8.ValidString(x.Name.ZH) || x.Unit.ZH == "" || x.Pace && x.Growth != "" {
			t.Errorf("%+v", x)
		}
	}
}
