package process

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"
)

// tags reads the tags of an XML document one after another. It is not
// encoding/xml, which takes a minute for a million events: XES keeps everything
// in attributes, so text is passed over, and nothing is copied. It demands that
// tags nest, refuses DOCTYPE (and with it every entity but XML's own five), and
// takes UTF-8 only.
type tags struct {
	in    *bufio.Reader
	line  int    // where the reading stands
	at    int    // the line on which the tag began
	long  []byte // a tag that did not fit the buffer in one piece
	open  []byte // names of open elements, one after another
	marks []int  // where each begins in open

	name           []byte // of the tag, without a namespace
	closing, empty bool   // </a>, <a/>
	key, value     []byte // its attributes of these names, decoded
	hasKey, hasVal bool
	keyText, text  []byte // room for decoding
}

// The bounds of a document.
const (
	tagMax   = 16 << 20 // bytes of one tag
	depthMax = 200
)

// next goes on to the next tag; io.EOF ends the document.
func (t *tags) next() error {
	for {
		if err := t.skip('<'); err != nil {
			if errors.Is(err, io.EOF) && len(t.marks) > 0 {
				return flaw(t.line, "", "文件不完整，还有未结束的元素。", "the file is cut off: an element is still open.")
			}
			return err
		}
		t.at = t.line
		first, err := t.in.Peek(1)
		if err != nil {
			return t.cut(err)
		}
		switch first[0] {
		case '?':
			err = t.instruction()
		case '!':
			err = t.declaration()
		default:
			return t.tag()
		}
		if err != nil {
			return err
		}
	}
}

// cut tells an unexpected end from a file that cannot be read.
func (t *tags) cut(err error) error {
	if errors.Is(err, io.EOF) {
		return flaw(t.line, "", "文件不完整，标签没有写完。", "the file is cut off inside a tag.")
	}
	return unreadable(err)
}

// skip passes over everything up to and with a character.
func (t *tags) skip(c byte) error {
	for {
		b, err := t.in.ReadSlice(c)
		t.line += bytes.Count(b, []byte{'\n'})
		if len(t.marks) == 0 && len(bytes.TrimSpace(bytes.TrimSuffix(b, []byte{c}))) > 0 {
			return flaw(t.line, "", "根元素之外有多余的文字。", "there is text outside the root element.")
		}
		switch {
		case err == nil:
			return nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return io.EOF
		default:
			return unreadable(err)
		}
	}
}

// until passes over everything up to and with an end such as -->.
func (t *tags) until(end string) error {
	last := end[len(end)-1]
	var tail []byte
	for {
		b, err := t.in.ReadSlice(last)
		t.line += bytes.Count(b, []byte{'\n'})
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return t.cut(err)
		}
		tail = append(tail, b[max(0, len(b)-len(end)):]...)
		if bytes.HasSuffix(tail, []byte(end)) {
			return nil
		}
		tail = tail[max(0, len(tail)-len(end)):]
	}
}

// instruction passes over <? ... ?>, and refuses an encoding other than UTF-8.
func (t *tags) instruction() error {
	head, _ := t.in.Peek(200)
	head, _, _ = bytes.Cut(head, []byte("?>"))
	if _, after, ok := bytes.Cut(head, []byte("encoding")); ok && bytes.HasPrefix(head, []byte("?xml")) {
		enc := bytes.Trim(after, " =\"'\t\r\n")
		if len(enc) > 5 {
			enc = enc[:5]
		}
		if !bytes.EqualFold(enc, []byte("utf-8")) && !bytes.EqualFold(enc, []byte("ascii")) && !bytes.EqualFold(enc, []byte("us-as")) {
			return flaw(t.line, "encoding", "只接受 UTF-8 编码，请另存为 UTF-8。", "only UTF-8 is taken; save the file as UTF-8.")
		}
	}
	return t.until("?>")
}

