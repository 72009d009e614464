package fact

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"testing"

	"touyan.dev/touyan/observatory/panel"
)

// TestRulesVersion: who makes other facts of the same figures raises Rules, and
// writes here what they are now.
func TestRulesVersion(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 9))
	sum := sha256.New()
	for _, freq := range []panel.Freq{panel.Yearly, panel.Monthly} {
		p := noise(r, 14, 20*int(freq), r.NormFloat64)
		p.Axis.Freq, p.Axis.First = freq, 2000*int(freq)
		if p.Indicators[0].Polarity, p.Indicators[0].Additive = panel.LargerBetter, true; freq == panel.Monthly {
			p.Indicators[0].Form = panel.Cumulative
		}
		last := p.Axis.Len - 1
		v, _ := p.Slabs[0].At(3, last)
		p.Slabs[0].Set(3, last, v/2)
		facts := Mine(p, Product(p.Axis)).Facts
		for _, f := range facts {
			if int(f.Period) == last {
				fmt.Fprintln(sum, f.Key(p), f.P1, f.P2, f.Since, f.Flags)
			}
		}
		if len(facts) < 500 {
			t.Errorf("only %d facts", len(facts))
		}
	}
	of := map[int]string{1: "7d1c7394a14d231c"}
	if got := fmt.Sprintf("%.8x", sum.Sum(nil)); of[Rules] != got {
		t.Errorf("these rules make other facts: %s, not %s as those of version %d", got, of[Rules], Rules)
	}
}
