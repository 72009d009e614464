package process

import "time"

// zone is where times without a zone were written: Beijing, in seconds east.
const zone = 8 * 3600

// parseInstant reads 2026-11-23T08:30:00.123+08:00 and what logs make of it: a
// space for the T, no seconds, no zone (Beijing time), +0800, Z, or the day
// alone. It gives ns since 1970 UTC.
func parseInstant(b []byte) (int64, bool) {
	p := digits{b: b, ok: true}
	year, _, month, _, day := p.num(4), p.sign('-'), p.num(2), p.sign('-'), p.num(2)
	if !p.ok || year < 1678 || year > 2261 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	var hour, minute, second, nano int
	east := zone
	if len(p.b) > 0 {
		if p.b[0] == 'T' || p.b[0] == ' ' {
			p.b = p.b[1:]
			hour, _, minute = p.num(2), p.sign(':'), p.num(2)
		}
		if len(p.b) > 0 && p.b[0] == ':' {
			p.b = p.b[1:]
			second = p.num(2)
			nano = p.fraction()
		}
		east = p.zone()
	}
	if !p.ok || len(p.b) > 0 || hour > 23 || minute > 59 || second > 60 {
		return 0, false
	}
	s := daysFrom(year, month, day)*86400 + int64(hour*3600+minute*60+second-east)
	return s*int64(time.Second) + int64(nano), true
}

// digits reads numbers from a text; ok turns false at the first that is none.
type digits struct {
	b  []byte
	ok bool
}

func (p *digits) num(n int) int {
	if len(p.b) < n {
		p.ok = false
		return 0
	}
	v := 0
	for _, c := range p.b[:n] {
		if c < '0' || c > '9' {
			p.ok = false
			return 0
		}
		v = v*10 + int(c-'0')
	}
	p.b = p.b[n:]
	return v
}

func (p *digits) sign(c byte) struct{} {
	if len(p.b) == 0 || p.b[0] != c {
		p.ok = false
		return struct{}{}
	}
	p.b = p.b[1:]
	return struct{}{}
}

// fraction reads .123 as nanoseconds; what lies below them is left out.
func (p *digits) fraction() int {
	if len(p.b) == 0 || p.b[0] != '.' && p.b[0] != ',' {
		return 0
	}
	p.b = p.b[1:]
	v, n := 0, 0
	for ; len(p.b) > 0 && p.b[0] >= '0' && p.b[0] <= '9'; n++ {
		if n < 9 {
			v = v*10 + int(p.b[0]-'0')
		}
		p.b = p.b[1:]
	}
	p.ok = p.ok && n > 0
	for ; n < 9; n++ {
		v *= 10
	}
	return v
}

// zone reads what is left as seconds east of Greenwich.
func (p *digits) zone() int {
	if len(p.b) == 0 {
		return zone
	}
	sign := 1
	switch p.b[0] {
	case 'Z':
		p.b = p.b[1:]
		return 0
	case '-':
		sign = -1
	case '+':
	default:
		p.ok = false
		return 0
	}
	p.b = p.b[1:]
	hours, minutes := p.num(2), 0
	if len(p.b) > 0 {
		if p.b[0] == ':' {
			p.b = p.b[1:]
		}
		minutes = p.num(2)
	}
	p.ok = p.ok && hours <= 18 && minutes <= 59
	return sign * (hours*3600 + minutes*60)
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// daysFrom counts the days from 1 January 1970 (Hinnant, days_from_civil).
func daysFrom(year, month, day int) int64 {
	if month <= 2 {
		year--
	}
	era := year / 400
	ofEra := year - era*400
	ofYear := (153*((month+9)%12)+2)/5 + day - 1
	return int64(era)*146097 + int64(ofEra*365+ofEra/4-ofEra/100+ofYear) - 719468
}
