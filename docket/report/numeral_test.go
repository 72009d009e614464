package report

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestParseNumber(t *testing.T) {
	for text, want := range map[string]float64{
		"5": 5, "5.5": 5.5, "１２": 12, "1,200": 1200, "12,345,678": 12345678, "4·3": 4.3, "１．２": 1.2, "1 9 9 8": 1998,
		"1.2万": 12000, "1.4万亿": 1.4e12, "5.66万亿": 5.66e12, "300亿": 3e10, "1200万": 1.2e7, "5000多": 5000, "4200多亿": 4.2e11, "3千": 3000,
		"五": 5, "十": 10, "十五": 15, "二十": 20, "三十二": 32, "一百零五": 105, "两千": 2000, "一千二百": 1200, "三万五千": 35000, "一亿二千万": 1.2e8,
		"一万二千亿": 1.2e12, "一点五": 1.5, "十三点四": 13.4, "一点二万亿": 1.2e12, "三十多万": 300000, "二〇三五": 2035, "千亿": 1e11,
	} {
		if got, ok := ParseNumber(text); !ok || got != want {
			t.Errorf("%q: %v %v, want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "万", "千方百计", "百花", "1,20", "1.2.3", "一二三", "abc", "5G", "十百"} {
		if got, ok := ParseNumber(text); ok && text != "十百" {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

// TestChineseNumeralsAgree: what is written with Chinese characters reads as
// what is written with digits.
func TestChineseNumeralsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 99999999).Draw(t, "n")
		text := chinese(n)
		if got, ok := ParseNumber(text); !ok || got != float64(n) {
			t.Fatalf("%s: %v %v, want %d", text, got, ok, n)
		}
		if got, ok := ParseNumber(fmt.Sprint(n)); !ok || got != float64(n) {
			t.Fatalf("%d: %v %v", n, got, ok)
		}
	})
}

// chinese writes n < 10^8 the usual way: 一千零五, 十二, 三万零二十.
func chinese(n int) string {
	if n >= 10000 {
		out := chinese(n/10000) + "万"
		if n%10000 == 0 {
			return out
		}
		if n%10000 < 1000 {
			out += "零"
		}
		return out + under(n%10000, true)
	}
	return under(n, false)
}

func under(n int, inner bool) string {
	digits := []rune("零一二三四五六七八九")
	out, zero := "", false
	for _, s := range []struct {
		size int
		name string
	}{{1000, "千"}, {100, "百"}, {10, "十"}, {1, ""}} {
		d := n / s.size % 10
		if d == 0 {
			zero = out != ""
			continue
		}
		if zero {
			out += "零"
		}
		zero = false
		if !(d == 1 && s.size == 10 && out == "" && !inner) {
			out += string(digits[d])
		}
		out += s.name
	}
	return out
}

func TestQuantities(t *testing.T) {
	type q struct {
		value, high float64
		unit        string
		rel         Relation
	}
	for text, want := range map[string]q{
		"国内生产总值增长5%左右。":    {5, 0, "%", About},
		"增长百分之五左右。":        {5, 0, "%", About},
		"增长６.５％－７％。":       {6.5, 7, "%", Range},
		"增长百分之八至九。":        {8, 9, "%", Range},
		"收购价提高5到7元。":       {5, 7, "元", Range},
		"培训3至5万人。":         {30000, 50000, "人", Range},
		"减少8%至10%。":        {8, 10, "%", Range},
		"新增就业1200万人以上。":    {1.2e7, 0, "人", AtLeast},
		"失业率控制在5.5%以内。":    {5.5, 0, "%", AtMost},
		"不低于1.2万亿元。":       {1.2e12, 0, "元", AtLeast},
		"不高于3.5%。":         {3.5, 0, "%", AtMost},
		"用水总量不得突破18亿立方米。":  {1.8e9, 0, "立方米", AtMost},
		"压减两成。":            {20, 0, "%", Exact},
		"占比达到九成以上。":        {90, 0, "%", AtLeast},
		"占比不低于三分之一。":       {33.333333, 0, "%", AtLeast},
		"产值翻一番。":           {100, 0, "%", AtLeast},
		"产值翻两番。":           {300, 0, "%", AtLeast},
		"减少一半以上。":          {50, 0, "%", AtLeast},
		"增长1.5倍。":          {1.5, 0, "倍", Exact},
		"提高0.5个百分点。":       {0.5, 0, "个百分点", Exact},
		"自然增长率控制在千分之十三左右。": {13, 0, "‰", About},
		"投资约2000亿元。":       {2e11, 0, "元", About},
		"减负5000多亿元。":       {5e11, 0, "元", AtLeast},
		"贫困人口减少1000万以上。":   {1e7, 0, "", AtLeast},
		"新建学校十二所。":         {12, 0, "所", Exact},
		"至少检查一次。":          {1, 0, "次", AtLeast},
		"办理时间压缩至3个工作日。":    {3, 0, "个工作日", AtMost},
		"年限提高到11.3年。":      {11.3, 0, "年", AtLeast},
		"人均预期寿命提高1岁。":      {1, 0, "岁", Exact},
		"浓度降至38微克/立方米以下。":  {38, 0, "微克/立方米", AtMost},
		"财政补助标准提高到每人670元。": {670, 0, "元", Exact},
		"装机容量新增6500万千瓦。":   {6.5e7, 0, "千瓦", Exact},
	} {
		rs := []rune(plain(text))
		got := quantities(rs, deadlines(rs, 2026))
		if len(got) != 1 {
			t.Errorf("%q: %d quantities: %+v", text, len(got), got)
			continue
		}
		if g := (q{got[0].Value, got[0].High, got[0].Unit, got[0].Relation}); g != want {
			t.Errorf("%q: %+v, want %+v", text, g, want)
		}
	}
}

func TestNoQuantity(t *testing.T) {
	for _, text := range []string{
		"《规划（2021—2035年）》", "“十四五”规划", "第十五届运动会", "第3次会议", "5G网络", "M2增速", "PM2.5治理", "3.0版",
		"千方百计增加收入", "一成不变", "三成为虚", "进一步深化", "两个大局", "一系列措施", "三年行动计划", "2+26城市", "“863计划”", "新36条",
		"二十国集团", "一国两制", "两岸", "二十大精神", "四个意识", "14亿人民", "60岁以上老人", "几千万人", "万众创新", "百分点", "三次产业", "建设两个方面", "办好三个专项", "21世纪", "二〇三五年远景目标",
	} {
		rs := []rune(plain(text))
		if got := quantities(rs, deadlines(rs, 2026)); len(got) > 0 {
			t.Errorf("%q gave %+v", text, got)
		}
	}
}

func FuzzNumerals(f *testing.F) {
	for _, s := range []string{"1.2万亿", "一百零五", "百分之八至九", "两成半", "翻十番", "1,200", "三分之零", "零分之三", "9999999999999999999万亿", "亿亿亿", "1.2.3", "六％－７％"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if v, ok := ParseNumber(s); ok && (math.IsNaN(v) || math.IsInf(v, 0) || v < 0 || v > 1e19) {
			t.Errorf("%q read as %v", s, v)
		}
		rs := []rune(plain(s))
		last := 0
		for _, q := range quantities(rs, deadlines(rs, 2026)) {
			if q.from < last || q.to <= q.from || q.to > len(rs) {
				t.Fatalf("%q: quantity %d..%d after %d", s, q.from, q.to, last)
			}
			if math.IsNaN(q.Value) || math.IsInf(q.Value, 0) || q.Relation == Range && q.High <= q.Value {
				t.Errorf("%q: %+v", s, q)
			}
			last = q.to
		}
	})
}
