package claim

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// folded is a line in which numbers are written in one way: ２０２４年 and 二〇二四年
// are 2024年, 百分之七点九 is 7.9%, 前十个月 is 1-10月. Each byte knows where in the
// line it comes from.
type folded struct {
	text         string
	starts, ends []int // of the piece of the line behind each byte
}

const hanDigits = "〇零○一二三四五六七八九"

var (
	hanYear    = regexp.MustCompile(`^[` + hanDigits + `]{4}年`)
	hanPart    = regexp.MustCompile(`^(百|千)分之([一二三四五六七八九十]{1,3})(?:点([` + hanDigits + `]+))?`)
	digitPart  = regexp.MustCompile(`^(百|千)分之(\d+(?:\.\d+)?)`)
	firstMonth = regexp.MustCompile(`^[前头](\d{1,2}|[一二三四五六七八九十两]{1,2})个月`)
	sectorList = regexp.MustCompile(`^第?(一、第?二|二|一)(?:、第?三)?产业`)
	placeList  = regexp.MustCompile(`^第([一二三四五六七八九十]{1,3})((?:[、和]第?[一二三四五六七八九十]{1,3}){1,12})(位|名)`)
	groupForm  = regexp.MustCompile(`^[， ][\d０-９]{3}(?:[^\d０-９]|$)`)
)

// fold writes a line in one way.
func fold(line string) folded {
	f := folded{}
	var b strings.Builder
	for i := 0; i < len(line); {
		written, size := plain(line, i)
		b.WriteString(written)
		for range len(written) {
			f.starts, f.ends = append(f.starts, i), append(f.ends, i+size)
		}
		i += size
	}
	f.text = b.String()
	return f
}

// plain gives how the piece of a line at i is written, and how long the piece is.
func plain(line string, i int) (string, int) {
	rest := line[i:]
	r, size := utf8.DecodeRuneInString(rest)
	switch {
	case '０' <= r && r <= '９', 'Ａ' <= r && r <= 'Ｚ', 'ａ' <= r && r <= 'ｚ', r == '％', r == '．':
		return string(r - '！' + '!'), size
	case r == ' ' && strings.HasSuffix(line[:i], " "):
		return "", size // of several spaces one is enough
	case r == ' ' && aboutDigits(line[:i]) && groupForm.MatchString(rest):
		return "", size
	case r == '，' && aboutDigits(line[:i]) && groupForm.MatchString(rest):
		return ",", size
	case r == '第':
		if m := placeList.FindStringSubmatch(rest); m != nil { // 第一、二、三位 is 第1、2、3位
			written := "第" + strconv.Itoa(ordinal(m[1]))
			for _, n := range strings.FieldsFunc(m[2], func(r rune) bool { return r == '、' || r == '和' || r == '第' }) {
				written += "、" + strconv.Itoa(ordinal(n))
			}
			return written + m[3], len(m[0])
		}
		if m := sectorList.FindString(rest); strings.Contains(m, "、") { // 第一、二产业 is 第一产业、第二产业
			var list []string
			for _, n := range strings.FieldsFunc(strings.TrimSuffix(m, "产业"), func(r rune) bool { return r == '、' || r == '第' }) {
				list = append(list, "第"+n+"产业")
			}
			return strings.Join(list, "、"), len(m)
		}
	case r == '百' || r == '千':
		sign := map[rune]string{'百': "%", '千': "‰"}[r]
		if m := hanPart.FindStringSubmatch(rest); m != nil {
			n := strconv.Itoa(ordinal(m[2]))
			if m[3] != "" {
				n += "." + digits(m[3])
			}
			return n + sign, len(m[0])
		}
		if m := digitPart.FindStringSubmatch(rest); m != nil {
			return m[2] + sign, len(m[0])
		}
	case r == '前' || r == '头':
		if m := firstMonth.FindStringSubmatch(rest); m != nil {
			return "1-" + strconv.Itoa(ordinal(m[1])) + "月", len(m[0])
		}
	case strings.ContainsRune(hanDigits, r):
		if m := hanYear.FindString(rest); m != "" {
			return digits(strings.TrimSuffix(m, "年")) + "年", len(m)
		}
	}
	return rest[:size], size
}

// aboutDigits reports whether a text ends in one to three digits that begin a
// number.
func aboutDigits(head string) bool {
	n := 0
	for head != "" && n <= 3 {
		r, size := utf8.DecodeLastRuneInString(head)
		if !('0' <= r && r <= '9' || '０' <= r && r <= '９') {
			return 0 < n && n <= 3 && r != '第' && r != '.' && r != '．'
		}
		head, n = head[:len(head)-size], n+1
	}
	return 0 < n && n <= 3
}

// digits writes 二〇二四 as 2024.
func digits(han string) string {
	var b strings.Builder
	for _, r := range han {
		b.WriteString(strconv.Itoa(max(0, strings.IndexRune(hanDigits, r)/3-2)))
	}
	return b.String()
}
