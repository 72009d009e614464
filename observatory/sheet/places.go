package sheet

import (
	"slices"
	"strings"

	"touyan.dev/touyan/observatory/panel"
)

// places resolves names of subjects.
type places struct {
	*patterns
	subjects []panel.Subject
	codes    map[string]string   // tidy code → code
	names    map[string][]string // tidy name or spelling → codes
	bare     map[string][]string // name without 市, 区, … → codes
	tails    map[string][]string // name without the province in front → codes
	regions  map[string]bool     // what may stand in front of a name
	attrs    map[string][]string // code → tidy attributes
	full     map[string]string   // code → tidy name
	seen     map[string]string   // what was resolved before
}

func newPlaces(p *patterns, k Known) *places {
	l := &places{
		patterns: p, subjects: k.Subjects, codes: map[string]string{}, names: map[string][]string{}, bare: map[string][]string{},
		tails: map[string][]string{}, regions: map[string]bool{}, attrs: map[string][]string{}, full: map[string]string{}, seen: map[string]string{},
	}
	add := func(m map[string][]string, name, code string) {
		if name != "" && !slices.Contains(m[name], code) {
			m[name] = append(m[name], code)
		}
	}
	for _, s := range k.Subjects {
		l.codes[tidy(s.Code)] = s.Code
		for _, n := range []string{s.Name.ZH, s.Name.EN} {
			add(l.names, tidy(n), s.Code)
		}
		l.full[s.Code] = tidy(s.Name.ZH)
		add(l.bare, l.stem(tidy(s.Name.ZH)), s.Code)
		l.region(tidy(s.Name.ZH))
		for _, v := range s.Attrs {
			if v := tidy(v); v != "" && strings.Trim(v, "0123456789.-") != "" {
				l.attrs[s.Code] = append(l.attrs[s.Code], v)
			}
		}
		l.region(tidy(s.Attrs["province"]))
		l.region(tidy(s.Attrs["city"]))
	}
	for name, code := range k.Spellings {
		add(l.names, tidy(name), code)
	}
	for _, s := range k.Subjects {
		for _, c := range l.cuts(tidy(s.Name.ZH)) {
			add(l.tails, c[1], s.Code)
		}
	}
	return l
}

// region notes what may stand in front of a name, with and without its ending.
func (l *places) region(name string) {
	if len([]rune(name)) >= 2 {
		l.regions[name] = true
		l.regions[l.stem(name)] = true
	}
}

// stem takes the kind of a place off its name: 澄川市 is 澄川, 延边朝鲜族自治州 is
// 延边. A name of which less than two characters would be left stays whole.
func (l *places) stem(name string) string {
	if m := l.ethnic.FindStringSubmatch(name); m != nil {
		return m[1]
	}
	for _, kind := range []string{"特别行政区", "地区", "林区", "新区", "省", "市", "区", "县", "旗", "盟", "州"} {
		if rest, ok := strings.CutSuffix(name, kind); ok && len([]rune(rest)) >= 2 {
			return rest
		}
	}
	return name
}

// cuts gives the ways to see a region in front of a name: region and rest.
func (l *places) cuts(name string) (out [][2]string) {
	r := []rune(name)
	for i := 2; i <= len(r)-2; i++ {
		front, rest := string(r[:i]), string(r[i:])
		ends := strings.HasSuffix(front, "省") || strings.HasSuffix(front, "自治区") || strings.HasSuffix(front, "市") || strings.HasSuffix(front, "州") || strings.HasSuffix(front, "盟")
		if ends || l.regions[front] {
			out = append(out, [2]string{front, rest})
		}
	}
	return out
}

// find gives the code of a subject's name; "" when nothing matches, or more than
// one thing.
func (l *places) find(text string) string {
	if code, ok := l.seen[text]; ok {
		return code
	}
	t := l.mark.ReplaceAllString(tidy(text), "")
	code := l.resolve(t)
	if code == "" {
		if rest := l.ordinal.ReplaceAllString(t, ""); rest != t {
			code = l.resolve(rest)
		}
	}
	l.seen[text] = code
	return code
}

