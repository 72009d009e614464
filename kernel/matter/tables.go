package matter

import (
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/store"
)

var matters = store.Table[int64, Matter]{
	Name: "matter", Key: []string{"id"}, KeyType: []string{"BIGINT"},
	Cols:    []string{"kind", "parent", "number", "title", "office", "unit", "originator", "opened", "status", "stage", "data", "mark"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args: func(m Matter) []any {
		return []any{m.Kind, m.Parent, m.Number, m.Title, m.Office, m.Unit, m.Originator, m.Opened, string(m.Status), m.Stage, m.encode(), m.Clocks.mark()}
	},
	Scan: func(row store.Scanner, rev *int64) (int64, Matter, error) {
		var mark int64
		m, err := scanMatter(row, &mark, rev)
		return m.ID, m, err
	},
}

// matterColumns are the columns that scanMatter reads.
const matterColumns = "id, kind, parent, number, title, office, unit, originator, opened, status, stage, data"

// scanMatter reads the columns, and behind them what more asks for.
func scanMatter(row store.Scanner, more ...any) (Matter, error) {
	var m Matter
	var data []byte
	dest := append(make([]any, 0, 14), &m.ID, &m.Kind, &m.Parent, &m.Number, &m.Title, &m.Office, &m.Unit, &m.Originator, &m.Opened, &m.Status, &m.Stage, &data)
	if err := row.Scan(append(dest, more...)...); err != nil {
		return m, err
	}
	return m, m.decode(data)
}

// mark gives the highest escalation among the open steps.
func (c Clocks) mark() int64 {
	mark := 0
	for _, s := range c.Slots {
		mark = max(mark, s.Mark)
	}
	return int64(mark)
}

// taskKey names an open step.
type taskKey struct {
	Matter int64
	Slot   string
}

// taskRow is an open step as inboxes and timers read it.
type taskRow struct {
	Slot
	Office int64
}

var tasks = store.Table[taskKey, taskRow]{
	Name: "task", Key: []string{"matter", "slot"}, KeyType: []string{"BIGINT", "TEXT"}, Derived: true,
	Cols:    []string{"n", "office", "unit", "need", "person", "due", "mark", "next"},
	KeyArgs: func(k taskKey) []any { return []any{k.Matter, k.Slot} },
	Args: func(t taskRow) []any {
		return []any{int64(t.N), t.Office, t.Unit, t.need(), t.Person, t.Due, int64(t.Mark), t.Next}
	},
}

// need names the duty that an open step waits for; "" when it names a person.
func (s *Slot) need() string {
	if s.Person != 0 {
		return ""
	}
	return auth.Need(auth.Duty(s.Duty), s.Unit)
}

// seal says that a matter is kept from a unit. Few matters are, so it is a table
// of its own: lists leave out what stands in it, and a matter's row says nothing.
type seal struct{ Unit, Matter int64 }

var seals = store.Table[seal, struct{}]{
	Name: "matter_seal", Key: []string{"unit", "matter"}, KeyType: []string{"BIGINT", "BIGINT"}, Derived: true,
	KeyArgs: func(s seal) []any { return []any{s.Unit, s.Matter} },
	Args:    func(struct{}) []any { return nil },
}

// party says that a person takes part in a matter.
type party struct{ Person, Matter int64 }

var parties = store.Table[party, struct{}]{
	Name: "matter_party", Key: []string{"person", "matter"}, KeyType: []string{"BIGINT", "BIGINT"}, Derived: true,
	KeyArgs: func(p party) []any { return []any{p.Person, p.Matter} },
	Args:    func(struct{}) []any { return nil },
}
