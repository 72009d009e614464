package web

import (
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"

	"touyan.dev/touyan/kernel/fault"
)

// maxJSONDepth is how deep objects and lists of a body may lie inside each other.
const maxJSONDepth = 32

// flaw is what is wrong with a JSON text, and where.
type flaw struct {
	offset int // bytes from the start, after a byte order mark
	text   fault.Text
}

// scanJSON reads a JSON text (RFC 8259) once and gives its first flaw, or nil.
// It refuses more than encoding/json does: a name twice in one object, because
// two readers may each take another of the values; half a surrogate pair and
// the character U+0000, which would be changed or refused further on; and
// nesting deeper than maxJSONDepth.
func scanJSON(text []byte) *flaw {
	s := scanner{text: text}
	s.space()
	s.value(0)
	s.space()
	if s.flaw == nil && s.at < len(text) {
		s.fail("JSON 之后还有多余内容", "there is more text after the JSON")
	}
	return s.flaw
}

// scanner is a reader of one JSON text. After a flaw, at stands at the end, so
// that all loops end.
type scanner struct {
	text []byte
	at   int
	flaw *flaw
}

func (s *scanner) failAt(offset int, zh, en string) {
	if s.flaw == nil {
		s.flaw = &flaw{offset, fault.T(
			fmt.Sprintf("正文不是正确的 JSON:第 %d 字节处%s。", offset, zh),
			fmt.Sprintf("The body is not proper JSON: at byte %d %s.", offset, en))}
	}
	s.at = len(s.text)
}

func (s *scanner) fail(zh, en string) { s.failAt(s.at, zh, en) }

// unexpected is the flaw of a character that may not stand where it stands.
func (s *scanner) unexpected() {
	if s.at >= len(s.text) {
		s.fail("内容不完整", "the text ends too early")
		return
	}
	s.fail("有不该出现的字符", "there is an unexpected character")
}

// peek gives the next byte, or 0 at the end.
func (s *scanner) peek() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

func (s *scanner) value(depth int) {
	if depth > maxJSONDepth {
		s.fail("嵌套过深", "it is nested too deep")
		return
	}
	switch c := s.peek(); {
	case c == '{':
		s.object(depth)
	case c == '[':
		s.array(depth)
	case c == '"':
		s.string()
	case c == '-' || c >= '0' && c <= '9':
		s.number()
	case c == 't':
		s.literal("true")
	case c == 'f':
		s.literal("false")
	case c == 'n':
		s.literal("null")
	default:
		s.unexpected()
	}
}

func (s *scanner) literal(word string) {
	for i := range len(word) {
		if s.peek() != word[i] {
			s.unexpected()
			return
		}
		s.at++
	}
}

func (s *scanner) object(depth int) {
	s.at++
	s.space()
	if s.peek() == '}' {
		s.at++
		return
	}
	names := map[string]bool{}
	for {
		start := s.at
		if s.peek() != '"' {
			s.unexpected()
			return
		}
		name := s.string()
		if names[name] {
			s.failAt(start, "字段重复出现", "a field stands twice")
			return
		}
		names[name] = true
		s.space()
		if s.peek() != ':' {
			s.unexpected()
			return
		}
		s.at++
		s.space()
		s.value(depth + 1)
		if s.closed('}') {
			return
		}
	}
}

func (s *scanner) array(depth int) {
	s.at++
	s.space()
	if s.peek() == ']' {
		s.at++
		return
	}
	for {
		s.value(depth + 1)
		if s.closed(']') {
			return
		}
	}
}

// closed passes a comma, or the end of an object or list; true means that there
// is no further entry.
func (s *scanner) closed(end byte) bool {
	s.space()
	switch s.peek() {
	case ',':
		s.at++
		s.space()
		return false
	case end:
		s.at++
		return true
	}
	s.unexpected()
	return true
}

// string reads a string and gives what it says; the text is valid UTF-8.
func (s *scanner) string() string {
	start := s.at
	escaped := false
	for s.at++; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == '"':
			s.at++
			if !escaped {
				return string(s.text[start+1 : s.at-1])
			}
			var said string
			if err := json.Unmarshal(s.text[start:s.at], &said); err != nil {
				s.failAt(start, "文字写法有误", "a string is malformed")
			}
			return said
		case c < ' ':
			s.fail("有未转义的控制字符", "there is a control character that is not escaped")
		case c == '\\':
			escaped = true
			s.escape()
		}
	}
	s.unexpected()
	return ""
}

// escape reads an escape up to its last byte.
func (s *scanner) escape() {
	start := s.at
	s.at++
	switch s.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return
	case 'u':
	default:
		s.unexpected()
		return
	}
	r := s.hex()
	switch {
	case r < 0:
	case r == 0:
		s.failAt(start, "含有空字符(U+0000)", "there is the character U+0000")
	case r >= 0xdc00 && r < 0xe000:
		s.failAt(start, "有不成对的代理字符", "there is half a surrogate pair")
	case r >= 0xd800 && r < 0xdc00:
		if s.at+2 >= len(s.text) || s.text[s.at+1] != '\\' || s.text[s.at+2] != 'u' {
			s.failAt(start, "有不成对的代理字符", "there is half a surrogate pair")
			return
		}
		s.at += 2
		if low := s.hex(); low >= 0 && (low < 0xdc00 || low >= 0xe000) {
			s.failAt(start, "有不成对的代理字符", "there is half a surrogate pair")
		}
	}
}

// hex reads the four digits after the u that at stands on, and stands on the
// last of them; -1 means a flaw.
func (s *scanner) hex() rune {
	if s.at+5 > len(s.text) {
		s.at = len(s.text)
		s.unexpected()
		return -1
	}
	n, err := strconv.ParseUint(string(s.text[s.at+1:s.at+5]), 16, 32)
	if err != nil {
		s.at++
		s.unexpected()
		return -1
	}
	s.at += 4
	return rune(n)
}

func (s *scanner) number() {
	if s.peek() == '-' {
		s.at++
	}
	if s.peek() == '0' {
		s.at++
	} else {
		s.digits()
	}
	if s.peek() == '.' {
		s.at++
		s.digits()
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.at++
		if c := s.peek(); c == '+' || c == '-' {
			s.at++
		}
		s.digits()
	}
}

// digits reads one digit or more.
func (s *scanner) digits() {
	start := s.at
	for c := s.peek(); c >= '0' && c <= '9'; c = s.peek() {
		s.at++
	}
	if s.at == start {
		s.unexpected()
	}
}

// invalidAt gives the offset of the first byte that is not UTF-8, or -1.
func invalidAt(text []byte) int {
	if utf8.Valid(text) {
		return -1
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
	return -1
}
