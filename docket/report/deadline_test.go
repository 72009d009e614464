package report

import "testing"

func TestParseDeadline(t *testing.T) {
	cases := []struct {
		text string
		year int
		kind DeadlineKind
		date string
	}{
		{"2026-06-30", 0, ByDay, "2026-06-30"},
		{"2026/6/3", 0, ByDay, "2026-06-03"},
		{"2026年6月30日前", 0, ByDay, "2026-06-30"},
		{"6月30日", 2026, ByDay, "2026-06-30"},
		{"6月底前", 2026, ByMonth, "2026-06-30"},
		{"2月底", 2028, ByMonth, "2028-02-29"},
		{"6月前", 2026, ByMonth, "2026-05-31"},
		{"1月前", 2026, ByMonth, "2025-12-31"},
		{"十二月底前", 2026, ByMonth, "2026-12-31"},
		{"2026年9月", 0, ByMonth, "2026-09-30"},
		{"一季度", 2026, ByQuarter, "2026-03-31"},
		{"第三季度末前", 2026, ByQuarter, "2026-09-30"},
		{"上半年", 2026, ByHalfYear, "2026-06-30"},
		{"2027年上半年", 2026, ByHalfYear, "2027-06-30"},
		{"下半年", 2026, ByHalfYear, "2026-12-31"},
		{"年底前", 2026, ByYearEnd, "2026-12-31"},
		{"今年内", 2026, ByYearEnd, "2026-12-31"},
		{"年内完成", 2026, ByYearEnd, "2026-12-31"},
		{"明年底", 2026, ByYearEnd, "2027-12-31"},
		{"到2027年", 2026, ByYear, "2027-12-31"},
		{"2027年前", 2026, ByYear, "2026-12-31"},
		{"二〇三五年", 2026, ByYear, "2035-12-31"},
		{"今年", 2026, ByYear, "2026-12-31"},
		{"三年内", 2026, ByYear, "2028-12-31"},
		{"用两到三年时间", 2026, ByYear, "2028-12-31"},
		{"今后五年", 2026, ByYear, "2030-12-31"},
		{"今明两年", 2026, ByYear, "2027-12-31"},
		{"“十四五”末", 2024, ByPeriod, "2025-12-31"},
		{"“十五五”期间", 2026, ByPeriod, "2030-12-31"},
		{"“十五”期间", 2001, ByPeriod, "2005-12-31"},
		{"“九五”时期", 1997, ByPeriod, "2000-12-31"},
		{"本世纪中叶", 2026, ByPeriod, "2050-12-31"},
		{"本世纪末", 1998, ByPeriod, "2000-12-31"},
		{"春节前", 2026, ByEvent, ""},
		{"长期坚持", 2026, Standing, ""},
		{"年底前", 0, ByYearEnd, ""},
		{"6月底前", 0, ByMonth, ""},
	}
	for _, c := range cases {
		d, ok := ParseDeadline(c.text, c.year)
		if c.kind == Standing {
			if !ok || d.Kind != Standing {
				t.Errorf("%q: %+v", c.text, d)
			}
			continue
		}
		if !ok || d.Kind != c.kind || d.Date != c.date || d.Text != c.text {
			t.Errorf("%q of %d: %v %+v, want %s %s", c.text, c.year, ok, d, c.kind, c.date)
		}
	}
	for _, bad := range []string{"", "尽快", "2026-13-01", "2026-02-30", "2月30日", "13月", "五季度", "每月", "6月底前，另行通知", "2026", "去年"} {
		if d, ok := ParseDeadline(bad, 2026); ok {
			t.Errorf("%q was read as %+v", bad, d)
		}
	}
}

func TestDeadlinesInSentences(t *testing.T) {
	for text, want := range map[string]string{
		"比2020年下降13.5%。":       "",
		"按2010年价格计算。":          "",
		"《2035年远景目标纲要》明确。":     "",
		"落实2026年工作，到2030年完成。":  "2030-12-31",
		"自2026年7月1日起实施。":       "2026-07-01",
		"原定去年下半年推出。":           "",
		"以2015年为目标，2027年底前建成。": "2027-12-31",
		"20世纪90年代以来。":          "",
		"年底前建成。":               "2026-12-31",
		"九年义务教育。":              "",
		"五年来成绩显著。":             "",
		"三年行动计划。":              "",
		"1月至6月开展。":             "2026-06-30",
		"PM2.5月均值下降。":          "",
	} {
		rs := []rune(plain(text))
		d, _ := best(deadlines(rs, 2026))
		if d.Date != want {
			t.Errorf("%q: %+v, want %q", text, d, want)
		}
	}
}

func TestStartIsNoEnd(t *testing.T) {
	rs := []rune("从2026年起实施，年底前见效")
	ds := deadlines(rs, 2026)
	if len(ds) != 2 || !ds[0].Start || ds[1].Start {
		t.Fatalf("%+v", ds)
	}
	if d, _ := best(ds); d.Start {
		t.Error("the day it begins was taken for the day it ends")
	}
}
