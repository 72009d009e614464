package claim

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"touyan.dev/touyan/observatory/panel"
)

// reader reads claims out of the lines of one text. What one clause names holds
// for those after it in its paragraph; the year also beyond.
type reader struct {
	*scanner
	known   map[string]panel.Unit
	terms   Dictionary
	groups  map[string]string // the name of the group of each subject
	home    string            // whom the text means by 全市 and where it names none; "" when nobody said
	subject string
	inds    []string
	shared  *claim // the share that the sentence spoke of last
	grew    bool   // it spoke of growth last
	paced   bool   // by the word 增速, and of nothing else since
	year    int
	both    bool   // the sentence sets 今年 beside 去年
	list    bool   // the clause is pieced together out of a list
	begin   int    // of the span of years that the text is in: 2010—2012年
	ended   bool   // by its first and last year, of which the first may be one that grew
	part    string // as the text says it
	counts  means  // how that part is counted: sums, single, or "" when nothing is said
	out     []claim
}

// sentenceEnds part sentences; claims do not reach beyond them.
const sentenceEnds = "。；;！!？?"

// line reads one line.
func (r *reader) line(n int, raw string) {
	f := fold(raw)
	text, from := f.text, len(r.out)
	defer func() { // what was read stands in the line as it was written
		for i := from; i < len(r.out); i++ {
			k := &r.out[i]
			k.start, k.end = f.starts[k.start], f.ends[k.end-1]
			k.text = strings.TrimSpace(raw[k.start:k.end])
		}
	}()
	if r.inds = nil; r.home != "" {
		r.subject = r.home
	}
	for start := 0; start < len(text); {
		end := strings.IndexAny(text[start:], sentenceEnds)
		if end < 0 {
			end = len(text) - start
		}
		r.sentence(n, text, start, start+end)
		if start += end; start < len(text) {
			_, size := utf8.DecodeRuneInString(text[start:])
			start += size
		}
	}
}

// sentence reads the clauses between two ends of sentences.
func (r *reader) sentence(n int, text string, start, end int) {
	tokens := r.scan(text[start:end])
	if slices.ContainsFunc(tokens, func(t token) bool { return t.is(planned) && (t.text == "目标" || t.text == "预期") }) {
		return
	}
	for i := range tokens {
		tokens[i].start += start
		tokens[i].end += start
	}
	r.both = slices.ContainsFunc(tokens, func(t token) bool { return t.text == "今年" })
	if r.listed(n, text, tokens) {
		return
	}
	r.shared, r.grew, r.paced = nil, false, false
	r.sectors(n, text, start, end)
	var clause []token
	for i, t := range tokens {
		if t.kind == stop {
			switch {
			case t.text == "、" || t.text == "（" || t.text == "(":
				continue
			case len(clause) > 0 && i+1 < len(tokens):
				r.clause(n, text, clause)
				clause = nil
			}
			continue
		}
		clause = append(clause, t)
	}
	if len(clause) > 0 {
		r.clause(n, text, clause)
	}
}

func (t token) is(list ...means) bool {
	return t.kind == word && slices.Contains(list, means(t.unit))
}

// longestClause is how many tokens a clause has at most that is read: what is longer
// is no sentence, and would take long.
const longestClause = 200

// clause reads what stands between two commas.
type clause struct {
	*reader
	text   string // the whole line
	tokens []token
	base   claim
	years  []int // in order
	used   []bool
}

