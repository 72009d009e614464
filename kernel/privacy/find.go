package privacy

import (
	"time"
	"unicode/utf8"
)

// Kind says what a Span holds.
type Kind string

// The kinds that Find knows.
const (
	IdentityNumber Kind = "identity" // 公民身份号码
	MobileNumber   Kind = "mobile"   // 手机号码
)

// Span is a place in a text, in bytes: text[Start:End].
type Span struct {
	Start, End int
	Kind       Kind
}

const (
	identityDigits    = 18
	oldIdentityDigits = 15
	mobileDigits      = 11
)

// part is a row of digits without a gap; several parts with one space or hyphen
// between them may be one number (138 1234 5678).
type part struct {
	digits     []byte // as ASCII; the last may be X
	start, end int    // bytes
	joined     bool   // only one separator lies between it and the part before
}

// Find gives the identity numbers and mobile numbers in a text, in order and
// without overlap. Full-width digits count as digits. A number inside a longer
// row of digits is not one.
func Find(text string) []Span {
	parts := split(text)
	var spans []Span
	for i := 0; i < len(parts); {
		span, used := longest(parts[i:])
		if used == 0 {
			i++
			continue
		}
		spans = append(spans, span)
		i += used
	}
	return spans
}

// longest tries to read a number from the first part on, over as many parts as
// possible, and tells how many it took.
func longest(parts []part) (Span, int) {
	digits := make([]byte, 0, identityDigits)
	var span Span
	used := 0
	for i, p := range parts {
		if i > 0 && !p.joined || len(digits)+len(p.digits) > identityDigits {
			break
		}
		digits = append(digits, p.digits...)
		if kind, ok := recognise(digits); ok {
			span, used = Span{parts[0].start, p.end, kind}, i+1
		}
	}
	return span, used
}

// split cuts a text into its rows of digits.
func split(text string) []part {
	var parts []part
	gap := 2 // characters since the last digit
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		digit, ok := digitOf(r)
		switch {
		case ok && gap == 0:
			p := &parts[len(parts)-1]
			p.digits = append(p.digits, digit)
			p.end = at + size
		case ok:
			parts = append(parts, part{digits: append(make([]byte, 0, identityDigits), digit), start: at, end: at + size, joined: gap == 1})
			gap = 0
		case gap == 0 && (r == 'x' || r == 'X' || r == '\uff58' || r == '\uff38'):
			p := &parts[len(parts)-1]
			p.digits = append(p.digits, 'X')
			p.end = at + size
			gap = 2
		case gap == 0 && (r == ' ' || r == '-' || r == '\u3000' || r == '\u00a0'):
			gap = 1
		default:
			gap = 2
		}
		at += size
	}
	return parts
}

// digitOf reads a digit, also a full-width one.
func digitOf(r rune) (byte, bool) {
	switch {
	case r >= '0' && r <= '9':
		return byte(r), true
	case r >= '\uff10' && r <= '\uff19':
		return byte(r-'\uff10') + '0', true
	}
	return 0, false
}

// recognise tells what a complete row of digits is.
func recognise(d []byte) (Kind, bool) {
	switch len(d) {
	case mobileDigits:
		return MobileNumber, isMobile(d)
	case mobileDigits + 2: // with the country's 86
		return MobileNumber, d[0] == '8' && d[1] == '6' && isMobile(d[2:])
	case oldIdentityDigits:
		return IdentityNumber, isRegion(d) && isDate("19"+string(d[6:12])) && d[14] != 'X'
	case identityDigits:
		return IdentityNumber, isRegion(d) && isDate(string(d[6:14]))
	}
	return "", false
}

func isMobile(d []byte) bool {
	return d[0] == '1' && d[1] >= '3' && d[1] <= '9' && d[len(d)-1] != 'X'
}

// isRegion reports a first division code of GB/T 2260: 11 to 82, or 91 for
// places abroad.
func isRegion(d []byte) bool {
	province := int(d[0]-'0')*10 + int(d[1]-'0')
	return province >= 11 && province <= 82 || province == 91
}

// isDate reports a day between 1850 and 2099 as YYYYMMDD.
func isDate(day string) bool {
	t, err := time.Parse("20060102", day)
	return err == nil && t.Year() >= 1850 && t.Year() < 2100
}
