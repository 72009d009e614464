package claim

import (
	"fmt"
	"strings"
	"testing"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/panel"
)

// home is a province of three cities, of which the text is the first one's.
func home(t testing.TB) *Checker {
	t.Helper()
	data := `code,year,gdp,gdp_index,va_primary,va_secondary,va_tertiary,revenue,population
11,2020,1769.75,96.8,,,,137.65,232.37
11,2021,1876.29,104.0,,,,144.14,230.38
11,2022,1970.54,103.0,,,,152.53,229.51
11,2023,2181.98,108.7,218.20,840.06,1123.72,168.13,231.65
11,2024,2398.70,107.9,239.87,911.51,1247.32,210.13,229.62
12,2020,3028.89,109.9,,,,237.80,
12,2021,3306.27,107.2,,,,262.20,
12,2022,3484.51,103.4,,,,252.70,
12,2023,3863.20,108.9,,,,323.40,
12,2024,4226.84,107.4,,,,311.50,
13,2020,1766.50,103.1,,,,134.30,
13,2021,1912.13,106.2,,,,157.50,
13,2022,2054.32,105.4,,,,172.20,
13,2023,2207.30,105.5,,,,189.70,
13,2024,2468.54,109.8,,,,198.20,
`
	p, err := panel.ReadCSV([]byte(data), panel.Reading{File: "home.csv", Layout: panel.Wide, SubjectCol: "code", TimeCol: "year"})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Describe([]byte("code,city,province\n11,青澜市,澜江省\n12,白渡市,澜江省\n13,石桥市,澜江省\n"), "code", "city"); err != nil {
		t.Fatal(err)
	}
	terms, err := BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	return New(p, Options{Terms: terms, Peers: "province", Home: "11"})
}

// letters writes verdicts as a, d, m and n.
func letters(list []Finding) string {
	var b strings.Builder
	for _, f := range list {
		b.WriteString(map[Verdict]string{Agrees: "a", Disagrees: "d", Ambiguous: "m", NoData: "n"}[f.Verdict])
	}
	return b.String()
}

