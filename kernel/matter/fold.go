package matter

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/store"
)

// Check folds the events of every matter of a log and compares the result with
// its rows: state and clocks, open steps, and a timer for every open clock. It
// gives what is wrong, up to limit findings, and how many matters it looked at.
// Matters with an erased event are counted and not folded. It takes the
// definitions that the log holds, so that it works on a copy of the log too.
func Check(ctx context.Context, r store.Reader, limit int) (found []audit.Finding, looked int, erased int, err error) {
	all, err := readDefinitions(ctx, r)
	if err != nil {
		return nil, 0, 0, err
	}
	defs, err := flow.NewSet(all...)
	if err != nil {
		return nil, 0, 0, err
	}
	f := folder{r, defs, map[int64][]int64{}, nil}
	if err := f.readSeals(ctx); err != nil {
		return nil, 0, 0, err
	}
	for last := int64(-1); len(found) < limit; {
		rows, err := store.Collect(ctx, r, func(row store.Scanner) (Matter, error) { return scanMatter(row) },
			"SELECT "+matterColumns+" FROM matter WHERE id > ? ORDER BY id LIMIT 500", last)
		if err != nil {
			return found, looked, erased, err
		}
		if len(rows) == 0 {
			for id := range f.seals {
				found = append(found, audit.Finding{Table: "matter_seal", Row: fmt.Sprintf("matter=%d", id), Text: fault.T("没有这个事项，却有保密记录", "a seal of no matter")})
			}
			return found, looked, erased, nil
		}
		if f.kept, err = readKept(ctx, r, last, rows[len(rows)-1].ID); err != nil {
			return found, looked, erased, err
		}
		for _, m := range rows {
			last = m.ID
			looked++
			gone, err := f.checkOne(ctx, m, func(table, row string, pos int64, zh, en string) {
				found = append(found, audit.Finding{Table: table, Row: row, Pos: pos, Text: fault.T(zh, en)})
			})
			if err != nil {
				return found, looked, erased, err
			}
			if gone {
				erased++
			}
		}
	}
	return found, looked, erased, nil
}

// moved reports an event by which the engine moved the matter. Others have it as
// their subject: a file bound to it, its erasure.
func (m *Matter) moved(ev event.Event) bool {
	kind, _, found := strings.Cut(ev.Kind, "/")
	return found && (kind == m.Kind || ev.Kind == event.Broken)
}

type reporter func(table, row string, pos int64, zh, en string)

// folder replays events of one log by the definitions that it holds.
type folder struct {
	r     store.Reader
	defs  *flow.Set
	seals map[int64][]int64 // of matters not looked at yet
	kept  map[int64]kept    // of those being looked at
}

// readKept reads what stands in the table of what is kept for matters after one
// up to another.
func readKept(ctx context.Context, r store.Reader, after, last int64) (map[int64]kept, error) {
	out := map[int64]kept{}
	_, err := store.Collect(ctx, r, func(row store.Scanner) (none struct{}, err error) {
		var id int64
		var k kept
		err = row.Scan(&id, &k.Kind, &k.Ended)
		out[id] = k
		return none, err
	}, "SELECT matter, kind, ended FROM matter_kept WHERE matter > ? AND matter <= ?", after, last)
	return out, err
}

// checkKept holds the table of what is kept against a matter.
func (f folder) checkKept(m Matter, add reporter) {
	want := kept{}
	if m.keeps() {
		want = kept{m.Kind, m.Updated}
	}
	if f.kept[m.ID] != want {
		add("matter_kept", fmt.Sprintf("matter=%d", m.ID), m.Last, "保存期限的起算与事项不符", "what is kept since when is not what the matter says")
	}
}

// readSeals reads from which units matters are kept: they are few.
func (f folder) readSeals(ctx context.Context) error {
	_, err := store.Collect(ctx, f.r, func(row store.Scanner) (none struct{}, err error) {
		var id, unit int64
		err = row.Scan(&id, &unit)
		f.seals[id] = append(f.seals[id], unit)
		return none, err
	}, "SELECT matter, unit FROM matter_seal ORDER BY matter, unit")
	return err
}

