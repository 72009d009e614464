package flow

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"touyan.dev/touyan/kernel/fault"
)

// deepCopy is a State that shares nothing with s.
func deepCopy(t *rapid.T, s State) State {
	var out State
	if err := json.Unmarshal(s.AppendJSON(nil), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// same compares two states in every part, shared or not.
func same(a, b State) bool { return string(a.AppendJSON(nil)) == string(b.AppendJSON(nil)) }

// TestMachineLaws walks random definitions at random. Whatever is done: the
// argument is not changed, nor any older state; a state survives JSON and then
// behaves alike; what is offered succeeds; what is closed was open; a slot has
// one token; and after the end nothing can be done.
func TestMachineLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(11, rapid.Uint64().Draw(t, "definition")))
		p := generate(rng, "r.main", "r.child")
		d, err := Parse("random", p.render())
		if err != nil {
			t.Fatal(err)
		}
		given := world()
		given["a"] = float64(rapid.IntRange(0, 3).Draw(t, "a"))
		s, fx, err := d.Begin(given)
		if err != nil {
			t.Fatal(err)
		}
		open := map[int]string{}
		follow(t, s, fx, open)
		older := []State{s}
		copies := []State{deepCopy(t, s)}
		for i := 0; i < 60 && !s.Over(); i++ {
			s = randomMove(t, d, s, open)
			older, copies = append(older, s), append(copies, deepCopy(t, s))
		}
		for i := range older {
			if !same(older[i], copies[i]) {
				t.Fatalf("state %d was changed later: %s, was %s", i, older[i].AppendJSON(nil), copies[i].AppendJSON(nil))
			}
		}
		if s.Over() {
			nothingLeft(t, d, s)
		}
	})
}

// randomMove takes one offer or lets one sub-matter end.
func randomMove(t *rapid.T, d *Def, s State, open map[int]string) State {
	type option func(State) (State, []Effect, error)
	var options []option
	for _, o := range d.Offers(s) {
		if o.Act == IntWithdraw && rapid.IntRange(0, 9).Draw(t, "withdraw") > 0 {
			continue
		}
		in := Input{Slot: o.Slot, Step: o.Step, Act: o.Act}
		if o.Form != "" {
			in.Data = map[string]any{"x": float64(rapid.IntRange(0, 2).Draw(t, "x")), "y": 2.0}
		}
		options = append(options, func(s State) (State, []Effect, error) { return d.Apply(s, in) })
	}
	for _, tok := range s.At {
		for i := 0; i < tok.Of; i++ {
			c := Child{Each: tok.ID, N: tok.N, Index: i, Outcome: "done"}
			if _, _, err := d.ChildDone(s, c); err == nil {
				options = append(options, func(s State) (State, []Effect, error) { return d.ChildDone(s, c) })
			}
		}
	}
	if len(options) == 0 {
		t.Fatalf("nothing can be done in %s", s.AppendJSON(nil))
	}
	do := options[rapid.IntRange(0, len(options)-1).Draw(t, "move")]
	next, fx, err := do(s)
	if err != nil {
		t.Fatalf("what was offered is refused: %v", err)
	}
	again, fx2, err := do(deepCopy(t, s))
	if err != nil || !same(next, again) || len(fx) != len(fx2) {
		t.Fatalf("after JSON the state behaves otherwise: %v", err)
	}
	follow(t, next, fx, open)
	return next
}

// follow keeps the open steps by what effects say and compares with the state.
func follow(t *rapid.T, s State, fx []Effect, open map[int]string) {
	for _, e := range fx {
		switch e.Kind {
		case Opened:
			open[e.N] = e.Slot + " " + e.Step
		case Closed:
			if open[e.N] != e.Slot+" "+e.Step {
				t.Fatalf("closed %s %s %d, which was not open", e.Slot, e.Step, e.N)
			}
			delete(open, e.N)
		}
	}
	slots := map[string]bool{}
	steps := 0
	for _, tok := range s.At {
		if slots[tok.Slot] {
			t.Fatalf("two tokens in slot %q", tok.Slot)
		}
		slots[tok.Slot] = true
		if open[tok.N] != "" {
			steps++
		}
	}
	if steps != len(open) {
		t.Fatalf("effects say %v is open, the state %s", open, s.AppendJSON(nil))
	}
}

