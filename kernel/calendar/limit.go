package calendar

import (
	"strconv"
	"strings"
	"time"

	"touyan.dev/touyan/kernel/fault"
)

// Unit is what a limit counts.
type Unit uint8

// The units.
const (
	WorkingDays Unit = iota + 1 // 工作日, whole
	NaturalDays                 // 自然日, whole
	Hours                       // 小时, night and day
)

// Ends is the moment of its last day at which a limit in days ends.
type Ends uint8

// The ends. DayEnd is 24:00 of the last day, kept as that day's last
// microsecond (23:59:59.999999), so that the date of a deadline is the last
// day on which the duty can still be done, and "late" is simply now > due.
const (
	DayEnd          Ends = iota
	CloseOfBusiness      // 17:30:00 sharp, which is still in time
)

// closeOfBusiness is the wall time at which offices close.
const closeOfBusiness = 17*time.Hour + 30*time.Minute

// maxLimit bounds N: 9999 hours are 14 months, 9999 working days 40 years.
const maxLimit = 9999

// Limit is a time limit (时限) of a rule. Its text, also in JSON and YAML, is
//
//	5wd        5 working days
//	5wd@close  … ending at 17:30 of the last
//	30d        30 natural days
//	30d+roll   … moved to the next working day when the last is a day off
//	24h        24 hours on the clock
//
// The zero Limit is "no limit" and has empty text.
type Limit struct {
	N    int // 1 to 9999
	Unit Unit
	Ends Ends // days only
	Roll bool // natural days only
}

// suffixes gives each unit's text.
var suffixes = [...]string{WorkingDays: "wd", NaturalDays: "d", Hours: "h"}

// ParseLimit reads the text of a limit; the error is Invalid on "limit".
func ParseLimit(s string) (Limit, error) {
	var l Limit
	rest, closes := strings.CutSuffix(s, "@close")
	if closes {
		l.Ends = CloseOfBusiness
	}
	rest, l.Roll = strings.CutSuffix(rest, "+roll")
	number := strings.TrimRight(rest, "wdh")
	switch rest[len(number):] {
	case "wd":
		l.Unit = WorkingDays
	case "d":
		l.Unit = NaturalDays
	case "h":
		l.Unit = Hours
	}
	var ok bool
	if l.N, ok = digits(number); !ok || number[0] == '0' {
		l.N = 0
	}
	if err := l.Validate(); err != nil {
		return Limit{}, err
	}
	return l, nil
}

// usable reports whether the limit's parts agree.
func (l Limit) usable() bool {
	return l.N >= 1 && l.N <= maxLimit &&
		l.Unit >= WorkingDays && l.Unit <= Hours &&
		(l.Ends == DayEnd || l.Ends == CloseOfBusiness && l.Unit != Hours) &&
		(!l.Roll || l.Unit == NaturalDays)
}

// Validate refuses (Invalid) a limit whose parts do not agree, the zero one
// included.
func (l Limit) Validate() error {
	if l.usable() {
		return nil
	}
	return fault.At("calendar.ParseLimit", "limit",
		"时限应写成 5wd(工作日)、30d(自然日)、30d+roll(遇节假日顺延)、24h（小时），按日计的可加 @close(至 17:30);数值为 1 至 9999。",
		"Write the limit as 5wd (working days), 30d (natural days), 30d+roll (moved past days off) or 24h (hours); days may add @close (until 17:30); the number is 1 to 9999.")
}

// IsZero reports "no limit".
func (l Limit) IsZero() bool { return l == Limit{} }

// String gives the text that ParseLimit reads; an unusable limit prints "".
func (l Limit) String() string {
	if !l.usable() {
		return ""
	}
	s := strconv.Itoa(l.N) + suffixes[l.Unit]
	if l.Roll {
		s += "+roll"
	}
	if l.Ends == CloseOfBusiness {
		s += "@close"
	}
	return s
}

// Text says the limit to a person: "5个工作日", "5 working days".
func (l Limit) Text() fault.Text {
	if !l.usable() {
		return fault.T("无时限", "no limit")
	}
	n := strconv.Itoa(l.N)
	var t fault.Text
	switch l.Unit {
	case WorkingDays:
		t = fault.T(n+"个工作日", plural(l.N, "working day"))
	case NaturalDays:
		t = fault.T(n+"日", plural(l.N, "calendar day"))
	case Hours:
		t = fault.T(n+"小时", plural(l.N, "hour"))
	}
	if l.Roll {
		t = fault.T(t.ZH+"，末日遇休息日顺延", t.EN+", moved to the next working day if the last is a day off")
	}
	if l.Ends == CloseOfBusiness {
		t = fault.T(t.ZH+"，至末日17:30", t.EN+", until 17:30 on the last")
	}
	return t
}

// plural gives "1 day", "2 days".
func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.Itoa(n) + " " + noun
}

// MarshalText gives the text of the limit; an unusable one is an error.
func (l Limit) MarshalText() ([]byte, error) {
	if !l.IsZero() && !l.usable() {
		return nil, l.Validate()
	}
	return []byte(l.String()), nil
}

// UnmarshalText reads the text of a limit; the empty text is "no limit".
func (l *Limit) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*l = Limit{}
		return nil
	}
	parsed, err := ParseLimit(string(text))
	if err != nil {
		return err
	}
	*l = parsed
	return nil
}

// closing is the last microsecond of the day that is still in time.
func (l Limit) closing(d Day) int64 {
	if l.Ends == CloseOfBusiness {
		return d.at(closeOfBusiness)
	}
	return (d + 1).at(0) - 1
}
