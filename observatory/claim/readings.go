package claim

import (
	"strings"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/panel"
)

// reading is one way to understand an indicator: a number for each subject and
// period.
type reading struct {
	name  fault.Text
	slab  *panel.Slab
	index int // of the indicator
	form  panel.Form
	mode  mode
	less  int  // months of a part taken by itself out of a cumulative series; 0: as it stands
	usual bool // what is meant when nothing is said
}

type mode int

const (
	levels      mode = iota
	growths          // computed from levels
	indexGrowth      // given as an index, the year before = 100
	rateGrowth       // given in percent
)

// readings gives how a claim's indicator may be understood, as far as the panel
// knows it.
func (c *Checker) readings(k claim) []reading {
	var total, grown []reading
	for _, code := range k.indicators {
		if i, ok := c.panel.Indicator(code); ok {
			ind := c.panel.Indicators[i]
			r := reading{slab: c.panel.Slabs[i], index: i, form: ind.Form}
			if ind.Pace || ind.Rate && c.opts.Terms[code].Unit.ZH != "%" {
				r.name, r.mode, r.usual = fault.T("增速", "growth"), rateGrowth, true
				grown = append(grown, r)
				continue
			}
			r.name = fault.T("总量", "level")
			total = append(total, r)
			r.name, r.mode = fault.T("现价增速", "growth at current prices"), growths
			if k.measure == nominal || k.measure != real && !c.published(code) {
				grown = append(grown, r)
			}
		}
		if g := c.opts.Terms[code].Growth; g != "" && k.measure != nominal {
			if i, ok := c.panel.Indicator(g); ok {
				r := reading{name: fault.T("不变价增速", "growth at constant prices"), slab: c.panel.Slabs[i], index: i, form: c.panel.Indicators[i].Form, mode: indexGrowth, usual: true}
				if c.panel.Indicators[i].Pace {
					r.mode = rateGrowth
				}
				grown = append([]reading{r}, grown...)
			}
		}
	}
	if k.part != "" && !k.sums && c.panel.Axis.Freq != panel.Yearly {
		total, grown = alone(k, total), alone(k, grown)
	}
	switch {
	case k.kind == Growth || k.measure >= growth || len(total) == 0: // 增速为6.1% is the value of a growth rate
		return grown
	case k.paced && (k.kind == Rank || k.kind == RankChange) && len(grown) > 0:
		grown[0].usual = false
		return append(total, grown[0]) // 增速3.1%，居全省第二: either may be meant
	case k.measure == unsaid && c.panel.Axis.Freq != panel.Yearly && k.kind != Value && k.kind != Share && k.kind != Difference && k.kind != Multiple:
		return append(total, given(grown)...) // a release gives both side by side
	}
	return total
}

// alone adds to the readings of what is counted from January on, where a text speaks
// of one month or quarter, the reading of that part by itself; where it says 当月,
// only that is left.
func alone(k claim, list []reading) (out []reading) {
	months := partMonths(k.part)
	for _, r := range list {
		if months == 0 || r.form != panel.Cumulative {
			out = append(out, r)
			continue
		}
		by := r
		by.less, by.name, r.name = months, fault.T("当期"+r.name.ZH, r.name.EN+" of the period alone"), fault.T("累计"+r.name.ZH, "cumulative "+r.name.EN)
		by.usual, r.usual = false, false
		if !k.alone {
			out = append(out, r)
		}
		out = append(out, by)
	}
	return out
}

// partMonths gives of how many months a part of a year is that does not begin in
// January; 0 of one that does, or that counts from there.
func partMonths(part string) int {
	_, period, ok := panel.ParsePeriod("2000年" + strings.TrimSuffix(strings.ReplaceAll(part, " ", ""), "份"))
	switch {
	case !ok || strings.ContainsAny(part, "-—–~～至前半") || strings.Contains(part, "一季度"):
		return 0
	case strings.Contains(part, "季度"):
		return 3
	case period%12 == 0:
		return 0
	}
	return 1
}

// published reports whether a bureau publishes the growth of an indicator as such:
// then that is what growth means, and what levels at current prices would give is
// meant only by those who say so.
func (c *Checker) published(code string) bool {
	i, ok := c.panel.Indicator(c.opts.Terms[code].Growth)
	return ok && c.panel.Indicators[i].Pace
}

// given leaves out what would have to be computed.
func given(list []reading) (out []reading) {
	for _, r := range list {
		if r.mode != growths {
			r.usual = false
			out = append(out, r)
		}
	}
	return out
}
