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
// twenty thousand matters, a few hundredths of a second.
const searchSpan = 100_000

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
	return f.Status == Open || f.Status == Paused || f.Stage != "" || f.Late || f.Holder != 0 || f.Parent != 0 || f.number() != ""
}

// from gives the tables for one reason, its predicate and the order of ids. A set
// that may be as long as a working life is walked along, unless the filter leaves
// little to compare with it.
func (f *Filter) from(r auth.Disjunct) (tables, where, id string) {
	if r.Set != readColumns().Parties {
		return "matter m", r.SQL, "m.id"
	}
	if f.narrow() {
		return "matter m", "EXISTS (SELECT 1 FROM matter_party p WHERE p.person = ? AND p.matter = m.id)", "m.id"
	}
	// CROSS JOIN: SQLite must not turn the walk around, and PostgreSQL does not mind.
	return "matter_party p CROSS JOIN matter m", "p.person = ? AND m.id = p.matter", "p.matter"
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
	if number := f.number(); number != "" {
		add("m.number = ? AND m.number <> ''", number)
	} else if f.Query != "" {
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
	if err := e.search(ctx, &f); err != nil {
		return Page{}, err
	}
	var all []Matter
	for _, r := range reasons {
		tables, reason, id := f.from(r)
		if f.Before != 0 {
			reason += " AND " + id + " < ?"
			r.Args = append(slices.Clone(r.Args), f.Before)
		}
		for _, way := range f.ways() {
			query := "SELECT " + qualified() + " FROM " + tables + " WHERE (" + reason + ")" + way.sql + " ORDER BY " + id + " DESC LIMIT ?"
			part, err := store.Collect(ctx, e.db, func(row store.Scanner) (Matter, error) { return scanMatter(row) },
				query, append(append(slices.Clone(r.Args), way.args...), f.Limit+1)...)
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

// search sets where a search of titles ends.
func (e *Engine) search(ctx context.Context, f *Filter) error {
	if f.Query == "" || f.number() != "" {
		return nil
	}
	before := f.Before
	if before == 0 {
		var err error
		if before, _, err = event.Head(ctx, e.db); err != nil {
			return err
		}
	}
	f.since = max(0, before-e.span)
	return nil
}

// CountMatters counts what who may read of the matters that pass the filter,
// up to most; a search of titles counts in the newest stretch alone.
func (e *Engine) CountMatters(ctx context.Context, who auth.Principal, f Filter, most int) (int, error) {
	reasons, err := e.rules.Scope(e.book.Now(), who, "matter.read", readColumns())
	if err != nil || len(reasons) == 0 {
		return 0, err
	}
	f.Before = 0
	if err := e.search(ctx, &f); err != nil {
		return 0, err
	}
	var parts []string
	var all []any
	for _, r := range reasons {
		tables, reason, _ := f.from(r)
		for _, way := range f.ways() {
			parts = append(parts, "SELECT id FROM (SELECT m.id FROM "+tables+" WHERE ("+reason+")"+way.sql+" LIMIT ?) p")
			all = append(append(append(all, r.Args...), way.args...), most)
		}
	}
	var n int
	err = e.db.QueryRow(ctx, "SELECT count(*) FROM ("+strings.Join(parts, " UNION ")+") c", all...).Scan(&n)
	return min(n, most), fault.Wrap("matter.CountMatters", err)
}
