package flow

import "touyan.dev/touyan/kernel/fault"

// Offer is one act that is possible now.
type Offer struct {
	Slot      string     `json:"slot,omitempty"`
	Step      string     `json:"step,omitempty"` // "" for acts on the whole matter
	N         int        `json:"n,omitempty"`
	Act       string     `json:"act"`
	Name      fault.Text `json:"name"`
	Form      string     `json:"form,omitempty"`
	Who       []Party    `json:"who"`
	Back      string     `json:"back,omitempty"`
	End       string     `json:"end,omitempty"`
	Number    bool       `json:"number,omitempty"`
	Left      int        `json:"left,omitempty"` // times still allowed, of a bounded act
	Interrupt bool       `json:"interrupt,omitempty"`
}

// Offers gives every act possible in this state, in the order of slots and of
// the file, interrupts last. Whether a person may take it is not asked here.
func (d *Def) Offers(s State) []Offer {
	if s.Over() {
		return nil
	}
	var out []Offer
	if !s.Paused {
		for i := range s.At {
			out = d.stepOffers(out, &s, &s.At[i])
		}
	}
	for i := range d.Interrupts {
		out = d.interruptOffers(out, &s, &d.Interrupts[i])
	}
	return out
}

func (d *Def) stepOffers(out []Offer, s *State, t *Token) []Offer {
	n := d.nodes[t.ID]
	if n == nil || n.block.Step == nil {
		return out
	}
	for i := range n.block.Step.Acts {
		a := &n.block.Step.Acts[i]
		if d.allowed("flow.Offers", s, n, i) != nil {
			continue
		}
		o := Offer{Slot: t.Slot, Step: t.ID, N: t.N, Act: a.ID, Name: a.Name, Form: a.Form, Who: n.acts[i].who.parties(s), Back: a.Back, End: a.End, Number: a.Number}
		if a.AtMost > 0 {
			o.Left = a.AtMost - count(s.Used, n.acts[i].key)
		}
		out = append(out, o)
	}
	return out
}

func (d *Def) interruptOffers(out []Offer, s *State, in *Interrupt) []Offer {
	o := Offer{Act: in.ID, Name: in.Name, Form: in.Form, Who: readWho(nil, &in.Who, s), Interrupt: true}
	if in.AtMost > 0 {
		o.Left = in.AtMost - count(s.Used, in.ID)
	}
	switch {
	case s.Paused && in.ID == IntPause:
		o.Act, o.Name, o.Form, o.Left = IntResume, stockName(IntResume), "", 0
		return append(out, o)
	case in.ID == IntWithdraw:
		o.End = in.Outcome
		return append(out, o)
	case in.ID == IntRecuse:
		return append(out, o)
	case s.Paused || in.AtMost > 0 && o.Left <= 0:
		return out
	case in.ID == IntPause:
		return append(out, o)
	}
	for i := range s.At {
		if d.Step(s.At[i].ID) == nil {
			continue
		}
		one := o
		one.Slot, one.Step, one.N = s.At[i].Slot, s.At[i].ID, s.At[i].N
		out = append(out, one)
	}
	return out
}

// interrupt makes an act on the whole matter.
func (d *Def) interrupt(s State, in Input) (State, []Effect, error) {
	const op = "flow.Apply"
	def := d.Interrupt(in.Act)
	if def == nil {
		return s, nil, fault.At(op, "act", "本事项没有这个全程动作。", "The matter has no such interrupt.")
	}
	switch {
	case in.Act == IntResume && !s.Paused:
		return s, nil, fault.New(fault.Conflict, op, "事项没有中止计时。", "The matter is not paused.")
	case s.Paused && in.Act != IntResume && in.Act != IntWithdraw && in.Act != IntRecuse:
		return s, nil, fault.New(fault.Conflict, op, "事项已中止计时，恢复后再办理。", "The matter is paused; resume it first.")
	}
	whole := in.Act == IntPause || in.Act == IntResume || in.Act == IntWithdraw || in.Act == IntRecuse
	t := Token{}
	if open := s.token(in.Step); whole {
		if in.Step != "" || in.Slot != "" {
			return s, nil, fault.At(op, "step", "这个动作针对整个事项，不写环节。", "This act concerns the whole matter; name no step.")
		}
	} else if open == nil || d.Step(in.Step) == nil || open.Slot != in.Slot {
		return s, nil, d.movedOn(op, &s)
	} else {
		t = *open
	}
	form := d.Forms[def.Form]
	if in.Act == IntResume {
		form = nil
	}
	if def.Form != "" && form == nil && in.Act != IntResume {
		return s, nil, broken(op)
	}
	if in.Act != IntResume {
		if err := bounded(op, &s, in.Act, def.AtMost, def.Name); err != nil {
			return s, nil, err
		}
	}
	text, err := d.input(op, form, in.Data)
	if err != nil {
		return s, nil, err
	}
	r := run{d: d, s: s}
	if def.AtMost > 0 && in.Act != IntResume {
		r.s.Used = counted(r.s.Used, in.Act)
	}
	r.interrupt(def, in.Act, t, text)
	return r.result(op)
}

func (r *run) interrupt(def *Interrupt, act string, t Token, text []byte) {
	e := Effect{Slot: t.Slot, Step: t.ID, N: t.N, Act: act}
	switch act {
	case IntPause:
		r.s.Paused = true
		e.Kind, e.Limit = Paused, def.Limit
	case IntResume:
		r.s.Paused = false
		e.Kind = Resumed
	case IntWithdraw:
		r.end(def.Outcome)
		return
	case IntTransfer:
		e.Kind = Transferred
	case IntExtend:
		e.Kind, e.By = Extended, def.By
	case IntUrge:
		e.Kind = Urged
	case IntRecuse:
		e.Kind, e.Person, e.Instead = Recused, textAt(text, "person"), textAt(text, "instead")
	}
	r.fx = append(r.fx, e)
}
