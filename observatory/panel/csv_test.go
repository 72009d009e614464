package panel

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"touyan.dev/touyan/kernel/fault"
)

// shared gives a file of the test data, which are not part of the repository.
func shared(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../../../shared/observatory", name))
	if err != nil {
		t.Skip("the test data are not here: ../shared/observatory/" + name)
	}
	return data
}

func wide(names ...string) Reading {
	return Reading{File: "f.csv", Layout: Wide, SubjectCol: "city", TimeCol: "year", Indicators: names}
}

func TestReadWide(t *testing.T) {
	p, err := ReadCSV([]byte("\xef\xbb\xbfcity,year,gdp,note,fdi\nb,2021,-3,x,\"1,234.5\"\n\na,2023, ７.５ ,,—\na,2021,0,,\n"), wide())
	if err != nil {
		t.Fatal(err)
	}
	if p.Axis != (Axis{Yearly, 2021, 3}) || len(p.Subjects) != 2 || p.Subjects[0].Code != "a" || len(p.Indicators) != 2 {
		t.Fatalf("%+v %+v %+v", p.Axis, p.Subjects, p.Indicators)
	}
	for _, c := range []struct {
		indicator    string
		subject, col int
		want         float64
		have         bool
		line         int
	}{
		{"gdp", 0, 0, 0, true, 5}, {"gdp", 0, 1, 0, false, 0}, {"gdp", 0, 2, 7.5, true, 4}, {"gdp", 1, 0, -3, true, 2}, {"gdp", 1, 2, 0, false, 0},
		{"fdi", 1, 0, 1234.5, true, 2}, {"fdi", 0, 2, 0, false, 0},
	} {
		slab := p.Slab(c.indicator)
		if v, ok := slab.At(c.subject, c.col); v != c.want || ok != c.have {
			t.Errorf("%s %d %d: %v %v", c.indicator, c.subject, c.col, v, ok)
		}
		if src := slab.Source(c.subject, c.col); src.Line != c.line || c.have && (src.Column != c.indicator || src.File != "f.csv") {
			t.Errorf("%s %d %d comes from %+v", c.indicator, c.subject, c.col, src)
		}
	}
}

func TestReadLongAndPeriods(t *testing.T) {
	long, err := ReadCSV([]byte("v,c,t,i,x\nA,k,2024Q1,gdp,1\nB,k,2024Q1,gdp,9\nA,k,2024年四季度,gdp,4\n"),
		Reading{Layout: Long, SubjectCol: "c", TimeCol: "t", IndicatorCol: "i", ValueCol: "x", VintageCol: "v", Vintage: "A"})
	if err != nil {
		t.Fatal(err)
	}
	cross, err := ReadCSV([]byte("i,c,2024Q1,2024Q4,unit\ngdp,k,1,4,x\n"), Reading{Layout: Periods, SubjectCol: "c", IndicatorCol: "i"})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []*Panel{long, cross} {
		first, _ := p.Slabs[0].At(0, 0)
		last, _ := p.Slabs[0].At(0, 3)
		if p.Axis != (Axis{Quarterly, 2024 * 4, 4}) || first != 1 || last != 4 || p.Slabs[0].Count() != 2 || p.Axis.Label(3) != "2024Q4" {
			t.Errorf("%+v: %v %v", p.Axis, first, last)
		}
	}
	if got := cross.Slabs[0].Source(0, 3); got.Column != "2024Q4" || got.Line != 2 {
		t.Errorf("%+v", got)
	}
}

