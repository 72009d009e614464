// Package act is the way that a domain's own acts take to the log, those that are
// no act of a matter: who does it, under which key, by whose right, and what proves
// it.
//
// A change embeds Write. Its Load calls Prepare, its Decide calls Begin, then asks
// Allow and writes events with Log; Do sends it and answers with the receipt. An
// act that comes again under its key is done once and gets its first answer. The
// rules are asked on the directory that the group sees, never on an older one.
//
// It knows no domain: kinds, bodies and rows are the caller's.
package act

import (
	"context"
	"time"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// Acts does acts. Fill all fields.
type Acts struct {
	DB    *store.DB
	Clock clock.Clock
	Book  *auth.Book
	Rules *auth.Rules
	Key   *audit.Key
}

// Write is what the change of every act carries.
type Write struct {
	Who   auth.Principal
	Now   time.Time
	Dir   *auth.Directory // as the group sees it, from Begin on
	Giver int64           // for whom it is done by delegation; 0 for nobody

	rules *auth.Rules
	once  event.Once
	place event.Place // of the first event
	n     int         // events written
	again bool
}

// Write begins an act of a person under an idempotency key.
func (a Acts) Write(who auth.Principal, key string) Write {
	return Write{Who: who, Now: a.Clock.Now(), rules: a.Rules, once: event.Once{Actor: who.Person, Key: event.KeyOf(key)}}
}

// Prepare names the rows that Begin and Log need. Call it from Load.
func (w *Write) Prepare(g *store.Group) {
	event.Load(g, w.once)
	auth.LoadVersion(g)
}

// Begin reports a repeated key, whose first event then is the answer. Call it first
// in Decide, which may run more than once.
func (w *Write) Begin(g *store.Group) (again bool, err error) {
	w.again, w.Giver, w.n = false, 0, 0
	if pos, ok := event.Seen(g, w.once); ok {
		w.again, w.place = true, event.Place{Event: event.Event{Envelope: event.Envelope{Pos: pos}}}
		return true, nil
	}
	return false, auth.Current(g, w.Dir)
}

// Allow asks the rules, and notes for whom it is done when only a delegation allows
// it.
func (w *Write) Allow(action string, res auth.Resource) error {
	v, err := w.rules.Require(w.Dir, w.Who, action, res)
	w.Giver = v.Behalf
	return err
}

// Log writes an event of the act: kind, subject, unit and body are the caller's,
// and behalf where it is not the giver of a delegation. The first event bears the
// act's key, and those that follow are numbered after it.
func (w *Write) Log(g *store.Group, d event.Draft) (event.Place, error) {
	d.Actor, d.Key, d.Recorded = w.Who.Person, w.once.Key, w.Now
	if d.Behalf == 0 {
		d.Behalf = w.Giver
	}
	if w.n > 0 {
		d.Key = d.Key.Sub(w.n)
	}
	place, err := event.Append(g, d)
	if w.n++; w.n == 1 {
		w.place = place
	}
	return place, err
}

// Done is the answer to an act: the object, the position of its event, and what
// proves it.
type Done struct {
	ID      int64
	Pos     int64
	Receipt audit.Receipt
}

// Do sends an act's change to the writer and answers with its receipt. kind is that
// of its first event: a key that was used for another is a Conflict.
func (a Acts) Do(ctx context.Context, w *Write, kind string, c store.Change) (Done, error) {
	if err := a.Book.Write(ctx, func(dir *auth.Directory) store.Change {
		w.Dir = dir
		return c
	}); err != nil {
		return Done{}, err
	}
	if w.again {
		receipt, first, err := a.Key.ReceiptAt(ctx, a.DB, w.place.Event.Pos)
		if err == nil && first.Kind != kind {
			err = fault.New(fault.Conflict, "act.Do", "这个操作号已用于另一项操作，请换一个操作号。", "This idempotency key was used for another act; choose another key.")
		}
		return Done{ID: first.Subject, Pos: first.Pos, Receipt: receipt}, err
	}
	receipt, err := a.Key.Receipt(w.place.Event, w.place.Tree)
	return Done{ID: w.place.Event.Subject, Pos: w.place.Event.Pos, Receipt: receipt.With(w.place.Event)}, err
}
