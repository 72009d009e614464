package demo

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/link"
	"touyan.dev/touyan/kernel/matter"
)

// ring is the proof of the story's matter from the instruction to its answer.
type ring struct {
	size     int64 // events of the log when it was made
	steps    int   // events from the instruction to the answer
	proved   int   // of them, those whose receipt verifies offline
	units    int   // sub-matters
	ended    int   // of them, those that ended
	turned   bool  // the instruction turned into the matter
	answered bool  // the instruction was answered by an act of the matter
}

// holds reports a closed ring of which every step is proved.
func (r ring) holds() bool {
	return r.turned && r.answered && r.units == r.ended && r.steps > 0 && r.proved == r.steps
}

// proveRing walks the web from the instruction, and verifies the receipt of
// every event offline. What it found stands until the log grows.
func (s *Story) proveRing(ctx context.Context, at standing) (ring, error) {
	s.ringMu.Lock()
	defer s.ringMu.Unlock()
	size, _, err := event.Head(ctx, s.DB)
	if err != nil || s.ring.size == size {
		return s.ring, err
	}
	r := ring{size: size}
	edges, err := link.Trace(ctx, s.DB, at.instruction.ID, 2, 1000)
	if err != nil {
		return r, err
	}
	events, err := s.events(ctx, at.instruction.ID, at.family)
	if err != nil {
		return r, err
	}
	for _, e := range edges {
		if e.Source == at.instruction.ID && e.Rel == link.TurnInto && e.Target == at.matter {
			r.turned = true
		}
		ofMatter := func(ev event.Event) bool { return ev.Pos == e.Target && ev.Subject == at.matter }
		if e.Source == at.instruction.ID && e.Rel == link.Respond && slices.ContainsFunc(events, ofMatter) {
			r.answered = true
		}
	}
	for _, m := range at.family[min(1, len(at.family)):] {
		r.units++
		if m.Status == matter.Ended {
			r.ended++
		}
	}
	for _, e := range events {
		r.steps++
		ok, err := s.proves(ctx, e.Pos)
		if err != nil {
			return r, err
		}
		if ok {
			r.proved++
		}
	}
	s.ring = r
	return r, nil
}

// proves makes an event's receipt and verifies it as an outsider would: from its
// text and the public key alone.
func (t *town) proves(ctx context.Context, pos int64) (bool, error) {
	receipt, e, err := t.Key.ReceiptAt(ctx, t.DB, pos)
	if err != nil {
		return false, err
	}
	text, err := json.Marshal(receipt.With(e))
	if err != nil {
		return false, err
	}
	report, err := audit.Verify(text, []string{t.Key.Public})
	return report.OK, err
}

// events gives the events of an instruction and of the matters it led to, in
// the order of the log: the steps that a reader counts.
func (t *town) events(ctx context.Context, instruction int64, family []matter.Matter) ([]event.Event, error) {
	ids := []int64{instruction}
	for _, m := range family {
		ids = append(ids, m.ID)
	}
	var all []event.Event
	for _, id := range ids {
		if id == 0 {
			continue
		}
		own, err := event.Of(ctx, t.DB, id)
		if err != nil {
			return nil, err
		}
		all = append(all, own...)
	}
	slices.SortFunc(all, func(a, b event.Event) int { return int(a.Pos - b.Pos) })
	return all, nil
}

// acts leaves out what the engine wrote beside an act: the opening of the units'
// parts, their reports to the matter, and escalations. What is left are the
// steps that people took, as a reader counts them.
func acts(events []event.Event) []event.Event {
	return slices.DeleteFunc(slices.Clone(events), func(e event.Event) bool {
		kind, what, _ := strings.Cut(e.Kind, "/")
		return what == "part" || what == "escalate" || what == "resume" || what == "open" && kind == unitKind
	})
}

// unitKind is the kind of a unit's part of a matter.
const unitKind = "docket.unit"
