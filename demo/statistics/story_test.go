package statistics

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"touyan.dev/touyan/observatory/claim"
	"touyan.dev/touyan/observatory/effect"
	"touyan.dev/touyan/observatory/fact"
	"touyan.dev/touyan/observatory/panel"
	"touyan.dev/touyan/observatory/quality"
)

var update = flag.Bool("update", false, "write the golden file anew")

// asked gives the options the office asks a monthly release with.
func asked(t testing.TB, p *panel.Panel) fact.Options {
	t.Helper()
	o := fact.Product(p.Axis)
	home, _ := p.Subject(Home)
	o.Watch, o.From = []int{home}, p.Axis.Len-1
	o.Revisions = learned(t, p.Vintage)
	return o
}

// gated gives what was known on a day, with doubtful cells held.
func gated(t testing.TB, day string) (*panel.Panel, []quality.Finding) {
	t.Helper()
	p := known(t, Monthly, day, published(t))
	found := quality.Check(p)
	quality.Apply(p, found)
	return p, found
}

// TestUsualRevision: what first figures usually become is learned from the
// releases, and is about 0.6 %.
func TestUsualRevision(t *testing.T) {
	r := learned(t, "2026-11-23")["va_industry"]
	if len(r.Paths) != 4*13 || math.Abs(r.Usual(0)-.6) > .02 || r.Usual(14) > 1e-9 {
		t.Errorf("%d paths; %.3f %% of the newest, %.3f %% of the year before", len(r.Paths), r.Usual(0), r.Usual(14))
	}
}

// TestGate: the slips of the October bulletin are held, and nothing else is.
func TestGate(t *testing.T) {
	p, found := gated(t, "2026-11-23")
	held := map[string]bool{}
	for _, f := range found {
		if f.Hold {
			held[p.Subjects[f.Subject].Code+" "+p.Indicators[f.Indicator].Code+" "+p.Axis.Label(f.Period)] = true
		}
		if f.Break {
			t.Errorf("a break: %+v", f)
		}
	}
	want := map[string]bool{}
	for code, cells := range Slips() {
		for _, i := range cells {
			want[code+" "+i+" 2026-10"] = true
		}
	}
	if !maps.Equal(held, want) {
		t.Errorf("held %v, want %v", held, want)
	}
	files := published(t)
	for _, r := range releases() {
		for _, f := range quality.Check(known(t, Monthly, r.day, files)) {
			t.Errorf("as of %s: %+v", r.day, f)
		}
	}
	yearly := known(t, Yearly, "2026-11-23", files)
	for _, f := range quality.Check(yearly) {
		t.Errorf("the yearbook: %s %s %s %s", yearly.Subjects[f.Subject].Name.ZH, yearly.Indicators[f.Indicator].Code, yearly.Axis.Label(f.Period), f.Rule)
	}
}

// TestFirstSince1999 is step 1 of the story.
func TestFirstSince1999(t *testing.T) {
	p, _ := gated(t, "2026-11-23")
	o := asked(t, p)
	facts := fact.Mine(p, o).Facts
	told := fact.Tell(p, o, facts[0])
	if told.Kind != "FIRST_TOP_SINCE" || told.Indicator != "va_industry" || told.Since != "1999-10" || told.Peers != "lanjiang" || told.P1 != 1 || told.Form != "level" {
		t.Errorf("first is %+v", told)
	}
	if told.Margin == nil || math.Abs(*told.Margin-.392) > .001 || !told.Provisional || told.Robustness == nil || *told.Robustness < .5 || *told.Robustness > .75 {
		t.Errorf("margin %v, provisional %v, robustness %v", told.Margin, told.Provisional, told.Robustness)
	}
	for _, w := range []string{"自1999年同期以来", "初步数", "相差0.39%，小于通常的修订幅度约0.6%，修订后仍成立的可能性约", "13个中10个可用、3个存疑待核，按此前位置计"} {
		if !strings.Contains(told.ZH, w) {
			t.Errorf("%s lacks %s", told.ZH, w)
		}
	}
	for _, w := range []string{"since the same months of 1999", "186.24 billion yuan", "preliminary", "smaller than the usual revision"} {
		if !strings.Contains(told.EN, w) {
			t.Errorf("%s lacks %s", told.EN, w)
		}
	}
	third := slices.ContainsFunc(facts, func(f fact.Fact) bool {
		return f.Kind == fact.RankChange && p.Indicators[f.Indicator].Code == "va_industry_rate" && f.P2 == 3 && p.Peers[f.Peers].Code == "lanjiang"
	})
	if !third {
		t.Error("that growth ranks third is not told")
	}
}

