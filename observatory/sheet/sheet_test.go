package sheet

import (
	"fmt"
	"strings"
	"testing"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/panel"
)

// lanjiang is what an office of the fictional province of Lanjiang knows.
func lanjiang() Known {
	city := func(code, name string) panel.Subject {
		return panel.Subject{Code: code, Name: fault.T(name, name), Attrs: map[string]string{"province": "澜江省"}}
	}
	ind := func(code, name, unit, growth string, synonyms ...string) panel.Indicator {
		return panel.Indicator{Code: code, Name: fault.T(name, code), Unit: fault.T(unit, unit), Growth: growth, Synonyms: synonyms}
	}
	with := func(x panel.Indicator, change func(*panel.Indicator)) panel.Indicator { change(&x); return x }
	cumulative := func(x *panel.Indicator) { x.Form = panel.Cumulative }
	return Known{
		Subjects: []panel.Subject{
			city("990100", "澄川市"), city("990200", "宁州市"), city("990300", "云浦市"), city("991000", "石林土家族自治州"),
			{Code: "990102", Name: fault.T("东屏区", "Dongping"), Attrs: map[string]string{"province": "澜江省", "city": "澄川市"}},
			{Code: "990103", Name: fault.T("高新区", "High-tech Zone"), Attrs: map[string]string{"province": "澜江省", "city": "澄川市"}},
			{Code: "990000", Name: fault.T("澜江省", "Lanjiang")},
		},
		Indicators: []panel.Indicator{
			with(ind("gdp", "地区生产总值", "亿元", "gdp_index", "生产总值", "GDP"), func(x *panel.Indicator) { x.Parts = []string{"va_primary"} }),
			ind("gdp_index", "地区生产总值指数", "%", ""),
			ind("va_primary", "第一产业增加值", "亿元", "", "第一产业"),
			with(ind("va_industry", "规模以上工业增加值", "亿元", "va_industry_index", "规上工业增加值", "工业增加值"), cumulative),
			with(ind("va_industry_index", "规模以上工业增加值指数", "%", ""), cumulative),
			with(ind("retail", "社会消费品零售总额", "亿元", "", "社零总额"), cumulative),
			with(ind("retail_growth", "社会消费品零售总额增速", "%", ""), cumulative),
			with(ind("revenue", "一般公共预算收入", "亿元", "", "财政收入"), cumulative),
			ind("revenue_month", "一般公共预算收入", "亿元", ""),
			ind("investment", "固定资产投资", "亿元", "investment_index"),
			ind("population", "常住人口", "万人", "", "人口"),
			ind("births", "出生率", "‰", ""),
			ind("exports", "出口总额", "亿元", "exports_rate"),
			with(ind("exports_rate", "出口速度", "%", ""), func(x *panel.Indicator) { x.Pace, x.Rate = true, true }),
			ind("fdi", "实际使用外资", "万美元", ""),
			ind("fdi_yuan", "实际使用外资", "亿元", ""),
			ind("va_tertiary", "第三产业增加值", "亿元", "", "服务业增加值"),
			ind("va_services", "服务业增加值", "亿元", ""),
			ind("power", "全社会用电量", "亿千瓦时", ""),
		},
		Spellings: map[string]string{"澄川全市": "990100"},
	}
}

// show writes a result as lines: "澄川 indicator period value" and what is wrong.
func show(r Result) []string {
	var out []string
	for _, c := range r.Cells {
		v := fmt.Sprint(c.Value)
		if c.Missing {
			v = strings.TrimSuffix("missing "+v, " 0")
		}
		if c.Provisional {
			v += "*"
		}
		if c.Cumulative {
			v += " sum"
		}
		out = append(out, fmt.Sprintf("%s %s %s %s", c.Subject, c.Indicator, when{freq: c.Freq, period: c.Period}.label(), v))
	}
	for _, w := range r.Wrong {
		out = append(out, fmt.Sprintf("wrong %s %s", A1(w.Row, w.Col), w.Text.EN))
	}
	for _, u := range r.Unknown {
		s := fmt.Sprintf("unknown %s %s %s ×%d", u.Kind, A1(u.Row, u.Col), u.Name, u.Count)
		if u.Total {
			s += " total"
		}
		for _, n := range u.Near {
			s += " ~" + n.Code
		}
		out = append(out, s)
	}
	return out
}

