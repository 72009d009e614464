package form

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"touyan.dev/touyan/kernel/fault"
)

// tidier puts one input in order and gathers what no schema need be asked about:
// broken text, control characters, numbers out of range, size.
type tidier struct {
	fields []fault.Field
	values int
	bytes  int
}

// anything is the rule of values that the schema does not describe.
var anything = rule{manner: area}

func (t *tidier) refuse(path, zh, en string) {
	if len(t.fields) < maxErrors {
		t.fields = append(t.fields, fault.Field{Path: path, Text: fault.T(zh, en)})
	}
}

// spent counts one value; false means that the input is too large to go on.
func (t *tidier) spent(path string, depth, bytes int) bool {
	t.values++
	t.bytes += bytes
	switch {
	case depth > maxDepth:
		t.refuse(path, "内容嵌套过深。", "Nested too deep.")
	case t.values == maxValues+1 || t.bytes > maxBytes && t.bytes-bytes <= maxBytes:
		t.refuse(path, "内容过多，请分次提交。", "Too much at once; send it in parts.")
		return false
	}
	return depth <= maxDepth && t.values <= maxValues && t.bytes <= maxBytes
}

// object orders an object. Names that the form does not know are kept for the
// schema to judge; they stand in no path.
func (t *tidier) object(r *rule, in map[string]any, path string, depth int) map[string]any {
	out := make(map[string]any, len(in))
	if !t.spent(path, depth, 0) {
		return out
	}
	for name, v := range in {
		p, known := r.props[name]
		at := path
		if known {
			at = join(path, name)
		} else {
			p = &anything
			if !clean(name) {
				t.refuse(path, "字段名含有无法识别的字符。", "The name of a field has characters that cannot be read.")
				continue
			}
		}
		v, given := t.value(p, v, at, depth+1)
		if given {
			out[name] = v
		}
	}
	return out
}

// value orders one value; given is false if it counts as not given.
func (t *tidier) value(r *rule, v any, path string, depth int) (ordered any, given bool) {
	switch v := v.(type) {
	case nil:
		return nil, r.null
	case string:
		if !t.spent(path, depth, len(v)) {
			return nil, false
		}
		return t.text(r, v, path)
	case map[string]any:
		return t.object(r, v, path, depth), true
	case []any:
		return t.list(r, v, path, depth), true
	case json.Number:
		t.spent(path, depth, 0)
		return t.number(string(v), path)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return t.number("", path)
		}
	}
	t.spent(path, depth, 0)
	return v, true
}

func (t *tidier) list(r *rule, in []any, path string, depth int) []any {
	out := make([]any, 0, min(len(in), maxValues))
	if !t.spent(path, depth, 0) {
		return out
	}
	items := r.items
	if items == nil {
		items = &anything
	}
	for i, v := range in {
		ordered, given := t.value(items, v, join(path, strconv.Itoa(i)), depth+1)
		if !given {
			if _, isText := v.(string); isText {
				ordered = "" // keeps its place, for the schema to judge
			}
		}
		if t.values > maxValues {
			break
		}
		out = append(out, ordered)
	}
	return out
}

func (t *tidier) text(r *rule, s, path string) (any, bool) {
	if !clean(s) {
		t.refuse(path, "含有无法识别的字符，请删除后重新输入。", "Has characters that cannot be read; delete them and type again.")
		return nil, false
	}
	switch {
	case r.number && !r.hasText:
		s = squeeze(s)
		if s == "" {
			return nil, false
		}
		if len(s) <= maxNumber && json.Valid([]byte(s)) && s[0] != '"' && s[0] != '[' && s[0] != '{' {
			return t.number(s, path)
		}
	case r.manner == narrow:
		s = squeeze(s)
	case r.manner == date:
		s = isoDate(squeeze(s))
	case r.manner == area:
		s = strings.TrimSpace(s)
	default:
		s = collapse(s)
	}
	return s, s != ""
}

// maxNumber is how many characters a number may have.
const maxNumber = 40

// number reads a number in JSON's form. A number with a vast exponent must not
// reach exact arithmetic, which would write out all its digits.
func (t *tidier) number(s, path string) (any, bool) {
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return i, true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || len(s) > maxNumber || math.IsInf(f, 0) || math.IsNaN(f) {
		t.refuse(path, "数字写法有误或超出范围。", "The number is malformed or out of range.")
		return nil, false
	}
	return f, true
}

// clean reports valid UTF-8 without control characters other than tabs and line
// ends. Databases refuse some of them, and no keyboard makes them.
func clean(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f {
			return false
		}
	}
	return utf8.ValidString(s)
}

// plain reports a text that collapse would not change: the usual case.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < ' ', c == 0xc2, c == 0xe1, c == 0xe2, c == 0xe3 && i+2 < len(s) && s[i+1] == 0x80 && s[i+2] == 0x80:
			return false // may begin a space beyond ASCII
		case c == ' ' && (i == 0 || i == len(s)-1 || s[i+1] == ' '):
			return false
		}
	}
	return true
}

// collapse trims a one-line text and makes each run of spaces one. A run that
// holds a line end becomes a space too.
func collapse(s string) string {
	if plain(s) {
		return s
	}
	return strings.Join(strings.FieldsFunc(s, blank), " ")
}

// blank is a space of any kind, also of no width.
func blank(r rune) bool { return unicode.IsSpace(r) || r == '\u200b' || r == '\ufeff' }

// squeeze turns full-width ASCII into ASCII and takes out all spaces.
func squeeze(s string) string {
	ascii := true
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf || s[i] <= ' ' {
			ascii = false
			break
		}
	}
	if ascii {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case blank(r):
			return -1
		case r >= '\uff01' && r <= '\uff5e':
			return r - '\uff01' + '!'
		}
		return r
	}, s)
}

// isoDate turns the usual ways to write a day into 2026-11-30; what it does not
// know it leaves for the schema to refuse.
func isoDate(s string) string {
	if len(s) == len("2026-11-30") && s[4] == '-' && s[7] == '-' {
		return s
	}
	part := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("年月日/.-", r) })
	if len(part) != 3 || len(part[0]) != 4 || len(part[1]) > 2 || len(part[2]) > 2 || strings.Count(s, "-") > 2 {
		return s
	}
	for _, p := range part {
		if strings.Trim(p, "0123456789") != "" {
			return s
		}
	}
	return part[0] + "-" + pad(part[1]) + "-" + pad(part[2])
}

func pad(s string) string {
	if len(s) == 1 {
		return "0" + s
	}
	return s
}

// join adds a step to a path, escaped as a JSON pointer (RFC 6901).
func join(path, step string) string {
	if strings.ContainsAny(step, "~/") {
		step = strings.NewReplacer("~", "~0", "/", "~1").Replace(step)
	}
	if path == "" {
		return step
	}
	return path + "/" + step
}
