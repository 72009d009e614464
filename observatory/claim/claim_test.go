package claim

import (
	"fmt"
	"testing"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/panel"
)

// small is a province of four cities and one of another province, in thousands of
// millions; 2012 is missing for 丁市.
func small(t testing.TB) *Checker {
	t.Helper()
	data := `code,year,gdp,va_secondary,gdp_index,population
01,2010,100.00,40,108,50
01,2011,120.00,50,109,51
01,2012,150.50,66,110.5,52
01,2013,160.00,70,107,53
02,2010,110,50,107,60
02,2011,119,51,107,61
02,2012,140,55,107,62
02,2013,165,56,111,63
03,2010,90,10,105,20
03,2011,95,11,105,21
03,2012,99,12,105,22
03,2013,98,13,104,23
04,2010,80,10,105,20
04,2011,85,11,105,21
04,2013,99.5,12,103,20
05,2010,900,400,106,90
05,2011,950,410,106,90
05,2012,990,420,106,90
05,2013,1000,430,106,90
`
	p, err := panel.ReadCSV([]byte(data), panel.Reading{File: "small.csv", Layout: panel.Wide, SubjectCol: "code", TimeCol: "year"})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Describe([]byte("code,city,province\n01,甲江市,东山省\n02,乙河市,东山省\n03,丙湖市,东山省\n04,丁山市,东山省\n05,戊海市,西水省\n"), "code", "city"); err != nil {
		t.Fatal(err)
	}
	terms, err := BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	return New(p, Options{Terms: terms, Peers: "province"})
}

