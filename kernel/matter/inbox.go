package matter

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

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
	parts, err := e.conditions(who, group)
	if err != nil {
		return nil, err
	}
	rest, err := e.kept(who, "t.matter")
	if err != nil {
		return nil, err
	}
	var found []open
	for _, p := range parts {
		for _, dated := range []string{" AND t.due > 0", " AND t.due = 0"} { // what has no date comes last
			part, err := store.Collect(ctx, e.db, func(row store.Scanner) (o open, err error) {
				err = row.Scan(&o.matter, &o.slot, &o.due)
				return o, err
			}, "SELECT t.matter, t.slot, t.due FROM task t WHERE "+p.sql+dated+rest.sql+" ORDER BY t.due, t.matter, t.slot LIMIT ?", append(append(slices.Clone(p.args), rest.args...), limit)...)
			if err != nil {
				return nil, fault.Wrap("matter.Inbox", err)
			}
			if found = append(found, part...); len(part) == limit {
				break
			}
		}
	}
	slices.SortFunc(found, func(a, b open) int {
		return cmp.Or(cmp.Compare(late(a.due), late(b.due)), cmp.Compare(a.matter, b.matter), cmp.Compare(a.slot, b.slot))
	})
	found = slices.Compact(found)
	return e.tasks(ctx, found[:min(limit, len(found))])
}

// open is where an open step is found.
type open struct {
	matter int64
	slot   string
	due    int64
}

// tasks reads the matters of open steps. A step that has been closed since it was
// found is left out.
func (e *Engine) tasks(ctx context.Context, found []open) ([]Task, error) {
	if len(found) == 0 {
		return nil, nil
	}
	ids := make([]any, len(found))
	for i, o := range found {
		ids[i] = o.matter
	}
	of := map[int64]Matter{}
	if _, err := store.Collect(ctx, e.db, func(row store.Scanner) (none struct{}, err error) {
		m, err := scanMatter(row)
		of[m.ID] = m
		return none, err
	}, "SELECT "+matterColumns+" FROM matter WHERE id IN ("+marksOf(len(ids))+")", ids...); err != nil {
		return nil, fault.Wrap("matter.Inbox", err)
	}
	var out []Task
	for _, o := range found {
		m := of[o.matter]
		if s := m.Clocks.slot(o.slot); s != nil {
			out = append(out, Task{Slot: *s, Matter: m})
		}
	}
	return out, nil
}

// late orders steps without a due time last.
func late(due int64) int64 {
	if due == 0 {
		return 1<<63 - 1
	}
	return due
}

// conditions gives the ways in which the steps of a group are found.
func (e *Engine) conditions(who auth.Principal, group Group) ([]condition, error) {
	dir := e.book.Now()
	switch group {
	case Mine:
		return e.mine(dir, who)
	case Ours:
		return e.ours(dir, who)
	case Watch:
		return e.watched(dir, who)
	}
	return nil, fault.At("matter.Inbox", "group", "分组只能是 mine、unit 或 watch。", "The group is mine, unit or watch.")
}

// condition is one indexed way to find tasks.
type condition struct {
	sql  string
	args []any
}

// limited narrows a condition to what a delegation reaches.
func limited(c condition, kinds []string, within []int64) condition {
	if len(kinds) == 0 && len(within) == 0 {
		return c
	}
	c.sql += " AND EXISTS (SELECT 1 FROM matter m WHERE m.id = t.matter"
	if len(kinds) > 0 {
		c.sql += " AND m.kind IN (" + marksOf(len(kinds)) + ")"
		for _, k := range kinds {
			c.args = append(c.args, k)
		}
	}
	if len(within) > 0 {
		c.sql += " AND m.unit IN (" + marksOf(len(within)) + ")"
		for _, u := range within {
			c.args = append(c.args, u)
		}
	}
	c.sql += ")"
	return c
}

// lent narrows a condition to what a delegation reaches, and leaves out what is
// kept from its giver: nobody conveys more than he has.
func (e *Engine) lent(c condition, giver int64, kinds []string, within []int64) (condition, error) {
	if giver == 0 {
		return c, nil
	}
	c = limited(c, kinds, within)
	rest, err := e.kept(auth.Principal{Person: giver}, "t.matter")
	return condition{c.sql + rest.sql, append(slices.Clone(c.args), rest.args...)}, err
}