func (l *places) resolve(t string) string {
	if t == "" {
		return ""
	}
	if code, ok := l.codes[t]; ok {
		return code
	}
	if codes := l.loose(t); len(codes) > 0 {
		return only(codes)
	}
	var found []string
	for _, c := range l.cuts(t) {
		for _, code := range l.loose(c[1]) {
			if l.within(code, c[0]) && !slices.Contains(found, code) {
				found = append(found, code)
			}
		}
	}
	if found == nil {
		found = l.tails[t]
	}
	return only(found)
}

func only(codes []string) string {
	if len(codes) == 1 {
		return codes[0]
	}
	return ""
}

// loose gives the codes of a name as it stands or, when one of the two has no
// ending, of those that differ by it: 澄川 is 澄川市, but 朝阳市 is not 朝阳区.
func (l *places) loose(t string) []string {
	if codes := l.names[t]; codes != nil {
		return codes
	}
	stem := l.stem(t)
	if stem == t {
		return l.bare[t]
	}
	if codes := l.names[stem]; codes != nil {
		return codes
	}
	// 石林州 is short for 石林土家族自治州.
	kind := "自治" + strings.TrimPrefix(t, stem)
	return slices.DeleteFunc(slices.Clone(l.bare[stem]), func(code string) bool { return !strings.HasSuffix(l.full[code], kind) })
}

// within reports whether a subject may lie in a region: unless its attributes
// name another of that kind.
func (l *places) within(code, region string) bool {
	stem, known := l.stem(region), false
	for _, v := range l.attrs[code] {
		if l.stem(v) == stem {
			return true
		}
		known = known || strings.HasSuffix(region, "省") && strings.HasSuffix(v, "省")
	}
	return !known
}

// inside gives the subject whose name is the longest that stands in a text.
func (l *places) inside(text string) string {
	t, best, code := tidy(text), "", ""
	for _, s := range l.subjects {
		n := tidy(s.Name.ZH)
		if len([]rune(n)) >= 2 && strings.Contains(t, n) && (len(n) > len(best) || len(n) == len(best) && n < best) {
			best, code = n, s.Code
		}
	}
	return code
}

// near gives the known names that resemble one, at most three.
func (l *places) near(text string) []Near {
	list := make([]Near, 0, len(l.subjects))
	for _, s := range l.subjects {
		list = append(list, Near{Code: s.Code, Name: s.Name})
	}
	return nearest(text, list, func(n Near) []string { return []string{n.Name.ZH, n.Name.EN, n.Code} })
}

// nearest ranks names by the pairs of characters they share (Dice's coefficient)
// and keeps the best three that share a third.
func nearest(text string, list []Near, names func(Near) []string) []Near {
	type scored struct {
		near  Near
		score float64
	}
	var found []scored
	have := pairs(text)
	for _, n := range list {
		best := 0.0
		for _, name := range names(n) {
			best = max(best, dice(have, pairs(name)))
		}
		if best >= 1.0/3 {
			found = append(found, scored{n, best})
		}
	}
	slices.SortStableFunc(found, func(a, b scored) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return strings.Compare(a.near.Code, b.near.Code)
	})
	var out []Near
	for _, f := range found[:min(3, len(found))] {
		out = append(out, f.near)
	}
	return out
}

// pairs counts the pairs of neighbouring characters, the edges included.
func pairs(s string) map[[2]rune]int {
	r := []rune("^" + tidy(s) + "$")
	out := map[[2]rune]int{}
	for i := range len(r) - 1 {
		out[[2]rune{r[i], r[i+1]}]++
	}
	return out
}

func dice(a, b map[[2]rune]int) float64 {
	both, all := 0, 0
	for k, n := range a {
		both += min(n, b[k])
		all += n
	}
	for _, n := range b {
		all += n
	}
	return 2 * float64(both) / float64(all)
}
