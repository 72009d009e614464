package matter

import (
	"context"
	"fmt"
	"slices"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/store"
)

// noticeKind is the kind of the event that enters a notice.
const noticeKind = "calendar/notice"

// notices holds the texts of late holiday notices.
var notices = store.Table[int64, string]{
	Name: "calendar_notice", Key: []string{"id"}, KeyType: []string{"BIGINT"}, Cols: []string{"text"}, Fixed: true,
	KeyArgs: func(id int64) []any { return []any{id} },
	Args:    func(text string) []any { return []any{text} },
	Scan: func(row store.Scanner, _ *int64) (id int64, text string, err error) {
		err = row.Scan(&id, &text)
		return id, text, err
	},
}

const editionID int64 = 1

// editions holds one row: the latest late notice, by its event.
var editions = store.Table[int64, int64]{
	Name: "calendar", Key: []string{"id"}, KeyType: []string{"BIGINT"}, Cols: []string{"last"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args:    func(last int64) []any { return []any{last} },
	Scan: func(row store.Scanner, rev *int64) (id, last int64, err error) {
		err = row.Scan(&id, &last, rev)
		return id, last, err
	},
}

// lateNotice is a notice that came after the program was built.
type lateNotice struct {
	pos  int64 // of its event
	text string
}

func lateNotices(ctx context.Context, r store.Reader) ([]lateNotice, error) {
	return store.Collect(ctx, r, func(row store.Scanner) (l lateNotice, err error) {
		err = row.Scan(&l.pos, &l.text)
		return l, err
	}, "SELECT id, text FROM calendar_notice ORDER BY id")
}

// loadCalendar reads the built-in notices and those that came later. A notice
// that this program has built in since it was entered counts once, as built in:
// those are held against the State Council's pages.
func loadCalendar(ctx context.Context, r store.Reader) (days *calendar.Calendar, last int64, err error) {
	entered, err := lateNotices(ctx, r)
	if err != nil {
		return nil, 0, err
	}
	days = calendar.Default()
	for _, l := range entered {
		n, err := calendar.ParseNotice("calendar_notice", []byte(l.text))
		if err != nil {
			return nil, 0, err
		}
		last = l.pos
		if days.Holds(n.Year, n.Part) {
			continue
		}
		if days, err = days.With(n); err != nil {
			return nil, 0, err
		}
	}
	return days, last, nil
}

// LoadNotice enters a holiday notice that came after the program was built, and
// computes every provisional deadline again, each by an event of its own; it
// gives the number of matters whose deadlines have changed. A notice that was
// entered before is not entered again, but what was still to be computed is: a
// call that was cut off is finished by the next.
func (e *Engine) LoadNotice(ctx context.Context, who auth.Principal, text, key string) (Done, int, error) {
	n, err := calendar.ParseNotice("notice", []byte(text))
	if err != nil {
		return Done{}, 0, err
	}
	if err := e.CatchUp(ctx); err != nil {
		return Done{}, 0, err
	}
	c := &noticing{work: e.work(who, key), notice: n, text: text}
	entered, err := lateNotices(ctx, e.db)
	if err != nil {
		return Done{}, 0, err
	}
	for _, l := range entered {
		if old, err := calendar.ParseNotice("calendar_notice", []byte(l.text)); err == nil && old.String() == n.String() {
			c.known = l.pos
		}
	}
	done, err := e.write(ctx, &c.work, c)
	if err != nil {
		return Done{}, 0, err
	}
	if err := e.CatchUp(ctx); err != nil {
		return done, 0, err
	}
	changed, err := e.Reclock(ctx)
	return done, changed, err
}

// noticing is the change that enters a notice.
type noticing struct {
	work
	notice calendar.Notice
	text   string
	known  int64 // the event that entered the same before
}

// Load implements store.Change.
func (c *noticing) Load(g *store.Group) { c.load(g) }

// Decide implements store.Change.
func (c *noticing) Decide(g *store.Group) error {
	c.kind = noticeKind
	if again, err := c.begin(g); again || err != nil {
		return err
	}
	v, err := c.e.rules.Require(c.dir, c.who, "calendar.notice", auth.Resource{Type: "Calendar", Unit: c.dir.Root()})
	if err != nil {
		return err
	}
	if c.known != 0 {
		c.again, c.place = true, event.Place{Event: event.Event{Envelope: event.Envelope{Pos: c.known}}}
		return nil
	}
	if _, err := c.e.Calendar().With(c.notice); err != nil {
		return err
	}
	place, err := event.Append(g, event.Draft{
		Kind: c.kind, Subject: event.NewSubject, Actor: c.who.Person, Behalf: v.Behalf, Key: c.once.Key, Recorded: c.now, Body: map[string]string{"text": c.text},
	})
	if err != nil {
		return err
	}
	c.place = place
	store.Insert(g, &notices, place.Event.Pos, c.text)
	store.Put(g, &editions, editionID, place.Event.Pos)
	return nil
}

// Reclock computes every provisional deadline again under the calendar in
// force and gives the number of matters whose deadlines have changed.
func (e *Engine) Reclock(ctx context.Context) (int, error) {
	ids, err := e.provisional(ctx)
	if err != nil {
		return 0, fault.Wrap("matter.Reclock", err)
	}
	changed := 0
	for _, id := range ids {
		c := &reclocking{work: e.work(auth.Principal{}, fmt.Sprintf("reclock/%s/%d", e.Calendar().Version(), id)), id: id}
		if err := e.send(ctx, &c.work, c); err != nil {
			return changed, fault.Wrap("matter.Reclock", err)
		}
		if c.events > 0 {
			changed++
		}
	}
	return changed, nil
}

// provisional lists the matters with an open step whose deadline is provisional.
// A notice comes once a year, so the open matters are read for it.
func (e *Engine) provisional(ctx context.Context) ([]int64, error) {
	var ids []int64
	for last := int64(-1); ; {
		open, err := store.Collect(ctx, e.db, func(row store.Scanner) (Matter, error) { return scanMatter(row) },
			"SELECT "+matterColumns+" FROM matter WHERE status <> 'ended' AND id > ? ORDER BY id LIMIT 500", last)
		if err != nil || len(open) == 0 {
			return ids, err
		}
		for _, m := range open {
			last = m.ID
			if slices.ContainsFunc(m.Clocks.Slots, func(s Slot) bool { return s.Provisional }) {
				ids = append(ids, m.ID)
			}
		}
	}
}

// reclocking computes the deadlines of one matter again.
type reclocking struct {
	work
	id int64
}

// Load implements store.Change.
func (c *reclocking) Load(g *store.Group) {
	c.load(g)
	loadMatter(g, c.e, c.id, false, c.now.Year())
}

// Decide implements store.Change.
func (c *reclocking) Decide(g *store.Group) error {
	if again, err := c.begin(g); again || err != nil {
		return err
	}
	m, ok := store.Get(g, &matters, c.id)
	if !ok || m.Status != Open {
		return nil
	}
	st, err := flow.DecodeState(m.State)
	if err != nil {
		return fault.Wrap("matter.reclock", err)
	}
	due, slots := m.Clocks.Due, m.Clocks.Slots
	if err := c.e.reckonWhole(&m); err != nil {
		return err
	}
	m.Clocks.Slots = append([]Slot{}, slots...)
	for i := range m.Clocks.Slots {
		c.e.reckon(&m, &m.Clocks.Slots[i])
	}
	if m.Clocks.Due == due && slices.Equal(m.Clocks.Slots, slots) {
		return nil // the year's notice is still to come
	}
	return c.settle(g, &m, st, nil, m.Kind+"/reclock", Body{Act: "reclock"}, running)
}
