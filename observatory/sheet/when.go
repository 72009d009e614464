package sheet

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"touyan.dev/touyan/observatory/panel"
)

// when is a period that a text names.
type when struct {
	freq       panel.Freq
	period     int
	cumulative bool
	yearless   bool // the year is the context's
	day        int  // of a date; 0 when none was written
}

// label writes the period as data name it.
func (w when) label() string {
	return panel.Axis{Freq: w.freq, First: w.period, Len: 1}.Label(0)
}

func (w when) year() int { return w.period / int(w.freq) }

// plainTimes writes numerals and spans of months in one way: 二〇二六年一至十月 and
// 2026年1月—10月 are 2026年1-10月.
func (p *patterns) plainTimes(s string) string {
	s = p.wordYear.ReplaceAllStringFunc(tidy(s), strings.NewReplacer("〇", "0", "零", "0", "○", "0", "一", "1", "二", "2", "三", "3", "四", "4", "五", "5", "六", "6", "七", "7", "八", "8", "九", "9").Replace)
	s = p.wordMonth.ReplaceAllStringFunc(s, func(m string) string {
		return strconv.Itoa(months(strings.TrimSuffix(m, "月"))) + "月"
	})
	for _, n := range strings.Split(dashes, "") {
		s = strings.ReplaceAll(s, "一"+n, "1"+n)
	}
	s = p.span.ReplaceAllString(s, "$1-$2")
	return p.firstMonths.ReplaceAllString(s, "1-${1}月")
}

func months(s string) int {
	n := 0
	for _, r := range s {
		if r == '十' {
			n += 10
		} else {
			n += strings.Count("一二三四五六七八九", string(r)) * (strings.Index("一二三四五六七八九", string(r))/3 + 1)
		}
	}
	return n
}

// find gives the first period that a text names and what is left of the text. A
// part of a year without one (1—10月) is of the given year; 0 when none is known.
// The day of a date and a span of years name no period.
func (p *patterns) find(text string, year int) (when, string, bool) {
	s := p.plainTimes(text)
	for _, m := range p.years.FindAllStringIndex(s, -1) {
		before, after := s[:m[0]], s[m[1]:]
		if before != "" && (isDigit(rune(before[len(before)-1])) || endsInDash(before)) {
			continue
		}
		if w, rest, ok := p.after(s[m[0]:m[1]], after); ok && !(w.day > 0 && before+rest != "") {
			return w, before + rest, true
		}
	}
	if year == 0 {
		return when{}, s, false
	}
	for i := range s {
		if i > 0 && (isDigit(rune(s[i-1])) || s[i-1] == '-' || strings.HasSuffix(s[:i], "第")) {
			continue
		}
		m := p.part.FindString(s[i:])
		if m == "" || strings.HasPrefix(s[i+len(m):], "-") || strings.HasPrefix(m, "q") && len(s[:i]) > 0 {
			continue
		}
		if w, ok := of(strconv.Itoa(year), m); ok {
			w.yearless = true
			return w, s[:i] + s[i+len(m):], true
		}
	}
	return when{}, s, false
}

// dashes are what stands between the ends of a span.
const dashes = "-—–―~〜−‐‑至到"

// endsInDash reports whether a text ends as a span that began with a time:
// 2023—, but not 截至.
func endsInDash(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(strings.TrimRight(s, dashes))
	return strings.TrimRight(s, dashes) != s && (isDigit(r) || r == '年' || r == '月')
}

// after reads what follows a year.
func (p *patterns) after(year, after string) (when, string, bool) {
	rest, named := strings.CutPrefix(after, "年")
	rest = strings.TrimPrefix(rest, "度")
	if m := p.part.FindString(rest); m != "" && (named || strings.HasPrefix(m, "q")) {
		if left := rest[len(m):]; !startsWithDay(left) {
			w, ok := of(year, m)
			return w, strings.TrimPrefix(left, "份"), ok
		}
		return when{}, "", false
	}
	if m := strings.TrimPrefix(rest, "-"); m != rest && strings.HasPrefix(m, "q") && p.part.MatchString(m) {
		w, ok := of(year, m[:2])
		return w, m[2:], ok
	}
	if m := p.day.FindStringSubmatch(rest); !named && m != nil {
		left := rest[len(m[0]):]
		if left != "" && isDigit(rune(left[0])) || m[0][0] == '.' && len(m[1]) != 2 {
			return when{}, "", false
		}
		w, ok := of(year, m[1])
		w.day, _ = strconv.Atoi(m[2])
		return w, left, ok
	}
	if !named && rest != "" && (isDigit(rune(rest[0])) || strings.ContainsRune(dashes+".", []rune(rest)[0])) {
		if len(rest) == 2 && isDigit(rune(rest[1])) { // 202610
			w, ok := of(year, rest)
			return w, "", ok
		}
		return when{}, "", false
	}
	if named && rest != "" && strings.ContainsRune(dashes, []rune(rest)[0]) {
		return when{}, "", false
	}
	w, ok := of(year, "")
	return w, rest, ok
}

