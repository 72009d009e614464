package flow

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"touyan.dev/touyan/kernel/fault"
)

// sample parses one of the definitions under testdata/good.
func sample(t testing.TB, name string) *Def {
	t.Helper()
	file := filepath.Join("testdata", "good", name)
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Parse(file, src)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// line says an effect in a few words, for tables.
func line(e Effect) string {
	out := string(e.Kind)
	for _, part := range []string{e.Slot, e.Step, e.Each, e.Act, e.Run, e.Limit.String(), e.By.String(), e.Outcome} {
		if part != "" {
			out += " " + part
		}
	}
	return out
}

func lines(fx []Effect) []string {
	var out []string
	for _, e := range fx {
		out = append(out, line(e))
	}
	return out
}

// act is one move of a scripted matter and what must come of it.
type move struct {
	in    Input
	child *Child
	want  []string
	fault fault.Kind
}

func play(t *testing.T, d *Def, given map[string]any, moves []move) State {
	t.Helper()
	s, _, err := d.Begin(given)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range moves {
		before := string(s.AppendJSON(nil))
		var next State
		var fx []Effect
		if m.child != nil {
			next, fx, err = d.ChildDone(s, *m.child)
		} else {
			next, fx, err = d.Apply(s, m.in)
		}
		if m.fault != "" {
			if !fault.Is(err, m.fault) {
				t.Fatalf("move %d %+v: error %v, want kind %s", i, m.in, err, m.fault)
			}
			if len(fx) > 0 || string(next.AppendJSON(nil)) != before {
				t.Fatalf("move %d: a refused act changed something", i)
			}
			continue
		}
		if err != nil {
			t.Fatalf("move %d %+v: %v", i, m.in, err)
		}
		if diff := cmp.Diff(m.want, lines(fx)); diff != "" {
			t.Fatalf("move %d %+v: effects (-want +got)\n%s", i, m.in, diff)
		}
		if after := string(s.AppendJSON(nil)); after != before {
			t.Fatalf("move %d changed its argument: %s → %s", i, before, after)
		}
		text, err := json.Marshal(next)
		if err != nil {
			t.Fatal(err)
		}
		if s, err = DecodeState(text); err != nil {
			t.Fatalf("move %d: %v in %s", i, err, text)
		}
		if again, _ := json.Marshal(s); string(again) != string(text) {
			t.Fatalf("move %d: state does not survive JSON: %s → %s", i, text, again)
		}
	}
	return s
}

func propose(mode string) Input {
	return Input{Step: "propose", Act: "submit", Data: map[string]any{"mode": mode, "text": "拟请审定"}}
}

var (
	why    = map[string]any{"why": "材料不全"}
	agree  = Input{Step: "approve", Act: "agree"}
	refuse = Input{Step: "approve", Act: "refuse", Data: why}
	answer = Input{Step: "answer", Act: "done", Data: why}
	title  = map[string]any{"title": "老旧小区加装电梯"}
)

func TestStraight(t *testing.T) {
	s := play(t, sample(t, "followup.yaml"), title, []move{
		{in: propose("self"), want: []string{"closed propose submit", "opened approve 2wd"}},
		{in: propose("self"), fault: fault.Conflict},
		{in: agree, want: []string{"closed approve agree", "number approve agree", "opened answer 2wd"}},
		{in: answer, want: []string{"closed answer done", "ended closed"}},
		{in: answer, fault: fault.Conflict},
		{in: Input{Act: IntWithdraw, Data: why}, fault: fault.Conflict},
	})
	if s.Ended != "closed" || len(s.At) != 0 {
		t.Fatalf("state at the end: %s", s.AppendJSON(nil))
	}
}

func TestReturnIsBounded(t *testing.T) {
	back := []string{"closed approve refuse", "opened propose 1wd@close"}
	again := []string{"closed propose submit", "opened approve 2wd"}
	play(t, sample(t, "followup.yaml"), title, []move{
		{in: propose("self"), want: again},
		{in: refuse, want: back},
		{in: propose("self"), want: again},
		{in: refuse, want: back},
		{in: propose("self"), want: again},
		{in: refuse, fault: fault.Conflict},
		{in: Input{Step: "approve", Act: "nonsense"}, fault: fault.Invalid},
		{in: Input{Step: "nonsense", Act: "agree"}, fault: fault.Invalid},
		{in: Input{Slot: "opinions.0", Step: "approve", Act: "agree"}, fault: fault.Conflict},
		{in: Input{Step: "approve", Act: "agree", Data: why}, fault: fault.Invalid},
		{in: Input{Step: "approve", Act: "refuse"}, fault: fault.Conflict},
	})
}

func TestJoint(t *testing.T) {
	play(t, sample(t, "followup.yaml"), title, []move{
		{in: propose("joint"), want: []string{"closed propose submit", "opened approve 2wd"}},
		{in: agree, want: []string{"closed approve agree", "number approve agree", "opened opinions.0 legal 3wd", "opened opinions.1 money 5wd"}},
		{in: Input{Slot: "opinions.0", Step: "money", Act: "done"}, fault: fault.Conflict},
		{in: Input{Slot: "opinions.1", Step: "money", Act: "done"}, want: []string{"closed opinions.1 money done", "opened opinions.1 audit 2wd"}},
		{in: Input{Slot: "opinions.1", Step: "audit", Act: "redo"}, want: []string{"closed opinions.1 audit redo", "opened opinions.1 money 5wd"}},
		{in: Input{Slot: "opinions.0", Step: "legal", Act: "done"}, want: []string{"closed opinions.0 legal done"}},
		{in: Input{Slot: "opinions.1", Step: "money", Act: "done"}, want: []string{"closed opinions.1 money done", "opened opinions.1 audit 2wd"}},
		{in: Input{Slot: "opinions.1", Step: "audit", Act: "redo"}, fault: fault.Conflict},
		{in: Input{Slot: "opinions.1", Step: "audit", Act: "done"}, want: []string{"closed opinions.1 audit done", "opened answer 2wd"}},
	})
}

func TestUnits(t *testing.T) {
	assign := Input{Step: "assign", Act: "submit", Data: map[string]any{
		"lead": "320281-jsj", "limit": "3wd",
		"units": []any{map[string]any{"unit": "a"}, map[string]any{"unit": "b"}},
	}}
	d := sample(t, "followup.yaml")
	s := play(t, d, title, []move{
		{in: propose("units"), want: []string{"closed propose submit", "opened approve 2wd"}},
		{in: agree, want: []string{"closed approve agree", "number approve agree", "opened assign 1wd"}},
		{in: assign, want: []string{"closed assign submit", "spawn units test.unit", "spawn units test.unit"}},
		{child: &Child{Each: "units", N: 4, Index: 1, Outcome: "done"}},
		{child: &Child{Each: "units", N: 4, Index: 1, Outcome: "done"}, fault: fault.Conflict},
		{child: &Child{Each: "units", N: 4, Index: 2, Outcome: "done"}, fault: fault.Conflict},
		{child: &Child{Each: "units", N: 3, Index: 0, Outcome: "done"}, fault: fault.Conflict},
		{child: &Child{Each: "units", N: 4, Index: 0, Outcome: "withdrawn"}, want: []string{"opened lead 3wd"}},
	})
	if got, _ := s.Get("units"); !cmp.Equal(got, map[string]any{"done": 2.0, "items": 2.0, "outcomes": map[string]any{"done": 1.0, "withdrawn": 1.0}}) {
		t.Errorf("what the sub-matters left: %v", got)
	}
	offers := d.Offers(s)
	if want := []Party{{Duty: "liaison", Unit: "320281-jsj"}}; !cmp.Equal(offers[0].Who, want) {
		t.Errorf("who: %v, want %v", offers[0].Who, want)
	}
}

func TestInterrupts(t *testing.T) {
	open := Input{Step: "approve"}
	with := func(act string, data map[string]any) Input {
		open.Act, open.Data = act, data
		return open
	}
	play(t, sample(t, "followup.yaml"), title, []move{
		{in: propose("self"), want: []string{"closed propose submit", "opened approve 2wd"}},
		{in: Input{Act: IntResume}, fault: fault.Conflict},
		{in: Input{Act: IntPause}, fault: fault.Invalid},
		{in: Input{Act: IntPause, Data: why}, want: []string{"paused pause 30wd"}},
		{in: agree, fault: fault.Conflict},
		{in: with(IntUrge, nil), fault: fault.Conflict},
		{in: Input{Act: IntPause, Data: why}, fault: fault.Conflict},
		{in: Input{Act: IntResume}, want: []string{"resumed resume"}},
		{in: Input{Act: IntPause, Data: why}, want: []string{"paused pause 30wd"}},
		{in: Input{Act: IntResume}, want: []string{"resumed resume"}},
		{in: Input{Act: IntPause, Data: why}, fault: fault.Conflict},
		{in: with(IntExtend, why), want: []string{"extended approve extend 10wd"}},
		{in: with(IntExtend, why), fault: fault.Conflict},
		{in: with(IntUrge, nil), want: []string{"urged approve urge"}},
		{in: with(IntTransfer, why), want: []string{"transferred approve transfer"}},
		{in: Input{Step: "propose", Act: IntUrge}, fault: fault.Conflict},
		{in: Input{Act: IntWithdraw, Data: why}, want: []string{"closed approve", "ended withdrawn"}},
	})
}

func TestFormNamesTheField(t *testing.T) {
	d := sample(t, "followup.yaml")
	s, _, err := d.Begin(title)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = d.Apply(s, Input{Step: "propose", Act: "submit", Data: map[string]any{"mode": "32028119700101123X"}})
	f := fault.Of(err)
	if f.Kind != fault.Invalid || len(f.Fields) != 2 {
		t.Fatalf("error: %v", err)
	}
	want := []fault.Field{
		{Path: "mode", Text: fault.T("“办理方式”须从所列选项中选择。", "\"Way of handling\" must be one of the choices.")},
		{Path: "text", Text: fault.T("“拟办意见”必须填写。", "\"Proposal\" is required.")},
	}
	for _, w := range want {
		if f.Fields[0] != w && f.Fields[1] != w {
			t.Errorf("no field %+v in %+v", w, f.Fields)
		}
	}
}

// TestLimitFromData: a limit in data counts, but never above its most, and
// only in the same unit.
func TestLimitFromData(t *testing.T) {
	for given, want := range map[string]string{"3wd": "3wd", "20wd": "20wd", "21wd": "20wd", "3d": "20wd", "24h": "20wd", "soon": "20wd", "": "20wd"} {
		d := sample(t, "unit.yaml")
		s, _, err := d.Begin(map[string]any{"unit": "a", "limit": given})
		if err != nil {
			t.Fatal(err)
		}
		_, fx, err := d.Apply(s, Input{Step: "sign", Act: "done"})
		if err != nil {
			t.Fatal(err)
		}
		if got := fx[1].Limit.String(); got != want {
			t.Errorf("given %q: limit %q, want %q", given, got, want)
		}
	}
}

// TestJointOverAtOnce: a branch with nothing to do counts at once, and a joint
// that is over does not open its other branches.
func TestJointOverAtOnce(t *testing.T) {
	p := &plan{kind: "r.main", do: []*part{
		{sort: "joint", id: "j", need: 1, arms: [][]*part{
			{{sort: "choice", id: "c", ifs: []string{"data.given.a == 1"}, arms: [][]*part{
				{{sort: "step", id: "a", acts: []*deed{{id: "go"}}}}, nil,
			}}},
			{{sort: "step", id: "b", acts: []*deed{{id: "go"}}}},
		}},
		{sort: "step", id: "z", acts: []*deed{{id: "go"}}},
	}}
	d, err := Parse("joint", p.render())
	if err != nil {
		t.Fatal(err)
	}
	for a, want := range map[float64][]string{
		0: {"opened z"},
		1: {"opened j.0 a", "opened j.1 b"},
	} {
		_, fx, err := d.Begin(map[string]any{"a": a})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, lines(fx)); diff != "" {
			t.Errorf("a = %v (-want +got)\n%s", a, diff)
		}
	}
	if _, fx, err := d.Begin(nil); err != nil || fx[0].Kind != GuardFailed || fx[0].Step != "c" {
		t.Errorf("a guard over nothing: %v, %v", lines(fx), err)
	}
}

