package erase

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// Schedule knows what has been kept for as long as it may be.
type Schedule interface {
	// Over calls do with such objects, up to batch of them at a time.
	Over(ctx context.Context, batch int, do func(ids []int64) error) error
	// Due says, in the change that is to erase an object, why it goes now; ErrNotDue
	// when it is to stay after all.
	Due(g *store.Group, id int64, t *Target, now time.Time) (why fault.Text, err error)
}

// The pace of Sweep: how many objects are entered into the register at once, and
// the rest between two such batches, in which the writer has nothing of it to do.
const (
	sweepBatch = 64
	sweepRest  = 100 * time.Millisecond
)

// sweepAfter is how long after its start a server begins to erase: a restored log
// has lost the holds that came after its backup, and they can be set again first.
const sweepAfter = time.Hour

// quietLasts bounds how late a scrub may begin: a machine that slept through the
// night wakes up in office hours.
const quietLasts = 2 * time.Hour

// Terms (到期清除) erases what has been kept for as long as it may be.
type Terms struct {
	DB       *store.DB
	Clock    clock.Clock
	Holders  []Holder
	Schedule Schedule
	Keys     string        // directory of the register
	DSN      string        // of the database whose files are scrubbed
	Quiet    time.Duration // the wall time at which it is quiet, after midnight
}

// Run erases an hour after it was started and at every quiet hour, and then
// scrubs the database's files if anything was erased since that was done last;
// until ctx ends.
func (t *Terms) Run(ctx context.Context) {
	next := t.Clock.Now().Add(sweepAfter)
	for quiet := false; ; {
		if night := t.night(); !night.After(next) {
			next, quiet = night, true
		}
		if err := t.Clock.Wait(ctx, next); err != nil {
			return // ctx has ended
		}
		n, err := t.Sweep(ctx)
		if n > 0 {
			slog.InfoContext(ctx, "erased what was kept long enough", "objects", n)
		}
		if err == nil && quiet && t.Clock.Now().Sub(next) < quietLasts {
			_, err = t.ScrubOnce(ctx)
		}
		if err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "erasing what was kept long enough", "err", err)
		}
		next, quiet = t.night(), true
	}
}

// night is the next quiet hour.
func (t *Terms) night() time.Time {
	today := calendar.DayOf(t.Clock.Now())
	if at := today.Start().Add(t.Quiet); at.After(t.Clock.Now()) {
		return at
	}
	return (today + 1).Start().Add(t.Quiet)
}

// Sweep erases what is due now, object by object, and gives how many that were.
// Broken off at any point, it goes on where it stopped: the register was written
// before, and nothing is erased twice.
func (t *Terms) Sweep(ctx context.Context) (n int, err error) {
	err = t.Schedule.Over(ctx, sweepBatch, func(ids []int64) error {
		var due []int64
		for _, id := range ids {
			switch _, err := Run(ctx, t.DB, t.Holders, t.order(id, true)); {
			case err == nil:
				due = append(due, id)
			case !errors.Is(err, ErrNotDue):
				return err
			}
		}
		if len(due) == 0 {
			return nil
		}
		if err := enterOwn(ctx, t.Keys, t.DB, due, t.Clock.Now()); err != nil {
			return err
		}
		for _, id := range due {
			switch done, err := Run(ctx, t.DB, t.Holders, t.order(id, false)); {
			case err == nil && !done.Again:
				n++
			case err != nil && !errors.Is(err, ErrNotDue):
				return err
			}
		}
		return rest(ctx)
	})
	return n, fault.Wrap("erase.Sweep", err)
}

func rest(ctx context.Context) error {
	wait, cancel := context.WithTimeout(ctx, sweepRest)
	defer cancel()
	<-wait.Done()
	return ctx.Err()
}

// order is the erasure of one object because its term is over.
func (t *Terms) order(id int64, dry bool) Order {
	now := t.Clock.Now()
	return Order{
		Objects: []int64{id}, Kind: event.EventTerm, Own: true, Key: event.KeyOf(fmt.Sprintf("term/%d", id)), Now: now, Dry: dry,
		Due: func(g *store.Group, target *Target) (fault.Text, error) { return t.Schedule.Due(g, id, target, now) },
	}
}
