package flow

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"touyan.dev/touyan/kernel/calendar"
)

// explorer finds out what a definition can do by doing it: it drives the
// machine through every act, both answers of every guard and every order of
// parallel branches. It shares no code with Check and looks at the definition
// only for the names of the steps there are.
type explorer struct {
	d        *Def
	found    map[Code]string // what is wrong, with an example
	seen     map[string]bool // what was opened, spawned, or ended with
	color    map[string]int  // 1 = on the path being walked, 2 = done
	states   int
	childMax int // longest time of a sub-matter
	units    map[calendar.Unit]bool
}

const tooMany = 3_000 // states; such a definition is left out and counted

var filled = map[string]any{"x": 1.0, "y": 1.0}

func newExplorer(d *Def, childMax int) *explorer {
	return &explorer{d: d, found: map[Code]string{}, seen: map[string]bool{}, color: map[string]int{}, childMax: childMax, units: map[calendar.Unit]bool{}}
}

func (e *explorer) note(code Code, format string, args ...any) {
	if e.found[code] == "" {
		e.found[code] = fmt.Sprintf(format, args...)
	}
}

// world is what the matter begins with: two items for every each.
func world() map[string]any {
	return map[string]any{"a": 1.0, "u": "7", "l": []any{map[string]any{}, map[string]any{}}}
}

type outcome struct {
	s  State
	fx []Effect
}

// every answers each guard asked in all ways and gives all outcomes of f.
func (e *explorer) every(f func() (State, []Effect, error)) []outcome {
	var out []outcome
	var script []bool
	for {
		asked := 0
		e.d.oracle = func(g *Guard, s *State) bool {
			e.reads(g, s)
			if asked == len(script) {
				script = append(script, false)
			}
			asked++
			return script[asked-1]
		}
		s, fx, err := f()
		script = script[:asked]
		if err == nil {
			out = append(out, outcome{s, fx})
		}
		for len(script) > 0 && script[len(script)-1] {
			script = script[:len(script)-1]
		}
		if len(script) == 0 {
			return out
		}
		script[len(script)-1] = true
	}
}

// reads notes a guard that is asked while what it reads is not there.
func (e *explorer) reads(g *Guard, s *State) {
	path := Path(strings.TrimPrefix(strings.Fields(g.Text)[0], "data."))
	if _, ok := s.Get(path); !ok {
		e.note(CodeData, "guard %s asked too early", g.Text)
	}
}

// key is the state without what only counts or fills: equal keys behave alike.
func key(s State) string {
	b := make([]byte, 0, 128)
	for _, t := range s.At {
		b = append(append(b, t.ID...), ' ')
		for _, d := range t.Done {
			b = append(appendInt(b, d), ',')
		}
	}
	for _, u := range s.Used {
		b = appendInt(append(append(append(b, '|'), u.Key...), '='), u.N)
	}
	for _, d := range s.Data {
		b = append(append(b, '|'), d.ID...)
	}
	b = append(append(b, '|'), s.Ended...)
	if s.Paused {
		b = append(b, " paused"...)
	}
	return string(b)
}

// moves gives every way on from a state, with the input that led there.
func (e *explorer) moves(s State) []outcome {
	var out []outcome
	for _, t := range s.At {
		n := e.d.nodes[t.ID]
		switch {
		case n.block.Step != nil:
			for _, a := range n.block.Step.Acts {
				out = append(out, e.act(s, t, a)...)
			}
		case n.block.Each != nil:
			out = append(out, e.childEnds(s, t)...)
		}
	}
	return out
}

func (e *explorer) act(s State, t Token, a Act) []outcome {
	in := Input{Slot: t.Slot, Step: t.ID, Act: a.ID}
	if a.Form != "" {
		in.Data = filled
	}
	if a.Back != "" && !e.mayReturn(s, t, a) {
		return nil
	}
	out := e.every(func() (State, []Effect, error) { return e.d.Apply(s, in) })
	if len(out) > 0 && e.d.Sealed != nil && t.ID == e.d.Sealed.Until && (a.Back != "" || a.End != "") {
		e.note(CodeSeal, "%s.%s ends the seal and does not go on", t.ID, a.ID)
	}
	return out
}

// mayReturn judges a return by what happened and by where things stand in the
// file: the target was done before, in this slot, in this list or one around.
func (e *explorer) mayReturn(s State, t Token, a Act) bool {
	_, done := s.Get(Path(a.Back))
	from, to := e.d.nodes[t.ID], e.d.nodes[a.Back]
	list := to.block.Path[:strings.LastIndexByte(to.block.Path, '/')+1]
	if done && to.block.Step.Slot == t.Slot && strings.HasPrefix(from.block.Path, list) && a.Back != t.ID {
		return true
	}
	e.note(CodeBack, "%s.%s leads to %s", t.ID, a.ID, a.Back)
	return false
}

