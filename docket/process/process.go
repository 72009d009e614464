// Package process finds out how a procedure really ran (流程挖掘): from a log of
// events with a case, an activity and a time it makes the map of what directly
// followed what (directly-follows graph), the variants, where cases begin and
// end, and how long they took.
//
// Logs come as XES (IEEE 1849) or as CSV, gzipped or not, told apart by their
// content; or event by event from our own matters. Within a case events are
// ordered by time, and events of the same instant by their order in the file.
//
// Run (run.go) is the same question asked of a matter with its definition: what
// each step waited in working time, what was returned, late, skipped or opened
// again, and where the definition's drawing was walked.
//
// The package is pure: no SQL, no HTTP, no clock. It keeps sixteen bytes of each
// event and one copy of each name, and never the name of a person.
package process

import (
	"cmp"
	"encoding/json"
	"slices"
)

// Log gathers events. The zero value is an empty log.
type Log struct {
	cases, names names
	entries      []entry
}

// entry is one event: when, and which case and activity by number.
type entry struct {
	at         int64 // ns since 1970 UTC
	kase, name int32
}

// names numbers texts in the order in which they come.
type names struct {
	number map[string]int32
	list   []string
}

func (n *names) of(text []byte) int32 {
	if id, ok := n.number[string(text)]; ok { // no copy for a text that is known
		return id
	}
	if n.number == nil {
		n.number = map[string]int32{}
	}
	id := int32(len(n.list))
	n.list = append(n.list, string(text))
	n.number[n.list[id]] = id
	return id
}

// Add puts an event at the end of the log; at is in ns since 1970 UTC.
func (l *Log) Add(kase, activity string, at int64) {
	l.add(l.cases.of([]byte(kase)), l.names.of([]byte(activity)), at)
}

func (l *Log) add(kase, name int32, at int64) {
	l.entries = append(l.entries, entry{at, kase, name})
}

// Map is what a log says.
type Map struct {
	Cases      int            `json:"cases"`
	Events     int            `json:"events"`
	Activities int            `json:"activities"`
	Variants   int            `json:"variants"`
	DFG        []Edge         `json:"dfg"` // most frequent first, then by name
	Start      map[string]int `json:"start"`
	End        map[string]int `json:"end"`
	Duration   Duration       `json:"duration_s"`
	Top        []Variant      `json:"-"` // most frequent first
}

// Edge says how often an activity directly followed another.
type Edge struct {
	From, To string
	Count    int
}

// MarshalJSON writes [from, to, count].
func (e Edge) MarshalJSON() ([]byte, error) { return json.Marshal([]any{e.From, e.To, e.Count}) }

// UnmarshalJSON reads [from, to, count].
func (e *Edge) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(text, &[]any{&e.From, &e.To, &e.Count})
}

// Duration is how long cases took from their first to their last event, in
// seconds to the millisecond; an even number of cases has the mean of the two in
// the middle as its median.
type Duration struct {
	Mean   float64 `json:"mean"`
	Median float64 `json:"median"`
}

// Variant is one way through and how many cases took it.
type Variant struct {
	Trace []string
	Count int
}

// topMost is how many variants a Map lists.
const topMost = 20

// Map folds the log.
func (l *Log) Map() Map {
	m := Map{Events: len(l.entries), Activities: len(l.names.list), DFG: []Edge{}, Start: map[string]int{}, End: map[string]int{}}
	follows := map[[2]int32]int{}
	variants := map[string]*Variant{}
	spans := make([]int64, 0, len(l.cases.list))
	var key []byte
	for trace := range l.traces() {
		key = key[:0]
		for i, e := range trace {
			key = append(key, byte(e.name), byte(e.name>>8), byte(e.name>>16), byte(e.name>>24))
			if i > 0 {
				follows[[2]int32{trace[i-1].name, e.name}]++
			}
		}
		first, last := trace[0], trace[len(trace)-1]
		m.Start[l.names.list[first.name]]++
		m.End[l.names.list[last.name]]++
		spans = append(spans, last.at-first.at)
		v := variants[string(key)]
		if v == nil {
			v = &Variant{Trace: make([]string, len(trace))}
			for i, e := range trace {
				v.Trace[i] = l.names.list[e.name]
			}
			variants[string(key)] = v
		}
		v.Count++
	}
	for pair, n := range follows {
		m.DFG = append(m.DFG, Edge{l.names.list[pair[0]], l.names.list[pair[1]], n})
	}
	slices.SortFunc(m.DFG, func(a, b Edge) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	m.Cases, m.Variants, m.Top = len(spans), len(variants), top(variants)
	m.Duration = duration(spans)
	return m
}

// traces gives the events of each case, in order.
func (l *Log) traces() func(yield func([]entry) bool) {
	return func(yield func([]entry) bool) {
		start := make([]int, len(l.cases.list)+1)
		for _, e := range l.entries {
			start[e.kase+1]++
		}
		for i := 1; i < len(start); i++ {
			start[i] += start[i-1]
		}
		sorted, next := make([]entry, len(l.entries)), slices.Clone(start)
		for _, e := range l.entries { // keeps the order of the file
			sorted[next[e.kase]] = e
			next[e.kase]++
		}
		inTime := func(a, b entry) int { return cmp.Compare(a.at, b.at) }
		for i := range len(start) - 1 {
			trace := sorted[start[i]:start[i+1]]
			if !slices.IsSortedFunc(trace, inTime) {
				slices.SortStableFunc(trace, inTime)
			}
			if len(trace) > 0 && !yield(trace) {
				return
			}
		}
	}
}

func top(variants map[string]*Variant) []Variant {
	all := make([]Variant, 0, len(variants))
	for _, v := range variants {
		all = append(all, *v)
	}
	slices.SortFunc(all, func(a, b Variant) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), slices.Compare(a.Trace, b.Trace))
	})
	return all[:min(len(all), topMost)]
}

// duration adds whole seconds and the rest apart, so that no sum overflows.
func duration(spans []int64) Duration {
	if len(spans) == 0 {
		return Duration{}
	}
	const second = 1_000_000_000
	var whole, rest int64
	for _, s := range spans {
		whole += s / second
		rest += s % second
	}
	n := int64(len(spans))
	whole, left := whole/n, whole%n
	mean := float64(whole) + (float64(left)+float64(rest)/second)/float64(n)
	slices.Sort(spans)
	mid := len(spans) / 2
	median := float64(spans[mid]) / second
	if len(spans)%2 == 0 {
		median = (float64(spans[mid-1])/second + median) / 2
	}
	return Duration{milli(mean), milli(median)}
}
