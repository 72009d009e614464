package paper

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"touyan.dev/touyan/kernel/fault"
)

// Flaw is a rule that a document breaks: which field, which clause, and what to
// mend. It never repeats what was written.
type Flaw struct {
	Field  string     `json:"field"`
	Clause string     `json:"clause"`
	Text   fault.Text `json:"text"`
}

// The sources of the rules.
const (
	standard   = "GB/T 9704-2012 "
	regulation = "党政机关公文处理工作条例 "
)

// linter gathers the flaws of a document.
type linter struct {
	d     Document
	flaws []Flaw
}

// Lint holds a document against the standard and the regulations. A document
// without flaws may be issued.
func Lint(d Document) []Flaw {
	l := &linter{d: d, flaws: []Flaw{}}
	l.words()
	if d.Form == File || d.Form == Letter {
		l.head()
		l.direction()
		l.signed()
	}
	return l.flaws
}

func (l *linter) add(field, clause, zh, en string) {
	l.flaws = append(l.flaws, Flaw{field, clause, fault.T(zh, en)})
}

// number is a document number as 7.2.5 wants it.
var number = regexp.MustCompile(`^\p{Han}+〔\d{4}〕[1-9]\d*号$`)

func (l *linter) head() {
	d := l.d
	if !slices.Contains(Types(), d.Type) {
		l.add("type", regulation+"第八条", "文种应为十五种公文之一。", "The type must be one of the fifteen.")
	} else if title := strings.TrimSpace(l.title()); !strings.HasSuffix(title, string(d.Type)) {
		l.add("title", standard+"7.3.1", "标题末尾应写明文种。", "The title must end with the type.")
	}
	if d.Number != "" && !number.MatchString(d.Number) {
		l.add("number", standard+"7.2.5", "发文字号应如“澄政办函〔2026〕12号”：六角括号，四位年份，序号不加“第”、不编虚位。",
			"A number looks like 澄政办函〔2026〕12号: six-angled brackets, four digits of the year, no 第 and no leading zero.")
	}
	if d.Serial != "" && !regexp.MustCompile(`^\d{6}$`).MatchString(d.Serial) {
		l.add("serial", standard+"7.2.1", "份号应为六位阿拉伯数字。", "The copy number has six digits.")
	}
	if d.Urgency != "" && d.Urgency != "特急" && d.Urgency != "加急" {
		l.add("urgency", standard+"7.2.3", "紧急程度应为“特急”或“加急”。", "The urgency is 特急 or 加急.")
	}
	if d.Issuer == "" {
		l.add("issuer", standard+"7.2.4", "应有发文机关标志。", "The issuer's mark is missing.")
	}
}

func (l *linter) title() string { return strings.ReplaceAll(l.d.Title, "\n", "") }

// asks are the words with which a document asks for a decision.
var asks = regexp.MustCompile(`请(予以?)?(批准|批示|批复|审批|核准)|妥否|当否|可否`)

// direction holds type and direction against each other (articles 8, 14, 15).
func (l *linter) direction() {
	d := l.d
	switch d.Type {
	case "请示":
		if len(d.To) != 1 {
			l.add("to", regulation+"第十五条", "请示应当只有一个主送机关。", "A request for instructions has one main recipient.")
		}
		if strings.Count(l.title(), "关于") > 1 || countLevel(d.Body, 1) > 0 && strings.Contains(l.title(), "等事项") {
			l.add("title", regulation+"第十五条", "请示应当一文一事。", "A request for instructions deals with one matter.")
		}
		if len(d.Copies) > 0 {
			l.add("copies", regulation+"第十五条", "请示不得抄送下级机关；需要抄送上级的，请在报送时另行说明。", "A request for instructions is not copied to those below.")
		}
		if !strings.Contains(d.Note, "联系人") {
			l.add("note", regulation+"第九条", "请示应当在附注注明联系人和电话。", "A request for instructions names a contact in its note.")
		}
	case "报告":
		if slices.ContainsFunc(d.Body, func(b Block) bool { return asks.MatchString(b.Text) }) {
			l.add("body", regulation+"第十五条", "不得在报告中夹带请示事项。", "A report must not carry a request.")
		}
	}
	upward := d.Type == "请示" || d.Type == "报告"
	if upward && !d.Upward || d.Upward && slices.Contains([]Type{"命令", "决定", "公告", "通告", "批复", "通报"}, d.Type) {
		l.add("type", regulation+"第八条", "文种与行文方向不符。", "The type does not go with the direction.")
	}
	if d.Upward && len(d.Signers) == 0 {
		l.add("signers", standard+"7.2.6", "上行文应当标注签发人。", "An upward document names its signers.")
	}
	if !d.Upward && len(d.Signers) > 0 {
		l.add("signers", standard+"7.2.6", "只有上行文标注签发人。", "Only an upward document names its signers.")
	}
	if len(d.To) == 0 && !slices.Contains([]Type{"公报", "公告", "通告", "决定", "命令", "决议", "纪要"}, d.Type) {
		l.add("to", standard+"7.3.2", "应有主送机关。", "The main recipient is missing.")
	}
}