// TestWordings: as the drafts of a city's own office are worded.
func TestWordings(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		// whom it is about
		{"2024年白渡市地区生产总值4226.84亿元。全市地区生产总值2398.7亿元，我市居全省第三。", "aaa"},
		{"2024年石桥市地区生产总值2468.54亿元\n2024年地区生产总值2398.7亿元。", "aa"},
		{"2024年，我市经济总量被石桥市超越，居全省第三。", "aa"},
		{"2020年，我市经济总量被石桥市超越。", "d"},
		// numbers however they are written
		{"２０２４年，全市ＧＤＰ２３９８．７亿元，增长７．９％，居全省第３位。", "aaa"},
		{"二〇二四年全市地区生产总值2,398.7亿元，增长百分之七点九。", "aa"},
		{"2024年全市地区生产总值2，398.7亿元，合2 398.7亿元。", "aa"},
		{"24年全市地区生产总值2398.7亿元；23年为2181.98亿元。", "aa"},
		{"2024年全市地区生产总值0.24万亿，白渡市达4227亿。", "aa"},
		{"2024年全市地区生产总值2300多亿元，常住人口229万多人。", "aa"},
		{"2024年全市新登记经营主体3万户、增12%。", ""},
		{"2024年全市地区生产总值增长千分之七十九。", "a"},
		// more, less, about
		{"2024年全市地区生产总值超2399亿元。", "d"}, // not by rounding
		{"2024年全市地区生产总值超2398亿元。", "a"},
		{"2024年全市地区生产总值不足2400亿元。", "a"},
		{"2024年全市地区生产总值不到2300亿元。", "d"},
		{"2024年全市地区生产总值近2398亿元。", "d"},
		{"2020年全市地区生产总值下降超3%。", "a"},
		{"2020年全市地区生产总值下降超4%。", "d"},
		{"2020年全市地区生产总值下降近3.5%。", "a"},
		{"2020年全市地区生产总值同比降3.2%。", "a"},
		{"2024年全市地区生产总值增速降至7.9%。", "a"},
		// times
		{"2024年全市地区生产总值比2020年翻一番。", "d"},
		{"2024年全市一般公共预算收入是2020年的1.53倍，比2020年增长0.53倍。", "aa"},
		{"2024年全市一般公共预算收入比2020年增长0.8倍。", "d"},
		// in a row, and for the first time
		{"2024年白渡市地区生产总值连续5年居全省第一。", "a"},
		{"2024年石桥市地区生产总值连续4年居全省第二，连续五年居全省第二。", "ad"},
		{"2024年全市地区生产总值连续4年增长。", "a"},
		{"2024年全市地区生产总值连续5年增长。", "d"},
		{"2024年全市常住人口连续两年下降。", "d"},
		{"2023年全市地区生产总值首次突破2000亿元。", "a"},
		{"2024年全市地区生产总值首次突破2000亿元。", "d"},
		{"2024年全市常住人口首次跌破230万人。", "d"},
		{"2022年全市常住人口首次跌破230万人。", "a"},
		// spans
		{"2021—2024年，全市地区生产总值年均增长5.9%。", "a"},
		{"2021-24年全市地区生产总值年均增长5.9%。", "a"},
		{"“十四五”以来，全市地区生产总值年均增长5.9%，2024年达2398.7亿元。", "aa"},
		{"2020年以来，全市地区生产总值年均增长5.9%。", "a"},
		{"“十三五”末，全市地区生产总值1769.75亿元。", "a"},
		{"全市地区生产总值由2020年的1769.75亿元增加到2024年的2398.7亿元，年均增长5.9%。", "aaa"},
		// lists
		{"2024年，白渡市、石桥市、青澜市地区生产总值分别位居全省第一、二、三位。", "aaa"},
		{"2024年全市第一、二、三产业增加值分别为239.87亿元、911.51亿元、1247.32亿元。", "aaa"},
		{"2024年全市三次产业结构调整为10:38:52。", "aaa"},
		{"2024年全市三次产业结构调整为10:40:50。", "add"},
		// differences
		{"2024年全市第二产业增加值占地区生产总值的比重为38%，比上年下降0.5个百分点。", "aa"},
		{"2024年全市第二产业增加值占GDP的比重比上年提高0.5个百分点。", "d"},
		{"2024年全市地区生产总值增长7.9%，增速较上年回落0.8个百分点，居全省第二。", "aam"},
		{"2024年全市GDP增速为7.9%，较上年回落0.8个百分点。", "aa"},
		{"2024年石桥市地区生产总值增速居全省首位，比全省末位的白渡市高2.4个百分点。", "aa"},
		{"2024年全市地区生产总值增速高于白渡市0.5个百分点。", "a"},
		{"2024年全市地区生产总值增量达216.7亿元，增量居全省第一。", "a"},
		{"2024年全市地区生产总值与石桥市的差距由上年的25.3亿元变为69.8亿元。", ""},
		{"2024年全市地区生产总值增长7.9%（全省第2）。", "aa"},
		{"2024年白渡市地区生产总值居全省第一，比第二名石桥市多1758.3亿元。", "aa"},
		{"2024年白渡市地区生产总值比石桥市多1800亿元。", "d"},
		{"2024年白渡市地区生产总值超过石桥市1758.3亿元。", "a"},
		{"2024年全市地区生产总值连续四年保持3%以上增长。", "a"},
		{"2024年全市地区生产总值连续五年保持3%以上增长。", "d"},
		{"2024年全市一般公共预算收入占地区生产总值的8.8%，居全省第一。", "a"},
		{"全市三次产业结构由2023年的10:38.5:51.5调整为2024年的10:38:52。", "aaa"},
		{"2024年很不平凡。今年全市地区生产总值2398.7亿元，去年为2181.98亿元。", "aa"},
	} {
		if got := home(t).Check(strings.Split(c.text, "\n")); letters(got) != c.want {
			said := []string{c.text}
			for _, f := range got {
				said = append(said, fmt.Sprintf("%s %s %s %s %v", f.Kind, f.Text, f.Verdict, f.Why.ZH, f.Evidence))
			}
			t.Errorf("%q, want %q: %s", letters(got), c.want, strings.Join(said, "\n\t"))
		}
	}
}

