package matter

import (
	"time"

	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter/flow"
)

// marks are the shares of a limit, in percent, at which the engine escalates:
// the holder is reminded, then the head of the unit and the office are told,
// then the leader in charge.
var marks = [...]int{70, 100, 120}

func micro(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us)
}

func unmicro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// startWhole starts the clock of the whole matter, if its definition has one.
func (w *work) startWhole(m *Matter, def *flow.Def, st flow.State) error {
	if l := def.WholeLimit(st); !l.IsZero() {
		m.Clocks.Limit = l.String()
	}
	return w.e.reckonWhole(m)
}

// limits parses a limit and adds its extension, which has the same unit.
func limits(limit, extra string) (calendar.Limit, error) {
	l, err := calendar.ParseLimit(limit)
	if err != nil || extra == "" {
		return l, err
	}
	more, err := calendar.ParseLimit(extra)
	if err != nil {
		return l, err
	}
	if more.Unit != l.Unit {
		return l, fault.New(fault.Invalid, "matter.extend", "延期须与原时限同一单位（工作日、日或小时）。", "An extension is counted in the unit of the limit (working days, days or hours).")
	}
	l.N += more.N
	return l, nil
}

// pauses gives the matter's pauses as the calendar takes them.
func (c *Clocks) pauses() []calendar.Interval {
	if len(c.Stops) == 0 {
		return nil
	}
	out := make([]calendar.Interval, len(c.Stops))
	for i, s := range c.Stops {
		out[i] = calendar.Interval{Start: micro(s.From), End: micro(s.To)}
	}
	return out
}

// reckonWhole computes when the whole matter is due.
func (e *Engine) reckonWhole(m *Matter) error {
	m.Clocks.Due = 0
	if m.Clocks.Limit == "" {
		return nil
	}
	l, err := limits(m.Clocks.Limit, m.Clocks.Extra)
	if err != nil {
		return err
	}
	at, _ := e.Calendar().DueAt(micro(m.Opened), l, m.Clocks.pauses())
	m.Clocks.Due = unmicro(at)
	return nil
}

// reckon computes when an open step is due and when it next escalates. A step
// without a limit of its own runs on the matter's clock; a step is never due
// after the whole matter. An unreadable limit leaves the step without a clock,
// which check reports.
func (e *Engine) reckon(m *Matter, s *Slot) {
	s.Due, s.Provisional, s.Next = 0, false, 0
	limit, extra, from := s.Limit, s.Extra, s.Since
	if limit == "" {
		limit, extra, from = m.Clocks.Limit, m.Clocks.Extra, m.Opened
	}
	if limit == "" {
		return
	}
	l, err := limits(limit, extra)
	if err != nil {
		return
	}
	cal, stops := e.Calendar(), m.Clocks.pauses()
	at, provisional := cal.DueAt(micro(from), l, stops)
	s.Due, s.Provisional = unmicro(at), provisional
	if m.Clocks.Due != 0 && s.Due > m.Clocks.Due {
		s.Due = m.Clocks.Due
	}
	for _, mark := range marks {
		if mark > s.Mark {
			s.Next = unmicro(cal.Mark(micro(from), l, stops, mark))
			// A step that is due with the whole matter, before its own limit is
			// over, warns by then at the latest.
			if mark == 100 || s.Next == 0 || mark < 100 && s.Next > s.Due {
				s.Next = s.Due
			}
			return
		}
	}
}

// pause stops all clocks. The first step's timer then waits for the end of the
// longest time that the pause may stand.
func (w *work) pause(m *Matter, f *flow.Effect) {
	m.Clocks.Stops = append(append([]Stop{}, m.Clocks.Stops...), Stop{From: w.now.UnixMicro()})
	m.Clocks.Due = 0
	until, _ := w.e.Calendar().DueAt(w.now, f.Limit, nil)
	for i := range m.Clocks.Slots {
		s := &m.Clocks.Slots[i]
		s.Due, s.Provisional, s.Next = 0, false, 0
		if i == 0 && !f.Limit.IsZero() {
			s.Next = unmicro(until)
		}
	}
}

// resume lets the clocks run again; the pause is left out of every count.
func (w *work) resume(m *Matter) {
	stops := append([]Stop{}, m.Clocks.Stops...)
	if n := len(stops) - 1; n >= 0 && stops[n].To == 0 {
		stops[n].To = w.now.UnixMicro()
	}
	m.Clocks.Stops = stops
	// The limits were readable when the clocks were started.
	_ = w.e.reckonWhole(m)
	for i := range m.Clocks.Slots {
		w.e.reckon(m, &m.Clocks.Slots[i])
	}
}

// extend grants more time to an open step, or to the whole matter when the step
// runs on the matter's clock. Escalations that the new date makes premature
// come again.
func (w *work) extend(m *Matter, f *flow.Effect) error {
	s := m.Clocks.slot(f.Slot)
	if s == nil {
		return fault.New(fault.Conflict, "matter.extend", "该环节已不在办理中。", "The step is no longer open.")
	}
	limit, extra := &s.Limit, &s.Extra
	if s.Limit == "" {
		limit, extra = &m.Clocks.Limit, &m.Clocks.Extra
	}
	if *limit == "" {
		return fault.New(fault.Conflict, "matter.extend", "该环节没有时限，无需延期。", "The step has no limit to extend.")
	}
	more := f.By
	if *extra != "" {
		had, err := calendar.ParseLimit(*extra)
		if err != nil {
			return err
		}
		more.N += had.N
	}
	if _, err := limits(*limit, more.String()); err != nil {
		return err
	}
	*extra = more.String()
	if err := w.e.reckonWhole(m); err != nil {
		return err
	}
	now := w.now.UnixMicro()
	for i := range m.Clocks.Slots {
		slot := &m.Clocks.Slots[i]
		slot.Mark = 0
		w.e.reckon(m, slot)
		for slot.Next != 0 && slot.Next <= now && slot.Mark < 120 && slot.Due > now {
			slot.Mark = 70 // the reminder was given
			w.e.reckon(m, slot)
			if slot.Next <= now {
				break
			}
		}
	}
	return nil
}
