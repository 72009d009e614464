package docket

import (
	"testing"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/matter/flow"
)

// TestDefinitions holds every procedure of the docket against the checker.
func TestDefinitions(t *testing.T) {
	sources, err := Definitions()
	if err != nil {
		t.Fatal(err)
	}
	var defs []*flow.Def
	for _, s := range sources {
		d, err := flow.Parse(s.File, []byte(s.Text))
		if err != nil {
			t.Fatal(err)
		}
		defs = append(defs, d)
	}
	set, err := flow.NewSet(defs...)
	if err != nil {
		t.Fatal(err)
	}
	var known flow.Known
	for _, d := range auth.Duties() {
		known.Duties = append(known.Duties, string(d))
	}
	for _, p := range flow.Check(set, known) {
		t.Errorf("%+v", p)
	}
}