// TestWhere: a claim stands where it was written, however it was read.
func TestWhere(t *testing.T) {
	line := "　　２０２４年，全市ＧＤＰ２３９８．７亿元，增长百分之七点九，居全省第一、二、三位。"
	for _, f := range home(t).Check([]string{line}) {
		if f.Text == "" || strings.TrimSpace(line[f.Start:f.End]) != f.Text {
			t.Errorf("%q is not %q", line[f.Start:f.End], f.Text)
		}
	}
}

// TestParts: a month, a quarter, and what is counted from January on.
func TestParts(t *testing.T) {
	terms, err := ReadDictionary([]byte("code,name,unit,polarity,form,rate,growth,synonyms\nva,规模以上工业增加值,亿元,larger,cumulative,,va_rate,规上工业增加值\nva_rate,规模以上工业增加值增速,%,larger,cumulative,growth,,规上工业增加值增速\n"))
	if err != nil {
		t.Fatal(err)
	}
	p := panel.New(panel.Axis{Freq: panel.Monthly, First: 2025 * 12, Len: 10}, []panel.Subject{
		{Code: "11", Name: fault.T("青澜市", ""), Attrs: map[string]string{"province": "澜江省"}}, {Code: "12", Name: fault.T("白渡市", ""), Attrs: map[string]string{"province": "澜江省"}},
	}, []panel.Indicator{terms["va"], terms["va_rate"]})
	for m := range 10 {
		p.Slabs[0].Set(0, m, float64(100*(m+1)))
		p.Slabs[1].Set(0, m, 4+float64(m)/10)
		p.Slabs[0].Set(1, m, float64(90*(m+1)))
		p.Slabs[1].Set(1, m, 4.85)
	}
	c := New(p, Options{Terms: terms, Peers: "province", Home: "11"})
	for _, x := range []struct{ text, want string }{
		{"2025年1—10月，全市规上工业增加值1000亿元，增长4.9%。", "aa"},
		{"2025年上半年，全市规上工业增加值600亿元；规上工业增加值增长4.5%。", "aa"},
		{"前十个月，全市规上工业增加值增长4.9%。", "a"},
		{"1至10月，全市规上工业增加值增长4.9%。", "a"},
		{"10月份，全市规上工业增加值100亿元。", "m"},
		{"10月份，全市规上工业增加值120亿元。", "d"},
		{"10月当月，全市规上工业增加值100亿元。", "a"},
		{"截至10月末，全市规上工业增加值1000亿元。", "a"},
		{"2025年二季度，全市规上工业增加值300亿元。", "m"},
		{"10月份，全市规上工业增加值增长6.9%。", "n"},
		{"1—10月，全市规上工业增加值增速由1—9月的4.8%提高到4.9%。", "aa"},
		{"1—10月，全市规上工业增加值增速比前三季度加快0.1个百分点，位次较1—9月前移1位。", "aa"},
		{"1—11月，全市规上工业增加值1100亿元。", "n"},
	} {
		if got := c.Check([]string{x.text}); letters(got) != x.want {
			t.Errorf("%s: %s, want %s: %+v", x.text, letters(got), x.want, got)
		}
	}
}

// TestLong: reading takes a time in proportion to the text, however it is made; in
// proportion to its square, these would take minutes each.
func TestLong(t *testing.T) {
	c := home(t)
	for _, piece := range []string{"1", " ", "第一、二、", "2024年全市地区生产总值", "翻", "前十个月"} {
		c.Check([]string{"2024年全市地区生产总值" + strings.Repeat(piece, 200_000/len(piece))})
	}
}

// TestLexicon: a word means one thing.
func TestLexicon(t *testing.T) {
	of := map[string]means{}
	for m, words := range lexicon() {
		for _, w := range words {
			if other, twice := of[w]; twice {
				t.Errorf("%s means %s and %s", w, m, other)
			}
			of[w] = m
		}
	}
}
