package fact

import (
	"math"
	"strings"
	"testing"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/panel"
)

func flat(n int, v float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = v
	}
	return out
}

// late gives the facts of a kind in the last period.
func late(p *panel.Panel, o Options, kind Kind) (out []Fact) {
	o.From = p.Axis.Len - 1
	for _, f := range Mine(p, o).Facts {
		if f.Kind == kind {
			out = append(out, f)
		}
	}
	return out
}

func TestProvisional(t *testing.T) {
	p := made(yearly(2000), panel.Indicator{Polarity: panel.LargerBetter}, append(flat(6, 1), 9), flat(7, 5), flat(7, 4))
	p.Slabs[0].MarkProvisional(0, 6)
	if got := late(p, plain(p), FirstTopOnRecord); len(got) != 1 || !strings.Contains(Say(p, plain(p), got[0]).ZH, "初步数") {
		t.Errorf("%+v", got)
	}
}

// TestCovered: where most peers have not published, no rank is told.
func TestCovered(t *testing.T) {
	p := made(yearly(2000), panel.Indicator{}, append(flat(6, 1), 9), append(flat(6, 5), none), append(flat(6, 4), none))
	if got := append(late(p, plain(p), FirstTopOnRecord), late(p, plain(p), RankChange)...); len(got) > 0 {
		t.Errorf("%+v", got)
	}
}

// TestFolded: of several first top-k with one span the smallest k is told.
func TestFolded(t *testing.T) {
	rows := [][]float64{append(flat(6, 0), 99)}
	for s := range 9 {
		rows = append(rows, flat(7, float64(s+1)))
	}
	p := made(yearly(2000), panel.Indicator{}, rows...)
	if got := late(p, plain(p), FirstTopOnRecord); len(got) != 1 || got[0].P2 != 1 {
		t.Errorf("%+v", got)
	}
	if got := late(p, plain(p), BestRank); len(got) > 0 {
		t.Errorf("told beside the first place: %+v", got)
	}
}

// TestOwnBreak: who passed whom is not told across a break of either's series.
func TestOwnBreak(t *testing.T) {
	p := made(yearly(2000), panel.Indicator{}, []float64{1, 1, 9}, []float64{5, 5, 5}, []float64{4, 4, 4})
	if got := late(p, plain(p), Overtake); len(got) != 2 {
		t.Fatalf("%+v", got)
	}
	p.Slabs[0].Break(0, 2, "merged")
	if got := append(late(p, plain(p), Overtake), late(p, plain(p), RankChange)...); len(got) > 0 && got[0].Subject == 0 {
		t.Errorf("%+v", got)
	}
	for _, f := range late(p, plain(p), Overtake) {
		t.Errorf("%+v", f)
	}
}

func TestContribution(t *testing.T) {
	x := panel.Indicator{Additive: true}
	p := made(yearly(2000), x, []float64{10, 16}, []float64{20, 23}, []float64{30, 31})
	if got := late(p, plain(p), Contribution); len(got) != 1 || got[0].Subject != 0 || math.Abs(got[0].Ref-60) > 1e-9 {
		t.Errorf("%+v", got)
	}
	falling := made(yearly(2000), x, []float64{10, 11}, []float64{20, 15}, []float64{30, 30})
	if got := late(falling, plain(falling), Contribution); len(got) > 0 {
		t.Errorf("a part of a fall: %+v", got)
	}
}

// TestShiftShare: a subject's growth is its peers', its structure's and its own.
func TestShiftShare(t *testing.T) {
	var rows [3][][]float64 // whole, a, b
	for s := range 5 {
		a, b := []float64{float64(10 + 10*s), float64(12 + 11*s)}, []float64{float64(50 - 7*s), float64(51 - 6*s)}
		rows[1], rows[2] = append(rows[1], a), append(rows[2], b)
		rows[0] = append(rows[0], []float64{a[0] + b[0], a[1] + b[1]})
	}
	p := made(yearly(2000), panel.Indicator{Parts: []string{"a", "b"}}, rows[0]...)
	for i, code := range []string{"a", "b"} {
		part := made(yearly(2000), panel.Indicator{}, rows[i+1]...)
		p.Indicators = append(p.Indicators, panel.Indicator{Code: code, Name: fault.T(code, code)})
		p.Slabs = append(p.Slabs, part.Slabs[0])
	}
	var now, was float64
	for _, r := range rows[0] {
		was, now = was+r[0], now+r[1]
	}
	got := late(p, plain(p), ShiftShare)
	if len(got) != 5 {
		t.Fatalf("%+v", got)
	}
	for _, f := range got {
		if d := f.Value - 100*(now/was-1) - f.Ref - f.Aux; math.Abs(d) > 1e-9 {
			t.Errorf("the parts miss the growth by %g: %+v", d, f)
		}
	}
	if got := late(p, plain(p), Driver); len(got) != 5 {
		t.Errorf("drivers %+v", got)
	}
}

