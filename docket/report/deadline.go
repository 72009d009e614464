package report

import "fmt"

// DeadlineKind is how finely a deadline is given.
type DeadlineKind string

// The kinds of deadline.
const (
	ByDay      DeadlineKind = "day"
	ByMonth    DeadlineKind = "month"
	ByQuarter  DeadlineKind = "quarter"
	ByHalfYear DeadlineKind = "half-year"
	ByYearEnd  DeadlineKind = "year-end" // 年底前, 年内
	ByYear     DeadlineKind = "year"     // 到2027年, 今年, 三年内
	ByPeriod   DeadlineKind = "period"   // "十四五"期间, 本世纪中叶
	ByEvent    DeadlineKind = "event"    // 汛期前: no date can be told from the text
	Standing   DeadlineKind = "standing" // 长期坚持, in task lists
)

// Deadline is the day by which, or from which, a commitment holds. The zero
// Deadline means that the text states none.
type Deadline struct {
	Text     string       `json:"text"`
	Kind     DeadlineKind `json:"kind"`
	Date     string       `json:"date"`  // YYYY-MM-DD, the last day allowed; empty if it cannot be told
	Start    bool         `json:"start"` // the day on which it begins (自7月1日起), not by which it ends
	from, to int
	weak     bool // names the year being planned and nothing finer: 今年, 全年
	past     bool // lies before the year being planned
}

// vague reports whether the deadline only names the span being planned.
func (d Deadline) vague() bool { return d.weak || d.Kind == ByPeriod || d.Kind == ByYear }

// ParseDeadline reads a whole text as one deadline: "6月底前", "2026-06-30",
// "“十五五”期间". year is the year that 今年 and a bare month mean; with 0
// they give no Date.
func ParseDeadline(text string, year int) (Deadline, bool) {
	p := plain(text)
	if d, ok := isoDay(p); ok {
		d.Text = text
		return d, true
	}
	rs := []rune(p)
	if n := followsAny(rs, 0, "到", "至", "于", "在", "截至", "截止"); n > 0 {
		rs = rs[n:]
	}
	if n := followsAny(rs, 0, "长期", "持续推进", "常态化"); n > 0 {
		return Deadline{Text: text, Kind: Standing}, true
	}
	d, ok := deadlineAt(rs, 0, year)
	if !ok {
		return Deadline{}, false
	}
	rest := d.to
	for n := 1; n > 0; {
		n = followsAny(rs, rest, "完成", "前", "之前", "以前", "实现", "办结", "见效", "左右", "。")
		rest += n
	}
	if rest != len(rs) {
		return Deadline{}, false
	}
	d.Text = text
	return d, true
}

// isoDay reads 2026-06-30, 2026/6/30 and 2026.6.30.
func isoDay(s string) (Deadline, bool) {
	rs := []rune(s)
	var part [3]int
	k, digits := 0, 0
	for _, r := range rs {
		switch {
		case isDigit(r):
			part[k] = part[k]*10 + int(r-'0')
			digits++
			if digits > 4 {
				return Deadline{}, false
			}
		case (r == '-' || r == '/' || r == '.') && k < 2 && digits > 0:
			k, digits = k+1, 0
		default:
			return Deadline{}, false
		}
	}
	if k != 2 || digits == 0 || !validDay(part[0], part[1], part[2]) {
		return Deadline{}, false
	}
	return Deadline{Kind: ByDay, Date: day(part[0], part[1], part[2]), to: len(rs)}, true
}

// deadlines finds the deadlines of a sentence from left to right; what stands
// in 《》 is a name and not a date.
func deadlines(rs []rune, year int) []Deadline {
	var out []Deadline
	depth := 0
	for i := 0; i < len(rs); i++ {
		switch rs[i] {
		case '《':
			depth++
		case '》':
			depth = max(0, depth-1)
		}
		if depth > 0 {
			continue
		}
		d, ok := deadlineAt(rs, i, year)
		if !ok {
			continue
		}
		d.from = i
		if n := opened(rs, d.to); n > 0 {
			d.to += n
			d.Start, d.weak = true, false
		}
		if isBase(rs, i) {
			i = d.to - 1
			continue
		}
		if n := len(out); n > 0 && out[n-1].to == i-1 && hasRune("至到—－-", rs[i-1]) { // 1月至6月
			d.from = out[n-1].from
			out = out[:n-1]
		}
		d.Text = string(rs[d.from:d.to])
		out = append(out, d)
		i = d.to - 1
	}
	return out
}