func (e *explorer) childEnds(s State, t Token) []outcome {
	for i := 0; i < t.Of; i++ {
		if !slices.Contains(t.Done, i) {
			return e.every(func() (State, []Effect, error) {
				return e.d.ChildDone(s, Child{Each: t.ID, N: t.N, Index: i, Outcome: "done"})
			})
		}
	}
	return nil
}

// saw notes what a move did.
func (e *explorer) saw(o outcome) {
	slots := map[string]bool{}
	for _, t := range o.s.At {
		if slots[t.Slot] {
			e.note("slot", "two tokens in slot %q", t.Slot)
		}
		slots[t.Slot] = true
	}
	for _, f := range o.fx {
		switch f.Kind {
		case Opened:
			e.seen[f.Step] = true
			e.standsApart(o.s, f.Step)
			if !f.Limit.IsZero() {
				e.units[f.Limit.Unit] = true
			}
		case Number:
			e.shows(o.s, f.Step)
		case Spawn:
			e.shows(o.s, f.Each)
			e.seen[f.Each] = true
		case Ended:
			e.seen["end "+f.Outcome] = true
			if e.insideJoint(f.Outcome) {
				e.note(CodeEnd, "ended with %s inside a joint", f.Outcome)
			}
		}
	}
}

// standsApart notes a step that is opened while it is not known who must stay off
// it.
func (e *explorer) standsApart(s State, step string) {
	for _, ref := range e.d.Step(step).Apart {
		if _, ok := s.Get(Path(strings.TrimSuffix(ref, ".p"))); !ok {
			e.note(CodeData, "%s opened before %s is known", step, ref)
		}
	}
}

// shows notes what gives a sealed matter away.
func (e *explorer) shows(s State, by string) {
	if len(e.d.SealedFrom(s)) > 0 {
		e.note(CodeSeal, "%s shows what is sealed", by)
	}
}

// insideJoint reports whether an outcome is that of an end standing in a
// branch; generated outcomes are all different.
func (e *explorer) insideJoint(outcome string) bool {
	for _, n := range e.d.order {
		b := n.block
		if !strings.Contains(b.Path, "/branches/") {
			continue
		}
		if b.End != nil && b.End.Outcome == outcome {
			return true
		}
		if b.Step != nil && slices.ContainsFunc(b.Step.Acts, func(a Act) bool { return a.End == outcome }) {
			return true
		}
	}
	return false
}

// walk explores from a state; it notes circles, stuck steps and dead ends.
func (e *explorer) walk(s State) {
	k := key(s)
	switch e.color[k] {
	case 1:
		e.note(CodeBound, "the matter can go round: %s", k)
		return
	case 2:
		return
	}
	if e.states++; e.states > tooMany {
		return
	}
	e.color[k] = 1
	if !s.Over() {
		e.stuck(s)
		e.pauses(s)
		for _, o := range e.moves(s) {
			e.saw(o)
			e.walk(o.s)
		}
	}
	e.color[k] = 2
}

// pauses pauses and resumes here until no more is allowed. In between nothing
// else may be possible but to withdraw, and afterwards all stands as before:
// so it is enough to try this in every state instead of exploring every mix.
func (e *explorer) pauses(s State) {
	if e.d.Interrupt(IntPause) == nil {
		return
	}
	at := s
	for i := 0; ; i++ {
		held, fx, err := e.d.Apply(at, Input{Act: IntPause})
		if err != nil {
			return
		}
		if i > maxAtMost || fx[0].Limit.IsZero() {
			e.note(CodeBound, "a pause without bound at %s", key(s))
			return
		}
		for _, t := range s.At {
			if e.d.nodes[t.ID].block.Step != nil && len(e.act(held, t, e.d.nodes[t.ID].block.Step.Acts[0])) > 0 {
				e.note("pause", "an act at %s during a pause", t.ID)
			}
		}
		if at, _, err = e.d.Apply(held, Input{Act: IntResume}); err != nil {
			e.note("pause", "no way out of a pause: %v", err)
			return
		}
		same := at
		same.Used = s.Used
		if key(same) != key(s) {
			e.note("pause", "a pause changed %s to %s", key(s), key(at))
		}
	}
}

