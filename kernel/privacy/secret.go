package privacy

import (
	"strings"
	"unicode"

	"touyan.dev/touyan/kernel/fault"
)

// A city's office network may hold no state secret. What is one says so: the mark
// of GB/T 9704 and of the Measures on marks of state secrets (国家秘密定密管理规定)
// is the level, a star and the term (机密★1年), in the corner of the first page;
// before 2014 often the level alone. Ordinary prose uses the same words (保守国家
// 秘密, 机密文件的管理), so the rule looks at the form and the place:
//
//   - star: a level and directly behind it a star of any kind, anywhere. With the
//     plain * a term must follow, or the line must end there.
//   - stamp: a line among the first headLines that holds nothing but a level, as
//     also with a term, an urgency, a copy's number or brackets around it; or that
//     begins with a level in brackets.
//   - label: a line among the first labelLines that gives one level behind the
//     words 密级 or 保密等级 and nothing more.
//   - name: in a file's name, a level that stands between separators or brackets.
//
// Spaces of every width between the characters count as nothing, full-width forms
// as ASCII, traditional characters as simplified ones.

// Where stamps and labels are looked for.
const (
	headLines  = 12
	labelLines = 60
	longStamp  = 24 // characters of a stamped line, at most
)

// Marked reports whether a text carries a mark of a state secret.
func Marked(text string) bool {
	if !mayMark(text) {
		return false
	}
	n := 0
	for line := range strings.Lines(text) {
		folded := fold(line)
		if len(folded) == 0 {
			continue
		}
		if starred(folded) || n < headLines && stamped(folded) || n < labelLines && labelled(folded) {
			return true
		}
		n++
	}
	return false
}

// MarkedName reports whether a file's name carries a mark.
func MarkedName(name string) bool {
	if !mayMark(name) {
		return false
	}
	if dot := strings.LastIndexByte(name, '.'); dot > 0 {
		name = name[:dot]
	}
	if starred(fold(name)) {
		return true
	}
	runes := foldKeeping(name)
	for i := range runes {
		n := level(runes[i:])
		if n == 0 {
			continue
		}
		end := i + n
		for end < len(runes) && strings.ContainsRune("级件", runes[end]) {
			end++
		}
		if i > 0 && !parts(runes[i-1]) {
			continue
		}
		if closes(runes, end) || closes(runes, end+term(runes[end:])) {
			return true
		}
	}
	return false
}

// Refused is the answer to a text with a mark. It repeats nothing of it.
func Refused(op, path string) error {
	return fault.At(op, path,
		"含有国家秘密标志（秘密、机密或绝密），本系统不得存储，内容未保存。请立即改用涉密网络或专人递送，并报告本单位保密工作机构；如系误标，请去掉标志后重试。",
		"It carries the mark of a state secret, which this system may not hold; nothing was stored. Use the classified network or a courier and report to your unit's secrecy office; if the mark is a mistake, take it off and try again.")
}

// mayMark is the quick look: every level ends in 密.
func mayMark(text string) bool {
	return strings.Contains(text, "密") || strings.ContainsAny(text, "祕㊙")
}

// fold gives the characters that count, in one form each.
func fold(s string) []rune { return folded(s, false) }

// foldKeeping keeps a space, because in a name it parts words.
func foldKeeping(s string) []rune { return folded(s, true) }

func folded(s string, spaces bool) []rune {
	out := make([]rune, 0, len(s)/3+8)
	for _, r := range s {
		switch {
		case unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || r == 0x3164 || r == 0xfe0f || r == 0xfe0e:
			if spaces && !unicode.Is(unicode.Cf, r) {
				out = append(out, ' ')
			}
			continue
		case r >= '\uff01' && r <= '\uff5e':
			r = r - '\uff01' + '!'
		case r == '祕':
			r = '秘'
		case r == '機':
			r = '机'
		case r == '絕':
			r = '绝'
		case r == '級':
			r = '级'
		}
		out = append(out, r)
	}
	return out
}

// level gives the length of the level that a text begins with; 0 for none.
func level(r []rune) int {
	if len(r) >= 2 && r[1] == '密' && strings.ContainsRune("秘机绝", r[0]) {
		return 2
	}
	return 0
}

// term gives the length of a term: 1年, 30年, 长期, 六个月, 2026年11月30日, 启封前.
func term(r []rune) int {
	n := 0
	for n < len(r) && (r[n] >= '0' && r[n] <= '9' || strings.ContainsRune("零〇一二三四五六七八九十百个半年月日天长期永久启封前至.-", r[n])) {
		n++
	}
	return n
}

const stars = "★☆✩✪✫✬✭✮✯✰⭐🌟⋆※"

func starred(r []rune) bool {
	for i := 0; i+2 < len(r); i++ {
		n := level(r[i:])
		if n == 0 {
			continue
		}
		at := i + n
		if r[at] == '级' && at+1 < len(r) {
			at++
		}
		if strings.ContainsRune(stars, r[at]) {
			return true
		}
		if (r[at] == '*' || r[at] == '﹡') && (at+1 == len(r) || term(r[at+1:]) > 1) {
			return true
		}
	}
	return false
}

// stamped reports a line that is a level and what may stand beside one.
func stamped(r []rune) bool {
	if bracketed(r) {
		return true
	}
	if len(r) > longStamp {
		return false
	}
	text := strings.Map(func(c rune) rune {
		if strings.ContainsRune("[]()【】〔〕（）「」『』《》<>|:·-—_，,。.", c) {
			return -1
		}
		return c
	}, string(r))
	for _, word := range []string{"特提", "特急", "加急", "急件", "平急"} {
		text = strings.ReplaceAll(text, word, "")
	}
	rest := []rune(text)
	if at := strings.Index(text, "份号"); at == 0 { // 份号000001机密
		rest = rest[2:]
	}
	for len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9' {
		rest = rest[1:]
	}
	n := level(rest)
	if n == 0 {
		return false
	}
	rest = rest[n:]
	for len(rest) > 0 && strings.ContainsRune("级件", rest[0]) {
		rest = rest[1:]
	}
	return len(rest) == 0 || term(rest) == len(rest)
}

// bracketed reports a line that begins with a level in brackets: 【机密】关于……
func bracketed(r []rune) bool {
	if len(r) < 4 || !strings.ContainsRune("[(【〔〖<", r[0]) {
		return false
	}
	n := level(r[1:])
	if n == 0 {
		return false
	}
	at := 1 + n
	for at < len(r) && strings.ContainsRune("级件", r[at]) {
		at++
	}
	at += term(r[at:])
	return at < len(r) && strings.ContainsRune("])】〕〗>", r[at])
}

// labelled reports a line that gives a level behind the word for it.
func labelled(r []rune) bool {
	text := string(r)
	for _, word := range []string{"密级", "保密等级", "秘密等级", "涉密等级", "保密级别"} {
		rest, ok := strings.CutPrefix(text, word)
		if !ok {
			continue
		}
		rest = strings.TrimLeft(rest, ":：=-—|")
		after := []rune(rest)
		n := level(after)
		if n == 0 {
			return false
		}
		after = after[n:]
		for len(after) > 0 && strings.ContainsRune("级件", after[0]) {
			after = after[1:]
		}
		return term(after) == len(after)
	}
	return false
}

// closes reports the end of a word in a file's name.
func closes(name []rune, at int) bool { return at >= len(name) || parts(name[at]) }

// parts reports a character that parts words in a file's name.
func parts(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