// mine finds what waits for a person: steps that name him, and steps of each of
// his duties; the same for those he acts for.
func (e *Engine) mine(dir *auth.Directory, who auth.Principal) ([]condition, error) {
	out := []condition{{"t.person = ? AND t.person <> 0", []any{who.Person}}}
	for _, p := range dir.Seats(who.Person) {
		c, err := e.lent(condition{"t.need <> '' AND t.need = ?", []any{auth.Need(p.Duty, p.Unit)}}, p.For, p.Kinds, nil)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	for _, n := range dir.StandsFor(who.Person) {
		c, err := e.lent(condition{"t.person = ? AND t.person <> 0", []any{n.Person}}, n.Person, n.Kinds, n.Within)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// For gives the person for whom who would act at an open step; 0 when it waits
// for who himself.
func (e *Engine) For(who auth.Principal, m Matter, s Slot) int64 {
	dir := e.book.Now()
	if s.Person == who.Person {
		return 0
	}
	if s.Person != 0 {
		for _, n := range dir.StandsFor(who.Person) {
			if n.Person == s.Person && n.Reaches(m.Kind, m.Unit) {
				return n.Person
			}
		}
		return 0
	}
	for _, p := range dir.Seats(who.Person) { // his own come first
		if string(p.Duty) == s.Duty && p.Unit == s.Unit && p.Reaches(m.Kind) {
			return p.For
		}
	}
	return 0
}

// ours finds the open steps of the matters of the units that a person answers
// for.
func (e *Engine) ours(dir *auth.Directory, who auth.Principal) ([]condition, error) {
	var units []any
	var out []condition
	for _, p := range dir.Seats(who.Person) {
		switch p.Duty {
		case auth.Liaison, auth.Head, auth.Section:
		default:
			continue
		}
		var below []any
		for _, id := range dir.Descendants(p.Unit) {
			below = append(below, id)
		}
		if p.For == 0 {
			units = append(units, below...)
			continue
		}
		c, err := e.lent(condition{"t.unit IN (" + marksOf(len(below)) + ")", below}, p.For, p.Kinds, nil)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	if len(units) > 0 {
		out = append(out, condition{"t.unit IN (" + marksOf(len(units)) + ")", units})
	}
	return out, nil
}

// watched finds what has escalated to a person: at 100 % to the head of the
// unit and the office's supervisors, at 120 % to the leaders too.
func (e *Engine) watched(dir *auth.Directory, who auth.Principal) ([]condition, error) {
	var out []condition
	for _, p := range dir.Seats(who.Person) {
		c := condition{}
		switch p.Duty {
		case auth.Head:
			c = condition{"t.mark >= 100 AND t.unit = ?", []any{p.Unit}}
		case auth.Supervisor:
			c = condition{"t.mark >= 100 AND t.office = ?", []any{p.Unit}}
		case auth.Leader, auth.Deputy:
			c = condition{"t.mark >= 120 AND t.office = ?", []any{p.Unit}}
		default:
			continue
		}
		c, err := e.lent(c, p.For, p.Kinds, nil)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// Count counts the open steps of a group, and how many of them are due before
// a time; counting stops at most.
func (e *Engine) Count(ctx context.Context, who auth.Principal, group Group, before int64, most int) (int, error) {
	parts, err := e.conditions(who, group)
	if err != nil {
		return 0, err
	}
	rest, err := e.kept(who, "t.matter")
	if err != nil {
		return 0, err
	}
	if len(parts) == 0 {
		return 0, nil
	}
	var unions []string
	var all []any
	for _, p := range parts {
		where, args := p.sql+rest.sql, append(slices.Clone(p.args), rest.args...)
		if before != 0 {
			where += " AND t.due > 0 AND t.due < ?"
			args = append(args, before)
		}
		unions = append(unions, "SELECT matter, slot FROM (SELECT t.matter, t.slot FROM task t WHERE "+where+" LIMIT ?) c")
		all = append(append(all, args...), most)
	}
	var n int // a step found in two ways, as by one's own duty and by a delegation, counts once
	err = e.db.QueryRow(ctx, "SELECT count(*) FROM ("+strings.Join(unions, " UNION ")+") u", all...).Scan(&n)
	return min(n, most), fault.Wrap("matter.Count", err)
}