// grid makes a grid of lines with | between cells.
func grid(lines ...string) string {
	return strings.ReplaceAll(strings.Join(lines, "\n"), "|", "\t") + "\n"
}

func TestBulletins(t *testing.T) {
	for _, c := range []struct {
		name  string
		text  string
		shape string // layout, header, data, subject, time, indicator, value column, period
		want  []string
		notes []string
	}{
		{
			"a monthly bulletin with two header rows", grid(
				"2026年1—10月全省各市主要经济指标||||",
				"||||单位：亿元、%",
				"地区|规模以上工业增加值||社会消费品零售总额|",
				"|总量|增速|总量|增速",
				"全省|2019.5|5.9|—|4.1",
				"澄川市|186.24|6.4|1,234.5*|4.9",
				"宁州|185.51（初步）|-7.1%|…|１２．５",
				"注：1．本表为快报数。||||",
				"数据来源：澜江省统计局||||",
			),
			"cross 2-4 4-7 0 -1 -1 -1 2026-10 sum", []string{
				"990100 va_industry 2026-10 186.24 sum", "990100 va_industry_index 2026-10 106.4 sum", "990100 retail 2026-10 1234.5* sum", "990100 retail_growth 2026-10 4.9 sum",
				"990200 va_industry 2026-10 185.51* sum", "990200 va_industry_index 2026-10 92.9 sum", "990200 retail 2026-10 missing sum", "990200 retail_growth 2026-10 12.5 sum",
				"unknown subject A5 全省 ×1 total",
			}, nil,
		},
		{
			"one city, its indicators in rows", grid(
				"澄川市2026年1—10月主要经济指标|||",
				"指标名称|计量单位|1—10月累计|比上年同期增长（%）",
				"一、地区生产总值|亿元||",
				"二、规模以上工业增加值|万元|1862400|6.4",
				"　　其中：高技术制造业增加值|亿元|30|9",
				"三、社会消费品零售总额|亿元|1,234.5|4.9",
				"四、常住人口|亿元|5|—",
				"五、全社会用电量|万千瓦时|50000|-1.5",
			),
			"periods 1-2 2-8 -1 -1 0 -1 2026-10 sum", []string{
				"990100 gdp 2026-10 missing sum", "990100 gdp_index 2026-10 missing sum",
				"990100 va_industry 2026-10 186.24 sum", "990100 va_industry_index 2026-10 106.4 sum",
				"990100 retail 2026-10 1234.5 sum", "990100 retail_growth 2026-10 4.9 sum",
				"990100 power 2026-10 5 sum",
				"wrong B7 The unit here does not measure what the indicator's does, so it is not read; check it.",
				"unknown indicator A5 　　其中：高技术制造业增加值 ×1 ~va_industry ~va_services ~va_tertiary",
				"unknown indicator D8 五、全社会用电量 · 比上年同期增长（%） ×1 ~power",
			}, nil,
		},
		{
			"years as columns, the indicator in the title", grid(
				"表3－2 各市地区生产总值（2023—2025年）|||",
				"单位：万元|||",
				"城市|2023年|2024年|2025年*",
				"澜江省澄川市|10,000,000|11000000|12000000",
				"澜江宁州|900 000|-|1e6",
				"云浦县|1|2|3",
				"合计|1|2|3",
			),
			"periods 2-3 3-7 0 -1 -1 -1 ", []string{
				"990100 gdp 2023 1000", "990100 gdp 2024 1100", "990100 gdp 2025 1200*",
				"990200 gdp 2023 90", "990200 gdp 2024 missing", "990200 gdp 2025 100*",
				"unknown subject A6 云浦县 ×1 ~990300", "unknown subject A7 合计 ×1 total",
			}, nil,
		},
		{
			"years as rows", grid(
				"年份|地区|地区生产总值（亿元）|常住人口(人)|出生率（%）|位次|备注",
				"2024年|澄川|1200.5|5123456|0.81|1|x",
				"２０２５|澄 川\u200b市|1300|abc|.|1|",
				"2025|澄川市|1301|5,12|.|1|",
				"2o25|澄川市|1|1|1|1|",
				"2025||1|1|1|1|",
			),
			"wide 0-1 1-6 1 0 -1 -1 ", []string{
				"990100 gdp 2024 1200.5", "990100 population 2024 512.3456", "990100 births 2024 8.1", "990100 births 2025 missing",
				"wrong C3 C4 is of the same subject, indicator and period; keep the right one.",
				"wrong D3 “abc” is no number; leave it empty when there is none.",
				"wrong C4 C3 is of the same subject, indicator and period; keep the right one.",
				"wrong D4 “5,12” is no number; leave it empty when there is none.",
				"wrong A5 It is no period that can be read; write 2026, 2026Q3 or 2026-10.",
				"wrong B6 It does not say which subject; write it.",
			}, nil,
		},
		{
			"long", grid(
				"指标|地区|时间|单位|数值",
				"GDP|990100|2026年前三季度|万元|10000",
				"地区生产总值增速|澄川市|2026年前三季度|%|6.1%",
				"人均地区生产总值|澄川市|2026年前三季度|元|61",
			),
			"long 0-1 1-4 1 2 0 4 ", []string{
				"990100 gdp 2026Q3 1 sum", "990100 gdp_index 2026Q3 106.1 sum",
				"unknown indicator A4 人均地区生产总值 ×1 ~gdp ~gdp_index",
			}, nil,
		},
		{
			"the month and the sum since January", grid(
				"2026年10月财政收入||||",
				"序号|地区|一般公共预算收入||上年同期",
				"||本月|累计|",
				"1|澄川市|10|101.5|99",
				"2|宁州市|11|-|98",
			),
			"cross 1-3 3-5 1 -1 -1 -1 2026-10", []string{
				"990100 revenue_month 2026-10 10", "990100 revenue 2026-10 101.5 sum", "990200 revenue_month 2026-10 11", "990200 revenue 2026-10 missing sum",
			}, []string{"1 4 This column is of the year or period before and is not read; import earlier figures from their own tables."},
		},
		{
			"months below years, sections, the header again", grid(
				"表1 规模以上工业增加值||||",
				"（二〇二六年）||||",
				"编制单位：澜江省统计局||单位：亿元||",
				"地  区|1—2月|1—3月|同比±%|位次",
				"甲|1|2|3|4",
				"一、省辖市||||",
				"澄川市|30.1|45.2|6.4|1",
				"地  区|1—2月|1—3月|同比±%|位次",
				"二、自治州||||",
				"石林州|3|4.5 (初步)|*|2",
			),
			"periods 3-5 5-10 0 -1 -1 -1 2026", []string{
				"990100 va_industry 2026-02 30.1 sum", "990100 va_industry 2026-03 45.2 sum", "990100 va_industry_index 2026-03 106.4",
				"991000 va_industry 2026-02 3 sum", "991000 va_industry 2026-03 4.5* sum",
				"wrong D10 “*” is no number; leave it empty when there is none.",
			}, nil,
		},
		{
			"columns of many kinds", grid(
				"2025年全省各地主要经济指标||||||||||||",
				"代码|名称|地区生产总值（亿元）|比上年增长（%）|人均地区生产总值（元）|常住人口（亿元）|固定资产投资|固定资产投资|出生率||全社会用电量（万千瓦时）|gdp排名|数据状态",
				"||||||总额|第一产业|||||",
				"甲|乙|1|2|3|4|5|6|7|8|9|10|11",
				"990100|澄川市|1200.5|5.5|90000|510|12%|3|8.1‰|7|10000|1|初步数",
				"990200|宁州市|1100|…|80000|400|1,200|3|0.9%|7|20000|2|最终数",
				"990400|新川市|1|1|1|1|1|1|1|1|1|1|",
			),
			"cross 1-4 4-7 0 -1 -1 -1 2025", []string{
				"990100 gdp 2025 1200.5*", "990100 gdp_index 2025 105.5*", "990100 births 2025 8.1*", "990100 power 2025 1*",
				"990200 gdp 2025 1100", "990200 gdp_index 2025 missing", "990200 investment 2025 1200", "990200 births 2025 9", "990200 power 2025 2",
				"wrong G5 This is a percentage, and the indicator is not in per cent; check the indicator.",
				"wrong J5 This column holds values and has no header, so it is not read; name in the header what they are.",
				"unknown indicator E2 人均地区生产总值（元） ×3 ~gdp ~gdp_index",
				"unknown indicator H3 固定资产投资 · 第一产业 ×3 ~investment ~va_primary",
				"unknown subject A7 990400 ×1 ~990000 ~990100 ~990200",
			}, []string{"1 5 The unit in the header does not measure what the indicator's does, so the column is not read; check both."},
		},
		{
			"months as rows below the title's year", grid(
				"澄川市2026年社会消费品零售总额|||",
				"月份|社会消费品零售总额|增速|",
				"1—2月|200|4.1|",
				"1—3月|310|4.2|",
				"1—3月|310|4.2|",
			),
			"wide 1-2 2-5 -1 0 -1 -1 2026", []string{
				"990100 retail 2026-02 200 sum", "990100 retail_growth 2026-02 4.1 sum",
				"wrong B4 B5 is of the same subject, indicator and period; keep the right one.",
				"wrong C4 C5 is of the same subject, indicator and period; keep the right one.",
				"wrong B5 B4 is of the same subject, indicator and period; keep the right one.",
				"wrong C5 C4 is of the same subject, indicator and period; keep the right one.",
			}, nil,
		},
		{
			"a header merged over months, the year above", grid(
				"全省各市情况||||",
				"|2026年10月||2026年1—10月|",
				"|规模以上工业增加值（亿元）|一般公共预算收入（亿元）|规模以上工业增加值（亿元）|一般公共预算收入（亿元）",
				"澄川市|18|10|186.24|101.5",
			),
			"cross 1-3 3-4 0 -1 -1 -1 ", []string{
				"990100 revenue_month 2026-10 10", "990100 va_industry 2026-10 186.24 sum", "990100 revenue 2026-10 101.5 sum",
			}, []string{"2 1 Another column is of the same indicator and period and counts as the indicator does (single or cumulative); this one is not read."},
		},
		{
			"nothing is told", grid(
				"澄川市|12.5|3",
				"宁州市|11.5|2",
			),
			"cross 0-0 0-2 0 -1 -1 -1 ", []string{
				"wrong A1 The period of the data is not given; enter it, such as 2026-10.",
			}, []string{
				"-1 -1 The header was not recognised; say which rows it is in.",
				"-1 -1 The period of the data was not recognised; enter it, such as 2026-10.",
			},
		},
		{
			"no period, a second table below the notes, sums of money in several units", grid(
				"单位：亿元、万元||",
				"地区|地区生产总值|常住人口",
				"澄川市|1|2",
				"资料来源：统计局||",
				"地区|地区生产总值|常住人口",
				"宁州市|3|4",
			),
			"cross 1-2 2-3 0 -1 -1 -1 ", []string{
				"wrong A2 The period of the data is not given; enter it, such as 2026-10.",
			}, []string{
				"5 0 There are values below the notes, outside of what is read; move the end of the data, or part the sheet in two.",
				"1 1 The sheet names several units that fit, and not which is this column's; it is read in the indicator's own. Check it.",
				"1 2 The sheet's unit does not fit this indicator; it is read in 万人. Check it.",
				"-1 -1 The period of the data was not recognised; enter it, such as 2026-10.",
			},
		},
		{
			"by week", grid("week|code|全社会用电量", "2026-11-09|990100|5", "2026-11-16|990100|6"),
			"wide 0-1 1-3 1 0 -1 -1 ", []string{
				"wrong A2 This is a day, and data by day or week are not read; sum them by month, quarter or year.",
				"wrong A3 This is a day, and data by day or week are not read; sum them by month, quarter or year.",
			}, nil,
		},
		{
			"two periods in the title", grid("2026年10月简报||", "2026年1—9月主要指标||", "地区|固定资产投资|", "澄川市|5|"),
			"cross 2-3 3-4 0 -1 -1 -1 2026-10", []string{"990100 investment 2026-10 5"},
			[]string{"1 0 The title names more than one period; the first was taken. Check it."},
		},
		{
			"a province beside its cities, marks in the header, totals as a column, a value and then none", grid(
				"澄川市统计局编：2025年||||",
				"省份|城市|地区生产总值（初步）|合计|全社会用电量（万千瓦时）",
				"澜江省|澄川市|1|5|9e307",
				"澜江省|宁州市|2|5|1",
				"澜江省|宁州市|-|5|-",
			),
			"cross 1-2 2-5 1 -1 -1 -1 2025", []string{
				"990100 gdp 2025 1*", "990100 power 2025 9e+303", "990200 gdp 2025 2*", "990200 power 2025 0.0001",
				"unknown indicator D2 合计 ×3",
			}, nil,
		},
		{
			"values that look like years", grid("2025年各市常住人口|||", "地区|2024年|2025年|总量", "澄川市|2010|2011|1", "宁州市|1999|2000|1"),
			"periods 1-2 2-4 0 -1 -1 -1 2025", []string{"990100 population 2024 2010", "990100 population 2025 2011", "990200 population 2024 1999", "990200 population 2025 2000"},
			[]string{"1 3 The period of this column was not recognised and it is not read; say which it is."},
		},
		{
			"an account since January for an indicator of months", grid("2026年1—10月||", "地区|固定资产投资|", "澄川市|5|"),
			"cross 1-2 2-3 0 -1 -1 -1 2026-10 sum", []string{"990100 investment 2026-10 5 sum"},
			[]string{"1 1 This column counts from the beginning of the year, the indicator is of single periods; check it."},
		},
		{
			"a row in a unit that does not fit, and one too large, are told once", grid("指标|单位|2024|2025", "常住人口|亿元|1|2", "固定资产投资|万亿元|1|1e308"),
			"periods 0-1 1-3 -1 -1 0 -1 ", []string{"wrong A1 No subject is given; say which column holds subjects, or of which subject the sheet is."},
			[]string{"-1 -1 No column of subjects was recognised, and the title names none; say which it is."},
		},
		{
			"data without a header", grid("澄川市|2026年|固定资产投资|", "宁州市|2026年|固定资产投资|5"),
			"cross 0-1 1-2 0 -1 -1 -1 ", []string{"wrong A1 The period of the data is not given; enter it, such as 2026-10."},
			[]string{"-1 -1 The header was not recognised; say which rows it is in.", "-1 -1 The period of the data was not recognised; enter it, such as 2026-10."},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			grids, err := Open("t.csv", []byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			s, notes := Guess(grids[0], lanjiang())
			got := fmt.Sprintf("%s %d-%d %d-%d %d %d %d %d %s", s.Layout, s.Head, s.First, s.First, s.Last, s.SubjectCol, s.TimeCol, s.IndicatorCol, s.ValueCol, s.Period)
			if s.Cumulative {
				got += " sum"
			}
			if s.SubjectCol >= 0 && s.Subject != "" {
				t.Errorf("two subjects: %+v", s)
			}
			if got != c.shape {
				t.Errorf("shape\n got %s\nwant %s", got, c.shape)
			}
			var told []string
			for _, n := range notes {
				told = append(told, fmt.Sprintf("%d %d %s", n.Row, n.Col, n.Text.EN))
			}
			compare(t, "notes", told, c.notes)
			compare(t, "result", show(Read(grids[0], s, lanjiang())), c.want)
		})
	}
}

func compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("%s\n got:\n%s\nwant:\n%s", what, g, w)
	}
}

// TestCorrected: what a person changes in a shape is what is read.
func TestCorrected(t *testing.T) {
	k := lanjiang()
	grids, err := Open("x.csv", []byte(grid("指标|单位|2024|2025", "常住人口|亿元|1|2", "固定资产投资|万亿元|1|1e308")))
	if err != nil {
		t.Fatal(err)
	}
	s, _ := Guess(grids[0], k)
	s.Subject = "990100"
	compare(t, "with a subject", show(Read(grids[0], s, k)), []string{
		"990100 investment 2024 10000",
		"wrong B2 The unit here does not measure what the indicator's does, so it is not read; check it.",
		"wrong D3 The value is too large to be kept; check it.",
	})
	s.Scale[2], s.Periods = 0.5, map[int]string{2: "2023Q4", 9: "2024"}
	compare(t, "with a factor and other periods", show(Read(grids[0], s, k)), []string{
		"990100 population 2023Q4 0.5", "990100 investment 2023Q4 0.5", "990100 investment 2024 missing",
		"wrong B2 The unit here does not measure what the indicator's does, so it is not read; check it.",
	})
	for _, c := range []struct {
		change func(*Shape)
		want   string
	}{
		{func(s *Shape) { s.Layout, s.Period = "other", "2025" }, "wrong A1 Say how the sheet is laid out."},
		{func(s *Shape) { s.Layout = panel.Long }, "wrong A1 The period of the data is not given; enter it, such as 2026-10."},
		{func(s *Shape) { s.Layout, s.Period = panel.Long, "2025" }, "wrong A1 Say which column holds the values."},
		{func(s *Shape) { s.Period = "soon" }, "wrong A1 The period entered cannot be read; write 2026, 2026Q3 or 2026-10."},
		{func(s *Shape) { s.Periods = map[int]string{2: "soon"} }, "wrong C1 The period chosen for this column cannot be read; write 2026, 2026Q3 or 2026-10."},
		{func(s *Shape) { s.IndicatorCol, s.Indicator = -1, "none" }, "wrong A1 No indicator is given; say which column holds indicators, or of which indicator the sheet is."},
		{func(s *Shape) { s.Layout, s.Period, s.Columns = Cross, "2025", map[int]string{2: "none", 3: ""} }, "wrong C1 The indicator chosen for this column is not in the catalogue; choose another."},
	} {
		s, _ := Guess(grids[0], k)
		s.Subject = "990100"
		if c.change(&s); s.Layout != panel.Periods {
			s.Periods = nil
		}
		compare(t, "refused", show(Read(grids[0], s, k)), []string{c.want})
	}
}

