package effect

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const shared = "../../../shared/observatory/"

// table reads a shared file into columns; the test is skipped where it is absent.
func table(t testing.TB, name string) map[string][]string {
	t.Helper()
	f, err := os.Open(shared + name)
	if err != nil {
		t.Skipf("the shared data are not here: %v", err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for j, head := range rows[0] {
		for _, row := range rows[1:] {
			out[strings.TrimPrefix(head, "\ufeff")] = append(out[strings.TrimPrefix(head, "\ufeff")], row[j])
		}
	}
	return out
}

func number(text string) float64 {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

func cells(cols map[string][]string, unit, time, value string) []Cell {
	out := make([]Cell, len(cols[unit]))
	for i := range out {
		out[i] = Cell{cols[unit][i], cols[time][i], number(cols[value][i]), i + 2}
	}
	return out
}

func panelOf(t testing.TB, cs []Cell) *Panel {
	t.Helper()
	p, err := NewPanel(cs)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// expected reads the answers.
func expected(t testing.TB) map[string]json.RawMessage {
	t.Helper()
	text, err := os.ReadFile(shared + "causal/expected.json")
	if err != nil {
		t.Skipf("the shared data are not here: %v", err)
	}
	var out map[string]json.RawMessage
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// exact is a case of the answers, outcomes alone.
type exact struct {
	PreRMSPE float64            `json:"pre_rmspe"`
	ATT      float64            `json:"att"`
	N0       int                `json:"N0"`
	T0       int                `json:"T0"`
	Ratio    float64            `json:"ratio"`
	DiD      float64            `json:"did"`
	SDID     float64            `json:"sdid"`
	Noise    float64            `json:"noise_sigma"`
	Rank     int                `json:"placebo_rank"`
	Of       int                `json:"placebo_n"`
	Weights  map[string]float64 `json:"sc_weights"`
	Gap      map[string]float64 `json:"gap"`
}

// near holds a number to six digits, or to half a unit of the last place the
// answer gives.
func near(t *testing.T, what string, got, want, places float64) {
	t.Helper()
	if math.Abs(got-want) > max(1e-6*math.Abs(want), 0.51*math.Pow(10, -places)) {
		t.Errorf("%s: %.9g, want %.9g", what, got, want)
	}
}

// TestExact: the answers for one treated unit, whatever the order of the rows.
func TestExact(t *testing.T) {
	all := expected(t)
	for _, c := range []struct {
		set, key, file, unit, time, outcome string
		protocol                            Protocol
	}{
		{"prop99", "exact_outcome_only", "prop99", "State", "Year", "PacksPerCapita", Protocol{Treated: "California", From: "1989"}},
		{"basque", "exact_outcome_only_from_1970", "basque", "regionname", "year", "gdpcap", Protocol{Treated: "Basque Country (Pais Vasco)", From: "1970", Exclude: []string{"Spain (Espana)"}}},
		{"basque", "exact_outcome_only_from_1975", "basque", "regionname", "year", "gdpcap", Protocol{Treated: "Basque Country (Pais Vasco)", From: "1975", Exclude: []string{"Spain (Espana)"}}},
		{"germany", "exact_outcome_only_from_1990", "germany", "country", "year", "gdp", Protocol{Treated: "West Germany", From: "1990"}},
		{"germany", "exact_outcome_only_from_1991", "germany", "country", "year", "gdp", Protocol{Treated: "West Germany", From: "1991"}},
	} {
		t.Run(c.key+" "+c.set, func(t *testing.T) {
			var cases map[string]json.RawMessage
			var want exact
			if err := json.Unmarshal(all[c.set], &cases); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(cases[c.key], &want); err != nil {
				t.Fatal(err)
			}
			cs := cells(table(t, "causal/"+c.file+".csv"), c.unit, c.time, c.outcome)
			p := panelOf(t, cs)
			slices.Reverse(cs)
			q := panelOf(t, cs)
			for m, answer := range map[Method]float64{SC: want.ATT, SDID: want.SDID, DiD: want.DiD} {
				r, err := Evaluate(p, c.protocol, m)
				if err != nil {
					t.Fatal(err)
				}
				near(t, string(m), r.Estimate, answer, 6)
				near(t, "noise", r.NoiseSigma, want.Noise, 6)
				if r.KKT > 1e-14 || r.UnitProof.Sum > 1e-14 || r.PrePeriods != want.T0 || r.Donors != want.N0 {
					t.Errorf("%s: %+v, %d periods, %d donors", m, r.UnitProof, r.PrePeriods, r.Donors)
				}
				if m == SC {
					checkSC(t, r, want)
				}
				again, err := Evaluate(q, c.protocol, m)
				if err != nil || again.Estimate != r.Estimate || again.P != r.P || again.Hash != r.Hash {
					t.Errorf("%s: another order of rows gives another answer: %v", m, err)
				}
			}
		})
	}
}

func checkSC(t *testing.T, r *Result, want exact) {
	t.Helper()
	near(t, "pre_rmspe", r.PreRMSPE, want.PreRMSPE, 6)
	near(t, "ratio", r.Ratio, want.Ratio, 6)
	if r.Rank != want.Rank || r.Of != want.Of {
		t.Errorf("rank %d of %d, want %d of %d", r.Rank, r.Of, want.Rank, want.Of)
	}
	for name, w := range want.Weights {
		near(t, name, r.Weights[name], w, 4)
	}
	if len(r.Weights) != len(want.Weights) {
		t.Errorf("weights %v", r.Weights)
	}
	for _, point := range r.Path[r.PrePeriods:] {
		if w, ok := want.Gap[point.Time]; ok {
			near(t, "gap "+point.Time, point.Gap, w, 4)
		}
	}
}

// TestPlacebos: standard errors and ranks of Prop 99 over all 38 donors.
func TestPlacebos(t *testing.T) {
	p := panelOf(t, cells(table(t, "causal/prop99.csv"), "State", "Year", "PacksPerCapita"))
	for m, want := range map[Method]struct{ se, p float64 }{SC: {10.633046, 3.0 / 39}, SDID: {9.371180, 2.0 / 39}, DiD: {17.286800, 4.0 / 39}} {
		r, err := Evaluate(p, Protocol{Outcome: "PacksPerCapita", Treated: "California", From: "1989", Expect: Fall}, m)
		if err != nil {
			t.Fatal(err)
		}
		near(t, string(m)+" se", *r.SE, want.se, 6)
		near(t, string(m)+" p", r.P, want.p, 9)
		if len(r.Placebos) != 38 || len(r.LeftOut) != 38 || r.InTime == nil || r.InTime.From != "1979" || r.Verdict().Grade != Unsupported {
			t.Errorf("%s: %d placebos, %d left out, %+v, %+v", m, len(r.Placebos), len(r.LeftOut), r.InTime, r.Verdict())
		}
		if m == SDID {
			for year, w := range map[string]float64{"1986": .3665, "1987": .2065, "1988": .4271} {
				near(t, year, r.TimeWeights[year], w, 4)
			}
		}
	}
}

// TestCohorts: the twelve group-time effects of minimum wages, their aggregates,
// and standard errors of the same size as the published bootstrap.
func TestCohorts(t *testing.T) {
	var want struct {
		ATT     map[string]map[string]float64 `json:"att_gt"`
		Dynamic map[string]float64            `json:"dynamic"`
		Overall float64                       `json:"dynamic_overall"`
		PreTest float64                       `json:"pretest_p"`
	}
	if err := json.Unmarshal(expected(t)["mpdta_callaway_santanna"], &want); err != nil {
		t.Fatal(err)
	}
	cols := table(t, "causal/mpdta.csv")
	s, err := NewStaggered(panelOf(t, cells(cols, "countyreal", "year", "lemp")), cells(cols, "countyreal", "year", "first.treat"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Cohorts(s, "lemp", Never, Change)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.ATT) != 12 || r.Units != 500 {
		t.Fatalf("%d effects, %d units", len(r.ATT), r.Units)
	}
	for _, e := range r.ATT {
		near(t, e.Group+"/"+e.Time, e.Estimate, want.ATT[e.Group][e.Time], 4)
	}
	for _, e := range r.Dynamic {
		near(t, strconv.Itoa(e.Event), e.Estimate, want.Dynamic[strconv.Itoa(e.Event)], 4)
	}
	near(t, "overall", r.Estimate, want.Overall, 4)
	near(t, "pre-test", *r.PreTest, want.PreTest, 5)
	if r.SE < 0.018 || r.SE > 0.023 || r.Verdict().Grade != Supported {
		t.Errorf("overall standard error %v, verdict %v", r.SE, r.Verdict())
	}
	// With 500 units, hardly anybody else begins later: controls differ little.
	if late, err := Cohorts(s, "lemp", NotYet, Change); err != nil || math.Abs(late.Estimate-r.Estimate) > 0.005 || late.Estimate == r.Estimate {
		t.Errorf("not yet treated: %+v, %v", late.Figure, err)
	}
}

// TestInfluence: standard errors equal those of leaving out each unit in turn,
// shares of groups and all, as far as these agree with themselves.
func TestInfluence(t *testing.T) {
	cols := table(t, "causal/mpdta.csv")
	s, err := NewStaggered(panelOf(t, cells(cols, "countyreal", "year", "lemp")), cells(cols, "countyreal", "year", "first.treat"))
	if err != nil {
		t.Fatal(err)
	}
	figures := func(s *Staggered) []Figure {
		r, err := Cohorts(s, "lemp", Never, Change)
		if err != nil {
			t.Fatal(err)
		}
		return []Figure{r.Simple, r.ByGroup, r.Dynamic[3].Figure} // not of the smallest group alone
	}
	whole := figures(s)
	drawn := make([][]float64, len(whole))
	for u := range s.Units {
		p := &Panel{Units: slices.Delete(slices.Clone(s.Units), u, u+1), Times: s.Times, Y: slices.Delete(slices.Clone(s.Y), u, u+1)}
		for i, f := range figures(&Staggered{p, slices.Delete(slices.Clone(s.First), u, u+1)}) {
			drawn[i] = append(drawn[i], f.Estimate)
		}
	}
	for i, f := range whole {
		n := float64(len(drawn[i]))
		if left := deviation(drawn[i]) * math.Sqrt(n-1); math.Abs(left/f.SE-1) > 0.01 {
			t.Errorf("figure %d: standard error %v, by leaving out %v", i, f.SE, left)
		}
	}
}

// TestBacon: the weighted comparisons add up to the two-way estimate.
func TestBacon(t *testing.T) {
	cols := table(t, "causal/mpdta.csv")
	p := panelOf(t, cells(cols, "countyreal", "year", "lemp"))
	s, err := NewStaggered(p, cells(cols, "countyreal", "year", "first.treat"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []Row
	for u, name := range p.Units {
		for i, y := range p.Y[u] {
			d := 0.0
			if p.Times[i].Order >= s.First[u] {
				d = 1
			}
			rows = append(rows, Row{name, p.Times[i].Label, y, []float64{d}, len(rows) + 1})
		}
	}
	two, err := FixedEffects(rows, []string{"d"})
	if err != nil {
		t.Fatal(err)
	}
	b := Decompose(s)
	near(t, "two-way", b.Estimate, two.Estimate, 12)
	sum := 0.0
	for _, p := range b.Pairs {
		sum += p.Weight
	}
	near(t, "weights", sum, 1, 12)
	if len(b.Pairs) != 9 || b.Forbidden <= 0 || b.Forbidden > 0.2 {
		t.Errorf("%d pairs, %v on already treated", len(b.Pairs), b.Forbidden)
	}
	e, err := EventStudy(s)
	if err != nil || len(e.Coefficients) != 7 {
		t.Fatalf("%+v, %v", e, err)
	}
}

// TestTwoWay: low-carbon pilots, to six places.
func TestTwoWay(t *testing.T) {
	var want struct {
		Controls []string           `json:"controls"`
		Coef     map[string]float64 `json:"coef"`
		SE       map[string]float64 `json:"se"`
		N, G     int
		R2       float64 `json:"r2_with_fe"`
		One      pairOf  `json:"only_pgdp"`
		Two      pairOf  `json:"pgdp_and_density"`
	}
	if err := json.Unmarshal(expected(t)["cn_lowcarbon_did"], &want); err != nil {
		t.Fatal(err)
	}
	cols := table(t, "causal/cn_lowcarbon_did.csv")
	for _, c := range []struct {
		controls []string
		did      []float64
	}{{want.Controls, []float64{want.Coef["did"], want.SE["did"]}}, {want.Controls[:1], want.One.DiD}, {want.Controls[:2], want.Two.DiD}} {
		names := append([]string{"did"}, c.controls...)
		var rows []Row
		for i := range cols["year"] {
			row := Row{Unit: cols["city_name"][i], Time: cols["year"][i], Y: number(cols["ln_carbon_intensity"][i]), Line: i + 2}
			for _, name := range names {
				row.X = append(row.X, number(cols[name][i]))
			}
			rows = append(rows, row)
		}
		r, err := FixedEffects(rows, names)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "did", r.Estimate, c.did[0], 6)
		near(t, "se", r.SE, c.did[1], 6)
		if len(c.controls) == len(want.Controls) {
			for _, k := range r.Coefficients {
				near(t, k.Name, k.Estimate, want.Coef[k.Name], 6)
				near(t, k.Name+" se", k.SE, want.SE[k.Name], 6)
			}
			near(t, "r2", r.R2, want.R2, 4)
			if r.N != want.N || r.Clusters != 215 || r.Verdict().Grade != Unsupported {
				t.Errorf("%d rows, %d clusters, %v", r.N, r.Clusters, r.Verdict())
			}
		}
	}
}

type pairOf struct {
	DiD []float64 `json:"did"`
}
