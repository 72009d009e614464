package flow

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The state is read and written with every act, so it has its own small JSON
// writer and scanner: what is written has one form only (sorted keys, no
// space), and data is carried as text that is parsed only when it is looked at.

var errJSON = errors.New("flow: malformed state")

func appendInt(b []byte, n int) []byte { return strconv.AppendInt(b, int64(n), 10) }

// appendString writes a JSON string as encoding/json would, which does the
// rare hard ones itself: a state has the same text whoever encodes it.
func appendString(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < 0x20, c == '"', c == '\\', c == '<', c == '>', c == '&', c == 0x7f:
			return appendHard(b, s)
		case c == 0xe2 && strings.HasPrefix(s[i:], "\u2028") || c == 0xe2 && strings.HasPrefix(s[i:], "\u2029"):
			return appendHard(b, s)
		}
	}
	if !utf8.ValidString(s) {
		return appendHard(b, s)
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func appendHard(b []byte, s string) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		panic("flow: a string cannot be encoded: " + err.Error())
	}
	return append(b, text...)
}

// appendAny writes a value as JSON with sorted keys and whole doubles as
// integers, so equal data has equal text.
func appendAny(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case string:
		return appendString(b, v), nil
	case int:
		return appendInt(b, v), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return strconv.AppendInt(b, int64(v), 10), nil
		}
	case map[string]any:
		return appendMap(b, v)
	case []any:
		b = append(b, '[')
		for i, item := range v {
			if i > 0 {
				b = append(b, ',')
			}
			var err error
			if b, err = appendAny(b, item); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	}
	text, err := json.Marshal(v)
	return append(b, text...), err
}

func appendMap(b []byte, m map[string]any) ([]byte, error) {
	var few [12]string
	keys := few[:0]
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	b = append(b, '{')
	for i, k := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, k), ':')
		var err error
		if b, err = appendAny(b, m[k]); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

// scan walks JSON without building values. After the first mistake it stands
// still and bad is set.
type scan struct {
	b   []byte
	at  int
	bad bool
}

func (s *scan) peek() byte {
	for s.at < len(s.b) {
		switch c := s.b[s.at]; c {
		case ' ', '\n', '\t', '\r':
			s.at++
		default:
			return c
		}
	}
	return 0
}

// take eats c if it is next.
func (s *scan) take(c byte) bool {
	if !s.bad && s.peek() == c {
		s.at++
		return true
	}
	return false
}

func (s *scan) want(c byte) {
	if !s.take(c) {
		s.bad = true
	}
}

// raw eats one string and gives its text with quotes.
func (s *scan) raw() []byte {
	if s.bad || s.peek() != '"' {
		s.bad = true
		return nil
	}
	from := s.at
	for s.at++; s.at < len(s.b); s.at++ {
		switch c := s.b[s.at]; {
		case c == '"':
			s.at++
			return s.b[from:s.at]
		case c == '\\':
			s.at++
		case c < 0x20:
			s.bad = true
			return nil
		}
	}
	s.bad = true
	return nil
}

// text eats one string and gives its value.
func (s *scan) text() string {
	raw := s.raw()
	if s.bad {
		return ""
	}
	for _, c := range raw {
		if c == '\\' {
			var out string
			if json.Unmarshal(raw, &out) != nil {
				s.bad = true
			}
			return out
		}
	}
	return string(raw[1 : len(raw)-1])
}

// int eats one whole number that is not negative.
func (s *scan) int() int {
	n, from := 0, s.at
	for s.peek(); s.at < len(s.b) && s.b[s.at] >= '0' && s.b[s.at] <= '9'; s.at++ {
		if n > 1<<40 {
			s.bad = true
			return 0
		}
		n = n*10 + int(s.b[s.at]-'0')
	}
	if s.at == from {
		s.bad = true
	}
	return n
}

// object eats an object and calls f at every value; f must eat it.
func (s *scan) object(f func(key string)) {
	s.want('{')
	if s.take('}') {
		return
	}
	for !s.bad {
		key := s.text()
		s.want(':')
		if s.bad {
			return
		}
		f(key)
		if !s.take(',') {
			s.want('}')
			return
		}
	}
}

// array eats an array and calls f at every element; f must eat it.
func (s *scan) array(f func()) {
	s.want('[')
	if s.take(']') {
		return
	}
	for !s.bad {
		f()
		if !s.take(',') {
			s.want(']')
			return
		}
	}
}

// skip eats one value of any kind and gives its text.
func (s *scan) skip() []byte {
	s.peek()
	from := s.at
	s.skipValue(0)
	if s.bad {
		return nil
	}
	return s.b[from:s.at]
}

func (s *scan) skipValue(depth int) {
	if depth > 100 {
		s.bad = true
		return
	}
	switch c := s.peek(); {
	case c == '"':
		s.raw()
	case c == '{':
		s.object(func(string) { s.skipValue(depth + 1) })
	case c == '[':
		s.array(func() { s.skipValue(depth + 1) })
	default:
		from := s.at
		for s.at < len(s.b) && plainByte(s.b[s.at]) {
			s.at++
		}
		if !json.Valid(s.b[from:s.at]) {
			s.bad = true
		}
	}
}

func plainByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c == '-' || c == '+' || c == '.' || c == 'E'
}

// find gives the text of the value under a key of an object, or nil.
func find(obj []byte, key string) []byte {
	s := scan{b: obj}
	if s.peek() != '{' {
		return nil
	}
	var found []byte
	s.object(func(k string) {
		v := s.skip()
		if k == key {
			found = v
		}
	})
	if s.bad {
		return nil
	}
	return found
}
