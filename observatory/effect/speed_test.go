package effect

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkProp99 is one synthetic difference in differences with all its placebos.
func BenchmarkProp99(b *testing.B) {
	p := panelOf(b, cells(table(b, "causal/prop99.csv"), "State", "Year", "PacksPerCapita"))
	for b.Loop() {
		s, err := newStudy(p, Protocol{Treated: "California", From: "1989"}, SDID)
		if err != nil {
			b.Fatal(err)
		}
		s.noise = s.block.noise(s.donors)
		main := s.block.fit(SDID, s.treated, s.donors, s.noise, nil)
		s.placebos(s.describe(main), main)
	}
}

// BenchmarkCities is one measure on 300 cities over 24 years with everything.
func BenchmarkCities(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	var cs []Cell
	for u := range 300 {
		y := 100 + 50*random.NormFloat64()
		for t := range 24 {
			y += 2 + 3*random.NormFloat64()
			cs = append(cs, Cell{fmt.Sprint("c", 1000+u), fmt.Sprint(2000 + t), y, len(cs) + 2})
		}
	}
	p := panelOf(b, cs)
	for _, m := range []Method{SC, SDID, DiD} {
		b.Run(string(m), func(b *testing.B) {
			for b.Loop() {
				if _, err := Evaluate(p, Protocol{Treated: "c1007", From: "2016"}, m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