// declaration passes over a comment or CDATA.
func (t *tags) declaration() error {
	head, _ := t.in.Peek(8)
	switch {
	case bytes.HasPrefix(head, []byte("!--")):
		_, _ = t.in.Discard(3)
		return t.until("-->")
	case bytes.HasPrefix(head, []byte("![CDATA[")) && len(t.marks) > 0:
		_, _ = t.in.Discard(8)
		return t.until("]]>")
	}
	return flaw(t.line, "", "不接受 DOCTYPE 等声明，请删去。", "declarations such as DOCTYPE are not taken; remove them.")
}

// tag reads one tag and keeps account of what is open.
func (t *tags) tag() error {
	b, err := t.whole()
	if err != nil {
		return err
	}
	t.closing, t.empty = false, false
	if len(b) > 0 && b[0] == '/' {
		t.closing, b = true, b[1:]
	} else if len(b) > 0 && b[len(b)-1] == '/' {
		t.empty, b = true, b[:len(b)-1]
	}
	n := 0
	for n < len(b) && !space(b[n]) {
		n++
	}
	name := b[:n]
	if !isName(name) {
		return flaw(t.at, "", "标签名有误。", "the name of a tag is wrong.")
	}
	if t.closing {
		err = t.leave(name, b[n:])
	} else {
		err = t.enter(name, b[n:])
	}
	if i := bytes.IndexByte(name, ':'); i >= 0 {
		name = name[i+1:]
	}
	t.name = name
	return err
}

func (t *tags) leave(name, rest []byte) error {
	if len(t.marks) == 0 || string(t.open[t.marks[len(t.marks)-1]:]) != string(name) || len(bytes.TrimSpace(rest)) > 0 {
		return flaw(t.at, "", "结束标签与开始标签不配对。", "an end tag does not match its start tag.")
	}
	t.open = t.open[:t.marks[len(t.marks)-1]]
	t.marks = t.marks[:len(t.marks)-1]
	return nil
}

func (t *tags) enter(name, rest []byte) error {
	if !t.empty {
		if len(t.marks) == depthMax {
			return flaw(t.at, "", "元素嵌套超过200层。", "elements nest more than 200 deep.")
		}
		t.marks = append(t.marks, len(t.open))
		t.open = append(t.open, name...)
	}
	return t.attributes(rest)
}

// whole gives a tag without its < and >; a > in an attribute's value does not
// end it. What it gives holds until the next read.
func (t *tags) whole() ([]byte, error) {
	b, err := t.in.ReadSlice('>')
	t.line += bytes.Count(b, []byte{'\n'})
	if err == nil && balanced(b) {
		return b[:len(b)-1], nil
	}
	t.long = append(t.long[:0], b...)
	for {
		switch {
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return nil, t.cut(err)
		case len(t.long) > tagMax:
			return nil, flaw(t.at, "", "一个标签超过16 MB。", "a tag exceeds 16 MB.")
		case err == nil && balanced(t.long):
			return t.long[:len(t.long)-1], nil
		}
		b, err = t.in.ReadSlice('>')
		t.line += bytes.Count(b, []byte{'\n'})
		t.long = append(t.long, b...)
	}
}

// balanced reports whether every quotation mark has its partner.
func balanced(b []byte) bool {
	if bytes.IndexByte(b, '\'') < 0 {
		return bytes.Count(b, []byte{'"'})%2 == 0
	}
	for {
		i := bytes.IndexByte(b, '"')
		if k := bytes.IndexByte(b, '\''); k >= 0 && (i < 0 || k < i) {
			i = k
		}
		if i < 0 {
			return true
		}
		end := bytes.IndexByte(b[i+1:], b[i])
		if end < 0 {
			return false
		}
		b = b[i+end+2:]
	}
}