// TestReadFaults: each names its line and column, and none repeats a value.
func TestReadFaults(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "The file is empty."},
		{"no column", "town,year,gdp\n", "line 1/city: The header has no such column."},
		{"two columns", "city,year,gdp,gdp\na,2020,1,2\n", "line 1/gdp: The header has two columns of this name."},
		{"short line", "city,year,gdp\na,2020\n", "line 2: It has 2 columns, the header has 3."},
		{"no number", "city,year,gdp\na,2020,1\nb,2020,s3cret\n", "line 3/gdp: It is not a number"},
		{"infinite", "city,year,gdp\na,2020,Inf\n", "line 2/gdp: It is not a number"},
		{"thousands", "city,year,gdp\na,2020,\"12,34\"\n", "line 2/gdp: It is not a number"},
		{"no period", "city,year,gdp\na,s3cret,1\n", "line 2/year: It is no period"},
		{"no subject", "city,year,gdp\n ,2020,1\n", "line 2/city: It does not say which subject."},
		{"two frequencies", "city,year,gdp\na,2020,1\na,2020-03,1\n", "line 3/year: The period is of another frequency"},
		{"twice", "city,year,gdp\na,2020,1\na,2020,2\n", "line 3/gdp: Line 2 has the same subject"},
		{"quote", "city,year,gdp\na,2020,\"1\n", "A quote is not closed"},
		{"where a quote begins", "city,year,gdp\na,2020,\"1\nb,2020,2\nc,2020,3\n", "line 2: A quote is not closed"},
		{"no value", "city,year,gdp\na,2020,\n", "The file holds no value"},
		{"too long a time", "city,year,gdp\na,1000,1\na,2999,1\n", "The data span too long a time"},
	} {
		_, err := ReadCSV([]byte(c.text), wide("gdp"))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "s3cret") || fault.Is(err, fault.Internal) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if p, err := ReadCSV([]byte("city,year,gdp\na,2020,1\na,2020,1\n"), wide("gdp")); err != nil || p.Slabs[0].Count() != 1 {
		t.Errorf("the same line twice: %v", err)
	}
}

func TestDescribe(t *testing.T) {
	text, err := simplifiedchinese.GB18030.NewEncoder().String("代码,名称,province\nc3,新疆哈\u200b密,新疆\nc1,甲市,江苏\nc2,乙市,江苏\nc9,丙市,江苏\n")
	if err != nil {
		t.Fatal(err)
	}
	p, err := ReadCSV([]byte("city,year,gdp\nc1,2020,1\nc2,2020,2\nc3,2020,3\nc4,2020,3\n"), wide("gdp"))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Describe([]byte(text), "代码", ""); err != nil {
		t.Fatal(err)
	}
	if p.Subjects[2].Name.ZH != "新疆哈密" || p.Subjects[3].Name.ZH != "c4" {
		t.Errorf("%+v", p.Subjects)
	}
	if !p.GroupBy("province", 2) || !p.GroupBy("all", 1) || p.GroupBy("tier", 1) {
		t.Error("which attributes there are")
	}
	if len(p.Peers) != 2 || p.Peers[0].Code != "江苏" || len(p.Peers[0].Members) != 2 || len(p.Peers[1].Members) != 4 {
		t.Errorf("%+v", p.Peers)
	}
	err = p.DescribeIndicators([]byte("code,name,unit,polarity,parts,rate,definitions\nother,x,,,,,\ngdp,地区生产总值,亿元,larger,a b,是,2020=新口径\n"))
	if x := p.Indicators[0]; err != nil || x.Name.ZH != "地区生产总值" || x.Name.EN != "地区生产总值" || x.Unit.ZH != "亿元" || x.Polarity != LargerBetter || len(x.Parts) != 2 || !x.Rate {
		t.Errorf("%+v %v", x, err)
	}
	if got := p.Slabs[0].ClassOf(0, 0).Definition; got != "新口径" {
		t.Errorf("defined as %q", got)
	}
	err = p.DescribeIndicators([]byte("code,polarity,definitions\ngdp,better,2020-01=x\n"))
	if err == nil || !strings.Contains(err.Error(), "line 2/polarity") || !strings.Contains(err.Error(), "line 2/definitions") {
		t.Errorf("%v", err)
	}
}

func TestPeriods(t *testing.T) {
	for s, want := range map[string]string{
		"2024": "2024", "2024年": "2024", "２０２４年全年": "2024", "2024Q3": "2024Q3", "2024-q3": "2024Q3", "2024年第三季度": "2024Q3", "2024年前三季度": "2024Q3",
		"2024-03": "2024-03", "202403": "2024-03", "2024年3月": "2024-03", "2024年1-3月": "2024-03", "2024年1—12月": "2024-12", "2024/7": "2024-07",
		"24": "", "2024-13": "", "2024年2-3月": "", "20240": "", "x2024": "", "2024-0": "", "3024": "", "202": "",
	} {
		f, period, ok := ParsePeriod(s)
		if !ok {
			if want != "" {
				t.Errorf("%s is not read", s)
			}
			continue
		}
		if got := (Axis{f, period, 1}).Label(0); got != want {
			t.Errorf("%s is read as %s, not %q", s, got, want)
		}
	}
	a := Axis{Monthly, 2024 * 12, 12}
	for col, want := range []string{"2024年1月", "2024年1—2月", "2024年一季度", "", "", "2024年上半年", "", "", "2024年前三季度", "", "", "2024年"} {
		if got := a.Name(col, Cumulative).ZH; want != "" && got != want {
			t.Errorf("%d is named %s", col, got)
		}
	}
}

