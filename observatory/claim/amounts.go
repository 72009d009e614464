package claim

import (
	"regexp"
	"slices"
)

// amounts reads what a clause says with numbers.
func (c *clause) amounts() {
	if c.find(0, func(t token) bool { return t.is(another) && t.text != "增量" }) >= 0 {
		return // of what the panel does not hold: 差距, 人均水平
	}
	for i, t := range c.tokens {
		if t.kind != amount || c.used[i] {
			continue
		}
		k := c.base
		k.value, k.decimals, k.unit, k.relation = t.value, t.decimals, c.whole(t.unit), c.relation(i)
		k.base = c.baseYear(i)
		k.ranged = k.yearly && c.ended && k.base == c.begin
		c.lasting(&k, i)
		if year, part, starts := c.startsFrom(i); starts { // 由上年的0.64%提高到1.13%: of an earlier year
			if year == 0 && part == "" {
				continue
			}
			if part != "" {
				k.part = part
			}
			if year != 0 {
				k.year, k.base = year, 0
			}
		}
		way := c.way(i)
		switch c.known[k.unit].Dimension {
		case "percent":
			c.percent(k, i, way)
		case "point":
			c.points(k, i, way)
		case "times":
			c.times(k, i, way)
		case "place", "":
		default:
			c.amount(k, i, way)
		}
	}
	if i := c.find(0, func(t token) bool { return t.is(doubled) }); i >= 0 {
		k := c.base
		k.kind, k.value, k.unit, k.base, k.relation = Multiple, c.tokens[i].value, "倍", c.baseYear(i), c.relation(i)
		if k.relation == exactly {
			k.relation = over
		}
		c.made(k)
	}
}

// whole completes 万, 亿 and 万亿 with what the indicator is counted in.
func (c *clause) whole(unit string) string {
	if !bare(unit) {
		return unit
	}
	for _, code := range c.base.indicators {
		for _, of := range []string{"元", "人", "吨", "户", "美元"} {
			if u, ok := c.known[unit+of]; ok && u.Dimension == c.known[c.terms[code].Unit.ZH].Dimension {
				return unit + of
			}
		}
	}
	return unit
}

// sectors reads 三次产业结构调整为10:38:52, each of which is a share.
func (r *reader) sectors(n int, text string, start, end int) {
	m := sectorForm.FindStringSubmatchIndex(text[start:end])
	if m == nil {
		return
	}
	for code, whole := range r.terms {
		if len(whole.Parts) != 3 {
			continue
		}
		year := r.year
		for _, t := range r.scan(text[start : start+m[0]]) {
			if t.kind == yearNumber {
				year = t.year
			}
			if t.is(ours) && r.home != "" {
				r.subject = r.home
			} else if t.kind == subjectName {
				r.subject = t.codes[0]
			}
		}
		for i, part := range whole.Parts {
			from, to := start+m[2*i+2], start+m[2*i+3]
			t, _ := numbered(text[from:to])
			r.out = append(r.out, claim{kind: Share, line: n, start: from, end: to, subject: r.subject, indicators: []string{part}, whole: []string{code}, year: year, value: t.value, decimals: t.decimals, unit: "%"})
		}
		return
	}
}

var sectorForm = regexp.MustCompile(`三次产业(?:结构|比例|比重|占比|增加值)+[^，,；;]*[^0-9.:：∶](\d+(?:\.\d+)?)[:：∶](\d+(?:\.\d+)?)[:：∶](\d+(?:\.\d+)?)`)

// startsFrom reports whether a number is what something rose or fell from, and in
// which year or part of a year that was; 0 and "" when the text does not say.
func (c *clause) startsFrom(i int) (year int, part string, ok bool) {
	for n := i - 1; n >= 0; n-- {
		switch t := c.tokens[n]; {
		case t.is(from):
			return year, part, true
		case t.kind == yearNumber:
			year = t.year
		case t.kind == partOfYear:
			part = t.text
		case t.kind == prevYear && c.base.year != 0:
			year = c.base.year - 1
		default:
			return 0, "", false
		}
	}
	return 0, "", false
}

// relation reads 超过, 近 and 约 before a number.
func (c *clause) relation(i int) relation {
	if c.tokens[i].over {
		return over
	}
	for k := i - 1; k >= max(0, i-2); k-- {
		switch t := c.tokens[k]; {
		case t.is(beyond, above) && k == i-1:
			return over
		case t.is(beneath, below) && k == i-1:
			return under
		case t.is(shy) && k == i-1:
			return nearly
		case t.is(roughly):
			return about
		}
	}
	if i+1 < len(c.tokens) && c.tokens[i+1].start == c.tokens[i].end {
		switch next := c.tokens[i+1]; {
		case next.is(beyond), next.is(more) && next.text == "多":
			return over
		case next.is(roughly):
			return about
		}
	}
	return exactly
}