func nothingLeft(t *rapid.T, d *Def, s State) {
	if o := d.Offers(s); len(o) > 0 {
		t.Fatalf("offers after the end: %v", o)
	}
	for _, n := range d.order {
		if n.block.Step == nil {
			continue
		}
		for _, a := range n.block.Step.Acts {
			if _, _, err := d.Apply(s, Input{Slot: n.slot, Step: n.id, Act: a.ID, Data: filled}); !fault.Is(err, fault.Conflict) {
				t.Fatalf("%s.%s after the end: %v", n.id, a.ID, err)
			}
		}
	}
	for _, act := range []string{IntPause, IntResume, IntWithdraw, IntExtend} {
		if _, _, err := d.Apply(s, Input{Act: act}); !fault.Is(err, fault.Conflict) {
			t.Fatalf("%s after the end: %v", act, err)
		}
	}
}

// TestInputIsCopied: changing a map after it was handed over changes nothing.
func TestInputIsCopied(t *testing.T) {
	d := sample(t, "followup.yaml")
	given := map[string]any{"title": "甲"}
	s, _, err := d.Begin(given)
	if err != nil {
		t.Fatal(err)
	}
	in := propose("self")
	s, _, err = d.Apply(s, in)
	if err != nil {
		t.Fatal(err)
	}
	before := string(s.AppendJSON(nil))
	given["title"], in.Data["mode"] = "乙", "joint"
	if after := string(s.AppendJSON(nil)); after != before {
		t.Errorf("%s became %s", before, after)
	}
}

func TestStateJSONIsStable(t *testing.T) {
	d := sample(t, "followup.yaml")
	s := play(t, d, map[string]any{"title": "电梯\n\"加装\"", "source": "A<b>"}, []move{
		{in: propose("joint"), want: []string{"closed propose submit", "opened approve 2wd"}},
		{in: agree, want: []string{"closed approve agree", "number approve agree", "opened opinions.0 legal 3wd", "opened opinions.1 money 5wd"}},
		{in: Input{Slot: "opinions.0", Step: "legal", Act: "done"}, want: []string{"closed opinions.0 legal done"}},
	})
	const want = `{"n":5,"at":[{"b":"opinions","n":3,"done":[0]},{"s":"opinions.1","b":"money","n":5}],` +
		`"data":{"approve":{},"given":{"source":"A\u003cb\u003e","title":"电梯 \"加装\""},"legal":{},"propose":{"mode":"joint","text":"拟请审定"}}}`
	if got := string(s.AppendJSON(nil)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, text := range []string{
		``, `{}x`, `[]`, `{"n":-1}`, `{"n":1,}`, `{"m":1}`, `{"n":1,"at":[{"q":1}]}`, `{"n":1,"data":{"b":1,"a":2}}`,
		`{"n":1,"data":{"a":1,"a":2}}`, `{"n":1,"data":{"a":{]}}`, `{"n":1,"data":{"a":tru}}`, `{"n":1,"data":{"a":"x}}`, `{"n":99999999999999999999}`,
	} {
		if s, err := DecodeState([]byte(text)); err == nil {
			t.Errorf("%s was read as %s", text, s.AppendJSON(nil))
		}
	}
}

func FuzzDecodeState(f *testing.F) {
	f.Add([]byte(`{"n":5,"at":[{"s":"j.0","b":"a","n":4,"of":2,"done":[0],"out":{"x":1}}],"used":{"a.b":1},"paused":1,"ended":"x","data":{"a":{"b":[1,null,"\u4e2d"]}}}`))
	f.Add([]byte(`{"n":1,"data":{"a":-1.5e3}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := DecodeState(text)
		if err != nil {
			return
		}
		out := s.AppendJSON(nil)
		again, err := DecodeState(out)
		if err != nil || string(again.AppendJSON(nil)) != string(out) {
			t.Fatalf("%q → %q does not hold: %v", text, out, err)
		}
	})
}

// FuzzParse: whatever the file, Parse and what follows end without panic, and
// what is accepted runs and can be drawn.
func FuzzParse(f *testing.F) {
	for i := range 6 {
		f.Add(generate(rand.New(rand.NewPCG(3, uint64(i))), "r.main", "r.child").render())
	}
	f.Add([]byte("kind: a\nversion: 1\nname: {zh: a, en: a}\ndo:\n  - step: s\n    name: {zh: a, en: a}\n    who: {person: originator}\n"))
	f.Add([]byte("kind: &a [*a]\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		d, err := Parse("fuzz", src)
		if err != nil {
			if !fault.Is(err, fault.Invalid) || len(fault.Of(err).Fields) == 0 {
				t.Fatalf("an error without places: %v", err)
			}
			return
		}
		set, err := NewSet(d)
		if err != nil {
			t.Fatal(err)
		}
		problems := Check(set, Known{})
		d.Diagram("zh")
		if len(problems) > 0 {
			return
		}
		if s, _, err := d.Begin(map[string]any{}); err == nil {
			d.Offers(s)
		}
	})
}
