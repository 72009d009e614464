package sheet

import (
	"slices"
	"strings"

	"touyan.dev/touyan/observatory/panel"
)

// head is what the header of a column, or the name of an indicator in a row, says.
type head struct {
	text  string   // as it stands, for messages
	names []string // tidy, top to bottom: what is left of each part
	unit  string

	when  when
	timed bool

	growth, index, rank, prior bool // 增速; 上年=100; 位次; 上年同期
	provisional                bool
	sums, single               bool // 累计; 当月
}

// bare reports whether a header says how or when, but not what.
func (h head) bare() bool { return len(h.names) == 0 }

// lexicon resolves names of indicators.
type lexicon struct {
	*patterns
	list    []panel.Indicator
	names   map[string][]match
	growths map[string][]match // what is left of 工业增加值增速 → the indicator of that name
	codes   map[string]int
	paces   map[string]bool // codes of what is the growth of another
	measure map[string]panel.Unit
}

// match is an indicator, and by what it was found.
type match struct{ ind, rank int } // rank: 0 by code or name, 1 by synonym

func newLexicon(p *patterns, k Known) *lexicon {
	x := &lexicon{patterns: p, list: k.Indicators, names: map[string][]match{}, growths: map[string][]match{}, codes: map[string]int{}, paces: map[string]bool{}, measure: panel.Units()}
	for i, ind := range k.Indicators {
		x.codes[ind.Code] = i
		x.paces[ind.Growth] = true
		for n, name := range append([]string{ind.Code, ind.Name.ZH, ind.Name.EN}, ind.Synonyms...) {
			t := tidy(name)
			if t == "" {
				continue
			}
			add(x.names, t, match{i, n / 3})
			if base := p.growth.ReplaceAllString(p.bracket.ReplaceAllString(t, ""), ""); base != t && base != "" {
				add(x.growths, base, match{i, n / 3})
			}
		}
	}
	return x
}

func add(m map[string][]match, name string, one match) {
	one.rank = min(one.rank, 1)
	if !slices.ContainsFunc(m[name], func(have match) bool { return have.ind == one.ind }) {
		m[name] = append(m[name], one)
	}
}

// head reads the parts of a header, top to bottom. A part of a year is of the
// given year.
func (x *lexicon) head(parts []string, year int) head {
	var h head
	for i, s := range parts {
		if s = strings.TrimFunc(s, blank); s == "" || slices.Contains(parts[:i], s) {
			continue
		}
		h.text = strings.TrimPrefix(h.text+" · "+strings.Join(strings.Fields(s), " "), " · ")
		x.part(&h, tidy(s), year)
	}
	return h
}

// part reads one cell of a header.
func (x *lexicon) part(h *head, s string, year int) {
	if x.named(h, s) {
		return
	}
	if m := x.mark.FindStringIndex(s); m != nil {
		s, h.provisional = s[:m[0]], true
	}
	s = x.ordinal.ReplaceAllString(s, "")
	if x.named(h, s) || x.unitHere(h, strings.Trim(s, "()[]")) {
		return
	}
	s = x.bracket.ReplaceAllStringFunc(s, func(in string) string {
		if x.aside(h, in[1:len(in)-1], year) {
			return ""
		}
		return in
	})
	for _, sep := range []string{"/", ":"} {
		if i := strings.LastIndex(s, sep); i > 0 && x.unitHere(h, s[i+len(sep):]) {
			s = s[:i]
		}
	}
	if x.named(h, s) {
		return
	}
	s = x.time(h, s, year)
	if x.rank.MatchString(s) {
		h.rank = true
		return
	}
	s = x.manner(h, s)
	if x.prior.MatchString(s) {
		h.prior = true
		return
	}
	s = strings.Trim(x.ofAll.ReplaceAllString(strings.Trim(s, ":、,;-—·"), ""), ":、,;-—·")
	if s != "" {
		h.names = append(h.names, s)
	}
}

// named takes a part that is the name of an indicator as it stands.
func (x *lexicon) named(h *head, s string) bool {
	if x.names[s] == nil {
		return false
	}
	h.names = append(h.names, s)
	return true
}

func (x *lexicon) unitHere(h *head, s string) bool {
	if _, ok := x.unit(s); !ok {
		return false
	}
	if h.unit == "" {
		h.unit = s
	}
	return true
}