// startsWithDay tells a date of publication (11月20日) from a month.
func startsWithDay(s string) bool {
	digits := strings.TrimLeft(s, "0123456789")
	return digits != s && strings.HasPrefix(digits, "日")
}

// of makes a period of a year and a part of it.
func of(year, part string) (when, bool) {
	part = strings.TrimSuffix(part, "份")
	f, n, ok := panel.ParsePeriod(year + "年" + part)
	return when{freq: f, period: n, cumulative: strings.HasPrefix(part, "1-") || part == "上半年" || strings.HasPrefix(part, "前")}, ok
}

// partOf reads a text that is a part of a year and nothing else; a bare number is in
// the given unit (月 or 季度, "" when it is not told).
func (p *patterns) partOf(text, unit string, year int) (w when, provisional, ok bool) {
	s := tidy(text)
	if strings.Trim(s, "0123456789"+dashes) == "" {
		s += unit
	}
	w, provisional, ok = p.read(s, year)
	return w, provisional, ok && w.yearless
}

// read reads a text that is a period and nothing else, but for marks.
func (p *patterns) read(text string, year int) (w when, provisional, ok bool) {
	s := tidy(text)
	if m := p.mark.FindStringIndex(s); m != nil {
		s, provisional = s[:m[0]], true
	}
	w, rest, ok := p.find(s, year)
	switch rest {
	case "累计", "止累计":
		w.cumulative = true
	case "", "末", "底", "当月", "本月":
	default:
		return when{}, false, false
	}
	return w, provisional, ok
}

// rowTime is the period of a row.
type rowTime struct {
	stamp
	sums bool
}

// time reads the period of a row.
func (r *reading) time(row int) (at rowTime, starred, ok bool) {
	if r.TimeCol < 0 {
		return rowTime{stamp: r.title}, false, true
	}
	if r.PartCol >= 0 {
		return r.twoTimes(row)
	}
	w, starred, ok := r.read(r.text(row, r.TimeCol), r.year)
	if ok && w.day > 0 && r.ofYears() { // 2024-01-01 below 年份, as spreadsheets keep a year
		w = when{freq: panel.Yearly, period: w.year()}
	}
	if !ok {
		r.wrong(row, r.TimeCol, "不是可以识别的时间；请写作 2026、2026Q3 或 2026-10。", "It is no period that can be read; write 2026, 2026Q3 or 2026-10.")
	} else if w.day > 1 && w.day < 28 {
		r.wrong(row, r.TimeCol, "这是某一天，按天或按周的数据不能读；请按月、季或年汇总后再上传。", "This is a day, and data by day or week are not read; sum them by month, quarter or year.")
		ok = false
	}
	return rowTime{stamp{w.freq, w.period}, w.cumulative}, starred, ok
}

// ofYears reports whether the column of times is headed as one of years.
func (r *reading) ofYears() bool {
	for row := r.Head; row < r.First; row++ {
		switch tidy(r.text(row, r.TimeCol)) {
		case "年份", "年度", "年", "year":
			return true
		}
	}
	return false
}

// twoTimes reads the period of a row whose year and part of a year stand in two
// columns. A year left empty is the one above, as where cells were merged.
func (r *reading) twoTimes(row int) (at rowTime, starred, ok bool) {
	text := r.text(row, r.TimeCol)
	if tidy(text) != "" || r.yearOf == 0 {
		w, _, ok := r.read(text, 0)
		if !ok || w.freq != panel.Yearly {
			r.yearOf = 0
			r.wrong(row, r.TimeCol, "不是年份；月份或季度另有一列，这里请写作 2026。", "It is no year; months or quarters have a column of their own, so write 2026 here.")
			return at, false, false
		}
		r.yearOf = w.year()
	}
	w, starred, ok := r.partOf(r.text(row, r.PartCol), r.parted, r.yearOf)
	if !ok {
		r.wrong(row, r.PartCol, "不是可以识别的月份或季度；请写作 10月、1—10月、三季度或全年。", "It is no month or quarter that can be read; write 10月, 1—10月, 三季度, or 全年 for the whole year.")
	}
	return rowTime{stamp{w.freq, w.period}, w.cumulative}, starred, ok
}