// TestClaims is step 2: what a draft says of it.
func TestClaims(t *testing.T) {
	p, _ := gated(t, "2026-11-23")
	terms, err := claim.ReadDictionary(Indicators())
	if err != nil {
		t.Fatal(err)
	}
	c := claim.New(p, claim.Options{Terms: terms, Peers: "province", Home: Home})
	for text, want := range map[string]claim.Verdict{
		"1—10月，全市规上工业增加值增速居全省第一。":             claim.Disagrees,
		"1—10月，全市规上工业增加值增速居全省第三位。":            claim.Agrees,
		"1—10月，全市规上工业增加值1862.4亿元，同比增速居全省第一位。": claim.Disagrees,
		"1—10月，全市规上工业增加值1862.4亿元，现价增速居全省第一位。": claim.Agrees,
		"1—10月，全市规上工业增加值总量居全省第一。":             claim.Agrees,
		"1—10月，全市规上工业增加值居全省第一。":               claim.Ambiguous,
		"1—10月，全市规上工业增加值增长7.3%。":              claim.Agrees,
		"1—10月，全市规上工业增加值1862.4亿元。":            claim.Agrees,
		"1—10月，全市规上工业增加值1862.4亿元，高于宁州市。":      claim.Agrees,
		"1—10月，全市规上工业增加值总量自1999年以来再次居全省第一。":   claim.Agrees,
		"1—10月，全市规上工业增加值总量自2003年以来再次居全省第一。":   claim.Disagrees,
	} {
		got := c.Check([]string{text})
		if len(got) == 0 || got[len(got)-1].Verdict != want {
			t.Errorf("%s: want %s, got %+v", text, want, got)
		}
		if why := got[len(got)-1].Why.ZH; strings.Contains(text, "总量居全省第一") && !strings.Contains(why, "10个地区中居第1位；另有3个地区的数据存疑待核，未计入") {
			t.Errorf("%s: %s", text, why)
		}
	}
}

// TestTakenBack is step 11: the December release revises October, and exactly
// what is no longer so is taken back.
func TestTakenBack(t *testing.T) {
	before, _ := gated(t, "2026-11-23")
	after, found := gated(t, "2026-12-21")
	for _, f := range found {
		if f.Hold {
			t.Errorf("held after the slips were mended: %+v", f)
		}
	}
	october, _ := before.Axis.Col(2026*12 + 9)
	o := asked(t, before)
	o.From = october
	old := slices.DeleteFunc(fact.Mine(before, o).Facts, func(f fact.Fact) bool { return int(f.Period) != october })
	var told []fact.Told
	for _, f := range old {
		told = append(told, fact.Tell(before, o, f))
	}
	gone := map[string]bool{}
	for i, about := range after.Indicators {
		of := slices.DeleteFunc(slices.Clone(told), func(t fact.Told) bool { return t.Indicator != about.Code })
		holds := fact.Hold(after, i, asked(t, after), of)
		for _, f := range of {
			if _, still := holds[f.Key]; !still {
				gone[f.Key] = true
				t.Log(f.ZH)
			}
		}
	}
	for _, key := range []string{
		"FIRST_TOP_SINCE|va_industry|level|990100|province=lanjiang|2026-10|1",
		"OVERTAKE|va_industry|level|990100|province=lanjiang|2026-10|990200",
		"RANK_CHANGE|va_industry|level|990100|province=lanjiang|2026-10|2025-10",
	} {
		if !gone[key] {
			t.Errorf("not taken back: %s", key)
		}
	}
	judged := 0
	for _, f := range old {
		stands, ok := plainly(after, f)
		if !ok {
			continue
		}
		if judged++; gone[f.Key(before)] == stands {
			t.Errorf("taken back %v, true %v: %s", !stands, stands, fact.Say(before, fact.Options{}, f).ZH)
		}
	}
	if judged < 10 {
		t.Errorf("only %d facts were judged", judged)
	}
}

// plainly judges by the definition whether a panel still tells a fact of ranks or
// of who passed whom; ok is false of other kinds.
func plainly(p *panel.Panel, f fact.Fact) (stands, ok bool) {
	x := p.Slabs[f.Indicator]
	value := func(s, t int32) float64 {
		v, _ := x.At(int(s), int(t))
		return v
	}
	rank := func(t int32) (n int32) {
		for _, s := range p.Peers[f.Peers].Members {
			if v, ok := x.At(s, int(t)); ok && v >= value(f.Subject, t) {
				n++
			}
		}
		return n
	}
	switch f.Kind {
	case fact.RankChange:
		return rank(f.Period) != rank(f.Since), true
	case fact.FirstTopSince:
		return rank(f.Period) <= f.P2, true
	case fact.Overtake:
		return value(f.Subject, f.Period) > value(f.Rival, f.Period) && value(f.Subject, f.Period-12) < value(f.Rival, f.Period-12), true
	}
	return false, false
}

