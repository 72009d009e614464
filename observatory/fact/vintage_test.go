package fact

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"touyan.dev/touyan/observatory/panel"
)

// vintage gives provincial GDP as it was known then, of the provinces given.
func vintage(t testing.TB, name string, keep func(code string) bool) *panel.Panel {
	t.Helper()
	p, err := panel.ReadCSV(shared(t, "panels/cn_provinces_gdp_vintages.csv"), panel.Reading{
		Layout: panel.Wide, SubjectCol: "province_code", TimeCol: "year", Indicators: []string{"gdp_100m_yuan"}, VintageCol: "vintage", Vintage: name})
	if err != nil {
		t.Fatal(err)
	}
	p.Indicators[0].Polarity = panel.LargerBetter
	x := p.Slabs[0]
	for s, about := range p.Subjects {
		for c := range x.T {
			if keep != nil && !keep(about.Code) {
				x.Unset(s, c)
			}
		}
	}
	// Two cells of A2017 are known to be corrupt, Heilongjiang and Shanghai of 2013.
	// Both vintages do without them, so that only revisions lie between the two.
	col, _ := p.Axis.Col(2013)
	for _, code := range []string{"230000", "310000"} {
		s, _ := p.Subject(code)
		x.Hold(s, col)
	}
	var members []int
	for s, about := range p.Subjects {
		if keep == nil || keep(about.Code) {
			members = append(members, s)
		}
	}
	p.Peers = []panel.PeerSet{{Code: "all", Kind: "all", Members: members}}
	return p
}

func levelsOnly(p *panel.Panel) Options {
	o := Product(p.Axis)
	o.Growth, o.Infer = false, false
	return o
}

