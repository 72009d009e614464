package calendar

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"touyan.dev/touyan/kernel/fault"
)

// Notice is one notice on days off (放假通知): the arrangement for a year, or
// a later one that changes it. Days it does not name keep what they were.
type Notice struct {
	Year   int    // the year it arranges, 2007 to 2099
	Part   int    // 1 for the year's arrangement, 2 and up for later changes
	Number string // 发文字号 (国办发明电〔2025〕7号); empty where it was not read
	Source string // the page it was read from
	Spans  []Span // no day twice
}

// Span is a run of days which the notice declares off or worked.
type Span struct {
	First, Last Day // both included
	Work        bool
	Name        string // of the holiday
}

// ParseNotice reads one notice:
//
//	notice 2026
//	number 国办发明电〔2025〕7号
//	source https://www.gov.cn/...
//	off  02-15..02-23 春节
//	work 02-14 02-28 春节
//
// `notice 2026/2` is a change to 2026. Dates are MM-DD in that year or full,
// and reach from 1 December of the year before to its end. A line beginning
// with # is a comment. Errors are Invalid and name file and line.
func ParseNotice(file string, data []byte) (Notice, error) {
	list, err := parseNotices(file, data)
	switch {
	case err != nil:
		return Notice{}, err
	case len(list) != 1:
		return Notice{}, fault.At("calendar.ParseNotice", file,
			"每个文件须恰好包含一个通知。", "A file must hold exactly one notice.")
	}
	return list[0], nil
}

// parseNotices reads any number of notices, each begun by its notice line.
func parseNotices(file string, data []byte) ([]Notice, error) {
	var (
		list  []Notice
		begun int // the line of the last notice line
	)
	line := 0
	bad := func(at int, f *flaw) error {
		return fault.At("calendar.ParseNotice", file+":"+strconv.Itoa(at), f.zh, f.en)
	}
	for text := range strings.Lines(string(data)) {
		line++
		word, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
		rest = strings.TrimSpace(rest)
		switch {
		case !printable(text):
			return nil, bad(line, &flaw{"该行不是可显示的 UTF-8 文字。", "The line is not printable UTF-8 text."})
		case word == "" || strings.HasPrefix(word, "#"):
			continue
		case word == "notice":
			if n := len(list); n > 0 {
				if f := list[n-1].flaw(); f != nil {
					return nil, bad(begun, f)
				}
			}
			n, f := parseTitle(rest)
			if f != nil {
				return nil, bad(line, f)
			}
			list, begun = append(list, n), line
		case len(list) == 0:
			return nil, bad(line, &flaw{"文件须以 notice 行开头。", "The file must begin with a notice line."})
		default:
			if f := list[len(list)-1].parseLine(word, rest); f != nil {
				return nil, bad(line, f)
			}
		}
	}
	if n := len(list); n > 0 {
		if f := list[n-1].flaw(); f != nil {
			return nil, bad(begun, f)
		}
	}
	return list, nil
}

// flaw is what is wrong with a line, in the two languages.
type flaw struct{ zh, en string }

// parseTitle reads `2026` or `2026/2`.
func parseTitle(s string) (Notice, *flaw) {
	year, part, amends := strings.Cut(s, "/")
	n := Notice{Part: 1}
	var ok bool
	if n.Year, ok = digits(year); !ok || len(year) != 4 || n.Year < firstYear || n.Year > lastYear {
		return n, &flaw{"notice 后应为 2007 至 2099 之间的年份。", "After notice comes a year from 2007 to 2099."}
	}
	if amends {
		if n.Part, ok = digits(part); !ok || len(part) > 1 || n.Part < 2 {
			return n, &flaw{"调整通知的序号应为 2 至 9。", "The part of a changing notice is 2 to 9."}
		}
	}
	return n, nil
}

// parseLine reads one line below the notice line into n.
func (n *Notice) parseLine(word, rest string) *flaw {
	switch word {
	case "number", "source":
		field := &n.Number
		if word == "source" {
			field = &n.Source
		}
		if *field != "" || rest == "" {
			return &flaw{"number 与 source 各写一次，且不能为空。", "Give number and source once each, and not empty."}
		}
		*field = rest
		return nil
	case "off", "work":
		return n.parseSpans(word == "work", rest)
	default:
		return &flaw{"行首须为 notice、number、source、off 或 work。", "A line begins with notice, number, source, off or work."}
	}
}

// parseSpans reads `RANGE... [name]`.
func (n *Notice) parseSpans(work bool, rest string) *flaw {
	fields := strings.Fields(rest)
	var ranges []string
	for len(fields) > 0 && fields[0][0] >= '0' && fields[0][0] <= '9' {
		ranges, fields = append(ranges, fields[0]), fields[1:]
	}
	if len(ranges) == 0 {
		return &flaw{"off 或 work 后须写明日期。", "After off or work come the days."}
	}
	for _, r := range ranges {
		first, last, isRange := strings.Cut(r, "..")
		if !isRange {
			last = first
		}
		s := Span{Work: work, Name: strings.Join(fields, " ")}
		var okFirst, okLast bool
		s.First, okFirst = n.scan(first)
		s.Last, okLast = n.scan(last)
		if !okFirst || !okLast {
			return &flaw{"日期应写成“02-15”、“2025-12-31”或“02-15..02-23”，且须实际存在。", "Write days as 02-15, 2025-12-31 or 02-15..02-23; they must exist."}
		}
		if f := n.spanFlaw(len(n.Spans), s); f != nil {
			return f
		}
		n.Spans = append(n.Spans, s)
	}
	return nil
}

