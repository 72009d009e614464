package matter

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/serial"
	"touyan.dev/touyan/kernel/store"
)

// A list costs the same however many matters are stored: each reason for seeing
// a matter is a query of its own along an index that gives its rows in order, and
// stops at the page's end. Words in titles have no index yet, so a search looks
// at one stretch of the log at a time and says how far it came.

// searchSpan is how many positions of the log one search of titles covers: some
// ten thousand matters, a few hundredths of a second.
const searchSpan = 50_000

// fewMatters is how many may be looked at one by one: some thousandths of a second.
const fewMatters = 2000

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

	since int64 // where a search of titles ends
	rare  bool  // the kind has few matters
	busy  bool  // who asks gave or took part in many matters, more than a unit is likely to have
}

// number gives the number that the query is, if it is one.
func (f *Filter) number() string {
	query := strings.TrimSpace(f.Query)
	whole, _, _ := strings.Cut(query, "-") // a sub-matter's number is its parent's and its own: 47号-1
	if _, err := serial.Parse(whole); err != nil {
		return ""
	}
	return query
}

// narrow reports a filter that leaves few matters, by an index of its own.
func (f *Filter) narrow() bool {
	return f.Status == Open || f.Status == Paused || f.Stage != "" || f.Late || f.Holder != 0 || f.Parent != 0
}

// source is one way to walk to what somebody may see: tables, predicate, its
// arguments, and the column whose order the walk has.
type source struct {
	tables, where string
	args          []any
	id            string
}

// sources chooses the walks along which somebody sees what the reasons give. A
// number or a rare kind comes first, as few matters have it; so does a set that may
// be as long as a working life, unless the filter leaves little to compare with it.
// CROSS JOIN: SQLite must not turn a walk around, and PostgreSQL does not mind.
func (f *Filter) sources(reasons []auth.Disjunct) []source {
	if f.busy && len(reasons) > 0 {
		return []source{f.alongUnit(reasons)}
	}
	var out []source
	for _, r := range reasons {
		s := source{"matter m", "(" + r.SQL + ")", slices.Clone(r.Args), "m.id"}
		party := r.Set == readColumns().Parties
		if party {
			s.where = probe + r.Rest
		}
		switch number := f.number(); {
		case number != "":
			s = s.along("k.number = ? AND k.number <> ''", number)
		case f.rare:
			s = s.along("k.kind = ?", f.Kind)
		case party && !f.narrow():
			s = source{"matter_party p CROSS JOIN matter m", "p.person = ? AND m.id = p.matter" + r.Rest, append(slices.Clone(r.Member), r.RestArgs...), "p.matter"}
		}
		out = append(out, s)
	}
	return out
}

// probe asks of a matter in hand whether somebody took part in it.
const probe = "EXISTS (SELECT 1 FROM matter_party p WHERE p.person = ? AND p.matter = m.id)"

// along makes a walk go along the few matters of a sort instead.
func (s source) along(few string, arg any) source {
	return source{"matter k CROSS JOIN matter m", few + " AND m.id = k.id AND " + s.where, append([]any{arg}, s.args...), "k.id"}
}

// alongUnit is one walk along a unit's matters with all reasons at once: whoever
// sees them all has a page at once, and whoever sees none has it read but once,
// from the index alone.
func (f *Filter) alongUnit(reasons []auth.Disjunct) source {
	parts, args := make([]string, len(reasons)), []any{f.Unit}
	for i, r := range reasons {
		parts[i] = "(" + r.SQL + ")"
		if r.Set == readColumns().Parties {
			parts[i] = "(" + probe + r.Rest + ")"
		}
		args = append(args, r.Args...)
	}
	return source{"matter m", "m.unit = ? AND (" + strings.Join(parts, " OR ") + ")", args, "m.id"}
}

