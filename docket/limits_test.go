package docket_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"touyan.dev/touyan/kernel/matter/flow"
)

var updateLimits = flag.Bool("limits", false, "write the limits of docs/standards.md anew")

// named is a limit that a walk held against the calendar.
type named struct{ kind, step, limit, clause, walk string }

// whole reports the limit of the whole matter, which its steps share.
func (n named) whole() bool { return strings.HasPrefix(n.limit, "whole ") }

// row writes it as docs/standards.md has it: clause, limit, line, test.
func (n named) row(t *testing.T, d *flow.Def) string {
	t.Helper()
	what, line := d.Name.ZH, 0
	switch s := d.Step(n.step); {
	case n.whole() && d.Limit != nil:
		line = d.Limit.Line
	case !n.whole() && s != nil && s.Limit != nil:
		what, line = what+"·"+s.Name.ZH, s.Limit.Line
	default:
		t.Errorf("%s.%s has no limit in its definition, and was due by %s", n.kind, n.step, n.limit)
	}
	return fmt.Sprintf("| %s | %s | %s | `%s:%d` | `TestKinds/%s` |", n.clause, what, n.limit, d.File, line, n.walk)
}

// limitsHead begins the limits in docs/standards.md; they are its last section.
const limitsHead = "\n## Limits of the kinds of work\n"

// limits holds what was walked against the definitions and docs/standards.md: every
// step with a limit of a kind that was walked has been held against the calendar,
// and every limit stands in the table with its clause, its line and its test.
func limits(t *testing.T, walked []named) {
	t.Helper()
	defs := definitionsOf(t)
	once := map[string]bool{}
	var rows []string
	for _, n := range walked {
		key := n.kind + " " + n.step + " " + n.limit
		if n.whole() {
			key = n.kind + " " + n.limit // one row for all its steps
		}
		if n.limit == "" || once[key] {
			continue
		}
		once[key], once[n.kind+"."+n.step] = true, true
		rows = append(rows, n.row(t, defs[n.kind]))
	}
	for kind, d := range defs {
		if !slices.ContainsFunc(walked, func(n named) bool { return n.kind == kind }) {
			continue
		}
		steps(d.Do, func(s *flow.Step) {
			if s.Limit != nil && !once[kind+"."+s.ID] {
				t.Errorf("%s:%d: no walk holds the limit of %s against the calendar", d.File, s.Limit.Line, s.ID)
			}
		})
	}
	slices.Sort(rows)
	written(t, "../docs/standards.md", limitsHead+"\nEach limit as its definition has it, and the test in `docket` that fails when it is a day off.\n\n| clause | step | limit | definition | test |\n|---|---|---|---|---|\n"+strings.Join(rows, "\n")+"\n")
}

// written holds the last section of a page against what it should be.
func written(t *testing.T, path, section string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(text), limitsHead)
	switch {
	case before+section == string(text):
	case *updateLimits:
		if err := os.WriteFile(path, []byte(before+section), 0o600); err != nil {
			t.Fatal(err)
		}
	default:
		for line := range strings.Lines(section) {
			if !strings.Contains(string(text), line) {
				t.Errorf("%s lacks %s", path, line)
			}
		}
		t.Errorf("%s does not have the limits as they are; go test ./docket -run TestKinds -limits writes them", path)
	}
}

// steps visits every step of a procedure.
func steps(blocks []flow.Block, visit func(*flow.Step)) {
	for _, b := range blocks {
		switch {
		case b.Step != nil:
			visit(b.Step)
		case b.Choice != nil:
			for _, arm := range b.Choice.When {
				steps(arm.Do, visit)
			}
			steps(b.Choice.Else, visit)
		case b.Joint != nil:
			for _, branch := range b.Joint.Branches {
				steps(branch, visit)
			}
		}
	}
}
