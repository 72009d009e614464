package flow

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSamplesAreSound(t *testing.T) {
	set, err := NewSet(sample(t, "followup.yaml"), sample(t, "unit.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range Check(set, Known{Duties: []string{"supervisor", "head", "legal", "money", "audit", "liaison"}}) {
		t.Error(p)
	}
}

// swap gives the sample with one text replaced.
func swap(t *testing.T, name, old, text string) *Def {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata", "good", name))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(src), old); n != 1 {
		t.Fatalf("%q occurs %d times", old, n)
	}
	d, err := Parse(name, []byte(strings.Replace(string(src), old, text, 1)))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// lineOfText gives the line of the sample on which a text stands.
func lineOfText(t *testing.T, text string) int {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata", "good", "followup.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(src), text)
	return 1 + strings.Count(before, "\n")
}

// TestOneFault damages the sample in one place and expects one problem, at
// the right line, of the right rule.
func TestOneFault(t *testing.T) {
	const legal, audit = "legal", "audit"
	for _, c := range []struct {
		name, old, text string
		code            Code
		up              int // lines above the change at which it is reported
		path            string
	}{
		{"id twice", "- step: audit", "- step: legal", CodeID, 0, "do/2/when/0/do/0/branches/1/1"},
		{"no title", "x-zh: 拟办意见, x-en: Proposal", "x-zh: 拟办意见", CodeText, 0, "forms/propose/properties/text"},
		{"outcome of no path", "  closed: {zh", "  clozed: {zh", CodeText, -1, "outcomes/clozed"},
		{"form flaw", "type: integer, minimum: 1", "type: integer, minimum: one", CodeForm, 5, "forms/propose"},
		{"no form", "form: assign}", "form: assigned}", CodeForm, 0, "do/2/when/1/do/0/acts/submit"},
		{"guard of no type", "data.propose.mode == 'units'", "data.propose.mode", CodeGuard, 0, "do/2/when/1/if"},
		{"guard of no sense", "data.propose.mode == 'units'", "data.propose.mode =", CodeGuard, 0, "do/2/when/1/if"},
		{"guard hides what it reads", "data.propose.mode == 'units'", "data['propose'].mode == 'x'", CodeGuard, 0, "do/2/when/1/if"},
		{"field of no form", "data.propose.mode == 'units'", "data.propose.node == 'units'", CodeData, 0, "do/2/when/1/if"},
		{"data of one arm", "data.propose.days > 10", "data.assign.lead == ''", CodeData, 0, "do/3/acts/long/if"},
		{"optional decides who", "of: data.assign.lead", "of: data.assign.limit", CodeData, 0, "do/2/when/1/do/2/who"},
		{"no list", "in: assign.units", "in: assign.lead", CodeData, 1, "do/2/when/1/do/1/in"},
		{"whole limit from a step", "limit: {of: 60wd,", "limit: {of: 60wd, data: assign.limit,", CodeData, 0, "limit/data"},
		{"no such kind", "run: test.unit", "run: test.units", CodeKind, 2, "do/2/when/1/do/1"},
		{"runs itself", "run: test.unit", "run: test.followup", CodeKind, 2, "do/2/when/1/do/1"},
		{"return into a branch", "back: propose", "back: legal", CodeBack, 0, "do/1/acts/refuse"},
		{"return across the border", "back: money", "back: propose", CodeBack, 0, "do/2/when/0/do/0/branches/1/1/acts/redo"},
		{"return to nowhere", "back: money", "back: monet", CodeBack, 0, "do/2/when/0/do/0/branches/1/1/acts/redo"},
		{"return without bound", "back: propose, at_most: 2", "back: propose", CodeBound, 0, "do/1/acts/refuse"},
		{"pause without limit", "at_most: 2, limit: 30wd", "at_most: 2", CodeBound, 0, "interrupts/pause"},
		{"pause without bound", "at_most: 2, limit: 30wd", "limit: 30wd", CodeBound, 0, "interrupts/pause"},
		{"need too many", "need: all\n            branches", "need: 3\n            branches", CodeNeed, 1, "do/2/when/0/do/0"},
		{"unknown duty", "duty: audit", "duty: auditor", CodeDuty, 0, "do/2/when/0/do/0/branches/1/1/who"},
		{"another unit", "limit: 3wd\n", "limit: 3d\n", CodeUnit, 0, "do/2/when/0/do/0/branches/0/0/limit"},
		{"extension in another unit", "by: 10wd", "by: 10d", CodeUnit, 0, "interrupts/extend/by"},
		{"ends in a branch", "redo: {name: {zh: 重办, en: Redo}, back: money, at_most: 1}", "redo: {name: {zh: 重办, en: Redo}, end: redone}", CodeEnd, 0, "do/2/when/0/do/0/branches/1/1/acts/redo"},
		{"stuck", "done: {name: {zh: 办毕, en: Done}}", "done: {name: {zh: 办毕, en: Done}, if: data.given.title == 'x'}", CodeStuck, 5, "do/2/when/0/do/0/branches/1/1"},
		{"too long", "limit: {of: 60wd", "limit: {of: 37wd", CodeClock, 0, "limit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, err := NewSet(swap(t, "followup.yaml", c.old, c.text), sample(t, "unit.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			problems := Check(set, Known{Duties: []string{"supervisor", "head", legal, "money", audit, "liaison"}})
			if len(problems) == 0 {
				t.Fatal("no problem found")
			}
			p := problems[0]
			for _, q := range problems {
				if q.Code == c.code {
					p = q
				}
			}
			line := lineOfText(t, c.old) - c.up
			if c.up < 0 { // reported for the file
				line = 1
			}
			if p.Code != c.code || p.Line != line || p.Path != c.path || p.File != "followup.yaml" {
				t.Errorf("got %v, want %s at line %d %s", problems, c.code, line, c.path)
			}
			if follow := c.name == "no form" || c.name == "runs itself" || c.code == CodeID; len(problems) > 1 && !follow {
				t.Errorf("more than one problem: %v", problems)
			}
			if p.Text.ZH == "" || p.Text.EN == "" {
				t.Errorf("a problem without a sentence: %+v", p)
			}
		})
	}
}