func (f folder) checkOne(ctx context.Context, m Matter, add reporter) (erased bool, err error) {
	events, err := event.Of(ctx, f.r, m.ID)
	if err != nil {
		return false, err
	}
	row := fmt.Sprintf("id=%d", m.ID)
	sealed := slices.Clone(m.Clocks.Sealed)
	slices.Sort(sealed)
	if !slices.Equal(sealed, f.seals[m.ID]) {
		add("matter_seal", fmt.Sprintf("matter=%d", m.ID), m.Last, "保密记录与事项不符", "the seals are not the matter's")
	}
	delete(f.seals, m.ID)
	f.checkKept(m, add)
	events = slices.DeleteFunc(events, func(ev event.Event) bool { return !m.moved(ev) })
	for _, ev := range events {
		if m.Outcome == flow.OutcomeErased {
			return true, f.checkErased(ctx, m, add)
		}
		if ev.Erased {
			return true, nil
		}
	}
	want, err := f.fold(events)
	if err != nil {
		add("matter", row, m.Last, fmt.Sprintf("事项%d的记录无法重演：%s", m.ID, fault.Of(err).Text.ZH), fmt.Sprintf("the events of matter %d cannot be replayed: %s", m.ID, fault.Of(err).Text.EN))
		return false, nil
	}
	if !bytes.Equal(want.State, m.State) || want.Status != m.Status || want.Outcome != m.Outcome || want.Stage != m.Stage ||
		want.Number != m.Number || want.Title != m.Title || want.Unit != m.Unit || want.Originator != m.Originator || want.Last != m.Last || want.Def != m.Def {
		add("matter", row, m.Last, fmt.Sprintf("事项%d的状态与记录不符", m.ID), fmt.Sprintf("matter %d is not what its events say", m.ID))
	}
	want.Clocks.Kids = m.Clocks.Kids // checked from the other end, by each sub-matter's Parent
	if !bytes.Equal(want.Clocks.appendJSON(nil), m.Clocks.appendJSON(nil)) {
		add("matter", row, m.Last, fmt.Sprintf("事项%d的时限与记录不符", m.ID), fmt.Sprintf("the clocks of matter %d are not what its events say", m.ID))
	}
	return false, f.checkTasks(ctx, m, add)
}

// openStep is a row of task as check reads it.
type openStep struct {
	slot         string
	n            int
	office, unit int64
	need         string
	person, due  int64
	mark         int
	next         int64
}

// checkTasks compares the rows of open steps with the matter, and demands a
// timer of every running clock that has not escalated to the end.
func (f folder) checkTasks(ctx context.Context, m Matter, add reporter) error {
	rows, err := store.Collect(ctx, f.r, func(row store.Scanner) (t openStep, err error) {
		err = row.Scan(&t.slot, &t.n, &t.office, &t.unit, &t.need, &t.person, &t.due, &t.mark, &t.next)
		return t, err
	}, "SELECT slot, n, office, unit, need, person, due, mark, next FROM task WHERE matter = ? ORDER BY slot", m.ID)
	if err != nil {
		return err
	}
	for _, t := range rows {
		s := m.Clocks.slot(t.slot)
		row := fmt.Sprintf("matter=%d slot=%q", m.ID, t.slot)
		if s == nil {
			add("task", row, m.Last, "多出一条待办", "an open step too many")
			continue
		}
		if t != (openStep{s.Slot, s.N, m.Office, s.Unit, s.need(), s.Person, s.Due, s.Mark, s.Next}) {
			add("task", row, m.Last, "待办与事项不符", "the open step is not the matter's")
		}
		if t.due != 0 && t.next == 0 && t.mark < marks[len(marks)-1] {
			add("task", row, m.Last, "时限没有计时器", "a running clock without a timer")
		}
	}
	if len(rows) < len(m.Clocks.Slots) {
		add("task", fmt.Sprintf("matter=%d", m.ID), m.Last, "缺少待办", "an open step is missing")
	}
	return nil
}

// fold replays a matter's events.
func (f folder) fold(events []event.Event) (Matter, error) {
	var m Matter
	var def *flow.Def
	var st flow.State
	for i, ev := range events {
		var b Body
		if err := json.Unmarshal(ev.Body, &b); err != nil {
			return m, fault.Wrap("matter.fold", err)
		}
		var input map[string]any
		if len(b.Input) > 0 {
			if err := json.Unmarshal(b.Input, &input); err != nil {
				return m, fault.Wrap("matter.fold", err)
			}
		}
		var err error
		switch {
		case i == 0 && b.Open == nil, i > 0 && b.Open != nil:
			return m, fault.New(fault.Internal, "matter.fold", "开始记录缺失或重复。", "The opening event is missing or stands twice.")
		case b.Open != nil:
			o := b.Open
			m = Matter{
				ID: ev.Subject, Def: o.Def, Parent: o.Parent, Part: o.Part, Root: o.Root, Source: o.Source, Number: o.Number,
				Title: o.Title, Office: o.Office, Unit: o.Unit, Originator: o.Originator, Opened: ev.Recorded,
			}
			if def = f.defs.ByHash(o.Def); def == nil {
				return m, errDefinition()
			}
			m.Kind = def.Kind
			st, _, err = def.Begin(input)
		case b.Child != nil:
			st, _, err = def.ChildDone(st, flow.Child{Each: b.Child.Each, N: b.Child.N, Index: b.Child.Index, Outcome: b.Child.Outcome})
		case b.Act == "cancel":
			st, _ = def.Cancel(st)
		case b.Mark > 0 || b.Act == "reclock" || b.Act == "handover" && b.Heir != nil:
		default:
			st, _, err = def.Apply(st, flow.Input{Slot: b.Slot, Step: b.Step, Act: b.Act, Data: input})
		}
		if err != nil {
			return m, err
		}
		if b.Number != "" {
			m.Number = b.Number
		}
		m.Clocks, m.Last, m.Updated = b.Clocks, ev.Pos, ev.Recorded
	}
	m.State, m.Status, m.Outcome, m.Stage = st.AppendJSON(nil), statusOf(st), st.Ended, stage(st)
	return m, nil
}
