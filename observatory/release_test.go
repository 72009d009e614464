package observatory

import "testing"

// TestOver: of two doubts about a cell the later decision counts, and without one
// what keeps the cell out.
func TestOver(t *testing.T) {
	none, waits, noted := Doubt{}, Doubt{Found: 1, State: DoubtWaiting}, Doubt{Found: 2, State: DoubtNoted}
	held, kept := Doubt{Found: 1, State: DoubtHeld, Decided: 5}, Doubt{Found: 2, State: DoubtKept, Decided: 9}
	for _, c := range []struct {
		d, was Doubt
		want   bool
	}{{noted, none, true}, {waits, noted, true}, {noted, waits, false}, {held, waits, true}, {waits, held, false}, {kept, held, true}, {held, kept, false}} {
		if c.d.over(c.was) != c.want {
			t.Errorf("%+v over %+v: %t", c.d, c.was, !c.want)
		}
	}
}
