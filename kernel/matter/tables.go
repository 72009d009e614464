package matter

import (
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/store"
)

var matters = store.Table[int64, Matter]{
	Name: "matter", Key: []string{"id"}, KeyType: []string{"BIGINT"},
	Cols: []string{
		"kind", "def", "parent", "part", "root", "source", "number", "title", "office", "unit", "originator",
		"opened", "updated", "last", "state", "clocks", "status", "outcome", "stage", "due", "mark",
	},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args: func(m Matter) []any {
		due, mark := m.Clocks.earliest()
		if m.Status == Ended {
			due = 0
		}
		return []any{
			m.Kind, m.Def, m.Parent, m.Part, m.Root, m.Source, m.Number, m.Title, m.Office, m.Unit, m.Originator,
			m.Opened, m.Updated, m.Last, m.State, m.Clocks.encode(), string(m.Status), m.Outcome, m.Stage, due, int64(mark),
		}
	},
	Scan: func(row store.Scanner, rev *int64) (int64, Matter, error) {
		var due, mark int64
		m, err := scanMatter(row, &due, &mark, rev)
		return m.ID, m, err
	},
}

// matterColumns are the columns that scanMatter reads.
const matterColumns = "id, kind, def, parent, part, root, source, number, title, office, unit, originator, " +
	"opened, updated, last, state, clocks, status, outcome, stage"

func scanMatter(row store.Scanner, more ...any) (Matter, error) {
	var m Matter
	var clocks []byte
	var status string
	dest := append([]any{
		&m.ID, &m.Kind, &m.Def, &m.Parent, &m.Part, &m.Root, &m.Source, &m.Number, &m.Title, &m.Office, &m.Unit, &m.Originator,
		&m.Opened, &m.Updated, &m.Last, &m.State, &clocks, &status, &m.Outcome, &m.Stage,
	}, more...)
	if err := row.Scan(dest...); err != nil {
		return m, err
	}
	m.Status = Status(status)
	var err error
	m.Clocks, err = decodeClocks(clocks)
	return m, err
}

// encode gives the clocks as the row keeps them.
func (c Clocks) encode() []byte { return c.appendJSON(make([]byte, 0, 256)) }

// earliest gives the nearest due time of the open steps and the highest
// escalation among them.
func (c Clocks) earliest() (due int64, mark int) {
	due = c.Due
	for _, s := range c.Slots {
		if s.Due != 0 && (due == 0 || s.Due < due) {
			due = s.Due
		}
		mark = max(mark, s.Mark)
	}
	return due, mark
}

// taskKey names an open step.
type taskKey struct {
	Matter int64
	Slot   string
}

// taskRow is an open step as inboxes and timers read it.
type taskRow struct {
	Slot
	Kind   string
	Office int64
}

var tasks = store.Table[taskKey, taskRow]{
	Name: "task", Key: []string{"matter", "slot"}, KeyType: []string{"BIGINT", "TEXT"}, Derived: true,
	Cols:    []string{"kind", "step", "n", "office", "unit", "duty", "need", "person", "since", "due", "provisional", "mark", "next"},
	KeyArgs: func(k taskKey) []any { return []any{k.Matter, k.Slot} },
	Args: func(t taskRow) []any {
		need, provisional := "", int64(0)
		if t.Person == 0 {
			need = auth.Need(auth.Duty(t.Duty), t.Unit)
		}
		if t.Provisional {
			provisional = 1
		}
		return []any{t.Kind, t.Step, int64(t.N), t.Office, t.Unit, t.Duty, need, t.Person, t.Since, t.Due, provisional, int64(t.Mark), t.Next}
	},
}

// party says that a person takes part in a matter.
type party struct{ Person, Matter int64 }

// parties keeps since when, in µs.
var parties = store.Table[party, int64]{
	Name: "matter_party", Key: []string{"person", "matter"}, KeyType: []string{"BIGINT", "BIGINT"}, Derived: true, Cols: []string{"since"},
	KeyArgs: func(p party) []any { return []any{p.Person, p.Matter} },
	Args:    func(since int64) []any { return []any{since} },
}
