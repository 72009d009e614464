package effect

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestPseudoPolicies: on the cities' own figures, measures that never were are
// found beyond chance as often as chance says: 200 at random places and times.
func TestPseudoPolicies(t *testing.T) {
	if testing.Short() {
		t.Skip("200 evaluations take minutes of processor time: run without -short")
	}
	cols := table(t, "panels/cn_cities.csv")
	p := panelOf(t, cells(cols, "city_code", "year", "gdp_nominal_alt"))
	for _, row := range p.Y {
		for i := range row {
			row[i] = math.Log(row[i])
		}
	}
	for _, m := range []Method{SC, SDID, DiD} {
		random := rand.New(rand.NewPCG(4, 7))
		found, held := 0, 0
		for n := 0; n < 200; {
			pr := Protocol{Treated: p.Units[random.IntN(len(p.Units))], From: p.Times[8+random.IntN(len(p.Times)-11)].Label}
			s, err := newStudy(p, pr, m)
			if err != nil || s.block.pre < 6 { // a city that was not observed then
				continue
			}
			n++
			r, _ := s.estimate()
			if r.P < 0.05 {
				found++
			}
			if r.UnitProof.Holds() {
				held++
			}
		}
		t.Logf("%s: %d of 200 with p < 0.05; %d certificates hold", m, found, held)
		if found < 6 || found > 14 {
			t.Errorf("%s: %d of 200 with p < 0.05", m, found)
		}
		if held != 200 {
			t.Errorf("%s: %d of 200 certificates hold", m, held)
		}
	}
}