// opened reads 起 or 开始 after a date and gives its length.
func opened(rs []rune, i int) int {
	return followsAny(rs, i, "开始", "起", "秋季学期起", "秋季学期开始", "秋季起", "春季学期起", "春季起")
}

// isBase reports whether a year is what something is compared with or a part
// of a name, and so no deadline: 比2020年, 按2010年价格.
func isBase(rs []rune, i int) bool {
	return precedesAny(rs, i, "比", "较", "与", "以", "按", "相比", "照", "同", "截至", "截止", "对标", "不低于", "高于", "好于", "去年", "上年", "前年", "去年的")
}

// deadlineAt reads a deadline that begins at rune i; its to is set.
func deadlineAt(rs []rune, i, year int) (Deadline, bool) {
	if i >= len(rs) || !isYearDigit(rs[i]) && !hasRune("今本明后新全年上下第“\"‘未接用再近汛春国采供开入高", rs[i]) {
		return Deadline{}, false // most runes begin no date
	}
	if d, ok := yearDeadline(rs, i, year); ok {
		return d, true
	}
	if d, ok := thisYear(rs, i, year); ok {
		return d, true
	}
	if d, ok := withinYear(rs, i, year, false); ok {
		return d, true
	}
	if d, ok := spanOfYears(rs, i, year); ok {
		return d, true
	}
	return periodDeadline(rs, i, year)
}

// yearDeadline reads 2027年 with whatever follows: 底前, 6月, 上半年.
func yearDeadline(rs []rune, i, year int) (Deadline, bool) {
	y, end, ok := calendarYear(rs, i)
	if !ok {
		return Deadline{}, false
	}
	if d, ok := withinYear(rs, end, y, true); ok {
		d.past = year > 0 && y < year
		return d, true
	}
	d := Deadline{Kind: ByYear, Date: day(y, 12, 31), to: end, past: year > 0 && y < year, weak: y == year}
	if n := followsAny(rs, end, "之前", "以前", "前"); n > 0 {
		d.Date, d.weak = day(y-1, 12, 31), false
		d.to += n
	}
	if n := followsAny(rs, end, "度", "全年"); n > 0 {
		d.to += n
	}
	if precedesAny(rs, i, "到", "至") {
		d.weak = false
	}
	return d, true
}

// thisYear reads 今年, 明年, 年底前, 年内, 全年 and the like.
func thisYear(rs []rune, i, year int) (Deadline, bool) {
	for _, w := range []struct {
		word string
		add  int
	}{{"今年", 0}, {"本年度", 0}, {"本年", 0}, {"明年", 1}, {"后年", 2}, {"新的一年", 0}} {
		if !follows(rs, i, w.word) {
			continue
		}
		y := year + w.add
		if year == 0 {
			y = 0
		}
		end := i + len([]rune(w.word))
		if d, ok := withinYear(rs, end, y, true); ok {
			return d, true
		}
		return Deadline{Kind: ByYear, Date: day(y, 12, 31), to: end, weak: w.add == 0}, true
	}
	if n := followsAny(rs, i, "全年", "今明两年"); n > 0 {
		y := year
		if n == 4 && year > 0 {
			y++
		}
		return Deadline{Kind: ByYear, Date: day(y, 12, 31), to: i + n, weak: n == 2}, true
	}
	return Deadline{}, false
}

// withinYear reads the end of a year or a part of it. after says that the
// year's own name has just been read, so a bare 底 is enough.
func withinYear(rs []rune, i, y int, after bool) (Deadline, bool) {
	if after {
		if n := followsAny(rs, i, "年底以前", "年底之前", "年底前", "年末前", "底之前", "底以前", "底前", "末前", "年底", "年末", "底", "末", "年内", "内"); n > 0 {
			return Deadline{Kind: ByYearEnd, Date: day(y, 12, 31), to: i + n}, true
		}
	} else if i == 0 || !isYearDigit(rs[i-1]) {
		if n := followsAny(rs, i, "年底以前", "年底之前", "年底前", "年末前", "年内", "年底", "年末"); n > 0 && !(i > 0 && (rs[i-1] == '去' || rs[i-1] == '上')) {
			return Deadline{Kind: ByYearEnd, Date: day(y, 12, 31), to: i + n}, true
		}
	}
	if n := followsAny(rs, i, "上半年", "下半年"); n > 0 {
		d := Deadline{Kind: ByHalfYear, Date: day(y, 6, 30), to: i + n + followsAny(rs, i+n, "底前", "末前", "前", "底", "末")}
		if rs[i] == '下' {
			d.Date = day(y, 12, 31)
		}
		return d, true
	}
	if d, ok := quarter(rs, i, y); ok {
		return d, true
	}
	return month(rs, i, y)
}

