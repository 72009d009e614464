package effect

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// walks are units over years from 2001 on, of which the first loses loss from a
// year on and drifts by drift in every year.
func walks(units, years, from int, loss, drift float64) []Cell {
	r := rand.New(rand.NewPCG(7, 7))
	var cs []Cell
	for u := range units {
		y := 100.0
		for t := range years {
			y += r.NormFloat64()
			v := y
			if u == 0 {
				v += drift * float64(t)
				if t >= from {
					v -= loss
				}
			}
			cs = append(cs, Cell{fmt.Sprintf("u%02d", u), fmt.Sprint(2001 + t), v, len(cs) + 2})
		}
	}
	return cs
}

func because(v Verdict, words string) bool {
	for _, r := range v.Reasons {
		if strings.Contains(r.EN, words) {
			return true
		}
	}
	return false
}

// TestTooShort: with fewer than four periods before the measure nothing can show
// that the difference was not there already, however great it is; with more it can.
func TestTooShort(t *testing.T) {
	cells := walks(40, 20, 10, 60, 0)
	for _, m := range []Method{SC, SDID, DiD} {
		long, err := Evaluate(panelOf(t, cells), Protocol{Treated: "u00", From: "2011"}, m)
		if err != nil || long.Verdict().Grade != Supported {
			t.Fatalf("%s: %v %v", m, long.Verdict(), err)
		}
		short, err := Evaluate(panelOf(t, cells), Protocol{Treated: "u00", From: "2011", Since: "2010"}, m)
		if err != nil || short.InTime != nil {
			t.Fatalf("%s: %v %v", m, short, err)
		}
		if v := short.Verdict(); v.Grade != Unsupported || !because(v, "Fewer than four periods") {
			t.Errorf("%s: %v", m, v)
		}
	}
}

// TestConstant: an outcome that never changes shows no effect, and one that is
// nothing but rounding is not beyond chance.
func TestConstant(t *testing.T) {
	cells := walks(39, 31, 19, 0, 0)
	for i := range cells {
		cells[i].Value = 7
	}
	for _, m := range []Method{SC, SDID, DiD} {
		r, err := Evaluate(panelOf(t, cells), Protocol{Treated: "u00", From: "2020"}, m)
		if err != nil || r.Estimate != 0 || r.P != 1 {
			t.Errorf("%s: %v, p %v, %v", m, r.Estimate, r.P, err)
		}
	}
}

// TestEventApart: an event study in which the groups moved apart before the measure
// is no evidence for it.
func TestEventApart(t *testing.T) {
	study := func(drift float64) Verdict {
		cells := walks(40, 12, 6, 30, 0)
		var firsts []Cell
		for i := range cells {
			c := &cells[i]
			treated := c.Unit < "u20"
			var year float64
			fmt.Sscan(c.Time, &year)
			if c.Unit != "u00" && treated && year >= 2007 {
				c.Value -= 30
			}
			if treated {
				c.Value += drift * (year - 2001)
			}
			first := 0.0
			if treated {
				first = 2007
			}
			firsts = append(firsts, Cell{c.Unit, c.Time, first, c.Line})
		}
		s, err := NewStaggered(panelOf(t, cells), firsts)
		if err != nil {
			t.Fatal(err)
		}
		r, err := EventStudy(s)
		if err != nil {
			t.Fatal(err)
		}
		r.Dates = s.Dates()
		return r.Verdict()
	}
	if v := study(0); v.Grade != Supported {
		t.Errorf("side by side: %v", v)
	}
	if v := study(-4); v.Grade != Unsupported || !because(v, "moved apart before") {
		t.Errorf("apart: %v", v)
	}
}

// TestTooLarge: a value that cannot be squared is refused with its line.
func TestTooLarge(t *testing.T) {
	cells := small()
	cells[5].Value = math.MaxFloat64
	if _, err := NewPanel(cells); err == nil || !strings.Contains(err.Error(), "line 7/outcome") {
		t.Errorf("%v", err)
	}
}
