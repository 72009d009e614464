// Package alike finds documents that are the same or nearly so.
//
// A number is the same when it is after everything that typists write in several
// ways has been made one: brackets, spaces, full-width forms, 第 and 号. Texts are
// compared by their shingles: runs of three characters, without punctuation; the
// share that both have is the likeness. The package knows no database and never
// decides what is to be done about a likeness.
package alike

import "strings"

// Enough is the likeness from which two texts are shown as perhaps the same.
const Enough = 0.5

// shingle is how many characters are compared as one.
const shingle = 3

// Number gives the form in which numbers of documents are compared; "" for one
// that holds no digit and so identifies nothing.
func Number(text string) string {
	var b strings.Builder
	digits := false
	for _, r := range text {
		r = narrow(r)
		switch {
		case r >= '0' && r <= '9':
			digits = true
			b.WriteRune(r)
		case r == '第' || r == '号' || !letter(r):
		default:
			b.WriteRune(r)
		}
	}
	if !digits {
		return ""
	}
	return strings.ToUpper(b.String())
}

// Set is the shingles of a text.
type Set map[string]struct{}

// Of gives the shingles of texts, one after the other.
func Of(texts ...string) Set {
	s := Set{}
	for _, text := range texts {
		var kept []rune
		for _, r := range text {
			if r = narrow(r); letter(r) {
				kept = append(kept, r)
			}
		}
		for i := 0; i+shingle <= len(kept); i++ {
			s[string(kept[i:i+shingle])] = struct{}{}
		}
	}
	return s
}

// Likeness gives the share of the shingles of both that both have, 0 to 1; 0 where
// one has none.
func (s Set) Likeness(other Set) float64 {
	if len(s) == 0 || len(other) == 0 {
		return 0
	}
	if len(s) > len(other) {
		s, other = other, s
	}
	both := 0
	for k := range s {
		if _, ok := other[k]; ok {
			both++
		}
	}
	return float64(both) / float64(len(s)+len(other)-both)
}

// narrow turns full-width letters and digits into plain ones.
func narrow(r rune) rune {
	if r >= '！' && r <= '～' {
		return r - '！' + '!'
	}
	return r
}

// letter reports what carries meaning: letters of any script and digits.
func letter(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= 0x3400 && r <= 0x9fff || r >= 0x20000 && r <= 0x323af
}
