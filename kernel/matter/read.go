package matter

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/store"
)

// readColumns says where the rows of matter m keep what policies compare.
func readColumns() auth.Columns {
	return auth.Columns{
		Type: "Matter", Unit: "m.unit", Office: "m.office", Originator: "m.originator", Kind: "m.kind",
		Parties: auth.Members{Of: "m.id", From: "SELECT matter FROM matter_party WHERE person"},
		Need:    auth.Members{Of: "m.id", From: "SELECT matter FROM task WHERE need <> '' AND need"},
		Sealed:  auth.Members{Of: "m.id", From: "SELECT matter FROM matter_seal WHERE unit"},
	}
}

// kept gives the condition that leaves out the matters which the rules keep from
// who, for queries that find matters in another way than by his right to read:
// column holds their ids. It is "" or begins with AND.
func (e *Engine) kept(who auth.Principal, column string) (condition, error) {
	out, err := e.rules.Except(e.book.Now(), who, "matter.read", auth.Columns{
		Type: "Matter", Sealed: auth.Members{Of: column, From: readColumns().Sealed.From},
	})
	return condition{out.Rest, out.RestArgs}, err
}

// Kept tells which of these matters the rules keep from who, whatever else he
// may be: to him they must be as if they did not exist.
func (e *Engine) Kept(ctx context.Context, who auth.Principal, ids []int64) (map[int64]bool, error) {
	out := map[int64]bool{}
	rest, err := e.kept(who, "m.id")
	if err != nil || rest.sql == "" || len(ids) == 0 {
		return out, err
	}
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	_, err = store.Collect(ctx, e.db, func(row store.Scanner) (none struct{}, err error) {
		var id int64
		err = row.Scan(&id)
		out[id] = true
		return none, err
	}, "SELECT m.id FROM matter m WHERE m.id IN ("+marksOf(len(ids))+") AND NOT (1 = 1"+rest.sql+")", append(args, rest.args...)...)
	return out, fault.Wrap("matter.Kept", err)
}

// resource is a matter as the rules see it when somebody wants to read it.
func (m *Matter) resource() auth.Resource {
	r := auth.Resource{
		Type: "Matter", ID: m.ID, Kind: m.Kind, Unit: m.Unit, Office: m.Office, Originator: m.Originator, Parties: m.Clocks.Parties,
		Sealed: m.Clocks.Sealed,
	}
	for _, s := range m.Clocks.Slots {
		if s.Person == 0 {
			r.Need = append(r.Need, auth.Need(auth.Duty(s.Duty), s.Unit))
		}
	}
	return r
}

// numberAt gives the number that a matter had once the event at pos was
// written: a retry must not be told what was drawn later.
func (e *Engine) numberAt(ctx context.Context, id, pos int64) (string, error) {
	events, err := event.Of(ctx, e.db, id)
	if err != nil {
		return "", err
	}
	number := ""
	for _, ev := range events {
		if ev.Pos > pos {
			break
		}
		if ev.Erased { // and with it which act drew the number
			continue
		}
		var b struct {
			Number string
			Open   struct{ Number string }
		}
		if err := json.Unmarshal(ev.Body, &b); err != nil {
			return "", fault.Wrap("matter.numberAt", err)
		}
		number = cmp.Or(b.Number, b.Open.Number, number)
	}
	return number, nil
}

// May reports whether who may read the matter.
func (e *Engine) May(who auth.Principal, m Matter) bool {
	_, err := e.rules.Require(e.book.Now(), who, "matter.read", m.resource())
	return err == nil
}

