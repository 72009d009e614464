// Package report turns a government work report (政府工作报告) or a task list
// into proposals (拟办事项) which a person reads, mends and confirms.
//
// The duty served is the yearly breaking-down of a report into tasks for
// supervision (督查督办): every target with a number and every promise with a
// date gets one proposal with its sentence, its place in the text, what is
// measured, by when, how strongly it was worded and which unit would lead by
// the usual division of duties (职责分工).
//
// The way through the package is Read (bytes to documents), Split (a document
// to sentences with headings and parts) and Propose (sentences to proposals);
// ParseList and ParseSheet take task lists that somebody has written already.
// It prefers to propose once too often: a person strikes a needless line more
// quickly than they find a missing one.
//
// It never dispatches anything, knows no SQL, HTTP or clock, and never calls
// a guess a fact: a lead unit is proposed with the words that spoke for it, a
// date that cannot be told from the text stays empty, and each proposal can be
// traced to the exact bytes it came from.
package report

import "touyan.dev/touyan/kernel/fault"

// Document is one text, decoded to UTF-8. Spans elsewhere are byte offsets
// into Text.
type Document struct {
	Name  string `json:"name"`  // of the file it came from
	Title string `json:"title"` // as given by the file, or the first line
	Year  int    `json:"year"`  // the year whose work it plans; 0 if it cannot be told
	Text  string `json:"text"`
	Hash  string `json:"hash"` // first 12 hex digits of SHA-256 over Text
	marks []mark // headings known from the file's own styles (.docx)
}

// mark says that the line which begins at byte offset at is a heading.
type mark struct{ at, level int }

// Span is a half-open range of bytes in Document.Text.
type Span struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// Part says where in a report a sentence stands. Only Plan is proposed from.
type Part string

// The parts of a report.
const (
	Preamble   Part = "preamble"   // greeting, before the first heading
	Retrospect Part = "retrospect" // 去年工作回顾: what was done
	Plan       Part = "plan"       // 今年工作安排、任务、建议: what is promised
	Closing    Part = "closing"    // 结束语 and whatever follows it
)

// Sentence is one sentence with its place.
type Sentence struct {
	Paragraph int      `json:"paragraph"` // from 1
	Number    int      `json:"number"`    // within the paragraph, from 1
	Span      Span     `json:"span"`
	Source    string   `json:"source"`   // the exact bytes of Span
	Text      string   `json:"text"`     // half-width digits, no line breaks or stray spaces
	Headings  []string `json:"headings"` // from the outermost inwards
	Part      Part     `json:"part"`
	Heading   bool     `json:"heading"` // the sentence is itself a heading
	at        []int    // byte offset in Document.Text of each rune of Text
}

// Strength is how firmly a commitment is worded.
type Strength string

// The strengths, firmest first. The plain indicative of a plan ("新增就业十万人")
// and 要 count as Should.
const (
	Must      Strength = "must"      // 必须 确保 务必 一律 严禁
	Should    Strength = "should"    // 要 应当, or the plain indicative
	Strive    Strength = "strive"    // 力争 争取 努力
	Encourage Strength = "encourage" // 鼓励 支持 引导 探索
)

// Relation is how a quantity bounds what it measures.
type Relation string

// The relations. Exact is also given where the text sets no bound.
const (
	AtLeast Relation = ">="
	AtMost  Relation = "<="
	About   Relation = "~"
	Exact   Relation = "="
	Range   Relation = ".." // from Value to High
)

// Quantity is one number of a commitment.
type Quantity struct {
	Text     string   `json:"text"`           // "1200万人以上"
	Value    float64  `json:"value"`          // 12000000; percentages as written (5), 两成 as 20, 翻一番 as 100
	High     float64  `json:"high,omitempty"` // the upper end of a Range
	Unit     string   `json:"unit"`           // "人", "元", "%", "百分点"
	Relation Relation `json:"relation"`
	Subject  string   `json:"subject"` // what is measured, in the text's words; may be empty
	Base     bool     `json:"base"`    // the level it starts from (由10万元提高到15万元), not the target
	from, to int      // runes of the sentence
}

// Proposal is one commitment put before a person. Nothing follows from it
// until they confirm it.
type Proposal struct {
	ID         string         `json:"id"` // document hash and span: the same text gives the same id
	Sentence   Sentence       `json:"sentence"`
	Span       Span           `json:"span"`   // of the clause within the document
	Clause     string         `json:"clause"` // its text
	Title      string         `json:"title"`  // short, Chinese
	Verbs      []string       `json:"verbs"`
	Quantities []Quantity     `json:"quantities"`
	Deadline   Deadline       `json:"deadline"`
	Strength   Strength       `json:"strength"`
	Lead       UnitProposal   `json:"lead"`   // Unit is empty if no duty word was found
	Assist     []UnitProposal `json:"assist"` // best first, at most four
	Reason     fault.Text     `json:"reason"` // why this was proposed
}

// UnitProposal is a unit which the words of a commitment point to.
type UnitProposal struct {
	Unit  string     `json:"unit"` // duty key: "fagai"
	Name  fault.Text `json:"name"`
	Words []string   `json:"words"` // the duty words that matched
	Score float64    `json:"score"` // sum of weights; comparable within one proposal only
	Named bool       `json:"named"` // the text itself names the unit
}