func (r *reader) clause(n int, text string, tokens []token) {
	if len(tokens) > longestClause {
		return
	}
	year := r.year
	lastYear := false
	c := &clause{reader: r, text: text, tokens: tokens, used: make([]bool, len(tokens))}
	c.names()
	if c.find(0, func(t token) bool { return t.kind == prevYear }) >= 0 && r.year == year-1 {
		lastYear = true
	}
	start, end := tokens[0].start, tokens[len(tokens)-1].end
	c.base = claim{basePart: c.base.basePart, line: n, start: start, end: end, subject: r.subject, indicators: r.inds, year: r.year, part: r.part}
	c.base.text = strings.TrimSpace(text[start:end])
	c.qualify()
	if lastYear {
		r.year = year // 上年 is said of one clause
	}
	if c.find(0, func(t token) bool { return t.is(planned) }) >= 0 {
		r.year = year // of what is still to come
		return
	}
	if len(c.base.indicators) == 0 {
		return // of nothing that can be looked up
	}
	if c.first() {
		return
	}
	if c.find(0, func(t token) bool { return t.is(shareOf, portion) }) >= 0 {
		r.grew = false
	} else if c.base.measure >= growth {
		r.grew, r.shared = true, nil
	}
	if c.base.measure != unsaid || c.named(indicatorName) >= 0 {
		r.paced = c.base.measure >= growth
	}
	c.base.paced = r.paced && c.base.measure == unsaid
	said := len(r.out)
	c.places()
	c.amounts()
	c.comparisons()
	if len(r.out) == said {
		c.lasted()
	}
}

// names takes over whom and what the clause is about.
func (c *clause) names() {
	for i, t := range c.tokens {
		before := func(list ...means) bool { return i > 0 && c.tokens[i-1].is(list...) }
		switch t.kind {
		case subjectName:
			if !before(above, below, than, shareOf, beyond, are, roughly) && !c.compared(i) && c.mine(i) && !c.passive(i) {
				c.subject = t.codes[0]
			}
		case word:
			switch {
			case t.is(ours) && c.home != "" && !before(above, below, than, shareOf, beyond, are):
				c.subject = c.home
			case t.is(planFrom):
				if c.begin, c.ended = t.year, false; c.year <= t.year {
					c.year = 0
				}
			}
		case indicatorName:
			if !c.tokens[i].inShare(c.tokens, i) && c.named(indicatorName) == i {
				if c.inds = t.codes; c.compound(i) {
					c.inds = nil
				}
			}
		case yearNumber:
			c.years = append(c.years, t.year)
			if i+1 < len(c.tokens) && c.tokens[i+1].is(since) && c.year <= t.year {
				c.year = 0
			}
			if i > 0 && c.tokens[i-1].is(from) || i+1 < len(c.tokens) && c.tokens[i+1].is(since) {
				c.begin, c.ended = t.year, false
			} else if n := len(c.years); n == 1 || c.begin != c.years[n-2] {
				c.begin = 0
			}
		case yearRange:
			c.years, c.begin = append(c.years, t.year, t.to), t.year
			c.ended = !strings.HasPrefix(t.text, "十")
		case prevYear:
			if c.year != 0 {
				c.years = append(c.years, c.year-1)
			}
		case partOfYear:
			switch {
			case before(than):
				c.base.basePart = t.text
			case !before(from):
				c.part, c.counts = t.text, ""
			}
		}
	}
	if !c.list && c.named(indicatorName) < 0 && c.strange() {
		c.inds = nil
	}
	y, ok := c.about()
	if ok {
		c.year = y
	}
	if (ok || c.find(0, func(t token) bool { return t.text == "全年" }) >= 0) && c.named(partOfYear) < 0 {
		c.part = ""
	}
}

// Words that may stand around an indicator without making it another one.
var filler = regexp.MustCompile(`时隔[一二两三四五六七八九十\d]+年|逆势|持续|平稳|顺利|总体|初步核算|跃上|其中|预计|历史性|综合实力|累计|完成|实现|达到?了?|实际|本地|全市|全县|我[市省区]|在|的|位次|排名|名次|排位|位居|位列|名列|稳居|居|列|排|保持|连续|继续|仍然?|均|也|并|且|而|已|共|首次|跻身|进入|迈入|迈上|成为|一举|了|上|水平|年末|末|又|再|按|计算|当中|方面|成绩|突出|有所|明显|大幅|较快|稳步|小幅|同口径|左右|以上|又好又快|台阶|大关|新`)

var elsewhere = regexp.MustCompile(`(?:市|省|县|区|州|盟)的?$`)

// strangers gives how many Chinese characters of a text are left when the words
// that mean nothing here are taken out.
func (c *clause) strangers(text string) (n int) {
	if group := c.groups[c.subject]; group != "" {
		text = strings.ReplaceAll(text, group, "")
	}
	for _, r := range filler.ReplaceAllString(text, "") {
		if unicode.Is(unicode.Han, r) {
			n++
		}
	}
	return n
}