func isYearDigit(r rune) bool {
	_, ok := chineseDigit(r)
	return ok || isDigit(r) || r == '十' || r == '几'
}

// quarter reads 一季度, 第三季度末前, 三季度.
func quarter(rs []rune, i, y int) (Deadline, bool) {
	j := i + followsAny(rs, i, "第")
	if j >= len(rs) {
		return Deadline{}, false
	}
	q, ok := chineseDigit(rs[j])
	if isDigit(rs[j]) {
		q, ok = int(rs[j]-'0'), true
	}
	if !ok || q < 1 || q > 4 || !follows(rs, j+1, "季度") {
		return Deadline{}, false
	}
	end := j + 3
	end += followsAny(rs, end, "末前", "底前", "末", "底", "前")
	month := q * 3
	return Deadline{Kind: ByQuarter, Date: day(y, month, lastDay(y, month)), to: end}, true
}

// month reads 6月, 6月底前, 6月30日前, 十二月.
func month(rs []rune, i, y int) (Deadline, bool) {
	if i > 0 && (isDigit(rs[i-1]) || rs[i-1] == '.' || isLatin(rs[i-1])) {
		return Deadline{}, false
	}
	n, ok := readNumber(rs, i)
	if !ok || n.scaled || n.value != float64(int(n.value)) || n.value < 1 || n.value > 12 || !follows(rs, n.end, "月") {
		return Deadline{}, false
	}
	m, end := int(n.value), n.end+1
	if d, ok := readNumber(rs, end); ok && d.value >= 1 && d.value <= 31 && followsAny(rs, d.end, "日", "号") > 0 {
		if y > 0 && !validDay(y, m, int(d.value)) {
			return Deadline{}, false
		}
		end = d.end + 1
		return Deadline{Kind: ByDay, Date: day(y, m, int(d.value)), to: end + followsAny(rs, end, "之前", "以前", "前")}, true
	}
	end += followsAny(rs, end, "份")
	if w := followsAny(rs, end, "底之前", "底以前", "底前", "末前", "底", "末"); w > 0 {
		return Deadline{Kind: ByMonth, Date: day(y, m, lastDay(y, m)), to: end + w}, true
	}
	if w := followsAny(rs, end, "之前", "以前", "前"); w > 0 {
		if m == 1 {
			return Deadline{Kind: ByMonth, Date: day(y-1, 12, 31), to: end + w}, true
		}
		return Deadline{Kind: ByMonth, Date: day(y, m-1, lastDay(y, m-1)), to: end + w}, true
	}
	w := followsAny(rs, end, "上旬", "中旬", "下旬")
	if i > 0 && isHan(rs[i-1]) && !n.arabic && w == 0 {
		return Deadline{}, false
	}
	return Deadline{Kind: ByMonth, Date: day(y, m, lastDay(y, m)), to: end + w}, true
}

// spanOfYears reads 三年内, 用两到三年时间, 今后五年, 未来5年. N years that
// begin with the year planned end with year+N-1.
func spanOfYears(rs []rune, i, year int) (Deadline, bool) {
	lead := followsAny(rs, i, "今后", "未来", "接下来", "用", "再用", "近")
	j := i + lead
	n, ok := readNumber(rs, j)
	if !ok || n.sequence || n.value < 1 || n.value > 30 {
		return Deadline{}, false
	}
	if k := followsAny(rs, n.end, "到", "至", "-", "—", "－"); k > 0 {
		if m, ok := readNumber(rs, n.end+k); ok && m.value > n.value && m.value <= 30 {
			n = m
		}
	}
	if m, ok := readNumber(rs, n.end); ok && !m.arabic && m.value == n.value+1 { // 两三年
		n = m
	}
	end := n.end
	unit := followsAny(rs, end, "个月", "年")
	if unit == 0 {
		return Deadline{}, false
	}
	end += unit
	tail := followsAny(rs, end, "左右的时间", "左右时间", "的时间", "时间", "之内", "以内", "内", "左右")
	if lead == 0 && followsAny(rs, end, "之内", "以内", "内", "就可", "就能") == 0 || lead > 0 && tail == 0 && rs[i] != '今' && rs[i] != '未' {
		return Deadline{}, false
	}
	if rs[i] == '近' && followsAny(rs, end, "内") == 0 {
		return Deadline{}, false
	}
	d := Deadline{Kind: ByYear, to: end + tail}
	if unit == 1 && year > 0 {
		d.Kind, d.Date = ByYear, day(year+int(n.value)-1, 12, 31)
	}
	d.weak = rs[i] == '今' || rs[i] == '未'
	return d, true
}