// TestHold: a cell held back is as good as missing until it is released, and
// never 0.
func TestHold(t *testing.T) {
	x := NewSlab(70, 2)
	x.Set(69, 1, 5)
	y := x.Clone()
	y.Hold(69, 1)
	y.Hold(3, 1)
	if _, ok := y.At(69, 1); ok || !y.Held.Has(69, 1) || y.Held.Has(3, 1) || y.Count() != 0 {
		t.Error("a held cell is seen")
	}
	if v, ok := y.Seen(69, 1); v != 5 || !ok {
		t.Error("a held cell is lost")
	}
	y.Release(69, 1)
	if v, ok := y.At(69, 1); v != 5 || !ok || !y.Held.Empty() {
		t.Error("a released cell is not seen")
	}
	if v, ok := x.At(69, 1); v != 5 || !ok {
		t.Error("a clone shares cells")
	}
	x.Define(1, "b")
	x.Break(69, 1, "merged")
	if x.ClassID(69, 0) == x.ClassID(69, 1) || x.ClassID(0, 1) == x.ClassID(69, 1) || x.ClassOf(69, 1) != (Class{"b", "merged"}) {
		t.Error("classes")
	}
}

func TestSharedPanels(t *testing.T) {
	cities, err := ReadCSV(shared(t, "panels/cn_cities.csv"), Reading{Layout: Wide, SubjectCol: "city_code", TimeCol: "year"})
	if err != nil {
		t.Fatal(err)
	}
	if err := cities.Describe(shared(t, "panels/cn_cities_meta.csv"), "city_code", ""); err != nil {
		t.Fatal(err)
	}
	if len(cities.Subjects) != 344 || len(cities.Indicators) != 15 || cities.Axis.Len != 29 || cities.Subjects[0].Name.ZH != "北京市" {
		t.Errorf("%d subjects, %d indicators, %+v", len(cities.Subjects), len(cities.Indicators), cities.Axis)
	}
	countries, err := ReadCSV(shared(t, "panels/countries_wide.csv"), Reading{Layout: Periods, SubjectCol: "geo", IndicatorCol: "indicator"})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, x := range countries.Slabs {
		n += x.Count()
	}
	if len(countries.Subjects) != 195 || len(countries.Indicators) != 120 || countries.Axis.Len != 65 || n < 1_100_000 {
		t.Errorf("%d subjects, %d indicators, %+v, %d values", len(countries.Subjects), len(countries.Indicators), countries.Axis, n)
	}
	old, err := ReadCSV(shared(t, "panels/cn_provinces_gdp_vintages.csv"), Reading{Layout: Wide, SubjectCol: "province_code", TimeCol: "year", Indicators: []string{"gdp_100m_yuan"}, VintageCol: "vintage", Vintage: "A2017"})
	if err != nil || old.Vintage != "A2017" || len(old.Subjects) != 31 || old.Axis != (Axis{Yearly, 2000, 17}) {
		t.Errorf("%+v %v", old, err)
	}
}

// FuzzReadCSV: whatever the bytes, an answer or an error for a person.
func FuzzReadCSV(f *testing.F) {
	f.Add([]byte("city,year,gdp\na,2020,1\n"))
	f.Add([]byte("\xef\xbb\xbfcity,year,gdp,\xb9\xe3\na,2020Q1,1,2\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ReadCSV(data, wide())
		if err != nil && fault.Is(err, fault.Internal) {
			t.Fatal(err)
		}
		if err == nil && p.Slabs[0].Count() == 0 && len(p.Slabs) == 1 {
			t.Fatal("a panel of nothing")
		}
	})
}
