package report

import "strings"

const chineseOrdinals = "一二三四五六七八九十"

// headingLevel gives the level of the mark a paragraph begins with: 1 for 一、
// 第一部分 and the known names of parts, 2 for （一）, 3 for 第一， 1. and （1）;
// 0 if there is none.
func headingLevel(rs []rune) int {
	n := 0
	for n < len(rs) && n < 3 && strings.ContainsRune(chineseOrdinals, rs[n]) {
		n++
	}
	if n > 0 && n < len(rs) && rs[n] == '、' {
		return 1
	}
	if len(rs) > 2 && rs[0] == '（' {
		return bracketed(rs)
	}
	if len(rs) > 2 && rs[0] == '第' {
		k := 1
		for k < len(rs) && k < 4 && strings.ContainsRune(chineseOrdinals, rs[k]) {
			k++
		}
		if k > 1 && follows(rs, k, "部分") {
			return 1
		}
		if k > 1 && followsAny(rs, k, "，", "、", "：") > 0 {
			return 3
		}
	}
	if d := countDigits(rs); d > 0 && d <= 3 && d+1 < len(rs) && strings.ContainsRune(".、．）", rs[d]) && !isDigit(rs[d+1]) {
		return 3
	}
	if banner(rs) {
		return 1
	}
	return 0
}

func countDigits(rs []rune) int {
	n := 0
	for n < len(rs) && isDigit(rs[n]) {
		n++
	}
	return n
}

func bracketed(rs []rune) int {
	k := 1
	for k < len(rs) && k < 5 && strings.ContainsRune(chineseOrdinals, rs[k]) {
		k++
	}
	if k > 1 && k < len(rs) && rs[k] == '）' {
		return 2
	}
	if d := countDigits(rs[1:]); d > 0 && d <= 3 && d+1 < len(rs) && rs[d+1] == '）' {
		return 3
	}
	return 0
}

// banner recognises the heading of a part that carries no number: a short line
// without a stop which says what kind of part begins.
func banner(rs []rune) bool {
	if len(rs) < 3 || len(rs) > 30 {
		return false
	}
	if last := rs[len(rs)-1]; isStop(last) || last == '：' || last == '，' || last == '；' || last == '、' {
		return false
	}
	text := string(rs)
	if text == "结束语" || strings.HasPrefix(text, "首先报告") {
		return true
	}
	if strings.ContainsAny(text, "，；") && !strings.Contains(text, "回顾") {
		return false
	}
	for _, w := range []string{"工作回顾", "工作的回顾", "工作总结", "总体要求", "主要任务", "重点任务", "重点工作", "工作任务", "目标任务", "工作部署", "总体部署", "工作安排", "工作建议", "工作的建议", "预期目标"} {
		if strings.HasSuffix(text, w) {
			return true
		}
	}
	return false
}

// tone is what a heading promises of the text below it.
type tone int

const (
	neutral tone = iota
	backward
	forward
	mixed
	closing
)

// toneOf reads a heading. year is the year planned, 0 if unknown.
func toneOf(rs []rune, year int) tone {
	text := string(rs)
	if strings.HasSuffix(text, "结束语") {
		return closing
	}
	back := containsAny(text, "回顾", "总结", "过去", "成就", "主要情况", "一年来", "五年来", "去年", "取得") || strings.HasSuffix(text, "成绩")
	ahead := containsAny(text, "任务", "部署", "建议", "要求", "目标", "方针", "重点", "安排", "今后", "未来", "今年", "打算", "举措", "思路", "计划")
	for i := range rs {
		y, end, ok := calendarYear(rs, i)
		if !ok || year == 0 {
			continue
		}
		if y < year && !back && !ahead && follows(rs, end, "的工作") {
			back = true
		}
	}
	switch {
	case back && ahead:
		return mixed
	case back:
		return backward
	case ahead:
		return forward
	}
	return neutral
}

func containsAny(text string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// partsOf gives the part of each paragraph. A document without a heading that
// looks back is a plan from its first line; in a part that looks back, or both
// ways, the plan begins with the first paragraph that turns to this year.
func partsOf(ps []paragraph, year int) []Part {
	out := make([]Part, len(ps))
	part := Plan
	for _, p := range ps {
		if t := toneOf(p.text, year); p.level == 1 && p.whole && (t == backward || t == mixed) {
			part = Preamble
			break
		}
	}
	outer, both := part, false
	for i, p := range ps {
		switch {
		case strings.HasPrefix(string(p.text[:min(3, len(p.text))]), "本作品") && i*2 > len(ps):
			part, outer = Closing, Closing
		case p.level == 1 && p.whole && outer != Closing:
			t := toneOf(p.text, year)
			part, both = partOfTone(t), t == mixed
			outer = part
		case p.level == 2 && p.whole && outer == Plan:
			part = Plan
			if toneOf(p.text, year) == backward {
				part = Retrospect
			}
		case part == Retrospect && outer == Retrospect && turnsAhead(p.text, year, both):
			part, outer = Plan, Plan
		}
		out[i] = part
	}
	return out
}

func partOfTone(t tone) Part {
	switch t {
	case backward, mixed:
		return Retrospect
	case closing:
		return Closing
	}
	return Plan
}

// turnsAhead reports whether a paragraph leaves the retrospect: it opens with
// this year or the period now planned, or soon speaks of this year's aims.
func turnsAhead(rs []rune, year int, both bool) bool {
	for _, w := range []string{"各位代表", "！", "，", "："} {
		if n := followsAny(rs, 0, w); n > 0 {
			rs = rs[n:]
		}
	}
	opening := string(rs[:min(60, len(rs))])
	if strings.HasPrefix(opening, "今年") || strings.HasPrefix(opening, "展望") {
		return true
	}
	if y, _, ok := calendarYear(rs, 0); ok && year > 0 && y == year {
		return true
	}
	if end, _, ok := planPeriod(rs, 0); both && ok && year > 0 && end >= year {
		return true
	}
	return strings.Contains(opening, "今年") && !containsAny(opening, "去年", "过去", "年来") &&
		containsAny(opening, "方针", "总体要求", "总的要求", "目标", "任务")
}