// compound reports whether an indicator's name is part of a longer one that is
// not known: 人均地区生产总值, 国内生产总值能耗.
func (c *clause) compound(i int) bool {
	t := c.tokens[i]
	for _, head := range []string{"人均", "单位", "万元", "每", "劳均"} {
		if strings.HasSuffix(c.text[:t.start], head) {
			return true
		}
	}
	if c.list {
		return false
	}
	begin := c.begun()
	if i > 0 {
		begin = c.tokens[i-1].end
	}
	if head := c.text[begin:t.start]; c.strangers(head) >= 2 {
		if !elsewhere.MatchString(head) {
			return true
		}
		c.subject = "" // a place that the panel does not have
	}
	return i+1 < len(c.tokens) && c.strangers(c.text[t.end:c.tokens[i+1].start]) >= 2
}

// begun gives where the words of the clause begin, which is before its first token.
func (c *clause) begun() int {
	head := c.text[:c.tokens[0].start]
	at := strings.LastIndexAny(head, "，,；;。：:、（(！!？?")
	if at < 0 {
		return 0
	}
	_, size := utf8.DecodeRuneInString(head[at:])
	return at + size
}

// strange reports whether a clause without an indicator speaks of something else
// than the one before: 居民消费价格上涨2%.
func (c *clause) strange() bool {
	from := c.begun()
	for _, t := range c.tokens {
		if c.strangers(c.text[from:t.start]) >= 3 {
			return true
		}
		if t.kind == amount || t.kind == place || t.kind == among {
			return false
		}
		from = t.end
	}
	return false
}

// named gives where the first token of a kind stands that names what the clause
// is about.
func (c *clause) named(kind tokenKind) int {
	return slices.IndexFunc(c.tokens, func(t token) bool { return t.kind == kind })
}

// inShare reports whether an indicator is what another is a part of.
func (t token) inShare(all []token, i int) bool {
	return slices.ContainsFunc(all[:i], func(b token) bool { return b.is(shareOf) })
}

// compared reports whether a subject is the one that is compared with: it follows
// "more than", with only its indicator's words between.
func (c *clause) compared(i int) bool {
	for k := i - 1; k >= 0; k-- {
		if c.tokens[k].is(above, below, than) || c.tokens[k].is(beyond) {
			return true
		}
		if t := c.tokens[k]; t.kind != yearNumber && t.kind != subjectName && t.kind != place && !t.is(province, nation) {
			return false
		}
	}
	return false
}

// mine keeps a province that only says among whom a rank is from becoming the
// subject: 居福建省第二位.
func (c *clause) mine(i int) bool {
	return c.subject == "" || c.groups[c.subject] != c.tokens[i].text || i+1 == len(c.tokens) || c.tokens[i+1].kind != place && c.tokens[i+1].kind != among
}

// passive reports whether a subject is the one that does it to another: 被乙河市反超.
func (c *clause) passive(i int) bool { return strings.HasSuffix(c.text[:c.tokens[i].start], "被") }

// about gives the year that the clause is about, if it says one: the last, but
// not one that only begins a comparison or a span.
func (c *clause) about() (int, bool) {
	year, ok := 0, false
	for i, t := range c.tokens {
		next := func(list ...means) bool { return i+1 < len(c.tokens) && c.tokens[i+1].is(list...) }
		prev := func(list ...means) bool { return i > 0 && c.tokens[i-1].is(list...) }
		switch {
		case t.kind == yearRange:
			year, ok = t.to, true
		case t.kind == prevYear && c.year != 0 && c.alone(i):
			year, ok = c.year-1, true
		case t.kind != yearNumber:
		case next(since), prev(than), prev(from), prev(are), prev(above, below):
		default:
			year, ok = t.year, true
		}
	}
	return year, ok
}