// way gives +1 or −1 for 增长 or 下降 right before a number, 0 for neither.
func (c *clause) way(i int) int {
	for k := i - 1; k >= 0; k-- {
		switch t := c.tokens[k]; {
		case t.is(up), t.is(another) && t.text == "增量":
			return 1
		case t.is(down):
			return -1
		case t.is(rate):
			return 1
		case t.is(roughly, shy, beyond, beneath, are, yoy, perYear, current, constant):
		default:
			return 0
		}
	}
	return 0
}

// percent reads a rate of growth or a share.
func (c *clause) percent(k claim, i, way int) {
	for n := i + 1; way == 0 && n < len(c.tokens) && n <= i+2; n++ { // 3%以上增长
		switch t := c.tokens[n]; {
		case t.is(up):
			way = 1
		case t.is(down):
			way = -1
		case !t.is(beyond, roughly):
			n = len(c.tokens)
		}
	}
	if of := c.find(0, func(t token) bool { return t.is(shareOf) }); of >= 0 && of < i {
		c.share(k, of, i)
		return
	}
	if c.reached(i) && !c.ratio(k.indicators) && k.measure == unsaid || c.find(0, func(t token) bool { return t.is(portion) }) >= 0 || way == 0 && !c.ratio(k.indicators) && k.measure == unsaid {
		return // of what, it does not say
	}
	if way == 0 && k.measure == unsaid {
		k.kind = Value
		c.made(k)
		return
	}
	if way < 0 {
		k.value = -k.value
	}
	k.kind = Growth
	c.grew, c.shared = true, nil
	c.made(k)
}

// ratio reports whether an indicator is itself counted in percent.
func (c *clause) ratio(codes []string) bool {
	return len(codes) > 0 && c.terms[codes[0]].Unit.ZH == "%"
}

// share reads 占地区生产总值的比重为45.2%.
func (c *clause) share(k claim, of, i int) {
	k.kind = Share
	said := false
	for _, t := range c.tokens[of+1 : i] {
		switch t.kind {
		case indicatorName:
			k.whole = t.codes
		case subjectName:
			k.other = t.codes[0]
		}
		if t.is(nation) {
			k.national = true
		}
		said = said || t.kind == indicatorName || t.kind == subjectName || t.is(nation, province)
	}
	if s := c.shared; !said && s != nil { // 二产占GDP的38%，三产占52%
		k.whole, k.other, k.national = s.whole, s.other, s.national
	} else if !said {
		return // of what, it does not say
	}
	if shared := k; c.known[k.unit].Dimension == "percent" {
		c.shared = &shared
		c.made(k)
		return
	}
	k.kind, k.share = Difference, true
	c.made(k)
}

// points reads a difference of two rates: 比上年提高1.2个百分点, 高于泉州1.2个百分点.
func (c *clause) points(k claim, i, way int) {
	if of := c.find(0, func(t token) bool { return t.is(shareOf) }); way != 0 && of >= 0 && of < i && k.measure == unsaid {
		k.value *= float64(way)
		c.share(k, of, i)
		return
	}
	if s := c.shared; way != 0 && s != nil && c.named(indicatorName) < 0 && k.measure == unsaid {
		k.kind, k.share, k.indicators, k.whole, k.other, k.national = Difference, true, s.indicators, s.whole, s.other, s.national
		k.value *= float64(way)
		c.made(k)
		return
	}
	if k.measure == unsaid && c.grew && c.named(indicatorName) < 0 {
		k.measure = growth
	}
	if k.measure == unsaid && !c.ratio(k.indicators) {
		return // a difference of shares is not told apart from others
	}
	k.kind = Difference
	c.against(&k, i)
	if way < 0 || k.more < 0 {
		k.value = -k.value
	}
	if k.other != "" { // it says more than a comparison would
		for n := range c.tokens {
			c.used[n] = true
		}
	}
	if way != 0 || k.other != "" {
		c.made(k)
	}
}

