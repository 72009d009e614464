package report

import "sort"

// lexicon finds known words in a text, the longest first at each place.
type lexicon[T any] struct {
	first map[rune][]entry[T]
}

type entry[T any] struct {
	word  []rune
	value T
}

func newLexicon[T any](words map[string]T) *lexicon[T] {
	l := &lexicon[T]{first: make(map[rune][]entry[T], len(words))}
	for w, v := range words {
		l.add(w, v)
	}
	l.sort()
	return l
}

// wordSet builds a lexicon whose values are the words themselves.
func wordSet(words ...string) *lexicon[string] {
	l := &lexicon[string]{first: make(map[rune][]entry[string], len(words))}
	for _, w := range words {
		l.add(w, w)
	}
	l.sort()
	return l
}

func (l *lexicon[T]) add(word string, value T) {
	rs := []rune(word)
	if len(rs) > 0 {
		l.first[rs[0]] = append(l.first[rs[0]], entry[T]{rs, value})
	}
}

func (l *lexicon[T]) sort() {
	for _, es := range l.first {
		sort.SliceStable(es, func(i, j int) bool { return len(es[i].word) > len(es[j].word) })
	}
}

// at gives the longest word that begins at rune i.
func (l *lexicon[T]) at(rs []rune, i int) (value T, length int, ok bool) {
	if i < 0 || i >= len(rs) {
		return value, 0, false
	}
	for _, e := range l.first[rs[i]] {
		if hasAt(rs, i, e.word) {
			return e.value, len(e.word), true
		}
	}
	return value, 0, false
}

// in reports whether any word of the lexicon stands in rs.
func (l *lexicon[T]) in(rs []rune) bool {
	for i := range rs {
		if _, _, ok := l.at(rs, i); ok {
			return true
		}
	}
	return false
}

// before gives the longest word that ends just before rune i.
func (l *lexicon[T]) before(rs []rune, i int) (value T, length int, ok bool) {
	for from := max(0, i-8); from < i; from++ {
		for _, e := range l.first[rs[from]] {
			if from+len(e.word) == i && hasAt(rs, from, e.word) {
				return e.value, len(e.word), true
			}
		}
	}
	return value, 0, false
}

func hasAt(rs []rune, i int, word []rune) bool {
	if i < 0 || i+len(word) > len(rs) {
		return false
	}
	for k, r := range word {
		if rs[i+k] != r {
			return false
		}
	}
	return true
}

// follows reports whether the text at rune i begins with the word.
func follows(rs []rune, i int, word string) bool {
	for _, r := range word {
		if i >= len(rs) || i < 0 || rs[i] != r {
			return false
		}
		i++
	}
	return true
}

// followsAny gives the length in runes of the first of words found at i, or 0.
func followsAny(rs []rune, i int, words ...string) int {
	for _, w := range words {
		if follows(rs, i, w) {
			return len([]rune(w))
		}
	}
	return 0
}

// precedes reports whether the text just before rune i ends with the word.
func precedes(rs []rune, i int, word string) bool {
	w := []rune(word)
	return hasAt(rs, i-len(w), w)
}

func precedesAny(rs []rune, i int, words ...string) bool {
	for _, w := range words {
		if precedes(rs, i, w) {
			return true
		}
	}
	return false
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }
func isLatin(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }
func isHan(r rune) bool   { return r >= 0x4E00 && r <= 0x9FFF || r == '〇' }
func isStop(r rune) bool  { return r == '。' || r == '！' || r == '？' }
func isCloser(r rune) bool {
	return r == '”' || r == '’' || r == '」' || r == '』' || r == '）' || r == '》'
}
