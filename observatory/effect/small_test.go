package effect

import (
	"math"
	"strings"
	"testing"
)

// small is a panel of four units over six periods, in which unit 1 gains 10 from
// period 5 on against the mean of 2 and 3, which it otherwise equals.
func small() []Cell {
	var cs []Cell
	for t := 1; t <= 6; t++ {
		a, b := float64(t*t), float64(3*t)
		gain := 0.0
		if t >= 5 {
			gain = 10
		}
		for u, y := range []float64{(a+b)/2 + gain, a, b, 40 - float64(t)} {
			cs = append(cs, Cell{string(rune('1' + u)), string(rune('0' + t)), y, len(cs) + 2})
		}
	}
	return cs
}

func TestSmall(t *testing.T) {
	r, err := Evaluate(panelOf(t, small()), Protocol{Treated: "1.0", From: "5", Expect: Rise}, SC)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(r.Estimate-10) > 1e-9 || math.Abs(r.Weights["2"]-.5) > 1e-9 || r.PreRMSPE > 1e-9 || r.PrePeriods != 4 || r.PostPeriods != 2 {
		t.Errorf("%+v", r)
	}
	// Three donors can prove nothing, whatever the estimate.
	if v := r.Verdict(); v.Grade != Unsupported || r.LeastP != 0.25 {
		t.Errorf("%v %v", v, r.LeastP)
	}
}

// TestHoles: what is not observed is never filled in, and is told.
func TestHoles(t *testing.T) {
	cs := small()
	cs[1].Value = math.NaN() // unit 2 in period 1
	cs = append(cs, Cell{"1", "0", math.NaN(), 99}, Cell{"3", "0", 1, 100}, Cell{"4", "0", 1, 101})
	r, err := Evaluate(panelOf(t, cs), Protocol{Treated: "1", From: "5"}, DiD)
	if err != nil {
		t.Fatal(err)
	}
	if r.Donors != 2 || len(r.Unused) != 1 || r.Unused[0] != (Unused{"2", "incomplete", 1}) || len(r.UnusedPeriods) != 1 || r.UnusedPeriods[0] != "0" {
		t.Errorf("%d donors, %v, %v", r.Donors, r.Unused, r.UnusedPeriods)
	}
}

