package auth

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/cedar-policy/cedar-go"
	"pgregory.net/rapid"

	"touyan.dev/touyan/kernel/fault"
)

const noted = `@id("x") @zh("甲") @en("a") `

// TestNewRulesRefuses lists what a policy file may not say.
func TestNewRulesRefuses(t *testing.T) {
	when := func(cond string) string { return noted + `permit(principal, action, resource) when { ` + cond + ` };` }
	for _, c := range []struct{ name, text, says string }{
		{"syntax", `permit(`, "parsed"},
		{"no id", `@zh("甲") @en("a") permit(principal, action, resource);`, "@id"},
		{"no Chinese", `@id("x") @en("a") permit(principal, action, resource);`, "@zh"},
		{"no English", `@id("x") @zh("甲") permit(principal, action, resource);`, "@en"},
		{"same id", noted + `permit(principal, action, resource);` + noted + `forbid(principal, action, resource);`, "same @id"},
		{"a person named", noted + `permit(principal == Person::"7", action, resource);`, "name a principal"},
		{"a group", noted + `permit(principal in Unit::"7", action, resource);`, "name a principal"},
		{"a person in a condition", when(`resource.originator == Person::"7"`), "name a person"},
		{"a robot", noted + `permit(principal is Robot, action, resource);`, "always a Person"},
		{"one resource", noted + `permit(principal, action, resource == Matter::"7");`, "one resource"},
		{"action group", noted + `permit(principal, action in Action::"all", resource);`, "one by one"},
		{"foreign action", noted + `permit(principal, action == Act::"a", resource);`, "Action::"},
		{"unknown attribute", when(`resource.colour == "red"`), "no attribute"},
		{"unknown attribute of principal", when(`principal.name == "x"`), "no attribute"},
		{"types differ", when(`resource.unit == principal`), "differ in type"},
		{"types differ in sets", when(`principal.posts.contains(resource.unit)`), "differ in type"},
		{"set as value", when(`resource.parties == principal`), "a set"},
		{"value as set", when(`resource.unit.contains(principal)`), "a set"},
		{"sets of the resource together", when(`resource.parties.contains(resource.originator)`), "own attributes"},
		{"text in", when(`resource.kind in ["a", "b"]`), "use contains"},
		{"mixed literals", when(`["a", Unit::"1"].contains(resource.kind)`), "one type"},
		{"no literals", when(`[].contains(resource.kind)`), "empty"},
		{"expression in a set", when(`resource.unit in [resource.office]`), "literals only"},
		{"unit zero", when(`resource.unit == Unit::"0"`), "Unit::"},
		{"unit by name", when(`resource.unit == Unit::"hr"`), "Unit::"},
		{"padded unit", when(`resource.unit == Unit::"012"`), "Unit::"},
		{"number", when(`resource.kind == 7`), "Only literals"},
		{"like", when(`resource.kind like "a*"`), "not supported"},
		{"if", when(`if resource.kind == "a" then true else false`), "not supported"},
		{"less", when(`1 < 2`), "not supported"},
		{"containsAll", when(`principal.posts.containsAll(resource.need)`), "not supported"},
		{"context", when(`context.ip == "a"`), "not supported"},
		{"has of principal", when(`principal has posts`), "has may be asked"},
		{"has of a set", when(`resource has parties`), "has may be asked"},
		{"has of nothing known", when(`resource has colour`), "no attribute"},
		{"deep inside", when(`resource.kind == "a" && !(resource.class == "b" || resource.colour == "c")`), "no attribute"},
		{"in unless", noted + `permit(principal, action, resource) unless { resource.colour == "c" };`, "no attribute"},
	} {
		_, err := NewRules(Source{Name: "good.cedar", Text: ""}, Source{Name: "kernel/x/policies/x.cedar", Text: "\n" + c.text})
		f := fault.Of(err)
		if err == nil || f.Kind != fault.Invalid || len(f.Fields) != 1 {
			t.Errorf("%s: accepted or refused oddly: %v", c.name, err)
			continue
		}
		where, says := f.Fields[0].Path, f.Fields[0].Text
		if !strings.HasPrefix(where, "kernel/x/policies/x.cedar") || !strings.Contains(where, "line") || !strings.Contains(says.EN, c.says) || says.ZH == "" {
			t.Errorf("%s: at %q says %q", c.name, where, says.EN)
		}
		if strings.HasPrefix(c.text, noted) && !strings.Contains(where, "@id(x)") || strings.HasPrefix(c.text, noted) && !strings.HasSuffix(where, "line 2") {
			t.Errorf("%s: the place %q does not name policy and line", c.name, where)
		}
	}
}