// ways gives the conditions on matter m under which it passes the filter: one,
// or two if it may be late by its own step or by a sub-matter's, as each of the
// two has its index.
func (f Filter) ways() []condition {
	where, args := f.where()
	if !f.Late {
		return []condition{{where, args}}
	}
	where += " AND m.status <> 'ended'" // implied, and lets a unit's open matters be walked
	return []condition{
		{where + " AND m.mark >= 100", args},
		{where + " AND m.id IN (SELECT k.parent FROM matter k WHERE k.mark >= 100 AND k.parent <> 0)", args},
	}
}

// where gives the filter's conditions on matter m, but for lateness and Before.
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
	if f.From != 0 { // ids grow with the times of opening, so both bound the walk
		add("m.opened >= ? AND m.id >= COALESCE((SELECT id FROM matter WHERE opened >= ? ORDER BY opened, id LIMIT 1), 9223372036854775807)", f.From, f.From)
	}
	if f.To != 0 {
		add("m.opened < ? AND m.id <= COALESCE((SELECT id FROM matter WHERE opened < ? ORDER BY opened DESC, id DESC LIMIT 1), 0)", f.To, f.To)
	}
	if f.Parent != 0 {
		add("m.parent = ? AND m.parent <> 0", f.Parent)
	} else if f.Top {
		add("m.parent = 0")
	}
	if f.Query != "" && f.number() == "" {
		like := "%" + likeText(f.Query) + "%"
		add("(m.title LIKE ? ESCAPE '~' OR m.number LIKE ? ESCAPE '~') AND m.id >= ?", like, like, f.since)
	}
	return b.String(), args
}

// likeText escapes what LIKE gives a meaning.
func likeText(s string) string {
	return strings.NewReplacer("~", "~~", "%", "~%", "_", "~_").Replace(s)
}

// Page is one page of a list. Next is the Before of the page after it, 0 on the
// last. Since is where a search of titles ended, 0 if it saw everything; then
// Next goes on from there, also when Matters is empty.
type Page struct {
	Matters     []Matter
	Next, Since int64
}

// List gives what who may read of the matters that pass the filter, newest
// first.
func (e *Engine) List(ctx context.Context, who auth.Principal, f Filter) (Page, error) {
	if f.Limit <= 0 || f.Limit > 200 {
		f.Limit = 50
	}
	reasons, err := e.rules.Scope(e.book.Now(), who, "matter.read", readColumns())
	if err != nil {
		return Page{}, err
	}
	if err := e.prepare(ctx, who, &f); err != nil {
		return Page{}, err
	}
	var all []Matter
	for _, from := range f.sources(reasons) {
		if f.Before != 0 {
			from.where += " AND " + from.id + " < ?"
			from.args = append(slices.Clone(from.args), f.Before)
		}
		for _, way := range f.ways() {
			query := "SELECT " + qualified() + " FROM " + from.tables + " WHERE " + from.where + way.sql + " ORDER BY " + from.id + " DESC LIMIT ?"
			part, err := store.Collect(ctx, e.db, func(row store.Scanner) (Matter, error) { return scanMatter(row) },
				query, append(append(slices.Clone(from.args), way.args...), f.Limit+1)...)
			if err != nil {
				return Page{}, fault.Wrap("matter.List", err)
			}
			all = append(all, part...)
		}
	}
	slices.SortFunc(all, func(a, b Matter) int { return cmp.Compare(b.ID, a.ID) })
	page := Page{Matters: slices.CompactFunc(all, func(a, b Matter) bool { return a.ID == b.ID }), Since: f.since}
	if len(page.Matters) > f.Limit {
		page.Matters = page.Matters[:f.Limit]
		page.Next = page.Matters[f.Limit-1].ID
	} else if f.since > 0 {
		page.Next = f.since
	}
	return page, nil
}

// prepare finds out what the walks of a list depend on.
func (e *Engine) prepare(ctx context.Context, who auth.Principal, f *Filter) error {
	if f.number() != "" {
		return nil
	}
	if f.Query != "" {
		before := f.Before
		if before == 0 {
			var err error
			if before, _, err = event.Head(ctx, e.db); err != nil {
				return err
			}
		}
		f.since = max(0, before-e.span)
	}
	var err error
	if f.Kind != "" && !f.narrow() {
		if f.rare, err = e.few(ctx, "matter WHERE kind = ?", f.Kind); err != nil {
			return err
		}
	}
	if f.Unit != 0 && !f.rare && !f.narrow() {
		for _, rows := range []string{"matter_party WHERE person = ?", "matter WHERE originator = ?"} {
			idle, err := e.few(ctx, rows, who.Person)
			if err != nil {
				return err
			}
			f.busy = f.busy || !idle
		}
	}
	return nil
}

