package bus

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/privacy"
	"touyan.dev/touyan/kernel/store"
)

// recordAfter is the number of failures from which an error is recorded.
const recordAfter = 5

// The pauses between tries: 0.1 s doubled each time, up to a minute.
const (
	pauseFirst = 100 * time.Millisecond
	pauseMax   = time.Minute
)

// errorMax is how many bytes of an error are recorded.
const errorMax = 500

// ErrMoved is what Advance gives when the cursor no longer stands at the first
// of the events: another replica has handled them. Return it from the handler as
// it is; the follower reads its cursor again and goes on.
var ErrMoved = errors.New("bus: the follower has moved on")

// place is the row of a follower.
type place struct {
	pos    int64
	tries  int64
	error  string
	failed int64
}

var places = store.Table[string, place]{
	Name: "follower", Key: []string{"name"}, KeyType: []string{"TEXT"}, Cols: []string{"pos", "tries", "error", "failed"},
	KeyArgs: func(name string) []any { return []any{name} },
	Args:    func(p place) []any { return []any{p.pos, p.tries, p.error, p.failed} },
	Scan: func(row store.Scanner, rev *int64) (name string, p place, err error) {
		err = row.Scan(&name, &p.pos, &p.tries, &p.error, &p.failed, rev)
		return name, p, err
	},
}

// Load names what Advance needs; call it from the Load of the handler's change.
func Load(g *store.Group, name string) { store.Want(g, &places, name) }

// Advance moves the follower past events inside the handler's own write, so
// that what the handler writes and the cursor are committed together. events is
// a batch as it was handed over. It gives ErrMoved when another has been there.
func Advance(g *store.Group, name string, events []event.Event) error {
	if len(events) == 0 {
		return nil
	}
	p, _ := store.Get(g, &places, name)
	if p.pos != events[0].Pos {
		return ErrMoved
	}
	store.Put(g, &places, name, place{pos: events[len(events)-1].Pos + 1})
	return nil
}

// advance is Advance as a change of its own, for handlers that do not do it.
type advance struct {
	name   string
	events []event.Event
}

func (a *advance) Load(g *store.Group)         { Load(g, a.name) }
func (a *advance) Decide(g *store.Group) error { return Advance(g, a.name, a.events) }

// failure records why a follower stands still.
type failure struct {
	name  string
	place place
}

func (f *failure) Load(g *store.Group) { Load(g, f.name) }

func (f *failure) Decide(g *store.Group) error {
	if p, _ := store.Get(g, &places, f.name); p.pos != f.place.pos {
		return ErrMoved
	}
	store.Put(g, &places, f.name, f.place)
	return nil
}

// Follow hands the events of the log to handle, in order and from the cursor of
// that name on, until ctx ends; it then returns ctx's error. It runs in the
// caller's goroutine. A handler that returns an error, or panics, is handed the
// first of the events again, alone, after a pause.
func (b *Bus) Follow(ctx context.Context, name string, handle func(context.Context, []event.Event) error) error {
	f := &follower{bus: b, name: name, handle: handle, limit: batchMax}
	for {
		if err := f.step(ctx); err != nil {
			return err
		}
	}
}

// follower is one Follow on its way.
type follower struct {
	bus    *Bus
	name   string
	handle func(context.Context, []event.Event) error
	limit  int // events to hand over next
	tries  int // failures at the present position
}

// step handles one batch; its error is the end of ctx.
func (f *follower) step(ctx context.Context) error {
	pos, err := f.position(ctx)
	var events []event.Event
	if err == nil {
		if _, err := f.bus.await(ctx, pos); err != nil {
			return err
		}
		events, err = event.After(ctx, f.bus.db, pos, f.limit)
	}
	if err == nil && len(events) > 0 {
		err = f.call(ctx, events)
		if err == nil {
			err = f.passed(ctx, events)
		}
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil:
		f.tries, f.limit = 0, min(2*f.limit, batchMax)
		return nil
	case errors.Is(err, ErrMoved):
		return nil
	}
	return f.failed(ctx, pos, err)
}

func (f *follower) position(ctx context.Context) (int64, error) {
	return Position(ctx, f.bus.db, f.name)
}

// call runs the handler; a panic is an error like another.
func (f *follower) call(ctx context.Context, events []event.Event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f.handle(ctx, events)
}

// passed moves the cursor unless the handler has moved it itself.
func (f *follower) passed(ctx context.Context, events []event.Event) error {
	pos, err := f.position(ctx)
	if err != nil || pos > events[len(events)-1].Pos {
		return err
	}
	return f.bus.db.Write(ctx, &advance{f.name, events})
}

// failed counts the failure, records it if it has lasted, and pauses.
func (f *follower) failed(ctx context.Context, pos int64, err error) error {
	f.tries++
	f.limit = 1
	now := f.bus.opts.Clock.Now()
	log := f.bus.opts.Log.With("follower", f.name, "pos", pos, "tries", f.tries)
	log.Warn("a follower failed", "error", privacy.Text(err.Error()))
	if f.tries >= recordAfter {
		p := place{pos: pos, tries: int64(f.tries), error: cut(privacy.Text(err.Error())), failed: now.UnixMicro()}
		if err := f.bus.db.Write(ctx, &failure{f.name, p}); err != nil && !errors.Is(err, ErrMoved) {
			log.Error("a follower's failure cannot be recorded", "error", err)
		}
	}
	pause := pauseMax
	if f.tries < 10 {
		pause = pauseFirst << (f.tries - 1)
	}
	return f.bus.opts.Clock.Wait(ctx, now.Add(pause))
}

// cut shortens a text to errorMax bytes of whole characters.
func cut(text string) string {
	if len(text) <= errorMax {
		return text
	}
	end := 0
	for i := range text {
		if i > errorMax {
			break
		}
		end = i
	}
	return text[:end]
}

// State is how a follower stands.
type State struct {
	Name   string
	Pos    int64     // the next position it will read
	Behind int64     // events it has still to read
	Tries  int64     // failures at Pos, if they were recorded
	Error  string    // why it stands still; empty while it goes forward
	Failed time.Time // when it last failed; zero if Error is empty
}

// Status gives all followers by name.
func (b *Bus) Status(ctx context.Context) ([]State, error) {
	size, _, err := event.Head(ctx, b.db)
	if err != nil {
		return nil, err
	}
	return store.Collect(ctx, b.db, func(row store.Scanner) (State, error) {
		var s State
		var failed int64
		err := row.Scan(&s.Name, &s.Pos, &s.Tries, &s.Error, &failed)
		s.Behind = max(size-s.Pos, 0)
		if s.Error != "" {
			s.Failed = time.UnixMicro(failed).In(clock.Shanghai())
		}
		return s, err
	}, "SELECT name, pos, tries, error, failed FROM follower ORDER BY name")
}

// Rewind sends a follower back to the beginning of the log, inside the write that
// deletes what it has made. pos is where it was when that was read; ErrMoved says
// that it has gone on since. Load must have been called.
func Rewind(g *store.Group, name string, pos int64) error {
	if p, _ := store.Get(g, &places, name); p.pos != pos {
		return ErrMoved
	}
	store.Put(g, &places, name, place{})
	return nil
}

// Position is the next position that a follower will read.
func Position(ctx context.Context, r store.Reader, name string) (int64, error) {
	var pos int64
	err := r.QueryRow(ctx, "SELECT pos FROM follower WHERE name = ?", name).Scan(&pos)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return pos, fault.Wrap("bus.Position", err)
}