// times reads 是2010年的2.3倍 and 增长1.3倍.
func (c *clause) times(k claim, i, way int) {
	if way > 0 && !c.reached(i) {
		k.kind = Growth
		c.made(k)
		return
	}
	if c.find(0, func(t token) bool { return t.is(are) }) < 0 {
		return
	}
	k.kind = Multiple
	for n := 1; n < i; n++ {
		if c.tokens[n].kind == subjectName && c.tokens[n-1].is(are) {
			k.other = c.tokens[n].codes[0]
		}
	}
	if k.base != 0 || k.other != "" {
		c.made(k)
	}
}

// amount reads a level, or how much more or less it is.
func (c *clause) amount(k claim, i, way int) {
	if !slices.ContainsFunc(k.indicators, func(code string) bool {
		return c.known[c.terms[code].Unit.ZH].Dimension == c.known[k.unit].Dimension
	}) {
		return
	}
	c.against(&k, i)
	switch {
	case k.other != "" && k.more != 0:
		if k.kind = Difference; k.more < 0 {
			k.value = -k.value
		}
		for n := range c.tokens {
			c.used[n] = true
		}
	case way != 0 && !c.reached(i):
		if k.kind = Difference; way < 0 {
			k.value = -k.value
		}
	default:
		k.kind, k.other = Value, ""
		k.fresh = (k.relation == over || k.relation == under) && c.find(0, func(t token) bool { return t.is(newly) }) >= 0
	}
	c.made(k)
}

// reached reports whether a number is the new level and not the step to it: 增加到120亿元.
func (c *clause) reached(i int) bool { return i > 0 && c.tokens[i-1].is(to) }

// against finds the subject that a difference is to, and in which direction.
func (c *clause) against(k *claim, i int) {
	for n := 1; n < i; n++ {
		if c.tokens[n].kind == subjectName && c.compared(n) {
			k.other = c.tokens[n].codes[0]
		}
	}
	for n := range i {
		switch t := c.tokens[n]; {
		case t.is(above, more):
			k.more = 1
		case t.is(beyond) && n+1 < i && c.tokens[n+1].kind == subjectName:
			k.more = 1
		case t.is(below, fewer):
			k.more = -1
		}
	}
}

// comparisons reads 高于泉州市, 超过泉州市 without a number of how much.
func (c *clause) comparisons() {
	for i := 1; i < len(c.tokens); i++ {
		t, before := c.tokens[i], c.tokens[i-1]
		if t.kind != subjectName || c.used[i] {
			continue
		}
		k := c.base
		switch {
		case c.passive(i):
			if i+1 == len(c.tokens) || !c.tokens[i+1].is(above, beyond) {
				continue
			}
			k.more = -1
		case before.is(above, beyond):
			k.more = 1
		case before.is(below):
			k.more = -1
		case before.is(than) && i+1 < len(c.tokens) && c.tokens[i+1].is(more, fewer, up):
			if k.more = 1; c.tokens[i+1].is(fewer) {
				k.more = -1
			}
		default:
			continue
		}
		c.lasting(&k, i)
		k.kind, k.other = Comparison, t.codes[0]
		c.made(k)
	}
}

// listed reads a sentence that names several and says of each respectively: 福州、
// 厦门、泉州分别居第一、第三、第二位.
func (r *reader) listed(n int, text string, tokens []token) bool {
	at := -1
	for i, t := range tokens {
		if t.is(each) {
			at = i
		}
	}
	if at < 0 {
		return false
	}
	names := func(kind tokenKind) (out []token) {
		for _, t := range tokens[:at] {
			if t.kind == kind {
				out = append(out, t)
			}
		}
		return out
	}
	var said []token
	for _, t := range tokens[at:] {
		if t.kind == amount || t.kind == place {
			said = append(said, t)
		}
	}
	if len(said) == 0 {
		return false
	}
	for i := range tokens { // 第2、1、4位, 10、20、30亿元: the first or the last says what is counted
		t := &tokens[i]
		switch {
		case i < at || t.kind != amount || t.start == said[0].start && said[0].kind == place:
		case said[0].kind == place:
			t.kind, t.place = place, int(t.value)
		case t.unit == "":
			t.unit = said[len(said)-1].unit
		}
	}
	for _, kind := range []tokenKind{subjectName, indicatorName} {
		list := names(kind)
		if len(list) < 2 || len(list) != len(said) {
			continue
		}
		for i, what := range list {
			one := []token{}
			for k, t := range tokens {
				switch {
				case t.kind == stop, t.kind == kind && k < at && t.start != what.start, k >= at && (t.kind == amount || t.kind == place) && t.start != said[i].start, t.is(each):
				default:
					one = append(one, t)
				}
			}
			r.list = true
			r.clause(n, text, one)
			r.list = false
		}
		return true
	}
	return false
}
