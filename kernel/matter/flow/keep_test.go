package flow

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const keepLine = "given: intake\n"

func sampleText(t *testing.T, name string) string {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata", "good", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

// kept is the sample with a clause that says how long its texts are kept.
func kept(t *testing.T, clause string) (*Def, error) {
	t.Helper()
	src := sampleText(t, "followup.yaml")
	if strings.Count(src, keepLine) != 1 {
		t.Fatal("the sample has another form")
	}
	return Parse("followup.yaml", []byte(strings.Replace(src, keepLine, clause+"\n"+keepLine, 1)))
}

func TestKeep(t *testing.T) {
	plain := sample(t, "followup.yaml")
	d, err := kept(t, "keep: {of: 120m, set: office, basis: [{source: A}]}")
	if err != nil {
		t.Fatal(err)
	}
	if d.Keep.Of.Months != 120 || d.Keep.Set != SetByOffice || d.Keep.Basis[0].Source != "A" || plain.Keep != nil || d.Hash() == plain.Hash() {
		t.Errorf("%+v", d.Keep)
	}
	if same, err := kept(t, "keep: {basis: [{source: A}], set: office, of: 10y}"); err != nil || same.Hash() != d.Hash() {
		t.Errorf("the same period in other words has another hash (%v)", err)
	}
	for _, c := range []struct{ clause, path string }{
		{"keep: 2y", "keep"},
		{"keep: {of: 2, set: office, basis: [{source: A}]}", "keep/of"},
		{"keep: {of: 30d, set: office, basis: [{source: A}]}", "keep/of"},
		{"keep: {of: 101y, set: office, basis: [{source: A}]}", "keep/of"},
		{"keep: {of: 2y, set: me, basis: [{source: A}]}", "keep/set"},
		{"keep: {of: 2y, basis: [{source: A}]}", "keep"},
		{"keep: {of: 2y, set: office}", "keep"},
		{"keep: {of: 2y, set: office, basis: []}", "keep/basis"},
		{"keep: {of: 2y, set: office, basis: [{article: B}]}", "keep/basis/0"},
		{"keep: {of: 2y, set: office, basis: [{source: A}], until: now}", "keep"},
	} {
		_, err := kept(t, c.clause)
		if err == nil || !strings.Contains(err.Error(), "followup.yaml:") || !strings.Contains(err.Error(), c.path) {
			t.Errorf("%s: %v", c.clause, err)
		}
	}
}

func TestKeepIsChecked(t *testing.T) {
	known := Known{Duties: []string{"supervisor", "head", "legal", "money", "audit", "liaison"}}
	look := func(defs ...*Def) []Problem {
		set, err := NewSet(defs...)
		if err != nil {
			t.Fatal(err)
		}
		return Check(set, known)
	}
	d, err := kept(t, "keep: {of: 2y, set: law, basis: [{source: A, article: B}]}")
	if err != nil {
		t.Fatal(err)
	}
	if found := look(d, sample(t, "unit.yaml")); len(found) > 0 {
		t.Errorf("a sound clause: %v", found)
	}
	if d, err = kept(t, "keep: {of: 2y, set: law, basis: [{source: A}]}"); err != nil {
		t.Fatal(err)
	}
	if found := look(d, sample(t, "unit.yaml")); len(found) != 1 || found[0].Code != CodeKeep || found[0].Path != "keep/basis/0" || found[0].Line != d.Keep.Line {
		t.Errorf("a law without an article: %v", found)
	}
	unit, err := Parse("unit.yaml", []byte(strings.Replace(sampleText(t, "unit.yaml"), "version: ", "keep: {of: 2y, set: office, basis: [{source: A}]}\nversion: ", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if found := look(sample(t, "followup.yaml"), unit); len(found) != 1 || found[0].Code != CodeKeep || !strings.HasSuffix(found[0].File, "followup.yaml") {
		t.Errorf("a part with a period of its own: %v", found)
	}
}
