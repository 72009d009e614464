package docket

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"touyan.dev/touyan/docket/process"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/matter/flow"
)

// processMost bounds the matters from which one picture of a procedure is made:
// the newest of the period. Each costs one look-up of its events, so the whole
// is some tenths of a second however many there are.
const processMost = 1000

// ran is how the matters of a kind ran in a period.
type ran struct {
	process.Summary
	def    *flow.Def
	unread int  // matters whose record was erased in part, and so tells nothing
	more   bool // there are older ones in the period
}

// Ran folds the events of the newest matters of a kind that were opened in a
// period and that who may read.
func (o *Office) Ran(ctx context.Context, who auth.Principal, kind string, from, to time.Time) (ran, error) {
	r := ran{def: o.Desk.Definitions().Latest(kind)}
	if r.def == nil {
		return r, fault.New(fault.NotFound, "docket.Ran", "没有这类事项。", "There is no such kind of matter.")
	}
	f := matter.Filter{Kind: kind, From: from.UnixMicro(), To: to.UnixMicro(), Limit: 200}
	var runs []process.Run
	for n := 0; n < processMost; {
		page, err := o.Desk.List(ctx, who, f)
		if err != nil {
			return r, err
		}
		for _, m := range page.Matters {
			events, err := o.Desk.History(ctx, m)
			if err != nil {
				return r, err
			}
			if run, ok := replay(o.Desk.Definitions().ByHash(m.Def), events); ok {
				runs = append(runs, run)
			} else {
				r.unread++
			}
		}
		n += len(page.Matters)
		f.Before, r.more = page.Next, page.Next != 0
		if !r.more {
			break
		}
	}
	r.Summary = process.Summarise(o.Desk.Calendar(), runs, o.Clock.Now().UnixMicro(), func(step string) bool { return r.def.Runs(step) != "" })
	return r, nil
}

// stay names one opening of a block.
type stay struct {
	slot, id string
	n        int
}

// replaying is a matter's way on its way.
type replaying struct {
	def  *flow.Def
	run  process.Run
	open map[stay]int // index in run.Visits
	due  map[stay]int64
}

// replay folds a matter's events into the way it went; false if one of them was
// erased or cannot be read.
func replay(def *flow.Def, events []event.Event) (process.Run, bool) {
	if def == nil {
		return process.Run{}, false
	}
	r := replaying{def: def, open: map[stay]int{}, due: map[stay]int64{}}
	var st flow.State
	for _, e := range events {
		var b matter.Body
		if e.Erased || json.Unmarshal(e.Body, &b) != nil {
			return r.run, false
		}
		after, err := apply(def, st, b)
		if err != nil {
			return r.run, false
		}
		r.step(st, after, e, b)
		st = after
	}
	for k, i := range r.open {
		r.run.Visits[i].Due = r.due[k]
	}
	return r.run, len(events) > 0
}

// apply does what one event did.
func apply(def *flow.Def, st flow.State, b matter.Body) (flow.State, error) {
	var input map[string]any
	if len(b.Input) > 0 {
		if err := json.Unmarshal(b.Input, &input); err != nil {
			return st, err
		}
	}
	var err error
	switch {
	case b.Open != nil:
		st, _, err = def.Begin(input)
	case b.Child != nil:
		st, _, err = def.ChildDone(st, flow.Child{Each: b.Child.Each, N: b.Child.N, Index: b.Child.Index, Outcome: b.Child.Outcome})
	case b.Act == "cancel":
		st, _ = def.Cancel(st)
	case b.Mark > 0 || b.Step == "" && def.Interrupt(b.Act) == nil: // escalations, clocks counted again: nothing moves
	default:
		st, _, err = def.Apply(st, flow.Input{Slot: b.Slot, Step: b.Step, Act: b.Act, Data: input})
	}
	return st, err
}

