// Package claim checks the statements of a draft against a panel of statistics:
// amounts, growth, shares, ranks and their changes, firsts, and comparisons, as
// speeches, work reports and bulletins word them in Chinese.
//
// Parse finds the claims of a line; Check gives each a verdict with the cells it
// rests on. What a sentence leaves open is taken as such texts mean it: a rank or
// a comparison without another word is of the year's level, growth is against the
// year before, a period without a year is the latest of the panel. Where two
// readings that the panel knows give different answers, as growth at current and
// at constant prices may, the claim is ambiguous and both are shown. A number is
// held to the digits that the sentence gives.
//
// It never corrects a draft, and never guesses a cell that is missing.
package claim

import "touyan.dev/touyan/kernel/fault"

// Kind says what a claim is about.
type Kind string

// The kinds of claims.
const (
	Value      Kind = "value"       // an amount
	Growth     Kind = "growth"      // a rate against an earlier year
	Difference Kind = "difference"  // an amount more or less than an earlier year or another subject
	Multiple   Kind = "multiple"    // so many times an earlier year or another subject
	Share      Kind = "share"       // a part of another indicator, or of all peers
	Rank       Kind = "rank"        // a place, or being among the first k
	RankChange Kind = "rank_change" // from one place to another
	First      Kind = "first"       // a place reached for the first time, or again, since a year
	Extreme    Kind = "extreme"     // highest or lowest since a year
	Comparison Kind = "comparison"  // more or less than another subject
)

// Verdict is what the panel says of a claim.
type Verdict string

// The verdicts.
const (
	Agrees    Verdict = "agrees"
	Disagrees Verdict = "disagrees"
	Ambiguous Verdict = "ambiguous" // true in one reading, false in another
	NoData    Verdict = "no_data"   // the panel lacks a cell that it takes
)

// Cell is one observation with its place in its source.
type Cell struct {
	Indicator string  `json:"indicator"`
	Subject   string  `json:"subject"`
	Time      string  `json:"time"`
	Value     float64 `json:"value"`
	Source    string  `json:"source"` // file, line and column
}

// Finding is a claim with its verdict.
type Finding struct {
	Line     int        `json:"line"` // from 1
	Text     string     `json:"text"`
	Start    int        `json:"start"` // bytes of the line
	End      int        `json:"end"`
	Kind     Kind       `json:"kind"`
	Verdict  Verdict    `json:"verdict"`
	Why      fault.Text `json:"why"`
	Evidence []Cell     `json:"evidence"`
}

// measure is the form in which an indicator is spoken of.
type measure int

const (
	unsaid measure = iota
	level
	growth // without saying at which prices
	nominal
	real
)

// relation is how a number is meant.
type relation int

const (
	exactly relation = iota
	over             // 超过 突破 逾
	under            // 不足 不到
	nearly           // 近
	about            // 约 左右
)

// claim is a statement as read, before it is checked.
type claim struct {
	kind       Kind
	line       int
	start, end int
	text       string

	subject, other string   // codes; "" where the text names none
	indicators     []string // codes that the name may mean
	whole          []string // of a share: what it is a part of; nil: all peers
	year, base     int      // base: the earlier year; 0: the year before
	part           string   // 上半年, 1—9月: as the text says it
	yearly         bool     // 年均
	falls          bool     // 连续下降
	basePart       string   // the part of a year that a number is against: 比1—9月
	alone          bool     // 当月: of the part alone, not from January on
	sums           bool     // 累计: from January on
	paced          bool     // no word says total or growth, and the clause before spoke of growth
	ranged         bool     // base is the first year of a span, which may be the first that grew
	run            int      // 连续: so many periods up to this one
	runOf          int      // how many of those periods a year has
	measure        measure
	national       bool // among all subjects, and not among its group

	rank, old int // places
	top       int // among the first so many
	last      bool
	moved     int  // places up (+) or down (−)
	again     bool // 再次
	since     int  // a year; 0 with record
	record    bool // on record
	span      int  // of so many years
	low       bool // lowest, fewer
	more      int  // +1 more than the other, −1 less
	fresh     bool // 首次: an amount not reached before
	share     bool // a difference of two shares

	value    float64
	decimals int
	unit     string
	relation relation
}
