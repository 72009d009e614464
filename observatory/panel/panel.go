// Package panel is the observatory's table of statistics (三盯: a city against
// its own past, against its peers, against what lies ahead) in memory: subjects,
// indicators, periods, peer sets, and for each indicator one dense slab of
// values.
//
// Shapes: a panel has N subjects, I indicators and T periods without gaps. A
// slab is N × T, column-major: the cell of subject s in period t stands at
// t·N + s, so the cross-section of a period is contiguous. Values are in the
// indicator's own unit; nothing is rescaled.
//
// What is missing is missing: a bit says so, and no reader of a slab ever sees
// a 0 in its place. Cells carry the class within which they may be compared
// (definition and boundary version), whether they are provisional, whether the
// quality gate holds them back, and the line of the file they came from.
//
// A panel is one vintage: what was known on a day. The package knows no
// database, no clock and no screen; it reads CSV because that is how a vintage
// travels.
package panel

import (
	"slices"

	"touyan.dev/touyan/kernel/fault"
)

// Panel is one vintage of a set of statistics.
type Panel struct {
	Vintage    string // as of when, as the source names it; "" when it does not
	Axis       Axis
	Subjects   []Subject
	Indicators []Indicator
	Peers      []PeerSet
	Slabs      []*Slab // one for each indicator, in their order
}

// Subject is what is observed: a city, province, country, district or park zone.
type Subject struct {
	Code  string            `json:"code"`
	Name  fault.Text        `json:"name"`
	Attrs map[string]string `json:"attrs,omitempty"` // the columns of the table of subjects
}

// Polarity says which direction is better.
type Polarity int8

// The polarities. Neutral indicators are ranked from the largest down and
// worded without praise.
const (
	Neutral       Polarity = 0
	LargerBetter  Polarity = 1
	SmallerBetter Polarity = -1
)

// Form says what a value of a period covers.
type Form string

// The forms.
const (
	Single     Form = ""           // the period alone
	Cumulative Form = "cumulative" // from January to the end of the period (1-3月, 1-6月)
)

// Indicator is one series of every subject.
type Indicator struct {
	Code     string     `json:"code"`
	Name     fault.Text `json:"name"`
	Unit     fault.Text `json:"unit"`
	Polarity Polarity   `json:"polarity"`
	Form     Form       `json:"form,omitempty"`
	Price    string     `json:"price,omitempty"`    // "current", "constant", or "" when it is no value of money
	Base     int        `json:"base,omitempty"`     // base year of constant prices
	Additive bool       `json:"additive,omitempty"` // the sum over subjects is a total
	Rate     bool       `json:"rate,omitempty"`     // a growth rate, share or index: its own growth says nothing
	Pace     bool       `json:"pace,omitempty"`     // a growth rate as it was published, in per cent: 6.1, −0.3
	Parts    []string   `json:"parts,omitempty"`    // indicators that add up to this one
	Second   string     `json:"second,omitempty"`   // the same quantity by a second compilation
	Growth   string     `json:"growth,omitempty"`   // the indicator that gives its growth at constant prices: a pace, or an index with the year before = 100
	Synonyms []string   `json:"synonyms,omitempty"` // other names that texts have for it
}

// PeerSet is a group within which subjects are compared, ascending by index.
type PeerSet struct {
	Code    string     `json:"code"`
	Name    fault.Text `json:"name"`
	Kind    string     `json:"kind"` // the column it was formed by: "province", "region"; "all"
	Members []int      `json:"-"`
	From    int        `json:"from,omitempty"`  // first period, as a column; 0 when from the beginning
	Until   int        `json:"until,omitempty"` // column after the last period; 0 when to the end
}

// Holds reports whether the set is in force in a period.
func (p PeerSet) Holds(t int) bool { return t >= p.From && (p.Until == 0 || t < p.Until) }

// New makes an empty panel: every cell of every indicator is missing.
func New(axis Axis, subjects []Subject, indicators []Indicator) *Panel {
	p := &Panel{Axis: axis, Subjects: subjects, Indicators: indicators, Slabs: make([]*Slab, len(indicators))}
	for i := range indicators {
		p.Slabs[i] = NewSlab(len(subjects), axis.Len)
	}
	return p
}

// Subject finds a subject by its code.
func (p *Panel) Subject(code string) (int, bool) {
	i := slices.IndexFunc(p.Subjects, func(s Subject) bool { return s.Code == code })
	return i, i >= 0
}

// Indicator finds an indicator by its code.
func (p *Panel) Indicator(code string) (int, bool) {
	i := slices.IndexFunc(p.Indicators, func(x Indicator) bool { return x.Code == code })
	return i, i >= 0
}

// Slab gives the slab of an indicator's code, or nil.
func (p *Panel) Slab(code string) *Slab {
	if i, ok := p.Indicator(code); ok {
		return p.Slabs[i]
	}
	return nil
}

// Clone copies a panel with its cells, for a vintage that differs in a few.
func (p *Panel) Clone() *Panel {
	q := *p
	q.Slabs = make([]*Slab, len(p.Slabs))
	for i, s := range p.Slabs {
		q.Slabs[i] = s.Clone()
	}
	return &q
}

// GroupBy adds a peer set for each value that an attribute has, in the order of
// the values, with at least the least number of members. The attribute "all"
// gives one set of every subject. It reports whether any subject has the
// attribute.
func (p *Panel) GroupBy(attr string, least int) bool {
	members := map[string][]int{}
	for i, s := range p.Subjects {
		v, ok := s.Attrs[attr]
		if !ok && attr == "all" {
			v = "all"
		}
		if v != "" {
			members[v] = append(members[v], i)
		}
	}
	values := make([]string, 0, len(members))
	for v := range members {
		values = append(values, v)
	}
	slices.Sort(values)
	for _, v := range values {
		if len(members[v]) < least {
			continue
		}
		name := fault.T(v, v)
		if attr == "all" && v == "all" {
			name = fault.T("全部", "All")
		}
		p.Peers = append(p.Peers, PeerSet{Code: v, Name: name, Kind: attr, Members: members[v]})
	}
	return len(members) > 0
}