func told(t testing.TB, p *panel.Panel, o Options) string {
	t.Helper()
	var all []Told
	for _, f := range Mine(p, o).Facts {
		all = append(all, Tell(p, o, f))
	}
	b, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestVintages: after a later vintage was loaded, the facts as of the earlier
// one are the same to the byte, and what is retracted is exactly what the
// definitions, evaluated on the later figures, no longer say.
func TestVintages(t *testing.T) {
	a := vintage(t, "A2017", nil)
	before := told(t, a, levelsOnly(a))
	b := vintage(t, "B2021", nil)
	if told(t, a, levelsOnly(a)) != before {
		t.Error("facts as of the earlier vintage have changed")
	}
	old := Mine(a, levelsOnly(a)).Facts
	var said []Told
	for _, f := range old {
		said = append(said, Tell(a, levelsOnly(a), f))
	}
	retracted := map[string]bool{}
	holds := Hold(b, 0, levelsOnly(b), said)
	for _, t := range said {
		if _, still := holds[t.Key]; !still {
			retracted[t.Key] = true
		}
	}
	// Overtakings and rank changes by brute force on both vintages.
	rank := func(p *panel.Panel, s, c int) int {
		v, ok := p.Slabs[0].At(s, c)
		if !ok {
			return 0
		}
		r := 1
		for o := range p.Subjects {
			w, ok := p.Slabs[0].At(o, c)
			if p.Slabs[0].Held.Has(o, c) && c > 0 { // it is taken to stand where it stood
				mine, _ := p.Slabs[0].At(s, c-1)
				w, ok = p.Slabs[0].At(o, c-1)
				w += v - mine
			}
			if ok && w > v {
				r++
			}
		}
		return r
	}
	moved := func(p *panel.Panel) map[string]bool {
		out := map[string]bool{}
		for s, about := range p.Subjects {
			for c := 1; c < p.Axis.Len; c++ {
				if x, y := rank(p, s, c-1), rank(p, s, c); x > 0 && y > 0 && x != y {
					out[fmt.Sprintf("RANK_CHANGE|gdp_100m_yuan|level|%s|all=all|%s|%s", about.Code, p.Axis.Label(c), p.Axis.Label(c-1))] = true
				}
			}
		}
		return out
	}
	inA, inB := moved(a), moved(b)
	wrong, gone := 0, 0
	unfolded := map[string]bool{}
	for _, f := range old {
		unfolded[f.Key(a)] = true
	}
	for _, key := range slices.Sorted(maps.Keys(inA)) {
		if !unfolded[key] {
			t.Errorf("not told: %s", key)
		}
		if !inB[key] {
			gone++
		}
		if retracted[key] == inB[key] {
			wrong++
		}
	}
	for key := range retracted {
		if len(key) > 11 && key[:11] == "RANK_CHANGE" && !inA[key] {
			wrong++
		}
	}
	t.Logf("%d facts as of A2017; of %d rank changes %d are retracted; %d retracted in all", len(old), len(inA), gone, len(retracted))
	if wrong > 0 || gone == 0 {
		t.Errorf("%d wrong retractions, %d in all", wrong, gone)
	}
}

// TestFactsHold: every fact that the miner gives is true by its definition,
// evaluated cell by cell without the miner.
func TestFactsHold(t *testing.T) {
	p := cities(t, "gdp", "va_secondary", "fdi", "co2_edgar")
	p.Indicators[3].Polarity = panel.SmallerBetter
	o := Product(p.Axis)
	o.Infer = false
	n := 0
	for i := range p.Indicators {
		w := newWorld(p, i)
		for _, f := range MineIndicator(p, i, o).Facts {
			if checkable(&f) {
				n++
				if !w.trial(&f).holds() {
					t.Fatalf("%+v: %s", f, Say(p, o, f).ZH)
				}
			}
		}
	}
	t.Logf("%d facts hold", n)
}

// TestCalibrated: with revisions learnt from half of the provinces, the
// probability that a fact of the other half survives the revision is right
// within 0.1 in every bin of at least 30 facts, over twenty halvings: in one of
// them the facts of a bin are those of a few provinces and stand or fall
// together.
func TestCalibrated(t *testing.T) {
	codes := []string{}
	for _, s := range vintage(t, "A2017", nil).Subjects {
		codes = append(codes, s.Code)
	}
	type bin struct{ n, predicted, survived float64 }
	var bins [10]bin
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		random.Shuffle(len(codes), func(i, j int) { codes[i], codes[j] = codes[j], codes[i] })
		half := slices.Clone(codes[:len(codes)/2])
		tested := func(code string) bool { return slices.Contains(half, code) }
		var donors []string
		for _, c := range codes {
			if !tested(c) {
				donors = append(donors, c)
			}
		}
		r := LearnRevisions(vintage(t, "A2017", nil), vintage(t, "B2021", nil), "gdp_100m_yuan", donors)
		a, b := vintage(t, "A2017", tested), vintage(t, "B2021", tested)
		o := levelsOnly(a)
		o.Revisions = map[string]*Revisions{"gdp_100m_yuan": r}
		// That the later vintage reaches further back is no revision.
		for s := range b.Subjects {
			for c := range a.Axis.First - b.Axis.First {
				b.Slabs[0].Unset(s, c)
			}
		}
		w := newWorld(b, 0)
		for _, f := range Mine(a, o).Facts {
			if f.Flags&Known == 0 {
				continue
			}
			later := f // the same claim on the later vintage's columns
			shift := int32(a.Axis.First - b.Axis.First)
			later.Period, later.First = f.Period+shift, f.First+shift
			if f.Since >= 0 {
				later.Since += shift
			}
			at := &bins[min(9, int(f.Robust*10))]
			at.n++
			at.predicted += float64(f.Robust)
			if w.trial(&later).holds() {
				at.survived++
			}
		}
	}
	for i, x := range bins {
		if x.n < 30 {
			continue
		}
		p, s := x.predicted/x.n, x.survived/x.n
		t.Logf("bin %d: %4.0f facts, predicted %.3f, survived %.3f", i, x.n, p, s)
		if math.Abs(p-s) > 0.1 {
			t.Errorf("bin %d: %4.0f facts, predicted %.3f, survived %.3f", i, x.n, p, s)
		}
	}
}
