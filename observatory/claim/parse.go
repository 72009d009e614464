package claim

import (
	"slices"
	"strings"
)

// reader reads claims out of the lines of one text. What one clause names holds
// for those after it in its paragraph; the year also beyond.
type reader struct {
	*scanner
	known   map[string]unit
	terms   Dictionary
	groups  map[string]string // the name of the group of each subject
	subject string
	inds    []string
	year    int
	begin   int    // of the span of years that the text is in: 2010—2012年
	part    string // as the text says it
	out     []claim
}

// sentenceEnds part sentences; claims do not reach beyond them.
const sentenceEnds = "。；;！!？?"

// line reads one line.
func (r *reader) line(n int, text string) {
	r.inds, r.part = nil, ""
	for start := 0; start < len(text); {
		end := strings.IndexAny(text[start:], sentenceEnds)
		if end < 0 {
			end = len(text) - start
		}
		r.sentence(n, text, start, start+end)
		if start += end; start < len(text) {
			_, size := firstRune(text[start:])
			start += size
		}
	}
}

func firstRune(s string) (rune, int) {
	for i, r := range s {
		if i > 0 {
			return []rune(s)[0], i
		}
		_ = r
	}
	return 0, len(s)
}

// sentence reads the clauses between two ends of sentences.
func (r *reader) sentence(n int, text string, start, end int) {
	tokens := r.scan(text[start:end])
	for i := range tokens {
		tokens[i].start += start
		tokens[i].end += start
	}
	if r.listed(n, text, tokens) {
		return
	}
	r.part = ""
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

// clause reads what stands between two commas.
type clause struct {
	*reader
	tokens []token
	base   claim
	years  []int // in order
	used   []bool
}

func (r *reader) clause(n int, text string, tokens []token) {
	c := &clause{reader: r, tokens: tokens, used: make([]bool, len(tokens))}
	c.names()
	start, end := tokens[0].start, tokens[len(tokens)-1].end
	c.base = claim{line: n, start: start, end: end, subject: r.subject, indicators: r.inds, year: r.year, part: r.part}
	c.base.text = strings.TrimSpace(text[start:end])
	c.qualify()
	if c.first() {
		return
	}
	c.places()
	c.amounts()
	c.comparisons()
}

// names takes over whom and what the clause is about.
func (c *clause) names() {
	for i, t := range c.tokens {
		before := func(list ...means) bool { return i > 0 && c.tokens[i-1].is(list...) }
		switch t.kind {
		case subjectName:
			if !before(above, below, than, shareOf, beyond, are, roughly) && !c.compared(i) && c.mine(i) {
				c.subject = t.codes[0]
			}
		case indicatorName:
			if !c.tokens[i].inShare(c.tokens, i) && c.first_(indicatorName) == i {
				c.inds = t.codes
			}
		case yearNumber:
			c.years, c.begin = append(c.years, t.year), 0
		case yearRange:
			c.years, c.begin = append(c.years, t.year, t.to), t.year
		case prevYear:
			if c.year != 0 {
				c.years = append(c.years, c.year-1)
			}
		case partOfYear:
			c.part = t.text
		}
	}
	if y, ok := c.about(); ok {
		if y != c.year {
			c.year = y
		}
	}
}

// first_ gives where the first token of a kind stands that names what the clause
// is about.
func (c *clause) first_(kind tokenKind) int {
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
		if c.tokens[k].kind != yearNumber && c.tokens[k].kind != subjectName {
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
		case t.kind != yearNumber:
		case next(since), prev(than), prev(from), prev(are), prev(above, below):
		default:
			year, ok = t.year, true
		}
	}
	return year, ok
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
		}
	}
}

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
	at := []int{}
	for i, t := range c.tokens {
		if t.kind == place || t.kind == among {
			at = append(at, i)
		}
	}
	moved := c.find(0, func(t token) bool { return t.kind == amount && c.known[t.unit].dimension == "place" && t.unit != "名" })
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
		c.made(k)
	}
}

// grown reports whether a rank follows 增长 without a number between: 增长居全省第二位.
func (c *clause) grown(i int) bool {
	for k := i - 1; k >= 0; k-- {
		switch {
		case c.tokens[k].is(up, down):
			return true
		case c.tokens[k].kind == amount, c.tokens[k].kind == indicatorName:
			return false
		}
	}
	return false
}

// baseYear gives the year against which a number before i is meant; 0 for the
// year before.
func (c *clause) baseYear(i int) int {
	for k := 0; k < i; k++ {
		t := c.tokens[k]
		switch {
		case t.kind == yearNumber && t.year != c.base.year && k > 0 && c.tokens[k-1].is(than, are, from):
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
