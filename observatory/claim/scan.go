package claim

import (
	"maps"
	"math"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"touyan.dev/touyan/observatory/panel"
)

// tokenKind is the sort of a token.
type tokenKind int

const (
	other tokenKind = iota
	subjectName
	indicatorName
	yearNumber // 2015年
	yearRange  // 2010—2015年
	prevYear   // 上年
	thisYear   // 今年: the year that the text is about
	partOfYear // 上半年, 1—9月
	amount     // a number with its unit
	place      // 第三位, 首位, 倒数第二
	among      // 前三
	word
	stop // a comma
)

// token is a piece of a line that means something here.
type token struct {
	kind       tokenKind
	start, end int
	text       string
	codes      []string // of a name
	year, to   int
	value      float64
	decimals   int
	unit       string
	place      int
	last       bool
	over       bool // 150多亿元
}

// bare reports whether a unit says only how many, and the indicator of what.
func bare(unit string) bool { return unit == "万" || unit == "亿" || unit == "万亿" }

// means are the words that the reading of a clause turns on.
type means string

const (
	up       means = "up"
	down     means = "down"
	rate     means = "rate" // 增速
	total    means = "total"
	current  means = "current prices"
	constant means = "constant prices"
	province means = "all of the province"
	nation   means = "all of the nation"
	newly    means = "first"
	anew     means = "again"
	since    means = "since"
	onRecord means = "on record"
	highest  means = "highest"
	lowest   means = "lowest"
	yoy      means = "on the year"
	than     means = "than"
	perYear  means = "per year"
	shareOf  means = "of"
	portion  means = "share"
	above    means = "more than"
	below    means = "less than"
	roughly  means = "about"
	shy      means = "nearly"
	beyond   means = "over"
	from     means = "from"
	to       means = "to"
	each     means = "respectively"
	are      means = "is"
	more     means = "more"
	fewer    means = "fewer"
	doubled  means = "doubled"
	years    means = "years"
	planned  means = "planned"
	beneath  means = "under"
	ours     means = "of the home"
	another  means = "of another quantity"
	running  means = "in a row"
	planFrom means = "since a five-year plan"
	single   means = "of the month alone"
	sums     means = "from January on"
)

// lexicon gives the words by what they mean.
func lexicon() map[means][]string {
	return map[means][]string{
		up:       {"增长", "增加", "上升", "提高", "提升", "前移", "前进", "净增", "递增", "攀升", "上涨", "加快"},
		down:     {"负增长", "下降", "减少", "降低", "回落", "下滑", "后退", "后移", "下跌", "放缓"},
		rate:     {"增长速度", "增速", "增幅", "增长率", "涨幅"},
		total:    {"总量", "规模", "绝对值", "总额"},
		current:  {"名义", "现价", "当年价格"},
		constant: {"实际增长", "实际增速", "可比价格", "可比价", "不变价格", "不变价"},
		province: {"全省", "省内", "全区", "全自治区"},
		nation:   {"全国", "国内各市", "全部城市"},
		newly:    {"首次", "第一次", "首度"},
		anew:     {"再次", "再度", "重新", "重回", "重返"},
		since:    {"年以来", "以来"},
		onRecord: {"有可比记录以来", "有记录以来", "有统计以来", "有数据以来", "有可比数据以来", "历史上"},
		highest:  {"历史新高", "历史最高", "新高", "最高水平", "最高值", "最高"},
		lowest:   {"历史新低", "历史最低", "新低", "最低水平", "最低值", "最低"},
		yoy:      {"同比", "比上年", "较上年", "比去年", "较去年", "比上一年", "较上一年"},
		than:     {"相比", "比", "较"},
		perYear:  {"年均", "年平均"},
		shareOf:  {"占"},
		portion:  {"比重", "份额", "比例", "占比"},
		above:    {"高于", "多于", "大于", "领先于", "领先", "反超", "赶超", "超越"},
		below:    {"低于", "少于", "小于", "落后于", "落后", "不及", "不敌"},
		roughly:  {"大约", "约", "左右"},
		shy:      {"接近", "将近", "近"},
		beyond:   {"跨越", "跨过", "站上", "迈过", "超过", "突破", "超", "逾", "以上"},
		from:     {"由", "从"},
		to:       {"增加到", "增加至", "增长到", "增长至", "提高到", "提高至", "减少到", "减少至", "回落到", "回落至", "扩大到", "扩大至", "跃升至", "跃升到", "上升至", "上升到", "提升至", "提升到", "前移至", "前移到", "升至", "升到", "升为", "跃居", "下降至", "下降到", "下滑至", "下滑到", "后移至", "退居", "降至", "降到", "降为", "退至", "跌至", "变为"},
		each:     {"分别"},
		are:      {"相当于", "是", "为"},
		more:     {"高出", "多出", "高", "多"},
		fewer:    {"低", "少"},
		years:    {"年来"},
		beneath:  {"跌破", "不足", "不到", "未达到", "未达"},
		ours:     {"全市", "我市", "本市", "全县", "我县", "本县", "全州", "我州", "本州"},
		single:   {"当月", "单月", "当季", "单季"},
		sums:     {"累计", "截至", "截止"},
		another:  {"差距", "增量", "降幅", "人均", "贡献率", "拉动"},
		planned:  {"目标", "预期", "力争", "计划", "努力", "确保", "控制在", "要", "将", "拟", "争取"},
	}
}

