package sheet

import (
	"testing"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/panel"
)

func TestFigures(t *testing.T) {
	for in, want := range map[string]figure{
		"": {missing: true}, " \u3000\u200b": {missing: true}, "-": {missing: true}, "—": {missing: true}, "……": {missing: true}, "/": {missing: true}, "－": {missing: true}, "— *": {missing: true, provisional: true},
		"0": {}, "12.5": {value: 12.5}, "１，２３４．５": {value: 1234.5}, "1 234\u2009567": {value: 1234567}, "- 5.2": {value: -5.2}, "−5.2": {value: -5.2}, "1\u200b2": {value: 12},
		"6.4%": {value: 6.4, sign: "%"}, "6.4 ％": {value: 6.4, sign: "%"}, "8.1‰": {value: 8.1, sign: "‰"}, "1e3": {value: 1000},
		"7*": {value: 7, provisional: true}, "7 （初步）": {value: 7, provisional: true}, "7.5%(初步核算数)": {value: 7.5, sign: "%", provisional: true}, "7**": {value: 7, provisional: true},
	} {
		if got, ok := newPatterns().readFigure(in); got != want || !ok {
			t.Errorf("%q is %+v %v, not %+v", in, got, ok, want)
		}
	}
	for _, in := range []string{"*", "（初步）", "%", "abc", "12 34", "1,23", "1.2.3", "增长5", "1e999", "Inf", "0x10", "5-6", "=A1", "三", "(5)"} {
		if got, ok := newPatterns().readFigure(in); ok {
			t.Errorf("%q is read as %+v", in, got)
		}
	}
}

