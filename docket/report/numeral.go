package report

import (
	"math"
	"strconv"
)

// numeral is a number read from a text: Arabic (1,200.5), Chinese (一千二百),
// or mixed (1.2万亿).
type numeral struct {
	value    float64
	end      int  // rune after the number
	arabic   bool // written with digits
	scaled   bool // carries 万, 亿, 千 or 百, or has a decimal point
	more     bool // 多, 余: 5000多, 4200余
	digits   int  // count of leading digits, to tell years
	sequence bool // Chinese digits read one by one: 二〇三五
}

// ParseNumber reads a whole text as one number: "1.2万亿", "三百二十",
// "１，２００", "二〇三五". Full-width digits are understood.
func ParseNumber(text string) (float64, bool) {
	rs := []rune(plain(text))
	n, ok := readNumber(rs, 0)
	if !ok || n.end != len(rs) {
		return 0, false
	}
	return n.value, true
}

func readNumber(rs []rune, i int) (numeral, bool) {
	if i >= len(rs) {
		return numeral{}, false
	}
	if isDigit(rs[i]) {
		return readArabic(rs, i)
	}
	return readChinese(rs, i)
}

func readArabic(rs []rune, i int) (numeral, bool) {
	n := numeral{arabic: true}
	digits := make([]byte, 0, 16)
	j, point := i, false
	for j < len(rs) {
		switch {
		case isDigit(rs[j]):
			digits = append(digits, byte(rs[j]))
			if !point {
				n.digits++
			}
			j++
			continue
		case rs[j] == ',' && !point && groupOfThree(rs, j+1):
			j++
			continue
		case (rs[j] == '.' || rs[j] == '·') && !point && j+1 < len(rs) && isDigit(rs[j+1]):
			digits = append(digits, '.')
			point, n.scaled = true, true
			j++
			continue
		}
		break
	}
	v, err := strconv.ParseFloat(string(digits), 64)
	if err != nil || len(digits) > 18 {
		return numeral{}, false
	}
	n.value = v
	n.scale(rs, j)
	return n, true
}

// groupOfThree reports whether exactly three digits stand at i: "1,200".
func groupOfThree(rs []rune, i int) bool {
	if i+3 > len(rs) || !isDigit(rs[i]) || !isDigit(rs[i+1]) || !isDigit(rs[i+2]) {
		return false
	}
	return i+3 == len(rs) || !isDigit(rs[i+3])
}

// scale reads 多/余 and the multipliers that follow a number, and sets end.
func (n *numeral) scale(rs []rune, i int) {
	for i < len(rs) {
		if (rs[i] == '多' || rs[i] == '余') && !n.more {
			n.more = true
			i++
			continue
		}
		f := factor(rs, i)
		if f == 0 || n.value*f > 1e18 {
			break
		}
		n.value *= f
		n.scaled = true
		i++
	}
	n.value = tidy(n.value)
	n.end = i
}

// factor gives the multiplier at rune i, or 0; 千 in 千瓦 and 百 in 百分点 are
// parts of units.
func factor(rs []rune, i int) float64 {
	switch rs[i] {
	case '十':
		return 10
	case '百':
		if follows(rs, i, "百分") {
			return 0
		}
		return 100
	case '千':
		if followsAny(rs, i, "千瓦", "千米", "千克", "千伏", "千卡", "千方", "千兆") > 0 {
			return 0
		}
		return 1e3
	case '万':
		return 1e4
	case '亿':
		return 1e8
	}
	return 0
}

// tidy takes away what binary arithmetic adds to a decimal: 1.4 × 1e12.
func tidy(v float64) float64 {
	if r := math.Round(v); math.Abs(v-r) < 1e-6*math.Max(1, math.Abs(v)/1e9) {
		return r
	}
	return math.Round(v*1e6) / 1e6
}

func chineseDigit(r rune) (int, bool) {
	switch r {
	case '零', '〇', '○':
		return 0, true
	case '一', '壹':
		return 1, true
	case '二', '两', '贰':
		return 2, true
	case '三', '叁':
		return 3, true
	case '四', '肆':
		return 4, true
	case '五', '伍':
		return 5, true
	case '六', '陆':
		return 6, true
	case '七', '柒':
		return 7, true
	case '八', '捌':
		return 8, true
	case '九', '玖':
		return 9, true
	}
	return 0, false
}

// readChinese reads a Chinese numeral at rune i. It must begin with a digit,
// 十, or a round size such as 千亿.
func readChinese(rs []rune, i int) (numeral, bool) {
	if n, ok := digitSequence(rs, i); ok {
		return n, true
	}
	var total, section, digit float64
	n, j, seen := numeral{}, i, false
	for j < len(rs) {
		if d, ok := chineseDigit(rs[j]); ok {
			if seen && digit != 0 {
				break // two digits without a size between them are no number
			}
			digit, seen = float64(d), true
			j++
			continue
		}
		f := 0.0
		if seen || rs[j] == '十' || roundStart(rs, j) {
			f = factor(rs, j)
		}
		if f == 0 {
			break
		}
		if !seen {
			digit, seen = 1, true
		}
		if f < 1e4 {
			section += digit * f
		} else {
			section = (section + digit) * f
			if total > 0 && total < f { // 万亿
				section += total * f
				total = 0
			}
			total, section = total+section, 0
		}
		digit = 0
		n.scaled = n.scaled || f >= 100
		j++
	}
	if !seen || total+section+digit > 1e18 {
		return numeral{}, false
	}
	n.value, n.end = total+section+digit, j
	n.fraction(rs)
	return n, true
}

// roundStart allows 千亿 and 百亿 at the start of a number, and nothing like
// 千方百计 or 百花.
func roundStart(rs []rune, i int) bool {
	return followsAny(rs, i, "千亿", "百亿", "万亿", "千万", "百万") > 0 && followsAny(rs, i, "千万不", "千万要") == 0
}

// digitSequence reads 二〇三五: at least four digits, of which a year is made.
func digitSequence(rs []rune, i int) (numeral, bool) {
	v, j := 0.0, i
	for j < len(rs) && j-i < 12 {
		d, ok := chineseDigit(rs[j])
		if !ok || rs[j] == '两' {
			break
		}
		v = v*10 + float64(d)
		j++
	}
	if j-i < 4 {
		return numeral{}, false
	}
	return numeral{value: v, end: j, digits: j - i, sequence: true}, true
}

// fraction reads 点五 and 多/余, and a size after them: 一点二亿, 三十多万.
func (n *numeral) fraction(rs []rune) {
	i := n.end
	if i+1 < len(rs) && rs[i] == '点' {
		place := 0.1
		for k := i + 1; k < len(rs); k++ {
			d, ok := chineseDigit(rs[k])
			if !ok || place < 1e-6 {
				break
			}
			n.value += float64(d) * place
			place /= 10
			n.end = k + 1
			n.scaled = true
		}
	}
	if n.end < len(rs) && (rs[n.end] == '多' || rs[n.end] == '余') || n.end > i {
		n.scale(rs, n.end)
	}
	n.value = tidy(n.value)
}