// scanner finds tokens. It is made once for a panel and a dictionary.
type scanner struct {
	names map[rune][]name // by the first character, longest first
}

type name struct {
	text  string
	kind  tokenKind
	codes []string
	means means
}

func (s *scanner) add(text string, n name) {
	if utf8.RuneCountInString(text) < 2 && n.kind != word {
		return
	}
	first, _ := utf8.DecodeRuneInString(text)
	for i, have := range s.names[first] {
		if have.text == text && have.kind == n.kind {
			if n.kind != word {
				s.names[first][i].codes = append(have.codes, n.codes...)
			}
			return
		}
	}
	n.text = text
	s.names[first] = append(s.names[first], n)
}

func newScanner(p *panel.Panel, d Dictionary) *scanner {
	s := &scanner{names: map[rune][]name{}}
	for _, code := range slices.Sorted(maps.Keys(d)) { // also those that the panel lacks: they are claims without data
		for _, n := range append([]string{d[code].Name.ZH}, d[code].Synonyms...) {
			s.add(n, name{kind: indicatorName, codes: []string{code}})
		}
	}
	for _, i := range p.Indicators {
		if _, ok := d[i.Code]; !ok {
			s.add(i.Name.ZH, name{kind: indicatorName, codes: []string{i.Code}})
		}
	}
	for _, sub := range p.Subjects {
		s.add(sub.Name.ZH, name{kind: subjectName, codes: []string{sub.Code}})
	}
	for _, sub := range p.Subjects { // short names only where no proper name takes them
		s.short(sub)
	}
	words := lexicon()
	for _, m := range slices.Sorted(maps.Keys(words)) {
		for _, w := range words[m] {
			s.add(w, name{kind: word, means: m})
		}
	}
	for _, list := range s.names {
		sort.SliceStable(list, func(i, k int) bool { return len(list[i].text) > len(list[k].text) })
	}
	return s
}

// short adds a name without 市 and its like.
func (s *scanner) short(sub panel.Subject) {
	for _, ending := range []string{"壮族自治区", "回族自治区", "维吾尔自治区", "自治区", "自治州", "地区", "省", "市", "盟"} {
		if base, ok := strings.CutSuffix(sub.Name.ZH, ending); ok {
			if utf8.RuneCountInString(base) >= 2 {
				s.add(base, name{kind: subjectName, codes: []string{sub.Code}})
			}
			return
		}
	}
}

