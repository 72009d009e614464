package report

// quantities finds the numbers of a sentence that measure something, from left
// to right. Dates, names (《》, "三年行动"), ordinals and figures of speech are
// left out; taken holds the runes that deadlines have claimed.
func quantities(rs []rune, taken []Deadline) []Quantity {
	var out []Quantity
	depth := 0
	for i := 0; i < len(rs); i++ {
		switch rs[i] {
		case '《':
			depth++
		case '》':
			depth = max(0, depth-1)
		}
		if depth > 0 {
			continue
		}
		if len(taken) > 0 && i >= taken[0].from && i < taken[0].to {
			i = taken[0].to - 1
			taken = taken[1:]
			continue
		}
		for len(taken) > 0 && taken[0].to <= i {
			taken = taken[1:]
		}
		q, ok := quantityAt(rs, i)
		if !ok {
			if !isYearDigit(rs[i]) {
				continue
			}
			if n, num := readNumber(rs, i); num && n.end > i+1 && isDigit(rs[i]) {
				i = n.end - 1
			} else if num && i > 0 && rs[i-1] == '第' {
				i = n.end - 1
			}
			continue
		}
		out = append(out, q)
		i = q.to - 1
	}
	return out
}

// quantityAt reads one quantity which begins at rune i, and its relation.
func quantityAt(rs []rune, i int) (Quantity, bool) {
	if !isYearDigit(rs[i]) && !hasRune("百千万亿翻壹贰叁肆伍陆柒捌玖", rs[i]) {
		return Quantity{}, false // most runes begin no number
	}
	if i > 0 && (isLatin(rs[i-1]) || isDigit(rs[i-1]) || rs[i-1] == '第' || rs[i-1] == '.' || rs[i-1] == '“' || rs[i-1] == '+' || rs[i-1] == '几' || rs[i-1] == '数') {
		return Quantity{}, false
	}
	q := Quantity{from: i, Relation: Exact}
	if !q.fixed(rs, i) && !q.measured(rs, i) {
		return Quantity{}, false
	}
	q.rangeTo(rs)
	q.relate(rs)
	q.Text = string(rs[q.from:q.to])
	return q, true
}

// fixed reads the forms that carry their own unit: 百分之五, 三分之一, 两成,
// 翻一番, 一半.
func (q *Quantity) fixed(rs []rune, i int) bool {
	if n := followsAny(rs, i, "百分之", "千分之"); n > 0 {
		v, ok := readNumber(rs, i+n)
		if !ok {
			return false
		}
		q.Value, q.Unit, q.to = v.value, "%", v.end
		if rs[i] == '千' {
			q.Unit = "‰"
		}
		return true
	}
	if rs[i] == '翻' {
		n, ok := readNumber(rs, i+1)
		end := n.end
		if ok && follows(rs, end, "番") && n.value >= 1 && n.value <= 10 {
			q.Value, q.Unit, q.to = float64(int(1)<<int(n.value))*100-100, "%", end+1
			return true
		}
		return false
	}
	if follows(rs, i, "一半") && !follows(rs, i, "一半是") {
		q.Value, q.Unit, q.to = 50, "%", i+2
		return true
	}
	n, ok := readNumber(rs, i)
	if !ok {
		return false
	}
	if follows(rs, n.end, "分之") {
		m, ok := readNumber(rs, n.end+2)
		if !ok || n.value == 0 || n.value == 100 {
			return false
		}
		q.Value, q.Unit, q.to = tidy(m.value/n.value*100), "%", m.end
		return true
	}
	if follows(rs, n.end, "成") && n.value >= 1 && n.value <= 10 && !n.scaled && afterCheng(rs, n.end+1) {
		q.Value, q.Unit, q.to = n.value*10, "%", n.end+1
		if follows(rs, q.to, "半") {
			q.Value, q.to = q.Value+5, q.to+1
		}
		return true
	}
	return false
}

// afterCheng tells 两成 (20 %) from 一成不变 and 三成为.
func afterCheng(rs []rune, i int) bool {
	return i >= len(rs) || !hasRune("为员果立本就功效熟品长分不套批", rs[i])
}

func hasRune(set string, r rune) bool {
	for _, s := range set {
		if s == r {
			return true
		}
	}
	return false
}

