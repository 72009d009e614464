package fact

import (
	"math"
	"strings"
	"testing"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/panel"
)

// made gives a panel of one indicator; each row is a subject's values from the
// first period on, NaN where there is none.
func made(axis panel.Axis, x panel.Indicator, rows ...[]float64) *panel.Panel {
	subjects := make([]panel.Subject, len(rows))
	for s := range rows {
		subjects[s] = panel.Subject{Code: string(rune('a' + s)), Name: fault.T(string("甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳"[3*s:3*s+3]), strings.ToUpper(string(rune('a'+s)))), Attrs: map[string]string{"省": "江州省"}}
		axis.Len = len(rows[s])
	}
	x.Code = "x"
	if x.Name.ZH == "" {
		x.Name = fault.T("产值", "output")
	}
	p := panel.New(axis, subjects, []panel.Indicator{x})
	for s, row := range rows {
		for t, v := range row {
			if v == v {
				p.Slabs[0].Set(s, t, v)
			}
		}
	}
	p.GroupBy("省", 1)
	return p
}

func yearly(first int) panel.Axis { return panel.Axis{Freq: panel.Yearly, First: first} }

// plain asks for facts of levels only.
func plain(p *panel.Panel) Options {
	o := Product(p.Axis)
	o.Growth, o.Infer = false, false
	return o
}

// said gives the Chinese sentences of a kind about the first subject.
func said(p *panel.Panel, o Options, kind Kind) []string {
	var out []string
	for _, f := range Mine(p, o).Facts {
		if f.Kind == kind && f.Subject == 0 {
			out = append(out, Say(p, o, f).ZH)
		}
	}
	return out
}

var none = math.NaN()

// TestWording: "on record" and "since" are different sentences, incomplete
// coverage and ties are said, and polarity decides what a move is called.
func TestWording(t *testing.T) {
	larger := panel.Indicator{Polarity: panel.LargerBetter, Unit: fault.T("亿元", "billion")}
	smaller := panel.Indicator{Polarity: panel.SmallerBetter, Name: fault.T("能耗", "energy use")}
	flat := func(v float64) []float64 { return []float64{v, v, v, v, v, v, v} }
	for _, c := range []struct {
		name string
		p    *panel.Panel
		kind Kind
		want []string // parts of the one sentence; none: no sentence
	}{
		{"on record", made(yearly(2000), larger, []float64{1, 1, 1, 1, 1, 1, 9}, flat(5), flat(4)), FirstTopOnRecord, []string{"甲2006年产值为9亿元，在江州省中居第1位，有可比记录（2000年）以来首次位居首位。"}},
		{"since", made(yearly(2000), larger, []float64{6, 1, 1, 1, 1, 1, 9}, flat(5), flat(4)), FirstTopSince, []string{"自2000年以来再次位居首位。"}},
		{"coverage", made(yearly(2000), larger, []float64{1, 1, 1, 1, 1, 1, 9}, flat(5), []float64{4, 4, 4, 4, 4, 4, none}), FirstTopOnRecord, []string{"首次位居首位（3个中2个已公布）。"}},
		{"a gap in between", made(yearly(2000), larger, []float64{1, 1, 1, 1, 1, 1, 9}, flat(5), []float64{4, 4, none, 4, 4, 4, 4}), FirstTopOnRecord, []string{"（期间有的年份数据不全）"}},
		{"a tie", made(yearly(2000), larger, []float64{1, 1, 1, 1, 1, 1, 5}, flat(5), flat(4)), FirstTopOnRecord, []string{"居第1位", "（并列）"}},
		{"a single peer", made(yearly(2000), larger, []float64{1, 1, 1, 1, 1, 1, 5}), FirstTopOnRecord, nil},
		{"smaller is better", made(yearly(2000), smaller, []float64{9, 9, 9, 9, 9, 9, 1}, flat(5), flat(4)), FirstTopOnRecord, []string{"由低到高居第1位", "首次"}},
		{"negative values", made(yearly(2000), larger, []float64{-9, -9, -9, -9, -9, -9, -1}, flat(-5), flat(-6)), FirstTopOnRecord, []string{"为-1亿元", "居第1位"}},
		{"zero", made(yearly(2000), larger, []float64{-9, -9, -9, -9, -9, -9, 0}, flat(-5), flat(-6)), Record, []string{"为0亿元", "有可比记录（2000年）以来最高"}},
		{"a rise that is bad", made(yearly(2000), smaller, []float64{1, 2, 3, 4, 5, 6, 7}, flat(5), flat(4)), RiseStreak, []string{"已连续6年上升"}},
		{"a rise that is good", made(yearly(2000), larger, []float64{1, 2, 3, 4, 5, 6, 7}, flat(50), flat(40)), RiseStreak, []string{"已连续6年提高"}},
		{"overtaken back", made(yearly(2000), larger, []float64{6, 1, 1, 1, 1, 1, 9}, flat(5), flat(90)), Overtake, []string{"超过乙（5亿元）", "自2000年以来再次"}},
	} {
		o := plain(c.p)
		o.From = 6
		got := said(c.p, o, c.kind)
		if c.want == nil {
			if len(got) > 0 {
				t.Errorf("%s: %q", c.name, got)
			}
			continue
		}
		if len(got) != 1 {
			t.Errorf("%s: %d sentences %q", c.name, len(got), got)
			continue
		}
		for _, w := range c.want {
			if !strings.Contains(got[0], w) {
				t.Errorf("%s: %q lacks %q", c.name, got[0], w)
			}
		}
	}
}

