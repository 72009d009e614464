package flow

import (
	"fmt"
	"strings"

	"touyan.dev/touyan/kernel/fault"
)

// Code names the rule of Check that a definition breaks.
type Code string

// The rules.
const (
	CodeID      Code = "id"      // ids are unique
	CodeText    Code = "text"    // fields of forms carry titles in two languages
	CodeForm    Code = "form"    // forms exist and compile
	CodeGuard   Code = "guard"   // guards compile to true or false
	CodeBack    Code = "back"    // returns lead to an earlier step of the same slot
	CodeBound   Code = "bound"   // returns, pauses and extensions are bounded
	CodeReach   Code = "reach"   // every block can be reached
	CodeStuck   Code = "stuck"   // every step can always be left forwards
	CodeNeed    Code = "need"    // a joint needs no more branches than it has
	CodeEnd     Code = "end"     // nothing inside a joint ends the matter
	CodeKind    Code = "kind"    // sub-matters are of a known kind, without cycles
	CodeData    Code = "data"    // data is read only where it was surely written
	CodeDuty    Code = "duty"    // duties are known
	CodeUnit    Code = "unit"    // limits can be compared with that of the whole
	CodeClock   Code = "clock"   // the limits of the longest path fit the whole
	CodeSeal    Code = "seal"    // what is sealed leaks by no number and no sub-matter
	CodeKeep    Code = "keep"    // a period of keeping is of a whole, and one set by law names its article
	CodeComplex Code = "complex" // the longest path can be computed with bounded effort
)

// Problem is one broken rule at one place.
type Problem struct {
	File  string     `json:"file"`
	Line  int        `json:"line"`
	Path  string     `json:"path,omitempty"`
	Code  Code       `json:"code"`
	Text  fault.Text `json:"text"`
	Trace []Leg      `json:"trace,omitempty"` // of CodeClock: the longest path
}

// Leg is one step of a path with the sum of limits so far.
type Leg struct {
	Step string `json:"step"` // a step or an each
	Act  string `json:"act,omitempty"`
	Add  int    `json:"add"`
	Sum  int    `json:"sum"`
}

// String gives the problem as one line for a terminal, in Chinese and English.
func (p Problem) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d: ", p.File, p.Line)
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Text.ZH + " " + p.Text.EN)
	for _, l := range p.Trace {
		fmt.Fprintf(&b, "\n    %-24s +%d = %d", strings.TrimSuffix(l.Step+" · "+l.Act, " · "), l.Add, l.Sum)
	}
	return b.String()
}