// TestWholeLimit: a matter may set itself a shorter limit, never a longer one.
func TestWholeLimit(t *testing.T) {
	d := swap(t, "followup.yaml", "limit: {of: 60wd,", "limit: {of: 60wd, data: given.source,")
	for given, want := range map[string]string{"45wd": "45wd", "61wd": "60wd", "30d": "60wd", "x": "60wd"} {
		s, _, err := d.Begin(map[string]any{"title": "甲", "source": given})
		if err != nil {
			t.Fatal(err)
		}
		if got := d.WholeLimit(s).String(); got != want {
			t.Errorf("given %q: limit %q, want %q", given, got, want)
		}
	}
	s, _, err := sample(t, "unit.yaml").Begin(map[string]any{"unit": "a"})
	if got := sample(t, "unit.yaml").WholeLimit(s); err != nil || !got.IsZero() {
		t.Errorf("a definition without limit has %v, %v", got, err)
	}
}

// TestCancel: a sub-matter that nobody waits for closes what is open, once.
func TestCancel(t *testing.T) {
	d := sample(t, "unit.yaml")
	s, _, err := d.Begin(map[string]any{"unit": "a"})
	if err != nil {
		t.Fatal(err)
	}
	over, fx := d.Cancel(s)
	if diff := cmp.Diff([]string{"closed sign", "ended cancelled"}, lines(fx)); diff != "" || over.Ended != OutcomeCancelled || s.Over() {
		t.Errorf("effects (-want +got)\n%s", diff)
	}
	if again, fx := d.Cancel(over); len(fx) > 0 || !same(again, over) {
		t.Errorf("a second cancel did %v", lines(fx))
	}
}