// few reports whether a table has few rows of a sort; it looks at no more than
// it must to tell.
func (e *Engine) few(ctx context.Context, rows string, arg any) (bool, error) {
	var found int
	err := e.db.QueryRow(ctx, "SELECT count(*) FROM (SELECT 1 FROM "+rows+" LIMIT ?) c", arg, e.most+1).Scan(&found)
	return found <= e.most, fault.Wrap("matter.List", err)
}

// CountMatters counts what who may read of the matters that pass the filter,
// up to most; a search of titles counts in the newest stretch alone.
func (e *Engine) CountMatters(ctx context.Context, who auth.Principal, f Filter, most int) (int, error) {
	reasons, err := e.rules.Scope(e.book.Now(), who, "matter.read", readColumns())
	if err != nil || len(reasons) == 0 {
		return 0, err
	}
	f.Before = 0
	if err := e.prepare(ctx, who, &f); err != nil {
		return 0, err
	}
	var parts []string
	var all []any
	for _, from := range f.sources(reasons) {
		for _, way := range f.ways() {
			parts = append(parts, "SELECT id FROM (SELECT m.id FROM "+from.tables+" WHERE "+from.where+way.sql+" LIMIT ?) c")
			all = append(append(append(all, from.args...), way.args...), most)
		}
	}
	var n int
	err = e.db.QueryRow(ctx, "SELECT count(*) FROM ("+strings.Join(parts, " UNION ")+") u", all...).Scan(&n)
	return min(n, most), fault.Wrap("matter.CountMatters", err)
}

// Stand says how many open matters stand at a stage, and how many of them are
// late, by their own step or by a sub-matter's.
type Stand struct{ Count, Late int }

// Board counts the open matters of a kind, and of a unit unless it is 0, that
// who may read, by stage. It looks at the newest of them, most for each reason to
// see one.
func (e *Engine) Board(ctx context.Context, who auth.Principal, kind string, unit int64, most int) (map[string]Stand, error) {
	reasons, err := e.rules.Scope(e.book.Now(), who, "matter.read", readColumns())
	if err != nil {
		return nil, err
	}
	late, err := store.Collect(ctx, e.db, func(row store.Scanner) (id int64, err error) {
		err = row.Scan(&id)
		return id, err
	}, "SELECT DISTINCT parent FROM matter WHERE mark >= 100 AND parent <> 0 ORDER BY parent")
	if err != nil {
		return nil, fault.Wrap("matter.Board", err)
	}
	f := Filter{Status: Open} // to walk along what is open
	out, seen := map[string]Stand{}, map[int64]bool{}
	// COALESCE keeps the planner from walking along the whole kind.
	where, args := " AND COALESCE(m.kind, '') = ?", []any{kind}
	if unit != 0 {
		where, args = where+" AND m.unit = ?", append(args, unit)
	}
	for _, from := range f.sources(reasons) {
		_, err := store.Collect(ctx, e.db, func(row store.Scanner) (none struct{}, err error) {
			var id, mark int64
			var stage string
			err = row.Scan(&id, &stage, &mark)
			if !seen[id] {
				seen[id] = true
				s := out[stage]
				s.Count++
				if _, of := slices.BinarySearch(late, id); of || mark >= 100 {
					s.Late++
				}
				out[stage] = s
			}
			return none, err
		}, "SELECT m.id, m.stage, m.mark FROM "+from.tables+" WHERE "+from.where+where+" AND m.status <> 'ended' ORDER BY m.id DESC LIMIT ?", append(append(slices.Clone(from.args), args...), most)...)
		if err != nil {
			return nil, fault.Wrap("matter.Board", err)
		}
	}
	return out, nil
}
