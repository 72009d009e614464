package matter

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/erase"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/store"
)

// kept says when a matter of its own ended, whose texts are still there.
type kept struct {
	Kind  string
	Ended int64
}

var keeping = store.Table[int64, kept]{
	Name: "matter_kept", Key: []string{"matter"}, KeyType: []string{"BIGINT"}, Cols: []string{"kind", "ended"}, Derived: true,
	KeyArgs: func(id int64) []any { return []any{id} },
	Args:    func(k kept) []any { return []any{k.Kind, k.Ended} },
}

// keeps reports whether a matter stands in the table of what is kept: it is a
// whole one that has ended and was not erased.
func (m *Matter) keeps() bool {
	return m.Parent == 0 && m.Status == Ended && m.Outcome != flow.OutcomeErased
}

// keepsOf gives the periods that hold for a matter: that of the version it began
// with, and that of the newest.
func (s *held) keepsOf(kind, def string) (all []*flow.Keep) {
	pinned, latest := s.defs.ByHash(def), s.defs.Latest(kind)
	if pinned != nil && pinned.Keep != nil {
		all = append(all, pinned.Keep)
	}
	if latest != nil && latest != pinned && latest.Keep != nil {
		all = append(all, latest.Keep)
	}
	return all
}

// keepOf gives the longer of them; nil when nothing says how long. A new period is
// for the records that there are too, but never shortens what one was promised.
func (s *held) keepOf(kind, def string) *flow.Keep {
	all := s.keepsOf(kind, def)
	if len(all) == 0 {
		return nil
	}
	return slices.MaxFunc(all, func(a, b *flow.Keep) int { return cmp.Compare(a.Of.Months, b.Of.Months) })
}

// soonest gives, for every kind with a period, the shortest that any version has.
func (s *held) soonest() map[string]calendar.Period {
	out := map[string]calendar.Period{}
	for _, d := range s.defs.All() {
		if d.Keep == nil {
			continue
		}
		if had, ok := out[d.Kind]; !ok || d.Keep.Of.Months < had.Months {
			out[d.Kind] = d.Keep.Of
		}
	}
	return out
}

// Over calls do with the matters that have been kept for as long as they may be
// and that nobody holds, up to batch of them at a time, the oldest of a kind
// first. It implements erase.Schedule.
func (e *Engine) Over(ctx context.Context, batch int, do func(ids []int64) error) error {
	if err := e.CatchUp(ctx); err != nil {
		return err
	}
	soonest := e.held.Load().soonest()
	for _, kind := range slices.Sorted(maps.Keys(soonest)) {
		for last := (found{}); ; {
			page, err := e.over(ctx, kind, soonest[kind], last, batch)
			if err != nil {
				return err
			}
			if len(page) == 0 {
				break
			}
			last = page[len(page)-1]
			var ids []int64
			for _, f := range page {
				if k := e.held.Load().keepOf(kind, f.def); k != nil && e.clock.Now().After(k.Of.End(micro(f.ended))) {
					ids = append(ids, f.id)
				}
			}
			if len(ids) == 0 {
				continue
			}
			if err := do(ids); err != nil {
				return err
			}
		}
	}
	return nil
}

// found is a matter that may have been kept long enough.
type found struct {
	id, ended int64
	def       string
}

func (e *Engine) over(ctx context.Context, kind string, p calendar.Period, after found, most int) ([]found, error) {
	out, err := store.Collect(ctx, e.db, func(row store.Scanner) (f found, err error) {
		var m Matter
		var data []byte
		if err := row.Scan(&f.id, &f.ended, &data); err != nil {
			return f, err
		}
		err = m.decode(data)
		f.def = m.Def
		return f, err
	}, "SELECT k.matter, k.ended, m.data FROM matter_kept k JOIN matter m ON m.id = k.matter"+
		" WHERE k.kind = ? AND k.ended <= ? AND (k.ended, k.matter) > (?, ?) AND NOT EXISTS (SELECT 1 FROM matter_hold h WHERE h.matter = k.matter)"+
		" ORDER BY k.ended, k.matter LIMIT ?", kind, p.Over(e.clock.Now()).UnixMicro(), after.ended, after.id, most)
	return out, fault.Wrap("matter.Over", err)
}

// Due says, within the change that is to erase a matter, why it is erased now. It
// is not while it or a part of it is open, while somebody holds it, and before its
// period, from the last end in its tree, is over.
func (e *Engine) Due(g *store.Group, id int64, t *erase.Target, now time.Time) (why fault.Text, err error) {
	m, ok := store.Get(g, &matters, id)
	if !ok || !m.keeps() {
		return why, erase.ErrNotDue
	}
	if _, held := store.Get(g, &holds, id); held {
		return why, erase.ErrNotDue
	}
	ended := m.Updated
	for _, part := range t.Objects {
		if !store.Have(g, &matters, part) {
			continue
		}
		if p, ok := store.Get(g, &matters, part); ok {
			if p.Status != Ended {
				return why, erase.ErrNotDue
			}
			ended = max(ended, p.Updated)
		}
	}
	k := e.held.Load().keepOf(m.Kind, m.Def)
	if k == nil || !now.After(k.Of.End(micro(ended))) {
		return why, erase.ErrNotDue
	}
	last, text := calendar.DayOf(k.Of.End(micro(ended))), k.Of.Text()
	return fault.T(fmt.Sprintf("办结后保存%s，%s期满", text.ZH, last), fmt.Sprintf("kept for %s after it ended, until %s", text.EN, last)), nil
}

// Keeping is how long a matter is kept, as its page says it.
type Keeping struct {
	Keep  *flow.Keep // nil when nothing says how long
	Until time.Time  // the last moment; zero while it has not ended
	Hold  *Holding   // who holds back its erasure; nil for nobody
	Gone  *Gone      // that it was erased; nil when it was not
}

// Gone is the event that says that something was erased.
type Gone struct {
	event.Event
	erase.Body
}

// Keeping tells how long a matter, which the caller may read, is kept. A part is
// kept, and held, with the whole.
func (e *Engine) Keeping(ctx context.Context, m Matter) (k Keeping, err error) {
	if m.Outcome == flow.OutcomeErased {
		k.Gone, err = e.gone(ctx, m.ID)
		return k, err
	}
	if m.Parent != 0 {
		if m, err = scanMatter(e.db.QueryRow(ctx, "SELECT "+matterColumns+" FROM matter WHERE id = ?", m.Root)); err != nil {
			return k, fault.Wrap("matter.Keeping", err)
		}
	}
	if k.Keep = e.held.Load().keepOf(m.Kind, m.Def); k.Keep != nil && m.Status == Ended {
		k.Until = k.Keep.Of.End(micro(m.Updated))
	}
	k.Hold, err = e.holdOf(ctx, m.ID) // of the whole
	return k, err
}

// gone reads the event by which a matter was erased; nil in a copy of the log that
// was erased quietly.
func (e *Engine) gone(ctx context.Context, id int64) (*Gone, error) {
	out := &Gone{}
	ok, err := e.told(ctx, "SELECT event FROM erasure WHERE id = ?", id, &out.Event, &out.Body)
	if err != nil || !ok {
		return nil, err
	}
	return out, nil
}
