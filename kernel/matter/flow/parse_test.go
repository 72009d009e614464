package flow

import (
	"strings"
	"testing"

	"touyan.dev/touyan/kernel/fault"
)

const small = `kind: a.b
version: 1
name: {zh: 甲, en: A}
do:
  - step: s
    name: {zh: 乙, en: B}
    who: {duty: clerk}
`

// TestParseNamesThePlace checks that what cannot be read is refused with file,
// line and path.
func TestParseNamesThePlace(t *testing.T) {
	if _, err := Parse("small.yaml", []byte(small)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, text, at string }{
		{"unknown key", "who:", "limits: 1wd\n    who:", "small.yaml:7 do/0/limits"},
		{"unknown key at the top", "do:", "doing: x\ndo:", "small.yaml:4 doing"},
		{"missing key", "    who: {duty: clerk}\n", "", "small.yaml:5 do/0"},
		{"bad kind", "kind: a.b", "kind: A.b", "small.yaml:1 kind"},
		{"bad id", "step: s", "step: S1", "small.yaml:5 do/0/step"},
		{"word of CEL", "step: s", "step: return", "small.yaml:5 do/0/step"},
		{"no number", "version: 1", "version: one", "small.yaml:2 version"},
		{"too big a number", "version: 1", "version: 99999999999999999999", "small.yaml:2 version"},
		{"no translation", "{zh: 乙, en: B}", "{zh: 乙}", "small.yaml:6 do/0/name"},
		{"text for a table", "{zh: 乙, en: B}", "乙", "small.yaml:6 do/0/name"},
		{"bad limit", "who:", "limit: 3 days\n    who:", "small.yaml:7 do/0/limit"},
		{"limit without most", "who:", "limit: {data: given.x}\n    who:", "small.yaml:7 do/0/limit"},
		{"nobody", "{duty: clerk}", "{}", "small.yaml:7 do/0/who"},
		{"of without duty", "{duty: clerk}", "{person: originator, of: unit}", "small.yaml:7 do/0/who/of"},
		{"no block", "step: s", "stop: s", "small.yaml:5 do/0"},
		{"act like an interrupt", "who:", "acts: {urge: {name: {zh: a, en: b}}}\n    who:", "small.yaml:7 do/0/acts/urge"},
		{"back and end", "who:", "acts: {x: {name: {zh: a, en: b}, back: s, at_most: 1, end: e}}\n    who:", "small.yaml:7 do/0/acts/x/end"},
		{"bound without return", "who:", "acts: {x: {name: {zh: a, en: b}, at_most: 1}}\n    who:", "small.yaml:7 do/0/acts/x/at_most"},
		{"empty list", "do:\n  - step: s\n    name: {zh: 乙, en: B}\n    who: {duty: clerk}\n", "do: []\n", "small.yaml:4 do"},
		{"alias", "{duty: clerk}", "*x", "small.yaml:7"},
		{"not YAML", "{duty: clerk}", "{duty: clerk", "small.yaml:"},
		{"repeated key", "who:", "name: {zh: a, en: b}\n    who:", "small.yaml:7"},
		{"two documents", "do:", "---\ndo:", "small.yaml:1"},
		{"no such interrupt", "do:", "interrupts: {stop: {who: {duty: a}}}\ndo:", "small.yaml:4 interrupts/stop"},
		{"deep", "{duty: clerk}", strings.Repeat("[", 300), "small.yaml:1"},
		{"choice without else", "- step: s", "- choice: c\n    when: [{if: 'true', do: []}]\n  - step: s", "small.yaml:5 do/0"},
		{"joint of one", "- step: s", "- joint: j\n    need: all\n    branches: [[{end: x}]]\n  - step: s", "small.yaml:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := strings.Replace(small, c.old, c.text, 1)
			_, err := Parse("small.yaml", []byte(src))
			f := fault.Of(err)
			if f == nil || f.Kind != fault.Invalid || len(f.Fields) == 0 {
				t.Fatalf("error %v for\n%s", err, src)
			}
			if !strings.HasPrefix(f.Fields[0].Path, c.at) {
				t.Errorf("place %q, want %q (%s)", f.Fields[0].Path, c.at, f.Fields[0].Text.EN)
			}
		})
	}
}

func TestTooLargeAFile(t *testing.T) {
	if _, err := Parse("big", []byte(strings.Repeat("#", maxSource+1))); !fault.Is(err, fault.Invalid) {
		t.Errorf("error %v", err)
	}
}