func countLevel(body []Block, level int) (n int) {
	for _, b := range body {
		if b.Level == level {
			n++
		}
	}
	return n
}

func (l *linter) signed() {
	d := l.d
	if d.By == "" {
		l.add("by", standard+"7.3.5", "应有发文机关署名。", "The issuer's signature is missing.")
	}
	if !realDay(d.Date) {
		l.add("date", standard+"7.3.5.4", "成文日期应为实有的年月日。", "The date must be a real day.")
	}
	if d.Printed != "" && d.Printed < d.Date {
		l.add("printed", standard+"7.4.3", "印发日期不能早于成文日期。", "It cannot be printed before its date.")
	}
	for i, name := range d.Annexes {
		if strings.HasSuffix(name, "。") || strings.HasSuffix(name, "；") || strings.HasPrefix(name, "《") {
			l.add("annexes/"+strconv.Itoa(i), standard+"7.3.4", "附件名称后不加标点，不加书名号。", "The name of an annex has no end mark and no book marks.")
		}
	}
}

// realDay reports YYYY-MM-DD of a day that exists.
func realDay(day string) bool {
	var year, month, date int
	part := strings.Split(day, "-")
	if len(part) != 3 || len(day) != len("2006-01-02") {
		return false
	}
	for i, to := range []*int{&year, &month, &date} {
		n, err := strconv.Atoi(part[i])
		if err != nil {
			return false
		}
		*to = n
	}
	if month < 1 || month > 12 || date < 1 {
		return false
	}
	last := [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[month-1]
	if month == 2 && (year%4 == 0 && year%100 != 0 || year%400 == 0) {
		last = 29
	}
	return date <= last
}

var (
	wrongBrackets = regexp.MustCompile(`\p{Han}[\[［(（【]\s*\d{4}\s*[\]］)）】]\s*第?\s*\d+\s*号`)
	wrongOrder    = regexp.MustCompile(`〔\d{4}〕(第\d|0)`)
	paddedDate    = regexp.MustCompile(`\d{4}年(0\d月|\d{1,2}月0\d日)`)
)

// words holds the text itself against the rules of writing.
func (l *linter) words() {
	before := 0
	for i, b := range l.d.Body {
		field := "body/" + strconv.Itoa(i)
		switch {
		case wrongBrackets.MatchString(b.Text):
			l.add(field, standard+"7.2.5", "发文字号的年份应当用六角括号〔〕。", "The year of a document number stands in six-angled brackets 〔〕.")
		case wrongOrder.MatchString(b.Text):
			l.add(field, standard+"7.2.5", "发文顺序号不加“第”，不编虚位。", "The order number has no 第 and no leading zero.")
		}
		if paddedDate.MatchString(b.Text) {
			l.add(field, standard+"7.3.5.4", "月、日不编虚位。", "Month and day have no leading zero.")
		}
		if strings.Contains(b.Text, "此页无正文") {
			l.add(field, standard+"7.3.5.5", "不得使用“此页无正文”。", "此页无正文 must not be used.")
		}
		if b.Level > before+1 {
			l.add(field, standard+"7.3.3", "结构层次应当依次使用，不跳级。", "Levels follow one another without a gap.")
		}
		if b.Level > 0 {
			before = b.Level
		}
	}
}