func TestTimes(t *testing.T) {
	p := newPatterns()
	for in, want := range map[string]string{
		"2026": "2026", "２０２６年": "2026", "2026年度": "2026", "2026年*": "2026", "2026-10": "2026-10", "2026.10": "2026-10", "202610": "2026-10", "2026/3": "2026-03", "2026年10月": "2026-10", "2026年10月份": "2026-10", "2026年10月末": "2026-10", "2026-10-31": "2026-10",
		"2026年1—10月": "2026-10 sum", "2026年1月—10月": "2026-10 sum", "2026年1至10月": "2026-10 sum", "2026年1－10月累计": "2026-10 sum", "2026年前10个月": "2026-10 sum", "2026年10月累计": "2026-10 sum",
		"2026Q3": "2026Q3", "2026年第三季度": "2026Q3", "2026年前三季度": "2026Q3 sum", "2026年上半年": "2026Q2 sum", "2026年全年": "2026", "二〇二六年十月": "2026-10", "二○二六年": "2026", "二〇二六年一至十月": "2026-10 sum", "二零二六年十二月": "2026-12",
		"1—10月": "2025-10 sum", "10月": "2025-10", "一季度": "2025Q1", "上半年": "2025Q2 sum", "全年": "2025",
		"": "", "10": "", "2026年13月": "", "2026年3—5月": "", "2026年下半年": "", "2025—2026年": "", "2025-2026": "", "2026年产量": "", "12026": "", "20261": "", "3277.8": "", "2026.5": "", "1998.53": "", "澄川": "", "2026年至2027年": "",
	} {
		w, _, ok := p.read(in, 2025)
		got := ""
		if ok {
			if got = w.label(); w.cumulative {
				got += " sum"
			}
		}
		if got != want {
			t.Errorf("%q is read as %q, not %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"2026年1—10月全省各市主要经济指标": "2026-10", "澄川市2026年前三季度经济运行": "2026Q3", "发布日期：2026年11月20日": "", "（2023—2025年）": "", "2025年统计年鉴": "2025", "电话20261234": "", "data_2026-10.csv": "2026-10", "2026-11-20发布": "",
		"截至2026年10月末": "2026-10", "1—10月": "",
	} {
		w, _, ok := p.find(in, 0)
		got := ""
		if ok {
			got = w.label()
		}
		if got != want {
			t.Errorf("%q names %q %v, not %q", in, got, ok, want)
		}
	}
}

func TestPlaces(t *testing.T) {
	k := lanjiang()
	add := func(code, name, province string) {
		k.Subjects = append(k.Subjects, panel.Subject{Code: code, Name: fault.T(name, ""), Attrs: map[string]string{"province": province}})
	}
	add("980100", "朝平市", "澄北省")
	add("990104", "朝平区", "澜江省")
	add("980200", "宝清市", "澄北省")
	add("990500", "宝清市", "澜江省")
	add("970000", "远疆维吾尔自治区", "")
	add("970100", "远疆石河", "")
	for in, want := range map[string]string{
		"990100": "990100", "９９０１００": "990100", "澄川市": "990100", "澄川": "990100", " 澄　川\u2009": "990100", "澄川市*": "990100", "Lanjiang": "990000", "lanjiang": "990000", "澄川全市": "990100",
		"澜江省澄川市": "990100", "澜江澄川": "990100", "澜江省澄川": "990100", "澄川市东屏区": "990102", "东屏": "990102", "澄川东屏": "990102", "一、澄川市": "990100", "1.澄川市": "990100", "其中：东屏区": "990102",
		"石林州": "991000", "石林": "991000", "石林土家族自治州": "991000", "远疆": "970000", "石河": "970100",
		"朝平市": "980100", "朝平区": "990104", "朝平": "", "宝清市": "", "澜江省宝清市": "990500", "澄北省宝清": "980200", "澄北省澄川市": "", "澄川区": "", "澄川县": "", "全省": "", "合计": "", "": "", "市": "", "澄": "", "川市": "", "新澄川市": "",
	} {
		if got := newPlaces(newPatterns(), k).find(in); got != want {
			t.Errorf("%q is %q, not %q", in, got, want)
		}
	}
}

func TestHeads(t *testing.T) {
	k := lanjiang()
	x := newLexicon(newPatterns(), k)
	for _, c := range []struct {
		parts      string // parted by |
		cumulative bool
		want       string // code, shift, unit, period
	}{
		{"地区生产总值", false, "gdp"}, {"地区生产总值（GDP）", false, ""}, {"GDP", false, "gdp"}, {"ｇｄｐ", false, "gdp"}, {"gdp", false, "gdp"}, {"一、地区生产总值（亿元）", false, "gdp 亿元"}, {"全市地区生产总值/万元", false, "gdp 万元"},
		{"地区生产总值：亿元", false, "gdp 亿元"}, {"地区生产总值（2025年，亿元）", false, "gdp 亿元 2025"}, {"地区生产总值|（亿元）", false, "gdp 亿元"}, {"地区生产总值（现价）", false, "gdp"}, {"地区生产总值（初步核算）", false, "gdp"},
		{"地区生产总值|同比增长（%）", false, "gdp_index +100 %"}, {"地区生产总值增速", false, "gdp_index +100"}, {"地区生产总值比上年增长%", false, "gdp_index +100"}, {"地区生产总值|比上年同期±%", false, "gdp_index +100"}, {"增速|地区生产总值", false, "gdp_index +100"},
		{"地区生产总值指数", false, "gdp_index"}, {"地区生产总值指数（上年=100）", false, "gdp_index"}, {"地区生产总值（上年=100）", false, "gdp_index"}, {"社会消费品零售总额（上年=100）", true, ""}, {"社会消费品零售总额增速（上年=100）", true, ""},
		{"社会消费品零售总额|增速", true, "retail_growth"}, {"社零总额增幅", true, "retail_growth"}, {"社会消费品零售总额增速", true, "retail_growth"},
		{"社会消费品零售总额名义增长", true, ""}, {"常住人口|增速", false, ""}, {"固定资产投资|同比增长", false, ""}, {"地区生产总值环比增长", false, ""},
		{"人均地区生产总值", false, ""}, {"工业增加值占地区生产总值比重", false, ""}, {"地区生产总值|位次", false, ""}, {"地区生产总值|上年同期", false, ""}, {"地区生产总值目标", false, ""},
		{"地区生产总值|第一产业", false, "va_primary"}, {"固定资产投资|第一产业", false, ""}, {"固定资产投资|第一产业增加值", false, "va_primary"}, {"主要指标|第一产业", false, "va_primary"}, {"规模以上工业|增加值", false, "va_industry"}, {"规模以上工业|增加值|增速", false, "va_industry_index +100"},
		{"一般公共预算收入", true, "revenue"}, {"一般公共预算收入", false, "revenue_month"}, {"一般公共预算收入|本月", true, "revenue_month"}, {"一般公共预算收入|累计", false, "revenue"}, {"一般公共预算收入|1—10月", false, "revenue 2026-10"}, {"一般公共预算收入|10月", true, "revenue_month 2026-10"},
		{"出口总额|增速", false, "exports_rate"}, {"出口总额（上年=100）", false, "exports_rate -100"}, {"实际使用外资（亿元）", false, "fdi_yuan 亿元"}, {"实际使用外资（万美元）", false, "fdi 万美元"}, {"实际使用外资", false, ""}, {"服务业增加值", false, "va_services"}, {"第三产业增加值", false, "va_tertiary"},
		{"年末常住人口", false, ""}, {"常住人口（万人）", false, "population 万人"}, {"全社会用电量（亿千瓦时）", false, "power 亿千瓦时"}, {"总量", false, ""}, {"", false, ""},
	} {
		var parts []string
		for from, i := 0, 0; i <= len(c.parts); i++ {
			if i == len(c.parts) || c.parts[i] == '|' {
				parts, from = append(parts, c.parts[from:i]), i+1
			}
		}
		h := x.head(parts, 2026)
		got := ""
		if m, ok := x.target(h, c.cumulative); ok {
			got = k.Indicators[m.ind].Code
			if m.shift != 0 {
				got += map[float64]string{100: " +100", -100: " -100"}[m.shift]
			}
			if h.unit != "" {
				got += " " + h.unit
			}
			if h.timed {
				got += " " + h.when.label()
			}
		}
		if got != c.want {
			t.Errorf("%s means %q, not %q: %+v", c.parts, got, c.want, h)
		}
	}
}

func TestUnits(t *testing.T) {
	x := newLexicon(newPatterns(), Known{})
	for _, c := range []struct {
		from, to string
		want     float64
		ok       bool
	}{
		{"万元", "亿元", 1e-4, true}, {"亿元", "万元", 1e4, true}, {"千元", "亿元", 1e-5, true}, {"人", "万人", 1e-4, true}, {"‰", "%", 0.1, true}, {"％", "%", 1, true}, {"万千瓦时", "亿千瓦时", 1e-4, true}, {"万吨标准煤", "吨标准煤", 1e4, true}, {"万美元", "百万美元", 1e-2, true},
		{"", "亿元", 1, true}, {"亿元", "", 1, true}, {"某单位", "某单位", 1, true}, {"亿元", "万人", 0, false}, {"%", "亿元", 0, false}, {"某单位", "亿元", 0, false}, {"元", "美元", 0, false},
	} {
		if got, ok := x.factor(c.from, c.to); got != c.want || ok != c.ok {
			t.Errorf("%s to %s: %v %v", c.from, c.to, got, ok)
		}
	}
}
