package fact

import (
	"math"
	"slices"
	"strings"
	"testing"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/panel"
)

// months gives cumulative months of some years until October of the last one,
// subject by subject: a year's whole, spread evenly.
func months(x panel.Indicator, wholes ...[]float64) *panel.Panel {
	rows := make([][]float64, len(wholes))
	for s, years := range wholes {
		for y, whole := range years {
			for m := range 12 {
				if y+1 < len(years) || m < 10 {
					rows[s] = append(rows[s], whole*float64(m+1)/12)
				}
			}
		}
	}
	x.Form = panel.Cumulative
	return made(panel.Axis{Freq: panel.Monthly, First: 2010 * 12}, x, rows...)
}

func yuan() panel.Indicator {
	return panel.Indicator{Polarity: panel.LargerBetter, Unit: fault.T("亿元", "100 million yuan"), Additive: true, Price: "current"}
}

// newest gives the options of a release of months: its last period, levels only.
func newest(p *panel.Panel) Options {
	o := plain(p)
	o.From = p.Axis.Len - 1
	return o
}

// TestSameMonths: a cumulative figure looks back in years, to the same months;
// January to October was first nine years ago, and has grown for five.
func TestSameMonths(t *testing.T) {
	p := months(yuan(), []float64{9000, 1200, 1300, 1400, 1300, 1200, 1500, 1600, 1700, 18624 * 1.2}, slices.Repeat([]float64{6000}, 10), slices.Repeat([]float64{3000}, 10))
	o := newest(p)
	if got := said(p, o, FirstTopSince); len(got) != 1 || !strings.Contains(got[0], "甲2019年1—10月产值为18624亿元，在江州省中居第1位，自2010年同期以来再次位居首位") {
		t.Errorf("%q", got)
	}
	if got := said(p, o, RiseStreak); len(got) > 0 {
		t.Errorf("four rises make a streak: %q", got)
	}
	p = months(yuan(), []float64{9000, 1200, 1300, 1400, 1300, 1350, 1500, 1600, 1700, 18624 * 1.2}, slices.Repeat([]float64{6000}, 10), slices.Repeat([]float64{3000}, 10))
	if got := said(p, newest(p), RiseStreak); !strings.Contains(strings.Join(got, ""), "产值为18624亿元，已连续5年同期增长") || !strings.Contains(strings.Join(got, ""), "71.3%，已连续5年同期提高") {
		t.Errorf("%q", got)
	}
	for _, f := range Mine(p, newest(p)).Facts {
		if text := Say(p, newest(p), f); f.Kind == FirstTopSince && !strings.Contains(text.EN, "was 1862.4 billion yuan; among 江州省 it ranks 1, reaching first place again for the first time since the same months of 2010") {
			t.Errorf("%+v", text)
		}
	}
}

// TestPace: where growth is published, none is computed beside it; what is
// computed at current prices says so.
func TestPace(t *testing.T) {
	p := months(yuan(), []float64{1, 2, 3, 4, 5, 6, 7}, slices.Repeat([]float64{5}, 7), slices.Repeat([]float64{4}, 7))
	o := newest(p)
	o.Growth = true
	nominal := func() (n int) {
		for _, f := range Mine(p, o).Facts {
			if f.Form == Growth {
				if n++; !strings.Contains(Say(p, o, f).ZH, "名义增速") {
					t.Error(Say(p, o, f).ZH)
				}
			}
		}
		return n
	}
	if nominal() == 0 {
		t.Error("no growth is told")
	}
	p.Indicators = append(p.Indicators, panel.Indicator{Code: "x_rate", Name: fault.T("产值增速", ""), Rate: true, Pace: true, Form: panel.Cumulative})
	p.Slabs = append(p.Slabs, panel.NewSlab(len(p.Subjects), p.Axis.Len))
	p.Indicators[0].Growth = "x_rate"
	if n := nominal(); n > 0 {
		t.Errorf("%d facts of computed growth beside the published one", n)
	}
}