// step takes one event's way from what was open to what is.
func (r *replaying) step(before, after flow.State, e event.Event, b matter.Body) {
	closed, opened := apart(before, after), apart(after, before)
	act := r.def.StepAct(b.Step, b.Act)
	from := b.Step
	switch {
	case b.Open != nil:
		from = "start"
	case b.Child != nil:
		from = b.Child.Each
	case act != nil:
		r.run.Acts = append(r.run.Acts, b.Step+"."+b.Act)
	case b.Mark == 0 && (b.Act == "cancel" || r.def.Interrupt(b.Act) != nil):
		r.run.Acts = append(r.run.Acts, b.Act)
	}
	visit := -1
	for _, t := range closed {
		k := stay{t.Slot, t.ID, t.N}
		i, ok := r.open[k]
		if !ok {
			continue
		}
		v := &r.run.Visits[i]
		v.To, v.Due = e.Recorded, r.due[k]
		if t.ID == from && (act != nil || b.Child != nil) {
			visit = i
			v.Act, v.Back = b.Act, act != nil && act.Back != ""
			if b.Child != nil {
				v.Act = "part"
			}
		}
		delete(r.open, k)
	}
	for _, s := range b.Clocks.Slots {
		r.due[stay{s.Slot, s.Step, s.N}] = s.Due
	}
	r.run.Pauses = r.run.Pauses[:0]
	for _, s := range b.Clocks.Stops {
		r.run.Pauses = append(r.run.Pauses, process.Span{From: s.From, To: s.To})
	}
	if act != nil || b.Open != nil || b.Child != nil {
		r.move(process.Move{From: from, Act: b.Act, Back: act != nil && act.Back != "", Visit: visit}, closed, opened, after)
	}
	for _, t := range opened {
		if r.def.Step(t.ID) == nil && r.def.Runs(t.ID) == "" {
			continue // a joint is where its branches are
		}
		k := stay{t.Slot, t.ID, t.N}
		r.open[k] = len(r.run.Visits)
		r.run.Visits = append(r.run.Visits, process.Visit{Step: t.ID, From: e.Recorded, Due: r.due[k]})
	}
	if after.Over() {
		r.run.Ended, r.run.Outcome = e.Recorded, after.Ended
		if act == nil && b.Child == nil && b.Open == nil {
			r.run.Forced = b.Act
		}
	}
}

// move writes down which ways were gone. What is opened when a joint closes
// comes from its closing bar; a branch of a joint that has just opened comes from
// the joint; a branch that ends leads to the bar.
func (r *replaying) move(by process.Move, closed, opened []flow.Token, after flow.State) {
	add := func(from, to string) {
		m := by
		m.From, m.To = from, to
		if from != by.From {
			m.Visit = -1
		}
		r.run.Moves = append(r.run.Moves, m)
	}
	from, slot, joined, forked := by.From, "", "", ""
	gone := from == "start"
	for _, t := range closed {
		switch {
		case t.ID == from:
			slot, gone = t.Slot, true
		case r.def.Step(t.ID) == nil && r.def.Runs(t.ID) == "":
			joined = t.ID + ".join"
		}
	}
	if !gone {
		return // one of several sub-matters has ended, and the others are waited for
	}
	for _, t := range opened {
		if r.def.Step(t.ID) == nil && r.def.Runs(t.ID) == "" {
			forked = t.ID
		}
	}
	stayed := false
	for _, t := range opened {
		switch {
		case by.Back:
			add(from, t.ID)
		case joined != "" && t.ID != forked:
			add(joined, t.ID)
		case forked != "" && t.ID != forked && t.Slot != slot:
			add(forked, t.ID)
		default:
			add(from, t.ID)
			stayed = true
		}
	}
	switch {
	case after.Over() && joined != "":
		add(joined, "end:"+after.Ended)
	case after.Over():
		add(from, "end:"+after.Ended)
		stayed = true
	}
	if !stayed && !by.Back && slot != "" {
		add(from, "join")
	}
}

// apart gives the tokens of one state that the other lacks.
func apart(a, b flow.State) []flow.Token {
	var out []flow.Token
	for _, t := range a.At {
		same := false
		for _, u := range b.At {
			same = same || t.Slot == u.Slot && t.ID == u.ID && t.N == u.N
		}
		if !same {
			out = append(out, t)
		}
	}
	return out
}

// workText says working time in working days of eight hours, or in hours if it
// is less than one.
func workText(d time.Duration) fault.Text {
	if d < process.Workday {
		h := fmt.Sprintf("%.1f", d.Hours())
		return fault.T(h+" 小时", h+" h")
	}
	n := fmt.Sprintf("%.1f", float64(d)/float64(process.Workday))
	return fault.T(n+" 个工作日", n+" working days")
}
