package report

import (
	"strings"
	"unicode/utf8"
)

// paragraph is one logical paragraph: hard line breaks inside it are undone,
// and each rune knows where it came from.
type paragraph struct {
	text  []rune
	at    []int // byte offset of each rune in Document.Text
	level int   // of its heading mark: 1 一、 2 （一） 3 第一， or 1.; 0 for none
	whole bool  // the paragraph is nothing but a heading
}

// Split cuts a document into sentences. It undoes line breaks that fall inside
// a sentence, follows the usual numbering (一、 （一） 第一， 1.), takes a short
// first sentence as a run-in heading, and tells the parts apart. Every Source
// is the exact text of its Span.
func Split(doc Document) []Sentence {
	paragraphs := cut(doc)
	parts := partsOf(paragraphs, doc.Year)
	var out []Sentence
	var path [4]string
	for i, p := range paragraphs {
		ranges := sentences(p.text)
		if p.level > 0 && len(ranges) > 0 {
			path[p.level-1] = headingText(p.text[ranges[0][0]:ranges[0][1]])
			clear(path[p.level:])
		}
		lead := ""
		if p.level == 0 && len(ranges) > 1 {
			lead = runIn(p.text[ranges[0][0]:ranges[0][1]])
		}
		for k, r := range ranges {
			s := sentence(doc.Text, p, r)
			s.Paragraph, s.Number = i+1, k+1
			s.Part = parts[i]
			s.Heading = p.whole && p.level > 0
			s.Headings = joinPath(path, lead)
			out = append(out, s)
		}
	}
	return out
}

func sentence(text string, p paragraph, r [2]int) Sentence {
	at := p.at[r[0]:r[1]]
	last := at[len(at)-1]
	_, size := utf8.DecodeRuneInString(text[last:])
	span := Span{at[0], last + size}
	return Sentence{Span: span, Source: text[span.Start:span.End], Text: string(p.text[r[0]:r[1]]), at: at}
}

// clause gives the span of runes from..to of the sentence.
func (s Sentence) clause(from, to int) Span {
	last := s.at[to-1]
	_, size := utf8.DecodeRuneInString(s.Source[last-s.Span.Start:])
	return Span{s.at[from], last + size}
}

func joinPath(path [4]string, lead string) []string {
	out := make([]string, 0, 4)
	for _, h := range path {
		if h != "" {
			out = append(out, h)
		}
	}
	if lead != "" {
		out = append(out, lead)
	}
	return out
}

// headingText is a heading without its final stop, cut to 60 runes.
func headingText(rs []rune) string {
	if len(rs) > 60 {
		rs = rs[:60]
	}
	return strings.TrimRight(string(rs), "。：:；")
}

// runIn gives the text of a short first sentence that serves as a heading
// ("培育壮大新兴产业。"); a sentence with a number is work, not a heading.
func runIn(rs []rune) string {
	if len(rs) < 4 || len(rs) > 31 || rs[len(rs)-1] != '。' {
		return ""
	}
	for _, r := range rs {
		if isDigit(r) || r == '，' && len(rs) > 24 {
			return ""
		}
	}
	return string(rs[:len(rs)-1])
}

// sentences finds the rune ranges of a paragraph's sentences. Closing quotes
// and a bracket that names who is responsible stay with the sentence.
func sentences(rs []rune) [][2]int {
	var out [][2]int
	from, depth := 0, 0
	for i := 0; i < len(rs); i++ {
		switch {
		case rs[i] == '《' || rs[i] == '（':
			depth++
		case (rs[i] == '》' || rs[i] == '）') && depth > 0:
			depth--
		}
		if !isStop(rs[i]) || depth > 0 && i-from < 200 {
			continue
		}
		i++
		for i < len(rs) && (isStop(rs[i]) || isCloser(rs[i])) {
			i++
		}
		i = namedUnits(rs, i)
		out = append(out, [2]int{from, i})
		from, depth = i, 0
		i--
	}
	if from < len(rs) {
		out = append(out, [2]int{from, len(rs)})
	}
	return out
}

// namedUnits extends a sentence over "（市教育局牵头，……）" after its stop.
func namedUnits(rs []rune, i int) int {
	if i >= len(rs) || rs[i] != '（' {
		return i
	}
	for k := i + 1; k < len(rs) && k-i < 200; k++ {
		if rs[k] == '）' {
			if named.in(rs[i:k]) {
				return k + 1
			}
			return i
		}
	}
	return i
}

// line is one line of the source and what separates it from the one before.
type line struct {
	text  []rune
	at    []int
	blank int // blank lines before it
	mark  int // level given by the file's own styles
}

