package panel

import (
	_ "embed" // the dictionary
	"slices"
	"strconv"
	"strings"

	"touyan.dev/touyan/kernel/fault"
)

// Describe reads a table of subjects: the column of codes, a column of names
// (nameCol, or the one right of the codes), and every column as an attribute. A
// column of the same title with _en gives the names in English. Subjects that the
// table lacks keep their code as name; the table may hold others.
func (p *Panel) Describe(data []byte, subjectCol, nameCol string) error {
	t, err := NewTable(data)
	if err != nil {
		return err
	}
	code, name := slices.Index(t.Head, subjectCol), -1
	if code < 0 {
		code = 0
	}
	if name = min(code+1, len(t.Head)-1); nameCol != "" {
		if name, err = t.Column(nameCol); err != nil {
			return err
		}
	}
	english := slices.Index(t.Head, t.Head[name]+"_en")
	index := map[string]int{}
	for i, s := range p.Subjects {
		index[s.Code] = i
	}
	for row, err := range t.Rows() {
		if err != nil {
			return err
		}
		i, ok := index[clean(row[code])]
		if !ok {
			continue
		}
		s := &p.Subjects[i]
		if s.Attrs != nil {
			return faulty([]fault.Field{at(t.Line, t.Head[code], "这个对象出现了两次。", "This subject stands there twice.")})
		}
		s.Attrs = map[string]string{}
		for c, cell := range row {
			s.Attrs[t.Head[c]] = clean(cell)
		}
		if n := clean(row[name]); n != "" {
			s.Name = fault.T(n, n)
			if english >= 0 && clean(row[english]) != "" {
				s.Name.EN = clean(row[english])
			}
		}
	}
	return nil
}

// DescribeIndicators reads a table of indicators. The column code is needed, the
// others may be absent or empty: name, name_en, unit, unit_en, polarity (larger,
// smaller, neutral), form (cumulative), price (current, constant), base (a year),
// additive (yes), rate (yes, or growth for a growth rate in per cent), parts (codes
// with spaces between), second and growth (codes), synonyms (divided by |),
// definitions (period=version, divided by semicolons; a year stands for its first
// period). Indicators that the panel lacks are passed over.
func (p *Panel) DescribeIndicators(data []byte) error {
	t, err := NewTable(data)
	if err != nil {
		return err
	}
	if _, err := t.Column("code"); err != nil {
		return err
	}
	var faults []fault.Field
	for row, err := range t.Rows() {
		if err != nil {
			return err
		}
		cell := func(name string) string {
			if i := slices.Index(t.Head, name); i >= 0 {
				return clean(row[i])
			}
			return ""
		}
		if i, ok := p.Indicator(cell("code")); ok {
			faults = append(faults, p.describe(i, t.Line, cell)...)
		}
	}
	if len(faults) > 0 {
		return faulty(faults[:min(len(faults), maxFaults)])
	}
	return nil
}

//go:embed dictionary.csv
var dictionary []byte

// Dictionary is the table of indicators that comes with the program: names, units
// and directions of what statistics offices publish under these codes.
func Dictionary() []byte { return dictionary }

// ReadIndicators gives the indicators of such a table by themselves.
func ReadIndicators(data []byte) ([]Indicator, error) {
	t, err := NewTable(data)
	if err != nil {
		return nil, err
	}
	code, err := t.Column("code")
	if err != nil {
		return nil, err
	}
	var list []Indicator
	for row, err := range t.Rows() {
		if err != nil {
			return nil, err
		}
		if c := clean(row[code]); c == "" || slices.ContainsFunc(list, func(x Indicator) bool { return x.Code == c }) {
			return nil, faulty([]fault.Field{at(t.Line, "code", "代码为空或重复。", "The code is empty or stands there twice.")})
		} else {
			list = append(list, Indicator{Code: c})
		}
	}
	p := New(Axis{Freq: Yearly}, nil, list)
	return p.Indicators, p.DescribeIndicators(data)
}

// describe takes one line of the table of indicators.
func (p *Panel) describe(i, line int, cell func(string) string) (faults []fault.Field) {
	x := &p.Indicators[i]
	wrong := func(column, zh, en string) { faults = append(faults, at(line, column, zh, en)) }
	words := func(zh, en, otherwise string) fault.Text {
		text := fault.T(cell(zh), cell(en))
		if text.ZH == "" {
			text.ZH = otherwise
		}
		if text.EN == "" {
			text.EN = text.ZH
		}
		return text
	}
	x.Name, x.Unit = words("name", "name_en", x.Code), words("unit", "unit_en", "")
	switch cell("polarity") {
	case "larger":
		x.Polarity = LargerBetter
	case "smaller":
		x.Polarity = SmallerBetter
	case "neutral", "":
		x.Polarity = Neutral
	default:
		wrong("polarity", "只能写 larger、smaller 或 neutral。", "It is larger, smaller or neutral.")
	}
	switch form := Form(cell("form")); form {
	case Single, Cumulative:
		x.Form = form
	default:
		wrong("form", "只能留空或写 cumulative。", "It is empty or cumulative.")
	}
	switch x.Price = cell("price"); x.Price {
	case "", "current", "constant":
	default:
		wrong("price", "只能留空或写 current、constant。", "It is empty, current or constant.")
	}
	if base := cell("base"); base != "" {
		var err error
		if x.Base, err = strconv.Atoi(base); err != nil {
			wrong("base", "应为年份。", "It is a year.")
		}
	}
	yes := func(column string) bool {
		switch cell(column) {
		case "yes", "是", "1", "true":
			return true
		case "", "no", "否", "0", "false":
		default:
			wrong(column, "只能写 yes 或留空。", "It is yes or empty.")
		}
		return false
	}
	if x.Additive, x.Pace = yes("additive"), cell("rate") == "growth"; x.Pace {
		x.Rate = true
	} else {
		x.Rate = yes("rate")
	}
	x.Parts, x.Second, x.Growth = strings.Fields(cell("parts")), cell("second"), cell("growth")
	x.Synonyms = strings.FieldsFunc(cell("synonyms"), func(r rune) bool { return r == '|' || r == '、' })
	for _, d := range strings.Split(cell("definitions"), ";") {
		if d == "" {
			continue
		}
		period, version, ok := strings.Cut(d, "=")
		f, n, read := ParsePeriod(period)
		if read && f == Yearly {
			f, n = p.Axis.Freq, n*int(p.Axis.Freq)
		}
		if !ok || !read || f != p.Axis.Freq {
			wrong("definitions", "应写作 2007=口径名;2011=口径名，时间为年份，或与数据的频率相同。", "Write 2007=VERSION;2011=VERSION, in years or in the frequency of the data.")
			continue
		}
		p.Slabs[i].Define(max(0, n-p.Axis.First), version)
	}
	return faults
}
