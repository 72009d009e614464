package sheet

import (
	"fmt"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"touyan.dev/touyan/observatory/panel"
)

// TestLayouts reads sheets in the layouts and with the marks that bulletins and
// yearbooks have; every one is recognised without a note.
func TestLayouts(t *testing.T) {
	for _, c := range []struct {
		name, text string
		layout     panel.Layout
		want       []string
	}{
		{
			"year and month in two columns, the year written once", grid(
				"全省主要指标分月情况||||", "年份|月份|地区|全社会用电量（亿千瓦时）|一般公共预算收入（亿元）",
				"2026|9|澄川市|5|1", "2026年|10月|宁州|6|2", "|１１|澄川市|7|—",
			), panel.Wide, []string{
				"990100 power 2026-09 5", "990100 revenue_month 2026-09 1", "990200 power 2026-10 6", "990200 revenue_month 2026-10 2", "990100 power 2026-11 7", "990100 revenue_month 2026-11 missing",
			},
		},
		{
			"year and quarter in two columns, in each way to write a quarter", grid(
				"年|季度|地区|固定资产投资", "2025|4|澄川市|4", "2026|1|澄川市|5", "2026年|二季度|澄川市|6", "2026|Q3|澄川市|7*", "2026|第四季度|澄川市|8",
			), panel.Wide, []string{"990100 investment 2025Q4 4", "990100 investment 2026Q1 5", "990100 investment 2026Q2 6", "990100 investment 2026Q3 7*", "990100 investment 2026Q4 8"},
		},
		{
			"the month before the year, in English", grid("month|year|code|社会消费品零售总额", "1—2月|2025|990100|5", "10|2026|990100|6"),
			panel.Wide, []string{"990100 retail 2025-02 5 sum", "990100 retail 2026-10 6"},
		},
		{
			"a column of years beside one that tells the whole period", grid("年份|月份|地区|固定资产投资", "2026|2026年9月|澄川市|5", "2026|202610|澄川市|6"),
			panel.Wide, []string{"990100 investment 2026-09 5", "990100 investment 2026-10 6"},
		},
		{
			"long, with year and quarter", grid("指标|地区|年度|季度|单位|数值", "GDP|澄川市|2026|前三季度|万元|10000", "GDP|澄川市|2026|全年|万元|20000"),
			panel.Long, []string{"990100 gdp 2026Q3 1 sum", "990100 gdp 2026 2"},
		},
		{
			"cells that are wrong in two columns", grid(
				"年份|月份|地区|固定资产投资", "2026|13|澄川市|5", "2026-09|9|澄川市|6", "|9|澄川市|6", "二〇二六年|十月|澄川市|7", "|下半年|澄川市|8", "||澄川市|9",
			), panel.Wide, []string{
				"990100 investment 2026-10 7",
				"wrong B2 It is no month or quarter that can be read; write 10月, 1—10月, 三季度, or 全年 for the whole year.",
				"wrong A3 It is no year; months or quarters have a column of their own, so write 2026 here.",
				"wrong A4 It is no year; months or quarters have a column of their own, so write 2026 here.",
				"wrong B6 It is no month or quarter that can be read; write 10月, 1—10月, 三季度, or 全年 for the whole year.",
				"wrong B7 It is no month or quarter that can be read; write 10月, 1—10月, 三季度, or 全年 for the whole year.",
			},
		},
		{
			"cities across, indicators down, a column of units", grid(
				"2026年1—10月各市主要经济指标|||||", "||单位：亿元、%|||", "指标|单位|澄川市|宁州市①|新川市|全省",
				"一、规模以上工业增加值|亿元|186.24|185.51|1|2000", "规模以上工业增加值增速|%|6.4|-7.1|1|5", "二、社会消费品零售总额|万元|1,234,500|…|1|3", "出口速度|%|5|x|1|1", "高技术产业|亿元|1|2|3|4", "常住人口|亿元|1|2|3|4",
				"注：1.宁州市为快报数。|||||", "2.增速按可比价计算。|||||",
			), Across, []string{
				"990100 va_industry 2026-10 186.24 sum", "990200 va_industry 2026-10 185.51 sum", "990100 va_industry_index 2026-10 106.4 sum", "990200 va_industry_index 2026-10 92.9 sum",
				"990100 retail 2026-10 123.45 sum", "990200 retail 2026-10 missing sum", "990100 exports_rate 2026-10 5 sum",
				"wrong D7 “x” is no number; leave it empty when there is none.",
				"wrong B9 The unit here does not measure what the indicator's does, so it is not read; check it.",
				"unknown subject E3 新川市 ×6 ~990100", "unknown subject F3 全省 ×6 total", "unknown indicator A8 高技术产业 ×1 ~va_primary",
			},
		},
		{
			"cities across, an empty corner, full width, units in brackets", grid(
				"2025年各市情况|||", "|澄川|宁州市|云浦市", "地区生产总值（万元）|１２，０００，０００|11 000 000|——", "常住人口（万人）|５１０．５|400|无", "出生率（‰）|８．１‰|0.9％|不详", "数据来源：统计局|||",
			), Across, []string{
				"990100 gdp 2025 1200", "990200 gdp 2025 1100", "990300 gdp 2025 missing", "990100 population 2025 510.5", "990200 population 2025 400", "990300 population 2025 missing",
				"990100 births 2025 8.1", "990200 births 2025 9", "990300 births 2025 missing",
			},
		},
		{
			"cities across over amount and growth, 地区 in the corner", grid(
				"2025年各市情况|||||", "地区|澄川市||宁州市||位次", "|总量|增速（%）|总量|增速（%）|", "地区生产总值（亿元）|1200|5.1|1100|4%|1", "进出口|1|2|3|4|1",
			), Across, []string{
				"990100 gdp 2025 1200", "990100 gdp_index 2025 105.1", "990200 gdp 2025 1100", "990200 gdp_index 2025 104",
				"unknown indicator A5 进出口 ×1",
			},
		},
		{
			"cities across, years down, the indicator in the title", grid(
				"各市地区生产总值（2023—2025年）|||", "单位：亿元|||", "年份|澄川市|宁州市|平均", "2023|1|2|1.5", "2024年|3|—|3", "2025*|5|6|5.5",
			), Across, []string{
				"990100 gdp 2023 1", "990200 gdp 2023 2", "990100 gdp 2024 3", "990200 gdp 2024 missing", "990100 gdp 2025 5*", "990200 gdp 2025 6*", "unknown subject D3 平均 ×3 total",
			},
		},
		{
			"cities across, year and quarter down", grid("各市固定资产投资|||", "年份|季度|澄川市|宁州市", "2025|一季度|1|2", "|二季度|3|4"),
			Across, []string{"990100 investment 2025Q1 1", "990200 investment 2025Q1 2", "990100 investment 2025Q2 3", "990200 investment 2025Q2 4"},
		},
		{
			"years below cities across", grid("指标|澄川市||宁州市|", "|2024|2025|2024|2025", "地区生产总值（亿元）|1|2|3|4", "常住人口（万人）|1|2|3|4"),
			Across, []string{
				"990100 gdp 2024 1", "990100 gdp 2025 2", "990200 gdp 2024 3", "990200 gdp 2025 4", "990100 population 2024 1", "990100 population 2025 2", "990200 population 2024 3", "990200 population 2025 4",
			},
		},
		{
			"cities down, one period in the title, units in a row of their own, who filled it in below", grid(
				"2026年10月各市主要指标|||", "地区|固定资产投资|常住人口|社会消费品零售总额增速", "计量单位|万元|人|%", "甲|1|2|3", "澄川市|50，000|5 100 000|６．４％", "宁州市|/|...|-",
				"备注|||", "填表人：某某|审核人：某某|填报日期：2026年11月18日|",
			), Cross, []string{
				"990100 investment 2026-10 5", "990100 population 2026-10 510", "990100 retail_growth 2026-10 6.4",
				"990200 investment 2026-10 missing", "990200 population 2026-10 missing", "990200 retail_growth 2026-10 missing",
			},
		},
		{
			"units below the header, the first left empty", grid("2025年各市主要指标||", "地区|地区生产总值|常住人口", "|（万元）|（人）", "澄川市①|50000|5100000②"),
			Cross, []string{"990100 gdp 2025 5", "990100 population 2025 510"},
		},
		{
			"years below indicators across", grid("城市|地区生产总值（亿元）||常住人口（万人）|", "|2024年|2025年|2024年|2025年", "澄川市|1|2|3|4"),
			Cross, []string{"990100 gdp 2024 1", "990100 gdp 2025 2", "990100 population 2024 3", "990100 population 2025 4"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			grids, err := Open("t.csv", []byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			s, notes := Guess(grids[0], lanjiang())
			if s.Layout != c.layout || len(notes) > 0 {
				t.Errorf("%+v\n%+v", s, notes)
			}
			compare(t, "result", show(Read(grids[0], s, lanjiang())), c.want)
		})
	}
}

// TestAcrossWorkbook: merged cells of a workbook are read as the empty ones of a
// text are.
func TestAcrossWorkbook(t *testing.T) {
	data := workbook(t, func(f *excelize.File) []error {
		const s = "Sheet1"
		return []error{
			f.MergeCell(s, "A1", "F1"), f.SetCellValue(s, "A1", "2026年1—10月各市主要经济指标"),
			f.MergeCell(s, "A2", "B3"), f.SetCellValue(s, "A2", "指标"), f.MergeCell(s, "C2", "D2"), f.SetCellValue(s, "C2", "澄川市"), f.MergeCell(s, "E2", "F2"), f.SetCellValue(s, "E2", "宁州市"),
			f.SetSheetRow(s, "C3", &[]any{"总量（亿元）", "增速（%）", "总量（亿元）", "增速（%）"}),
			f.MergeCell(s, "A4", "B4"), f.SetCellValue(s, "A4", "规模以上工业增加值"), f.SetSheetRow(s, "C4", &[]any{186.24, 6.4, 185.51, -7.1}),
			f.MergeCell(s, "A5", "B5"), f.SetCellValue(s, "A5", "社会消费品零售总额"), f.SetSheetRow(s, "C5", &[]any{1234.5, 4.9, nil, 1}),
			f.MergeCell(s, "A6", "F6"), f.SetCellValue(s, "A6", "注：本表为快报数。"),
		}
	})
	grids, err := Open("a.xlsx", data)
	if err != nil {
		t.Fatal(err)
	}
	s, notes := Guess(grids[0], lanjiang())
	if s.Layout != Across || len(notes) > 0 {
		t.Errorf("%+v %v", s, notes)
	}
	compare(t, "result", show(Read(grids[0], s, lanjiang())), []string{
		"990100 va_industry 2026-10 186.24 sum", "990100 va_industry_index 2026-10 106.4 sum", "990200 va_industry 2026-10 185.51 sum", "990200 va_industry_index 2026-10 92.9 sum",
		"990100 retail 2026-10 1234.5 sum", "990100 retail_growth 2026-10 4.9 sum", "990200 retail 2026-10 missing sum", "990200 retail_growth 2026-10 1 sum",
	})
}

// TestAcrossCorrected: a person says which subject a column is of, and that one is
// not read.
func TestAcrossCorrected(t *testing.T) {
	grids, err := Open("x.csv", []byte(grid("2025年||||", "指标|甲市|澄川市|丙市|丁市", "常住人口|1|2|3|4")))
	if err != nil {
		t.Fatal(err)
	}
	k := lanjiang()
	s, _ := Guess(grids[0], k)
	s.Subjects = map[int]string{1: "990200", 2: "", 3: "none"}
	compare(t, "result", show(Read(grids[0], s, k)), []string{
		"990200 population 2025 1",
		"wrong D2 The subject chosen for this column is not in the catalogue; choose another.",
		"unknown subject E2 丁市 ×1",
	})
	s.IndicatorCol, s.Indicator = -1, ""
	compare(t, "without an indicator", show(Read(grids[0], s, k)), []string{"wrong A2 No indicator is given; say which column holds indicators, or of which indicator the sheet is."})
}

// TestLeft: a person who corrected a column is not told about it again.
func TestLeft(t *testing.T) {
	k := lanjiang()
	grids, err := Open("x.csv", []byte(grid("报送：统计局||单位：万美元", "地区|固定资产投资|常住人口|上年同期", "澄川市|1|2|3")))
	if err != nil {
		t.Fatal(err)
	}
	s, notes := Guess(grids[0], k)
	if s.Head != 1 || len(notes) != 4 {
		t.Fatalf("%+v %v", s, notes)
	}
	same, other := s, s
	same.Period = "2025"
	if left := s.Left(notes, same); len(left) != 3 || left[0].Col != 1 {
		t.Errorf("%v", left)
	}
	other.Columns = map[int]string{1: "investment", 2: "", 3: ""}
	if left := s.Left(notes, other); len(left) != 2 || left[1].Col != 3 {
		t.Errorf("%v", left)
	}
	other.Layout = panel.Long
	if left := s.Left(notes, other); len(left) != 0 {
		t.Errorf("%v", left)
	}
}

func TestPartOfYear(t *testing.T) {
	p := newPatterns()
	for _, c := range []struct{ text, unit, want string }{
		{"10", "月", "2026-10"}, {"01", "月", "2026-01"}, {"1-10", "月", "2026-10"}, {"1—10月", "", "2026-10"}, {"３", "季度", "2026Q3"}, {"Q3", "", "2026Q3"}, {"三季度", "月", "2026Q3"}, {"全年", "月", "2026"},
		{"13", "月", ""}, {"5", "季度", ""}, {"10", "", ""}, {"2025年10月", "月", ""}, {"", "月", ""}, {"—", "月", ""}, {"2026", "月", ""}, {"澄川", "月", ""},
	} {
		w, _, ok := p.partOf(c.text, c.unit, 2026)
		got := ""
		if ok {
			got = w.label()
		}
		if got != c.want {
			t.Errorf("%s in %s is %q, not %q", c.text, c.unit, got, c.want)
		}
	}
}

// TestSharedTransposed writes provinces side by side, as yearbooks do, and
// compares with panel.ReadCSV.
func TestSharedTransposed(t *testing.T) {
	text := shared(t, "cn_provinces_gdp_vintages.csv")
	p, err := panel.ReadCSV([]byte(text), panel.Reading{Layout: panel.Wide, SubjectCol: "province_code", TimeCol: "year", Indicators: []string{"gdp_100m_yuan"}, VintageCol: "vintage", Vintage: "C2025"})
	if err != nil {
		t.Fatal(err)
	}
	p.Indicators[0].Code = "gdp"
	k := Known{Subjects: p.Subjects, Indicators: lanjiang().Indicators[:1]}
	for i := range k.Subjects {
		name := fmt.Sprintf("第%s号省", string(rune('甲'+i)))
		k.Subjects[i].Name.ZH, k.Subjects[i].Name.EN = name, name
	}
	var lines []string
	for _, row := range spell(p, Across, true) {
		lines = append(lines, strings.Join(row[1:], "|"))
	}
	grids, err := Open("各省地区生产总值.csv", []byte(grid(lines...)))
	if err != nil {
		t.Fatal(err)
	}
	s, notes := Guess(grids[0], k)
	r := Read(grids[0], s, k)
	if s.Layout != Across || len(notes)+len(r.Wrong)+len(r.Unknown) > 0 {
		t.Fatalf("%+v %v %v %v", s, notes, r.Wrong, r.Unknown)
	}
	same(t, p, r)
}
