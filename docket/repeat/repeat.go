// Package repeat finds matters that are about the same thing, so that nobody is
// supervised twice for it (不得重复督查、多头督查: Decree 733, art. 15).
//
// It is pure: it compares titles by the pairs of characters they share, after the
// words that every title of the trade has are left out. It never decides; it shows
// what a person should look at.
package repeat

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// Case is a matter to compare.
type Case struct {
	ID     int64
	Title  string
	Object int64 // the unit that it is about
}

// Kin says how two units stand to each other.
type Kin int

// The kinship of units, nearest last.
const (
	Strangers Kin = iota
	Related       // one lies above the other
	Same
)

// Hit is a case near another.
type Hit struct {
	Case
	Kin   Kin
	Share float64 // of what the titles have in common, 0 to 1
}

// Repeats reports that the two are likely about the same thing.
func (h Hit) Repeats() bool { return h.Share >= 0.5 }

// Near gives the cases about the same object, or one above or below it, those
// about the same thing first.
func Near(of Case, among []Case, kin func(a, b int64) Kin) []Hit {
	var out []Hit
	for _, c := range among {
		if c.ID == of.ID {
			continue
		}
		if k := kin(of.Object, c.Object); k != Strangers {
			out = append(out, Hit{c, k, Share(of.Title, c.Title)})
		}
	}
	slices.SortStableFunc(out, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(b.Kin, a.Kin), cmp.Compare(b.ID, a.ID))
	})
	return out
}

// Share gives how much two titles have in common: twice the pairs of characters in
// both over the pairs in each (Dice 1945). It is 1 for equal titles, and the same
// whichever comes first.
func Share(a, b string) float64 {
	x, y := pairs(a), pairs(b)
	if len(x)+len(y) == 0 {
		return 0
	}
	both := 0
	for pair, n := range x {
		both += min(n, y[pair])
	}
	return 2 * float64(both) / float64(count(x)+count(y))
}

func count(m map[string]int) (n int) {
	for _, k := range m {
		n += k
	}
	return n
}

// pairs counts the pairs of neighbours among the characters that say what a title
// is about; a single character counts as a pair.
func pairs(title string) map[string]int {
	out := map[string]int{}
	var last rune
	letters := 0
	for _, r := range stock().Replace(title) {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			continue
		}
		r = unicode.ToLower(r)
		if letters++; letters > 1 {
			out[string([]rune{last, r})]++
		}
		last = r
	}
	if letters == 1 {
		out[string(last)]++
	}
	return out
}

// stock takes out the words of the trade.
func stock() *strings.Replacer {
	return strings.NewReplacer("关于", "", "开展", "", "落实", "", "情况", "", "工作", "", "专项", "", "综合", "", "督查", "", "督办", "", "调查", "", "核查", "", "检查", "", "的", "", "对", "")
}