// stuck looks for an open step with no act left when all guards fail, for a
// joint that waits for nothing, and for a matter in which nothing is open.
func (e *explorer) stuck(s State) {
	e.d.oracle = func(*Guard, *State) bool { return false }
	can := map[string]bool{}
	for _, o := range e.d.Offers(s) {
		if !o.Interrupt {
			can[o.Step] = true
		}
	}
	for _, t := range s.At {
		switch n := e.d.nodes[t.ID]; {
		case n.block.Step != nil && !can[t.ID]:
			e.note(CodeStuck, "no act at %s in %s", t.ID, key(s))
		case n.block.Joint != nil && !e.alive(s, t):
			e.note(CodeNeed, "%s waits for nothing in %s", t.ID, key(s))
		}
	}
	if len(s.At) == 0 {
		e.note(CodeNeed, "nothing is open in %s", key(s))
	}
}

// alive reports whether anything is under way in a joint's branches.
func (e *explorer) alive(s State, joint Token) bool {
	inside := strings.TrimPrefix(joint.Slot+"/"+joint.ID+".", "/")
	return slices.ContainsFunc(s.At, func(t Token) bool { return strings.HasPrefix(t.Slot, inside) })
}

// explore walks everything and compares what was seen with what there is.
func (e *explorer) explore() {
	for _, o := range e.every(func() (State, []Effect, error) { return e.d.Begin(world()) }) {
		e.saw(o)
		e.walk(o.s)
	}
	if e.states > tooMany {
		return
	}
	for _, n := range e.d.order {
		b := n.block
		if (b.Step != nil || b.Each != nil) && !e.seen[n.id] {
			e.note(CodeReach, "%s is never opened", n.id)
		}
		if b.End != nil && !e.seen["end "+b.End.Outcome] {
			e.note(CodeReach, "no matter ends with %s", b.End.Outcome)
		}
	}
	delete(e.units, calendar.WorkingDays)
	if e.d.Limit != nil && len(e.units) > 0 {
		e.note(CodeUnit, "limits in other units: %v", e.units)
	}
}

// clocked is a state in which every open step and each has time left.
type clocked struct {
	s    State
	left map[string]int // by token id
}

// longest lets every step take all its time, and gives the longest any matter
// then takes.
func (e *explorer) longest() int {
	memo := map[string]int{}
	best := 0
	for _, o := range e.every(func() (State, []Effect, error) { return e.d.Begin(world()) }) {
		best = max(best, e.last(e.start(clocked{}, o, 0), memo))
	}
	return best
}

// start gives the clocks after a move: what stays runs on, what is new begins.
func (e *explorer) start(c clocked, o outcome, passed int) clocked {
	next := clocked{s: o.s, left: map[string]int{}}
	for _, t := range o.s.At {
		if old := c.s.token(t.ID); old != nil && old.N == t.N {
			if l, ok := c.left[t.ID]; ok {
				next.left[t.ID] = l - passed
			}
		}
	}
	for _, f := range o.fx {
		switch {
		case f.Kind == Opened && next.s.token(f.Step) != nil:
			next.left[f.Step] = f.Limit.N
		case f.Kind == Spawn && next.s.token(f.Each) != nil:
			next.left[f.Each] = e.childMax
			if !f.Limit.IsZero() {
				next.left[f.Each] = f.Limit.N
			}
		}
	}
	return next
}

func (e *explorer) last(c clocked, memo map[string]int) int {
	if c.s.Over() {
		return 0
	}
	c.s.Data = slices.DeleteFunc(slices.Clone(c.s.Data), func(d Datum) bool { return d.ID != "given" && e.d.Step(d.ID) == nil })
	k := c.key()
	if t, ok := memo[k]; ok {
		return t
	}
	soon := -1
	for _, l := range c.left {
		if soon < 0 || l < soon {
			soon = l
		}
	}
	best := 0
	for _, t := range c.s.At {
		l, ok := c.left[t.ID]
		if !ok || l != soon {
			continue
		}
		for _, o := range e.due(c.s, t) {
			best = max(best, soon+e.last(e.start(c, o, soon), memo))
		}
	}
	memo[k] = best
	return best
}

// due gives what can happen when the time of a token is up.
func (e *explorer) due(s State, t Token) []outcome {
	n := e.d.nodes[t.ID]
	if n.block.Each != nil {
		return e.childEnds(s, t)
	}
	var out []outcome
	for _, a := range n.block.Step.Acts {
		out = append(out, e.act(s, t, a)...)
	}
	return out
}

func (c clocked) key() string {
	s := c.s
	s.Data = nil
	var b strings.Builder
	b.WriteString(key(s))
	ids := make([]string, 0, len(c.left))
	for id := range c.left {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	for _, id := range ids {
		fmt.Fprintf(&b, " %s=%d", id, c.left[id])
	}
	return b.String()
}