func TestRefusals(t *testing.T) {
	hole := small()
	hole[8].Value = math.NaN() // unit 1 in period 3
	for _, c := range []struct {
		name   string
		cells  []Cell
		p      Protocol
		m      Method
		wanted string
	}{
		{"unknown unit", small(), Protocol{Treated: "9", From: "5"}, SC, "treated"},
		{"unknown donor", small(), Protocol{Treated: "1", From: "5", Donors: []string{"2", "9"}}, SC, "donors/1"},
		{"nothing before", small(), Protocol{Treated: "1", From: "1"}, SC, "from"},
		{"nothing after", small(), Protocol{Treated: "1", From: "7"}, SC, "from"},
		{"no beginning", small(), Protocol{Treated: "1"}, SC, "from"},
		{"time without a number", small(), Protocol{Treated: "1", From: "soon"}, SC, "from"},
		{"hole in the treated unit", hole, Protocol{Treated: "1", From: "5"}, SC, "outcome"},
		{"donor and treated", small(), Protocol{Treated: "1", From: "5", Donors: []string{"1", "2"}}, SC, "treated"},
		{"no donor left", small(), Protocol{Treated: "1", From: "5", Exclude: []string{"2", "3", "4"}}, SC, "donors"},
		{"no method", small(), Protocol{Treated: "1", From: "5"}, "ols", "method"},
		{"a cell twice", append(small(), Cell{"2", "3.0", 1, 77}), Protocol{Treated: "1", From: "5"}, SC, "line 77/unit, time"},
		{"no time", append(small(), Cell{"2", "x", 1, 78}), Protocol{Treated: "1", From: "5"}, SC, "line 78/time"},
		{"no unit", append(small(), Cell{" ", "3", 1, 79}), Protocol{Treated: "1", From: "5"}, SC, "line 79/unit"},
	} {
		p, err := NewPanel(c.cells)
		if err == nil {
			_, err = Evaluate(p, c.p, c.m)
		}
		if err == nil || !strings.Contains(err.Error(), c.wanted+":") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestProtocol: the hash tells every field, and not how it was written.
func TestProtocol(t *testing.T) {
	base := Protocol{Outcome: "y", Treated: "110000", From: "2010", Donors: []string{"b", "a"}}
	same := []Protocol{
		{Outcome: "y", Treated: "110000.0", From: "2010.0", Donors: []string{"a", "b", "a"}},
		{Outcome: "y", Treated: " 110000", From: "2010", Donors: []string{"a", "b"}, Exclude: []string{}, Expect: Change},
	}
	for i, p := range same {
		if p.Hash() != base.Hash() {
			t.Errorf("%d: another hash", i)
		}
	}
	seen := map[string]bool{base.Hash(): true}
	for i, change := range []func(*Protocol){
		func(p *Protocol) { p.Outcome = "z" }, func(p *Protocol) { p.Treated = "x" }, func(p *Protocol) { p.From = "2011" },
		func(p *Protocol) { p.Since = "2000" }, func(p *Protocol) { p.Until = "2020" }, func(p *Protocol) { p.Donors = nil },
		func(p *Protocol) { p.Exclude = []string{"c"} }, func(p *Protocol) { p.Expect = Fall },
	} {
		p := base
		change(&p)
		if seen[p.Hash()] {
			t.Errorf("change %d does not show", i)
		}
		seen[p.Hash()] = true
	}
}

// TestVerdict walks the rule.
func TestVerdict(t *testing.T) {
	proven := Certificate{}
	calm := &Moved{"1", -1, .5}
	for _, c := range []struct {
		name string
		r    Result
		want Grade
	}{
		{"beyond chance", Result{Estimate: -2, P: .02, LeastP: .02, InTime: calm, UnitProof: proven}, Supported},
		{"as expected", Result{Estimate: -2, P: .05, LeastP: .02, InTime: calm, Protocol: Protocol{Expect: Fall}}, Supported},
		{"the other way", Result{Estimate: -2, P: .02, LeastP: .02, InTime: calm, Protocol: Protocol{Expect: Rise}}, Opposite},
		{"chance", Result{Estimate: -2, P: .051, LeastP: .02, InTime: calm}, Unsupported},
		{"few donors", Result{Estimate: -2, P: .06, LeastP: .06, InTime: calm}, Unsupported},
		{"no proof", Result{Estimate: -2, P: .02, LeastP: .02, UnitProof: Certificate{KKT: 1e-3}, InTime: calm}, Unsupported},
		{"one donor carries it", Result{Estimate: -2, P: .02, LeastP: .02, LeftOut: []Left{{"a", -1}, {"b", .1}}, InTime: calm}, Unsupported},
		{"not tried without each donor", Result{Estimate: -2, P: .02, LeastP: .02, Donors: 50, InTime: calm}, Unsupported},
		{"too short to see before", Result{Estimate: -2, P: .02, LeastP: .02}, Unsupported},
		{"it was there before", Result{Estimate: -2, P: .02, LeastP: .02, InTime: &Moved{"1", -1, .03}}, Unsupported},
		{"the contrary was there before", Result{Estimate: -2, P: .02, LeastP: .02, InTime: &Moved{"1", 1, .03}}, Supported},
	} {
		if got := c.r.Verdict().Grade; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestPeriods(t *testing.T) {
	order := []string{"1999", "2003Q4", "2004Q1", "2004-02", "2004年3月", "2005.0"}
	for i := range order[1:] {
		a, okA := ParsePeriod(order[i])
		b, okB := ParsePeriod(order[i+1])
		if !okA || !okB || a.Order >= b.Order {
			t.Errorf("%s %v, %s %v", order[i], a, order[i+1], b)
		}
	}
	for _, wrong := range []string{"", "soon", "NaN", "1-2-3-4"} {
		if _, ok := ParsePeriod(wrong); ok {
			t.Errorf("%q is a period", wrong)
		}
	}
}

// FuzzPeriod: a period that is read is read again from its label, and is ordered.
func FuzzPeriod(f *testing.F) {
	for _, s := range []string{"1988", "1988.0", "1988Q3", "2004年3月", "-5", "1e3", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, ok := ParsePeriod(text)
		if !ok {
			return
		}
		if again, ok := ParsePeriod(p.Label); !ok || again != p || math.IsNaN(p.Order) {
			t.Fatalf("%q: %+v, then %+v", text, p, again)
		}
	})
}

// batches is a panel in which cohorts a (from 3) and b (from 4) gain 3 in their
// first period and 5 in the next, over a path that all share.
func batches(t *testing.T) *Staggered {
	t.Helper()
	var cs, firsts []Cell
	for u, first := range []int{3, 3, 4, 4, 0, 0} {
		for period := 1; period <= 5; period++ {
			y := float64(10*u + period*period)
			if first > 0 && period >= first {
				y += float64(3 + 2*min(1, period-first))
			}
			name, when := string(rune('a'+u)), string(rune('0'+period))
			cs = append(cs, Cell{name, when, y, len(cs) + 2})
			firsts = append(firsts, Cell{name, when, float64(first), len(cs) + 1})
		}
	}
	s, err := NewStaggered(panelOf(t, cs), firsts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestBatches: every method that is right for beginnings at different times finds
// the gains that were put in, and nothing before them.
func TestBatches(t *testing.T) {
	s := batches(t)
	for _, control := range []Control{Never, NotYet} {
		r, err := Cohorts(s, "y", control, Rise)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range r.ATT {
			want := 0.0
			if e.Event >= 0 {
				want = float64(3 + 2*min(1, e.Event))
			}
			if math.Abs(e.Estimate-want) > 1e-12 || e.Before != (e.Event < 0) {
				t.Errorf("%s: %s/%s %v, want %v", control, e.Group, e.Time, e.Estimate, want)
			}
		}
	}
	e, err := EventStudy(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range e.Coefficients {
		want := map[string]float64{"+0": 3, "+1": 5, "+2": 5}[c.Name]
		if math.Abs(c.Estimate-want) > 1e-9 {
			t.Errorf("%s periods since: %v, want %v", c.Name, c.Estimate, want)
		}
	}
	near(t, "mean since", e.Estimate, 13.0/3, 9)
	if s.Dates() != 2 || s.Begun(0, 1) || !s.Begun(0, 2) {
		t.Errorf("%d beginnings", s.Dates())
	}
}

// TestIndicator: a column of ones and zeros says the same as one of beginnings; a
// measure that ends again is refused, and so is a unit that begins twice.
func TestIndicator(t *testing.T) {
	s := batches(t)
	var marks []Cell
	for u, name := range s.Units {
		for i, period := range s.Times {
			on := 0.0
			if s.Begun(u, i) {
				on = 1
			}
			marks = append(marks, Cell{name, period.Label, on, len(marks) + 2})
		}
	}
	again, err := FromIndicator(s.Panel, marks)
	if err != nil {
		t.Fatal(err)
	}
	for u := range s.First {
		if s.First[u] != again.First[u] {
			t.Errorf("%s begins at %v and %v", s.Units[u], s.First[u], again.First[u])
		}
	}
	marks[4].Value = 0 // unit a ends in 5
	if _, err := FromIndicator(s.Panel, marks); err == nil || !strings.Contains(err.Error(), "line 6/treatment:") {
		t.Errorf("a measure that ends: %v", err)
	}
	marks[4].Value = 0.5
	if _, err := FromIndicator(s.Panel, marks); err == nil || !strings.Contains(err.Error(), "line 6/treatment:") {
		t.Errorf("half a measure: %v", err)
	}
	if _, err := NewStaggered(s.Panel, []Cell{{"a", "1", 3, 2}, {"a", "2", 4, 3}}); err == nil || !strings.Contains(err.Error(), "line 3/first:") {
		t.Errorf("two beginnings: %v", err)
	}
}