// attributes reads name="value" pairs and keeps those called key and value.
func (t *tags) attributes(b []byte) error {
	t.hasKey, t.hasVal = false, false
	for {
		gap := len(b)
		b = trimmed(b)
		if len(b) == 0 {
			return nil
		}
		if gap == len(b) {
			return flaw(t.at, "", "属性之间缺少空格。", "there is no space between two attributes.")
		}
		eq := bytes.IndexByte(b, '=')
		if eq < 1 {
			return flaw(t.at, "", "属性没有写成 名称=\"值\"。", "an attribute is not written name=\"value\".")
		}
		name := b[:eq]
		for len(name) > 0 && space(name[len(name)-1]) {
			name = name[:len(name)-1]
		}
		b = trimmed(b[eq+1:])
		if !isName(name) || len(b) < 2 || b[0] != '"' && b[0] != '\'' {
			return flaw(t.at, "", "属性没有写成 名称=\"值\"。", "an attribute is not written name=\"value\".")
		}
		end := bytes.IndexByte(b[1:], b[0])
		if end < 0 {
			return flaw(t.at, "", "引号没有配对。", "a quotation mark has no partner.")
		}
		value := b[1 : 1+end]
		b = b[end+2:]
		if err := t.keep(name, value); err != nil {
			return err
		}
	}
}

func (t *tags) keep(name, value []byte) error {
	if bytes.IndexByte(value, '<') >= 0 {
		return flaw(t.at, "", "属性值中的 < 应写作 &lt;。", "a < in a value is written &lt;.")
	}
	var to *[]byte
	var room *[]byte
	var has *bool
	switch string(name) {
	case "key":
		to, room, has = &t.key, &t.keyText, &t.hasKey
	case "value":
		to, room, has = &t.value, &t.text, &t.hasVal
	default:
		return nil
	}
	if *has {
		return flaw(t.at, string(name), "属性写了两次。", "the attribute stands twice.")
	}
	*has = true
	if isPlain(value) {
		*to = value
		return nil
	}
	var ok bool
	if *room, ok = unescape((*room)[:0], value); !ok {
		return flaw(t.at, string(name), "实体有误，& 应写作 &amp;。", "an entity is wrong; & is written &amp;.")
	}
	*to = *room
	return nil
}

// unescape decodes XML's five entities and character numbers, and makes a space
// of each line break or tab, as XML does with values.
func unescape(out, b []byte) ([]byte, bool) {
	for i := 0; i < len(b); i++ {
		switch c := b[i]; c {
		case '\r':
			if i+1 < len(b) && b[i+1] == '\n' {
				continue
			}
			out = append(out, ' ')
		case '\t', '\n':
			out = append(out, ' ')
		case '&':
			end := bytes.IndexByte(b[i:], ';')
			if end < 2 || end > 12 {
				return out, false
			}
			var ok bool
			if out, ok = entity(out, string(b[i+1:i+end])); !ok {
				return out, false
			}
			i += end
		default:
			out = append(out, c)
		}
	}
	return out, true
}

func entity(out []byte, name string) ([]byte, bool) {
	switch name {
	case "amp":
		return append(out, '&'), true
	case "lt":
		return append(out, '<'), true
	case "gt":
		return append(out, '>'), true
	case "quot":
		return append(out, '"'), true
	case "apos":
		return append(out, '\''), true
	}
	if len(name) < 2 || name[0] != '#' {
		return out, false
	}
	text, base := name[1:], 10
	if text[0] == 'x' {
		text, base = text[1:], 16
	}
	n, err := strconv.ParseUint(text, base, 32)
	if err != nil || n == 0 || n > utf8.MaxRune || !utf8.ValidRune(rune(n)) || n < ' ' && n != '\t' && n != '\n' && n != '\r' {
		return out, false
	}
	return utf8.AppendRune(out, rune(n)), true
}

// trimmed leaves out space at the beginning.
func trimmed(b []byte) []byte {
	for len(b) > 0 && space(b[0]) {
		b = b[1:]
	}
	return b
}

// isName reports whether nothing in b is out of place in a name.
func isName(b []byte) bool {
	for _, c := range b {
		switch c {
		case '"', '\'', '<', '>', '&', '=', '/', ' ', '\t', '\r', '\n':
			return false
		}
	}
	return len(b) > 0
}

// isPlain reports whether a value stands for itself.
func isPlain(b []byte) bool {
	for _, c := range b {
		if c == '&' || c < ' ' {
			return false
		}
	}
	return true
}

func space(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