// alone reports whether 上年 says which year the clause is about, and not what is
// compared with. 去年 does so only beside 今年: else it may be the text's own year.
func (c *clause) alone(i int) bool {
	t := c.tokens[i]
	if i > 0 && c.tokens[i-1].is(than, from, are, above, below, yoy) || strings.HasPrefix(c.text[t.end:], "的") || t.text == "去年" && !c.both {
		return false
	}
	return c.find(0, func(t token) bool { return t.is(from) }) < 0
}

// qualify reads the words that choose a measure or the peers.
func (c *clause) qualify() {
	for _, t := range c.tokens {
		switch {
		case t.is(rate):
			c.base.measure = max(c.base.measure, growth)
		case t.is(total):
			c.base.measure = max(c.base.measure, level)
		case t.is(current):
			c.base.measure = nominal
		case t.is(constant):
			c.base.measure = real
		case t.is(nation):
			c.base.national = true
		case t.is(perYear):
			c.base.yearly = true
		case t.is(single, sums):
			c.counts = means(t.unit)
		}
	}
	c.base.alone, c.base.sums = c.counts == single, c.counts == sums
}

// since the token i, if it follows 连续五年, a claim holds for so many periods.
func (c *clause) lasting(k *claim, i int) {
	for _, t := range c.tokens[:i] {
		if t.is(running) {
			k.run, k.runOf = int(t.value), t.to
		}
	}
}

// lasted reads 连续八年增长, which names no number.
func (c *clause) lasted() {
	way := c.find(0, func(t token) bool { return t.is(up, down) })
	if way < 0 || c.base.measure >= growth || c.find(0, func(t token) bool { return t.is(portion, another, shareOf) || t.kind == amount || t.kind == place }) >= 0 || moves.MatchString(c.text[c.begun():c.tokens[len(c.tokens)-1].end]) {
		return
	}
	k := c.base
	if c.lasting(&k, way); k.run == 0 {
		return
	}
	k.kind, k.unit, k.relation, k.falls = Growth, "%", over, c.tokens[way].is(down)
	c.made(k)
}

// moves are words of which it is a place that rises, not an amount.
var moves = regexp.MustCompile(`位次|排名|名次|排位|位势`)

// made enters a claim.
func (c *clause) made(k claim) { c.out = append(c.out, k) }

// find gives the index of the first token that a test holds for, from one on.
func (c *clause) find(from int, test func(token) bool) int {
	for i := from; i < len(c.tokens); i++ {
		if test(c.tokens[i]) {
			return i
		}
	}
	return -1
}

// sinceYear reads 自2001年以来, 有记录以来, 近十年来.
func (c *clause) sinceYear(k *claim) bool {
	for i, t := range c.tokens {
		switch {
		case t.is(onRecord):
			k.record = true
		case t.is(years):
			k.span = int(t.value)
		case t.is(since) && i > 0 && c.tokens[i-1].kind == yearNumber:
			k.since = c.tokens[i-1].year
		case (t.is(highest) || t.is(lowest)) && strings.HasPrefix(t.text, "历史"):
			k.record = true
		}
	}
	return k.since != 0 || k.record || k.span != 0
}

// first reads 自2001年以来首次居全省第一 and 创2001年以来新高.
func (c *clause) first() bool {
	k := c.base
	dated := c.sinceYear(&k)
	fresh := c.find(0, func(t token) bool { return t.is(newly, anew) })
	if at := c.find(0, func(t token) bool { return t.kind == place || t.kind == among }); at >= 0 && (fresh >= 0 || dated) {
		k.kind, k.rank, k.last = First, c.tokens[at].place, c.tokens[at].last
		if c.tokens[at].kind == among {
			k.top = k.rank
		}
		k.again = fresh >= 0 && c.tokens[fresh].is(anew)
		k.record = k.record || !dated && !k.again
		c.made(k)
		return true
	}
	edge := c.find(0, func(t token) bool { return t.is(highest, lowest) })
	if edge < 0 || !dated {
		return false
	}
	k.kind, k.low = Extreme, c.tokens[edge].is(lowest)
	c.made(k)
	return false // an amount may stand beside it
}