var (
	rangeForm  = regexp.MustCompile(`^(\d{4})年?\s*(?:-|—|–|~|～|至|到)+\s*(\d{4}|\d{2})\s*年`)
	shortYear  = regexp.MustCompile(`^['‘’]?(\d{2})年(?:[^来间前后内期多以均底]|末|$)`)
	planForm   = regexp.MustCompile(`^十([一二三四五六])五[”"’』」]?(时期|期间|末|以来|收官之年|开局之年)`)
	runForm    = regexp.MustCompile(`^连续(\d{1,2}|[一二三四五六七八九十两]{1,3})(年|个季度|个月)`)
	doubleForm = regexp.MustCompile(`^翻了?([一二两三四])?番`)
	yearForm   = regexp.MustCompile(`^((?:19|20)\d{2})\s*年`)
	partForm   = regexp.MustCompile(`^(?:上半年|下半年|前三季度|[一二三四]季度|第[一二三四]季度|\d{1,2}\s*[-—–~～至]+\s*\d{1,2}\s*月(?:份)?|\d{1,2}月(?:份)?)`)
	placeForm  = regexp.MustCompile(`^(倒数)?第\s*(\d{1,3}|[一二三四五六七八九十百]{1,5})\s*(?:位|名)?`)
	amongForm  = regexp.MustCompile(`^前\s*(\d{1,3}|[一二三四五六七八九十]{1,3})\s*(?:位|名|强)?`)
	firstForm  = regexp.MustCompile(`^(?:首位|榜首|之首|末位|垫底)`)
	numberForm = regexp.MustCompile(`^([-−－]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)(?:\s*(多|余)?\s*(万亿元|百万美元|万美元|亿美元|美元|百万元|亿元|万元|元|万人|亿人|人/平方公里|人每平方公里|人|万户|户|万平方公里|平方公里|平方千米|平方米|公顷|万吨|亿吨|吨|个百分点|%|‰|倍|个位次|个名次|个位|位|名|岁|万亿|亿|万))?`)
	splitForm  = regexp.MustCompile(`^(\d+(?:\.\d+)?)(万|亿)(多|余)(元|人|户|吨|美元)`)
	bareForm   = regexp.MustCompile(`^(?:大关|以上|左右|门槛|台阶|的|[^\p{Han}]|$)`)
	countForm  = regexp.MustCompile(`^([一二两三四五六七八九十]{1,3})(个位次|个名次|个位|位|倍)`)
	decadeForm = regexp.MustCompile(`^近?([一二三四五六七八九十]{1,3}|\d{1,2})年来`)
	notAPlace  = regexp.MustCompile(`^第[一二三四五六七八九十百]+(?:产业|季度|届|次|批|条|章|方|线|轮|个|版|期|代|步|梯队|时间|动力|要务|责任|资源|生产力|书记)`)
)

// scan gives the tokens of a line in order.
func (s *scanner) scan(line string) []token {
	var out []token
	for i := 0; i < len(line); {
		if t, ok := s.at(line, i); ok {
			t.start, t.text = i, line[i:t.end]
			out = append(out, t)
			i = t.end
			continue
		}
		_, size := utf8.DecodeRuneInString(line[i:])
		i += size
	}
	return out
}

func (s *scanner) at(line string, i int) (token, bool) {
	rest := line[i:]
	r, _ := utf8.DecodeRuneInString(rest)
	switch r {
	case '，', ',', '、', '；', ';', '：', ':', '（', '(', '）', ')':
		return token{kind: stop, end: i + utf8.RuneLen(r)}, true
	}
	inNumber := i > 0 && isDigit(line[i-1]) && isDigit(line[i])
	if m := shortYear.FindStringSubmatch(rest); m != nil && begins(line[:i]) {
		y, _ := strconv.Atoi(m[1])
		if y += 1900; y < 1950 {
			y += 100
		}
		return token{kind: yearNumber, end: i + strings.Index(rest, "年") + len("年"), year: y}, true
	}
	for _, try := range []func(string) (token, bool){dated, lasting, placed, numbered} {
		if inNumber {
			break
		}
		if t, ok := try(rest); ok && !(t.kind == amount && digitBefore(line[:i])) {
			t.end += i
			return t, true
		}
	}
	for _, n := range s.names[r] {
		if strings.HasPrefix(rest, n.text) {
			return token{kind: n.kind, end: i + len(n.text), codes: n.codes, unit: string(n.means)}, true
		}
	}
	return token{}, false
}

// begins reports whether what follows a text is the first of a clause.
func begins(head string) bool {
	r, _ := utf8.DecodeLastRuneInString(strings.TrimRight(head, " 　"))
	return strings.TrimSpace(head) == "" || strings.ContainsRune("，,；;。：:、（(！!？?“", r)
}