// aside reads what stands in brackets; it reports whether all of it was
// understood.
func (x *lexicon) aside(h *head, s string, year int) bool {
	all := true
	for _, one := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(",、;", r) }) {
		one = strings.TrimPrefix(strings.TrimPrefix(one, "单位:"), "计量单位:")
		switch {
		case x.unitHere(h, one):
		case x.basis.MatchString(one):
			h.index = true
		case strings.HasPrefix(one, "初步") || strings.HasPrefix(one, "快报"):
			h.provisional = true
		case one == "现价" || one == "当年价" || one == "当年价格" || one == "按可比价计算" || one == "按可比价格计算" || one == "±":
		default:
			if rest := x.manner(h, x.time(h, one, year)); rest != "" {
				all = false
			}
		}
	}
	return all
}

// time takes the period out of a part.
func (x *lexicon) time(h *head, s string, year int) string {
	if !strings.ContainsAny(s, "0123456789月季年") {
		return s
	}
	w, rest, ok := x.find(s, year)
	if !ok && year == 0 {
		// The month is told, the year is not: the name can be read all the same.
		if w, rest, ok = x.find(s, 2000); ok {
			h.sums = h.sums || w.cumulative
			return rest
		}
	}
	if !ok {
		return s
	}
	h.when, h.timed = w, true
	h.sums = h.sums || w.cumulative
	h.single = h.single || w.freq != panel.Yearly && !w.cumulative
	return rest
}

// manner takes off the end what says how an indicator is counted.
func (x *lexicon) manner(h *head, s string) string {
	for before := ""; before != s; {
		before = s
		if m := x.growth.FindStringIndex(s); m != nil {
			s, h.growth = s[:m[0]], true
		}
		if m := x.sums.FindStringIndex(s); m != nil {
			s, h.sums, h.single = s[:m[0]], true, false
		}
		if m := x.months.FindStringIndex(s); m != nil {
			s, h.single = s[:m[0]], true
		}
		if m := x.level.FindStringIndex(s); m != nil && x.names[s] == nil {
			s = s[:m[0]]
		}
	}
	return s
}

// target is the indicator that a name means, and what is added to a value to make
// it one of that indicator's.
type target struct {
	ind   int
	shift float64
}

// target resolves a header. cumulative is how the sheet as a whole counts.
func (x *lexicon) target(h head, cumulative bool) (target, bool) {
	if h.rank || h.prior || h.bare() {
		return target{}, false
	}
	if h.sums != h.single {
		cumulative = h.sums
	}
	n := len(h.names)
	if t, ok := x.resolve(strings.Join(h.names, ""), h, cumulative, false); ok || n == 1 {
		return t, ok
	}
	switch h.names[n-1] {
	case "总额", "总数", "金额", "数量", "合计", "总计", "全部":
		// The whole of what stands above.
		h.names = h.names[:n-1]
		return x.target(h, cumulative)
	}
	if n > 2 {
		if t, ok := x.resolve(strings.Join(h.names[n-2:], ""), h, cumulative, false); ok {
			return t, ok
		}
	}
	// What stands below another name may be something of that other: the 第一产业 of
	// investment is no value added. A full name is itself wherever it stands.
	return x.resolve(h.names[n-1], h, cumulative, !x.group(h.names[n-2], h.names[n-1]))
}

// group reports whether a name above another is only a heading.
func (x *lexicon) group(above, below string) bool {
	if strings.HasSuffix(above, "指标") || above == "项目" || above == "综合" || strings.HasSuffix(above, "核算") {
		return true
	}
	for _, a := range x.names[above] {
		for _, b := range x.names[below] {
			if slices.Contains(x.list[a.ind].Parts, x.list[b.ind].Code) {
				return true
			}
		}
	}
	return false
}

// resolve finds the indicator of a name.
func (x *lexicon) resolve(name string, h head, cumulative, full bool) (target, bool) {
	if h.growth {
		if i, ok := x.pick(x.growths[name], h, cumulative, full); ok {
			return target{ind: i}, true
		}
	}
	i, ok := x.pick(x.names[name], h, cumulative, full)
	if !h.growth && !h.index {
		return target{ind: i}, ok
	}
	if !ok {
		return target{}, false
	}
	if h.index && strings.Contains(name, "指数") {
		return target{ind: i}, true
	}
	g, known := x.codes[x.list[i].Growth]
	if !known && h.growth {
		g, known = x.pick(x.growths[tidy(x.list[i].Name.ZH)], h, cumulative, full)
	}
	if !known {
		return target{}, false
	}
	return target{ind: g, shift: x.shift(h, x.list[g])}, true
}