func TestSkyline(t *testing.T) {
	p := made(yearly(2000), panel.Indicator{}, flat(1, 5), flat(1, 4), flat(1, 3), flat(1, 2), flat(1, 1), flat(1, 0))
	other := made(yearly(2000), panel.Indicator{}, flat(1, 0), flat(1, 3), flat(1, 2), flat(1, 1), flat(1, 0), flat(1, -1))
	p.Indicators = append(p.Indicators, panel.Indicator{Code: "y", Name: fault.T("y", "y")})
	p.Slabs = append(p.Slabs, other.Slabs[0])
	o := plain(p)
	o.Sets = [][]int{{0, 1}}
	want := map[int32]int32{0: 0, 1: 0, 2: 1, 3: 2} // subject → how many match it on both
	if few := Few(p, o, p.Axis.Len-1, 0); len(few) != len(want) || few[0].P1 != 0 || few[3].P1 != 2 {
		t.Errorf("%+v", few)
	}
	got := late(p, o, Skyline)
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for _, f := range got {
		if n, ok := want[f.Subject]; !ok || n != f.P1 {
			t.Errorf("%d is matched by %d", f.Subject, f.P1)
		}
	}
}

// TestTarget: a target is on track while it is more likely than not to be reached,
// and once its period is there it is reached or missed.
func TestTarget(t *testing.T) {
	p := made(yearly(2000), panel.Indicator{Polarity: panel.LargerBetter, Unit: fault.T("亿元", "yuan")}, []float64{100, 109, 121, 133, 146, 161})
	seven := 7.0
	for _, c := range []struct {
		aim     Aim
		verdict int32
		says    []string
	}{
		{Aim{By: 7, Value: 190, Expected: 194, Chance: 0.7, Off: 2.34}, OnTrack, []string{"甲产值目标为2007年达到190亿元，进度正常：2005年为161亿元，按走势预计届时为194亿元，达到的可能性约70%", "平均偏差2.3%"}},
		{Aim{By: 6, Value: 190, Expected: 175, Chance: 0.1}, Behind, []string{"进度落后", "约10%"}},
		{Aim{By: 5, Value: 160}, Reached, []string{"实际为161亿元，已完成"}},
		{Aim{By: 4, Value: 150, Growth: &seven}, Missed, []string{"目标为2004年达到150亿元（比上年+7.0%），实际为146亿元，未完成"}},
	} {
		o := plain(p)
		o.Targets = []Aim{c.aim}
		got := Aims(p, o)
		if len(got) != 1 || got[0].P1 != c.verdict {
			t.Fatalf("%+v: %+v", c.aim, got)
		}
		told := Tell(p, o, got[0])
		for _, w := range c.says {
			if !strings.Contains(told.ZH, w) {
				t.Errorf("%s lacks %s", told.ZH, w)
			}
		}
		if told.Class != "target" || told.Q == nil || strings.Contains(told.ZH, "预测") != (c.verdict == OnTrack || c.verdict == Behind) {
			t.Errorf("%+v", told)
		}
	}
	if a, b := Aims(p, Options{Targets: []Aim{{By: 7, Value: 1}}})[0], Aims(p, Options{Targets: []Aim{{By: 8, Value: 1}}})[0]; a.Key(p) == b.Key(p) {
		t.Error("two targets are one")
	}
}

// TestDoubt: while a peer's value is held it is taken to stand where it stood, so
// that nobody seems to have moved up, and who is next to it is not told.
func TestDoubt(t *testing.T) {
	p := made(yearly(2000), panel.Indicator{Polarity: panel.LargerBetter}, append(flat(7, 9), 9), append(flat(7, 7), 1), []float64{0, 1, 2, 3, 4, 4.5, 5, 5.5}, append(flat(7, 6), 4))
	p.Slabs[0].Hold(1, 7)
	o := plain(p)
	o.From, o.Whole = 7, true
	o.Revisions = map[string]*Revisions{"x": {Paths: [][]float64{{0}, {0}}}}
	ranks := map[int32]int32{}
	for _, f := range Mine(p, o).Facts {
		if f.Robust < 1 {
			t.Errorf("not true in the very same world: %s", Say(p, o, f).ZH)
		}
		switch f.Kind {
		case Rank:
			ranks[f.Subject] = f.P1
		case RankChange:
			if f.Subject == 0 || f.P2 != f.P1-1 && f.P2 != f.P1+1 {
				t.Error(Say(p, o, f).ZH)
			}
		case GapNext, GapChaser:
			t.Errorf("who is next is not known: %s", Say(p, o, f).ZH)
		}
	}
	if ranks[0] != 1 || ranks[1] != 0 || ranks[2] != 3 || ranks[3] != 4 {
		t.Errorf("ranks are %v", ranks)
	}
	if got := late(p, o, GapLeader); len(got) != 1 || got[0].Subject != 2 {
		t.Errorf("%+v", got)
	}
}
