package paper

import (
	"strconv"
	"strings"
)

// han writes 1 to 99 in Chinese numerals.
func han(n int) string {
	const digits = "〇一二三四五六七八九"
	digit := func(n int) string { return string([]rune(digits)[n]) }
	switch {
	case n < 10:
		return digit(n)
	case n < 20:
		return "十" + strings.TrimPrefix(digit(n%10), "〇")
	case n < 100:
		return digit(n/10) + "十" + strings.TrimPrefix(digit(n%10), "〇")
	}
	return strconv.Itoa(n)
}

// counter numbers the headings of a body: 一、（一）1.（1）. A heading begins the
// count of all below it anew.
type counter [5]int

func (c *counter) next(level int) string {
	c[level]++
	for i := level + 1; i < len(c); i++ {
		c[i] = 0
	}
	switch level {
	case 1:
		return han(c[1]) + "、"
	case 2:
		return "（" + han(c[2]) + "）"
	case 3:
		return strconv.Itoa(c[3]) + "."
	}
	return "（" + strconv.Itoa(c[4]) + "）"
}
