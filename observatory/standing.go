package observatory

import (
	"context"
	"maps"
	"slices"

	"touyan.dev/touyan/observatory/fact"
)

// enumerative gives those told facts that are exactly true of the figures.
func enumerative(told []Fact) []Fact {
	return slices.DeleteFunc(slices.Clone(told), func(f Fact) bool { return f.Told.Class != "enumerative" })
}

// inferential gives those that rest on a test, of all indicators.
func inferential(told map[string][]Fact) []Fact {
	var out []Fact
	for _, code := range slices.Sorted(maps.Keys(told)) {
		for _, f := range told[code] {
			if f.Told.Class == "inferential" {
				out = append(out, f)
			}
		}
	}
	return out
}

func toldOf(list []Fact) []fact.Told {
	var out []fact.Told
	for _, f := range list {
		out = append(out, f.Told)
	}
	return out
}

// rulesDeny finds out which told facts the rules of this program deny on the figures
// that there were without the release: no revision broke those.
func (d *Desk) rulesDeny(ctx context.Context, c *publishing, touched []string, told map[string][]Fact) error {
	older := func(f Fact) bool { return f.Told.Rules != fact.Rules }
	old := map[string][]Fact{}
	for code, list := range told {
		if slices.ContainsFunc(list, older) {
			old[code] = list
		}
	}
	if len(old) == 0 {
		return nil
	}
	before, err := d.build(ctx, through{freq: c.freq, only: touched, kin: true})
	if err != nil {
		return err
	}
	o := fact.Product(before.panel.Axis)
	holds := map[string]fact.Fact{}
	var indicators []int
	for _, code := range touched {
		if i, ok := before.panel.Indicator(code); ok {
			indicators = append(indicators, i)
			maps.Copy(holds, fact.Hold(before.panel, i, o, toldOf(enumerative(old[code]))))
		}
	}
	maps.Copy(holds, fact.Infer(before.panel, indicators, o, toldOf(inferential(old))).Holds)
	c.unruled = map[string]bool{}
	for _, list := range old {
		for _, f := range list {
			if _, ok := holds[f.Told.Key]; !ok && older(f) {
				c.unruled[f.Told.Key] = true
			}
		}
	}
	return nil
}