// places reads ranks and their changes.
func (c *clause) places() {
	if c.find(0, func(t token) bool { return t.is(another) }) >= 0 {
		return // of what the panel does not hold: 增量居全省第三
	}
	if c.shared != nil && c.base.measure == unsaid && c.named(indicatorName) < 0 {
		return // of the share
	}
	at := []int{}
	for i, t := range c.tokens {
		if (t.kind == place || t.kind == among) && !c.counted(i) && !c.describes(i) {
			at = append(at, i)
		}
	}
	moved := c.find(0, func(t token) bool { return t.kind == amount && c.known[t.unit].Dimension == "place" && t.unit != "名" })
	switch {
	case len(at) >= 2 && c.find(at[0], func(t token) bool { return t.is(to) }) >= 0:
		k := c.base
		k.kind, k.old, k.rank = RankChange, c.tokens[at[0]].place, c.tokens[at[1]].place
		if len(c.years) >= 2 {
			k.base, k.year = slices.Min(c.years), slices.Max(c.years)
		} else if len(c.years) == 1 && c.years[0] < k.year {
			k.base = c.years[0]
		}
		c.made(k)
		at = at[2:]
	case moved >= 0:
		k := c.base
		way := c.find(0, func(t token) bool { return t.is(up, down) })
		if way < 0 || way > moved {
			break
		}
		if k.kind, k.moved = RankChange, int(c.tokens[moved].value); c.tokens[way].is(down) {
			k.moved = -k.moved
		}
		k.base = c.baseYear(moved)
		if len(at) == 1 { // 上升2位，居第3位 in one clause
			k.rank, at = c.tokens[at[0]].place, nil
		}
		c.made(k)
	}
	for _, i := range at {
		k := c.base
		k.kind, k.rank, k.last = Rank, c.tokens[i].place, c.tokens[i].last
		if c.tokens[i].kind == among {
			k.top = k.rank
		}
		if k.measure == unsaid && c.grown(i) {
			k.measure = growth
		}
		c.lasting(&k, i)
		c.made(k)
	}
}

// describes reports whether a place only says who another subject is: 全省末位的云岭市.
func (c *clause) describes(i int) bool {
	if i+1 == len(c.tokens) || c.tokens[i+1].kind != subjectName {
		return false
	}
	between := c.text[c.tokens[i].end:c.tokens[i+1].start]
	return between == "的" || between == "" // 比第二名石桥市
}

// counted reports whether 第一 only counts what a text goes through.
func (c *clause) counted(i int) bool {
	t := c.tokens[i]
	if t.kind == among || strings.HasSuffix(t.text, "位") || strings.HasSuffix(t.text, "名") || i > 0 && (c.tokens[i-1].kind == word || c.tokens[i-1].kind == indicatorName) {
		return false
	}
	before := c.text[:t.start]
	for _, verb := range []string{"居", "列", "排", "排名", "至", "到", "为", "回", "入", "在", "全省", "省内", "全国", "保持", "稳"} {
		if strings.HasSuffix(before, verb) {
			return false
		}
	}
	return !slices.Contains([]string{"首位", "榜首", "之首", "末位"}, t.text)
}

// grown reports whether a rank follows 增长 without a number between: 增长居全省第二位.
func (c *clause) grown(i int) bool {
	for k := i - 1; k >= 0; k-- {
		switch {
		case c.tokens[k].is(up, down):
			return true
		case c.tokens[k].kind == amount && opens.MatchString(c.text[c.tokens[k].end:]): // 增长25%（全省第一）
		case c.tokens[k].kind == amount, c.tokens[k].kind == indicatorName:
			return false
		}
	}
	return false
}

var opens = regexp.MustCompile(`^[（(]`)

// baseYear gives the year against which a number before i is meant; 0 for the
// year before.
func (c *clause) baseYear(i int) int {
	for k := 0; k < i; k++ {
		t := c.tokens[k]
		switch {
		case t.kind == yearNumber && t.year != c.base.year && (k > 0 && c.tokens[k-1].is(than, are, from) || k+1 < i && c.tokens[k+1].is(since)):
			return t.year
		case t.kind == yearRange:
			return t.year
		}
	}
	if c.base.yearly {
		return c.begin
	}
	return 0
}
