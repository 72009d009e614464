// Package fact finds what statistics say that is worth saying: where a subject
// stands among its peers, what it reached for the first time, what ended, who
// passed whom. It is the miner of the observatory (三盯).
//
// There are two classes. Enumerative facts are exactly true of the panel: rank,
// first since, record, streak, overtaking, gap, share, driver, skyline. They are
// found by passes over dense arrays: a sort per period, stable filtering into
// peer sets, monotone stacks per subject; O(T·(n log n + peer sets)) for an
// indicator. Inferential facts (outlier, break) are claims about what is unusual
// and are shown only while the false discovery rate over everything that was
// tested stays at or below 5 % (Benjamini and Hochberg 1995).
//
// A fact joins cells only inside one comparability class; ranks also across a
// change of definition that all peers share, and then say so. A cell that is
// missing, or held back by the quality gate, takes part in nothing: it is never
// 0, breaks a streak and lowers the coverage that is stated.
//
// Sentences come from templates filled with the fact's own cells, in Chinese and
// English, with their mandatory qualifiers. The package knows no database, no
// clock and no screen, and draws its random numbers from the panel itself, so
// one vintage always gives the same facts.
package fact

import (
	"strconv"

	"touyan.dev/touyan/observatory/panel"
)

// Rules is the version of what makes a fact: the definitions, the bounds and what
// the tests are. Raise it with every change that may make another fact of the same
// figures, so that nobody takes for a revision what the program brought about.
const Rules = 1

// Kind is what a fact says.
type Kind uint8

// The kinds. What P1, P2 and Since mean follows each.
const (
	Rank             Kind = iota // P1 rank
	RankChange                   // P1 old rank, P2 new, Since the period compared with
	FirstTopOnRecord             // P1 rank, P2 k; Since the first period on record
	FirstTopSince                // P1 rank, P2 k; Since the last period of rank ≤ k
	BestRank                     // P1 rank; Since the last period ranked as well, none: on record
	WorstRank                    // P1 rank; Since the last period ranked as low, none: on record
	Record                       // highest on record
	HighestSince                 // Since the last period as high
	LowestOnRecord               // lowest on record
	LowestSince                  // Since the last period as low
	RiseStreak                   // P1 periods of rise in a row, P2 1 when the longest on record; Since the period before the first
	FallStreak                   // the same of falls
	RiseBroken                   // P1 periods of rise before this one; Since the period before the first
	FallBroken                   // the same of falls
	TopStreak                    // P1 periods in a row, P2 k: rank ≤ k; Since the first
	MedianStreak                 // P1 periods in a row above the peers' median; Since the first
	Overtake                     // Rival passed; Since the last period ahead of it before, none: never on record
	Overtaken                    // Rival passed the subject; Since the last period the rival was ahead before
	GapLeader                    // P1 periods of narrowing (negative: widening), P2 periods to close at this pace, Rival the leader
	GapNext                      // the same to the next above
	GapChaser                    // the same of the next below to the subject
	Converge                     // P1 periods in a row in which the peers drew together; Since the period before
	Diverge                      // P1 periods in a row in which they drew apart
	Contribution                 // the largest part of the peers' growth; Ref the part
	Driver                       // P1 the part (indicator) that contributed most; Ref its percentage points
	ShiftShare                   // growth against the peers': Ref by structure, Aux by the parts' own growth
	Skyline                      // P1 peers that match or beat it on a set of indicators, P2 the set
	Outlier                      // Ref robust z against peers and own history, Aux the move, P2 claims tested with it, Q
	Break                        // change of the mean move, Ref its size, P2 claims tested with it, Q
	Target                       // P1 the verdict, P2 the period it is set for; Ref the goal, Aux what is forecast, Q the chance to reach it
	kinds
)

// names are the kinds as data name them.
func (k Kind) String() string {
	return [kinds]string{
		"RANK", "RANK_CHANGE", "FIRST_TOP_ON_RECORD", "FIRST_TOP_SINCE", "BEST_RANK", "WORST_RANK", "RECORD", "HIGHEST_SINCE", "LOWEST_ON_RECORD", "LOWEST_SINCE",
		"GROWTH_STREAK", "FALL_STREAK", "GROWTH_STREAK_BROKEN", "FALL_STREAK_BROKEN", "TOP_STREAK", "MEDIAN_STREAK", "OVERTAKE", "OVERTAKEN",
		"GAP_LEADER", "GAP_NEXT", "GAP_CHASER", "CONVERGE", "DIVERGE", "CONTRIBUTION", "DRIVER", "SHIFT_SHARE", "SKYLINE", "OUTLIER", "BREAK", "TARGET",
	}[k]
}

// Inferential reports whether the kind is a claim of the unusual, which needs a
// bound on false discoveries.
func (k Kind) Inferential() bool { return k == Outlier || k == Break }