// TestCorrectedUnits: a column that a person gives another indicator is turned into
// that one's unit, by what its header or the line above says.
func TestCorrectedUnits(t *testing.T) {
	k := lanjiang()
	grids, err := Open("x.csv", []byte(grid("2025年|||单位：万元", "地区|甲指标|乙（万人）|丙增速（%）", "澄川市|50000|5|6.1")))
	if err != nil {
		t.Fatal(err)
	}
	s, _ := Guess(grids[0], k)
	s.Columns = map[int]string{1: "investment", 2: "births", 3: "gdp_index"}
	compare(t, "by the header", show(Read(grids[0], s, k)), []string{
		"990100 investment 2025 5", "990100 gdp_index 2025 106.1",
		"wrong C2 The unit in the header does not measure what the indicator's does, so the column is not read; check both.",
	})
	s.Scale, s.Shift = map[int]float64{1: 1, 2: 2}, map[int]float64{3: 0}
	compare(t, "as a person says", show(Read(grids[0], s, k)), []string{"990100 investment 2025 50000", "990100 births 2025 10", "990100 gdp_index 2025 6.1"})
}

// TestShort: what is wrong with a cell is told without more than twenty characters
// of it.
func TestShort(t *testing.T) {
	secret := strings.Repeat("居民身份证号", 5)
	grids, err := Open("x.csv", []byte(grid("地区|年份|固定资产投资", "澄川市|2025|"+secret)))
	if err != nil {
		t.Fatal(err)
	}
	s, _ := Guess(grids[0], lanjiang())
	r := Read(grids[0], s, lanjiang())
	if len(r.Wrong) != 1 {
		t.Fatalf("%+v", r)
	}
	for _, text := range []string{r.Wrong[0].Text.ZH, r.Wrong[0].Text.EN} {
		if strings.Contains(text, string([]rune(secret)[:20])) || !strings.Contains(text, string([]rune(secret)[:19])) {
			t.Errorf("%s", text)
		}
	}
}

func TestNumbering(t *testing.T) {
	for row, want := range map[string]bool{"甲|1|2|3": true, "栏次|(1)|(2)": true, "|0|1": true, "甲|1|3": false, "澄川市|1|2": false, "甲|5|6": false, "甲|1": false, "甲|1|2.5": false, "1|2|3": true} {
		q := newTable(Grid{Rows: [][]string{strings.Split(row, "|")}}, Shape{}, Known{})
		if got := q.numbering(0); got != want {
			t.Errorf("%s: %v", row, got)
		}
	}
}
