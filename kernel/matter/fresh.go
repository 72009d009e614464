package matter

import (
	"context"
	"errors"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/store"
)

// held is what the engine keeps in memory of the database. Another program on
// the same database (a command beside the server, a replica) may add to it.
type held struct {
	defs *flow.Set
	days *calendar.Calendar
	last int64 // the latest late notice in days, by its event; 0 for none
}

// errBehind is the answer of a Decide that finds the engine behind the
// database: nothing may be decided by what it holds.
var errBehind = errors.New("matter: the calendar or the definitions have moved on")

// pinned gives the definition with a hash, inside a Decide.
func (e *Engine) pinned(hash string) (*flow.Def, error) {
	if def := e.Definitions().ByHash(hash); def != nil {
		return def, nil
	}
	return nil, errBehind
}

// send hands a change to the writer, for the newest directory, calendar and
// definitions.
func (e *Engine) send(ctx context.Context, w *work, c store.Change) error {
	for range 4 {
		err := e.book.Write(ctx, func(dir *auth.Directory) store.Change {
			w.dir = dir
			return c
		})
		if !errors.Is(err, errBehind) {
			return err
		}
		if err := e.CatchUp(ctx); err != nil {
			return err
		}
	}
	return errDefinition() // notices do not come so fast: it is nowhere
}

// CatchUp reads the notices and definitions anew if another program has added
// some. Acts do it when they must; screens are behind for as long as nobody
// calls it.
func (e *Engine) CatchUp(ctx context.Context) error {
	have := e.held.Load()
	var last int64
	var count int
	if err := e.db.QueryRow(ctx, "SELECT (SELECT COALESCE(MAX(id), 0) FROM calendar_notice), (SELECT COUNT(*) FROM definition)").Scan(&last, &count); err != nil {
		return fault.Wrap("matter.CatchUp", err)
	}
	if last == have.last && count == len(have.defs.All()) {
		return nil
	}
	days, last, err := loadCalendar(ctx, e.db)
	if err != nil {
		return fault.Wrap("matter.CatchUp", err)
	}
	defs, err := readDefinitions(ctx, e.db)
	if err != nil {
		return err
	}
	set, err := flow.NewSet(append(have.defs.All(), defs...)...)
	if err != nil {
		return fault.Wrap("matter.CatchUp", err)
	}
	e.held.CompareAndSwap(have, &held{defs: set, days: days, last: last})
	return nil
}
