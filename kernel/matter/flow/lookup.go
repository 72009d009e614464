package flow

import (
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/fault"
)

// OutcomeCancelled is the outcome of a sub-matter whose parent went on without
// it.
const OutcomeCancelled = "cancelled"

// OutcomeErased is the outcome of a matter whose content was erased (已清除).
const OutcomeErased = "erased"

// Voices gives whom the definition lets make an act in this state; none for an
// act that does not exist.
func (d *Def) Voices(s State, step, act string) []Party {
	if reservedAct(act) {
		if in := d.Interrupt(act); in != nil {
			return readWho(nil, &in.Who, &s)
		}
		return nil
	}
	n := d.nodes[step]
	if n == nil || n.block.Step == nil {
		return nil
	}
	if i := actIndex(n.block.Step, act); i >= 0 {
		return n.acts[i].who.parties(&s)
	}
	return nil
}

// StepAct gives an act of a step, or nil.
func (d *Def) StepAct(step, act string) *Act {
	if s := d.Step(step); s != nil {
		return s.Act(act)
	}
	return nil
}

// Cancel ends a sub-matter that nobody waits for any longer.
func (d *Def) Cancel(s State) (State, []Effect) {
	if s.Over() {
		return s, nil
	}
	r := run{d: d, s: s}
	r.end(OutcomeCancelled)
	return r.s, r.fx
}

// WholeLimit gives the limit of this matter as a whole: the one its data names,
// but never above the definition's; zero when the definition sets none.
func (d *Def) WholeLimit(s State) calendar.Limit {
	if d.Limit == nil {
		return calendar.Limit{}
	}
	return s.limit(&Clock{Fixed: d.Limit.Of, Data: d.Limit.Data, Most: d.Limit.Of})
}

// Stages lists the steps and each-blocks in the order of the file: where the
// main sequence of a matter can stand.
func (d *Def) Stages() []string {
	var out []string
	for _, n := range d.order {
		if n.slot == "" && (n.block.Step != nil || n.block.Each != nil || n.block.Joint != nil) {
			out = append(out, n.id)
		}
	}
	return out
}

// StageName names a step, each- or joint-block.
func (d *Def) StageName(id string) fault.Text {
	n := d.nodes[id]
	switch {
	case n == nil:
		return fault.Text{}
	case n.block.Step != nil:
		return n.block.Step.Name
	case n.block.Each != nil:
		return eachName(n.block.Each)
	case n.block.Joint != nil:
		return jointName(n.block.Joint)
	}
	return fault.Text{}
}

// Runs gives the kind of sub-matter that an each-block begins.
func (d *Def) Runs(each string) string {
	if n := d.nodes[each]; n != nil && n.block.Each != nil {
		return n.block.Each.Run
	}
	return ""
}

// Steps lists every step in the order of the file, those of branches too.
func (d *Def) Steps() []*Step {
	var out []*Step
	for _, n := range d.order {
		if n.block.Step != nil {
			out = append(out, n.block.Step)
		}
	}
	return out
}