// TestSlim: a provisional first place whose margin is below the usual revision
// says so, in both languages; a wide margin and a final figure do not.
func TestSlim(t *testing.T) {
	for _, c := range []struct {
		name        string
		second      float64
		provisional bool
		want        bool
	}{{"slim", 99.6, true, true}, {"wide", 90, true, false}, {"final", 99.6, false, false}} {
		p := made(yearly(2000), panel.Indicator{Polarity: panel.LargerBetter}, []float64{1, 1, 1, 1, 1, 1, 100}, append(flat(6, 5), c.second), append(flat(6, 4), 50))
		if c.provisional {
			p.Slabs[0].MarkProvisional(0, 6)
		}
		o := plain(p)
		o.Revisions = map[string]*Revisions{"x": {Paths: [][]float64{{.006, 0}, {-.006, 0}}}}
		got := late(p, o, FirstTopOnRecord)
		if len(got) != 1 {
			t.Fatalf("%s: %+v", c.name, got)
		}
		text := Say(p, o, got[0])
		if is := strings.Contains(text.ZH, "相差0.40%，小于通常的修订幅度约0.6%，修订后仍成立的可能性约") && strings.Contains(text.EN, "smaller than the usual revision of about 0.6%"); is != c.want {
			t.Errorf("%s: %s %s", c.name, text.ZH, text.EN)
		}
	}
}

// TestTurned: a gap is told of as long as the one below was below; who has just
// passed the other has no gap that narrowed for years, and will not be level soon.
func TestTurned(t *testing.T) {
	p := made(yearly(2000), panel.Indicator{Polarity: panel.LargerBetter}, []float64{10, 20, 30, 40, 50, 60, 101}, flat(7, 100), flat(7, 1))
	for _, kind := range []Kind{GapChaser, GapNext, GapLeader} {
		for _, f := range late(p, plain(p), kind) {
			if f.Subject == 0 && f.Rival == 1 || f.Subject == 1 && f.Rival == 0 {
				t.Error(Say(p, plain(p), f).ZH)
			}
		}
	}
	p = made(yearly(2000), panel.Indicator{Polarity: panel.LargerBetter}, []float64{10, 20, 30, 40, 50, 60, 99}, flat(7, 100), flat(7, 1))
	if got := late(p, plain(p), GapLeader); len(got) != 1 || got[0].P1 != 6 {
		t.Errorf("%+v", got)
	}
	if got := late(made(yearly(2000), panel.Indicator{Polarity: panel.LargerBetter}, []float64{10, 20, 30, 40, 50, 60, 99}, flat(7, 100), append(flat(6, 1), none), append(flat(6, 1), none), append(flat(6, 1), none)), plain(p), GapLeader); len(got) > 0 {
		t.Errorf("told of two among five: %+v", got)
	}
}

// TestPassedOnce: who passed whom is one thing, however many sets saw it.
func TestPassedOnce(t *testing.T) {
	p := made(yearly(2000), panel.Indicator{Polarity: panel.LargerBetter}, append(flat(6, 1), 9), flat(7, 5), flat(7, 4))
	p.Peers = append(p.Peers, panel.PeerSet{Code: "two", Name: fault.T("两市", "two"), Kind: "two", Members: []int{0, 1}})
	n := 0
	for _, f := range late(p, plain(p), Overtake) {
		if f.Rival == 1 {
			if n++; p.Peers[f.Peers].Code == "two" {
				t.Error("told of the smaller set")
			}
		}
	}
	if n != 1 {
		t.Errorf("told %d times", n)
	}
}

// TestTeaching: a figure that was final, or that nobody has revised yet, teaches
// nothing of how provisional ones are revised.
func TestTeaching(t *testing.T) {
	then := made(yearly(2000), panel.Indicator{}, []float64{1, 100}, []float64{1, 100}, []float64{1, 100}, []float64{1, 100})
	now := made(yearly(2000), panel.Indicator{}, []float64{1, 101}, []float64{1, 100}, []float64{1, 100}, []float64{1, 99})
	if r := LearnRevisions(then, now, "x", nil); len(r.Paths) != 4 {
		t.Errorf("without marks: %v", r.Paths)
	}
	for s := range 3 { // the last was final then
		then.Slabs[0].MarkProvisional(s, 1)
	}
	now.Slabs[0].MarkProvisional(0, 1) // revised, and not for the last time
	now.Slabs[0].MarkProvisional(1, 1) // not revised yet; the third was confirmed
	r := LearnRevisions(then, now, "x", nil)
	if len(r.Paths) != 2 || math.Abs(r.Paths[0][0]-math.Log(1.01)) > 1e-12 || r.Paths[1][0] != 0 {
		t.Errorf("%v", r.Paths)
	}
	if got := Join(r, nil, r); len(got.Paths) != 4 || math.Abs(got.Usual(0)-50*math.Log(1.01)) > 1e-9 || got.Usual(9) != got.Usual(1) {
		t.Errorf("%v: usually %v", got.Paths, got.Usual(0))
	}
}