// TestCheck: one sentence of each wording, with the verdicts of its claims.
func TestCheck(t *testing.T) {
	const a, d, m, n = Agrees, Disagrees, Ambiguous, NoData
	for _, c := range []struct {
		text string
		want []Verdict
	}{
		// amounts
		{"2012年，甲江市地区生产总值达150.5亿元。", []Verdict{a}},
		{"2012年甲江市实现地区生产总值151亿元。", []Verdict{a}}, // to the digits given
		{"2012年甲江市实现地区生产总值149亿元。", []Verdict{d}},
		{"2012年甲江市实现地区生产总值150.50亿元。", []Verdict{a}},
		{"2012年甲江市实现地区生产总值150.51亿元。", []Verdict{d}},
		{"2012年甲江市地区生产总值突破150亿元。", []Verdict{a}},
		{"2012年甲江市地区生产总值超过160亿元。", []Verdict{d}},
		{"2012年甲江市GDP约150亿元。", []Verdict{a}},
		{"2013年末甲江市常住人口53万人。", []Verdict{a}},
		{"2013年末甲江市常住人口530,000人。", []Verdict{a}},
		{"2012年甲江市地区生产总值0.01505万亿元。", []Verdict{a}},
		{"2012年丁山市地区生产总值90亿元。", []Verdict{n}},
		{"2009年甲江市地区生产总值90亿元。", []Verdict{n}},
		{"2012年己城市地区生产总值90亿元。", []Verdict{n}},
		// what goes before holds on
		{"2012年，甲江市地区生产总值150.5亿元，其中第二产业增加值66亿元，居全省第一位。", []Verdict{a, a, a}},
		{"2013年，甲江市地区生产总值160亿元；乙河市165亿元。", []Verdict{a, a}},
		// growth
		{"2012年甲江市地区生产总值按可比价格计算比上年增长10.5%。", []Verdict{a}},
		{"2012年甲江市地区生产总值比上年增长10.5%。", []Verdict{a}}, // as bulletins mean it
		{"2012年甲江市地区生产总值比上年增长25.4%。", []Verdict{m}}, // at current prices only
		{"2012年甲江市地区生产总值名义增长25.4%。", []Verdict{a}},
		{"2012年甲江市地区生产总值比上年增长11.5%。", []Verdict{d}},
		{"2012年甲江市第二产业增加值比上年增长32%。", []Verdict{a}},
		{"2013年丙湖市第二产业增加值比2010年增长30%。", []Verdict{a}},
		{"2010—2012年，甲江市第二产业增加值年均增长28.5%。", []Verdict{a}},
		{"2013年丁山市常住人口比2011年下降4.8%。", []Verdict{a}},
		{"2013年丁山市常住人口比2011年增长4.8%。", []Verdict{d}},
		{"2012年甲江市地区生产总值比上年增加30.5亿元。", []Verdict{a}},
		{"2013年乙河市地区生产总值是2010年的1.5倍。", []Verdict{a}},
		{"2013年乙河市地区生产总值是2010年的1.7倍。", []Verdict{d}},
		// ranks
		{"2012年甲江市地区生产总值居全省第一。", []Verdict{a}},
		{"2013年甲江市地区生产总值居全省第2位。", []Verdict{a}},
		{"2013年甲江市地区生产总值居东山省首位。", []Verdict{d}},
		{"2013年甲江市地区生产总值居全国第3位。", []Verdict{a}},
		{"2013年甲江市地区生产总值位居全省前三。", []Verdict{a}},
		{"2013年丁山市地区生产总值位列全省前二。", []Verdict{d}},
		{"2013年丙湖市地区生产总值居全省末位。", []Verdict{a}},
		{"2013年乙河市地区生产总值增速居全省第一位。", []Verdict{a}},
		{"2012年甲江市地区生产总值由上年的第1位降至第2位。", []Verdict{d}},
		{"2013年甲江市地区生产总值在全省的位次由上年的第1位降至第2位。", []Verdict{a}},
		{"2011年，甲江市地区生产总值排名由第二位升至第一位。", []Verdict{a}},
		{"甲江市地区生产总值由2010年的第2位上升到2012年的第1位。", []Verdict{a}},
		{"2011年甲江市地区生产总值在全省排名比上年前移1位。", []Verdict{a}},
		{"2011年甲江市地区生产总值在全省排名比上年上升2位。", []Verdict{d}},
		{"2013年甲江市地区生产总值居全省第2位，乙河市居首位。", []Verdict{a, a}},
		{"2013年甲江市地区生产总值160亿元，居东山省第2位。", []Verdict{a, a}},
		// firsts
		{"2013年，乙河市地区生产总值自2010年以来再次位居全省第一。", []Verdict{a}},
		{"2013年，乙河市地区生产总值自2011年以来首次位居全省第一。", []Verdict{d}},
		{"2011年，甲江市地区生产总值首次跃居全省第一。", []Verdict{a}},
		{"2012年，甲江市地区生产总值首次跃居全省第一。", []Verdict{d}},
		{"2013年，甲江市常住人口创有记录以来新高。", []Verdict{a}},
		{"2013年，丁山市常住人口为2010年以来最低水平。", []Verdict{a}},
		// shares and comparisons
		{"2012年，甲江市第二产业增加值占地区生产总值的比重为43.9%。", []Verdict{a}},
		{"2013年，甲江市地区生产总值占全省的30.6%。", []Verdict{a}},
		{"2012年，甲江市地区生产总值占全省的38%。", []Verdict{n}}, // a part is missing
		{"2013年，甲江市地区生产总值占戊海市的16%。", []Verdict{a}},
		{"2012年甲江市地区生产总值高于乙河市。", []Verdict{a}},
		{"2013年甲江市地区生产总值超过乙河市。", []Verdict{d}},
		{"2013年甲江市地区生产总值比乙河市少5亿元。", []Verdict{a}},
		{"2013年甲江市地区生产总值比乙河市多5亿元。", []Verdict{d}},
		{"2013年，甲江市、乙河市地区生产总值分别为160亿元、165亿元。", []Verdict{a, a}},
		{"2013年，甲江市、乙河市、丙湖市地区生产总值分别居全省第2、1、4位。", []Verdict{a, a, a}},
		// what is no claim, or of something that the panel does not have
		{"2012年甲江市人均地区生产总值150.5亿元。", nil},
		{"2012年甲江市国内生产总值能耗下降10.5%。", nil},
		{"2012年甲江市地区生产总值150.5亿元，居民消费价格上涨2.1%，工业用电量增长8%。", []Verdict{a}},
		{"2013年甲江市农村贫困人口53万人。", nil},
		{"到2012年地区生产总值要达到200亿元；2013年甲江市地区生产总值160亿元，居全省第2位。", []Verdict{a, a}},
		{"2013年预期目标：地区生产总值增长9%。", nil},
		{"2013年甲江市地区生产总值要增长9%。", nil},
		{"甲江市地区生产总值150亿元。做好下列工作：第一，抓项目；第二，抓环境。", []Verdict{d}},
		{"2012年，甲江市第二产业增加值占地区生产总值的比重由上年的41.7%提高到43.9%。", []Verdict{a, a}},
		{"坚持第一产业、第二产业、第三产业融合发展，召开第三次全体会议。", nil},
		{"我们要再接再厉，推动高质量发展。", nil},
	} {
		var got []Verdict
		var why []string
		for _, f := range small(t).Check([]string{c.text}) {
			got = append(got, f.Verdict)
			why = append(why, fmt.Sprintf("%s %s %v", f.Kind, f.Why.ZH, f.Evidence))
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s\n got %v, want %v\n %v", c.text, got, c.want, why)
		}
	}
}