// periodDeadline reads a plan period, the ends of the century and events.
func periodDeadline(rs []rune, i, year int) (Deadline, bool) {
	if y, end, ok := planPeriod(rs, i); ok {
		tail := followsAny(rs, end, "规划期末", "规划期间", "规划期内", "时期末", "计划期间", "期间", "时期", "期末", "期内", "末")
		if tail == 0 {
			return Deadline{}, false
		}
		return Deadline{Kind: ByPeriod, Date: day(y, 12, 31), to: end + tail, past: year > 0 && y < year, weak: rs[end+tail-1] != '末'}, true
	}
	if n := followsAny(rs, i, "本世纪末", "本世纪中叶", "21世纪中叶", "本届政府任期内", "本届任期内"); n > 0 {
		d := Deadline{Kind: ByPeriod, to: i + n}
		switch {
		case rs[i+n-1] == '叶':
			d.Date = day(2050, 12, 31)
		case rs[i+n-1] == '末' && year > 0:
			d.Date = day((year+99)/100*100, 12, 31)
		}
		return d, true
	}
	if n := followsAny(rs, i, "汛期前", "汛前", "春节前", "国庆节前", "国庆前", "采暖季前", "供暖季前", "供暖期前", "开学前", "今冬明春", "入冬前", "高考前"); n > 0 {
		return Deadline{Kind: ByEvent, to: i + n}, true
	}
	return Deadline{}, false
}

// planPeriod reads “十四五” at rune i and gives the period's last year. The
// first five-year plan ended in 1957, the second in 1962; from the third
// (1966–1970) on, number n ends in 1955 + 5n.
func planPeriod(rs []rune, i int) (year, end int, ok bool) {
	j := i + followsAny(rs, i, "“", "\"", "‘")
	k := j
	for k < len(rs) && k-j < 4 {
		if _, digit := chineseDigit(rs[k]); !digit && rs[k] != '十' {
			break
		}
		k++
	}
	if k-j < 2 || rs[k-1] != '五' || j == i && followsAny(rs, k, "时期", "期间", "规划", "计划", "末") == 0 {
		return 0, 0, false
	}
	n, found := readNumber(rs[:k-1], j)
	if !found || n.end != k-1 || n.value < 6 || n.value > 30 {
		return 0, 0, false
	}
	if j > i {
		k += followsAny(rs, k, "”", "\"", "’")
	}
	return 1955 + 5*int(n.value), k, true
}

// calendarYear reads 2027年 or 二〇二七年 at rune i and gives where 年 ends.
func calendarYear(rs []rune, i int) (year, end int, ok bool) {
	if i >= len(rs) || i > 0 && (isDigit(rs[i-1]) || rs[i-1] == '.') || i > 1 && hasRune("-－—–", rs[i-1]) && isDigit(rs[i-2]) {
		return 0, 0, false
	}
	if !isDigit(rs[i]) {
		if _, digit := chineseDigit(rs[i]); !digit {
			return 0, 0, false
		}
	}
	n, found := readNumber(rs, i)
	if !found || n.digits != 4 || n.scaled || n.value < 1949 || n.value > 2100 || !follows(rs, n.end, "年") || follows(rs, n.end, "年代") {
		return 0, 0, false
	}
	return int(n.value), n.end + 1, true
}

// day writes a date, or nothing if the year is not known.
func day(y, m, d int) string {
	if y <= 0 {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", y, m, d)
}

func validDay(y, m, d int) bool {
	return y >= 1949 && y <= 2100 && m >= 1 && m <= 12 && d >= 1 && d <= lastDay(y, m)
}

func lastDay(y, m int) int {
	switch m {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}