// cut undoes hard line breaks and gives the logical paragraphs.
func cut(doc Document) []paragraph {
	lines := lines(doc)
	wrapped := blankSeparated(lines)
	var out []paragraph
	for i, l := range lines {
		if i > 0 && l.mark == 0 && lines[i-1].mark == 0 && len(out) > 0 && joins(lines[i-1], l, wrapped) {
			p := &out[len(out)-1]
			p.text, p.at = append(p.text, l.text...), append(p.at, l.at...)
			continue
		}
		out = append(out, paragraph{text: l.text, at: l.at, level: l.mark})
	}
	for i := range out {
		p := &out[i]
		if p.level == 0 {
			p.level = headingLevel(p.text)
		}
		p.whole = len(p.text) <= 60 && len(sentences(p.text)) == 1
	}
	return out
}

// lines normalises the source line by line and drops blank ones. A line of
// zero-width characters only is a join and not a blank.
func lines(doc Document) []line {
	var out []line
	blank, offset := 0, 0
	marks := doc.marks
	for _, raw := range strings.SplitAfter(doc.Text, "\n") {
		text, at := normalise(raw, offset)
		level := 0
		for len(marks) > 0 && marks[0].at < offset+len(raw) {
			level = marks[0].level
			marks = marks[1:]
		}
		if len(text) > 0 {
			out = append(out, line{text, at, blank, level})
			blank = 0
		} else if strings.Trim(raw, " \t\r\n\u3000\u00a0") == "" {
			blank++
		}
		offset += len(raw)
	}
	return out
}

// blankSeparated tells whether the document parts its paragraphs by blank
// lines, so that a single line break falls inside a paragraph.
func blankSeparated(ls []line) bool {
	long, parted := 0, 0
	for i := 1; i < len(ls); i++ {
		if before := ls[i-1].text; len(before) >= 40 && isStop(before[len(before)-1]) {
			long++
			if ls[i].blank > 0 {
				parted++
			}
		}
	}
	return long >= 3 && parted*4 >= long*3
}

// joins reports whether b continues the paragraph of a.
func joins(a, b line, wrapped bool) bool {
	last, first := a.text[len(a.text)-1], b.text[0]
	if strings.ContainsRune("》）”，、。；：％%", first) || strings.ContainsRune("《（“、", last) {
		return b.blank == 0
	}
	if !wrapped || b.blank > 0 || isStop(last) || last == '：' || last == ':' || isCloser(last) && last != '》' && last != '”' {
		return false
	}
	return headingLevel(b.text) == 0 && (headingLevel(a.text) == 0 || len(a.text) > 60)
}

// normalise gives the runes of raw that carry meaning, half-width where they
// are digits, letters or decimal points, with the offset of each.
func normalise(raw string, offset int) ([]rune, []int) {
	text := make([]rune, 0, len(raw)/3+1)
	at := make([]int, 0, len(raw)/3+1)
	for i, r := range raw {
		if r == '\t' && len(text) > 0 && strings.TrimSpace(raw[i:]) != "" {
			text, at = append(text, '\t'), append(at, offset+i)
			continue
		}
		if dropped(r) {
			if r == ' ' && len(text) > 0 && isLatin(text[len(text)-1]) && latinNext(raw[i:]) {
				text, at = append(text, ' '), append(at, offset+i)
			}
			continue
		}
		text, at = append(text, halfWidth(r)), append(at, offset+i)
	}
	for i, r := range text {
		text[i] = inContext(text, i, r)
	}
	return text, at
}

// plain is normalise for a short text without offsets.
func plain(s string) string {
	rs, _ := normalise(s, 0)
	return string(rs)
}

func latinNext(s string) bool {
	s = strings.TrimLeft(s, " ")
	return s != "" && isLatin(rune(s[0]))
}

func dropped(r rune) bool {
	switch {
	case r <= ' ', r == 0x7f, r == '\u00a0', r == '\u00ad', r == '\u3000', r == '\ufeff', r == '\u2060':
		return true
	case r >= '\u2000' && r <= '\u200f', r >= '\u2028' && r <= '\u202f':
		return true
	}
	return false
}

func halfWidth(r rune) rune {
	switch {
	case r >= '０' && r <= '９', r >= 'Ａ' && r <= 'Ｚ', r >= 'ａ' && r <= 'ｚ':
		return r - 0xFEE0
	case r == '％' || r == '﹪':
		return '%'
	}
	return r
}

// inContext settles the punctuation whose width depends on its neighbours: a
// point between digits is decimal; a comma beside Chinese is Chinese.
func inContext(rs []rune, i int, r rune) rune {
	digits := i > 0 && i+1 < len(rs) && isDigit(rs[i-1]) && isDigit(rs[i+1])
	switch r {
	case '．':
		if digits {
			return '.'
		}
	case ',':
		if !digits && (i > 0 && !isLatin(rs[i-1]) || i+1 < len(rs) && isHan(rs[i+1])) {
			return '，'
		}
	case '(':
		return '（'
	case ')':
		return '）'
	case ';':
		return '；'
	case '!':
		return '！'
	case '?':
		return '？'
	case ':':
		if !digits {
			return '：'
		}
	}
	return r
}