// Form is what was made of the indicator.
type Form uint8

// The forms.
const (
	Level  Form = iota // as published
	Growth             // against the same period of the year before, in per cent
	Share              // of the peer set's total, in per cent
	PerHead
)

// String names the form as data do.
func (f Form) String() string { return [...]string{"level", "growth", "share", "per_head"}[f] }

// Flags are what a sentence must not leave out.
type Flags uint8

// The flags.
const (
	Complete       Flags = 1 << iota // every peer was observed in every period spoken of
	Tied                             // another peer has the same value
	Provisional                      // one of the cells will be revised
	DefinitionMove                   // the definition changed, for all peers alike, within the span spoken of
	Known                            // Robust was computed from revisions that happened
)

// None stands for no subject, rival, peer set or period.
const None = -1

// Fact is one finding. Indices are those of the panel; periods are columns.
type Fact struct {
	Kind      Kind
	Form      Form
	Flags     Flags
	Indicator int32
	Subject   int32 // None when it speaks of the peer set
	Peers     int32 // None when it speaks of the subject's own history
	Period    int32
	Rival     int32
	Since     int32
	First     int32 // first period of the record the fact looks back on
	P1, P2    int32
	Observed  uint16 // peers with a value in the period, the subject included
	Members   uint16 // peers there are
	Value     float64
	Ref       float64 // the figure compared with, or the kind's own measure
	Aux       float64
	Q         float64 // adjusted p-value of an inferential fact; probability of a target

	Rarity, Importance, Robust, Novelty, Score float32
}

// Key identifies what a fact claims, apart from the figures it claims it with:
// facts of two vintages are the same fact when their keys are equal.
func (f Fact) Key(p *panel.Panel) string {
	b := make([]byte, 0, 96)
	word := func(s string) { b = append(append(b, s...), '|') }
	code := func(i int32) string {
		if i < 0 {
			return ""
		}
		return p.Subjects[i].Code
	}
	word(f.Kind.String())
	word(p.Indicators[f.Indicator].Code)
	word(f.Form.String())
	word(code(f.Subject))
	if f.Peers >= 0 {
		word(p.Peers[f.Peers].Kind + "=" + p.Peers[f.Peers].Code)
	} else {
		word("")
	}
	if f.Kind != Break && f.Kind != Target { // one of a series, dated anew as figures come
		word(p.Axis.Label(int(f.Period)))
	}
	switch f.Kind {
	case Overtake, Overtaken, GapNext, GapChaser:
		word(code(f.Rival))
	case FirstTopOnRecord, FirstTopSince, TopStreak, Skyline:
		word(strconv.Itoa(int(f.P2)))
	case RankChange:
		word(p.Axis.Label(int(f.Since)))
	case Driver:
		word(p.Indicators[f.P1].Code)
	case Target:
		word(p.Axis.Label(int(f.P2)))
	}
	return string(b[:len(b)-1])
}

// Options say what to look for.
type Options struct {
	TopK       []int   // the k of first top-k, ascending
	Gap        int     // periods that must lie between for a "since"
	Running    int     // rises or falls in a row that make a streak
	Broken     int     // and that make its end worth saying
	From       int     // first column facts are wanted of; history before it is looked back on
	Watch      []int   // subjects facts are wanted of; nil: all
	AllPairs   bool    // every overtaking, not only of neighbours in rank
	Mechanical bool    // the plain definitions of the answer keys: larger is first, no classes, levels only
	Growth     bool    // also mine growth
	PerHead    string  // indicator to divide additive ones by; "": no such form
	Sets       [][]int // sets of two or three indicators for the skyline
	Targets    []Aim
	Weights    map[string]float64    // importance of an indicator by code; 1 when absent
	Revisions  map[string]*Revisions // what became of its published figures, by indicator code
	Infer      bool                  // also test for outliers and breaks, and bound the false discoveries
	Whole      bool                  // facts that another implies are not left out: what is true, not what is worth a line
	Most       int                   // facts kept of each indicator and form: the best by score of the last six periods; 0: all
}

// Product gives the options of the office's own facts for yearly data, with
// spans that fit the frequency otherwise.
func Product(a panel.Axis) Options {
	o := Options{TopK: []int{1, 2, 3, 5, 10}, Gap: 5, Running: 5, Broken: 5, Growth: true, Infer: true}
	switch a.Freq {
	case panel.Quarterly:
		o.Gap, o.Running, o.Broken = 8, 6, 6
	case panel.Monthly:
		o.Gap, o.Running, o.Broken = 24, 6, 6
	}
	return o
}

// Plain gives the options of the mechanical definitions.
func Plain() Options {
	return Options{TopK: []int{1, 3}, Gap: 5, Broken: 8, Running: 1 << 30, AllPairs: true, Mechanical: true}
}
