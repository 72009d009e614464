// Package similar finds earlier texts that are like a new one (类似事项): BM25
// over pairs of neighbouring Chinese characters (Robertson and Zaragoza, The
// Probabilistic Relevance Framework, 2009; k1 = 1.2, b = 0.75). Pairs need no
// dictionary and no model, so the same texts always give the same answer, and the
// words that two texts share can be shown as the reason.
//
// It is pure, keeps what it was given in memory and nothing else, and knows no
// rights: whoever fills an index puts in what its reader may see.
package similar

import (
	"cmp"
	"math"
	"slices"
	"unicode"
)

// The constants of BM25 as its authors recommend them.
const (
	k1 = 1.2
	b  = 0.75
)

// Index holds texts by number. The zero value is empty.
type Index struct {
	grams map[string][]posting
	docs  []doc
	total int // grams of all texts
}

type posting struct{ doc, count int }

type doc struct {
	id   int64
	size int
}

// Hit is an earlier text. Score lies between 0 and 1: the share of the most that
// any text could ever score. Words are what both share, the most telling first.
type Hit struct {
	ID    int64
	Score float64
	Words []string
}

// Len is how many texts the index holds.
func (x *Index) Len() int { return len(x.docs) }

// Add puts a text into the index.
func (x *Index) Add(id int64, text string) {
	if x.grams == nil {
		x.grams = map[string][]posting{}
	}
	counts := map[string]int{}
	size := 0
	for _, g := range grams(text) {
		counts[g.text]++
		size++
	}
	for g, n := range counts {
		x.grams[g] = append(x.grams[g], posting{len(x.docs), n})
	}
	x.docs = append(x.docs, doc{id, size})
	x.total += size
}

// Find gives the texts most like a text, best first, at most so many; those that
// share nothing are left out.
func (x *Index) Find(text string, most int) []Hit {
	found := grams(text)
	weight := map[string]float64{}
	ceiling := 0.0
	for _, g := range found {
		if _, again := weight[g.text]; again {
			continue
		}
		n := float64(len(x.grams[g.text]))
		w := math.Log(1 + (float64(len(x.docs))-n+0.5)/(n+0.5))
		weight[g.text] = w
		ceiling += w * (k1 + 1)
	}
	scores := make([]float64, len(x.docs))
	for g, w := range weight {
		for _, p := range x.grams[g] {
			tf := float64(p.count)
			norm := k1 * (1 - b + b*float64(x.docs[p.doc].size)*float64(len(x.docs))/float64(max(x.total, 1)))
			scores[p.doc] += w * tf * (k1 + 1) / (tf + norm)
		}
	}
	var hits []Hit
	for i, s := range scores {
		if s > 0 {
			hits = append(hits, Hit{ID: x.docs[i].id, Score: s / ceiling})
		}
	}
	slices.SortFunc(hits, func(a, b Hit) int { return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.ID, a.ID)) })
	hits = hits[:min(len(hits), most)]
	for i := range hits {
		hits[i].Words = x.shared(hits[i].ID, found, weight)
	}
	return hits
}

// wordsMost is how many shared words are shown.
const wordsMost = 4

// shared joins the pairs that a text of the index also has into words.
func (x *Index) shared(id int64, found []gram, weight map[string]float64) []string {
	at := slices.IndexFunc(x.docs, func(d doc) bool { return d.id == id })
	type word struct {
		text   string
		weight float64
	}
	var words []word
	end := -1
	for _, g := range found {
		_, has := slices.BinarySearchFunc(x.grams[g.text], at, func(p posting, at int) int { return cmp.Compare(p.doc, at) })
		switch {
		case !has:
		case len(words) > 0 && g.at < end && g.at > 0: // overlaps the one before: 社保, 保转 → 社保转
			w := &words[len(words)-1]
			w.text += string([]rune(g.text)[end-g.at:])
			w.weight += weight[g.text]
			end = g.at + g.size
		default:
			words = append(words, word{g.text, weight[g.text]})
			end = g.at + g.size
		}
	}
	slices.SortStableFunc(words, func(a, b word) int { return cmp.Compare(b.weight, a.weight) })
	var out []string
	for _, w := range words {
		if len(out) < wordsMost && !slices.Contains(out, w.text) {
			out = append(out, w.text)
		}
	}
	return out
}

// gram is a pair of Chinese characters, or a word of letters or digits, and where
// it stands.
type gram struct {
	text     string
	at, size int // in characters
}

// grams cuts a text. A Chinese character that stands alone is no gram.
func grams(text string) []gram {
	rs := []rune(text)
	var out []gram
	for i := 0; i < len(rs); {
		switch {
		case unicode.Is(unicode.Han, rs[i]):
			if i+1 < len(rs) && unicode.Is(unicode.Han, rs[i+1]) {
				out = append(out, gram{string(rs[i : i+2]), i, 2})
			}
			i++
		case unicode.IsLetter(rs[i]) || unicode.IsDigit(rs[i]):
			from := i
			for i < len(rs) && (unicode.IsLetter(rs[i]) || unicode.IsDigit(rs[i])) && !unicode.Is(unicode.Han, rs[i]) {
				rs[i] = unicode.ToLower(rs[i])
				i++
			}
			if i-from > 1 {
				out = append(out, gram{string(rs[from:i]), from, i - from})
			}
		default:
			i++
		}
	}
	return out
}