// smallCity: 1 city ─ 2 office ─ 5 section of it; 1 ─ 3 bureau ─ 4 section.
func smallCity(t interface {
	Helper()
	Fatal(...any)
}, posts ...Post) *Directory {
	t.Helper()
	people := map[int64]bool{}
	var list []Person
	for i := range posts {
		posts[i].ID = int64(1000 + i)
		if posts[i].From == "" {
			posts[i].From = "2020-01-01"
		}
		people[posts[i].Person] = true
	}
	for id := int64(101); id < 110; id++ {
		list = append(list, Person{ID: id, Status: Active})
	}
	list = append(list, Person{ID: 110, Status: Suspended})
	d, err := NewDirectory(3, today, []Unit{
		{ID: 4, Parent: 3, Kind: Sector}, {ID: 1, Kind: Other}, {ID: 2, Parent: 1, Kind: Office}, {ID: 3, Parent: 1, Kind: Bureau, DutyKey: "renshe"}, {ID: 5, Parent: 2, Kind: Sector},
	}, list, posts)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestRequire(t *testing.T) {
	rules := testRules(t, "matter.cedar", "secret.cedar")
	d := smallCity(t,
		Post{Person: 101, Unit: 5, Duty: Supervisor}, Post{Person: 102, Unit: 3, Duty: Liaison}, Post{Person: 103, Unit: 4, Duty: Clerk},
		Post{Person: 104, Unit: 2, Duty: Auditor}, Post{Person: 104, Unit: 3, Duty: Clerk}, Post{Person: 105, Unit: 3, Duty: Head, To: "2026-11-22"},
		Post{Person: 110, Unit: 3, Duty: Head}, Post{Person: 109, Unit: 5, Duty: Clerk},
	)
	matter := Resource{Type: "Matter", ID: 7, Unit: 4, Office: 2, Originator: 106, Parties: []int64{107}, Need: []string{Need(Clerk, 4), Need(Clerk, 3)}, Named: 108, Class: "secret"}
	for _, c := range []struct {
		who    int64
		action string
		kind   fault.Kind
		policy string
	}{
		{101, "matter.read", "", "matter.read.office"},
		{102, "matter.read", "", "matter.read.unit"},
		{103, "matter.read", fault.Forbidden, DefaultDeny},
		{104, "matter.read", "", "matter.read.office"},
		{105, "matter.read", fault.Forbidden, DefaultDeny}, // the post ended yesterday
		{106, "matter.read", "", "matter.read.originator"},
		{107, "matter.read", "", "matter.read.party"},
		{109, "matter.read", fault.Forbidden, DefaultDeny}, // in the office, but not of its staff
		{110, "matter.read", fault.Forbidden, Inactive},
		{0, "matter.read", fault.Unauthenticated, ""},
		{999, "matter.read", fault.Unauthenticated, ""},
		{103, "matter.act", "", "matter.act.duty"},
		{108, "matter.act", "", "matter.act.named"},
		{104, "matter.act", fault.Forbidden, "matter.act.auditor"}, // although a clerk of unit 3
		{101, "matter.act", fault.Forbidden, DefaultDeny},
		{101, "matter.shred", fault.Forbidden, DefaultDeny},
		{102, "secret.read", fault.Forbidden, "secret.read.closed"},
		{101, "secret.read", "", "secret.read.inner"},
	} {
		v, err := rules.Require(d, Principal{Person: c.who}, c.action, matter)
		if kindOf(err) != c.kind || v.Policy != c.policy || v.Allowed != (err == nil) {
			t.Errorf("%d %s: %+v %v", c.who, c.action, v, err)
		}
		if err != nil && (fault.Of(err).Policy != c.policy || fault.Of(err).Text.ZH == "" || fault.Of(err).Text.EN == "") {
			t.Errorf("%d %s: the error %+v does not explain", c.who, c.action, fault.Of(err))
		}
	}
	_, err := rules.Require(d, Principal{Person: 103}, "matter.act", Resource{Type: "Matter", Unit: 4})
	if got, want := fault.Of(err).Text.ZH, "您没有办理此项的权限。可办理的是：当前步骤所需职务的任职人员；被指定办理的人。"; got != want {
		t.Errorf("refused with %q", got)
	}
	if got := strings.Join(rules.Actions(), " "); got != "matter.act matter.read secret.list secret.read" {
		t.Errorf("actions %q", got)
	}
}

func TestScope(t *testing.T) {
	rules := testRules(t, "matter.cedar", "secret.cedar")
	d := smallCity(t, Post{Person: 101, Unit: 5, Duty: Supervisor}, Post{Person: 102, Unit: 3, Duty: Liaison}, Post{Person: 104, Unit: 2, Duty: Auditor})
	cols := testColumns()
	const (
		blank = " AND NOT (t.unit = 0)"
		three = " AND NOT (t.id IN (SELECT matter FROM t_seal WHERE unit IN (?, ?, ?)))" + blank
		two   = " AND NOT (t.id IN (SELECT matter FROM t_seal WHERE unit IN (?, ?)))"
		off   = " AND NOT (t.id IN (SELECT matter FROM t_apart WHERE person = ?))" + blank
	)
	for _, c := range []struct {
		who    int64
		action string
		want   []string
	}{
		{101, "matter.read", []string{
			"t.office = ?" + three + " [2 1 2 5]", "t.originator = ?" + three + " [101 1 2 5]",
			"t.id IN (SELECT matter FROM t_party WHERE person = ?)" + three + " [101 1 2 5]",
		}},
		{102, "matter.read", []string{
			"t.unit = ?" + two + blank + " [3 1 3]", "t.unit = ?" + two + blank + " [4 1 3]", "t.originator = ?" + two + blank + " [102 1 3]",
			"t.id IN (SELECT matter FROM t_party WHERE person = ?)" + two + blank + " [102 1 3]",
		}},
		{102, "matter.act", []string{
			"t.id IN (SELECT matter FROM t_need WHERE need = ?)" + two + off + " [liaison@3 1 3 102]", "t.named = ?" + two + off + " [102 1 3 102]",
		}},
		{104, "matter.act", nil},
		{102, "secret.list", []string{"t.class NOT IN (?, ?) AND t.unit = ? AND NOT (t.unit = 0) [inner secret 3]"}},
		{103, "matter.shred", nil},
	} {
		list, err := rules.Scope(d, Principal{Person: c.who}, c.action, cols)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range list {
			got = append(got, fmt.Sprint(s.SQL, " ", s.Args))
			if strings.Count(s.SQL, "?") != len(s.Args) || strings.Count(s.Rest, "?") != len(s.RestArgs) {
				t.Errorf("%q has %d arguments", s.SQL, len(s.Args))
			}
			if party := strings.Contains(s.SQL, "t_party"); party != (s.Set == cols.Parties) || !strings.HasSuffix(s.SQL, s.Rest) || len(s.Member)+len(s.RestArgs) != len(s.Args) {
				t.Errorf("%d %s: cannot be walked along its set: %+v", c.who, c.action, s)
			}
		}
		if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("%d %s:\n%s\nwant\n%s", c.who, c.action, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
	bare := Columns{Type: "Matter", Sealed: cols.Sealed, Unit: cols.Unit}
	if open, err := rules.Except(d, Principal{Person: 101}, "matter.read", bare); err != nil || open.Rest != three || fmt.Sprint(open.RestArgs) != "[1 2 5]" {
		t.Errorf("what the forbids leave: %+v, %v", open, err)
	}
	if open, err := rules.Except(d, Principal{Person: 103}, "matter.read", bare); err != nil || open.Rest != blank {
		t.Errorf("what the forbids leave to nobody: %+v, %v", open, err)
	}
	bare.Sealed = Members{}
	if _, err := rules.Except(d, Principal{Person: 101}, "matter.read", bare); !fault.Is(err, fault.Internal) {
		t.Errorf("a missing column: %v", err)
	}
	for who, want := range map[int64]fault.Kind{0: fault.Unauthenticated, 999: fault.Unauthenticated, 110: fault.Forbidden} {
		if list, err := rules.Scope(d, Principal{Person: who}, "matter.read", cols); kindOf(err) != want || list != nil {
			t.Errorf("%d: %v %v", who, list, err)
		}
	}
	cols.Parties.From = ""
	if err := rules.Covers("matter.read", cols); !fault.Is(err, fault.Internal) || !strings.Contains(err.Error(), "parties") {
		t.Errorf("a missing column: %v", err)
	}
	if _, err := rules.Scope(d, Principal{Person: 101}, "matter.read", cols); !fault.Is(err, fault.Internal) {
		t.Errorf("a missing column: %v", err)
	}
	if err := rules.Covers("matter.act", cols); err != nil {
		t.Errorf("a column that is not read: %v", err)
	}
}

// TestScopeTooWide gives a condition whose product would be 64 conjunctions: it
// stays one predicate, with the same answer.
func TestScopeTooWide(t *testing.T) {
	side := `(resource.kind == "a" || resource.class == "b" || resource.unit == resource.office || resource.originator == principal)`
	rules, err := NewRules(Source{Name: "x", Text: noted + `permit(principal, action, resource) when { resource.named == principal || ` + side + ` && ` + side + ` && ` + side + ` };
		@id("y") @zh("乙") @en("b") forbid(principal, action, resource) when { resource.kind == "z" };`})
	if err != nil {
		t.Fatal(err)
	}
	list, err := rules.Scope(smallCity(t), Principal{Person: 101}, "a", testColumns())
	if err != nil || len(list) != 1 || !strings.Contains(list[0].SQL, ") AND (") || strings.Count(list[0].SQL, "?") != 11 || len(list[0].Args) != 11 {
		t.Fatalf("%+v %v", list, err)
	}
	db := memory(t)
	script := ""
	want := map[int64]bool{2: true, 3: true, 4: true, 5: true, 6: true}
	for _, res := range []Resource{{ID: 1, Unit: 1, Kind: "b"}, {ID: 2, Unit: 1, Kind: "a"}, {ID: 3, Unit: 1, Class: "b"}, {ID: 4, Unit: 2, Office: 2}, {ID: 5, Unit: 1, Originator: 101}, {ID: 6, Unit: 1, Named: 101}, {ID: 7, Unit: 1, Named: 101, Kind: "z"}} {
		script += insert(res)
	}
	if _, err := db.Exec(script); err != nil {
		t.Fatal(err)
	}
	query, args := union(list)
	if got, err := ids(db, query, args); err != nil || !maps.Equal(got, want) {
		t.Errorf("%v %v", got, err)
	}
}

// condition draws conditions of the supported subset.
func condition(t *rapid.T, depth int) string {
	one := func(list ...string) string { return rapid.SampledFrom(list).Draw(t, "word") }
	if depth > 0 {
		switch rapid.IntRange(0, 4).Draw(t, "shape") {
		case 0:
			return "(" + condition(t, depth-1) + " && " + condition(t, depth-1) + ")"
		case 1:
			return "(" + condition(t, depth-1) + " || " + condition(t, depth-1) + ")"
		case 2:
			return "!" + condition(t, depth-1)
		}
	}
	unit := func() string { return one("resource.unit", "resource.office", `Unit::"1"`, `Unit::"3"`) }
	units := func() string {
		return one("principal.units", "principal.leads", "principal.offices", "principal.administers", `[Unit::"2", Unit::"4"]`)
	}
	word := func() string { return one("resource.kind", "resource.class", `"secret"`, `""`) }
	person := func() string { return one("resource.originator", "resource.named", "principal") }
	words := func() string { return one("principal.posts", "principal.duties", `["secret", "petition"]`) }
	return "(" + one(
		unit()+" == "+unit(), word()+" != "+word(), person()+" == "+person(), unit()+" in "+units(),
		units()+".contains("+unit()+")", words()+".contains("+word()+")", units()+".containsAny("+units()+")",
		"resource.parties.contains(principal)", "resource.need.containsAny("+words()+")", words()+".containsAny(resource.need)",
		"principal in resource.parties", `resource.need.contains("clerk@4")`, "resource is Matter", "resource is Letter", "true", "false",
	) + ")"
}

// TestAnyPolicy draws policies, cities and matters: Require is what cedar-go
// says of the same text, untouched, and Scope what Require says.
func TestAnyPolicy(t *testing.T) {
	db := memory(t)
	rapid.Check(t, func(t *rapid.T) {
		var text strings.Builder
		for i := range rapid.IntRange(1, 4).Draw(t, "policies") {
			effect := rapid.SampledFrom([]string{"permit", "permit", "forbid"}).Draw(t, "effect")
			tail := rapid.SampledFrom([]string{"when", "unless"}).Draw(t, "tail")
			fmt.Fprintf(&text, "@id(\"p%d\") @zh(\"甲\") @en(\"a\") %s(principal, action, resource) %s { %s };\n", i, effect, tail, condition(t, 3))
		}
		rules, err := NewRules(Source{Name: "x", Text: text.String()})
		if err != nil {
			t.Fatalf("%v in %s", err, text.String())
		}
		plain, err := cedar.NewPolicySetFromBytes("x", []byte(text.String()))
		if err != nil {
			t.Fatal(err)
		}
		seat := rapid.Custom(func(t *rapid.T) Post {
			return Post{Person: rapid.Int64Range(101, 103).Draw(t, "person"), Unit: rapid.Int64Range(1, 5).Draw(t, "unit"), Duty: rapid.SampledFrom(Duties()).Draw(t, "duty")}
		})
		d := smallCity(t, rapid.SliceOfN(seat, 0, 6).Draw(t, "posts")...)
		res := Resource{
			Type: rapid.SampledFrom([]string{"Matter", "Letter"}).Draw(t, "type"), ID: 1,
			Unit: rapid.Int64Range(0, 5).Draw(t, "unit"), Office: rapid.Int64Range(0, 5).Draw(t, "office"),
			Originator: rapid.SampledFrom([]int64{0, 101, 102}).Draw(t, "originator"), Named: rapid.SampledFrom([]int64{0, 101, 102}).Draw(t, "named"),
			Kind: rapid.SampledFrom([]string{"", "petition", "clerk"}).Draw(t, "kind"), Class: rapid.SampledFrom([]string{"", "secret"}).Draw(t, "class"),
			Parties: rapid.SliceOfN(rapid.Int64Range(101, 103), 0, 2).Draw(t, "parties"),
			Need:    rapid.SliceOfN(rapid.SampledFrom([]string{"clerk@4", "head@3", "secret", "liaison@1"}), 0, 2).Draw(t, "need"),
		}
		if _, err := db.Exec("DELETE FROM t; DELETE FROM t_party; DELETE FROM t_need;" + insert(res)); err != nil {
			t.Fatal(err)
		}
		cols := testColumns()
		cols.Type = res.Type
		for who := int64(101); who <= 103; who++ {
			v, err := rules.Require(d, Principal{Person: who}, "any", res)
			if err != nil && !fault.Is(err, fault.Forbidden) {
				t.Fatal(err)
			}
			p := d.principalOf(d.people[who])
			world := &naive{units: cedar.EntityMap{p.entity.UID: p.entity}, this: naiveResource(res)}
			want, diag := cedar.Authorize(plain, world, cedar.Request{Principal: p.entity.UID, Action: cedar.NewEntityUID("Action", "any"), Resource: world.this.UID})
			if len(diag.Errors) > 0 || bool(want) != v.Allowed {
				t.Fatalf("Require %t, cedar-go %v %v\n%s", v.Allowed, want, diag, text.String())
			}
			list, err := rules.Scope(d, Principal{Person: who}, "any", cols)
			if err != nil {
				t.Fatal(err)
			}
			visible := map[int64]bool{}
			if query, args := union(list); query != "" {
				if visible, err = ids(db, query, args); err != nil {
					t.Fatalf("%v in %s", err, query)
				}
			}
			if visible[res.ID] != v.Allowed {
				t.Fatalf("Require %t, Scope %t: %+v\n%s", v.Allowed, visible[res.ID], list, text.String())
			}
		}
	})
}

// TestHas: an attribute that is not set is not had, and equals nobody.
func TestHas(t *testing.T) {
	rules, err := NewRules(Source{Name: "x", Text: noted + `permit(principal, action, resource) when { resource has named && !(resource.named == principal) && resource has kind };`})
	if err != nil {
		t.Fatal(err)
	}
	d := smallCity(t)
	for _, c := range []struct {
		named int64
		kind  string
		want  bool
	}{{0, "k", false}, {101, "k", false}, {102, "k", true}, {102, "", false}} {
		v, _ := rules.Require(d, Principal{Person: 101}, "a", Resource{Type: "Matter", Named: c.named, Kind: c.kind})
		if v.Allowed != c.want {
			t.Errorf("%+v: %t", c, v.Allowed)
		}
	}
}

// FuzzNewRules reads arbitrary policy files: either refused with a place, or
// able to answer every question without failing.
func FuzzNewRules(f *testing.F) {
	f.Add(directoryPolicies)
	f.Add(noted + `permit(principal, action == Action::"a", resource is Matter) when { resource.unit in principal.leads || !principal.posts.contains("x") };`)
	f.Add(noted + `forbid(principal is Person, action in [Action::"a", Action::"b"], resource) unless { resource has named && principal.posts.containsAny(resource.need) };`)
	f.Add(noted + `permit(principal, action, resource) when { ["a","b"].contains(resource.kind) && [Unit::"3"].containsAny(principal.units) };`)
	d := smallCity(f, Post{Person: 101, Unit: 3, Duty: Head}, Post{Person: 101, Unit: 2, Duty: Secretary})
	f.Fuzz(func(t *testing.T, text string) {
		rules, err := NewRules(Source{Name: "fuzz", Text: text})
		if err != nil {
			if !fault.Is(err, fault.Invalid) || len(fault.Of(err).Fields) != 1 {
				t.Fatal(err)
			}
			return
		}
		for _, action := range append(rules.Actions(), "x") {
			for _, res := range []Resource{{Type: "Matter"}, {Type: "Letter", Unit: 3, Office: 2, Originator: 101, Named: 101, Kind: "a", Class: "b", Parties: []int64{101}, Need: []string{"head@3"}}} {
				if _, err := rules.Require(d, Principal{Person: 101}, action, res); err != nil && !fault.Is(err, fault.Forbidden) {
					t.Fatal(err)
				}
			}
			list, err := rules.Scope(d, Principal{Person: 101}, action, testColumns())
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range list {
				if strings.Count(s.SQL, "?") != len(s.Args) {
					t.Fatalf("%q has %d arguments", s.SQL, len(s.Args))
				}
			}
		}
	})
}