// TestVoices: who may act is read from the definition and from data.
func TestVoices(t *testing.T) {
	d, u := sample(t, "followup.yaml"), sample(t, "unit.yaml")
	s, _, err := u.Begin(map[string]any{"unit": "320281-jsj"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		d         *Def
		step, act string
		want      []Party
	}{
		{u, "sign", "done", []Party{{Duty: "liaison", Unit: "320281-jsj"}}},
		{u, "handle", "done", []Party{{Duty: "liaison", Of: OfUnit}}},
		{u, "sign", "nonsense", nil},
		{u, "nonsense", "done", nil},
		{u, "", IntPause, nil},
		{d, "approve", "agree", []Party{{Duty: "head", Of: OfOffice}, {Originator: true}}},
		{d, "", IntResume, []Party{{Duty: "head", Of: OfOffice}}},
	} {
		if diff := cmp.Diff(c.want, c.d.Voices(s, c.step, c.act)); diff != "" {
			t.Errorf("%s.%s (-want +got)\n%s", c.step, c.act, diff)
		}
	}
}

// TestHasAsksForTheWholePath: what a step has not given, the step not come to
// included, is absent and not an error; what is read without asking is one.
func TestHasAsksForTheWholePath(t *testing.T) {
	for _, c := range []struct {
		guard string
		data  map[string]any
		want  bool
		fails bool
	}{
		{"has(data.review.decision)", nil, false, false},
		{"has(data.review.decision)", map[string]any{"review": map[string]any{}}, false, false},
		{"has(data.review.decision)", map[string]any{"review": map[string]any{"decision": "uphold"}}, true, false},
		{"has(data.review)", nil, false, false},
		{"!(has(data.review.decision) && data.review.decision == 'revoke')", nil, true, false},
		{"has(data.units.outcomes.planned)", map[string]any{"units": map[string]any{}}, false, false},
		{"has(data.units.outcomes.planned)", map[string]any{"units": map[string]any{"outcomes": map[string]any{"planned": 2}}}, true, false},
		{"data.review.decision == 'revoke'", nil, false, true},
	} {
		p, err := compileGuard(c.guard)
		if err != nil {
			t.Fatalf("%s: %v", c.guard, err)
		}
		got, err := (&Def{}).holds(&Guard{Text: c.guard, prog: p}, &State{}, lens(c.data))
		if got != c.want || (err != nil) != c.fails {
			t.Errorf("%s over %v: %v, %v", c.guard, c.data, got, err)
		}
	}
}