// bundle evaluates what the newcomers' bundle did in the pilot district.
func bundle(t testing.TB, m effect.Method) *effect.Result {
	t.Helper()
	calls, err := Calls()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := table(calls.Data)
	if err != nil {
		t.Fatal(err)
	}
	var cells []effect.Cell
	for i, r := range rows {
		v, _, ok := panel.ParseNumber(r["calls_per_10k"])
		if !ok {
			t.Fatal(i)
		}
		cells = append(cells, effect.Cell{Unit: r["code"], Time: r["week"], Value: v, Line: i + 2})
	}
	p, err := effect.NewPanel(cells)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Units) != 24 || len(p.Times) != weeks {
		t.Fatalf("%d units, %d weeks", len(p.Units), len(p.Times))
	}
	// The zone is left out beforehand: a plant was to open there.
	r, err := effect.Evaluate(p, effect.Protocol{Outcome: "calls_per_10k", Treated: Pilot, From: Bundled, Exclude: []string{Zone}, Expect: effect.Fall}, m)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// part gives an estimate in per cent of what would have been.
func part(r *effect.Result) float64 {
	var without float64
	for _, x := range r.Path[r.PrePeriods:] {
		without += x.Synthetic / float64(r.PostPeriods)
	}
	return 100 * r.Estimate / without
}

// TestBundle: by both methods the pilot's calls are some 38 % below what they
// would have been, and the verdict is evidence.
func TestBundle(t *testing.T) {
	for _, m := range []effect.Method{effect.SC, effect.SDID} {
		r := bundle(t, m)
		t.Logf("%s: %.2f (%.1f %%), p %.3f, verdict %s", m, r.Estimate, part(r), r.P, r.Verdict().Grade)
		if math.Abs(part(r)+38) > 1.5 || r.Verdict().Grade != effect.Supported {
			t.Errorf("%s: %.1f %%, %+v", m, part(r), r.Verdict())
		}
	}
}

// TestUnusual: the tests find in the yearbook what its history and its peers would
// not make likely, that and no more, and nothing in the months.
func TestUnusual(t *testing.T) {
	for dataset, want := range map[string][]string{
		Yearly: {
			"沧屿市2025年社会消费品零售总额名义增速为-6.3%，比各地当期和自身往年的常态低8.2个标准差（统计推断：残差检验，本次一并检验2633项，错误发现率不超过5%，q<0.001）。",
			"澄川市常住人口的走势自2021年起改变：与各地相比，此后的年均增速比此前高1.2个百分点（统计推断：变点检验，本次一并检验2633项，错误发现率不超过5%，q<0.001）。",
		},
		Monthly: nil,
	} {
		p := known(t, dataset, "2026-11-23", published(t))
		quality.Apply(p, quality.Check(p))
		o := fact.Product(p.Axis)
		o.Most = 40
		var all []int
		for i := range p.Indicators {
			all = append(all, i)
		}
		var told []string
		for _, f := range fact.Infer(p, all, o, nil).Found {
			told = append(told, fact.Say(p, o, f).ZH)
		}
		if !slices.Equal(told, want) {
			t.Errorf("%s: %s", dataset, strings.Join(told, "\n"))
		}
	}
}

// TestFigures holds what the algorithms make of the files against the golden
// file: what the story shows.
func TestFigures(t *testing.T) {
	p, found := gated(t, "2026-11-23")
	o := asked(t, p)
	out := struct {
		Held   []string `json:"held"`
		Months []string `json:"months"`
		Effect []string `json:"effect"`
	}{}
	for _, f := range found {
		if f.Hold {
			out.Held = append(out.Held, fmt.Sprintf("%s %s %s：%s", p.Subjects[f.Subject].Name.ZH, p.Indicators[f.Indicator].Name.ZH, fact.Number(f.Value), f.Rule.Text().ZH))
		}
	}
	for _, f := range fact.Mine(p, o).Facts[:20] {
		out.Months = append(out.Months, fact.Say(p, o, f).ZH)
	}
	for _, m := range []effect.Method{effect.SC, effect.SDID} {
		r := bundle(t, m)
		out.Effect = append(out.Effect, fmt.Sprintf("%s %.1f%% p=%.3f %s", m, part(r), r.P, r.Verdict().ZH))
	}
	got, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/figures.golden.json"
	if *update {
		if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(got)+"\n" {
		t.Errorf("the figures differ from %s; look at what changed, then run with -update:\n%s", golden, got)
	}
}