// measured reads a number with a unit word.
func (q *Quantity) measured(rs []rune, i int) bool {
	n, ok := readNumber(rs, i)
	if !ok || n.sequence || n.end >= len(rs) && !n.scaled {
		return false
	}
	end := n.end
	more := n.more
	if w := followsAny(rs, end, "以上", "以内", "以下", "左右"); w > 0 {
		if unit, l, found := unitWords().at(rs, end+w); found && n.arabic && unit != "人" {
			q.Value, q.Unit, q.to = n.value, unit, end+w+l
			return true
		}
	}
	if end < len(rs) && rs[end] == '年' {
		return q.years(rs, i, n)
	}
	unit, l, found := unitWords().at(rs, end)
	if !found {
		return q.upTo(rs, n) || q.bare(rs, n)
	}
	if n.arabic && !arabicUnit(rs, i, end, l, unit, n) || !n.arabic && !chineseUnit(rs, i, end, l, n) {
		return false
	}
	q.Value, q.Unit, q.to = n.value, unit, end+l
	if w := followsAny(rs, q.to, "多", "余"); w > 0 && !more {
		more, q.to = true, q.to+w
	}
	if more {
		q.Relation = AtLeast
	}
	return true
}

// arabicUnit leaves out 5G, 第3次 and what else looks like number and unit.
func arabicUnit(rs []rune, i, end, l int, unit string, n numeral) bool {
	switch unit {
	case "号线", "市", "省", "县", "城", "镇", "村", "站":
		return n.scaled || builders().beforeAny(rs, i)
	case "条":
		return !precedes(rs, i, "新") && !followsAnyBool(rs, end+l, "意见", "措施", "规定")
	case "个":
		return !follows(rs, end, "个民族")
	case "期", "本", "对", "方", "路", "口", "度", "类", "种", "级", "份", "门", "班", "包", "组":
		return n.scaled || n.value >= 10 || builders().beforeAny(rs, i)
	case "人":
		return n.value < 1e9 && !(follows(rs, end, "人口") && n.value >= 1e8 || follows(rs, end, "人民"))
	case "小时":
		return !followsAnyBool(rs, end+l, "在线", "不打烊", "自助", "值")
	case "岁":
		return precedesAny(rs, i, "到", "至", "达", "为", "提高", "增加", "达到", "延长")
	}
	return true
}

func followsAnyBool(rs []rune, i int, words ...string) bool { return followsAny(rs, i, words...) > 0 }

func (l *lexicon[T]) beforeAny(rs []rune, i int) bool {
	_, _, ok := l.before(rs, i)
	return ok
}

// chineseUnit decides whether a Chinese numeral with a unit is a target.
func chineseUnit(rs []rune, i, end, l int, n numeral) bool {
	if i > 0 && (rs[i-1] == '第' || rs[i-1] == '十' || rs[i-1] == '新') {
		return false
	}
	if n.scaled {
		return true
	}
	if followsAnyBool(rs, end+l, "方面", "问题", "关系", "环节", "层面", "要求", "意识", "自信", "维护", "确立", "阶段", "文明", "毫不", "大局", "专项", "重点") {
		return false
	}
	if frequency(rs, i) {
		return true
	}
	if builders().beforeAny(rs, i) {
		return n.value >= 2
	}
	_, sl, small := smallUnits().at(rs, end)
	if !small || sl < l {
		return false
	}
	if n.value >= 2 && n.value < 10 {
		return !followsAnyBool(rs, end, "次产业", "次创业", "次分配", "次会议", "人世界", "次大会", "元", "人民", "次全会", "套班子", "家马车")
	}
	return n.value >= 10 && !followsAnyBool(rs, end, "人民") || follows(rs, end, "倍") ||
		n.value == 1 && followsAnyBool(rs, end, "个百分点")
}

// frequency finds 至少 or 每年 a few runes before a number in the same clause:
// there even 一次 is a target.
func frequency(rs []rune, i int) bool {
	return near(rs, i, "每年", "每月", "每季度", "每半年", "每周") || near(rs, i, "至少", "不少于", "不低于")
}

// near reports whether one of words stands shortly before rune i, in the same
// clause.
func near(rs []rune, i int, words ...string) bool {
	for k := i - 1; k >= 0 && i-k <= 8 && !hasRune("，；。：、", rs[k]); k-- {
		if followsAnyBool(rs, k, words...) {
			return true
		}
	}
	return false
}

// years reads a length of time that is itself a target: 延长30年, 提高到10.8年.
func (q *Quantity) years(rs []rune, i int, n numeral) bool {
	if n.digits == 4 && !n.scaled || followsAnyBool(rs, n.end, "年行动", "年计划", "年来", "年代", "年级", "年制") {
		return false
	}
	if !follows(rs, n.end, "年过渡期") && !precedesAny(rs, i, "从", "由", "延长", "提高", "增加", "缩短", "达到", "到", "至", "不少于", "不低于", "不变", "稳定", "期限为", "一次性延长") {
		return false
	}
	q.Value, q.Unit, q.to = n.value, "年", n.end+1
	return true
}