// TestMonths: a release of months has totals and growth, single and cumulative,
// side by side; who does not say which is asked to.
func TestMonths(t *testing.T) {
	axis := panel.Axis{Freq: panel.Monthly, First: 2026*12 + 8, Len: 2} // September and October
	named := func(code string) panel.Subject {
		return panel.Subject{Code: code, Name: fault.T(code, code), Attrs: map[string]string{"province": "澜江省"}}
	}
	p := panel.New(axis, []panel.Subject{named("澄川市"), named("宁州市"), named("临江市")}, []panel.Indicator{
		{Code: "va_industry", Form: panel.Cumulative}, {Code: "va_industry_rate", Form: panel.Cumulative, Rate: true},
	})
	for s, v := range [][2]float64{{1862.4, 6.1}, {1855.1, 7.3}, {900, 6.9}} {
		p.Slabs[0].Set(s, 1, v[0])
		p.Slabs[1].Set(s, 1, v[1])
	}
	terms, err := BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	terms = terms.With(Dictionary{
		"va_industry":      {Code: "va_industry", Name: fault.T("规模以上工业增加值", ""), Unit: fault.T("亿元", "")},
		"va_industry_rate": {Code: "va_industry_rate", Name: fault.T("规模以上工业增加值", "")},
	})
	for text, want := range map[string]Verdict{
		"2026年1—10月，澄川市规模以上工业增加值居全省第一。":    Ambiguous,
		"2026年1—10月，澄川市规模以上工业增加值总量居全省第一。":  Agrees,
		"2026年1—10月，澄川市规模以上工业增加值增速居全省第一。":  Disagrees,
		"2026年1—10月，澄川市规模以上工业增加值增速居全省第三位。": Agrees,
		"2026年1—10月，澄川市规模以上工业增加值增长6.1%。":   Agrees,
		"2026年1—10月，澄川市规模以上工业增加值1862.4亿元。": Agrees,
		"1—9月，澄川市规模以上工业增加值1862.4亿元。":       NoData,
	} {
		got := New(p, Options{Terms: terms, Peers: "province"}).Check([]string{text})
		if len(got) != 1 || got[0].Verdict != want {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

// TestPublishedGrowth: growth that is published in per cent, as an indicator of its
// own with a name of its own, is what growth means.
func TestPublishedGrowth(t *testing.T) {
	terms, err := ReadDictionary([]byte("code,name,unit,polarity,form,rate,growth,synonyms\nva,规模以上工业增加值,亿元,larger,cumulative,,va_rate,规上工业增加值\nva_rate,规模以上工业增加值增速,%,larger,cumulative,growth,,规上工业增加值增速\n"))
	if err != nil {
		t.Fatal(err)
	}
	p := panel.New(panel.Axis{Freq: panel.Monthly, First: 2025*12 + 9, Len: 13}, nil, []panel.Indicator{terms["va"], terms["va_rate"]})
	for _, name := range []string{"澄川市", "宁州市"} {
		p.Subjects = append(p.Subjects, panel.Subject{Code: name, Name: fault.T(name, name), Attrs: map[string]string{"province": "澜江省"}})
	}
	p.Slabs = []*panel.Slab{panel.NewSlab(2, 13), panel.NewSlab(2, 13)}
	for s, v := range [][3]float64{{1700, 1862.4, 6.1}, {1770, 1855.1, -7.3}} {
		p.Slabs[0].Set(s, 0, v[0])
		p.Slabs[0].Set(s, 12, v[1])
		p.Slabs[1].Set(s, 12, v[2])
	}
	c := New(p, Options{Terms: terms, Peers: "province"})
	for text, want := range map[string]Verdict{
		"2026年1—10月，澄川市规上工业增加值增长6.1%。":   Agrees,
		"2026年1—10月，宁州市规上工业增加值下降7.3%。":   Agrees,
		"2026年1—10月，澄川市规上工业增加值增速为6.1%。":  Agrees,
		"2026年1—10月，澄川市规上工业增加值名义增长9.6%。": Agrees,
		"2026年1—10月，澄川市规上工业增加值增长106.1%。": Disagrees,
		"2026年1—10月，宁州市规上工业增加值增速居全省第一。":  Disagrees,
		"2026年1—10月，澄川市规上工业增加值增速居全省第一。":  Agrees,
		"2026年1—10月，澄川市规上工业增加值1862.4亿元。": Agrees,
	} {
		got := c.Check([]string{text})
		if len(got) != 1 || got[0].Verdict != want {
			t.Errorf("%s: want %s, got %+v", text, want, got)
		}
	}
}

// FuzzCheck: no text makes a checker fail, and every claim lies within its line.
func FuzzCheck(f *testing.F) {
	for _, text := range []string{"2012年，甲江市地区生产总值150.5亿元，居全省第一位。", "分别为、，第十二位前三", "1—9月由第3位升至第1位，占全省的3%", "甲江市、乙河市地区生产总值分别居第1、2位", "倒数第一，自2001年以来首次"} {
		f.Add(text)
	}
	c := small(f)
	f.Fuzz(func(t *testing.T, text string) {
		for _, k := range c.Check([]string{text}) {
			if k.Line != 1 || k.Start < 0 || k.End > len(text) || k.Start >= k.End || k.Verdict == "" || k.Why.ZH == "" || k.Why.EN == "" {
				t.Errorf("%q: %+v", text, k)
			}
		}
	})
}
