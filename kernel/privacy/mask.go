package privacy

import (
	"strings"
	"unicode/utf8"
)

// Name masks a person's name: the first and the last character stay (张*三,
// 欧**娜); of two characters the first stays (张*).
func Name(name string) string {
	runes := []rune(name)
	for i := range runes {
		last := len(runes) > 2 && i == len(runes)-1
		if i == 0 && len(runes) > 1 || last {
			continue
		}
		runes[i] = '*'
	}
	return string(runes)
}

// Mobile masks a telephone number: of a mobile number the first three and the
// last four digits stay (138****1234); of any other, the last two.
func Mobile(number string) string {
	if utf8.RuneCountInString(number) == mobileDigits {
		return cover(number, 3, 4)
	}
	return cover(number, 0, 2)
}

// Identity masks an identity number or any other certificate's number: the
// first three and the last four characters stay, if enough lie between them.
func Identity(number string) string {
	if utf8.RuneCountInString(number) >= oldIdentityDigits {
		return cover(number, 3, 4)
	}
	return cover(number, 0, 2)
}

// cover replaces all runes with * but the first head and the last tail. A text
// not longer than both together is covered wholly.
func cover(text string, head, tail int) string {
	runes := []rune(text)
	if len(runes) <= head+tail {
		head, tail = 0, 0
	}
	for i := head; i < len(runes)-tail; i++ {
		runes[i] = '*'
	}
	return string(runes)
}

// Text masks every identity number and mobile number found in free text.
// Characters are replaced one for one, so positions counted in characters hold.
func Text(text string) string {
	spans := Find(text)
	if len(spans) == 0 {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	at := 0
	for _, s := range spans {
		b.WriteString(text[at:s.Start])
		b.WriteString(cover(text[s.Start:s.End], 3, 4))
		at = s.End
	}
	b.WriteString(text[at:])
	return b.String()
}