// upTo reads 5到7元: the unit stands after the second number only.
func (q *Quantity) upTo(rs []rune, n numeral) bool {
	w := followsAny(rs, n.end, "到", "至", "-", "－", "—", "～")
	if w == 0 || !n.arabic {
		return false
	}
	m, ok := readNumber(rs, n.end+w)
	if !ok || !m.arabic || m.value <= n.value {
		return false
	}
	unit, l, found := unitWords().at(rs, m.end)
	if !found {
		return false
	}
	low := n.value
	if m.scaled && !n.scaled && m.value > low*1e3 { // 3至5万人
		for _, f := range []float64{1e12, 1e8, 1e4} {
			if m.value/f >= 1 && low*f < m.value {
				low *= f
				break
			}
		}
	}
	q.Value, q.High, q.Unit, q.to, q.Relation = low, m.value, unit, m.end+l, Range
	return true
}

// bare allows a number without a unit word if its size shows it is one
// ("贫困人口1000万以上"), and never an identifier.
func (q *Quantity) bare(rs []rune, n numeral) bool {
	if !n.arabic || !n.scaled && !n.more {
		return false
	}
	if followsAnyBool(rs, n.end, "中国", "人民", "农民", "各族", "劳动力", "国民") && n.value >= 1e8 {
		return false
	}
	if n.end < len(rs) && (isLatin(rs[n.end]) || followsAnyBool(rs, n.end, "版", "届", "号", "月", "日")) {
		return false
	}
	if n.value < 10 && (n.end >= len(rs) || !isHan(rs[n.end])) {
		return false
	}
	if n.value < 1000 && !n.more && followsAny(rs, n.end, "以上", "以内", "左右", "以下") == 0 {
		return false
	}
	q.Value, q.to = n.value, n.end
	if n.more {
		q.Relation = AtLeast
	}
	return true
}

// rangeTo reads the second half of 6%－7%, 百分之八至九, 3至5万人.
func (q *Quantity) rangeTo(rs []rune) {
	if q.Relation == Range {
		return
	}
	w := followsAny(rs, q.to, "－－", "——", "至", "到", "-", "－", "—", "～", "~", "–")
	if w == 0 {
		return
	}
	high := Quantity{}
	i := q.to + w
	if i >= len(rs) {
		return
	}
	switch {
	case high.fixed(rs, i) || high.measured(rs, i):
		if high.Unit != q.Unit && high.Unit != "" || high.Value <= q.Value {
			return
		}
	default:
		n, ok := readNumber(rs, i)
		if !ok || n.sequence || q.Unit != "%" || n.value <= q.Value || n.value > 100 || n.end < len(rs) && rs[n.end] == '年' {
			return
		}
		high.Value, high.to = n.value, n.end
	}
	q.High, q.to, q.Relation = high.Value, high.to, Range
}

// relate reads what bounds the number: 以上 after it, 不低于 before it.
func (q *Quantity) relate(rs []rune) {
	if w := followsAny(rs, q.to, "以上", "及以上", "或以上"); w > 0 {
		q.Relation, q.to = AtLeast, q.to+w
		return
	}
	if w := followsAny(rs, q.to, "以内", "以下", "之内", "及以下"); w > 0 {
		q.Relation, q.to = AtMost, q.to+w
		return
	}
	if w := followsAny(rs, q.to, "左右", "上下"); w > 0 {
		q.to += w
		if q.Relation != Range {
			q.Relation = About
		}
		return
	}
	if q.Relation == Range || q.Relation == AtLeast {
		return
	}
	if q.Unit == "%" && q.Value >= 100 && rs[q.from] == '翻' {
		q.Relation = AtLeast
		return
	}
	at := q.from
	for at > 0 && (rs[at-1] == '到' || rs[at-1] == '为' || rs[at-1] == '至') {
		at--
	}
	r, n := relationBefore(rs, q.from)
	if n == 0 {
		r, n = relationBefore(rs, at)
	}
	if n > 0 {
		q.Relation = r
	} else if near(rs, q.from, "至少", "不少于", "不低于") {
		q.Relation = AtLeast
	} else if precedesAny(rs, q.from, "提高到", "增加到", "提高至", "增加至", "扩大到") {
		q.Relation = AtLeast
	}
}

// relationBefore gives the relation word that ends at rune i and its length;
// the longest wins, so that 不低于 is not read as 低于.
func relationBefore(rs []rune, i int) (Relation, int) {
	best, length := Exact, 0
	for _, c := range []struct {
		words    *lexicon[string]
		relation Relation
	}{{atMost(), AtMost}, {atLeast(), AtLeast}, {about(), About}} {
		if _, n, ok := c.words.before(rs, i); ok && n > length {
			best, length = c.relation, n
		}
	}
	return best, length
}