// digitBefore reports whether a number goes on from before: 2 090.
func digitBefore(head string) bool {
	head = strings.TrimRight(head, " .,")
	return head != "" && isDigit(head[len(head)-1])
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// dated reads years and parts of years. 2001年以来 leaves 以来 to be read.
func dated(rest string) (token, bool) {
	if m := rangeForm.FindStringSubmatch(rest); m != nil {
		a, _ := strconv.Atoi(m[1])
		b, _ := strconv.Atoi(m[2])
		if b < 100 {
			b += a / 100 * 100
		}
		return token{kind: yearRange, end: len(m[0]), year: a, to: b}, true
	}
	if m := yearForm.FindStringSubmatch(rest); m != nil {
		y, _ := strconv.Atoi(m[1])
		return token{kind: yearNumber, end: len(m[0]), year: y}, true
	}
	if m := planForm.FindStringSubmatch(rest); m != nil { // 十三五 is 2016 to 2020
		first, t := 2001+5*ordinal(m[1]), token{kind: yearNumber, end: len(m[0])}
		switch m[2] {
		case "时期", "期间":
			t.kind, t.year, t.to = yearRange, first-1, first+4
		case "以来":
			t.kind, t.unit, t.year = word, string(planFrom), first-1
		case "开局之年":
			t.year = first
		default:
			t.year = first + 4
		}
		return t, true
	}
	if m := decadeForm.FindStringSubmatch(rest); m != nil {
		return token{kind: word, end: len(m[0]), unit: string(years), value: float64(ordinal(m[1]))}, true
	}
	if m := partForm.FindString(rest); m != "" {
		return token{kind: partOfYear, end: len(m)}, true
	}
	for _, w := range []string{"上一年", "上年", "去年"} {
		if strings.HasPrefix(rest, w) {
			return token{kind: prevYear, end: len(w)}, true
		}
	}
	for _, w := range []string{"当年", "今年", "本年", "全年"} {
		if strings.HasPrefix(rest, w) {
			return token{kind: thisYear, end: len(w)}, true
		}
	}
	return token{}, false
}

// lasting reads 连续五年 and 翻两番.
func lasting(rest string) (token, bool) {
	if m := runForm.FindStringSubmatch(rest); m != nil {
		return token{kind: word, end: len(m[0]), unit: string(running), value: float64(ordinal(m[1])), to: map[string]int{"年": 1, "个季度": 4, "个月": 12}[m[2]]}, true
	}
	for m, w := range map[means]string{up: "增", down: "降"} { // 同比增7.9%
		if next := strings.TrimPrefix(rest, w); next != rest && next != "" && isDigit(next[0]) {
			return token{kind: word, end: len(w), unit: string(m)}, true
		}
	}
	if m := doubleForm.FindStringSubmatch(rest); m != nil {
		return token{kind: word, end: len(m[0]), unit: string(doubled), value: math.Exp2(float64(max(1, ordinal(m[1]))))}, true
	}
	return token{}, false
}

func placed(rest string) (token, bool) {
	if m := firstForm.FindString(rest); m != "" {
		return token{kind: place, end: len(m), place: 1, last: m == "末位" || m == "垫底"}, true
	}
	if m := amongForm.FindStringSubmatch(rest); m != nil && !(strings.HasSuffix(m[0], m[1]) && hanNext(rest[len(m[0]):])) { // 前三, and not 前三季度
		return token{kind: among, end: len(m[0]), place: ordinal(m[1])}, true
	}
	if notAPlace.MatchString(rest) {
		return token{}, false
	}
	if m := placeForm.FindStringSubmatch(rest); m != nil {
		return token{kind: place, end: len(m[0]), place: ordinal(m[2]), last: m[1] != ""}, true
	}
	return token{}, false
}

// hanNext reports whether a Chinese character follows, that does not begin a new
// thought.
func hanNext(rest string) bool {
	r, _ := utf8.DecodeRuneInString(rest)
	return unicode.Is(unicode.Han, r) && r != '列' && r != '行' && r != '甲'
}

func numbered(rest string) (token, bool) {
	if m := countForm.FindStringSubmatch(rest); m != nil {
		return token{kind: amount, end: len(m[0]), value: float64(ordinal(m[1])), unit: m[2]}, true
	}
	m := numberForm.FindStringSubmatch(rest)
	if s := splitForm.FindStringSubmatch(rest); s != nil { // 229万多人
		m = []string{s[0], s[1], s[3], s[2] + s[4]}
	}
	if m == nil {
		return token{}, false
	}
	text := strings.ReplaceAll(m[1], ",", "")
	text = strings.NewReplacer("−", "-", "－", "-").Replace(text)
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return token{}, false
	}
	t := token{kind: amount, end: len(m[0]), value: v, unit: m[3], over: m[2] != ""}
	if bare(t.unit) && !bareForm.MatchString(rest[t.end:]) { // 3万辆 is of something else
		t.unit = ""
	}
	if dot := strings.IndexByte(text, '.'); dot >= 0 {
		t.decimals = len(text) - dot - 1
	}
	return t, true
}

// ordinal reads 3, 十二, 二十一.
func ordinal(text string) int {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	total, digit := 0, 0
	for _, r := range text {
		switch r {
		case '十':
			total, digit = total+max(digit, 1)*10, 0
		case '百':
			total, digit = total+max(digit, 1)*100, 0
		case '两':
			digit = 2
		default:
			digit = strings.IndexRune("一二三四五六七八九", r)/3 + 1
		}
	}
	return total + digit
}