// TestKnownStreak: a streak is news when it begins to count and when it is round.
func TestKnownStreak(t *testing.T) {
	score := map[int]float32{}
	for n := 5; n <= 11; n++ {
		rise := make([]float64, n+1)
		for i := range rise {
			rise[i] = float64(i)
		}
		p := made(yearly(2000), panel.Indicator{}, rise, flat(n+1, 50), flat(n+1, 40))
		for _, f := range late(p, plain(p), RiseStreak) {
			score[n] = f.Importance
		}
	}
	if score[5] <= score[6] || score[10] <= score[9] || score[10] <= score[11] || score[6] != score[7] {
		t.Errorf("%v", score)
	}
}

// TestEnglish: amounts are written in the scales of English.
func TestEnglish(t *testing.T) {
	for _, c := range []struct {
		v    float64
		unit string
		want string
	}{
		{1862.4, "100 million yuan", "186.24 billion yuan"}, {3.5, "100 million yuan", "350 million yuan"}, {688.4, "ten thousand persons", "6.88 million persons"},
		{52, "ten thousand persons", "520 thousand persons"}, {-12, "100 million yuan", "-1.2 billion yuan"}, {37888, "yuan", "37888 yuan"}, {6.1, "%", "6.1%"}, {5, "", "5"},
	} {
		if got := english(c.v, c.unit); got != c.want {
			t.Errorf("%v %s: %s, want %s", c.v, c.unit, got, c.want)
		}
	}
}

// TestLesser: a part of another indicator weighs less than its whole, unless the
// office says otherwise, and a best rank in the middle less than one at the top.
func TestLesser(t *testing.T) {
	rows := [][]float64{append(flat(6, 1), 9)}
	for s := range 8 {
		rows = append(rows, flat(7, float64(s+2)))
	}
	weigh := func(last float64, parts []string, weights map[string]float64) float32 {
		rows[0][6] = last
		p := made(yearly(2000), panel.Indicator{Polarity: panel.LargerBetter}, rows...)
		p.Indicators = append(p.Indicators, panel.Indicator{Code: "whole", Parts: parts})
		p.Slabs = append(p.Slabs, panel.NewSlab(len(p.Subjects), p.Axis.Len))
		o := plain(p)
		o.Weights, o.TopK = weights, nil
		for _, f := range late(p, o, BestRank) {
			if f.Subject == 0 {
				return f.Importance
			}
		}
		return 0
	}
	top := weigh(9.5, nil, nil)
	if got := weigh(9.5, []string{"x"}, nil); got <= 0 || got >= top {
		t.Errorf("a part weighs %v, a whole %v", got, top)
	}
	if got := weigh(9.5, []string{"x"}, map[string]float64{"x": 1}); got != top {
		t.Errorf("with a weight of its own a part weighs %v, not %v", got, top)
	}
	if got := weigh(4.5, nil, nil); got <= 0 || got >= top {
		t.Errorf("the middle weighs %v, the top %v", got, top)
	}
}

// TestCrossing: that growth rates cross is less than that levels do, and a move in
// rank of computed growth less than one of a level.
func TestCrossing(t *testing.T) {
	weigh := func(pace bool) float32 {
		p := made(yearly(2000), panel.Indicator{Polarity: panel.LargerBetter, Rate: pace, Pace: pace}, append(flat(6, 1), 9), flat(7, 5), flat(7, 4))
		return late(p, plain(p), Overtake)[0].Importance
	}
	if level, pace := weigh(false), weigh(true); pace != level/2 {
		t.Errorf("a level weighs %v, a growth rate %v", level, pace)
	}
	p := made(yearly(2000), panel.Indicator{Polarity: panel.LargerBetter}, append(flat(6, 1), 9), flat(7, 5), flat(7, 4))
	o := plain(p)
	o.Growth, o.Whole = true, true
	weight := map[Form]float32{}
	for _, f := range late(p, o, RankChange) {
		weight[f.Form] = f.Importance
	}
	if weight[Growth] <= 0 || weight[Growth] >= weight[Level] {
		t.Errorf("%v", weight)
	}
}