// TestLongestPathIsShown checks the trace of a limit that is too short: the
// way through the sub-matters, with the two returns.
func TestLongestPathIsShown(t *testing.T) {
	set, err := NewSet(swap(t, "followup.yaml", "limit: {of: 60wd", "limit: {of: 37wd"), sample(t, "unit.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	problems := Check(set, Known{})
	if len(problems) != 1 {
		t.Fatalf("problems: %v", problems)
	}
	want := []Leg{
		{"propose", "submit", 1, 1}, {"approve", "refuse", 2, 3},
		{"propose", "submit", 1, 4}, {"approve", "refuse", 2, 6},
		{"propose", "submit", 1, 7}, {"approve", "agree", 2, 9},
		{"assign", "submit", 1, 10}, {"units", "test.unit", 21, 31},
		{"lead", "done", 5, 36}, {"answer", "done", 2, 38},
	}
	if diff := cmp.Diff(want, problems[0].Trace); diff != "" {
		t.Errorf("trace (-want +got)\n%s", diff)
	}
}

// TestTooComplex: effort is bounded, and running out of it is said clearly.
func TestTooComplex(t *testing.T) {
	p := &plan{kind: "r.main", whole: "9999wd", do: []*part{{sort: "step", id: "first", limit: "1wd", acts: []*deed{{id: "go"}}}}}
	joint := &part{sort: "joint", id: "j"}
	for range 8 {
		a, b, c := p.id("s"), p.id("s"), p.id("s")
		joint.arms = append(joint.arms, []*part{
			{sort: "step", id: a, limit: "1wd", acts: []*deed{{id: "go"}}},
			{sort: "step", id: b, limit: "2wd", acts: []*deed{{id: "go"}, {id: "back", back: a, most: "9"}}},
			{sort: "step", id: c, limit: "1wd", acts: []*deed{{id: "go"}, {id: "back", back: a, most: "9"}}},
		})
	}
	p.do = append(p.do, joint, &part{sort: "step", id: "last", limit: "1wd", acts: []*deed{{id: "go"}, {id: "back", back: "first", most: "9"}}})
	d, err := Parse("complex", p.render())
	if err != nil {
		t.Fatal(err)
	}
	set, err := NewSet(d)
	if err != nil {
		t.Fatal(err)
	}
	if problems := Check(set, Known{}); len(problems) != 1 || problems[0].Code != CodeComplex {
		t.Errorf("problems: %v", problems)
	}
}

// TestSpreadReturns is the case in which spending a joint's returns at once is
// not the worst: one branch is long in the first pass, the other in the second.
func TestSpreadReturns(t *testing.T) {
	branch := func(a, b string) []*part {
		return []*part{
			{sort: "step", id: a, limit: "5wd", acts: []*deed{{id: "go"}}},
			{sort: "step", id: b, acts: []*deed{{id: "go"}, {id: "back", back: a, most: "1"}}},
		}
	}
	p := &plan{kind: "r.main", whole: "20wd", do: []*part{
		{sort: "step", id: "first", acts: []*deed{{id: "go"}}},
		{sort: "joint", id: "j", arms: [][]*part{branch("a", "b"), branch("c", "d")}},
		{sort: "step", id: "last", acts: []*deed{{id: "go"}, {id: "back", back: "first", most: "1"}}},
	}}
	for limit, want := range map[string]int{"20wd": 0, "19wd": 1} {
		p.whole = limit
		d, err := Parse("spread", p.render())
		if err != nil {
			t.Fatal(err)
		}
		set, err := NewSet(d)
		if err != nil {
			t.Fatal(err)
		}
		if problems := Check(set, Known{}); len(problems) != want {
			t.Errorf("limit %s: problems %v, want %d", limit, problems, want)
		}
	}
}

// TestRolling: a limit moved past days off can only be compared when it is the
// only one.
func TestRolling(t *testing.T) {
	for _, c := range []struct {
		whole, first, second string
		want                 Code
	}{
		{"30d+roll", "30d+roll", "", ""},
		{"30d+roll", "31d+roll", "", CodeClock},
		{"30d", "30d+roll", "", CodeUnit},
		{"60d+roll", "30d+roll", "30d+roll", CodeUnit},
		{"60d+roll", "30d", "30d", ""},
		{"10wd@close", "10wd@close", "", ""},
		{"10wd@close", "10wd", "", CodeUnit},
		{"10wd", "5wd@close", "5wd", ""},
		{"48h", "24h", "24h", ""},
		{"48h", "24h", "1d", CodeUnit},
	} {
		p := &plan{kind: "r.main", whole: c.whole, do: []*part{
			{sort: "step", id: "a", limit: c.first, acts: []*deed{{id: "go"}}},
			{sort: "step", id: "b", limit: c.second, acts: []*deed{{id: "go"}}},
		}}
		d, err := Parse("roll", p.render())
		if err != nil {
			t.Fatal(err)
		}
		set, err := NewSet(d)
		if err != nil {
			t.Fatal(err)
		}
		var got Code
		for _, p := range Check(set, Known{}) {
			got = p.Code
		}
		if got != c.want {
			t.Errorf("%s under %s + %s: got %q, want %q", c.whole, c.first, c.second, got, c.want)
		}
	}
}

func TestSetKeepsVersions(t *testing.T) {
	one := sample(t, "unit.yaml")
	two := swap(t, "unit.yaml", "version: 1", "version: 2")
	changed := swap(t, "unit.yaml", "most: 20wd", "most: 21wd")
	if _, err := NewSet(one, changed); err == nil {
		t.Error("two contents of one version were accepted")
	}
	set, err := NewSet(two, one, sample(t, "unit.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if set.Latest("test.unit") != two || set.ByHash(one.Hash()) != one || len(set.All()) != 2 || set.Latest("x") != nil {
		t.Errorf("the set holds %d definitions", len(set.All()))
	}
	if one.Hash() != swap(t, "unit.yaml", "version: 1", "version: 1 # first").Hash() {
		t.Error("a comment changed the hash")
	}
	if one.Hash() == changed.Hash() {
		t.Error("another limit has the same hash")
	}
}

// TestSummaryOfSubMatters: after an each, a guard may ask how they ended, and
// for nothing else.
func TestSummaryOfSubMatters(t *testing.T) {
	for field, want := range map[string]Code{"done == 1": "", "items > 1": "", "outcomes.withdrawn == 0": "", "finished == 1": CodeData, "outcomes.a.b == 1": CodeData} {
		d := swap(t, "followup.yaml", "limit: {data: assign.limit, most: 5wd}", "limit: 5wd\n            acts:\n              done: {name: {zh: 甲, en: A}}\n              more: {name: {zh: 乙, en: B}, if: data.units."+field+"}")
		set, err := NewSet(d, sample(t, "unit.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		var got Code
		for _, p := range Check(set, Known{}) {
			got = p.Code
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", field, got, want)
		}
	}
}