// scan reads MM-DD in the notice's year, or a full date.
func (n *Notice) scan(s string) (Day, bool) {
	if len(s) == 5 {
		s = strconv.Itoa(n.Year) + "-" + s
	}
	return scanDay(s)
}

// spanFlaw judges a span which stands after the first i of the notice.
func (n *Notice) spanFlaw(i int, s Span) *flaw {
	switch {
	case s.First > s.Last:
		return &flaw{"起始日期不能晚于结束日期。", "A range cannot end before it begins."}
	case s.First < Date(n.Year-1, 12, 1) || s.Last > Date(n.Year, 12, 31):
		return &flaw{"日期须在上年 12 月 1 日至当年 12 月 31 日之间。", "Days lie between 1 December of the year before and the year's end."}
	case !printable(s.Name) || s.Name != strings.Join(strings.Fields(s.Name), " ") ||
		s.Name != "" && s.Name[0] >= '0' && s.Name[0] <= '9':
		return &flaw{"节日名称含有不可用的字符，或以数字开头。", "The holiday's name has unusable characters or begins with a digit."}
	}
	for _, other := range n.Spans[:i] {
		if s.First <= other.Last && other.First <= s.Last {
			return &flaw{"同一通知中，同一天不能出现两次。", "A notice cannot name a day twice."}
		}
	}
	for d := s.First; d <= s.Last && s.Work && n.Part == 1; d++ {
		if w := d.Weekday(); w != time.Saturday && w != time.Sunday {
			return &flaw{"调休上班日应为周六或周日。", "A make-up workday is a Saturday or a Sunday."}
		}
	}
	return nil
}

// flaw judges the notice as a whole, all but its spans one by one.
func (n *Notice) flaw() *flaw {
	switch {
	case n.Year < firstYear || n.Year > lastYear || n.Part < 1 || n.Part > 9:
		return &flaw{"年份应在 2007 至 2099 之间，序号应在 1 至 9 之间。", "The year is 2007 to 2099 and the part 1 to 9."}
	case n.Number == "" && n.Source == "":
		return &flaw{"通知须有文号（number）或出处（source）。", "A notice needs its number or its source."}
	case !oneLine(n.Number) || !oneLine(n.Source):
		return &flaw{"文号与出处须为单行可显示文字。", "Number and source are single printable lines."}
	case len(n.Spans) == 0:
		return &flaw{"通知没有列出任何日期。", "The notice names no day."}
	}
	return nil
}

// Validate applies the rules of ParseNotice to a notice made by hand.
func (n Notice) Validate() error {
	f := n.flaw()
	for i := 0; f == nil && i < len(n.Spans); i++ {
		f = n.spanFlaw(i, n.Spans[i])
	}
	if f != nil {
		return fault.At("calendar.Notice", "notice", f.zh, f.en)
	}
	return nil
}

// String gives the notice in the form ParseNotice reads, one span to a line.
func (n Notice) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "notice %d", n.Year)
	if n.Part > 1 {
		fmt.Fprintf(&b, "/%d", n.Part)
	}
	for _, f := range [][2]string{{"number", n.Number}, {"source", n.Source}} {
		if f[1] != "" {
			b.WriteString("\n" + f[0] + " " + f[1])
		}
	}
	for _, s := range n.Spans {
		word := "off"
		if s.Work {
			word = "work"
		}
		fmt.Fprintf(&b, "\n%s %v..%v", word, s.First, s.Last)
		if s.Name != "" {
			b.WriteString(" " + s.Name)
		}
	}
	return b.String() + "\n"
}

// title names the notice to a person.
func (n Notice) title() fault.Text {
	year := strconv.Itoa(n.Year)
	if n.Part > 1 {
		part := strconv.Itoa(n.Part)
		return fault.T(year+"年第"+part+"份放假通知", "part "+part+" of the notices for "+year)
	}
	return fault.T(year+"年的年度放假通知", "yearly notice of "+year)
}

// clone copies the notice with its spans.
func (n Notice) clone() Notice {
	n.Spans = slices.Clone(n.Spans)
	return n
}

// printable reports whether s is text without control characters other than
// the blanks that end or divide a line.
func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && !strings.ContainsRune("\t\r\n", r)
	})
}

// oneLine reports whether s could stand behind a word on a line.
func oneLine(s string) bool {
	return printable(s) && s == strings.TrimSpace(s) && !strings.ContainsAny(s, "\r\n")
}