// shift gives what makes growth an index of the year before, or the reverse, where
// a header says the one and the indicator is the other.
func (x *lexicon) shift(h head, ind panel.Indicator) float64 {
	switch pace := x.pace(ind); {
	case pace && h.index:
		return -100
	case !pace && h.growth && !h.index && x.paces[ind.Code]:
		return 100
	}
	return 0
}

// pace reports whether an indicator is growth in per cent (6.1), and not an index
// of the year before (106.1).
func (x *lexicon) pace(ind panel.Indicator) bool {
	return ind.Pace || x.growth.MatchString(x.bracket.ReplaceAllString(tidy(ind.Name.ZH), ""))
}

// pick chooses among indicators of one name: the one that counts as the sheet
// does, whose unit measures the same, which is called so and not only known as so.
func (x *lexicon) pick(found []match, h head, cumulative, full bool) (int, bool) {
	narrow := func(keep func(match) bool) {
		if left := slices.DeleteFunc(slices.Clone(found), func(m match) bool { return !keep(m) }); len(left) > 0 {
			found = left
		}
	}
	if full {
		found = slices.DeleteFunc(slices.Clone(found), func(m match) bool { return m.rank > 0 })
	}
	if len(found) > 1 {
		narrow(func(m match) bool { return (x.list[m.ind].Form == panel.Cumulative) == cumulative })
		if !h.growth && h.unit != "" {
			narrow(func(m match) bool { _, ok := x.factor(h.unit, x.list[m.ind].Unit.ZH); return ok })
		}
		narrow(func(m match) bool { return m.rank == 0 })
	}
	if len(found) != 1 {
		return 0, false
	}
	return found[0].ind, true
}

// near gives the known indicators whose names resemble one.
func (x *lexicon) near(text string) []Near {
	list := make([]Near, 0, len(x.list))
	for _, ind := range x.list {
		list = append(list, Near{Code: ind.Code, Name: ind.Name})
	}
	return nearest(text, list, func(n Near) []string {
		return append([]string{n.Name.ZH, n.Name.EN, n.Code}, x.list[x.codes[n.Code]].Synonyms...)
	})
}

// unit reads the name of a unit: one that is listed, or a known one with 万, 亿 or
// the like in front.
func (x *lexicon) unit(s string) (panel.Unit, bool) {
	s = tidy(s)
	if u, ok := x.measure[s]; ok {
		return u, ok
	}
	for _, many := range []struct {
		word   string
		factor float64
	}{{"万亿", 1e12}, {"千万", 1e7}, {"百万", 1e6}, {"十亿", 1e9}, {"亿", 1e8}, {"万", 1e4}, {"千", 1e3}, {"百", 100}, {"", 1}} {
		base, ok := strings.CutPrefix(s, many.word)
		if !ok {
			continue
		}
		if u, ok := x.measure[base]; ok {
			return panel.Unit{Dimension: u.Dimension, Factor: u.Factor * many.factor}, true
		}
		switch base {
		case "千瓦时", "千瓦", "度", "吨标准煤", "辆", "件", "人次", "个", "家", "公里", "千米", "亩", "立方米", "台", "套", "标箱", "teu", "吨公里", "人公里", "头", "只", "千克", "克", "米", "张", "册", "篇", "项", "所", "港元", "元/人", "元/平方米", "元/吨", "天", "小时":
			return panel.Unit{Dimension: base, Factor: many.factor}, true
		}
	}
	return panel.Unit{}, false
}

// factor gives what turns a value in one unit into another; false when they do
// not measure the same. A unit that is not told is the other.
func (x *lexicon) factor(from, to string) (float64, bool) {
	if from, to = tidy(from), tidy(to); from == to || from == "" || to == "" {
		return 1, true
	}
	a, okA := x.unit(from)
	b, okB := x.unit(to)
	if !okA || !okB || a.Dimension != b.Dimension {
		return 0, false
	}
	return a.Factor / b.Factor, true
}
