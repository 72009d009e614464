package forecast

import (
	"encoding/csv"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
)

// m3 is one series of the competition: what was given, and what came.
type m3 struct {
	Series
	kind string
	test []float64
}

func load(t testing.TB) []m3 {
	t.Helper()
	f, err := os.Open("../../../shared/observatory/m3/m3_shared.csv")
	if err != nil {
		t.Skipf("the shared data are not here: %v", err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	numbers := func(text string) (out []float64) {
		for _, w := range strings.Fields(text) {
			v, err := strconv.ParseFloat(w, 64)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, v)
		}
		return out
	}
	var out []m3
	for _, r := range rows[1:] {
		period, err := strconv.Atoi(r[2])
		if err != nil {
			t.Fatal(err)
		}
		s := m3{Series{ID: r[0], Period: period, Values: numbers(r[7])}, r[1], numbers(r[8])}
		s.Horizon = len(s.test)
		out = append(out, s)
	}
	return out
}

// accuracy sums what a method was off by.
type accuracy struct{ smape, mase, n float64 }

func (a *accuracy) add(s m3, point []float64) {
	lag := s.Period
	if len(s.Values) <= lag {
		lag = 1
	}
	size, off := 0.0, 0.0
	for i, v := range s.test {
		size += 200 * math.Abs(v-point[i]) / (math.Abs(v) + math.Abs(point[i]))
		off += math.Abs(v - point[i])
	}
	n := float64(len(s.test))
	a.smape += size / n
	a.mase += off / n / scale(s.Values, lag)
	a.n++
}

// naive2 is the yardstick: the last value without its season, and its season again.
func naive2(s m3) []float64 {
	a := adjust(s.Values, s.Period)
	f := make([]float64, s.Horizon)
	for h := range f {
		f[h] = a.values[len(a.values)-1]
	}
	return a.restore(f)
}

// TestYardstick: Naïve2 comes out to the printed digits, so the measures are right.
func TestYardstick(t *testing.T) {
	got := map[string]*accuracy{"YEARLY": {}, "QUARTERLY": {}, "MONTHLY": {}, "OTHER": {}, "ALL": {}}
	for _, s := range load(t) {
		got[s.kind].add(s, naive2(s))
		got["ALL"].add(s, naive2(s))
	}
	for kind, want := range map[string][2]float64{
		"YEARLY": {18.3167, 3.1824}, "QUARTERLY": {10.0129, 1.2538}, "MONTHLY": {17.2963, 1.0658}, "OTHER": {5.9569, 2.9161}, "ALL": {15.0259, 1.6755},
	} {
		a := got[kind]
		if math.Abs(a.smape/a.n-want[0]) > 5.1e-5 || math.Abs(a.mase/a.n-want[1]) > 5.1e-5 {
			t.Errorf("%s: sMAPE %.5f, MASE %.5f, want %v", kind, a.smape/a.n, a.mase/a.n, want)
		}
	}
}

// TestM3: better than Theta and than Comb, with intervals that hold what they
// promise, be the series forecast together or each alone.
func TestM3(t *testing.T) {
	all := load(t)
	in := make([]Series, len(all))
	for i, s := range all {
		in[i] = s.Series
	}
	together := Run(in)
	var ours, yard accuracy
	for i, s := range all {
		ours.add(s, together[i].Point)
		yard.add(s, naive2(s))
	}
	owa := (ours.smape/yard.smape + ours.mase/yard.mase) / 2
	t.Logf("sMAPE %.4f, MASE %.4f, OWA %.4f", ours.smape/ours.n, ours.mase/ours.n, owa)
	if owa > 0.83 {
		t.Errorf("OWA %.4f", owa)
	}
	// Each method by itself does about as its namesake in R.
	for name, want := range map[string][2]float64{"ses": {13.7300, 1.6185}, "holt": {14.9672, 1.5120}, "damped": {13.1497, 1.4135}, "theta": {13.0503, 1.4124}} {
		var a accuracy
		for i, s := range all {
			a.add(s, together[i].Methods[name])
		}
		t.Logf("%s: sMAPE %.4f, MASE %.4f", name, a.smape/a.n, a.mase/a.n)
		if math.Abs(a.smape/a.n/want[0]-1) > 0.02 || math.Abs(a.mase/a.n/want[1]-1) > 0.02 {
			t.Errorf("%s: sMAPE %.4f, MASE %.4f, want about %v", name, a.smape/a.n, a.mase/a.n, want)
		}
	}
	alone := make([]*Forecast, len(in))
	inParallel(len(in), func(i int) { alone[i] = Run(in[i : i+1])[0] })
	for name, out := range map[string][]*Forecast{"together": together, "alone": alone} {
		in80, in95, n := 0.0, 0.0, 0.0
		for i, f := range out {
			for h, v := range all[i].test {
				n++
				if v >= f.Lower80[h] && v <= f.Upper80[h] {
					in80++
				}
				if v >= f.Lower95[h] && v <= f.Upper95[h] {
					in95++
				}
			}
		}
		t.Logf("%s: %.4f within 80 %%, %.4f within 95 %%", name, in80/n, in95/n)
		if in95/n < 0.93 || in95/n > 0.97 || in80/n < 0.77 || in80/n > 0.86 {
			t.Errorf("%s: %.4f within 80 %%, %.4f within 95 %%", name, in80/n, in95/n)
		}
	}
}

// TestChances: what is said to happen with so much chance does about as often.
func TestChances(t *testing.T) {
	all := load(t)
	in := make([]Series, len(all))
	for i, s := range all {
		in[i] = s.Series
	}
	said, came, n := [10]float64{}, [10]float64{}, [10]float64{}
	for i, f := range Run(in) {
		last := all[i].Values[len(all[i].Values)-1]
		for h, v := range all[i].test {
			for _, by := range []float64{0.8, 0.9, 1, 1.1, 1.25, 1.5} {
				p, ok := f.Reach(h+1, last*by)
				if !ok {
					t.Fatal("no chance")
				}
				b := min(9, int(10*p))
				n[b]++
				said[b] += p
				if v >= last*by {
					came[b]++
				}
			}
		}
	}
	for b := range n {
		t.Logf("said %.3f, came %.3f, %.0f times", said[b]/n[b], came[b]/n[b], n[b])
		if math.Abs(said[b]-came[b])/n[b] > 0.1 {
			t.Errorf("said %.3f, came %.3f", said[b]/n[b], came[b]/n[b])
		}
	}
}