// TestDefinitions: across the changes of 2007 and 2011, which all share, a first
// place since 2000 is told with its qualifier; no level is compared, and no
// growth either.
func TestDefinitions(t *testing.T) {
	row := func(from, last float64) []float64 {
		out := make([]float64, 16)
		for t := range out {
			out[t] = from + float64(t)
		}
		out[15] = last
		return out
	}
	p := made(yearly(2000), panel.Indicator{Polarity: panel.LargerBetter}, row(10, 99), row(20, 40), row(15, 30))
	x := p.Slabs[0]
	x.Define(7, "500万元以上")
	x.Define(11, "2000万元以上")
	o := Product(p.Axis)
	o.From, o.Infer = 11, false
	first := said(p, o, FirstTopOnRecord)
	if len(first) == 0 || !strings.Contains(strings.Join(first, ""), "有可比记录（2000年）以来首次位居首位（期间统计口径有变化") {
		t.Errorf("first place across definitions: %q", first)
	}
	for _, f := range Mine(p, o).Facts {
		switch {
		case f.Form == Growth && f.Period == 11:
			t.Errorf("growth across a definition: %s", Say(p, o, f).ZH)
		case f.Peers == None && f.Form == Level && (int(f.First) < 11 || f.Since >= 0 && f.Since < 11):
			t.Errorf("a level across a definition: %s", Say(p, o, f).ZH)
		}
	}
	// Where one subject alone is counted anew its peers are not ranked with it.
	x.SetClass(1, 15, panel.Class{Definition: "别的口径"})
	for _, f := range Mine(p, o).Facts {
		if f.Peers != None && f.Period == 15 && f.Form == Level && f.Kind <= WorstRank {
			t.Errorf("ranked across definitions: %s", Say(p, o, f).ZH)
		}
	}
}

// TestMissing: a missing cell is no 0, no fall of 100 %, ends a streak in
// silence and lowers the coverage; so does one that is held back.
func TestMissing(t *testing.T) {
	p := made(yearly(2000), panel.Indicator{Polarity: panel.LargerBetter}, []float64{1, 2, 3, 4, 5, 6, 7, none, 9}, []float64{5, 5, 5, 5, 5, 5, 5, 5, 5}, []float64{4, 4, 4, 4, 4, 4, 4, 4, 4})
	held := made(yearly(2000), panel.Indicator{Polarity: panel.LargerBetter}, []float64{1, 2, 3, 4, 5, 6, 7, 0.001, 9}, []float64{5, 5, 5, 5, 5, 5, 5, 5, 5}, []float64{4, 4, 4, 4, 4, 4, 4, 4, 4})
	held.Slabs[0].Hold(0, 7)
	coverage := map[string]string{"missing": "3个中2个已公布", "held": "3个中2个可用、1个存疑待核，按此前位置计"}
	for name, p := range map[string]*panel.Panel{"missing": p, "held": held} {
		o := Product(p.Axis)
		o.Infer, o.From = false, 7
		for _, f := range Mine(p, o).Facts {
			text := Say(p, o, f).ZH
			if f.Subject == 0 && f.Period == 7 {
				t.Errorf("%s: a fact of a cell that is not there: %s", name, text)
			}
			if f.Subject == 0 && (f.Kind == RiseBroken || f.Kind == RiseStreak || f.Form == Growth || f.Kind == RankChange) {
				t.Errorf("%s: told across the gap: %s", name, text)
			}
			if f.Peers != None && f.Period == 7 && !strings.Contains(text, coverage[name]) && f.Kind <= WorstRank {
				t.Errorf("%s: no coverage: %s", name, text)
			}
		}
	}
}

// TestCumulative regenerates what a bureau of statistics tells of a year: the
// growth of industrial value added from January on, its rank in the province,
// and how the rank moved against the first quarter, the half and the three
// quarters; the best rank in ten years of whole years.
func TestCumulative(t *testing.T) {
	const years, cities = 11, 16
	axis := panel.Axis{Freq: panel.Monthly, First: 2010 * 12, Len: years * 12}
	rows := make([][]float64, cities)
	for s := range rows {
		rows[s] = make([]float64, axis.Len)
		for c := range rows[s] {
			rows[s][c] = float64(20-s) - 0.01*float64(c%12) // city s ranks s+1 …
		}
	}
	// … and the first city where the text says: worse than 7 in earlier years,
	// then 14, 15, 15 and at last 7 of 16, with 6.6 %.
	place := func(c, rank int, v float64) {
		for s, n := 1, 0; s < cities; s++ {
			if n++; n == rank {
				n++
			}
			rows[s][c] = v + float64(rank-n)*0.1
		}
		rows[0][c] = v
	}
	for y := range years - 1 {
		for m := range 12 {
			place(12*y+m, 9+y%3, 5)
		}
	}
	last := 12 * (years - 1)
	for m := range 12 {
		place(last+m, 12, 4)
	}
	place(last+2, 14, 3.1)
	place(last+5, 15, 3.4)
	place(last+8, 15, 3.9)
	place(last+11, 7, 6.6)
	p := made(axis, panel.Indicator{Name: fault.T("规上工业增加值增速", "growth of industrial value added"), Unit: fault.T("%", "%"), Polarity: panel.LargerBetter, Form: panel.Cumulative, Rate: true}, rows...)
	o := Product(axis)
	o.Infer, o.From, o.Gap = false, last+11, 5
	text := strings.Join(said(p, o, RankChange), "\n")
	for _, want := range []string{"2020年规上工业增加值增速为6.6%，在江州省中居第7位，比2020年一季度前移7位", "比2020年上半年前移8位", "比2020年前三季度前移8位"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q lacks %q", text, want)
		}
	}
	best := said(p, o, BestRank)
	if len(best) != 1 || !strings.Contains(best[0], "居第7位，为有可比记录（2010年）以来最好位次") {
		t.Errorf("%q", best)
	}
}