// Get gives a matter that who may read. To anyone else it does not exist.
func (e *Engine) Get(ctx context.Context, who auth.Principal, id int64) (Matter, error) {
	m, err := scanMatter(e.db.QueryRow(ctx, "SELECT "+matterColumns+" FROM matter WHERE id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return m, errNotFound()
	}
	if err != nil {
		return m, fault.Wrap("matter.Get", err)
	}
	if who.Person == 0 {
		return m, fault.New(fault.Unauthenticated, "matter.Get", "请先登录。", "Sign in first.")
	}
	if !e.May(who, m) {
		return Matter{}, errNotFound()
	}
	return m, nil
}

// Offered is an act that is possible now, and whether who may do it.
type Offered struct {
	flow.Offer
	Mine bool
}

// Offers gives the acts possible on a matter now.
func (e *Engine) Offers(who auth.Principal, m Matter) ([]Offered, error) {
	def := e.Definitions().ByHash(m.Def)
	if def == nil {
		return nil, errDefinition()
	}
	st, err := flow.DecodeState(m.State)
	if err != nil {
		return nil, fault.Wrap("matter.Offers", err)
	}
	var out []Offered
	dir := e.book.Now()
	asking := askers(dir, who, &m)
	for _, o := range def.Offers(st) {
		need, named := e.needs(&m, o.Who, asking)
		r := m.resource()
		if o.Act == flow.IntRecuse && e.concerns(dir, who, &m) {
			named = who.Person
		}
		r.Need, r.Named, r.Apart = need, named, apart(def, st, &m, o.Step)
		_, err := e.rules.Require(dir, who, "matter.act", r)
		out = append(out, Offered{Offer: o, Mine: err == nil})
	}
	return out, nil
}

// History gives a matter's events in order.
func (e *Engine) History(ctx context.Context, m Matter) ([]event.Event, error) {
	return event.Of(ctx, e.db, m.ID)
}

// Kids gives the sub-matters of a matter that who may read, in order.
func (e *Engine) Kids(ctx context.Context, who auth.Principal, m Matter) ([]Matter, error) {
	all, err := store.Collect(ctx, e.db, func(row store.Scanner) (Matter, error) { return scanMatter(row) },
		"SELECT "+matterColumns+" FROM matter WHERE parent = ? AND parent <> 0 ORDER BY id", m.ID)
	if err != nil {
		return nil, fault.Wrap("matter.Kids", err)
	}
	return slices.DeleteFunc(all, func(k Matter) bool { return !e.May(who, k) }), nil
}

// Tally says how the sub-matters of a matter stand, when the first of them is
// due (µs; 0 for none), and which units it still waits for, in the order in
// which they were assigned.
type Tally struct {
	Total, Done, Late, Paused int
	Due                       int64
	Units                     []int64
}

func (t *Tally) add(unit int64, status Status, due, now int64) {
	t.Total++
	if status == Ended {
		t.Done++
		return
	}
	if status == Paused {
		t.Paused++
	}
	if !slices.Contains(t.Units, unit) {
		t.Units = append(t.Units, unit)
	}
	if due == 0 {
		return
	}
	if due < now {
		t.Late++
	}
	if t.Due == 0 || due < t.Due {
		t.Due = due
	}
}

// Tally counts the sub-matters of several matters in one query.
func (e *Engine) Tally(ctx context.Context, ms []Matter) (map[int64]Tally, error) {
	out := map[int64]Tally{}
	var ids []any
	for _, m := range ms {
		if len(m.Clocks.Kids) > 0 {
			ids = append(ids, m.ID)
		}
	}
	if len(ids) == 0 {
		return out, nil
	}
	now := e.clock.Now().UnixMicro()
	_, err := store.Collect(ctx, e.db, func(row store.Scanner) (struct{}, error) {
		var parent, unit, due int64
		var status Status
		err := row.Scan(&parent, &unit, &status, &due)
		t := out[parent]
		t.add(unit, status, due, now)
		out[parent] = t
		return struct{}{}, err
	}, "SELECT m.parent, m.unit, m.status, coalesce((SELECT min(t.due) FROM task t WHERE t.matter = m.id AND t.due <> 0), 0)"+
		" FROM matter m WHERE m.parent <> 0 AND m.parent IN ("+marksOf(len(ids))+") ORDER BY m.parent, m.id", ids...)
	return out, fault.Wrap("matter.Tally", err)
}

// OpenByUnit counts the open steps in the hands of each unit, but for those of
// matters that are kept from who.
func (e *Engine) OpenByUnit(ctx context.Context, who auth.Principal) (map[int64]int, error) {
	out := map[int64]int{}
	rest, err := e.kept(who, "t.matter")
	if err != nil {
		return nil, err
	}
	_, err = store.Collect(ctx, e.db, func(row store.Scanner) (struct{}, error) {
		var unit int64
		var n int
		err := row.Scan(&unit, &n)
		out[unit] = n
		return struct{}{}, err
	}, "SELECT t.unit, count(*) FROM task t WHERE 1 = 1"+rest.sql+" GROUP BY t.unit", rest.args...)
	return out, fault.Wrap("matter.OpenByUnit", err)
}

// Moved gives the matters that events concern, as far as who may read them.
func (e *Engine) Moved(ctx context.Context, who auth.Principal, events []event.Envelope) ([]int64, error) {
	var out []int64
	for _, ev := range events {
		kind, _, _ := strings.Cut(ev.Kind, "/")
		if e.Definitions().Latest(kind) == nil || slices.Contains(out, ev.Subject) {
			continue
		}
		if _, err := e.Get(ctx, who, ev.Subject); err == nil {
			out = append(out, ev.Subject)
		} else if !fault.Is(err, fault.NotFound) {
			return nil, err
		}
	}
	return out, nil
}

func qualified() string {
	return "m." + strings.ReplaceAll(matterColumns, ", ", ", m.")
}

func marksOf(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }
