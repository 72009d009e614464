package quality

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"touyan.dev/touyan/observatory/fact"
	"touyan.dev/touyan/observatory/panel"
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

// cities gives the panel of cities as an office would describe it.
func cities(t testing.TB) *panel.Panel {
	t.Helper()
	p, err := panel.ReadCSV(shared(t, "panels/cn_cities.csv"), panel.Reading{Layout: panel.Wide, SubjectCol: "city_code", TimeCol: "year"})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Describe(shared(t, "panels/cn_cities_meta.csv"), "city_code", ""); err != nil {
		t.Fatal(err)
	}
	if err := p.DescribeIndicators(panel.Dictionary()); err != nil {
		t.Fatal(err)
	}
	p.GroupBy("province", 5)
	return p
}

// provinces gives one vintage of provincial GDP.
func provinces(t testing.TB, vintage string) *panel.Panel {
	t.Helper()
	p, err := panel.ReadCSV(shared(t, "panels/cn_provinces_gdp_vintages.csv"), panel.Reading{
		Layout: panel.Wide, SubjectCol: "province_code", TimeCol: "year", Indicators: []string{"gdp_100m_yuan"}, VintageCol: "vintage", Vintage: vintage})
	if err != nil {
		t.Fatal(err)
	}
	p.GroupBy("all", 5)
	return p
}

// TestLabelled: every error of the key is held, no true shock is, and of all
// cells at most two in a thousand are held without being known as wrong.
func TestLabelled(t *testing.T) {
	p, old := cities(t), provinces(t, "A2017")
	found, foundOld := Check(p), Check(old)
	rows, err := csv.NewReader(strings.NewReader(string(shared(t, "panels/quality_cases.csv")))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	known := map[[3]int]bool{}
	caught, errors := 0, 0
	for _, r := range rows[1:] {
		q, all, indicator := p, found, r[2]
		if strings.HasPrefix(indicator, "provincial gdp") {
			q, all, indicator = old, foundOld, "gdp_100m_yuan"
		}
		i, _ := q.Indicator(indicator)
		s, ok := q.Subject(r[0])
		year, _ := strconv.Atoi(r[3])
		col, in := q.Axis.Col(year)
		if !ok || !in {
			t.Fatalf("%v is not in the panel", r)
		}
		hold, broken := false, false
		for _, f := range all {
			if f.Indicator == i && f.Subject == s && f.Period == col {
				hold, broken = hold || f.Hold, broken || f.Break
			}
		}
		switch class := r[5]; class {
		case "ERROR_SPIKE", "ERROR_ROW_SHIFT":
			errors++
			if q == p {
				known[[3]int{i, s, col}] = true
			}
			if hold {
				caught++
			} else {
				t.Errorf("not held: %v", r[:6])
			}
		case "VINTAGE_BREAK":
			if !hold && !broken { // held is as good: no fact uses it
				t.Errorf("not a break: %v", r[:6])
			}
		default:
			if hold || class == "FALL_IN_BOTH_SOURCES" && broken {
				t.Errorf("held %v, broken %v: %v", hold, broken, r[:6])
			}
		}
	}
	cells, others, breaks := 0, 0, 0
	for i := range p.Indicators {
		n, more := p.Slabs[i].Count(), 0
		for _, c := range heldOf(found, i) {
			if !known[[3]int{i, c[0], c[1]}] {
				more++
			}
		}
		for _, f := range found {
			if f.Indicator == i && f.Break {
				breaks++
			}
		}
		t.Logf("%-16s %6d cells, %3d held beside the key's", p.Indicators[i].Code, n, more)
		cells, others = cells+n, others+more
	}
	t.Logf("%d of %d errors held; of %d cells %d more (%.2f per mille); %d breaks", caught, errors, cells, others, 1000*float64(others)/float64(cells), breaks)
	if float64(others) > 0.002*float64(cells) {
		t.Errorf("%d of %d cells are held beside the key's", others, cells)
	}
}

// TestNoDecline: where only one source falls, no fact tells of a fall; where both
// fall, facts do.
func TestNoDecline(t *testing.T) {
	p := cities(t)
	Apply(p, Check(p))
	o := fact.Product(p.Axis)
	gdp, _ := p.Indicator("gdp")
	falls := map[[2]int]string{}
	for _, f := range fact.MineIndicator(p, gdp, o).Facts {
		down := false
		switch f.Kind {
		case fact.LowestSince, fact.LowestOnRecord, fact.FallStreak, fact.RiseBroken, fact.WorstRank, fact.Overtaken:
			down = f.Form == fact.Level
		case fact.RankChange:
			down = f.P2 > f.P1 && f.Form == fact.Level
		case fact.Driver:
			down = f.Aux < 0
		}
		if down || f.Form == fact.Growth && f.Value < 0 {
			falls[[2]int{int(f.Subject), int(f.Period)}] = fact.Say(p, o, f).ZH
		}
	}
	rows, err := csv.NewReader(strings.NewReader(string(shared(t, "panels/quality_cases.csv")))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	told, both := 0, 0
	for _, r := range rows[1:] {
		s, _ := p.Subject(r[0])
		year, _ := strconv.Atoi(r[3])
		col, _ := p.Axis.Col(year)
		text, fell := falls[[2]int{s, col}]
		switch r[5] {
		case "VINTAGE_BREAK":
			if fell {
				t.Errorf("%v: %s", r[:4], text)
			}
		case "FALL_IN_BOTH_SOURCES":
			both++
			if fell {
				told++
			}
		}
	}
	if told < both {
		t.Errorf("of %d falls in both sources %d are told", both, told)
	}
}

// heldOf gives the cells of one indicator that are held, by subject and period.
func heldOf(found []Finding, indicator int) [][2]int {
	var out [][2]int
	for _, f := range found {
		if f.Indicator == indicator && f.Hold {
			out = append(out, [2]int{f.Subject, f.Period})
		}
	}
	slices.SortFunc(out, func(a, b [2]int) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(out)
}
