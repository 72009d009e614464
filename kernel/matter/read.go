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
		Need:    auth.Members{Of: "m.id", From: "SELECT matter FROM task WHERE need"},
	}
}

// resource is a matter as the rules see it when somebody wants to read it.
func (m *Matter) resource() auth.Resource {
	r := auth.Resource{
		Type: "Matter", ID: m.ID, Kind: m.Kind, Unit: m.Unit, Office: m.Office, Originator: m.Originator, Parties: m.Clocks.Parties,
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

// Filter narrows a list. Zero fields do not narrow.
type Filter struct {
	Kind   string
	Unit   int64
	Status Status
	Stage  string
	Late   bool  // an open step, of its own or of a sub-matter, has escalated past its due time
	Holder int64 // the person who holds an open step
	From   int64 // opened at or after, µs
	To     int64 // opened before, µs
	Parent int64
	Top    bool   // leave out sub-matters
	Query  string // part of the title, or a number
	Before int64  // only ids below: the next page
	Limit  int    // at most 200
}

// ways gives the conditions on matter m under which it passes the filter: one,
// or two if it may be late by its own step or by a sub-matter's, as each of the
// two has its index.
func (f Filter) ways() []condition {
	where, args := f.where()
	if !f.Late {
		return []condition{{where, args}}
	}
	return []condition{
		{where + " AND m.mark >= 100", args},
		{where + " AND m.status <> 'ended' AND m.id IN (SELECT k.parent FROM matter k WHERE k.mark >= 100 AND k.parent <> 0)", args},
	}
}

// where gives the filter's conditions on matter m, but for lateness.
func (f Filter) where() (string, []any) {
	var b strings.Builder
	var args []any
	add := func(text string, a ...any) {
		b.WriteString(" AND " + text)
		args = append(args, a...)
	}
	if f.Kind != "" {
		add("m.kind = ?", f.Kind)
	}
	if f.Unit != 0 {
		add("m.unit = ?", f.Unit)
	}
	switch f.Status {
	case "":
	case Ended:
		add("m.status = 'ended'")
	default: // the partial indexes hold what is not ended
		add("m.status <> 'ended' AND m.status = ?", string(f.Status))
	}
	if f.Stage != "" {
		add("m.status <> 'ended' AND m.stage = ?", f.Stage)
	}
	if f.Holder != 0 {
		add("m.id IN (SELECT matter FROM task WHERE person = ? AND person <> 0)", f.Holder)
	}
	if f.From != 0 {
		add("m.opened >= ?", f.From)
	}
	if f.To != 0 {
		add("m.opened < ?", f.To)
	}
	if f.Parent != 0 {
		add("m.parent = ? AND m.parent <> 0", f.Parent)
	} else if f.Top {
		add("m.parent = 0")
	}
	if f.Query != "" {
		like := "%" + likeText(f.Query) + "%"
		add("(m.title LIKE ? ESCAPE '~' OR m.number LIKE ? ESCAPE '~')", like, like)
	}
	if f.Before != 0 {
		add("m.id < ?", f.Before)
	}
	return b.String(), args
}

// likeText escapes what LIKE gives a meaning.
func likeText(s string) string {
	return strings.NewReplacer("~", "~~", "%", "~%", "_", "~_").Replace(s)
}

// List gives what who may read of the matters that pass the filter, newest
// first, and the Before of the next page (0 when this is the last). Each
// reason for seeing a matter is its own indexed query; the results are merged.
func (e *Engine) List(ctx context.Context, who auth.Principal, f Filter) ([]Matter, int64, error) {
	if f.Limit <= 0 || f.Limit > 200 {
		f.Limit = 50
	}
	reasons, err := e.rules.Scope(e.book.Now(), who, "matter.read", readColumns())
	if err != nil {
		return nil, 0, err
	}
	var all []Matter
	for _, r := range reasons {
		for _, way := range f.ways() {
			query := "SELECT " + matterColumns + " FROM matter m WHERE (" + r.SQL + ")" + way.sql + " ORDER BY m.id DESC LIMIT ?"
			part, err := store.Collect(ctx, e.db, func(row store.Scanner) (Matter, error) { return scanMatter(row) },
				query, append(append(append([]any{}, r.Args...), way.args...), f.Limit+1)...)
			if err != nil {
				return nil, 0, fault.Wrap("matter.List", err)
			}
			all = append(all, part...)
		}
	}
	slices.SortFunc(all, func(a, b Matter) int { return cmp.Compare(b.ID, a.ID) })
	all = slices.CompactFunc(all, func(a, b Matter) bool { return a.ID == b.ID })
	if len(all) > f.Limit {
		return all[:f.Limit], all[f.Limit-1].ID, nil
	}
	return all, 0, nil
}

// Task is an open step in somebody's inbox, with its matter.
type Task struct {
	Slot   Slot
	Matter Matter
}

// Group names a part of the inbox.
type Group string

// The groups of an inbox.
const (
	Mine  Group = "mine"  // for me by name or by my duty (待我办)
	Ours  Group = "unit"  // of the units I answer for (本单位)
	Watch Group = "watch" // escalated to me (关注)
)

// Inbox gives the open steps of one group for who, most urgent first, at most
// limit of them.
func (e *Engine) Inbox(ctx context.Context, who auth.Principal, group Group, limit int) ([]Task, error) {
	dir := e.book.Now()
	var parts []condition
	switch group {
	case Mine:
		parts = e.mine(dir, who)
	case Ours:
		parts = e.ours(dir, who)
	case Watch:
		parts = e.watched(dir, who)
	default:
		return nil, fault.At("matter.Inbox", "group", "分组只能是 mine、unit 或 watch。", "The group is mine, unit or watch.")
	}
	var out []Task
	for _, p := range parts {
		part, err := store.Collect(ctx, e.db, func(row store.Scanner) (t Task, err error) {
			var slot string
			t.Matter, err = scanMatter(row, &slot)
			if s := t.Matter.Clocks.slot(slot); s != nil {
				t.Slot = *s
			}
			return t, err
		}, "SELECT "+qualified()+", t.slot FROM task t JOIN matter m ON m.id = t.matter WHERE "+p.sql+
			" ORDER BY t.due = 0, t.due, t.matter LIMIT ?", append(slices.Clone(p.args), limit)...)
		if err != nil {
			return nil, fault.Wrap("matter.Inbox", err)
		}
		out = append(out, part...)
	}
	slices.SortFunc(out, func(a, b Task) int {
		return cmp.Or(cmp.Compare(late(a.Slot.Due), late(b.Slot.Due)), cmp.Compare(a.Matter.ID, b.Matter.ID), cmp.Compare(a.Slot.Slot, b.Slot.Slot))
	})
	out = slices.CompactFunc(out, func(a, b Task) bool { return a.Matter.ID == b.Matter.ID && a.Slot.Slot == b.Slot.Slot })
	return out[:min(limit, len(out))], nil
}

// late orders steps without a due time last.
func late(due int64) int64 {
	if due == 0 {
		return 1<<63 - 1
	}
	return due
}

func qualified() string {
	return "m." + strings.ReplaceAll(matterColumns, ", ", ", m.")
}

// condition is one indexed way to find tasks.
type condition struct {
	sql  string
	args []any
}

func marksOf(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// mine finds what waits for a person: steps that name him, and steps of his
// duties.
func (e *Engine) mine(dir *auth.Directory, who auth.Principal) []condition {
	out := []condition{{"t.person = ? AND t.person <> 0", []any{who.Person}}}
	var needs []any
	for _, p := range dir.PostsOf(who.Person, dir.Day()) {
		needs = append(needs, auth.Need(p.Duty, p.Unit))
	}
	if len(needs) > 0 {
		out = append(out, condition{"t.need <> '' AND t.need IN (" + marksOf(len(needs)) + ")", needs})
	}
	return out
}

// ours finds the open steps of the matters of the units that a person answers
// for.
func (e *Engine) ours(dir *auth.Directory, who auth.Principal) []condition {
	var units []any
	for _, p := range dir.PostsOf(who.Person, dir.Day()) {
		switch p.Duty {
		case auth.Liaison, auth.Head, auth.Section:
			for _, id := range dir.Descendants(p.Unit) {
				units = append(units, id)
			}
		}
	}
	if len(units) == 0 {
		return nil
	}
	return []condition{{"t.unit IN (" + marksOf(len(units)) + ")", units}}
}

// watched finds what has escalated to a person: at 100 % to the head of the
// unit and the office's supervisors, at 120 % to the leaders too.
func (e *Engine) watched(dir *auth.Directory, who auth.Principal) []condition {
	var out []condition
	for _, p := range dir.PostsOf(who.Person, dir.Day()) {
		switch p.Duty {
		case auth.Head:
			out = append(out, condition{"t.mark >= 100 AND t.unit = ?", []any{p.Unit}})
		case auth.Supervisor:
			out = append(out, condition{"t.mark >= 100 AND t.office = ?", []any{p.Unit}})
		case auth.Leader, auth.Deputy:
			out = append(out, condition{"t.mark >= 120 AND t.office = ?", []any{p.Unit}})
		}
	}
	return out
}

// Count counts the open steps of a group, and how many of them are due before
// a time; counting stops at most.
func (e *Engine) Count(ctx context.Context, who auth.Principal, group Group, before int64, most int) (int, error) {
	dir := e.book.Now()
	parts := e.mine(dir, who)
	if group == Ours {
		parts = e.ours(dir, who)
	} else if group == Watch {
		parts = e.watched(dir, who)
	}
	total := 0
	for _, p := range parts {
		where, args := p.sql, slices.Clone(p.args)
		if before != 0 {
			where += " AND t.due <> 0 AND t.due < ?"
			args = append(args, before)
		}
		var n int
		err := e.db.QueryRow(ctx, "SELECT count(*) FROM (SELECT 1 FROM task t WHERE "+where+" LIMIT ?) c", append(args, most)...).Scan(&n)
		if err != nil {
			return 0, fault.Wrap("matter.Count", err)
		}
		total += n
	}
	return min(total, most), nil
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
	for _, o := range def.Offers(st) {
		need, named := e.needs(&m, o.Who, who.Person)
		r := m.resource()
		r.Need, r.Named = need, named
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

// CountMatters counts what who may read of the matters that pass the filter,
// up to most.
func (e *Engine) CountMatters(ctx context.Context, who auth.Principal, f Filter, most int) (int, error) {
	reasons, err := e.rules.Scope(e.book.Now(), who, "matter.read", readColumns())
	if err != nil || len(reasons) == 0 {
		return 0, err
	}
	f.Before = 0
	var parts []string
	var all []any
	for _, r := range reasons {
		for _, way := range f.ways() {
			parts = append(parts, "SELECT id FROM (SELECT m.id FROM matter m WHERE ("+r.SQL+")"+way.sql+" LIMIT ?) p")
			all = append(append(append(all, r.Args...), way.args...), most)
		}
	}
	var n int
	err = e.db.QueryRow(ctx, "SELECT count(*) FROM ("+strings.Join(parts, " UNION ")+") c", all...).Scan(&n)
	return min(n, most), fault.Wrap("matter.CountMatters", err)
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

// OpenByUnit counts the open steps in the hands of each unit.
func (e *Engine) OpenByUnit(ctx context.Context) (map[int64]int, error) {
	out := map[int64]int{}
	_, err := store.Collect(ctx, e.db, func(row store.Scanner) (struct{}, error) {
		var unit int64
		var n int
		err := row.Scan(&unit, &n)
		out[unit] = n
		return struct{}{}, err
	}, "SELECT unit, count(*) FROM task GROUP BY unit")
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
