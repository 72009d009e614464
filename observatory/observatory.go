// Package observatory keeps the office's statistics and what they say (三盯: a
// city against its own past, against its peers, against what lies ahead).
//
// Figures come as releases: a file as a bureau publishes it, read with an error
// for each bad cell, looked at before anything is kept, and then held at the
// quality gate until a person publishes it. A published release is never changed;
// a later one stands over it, so the statistics as of any day can be had again.
// Publishing tells what is new, what reads differently now and what is no longer
// true; a fact that a revision broke is retracted, and whoever quoted it is told.
//
// The finding, checking, evaluating and forecasting is done by pure packages
// below this one. This one never changes a figure, never fills one in that is
// missing, and never lets a fact use a cell that waits at the gate.
package observatory

import (
	"context"
	"embed"
	"io/fs"
	"sync"
	"time"

	"touyan.dev/touyan/kernel/attach"
	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/observatory/panel"
)

// Desk does the observatory's work. Fill the exported fields.
type Desk struct {
	DB    *store.DB
	Clock clock.Clock
	Book  *auth.Book
	Rules *auth.Rules
	Key   *audit.Key
	Files *attach.Cabinet

	publishing sync.Mutex // one release at a time is mined

	mu     sync.Mutex
	latest map[panel.Freq]*vintage // as of the newest published release
}

//go:embed policies/observatory.cedar
var policies string

//go:embed migrations/*.sql
var migrations embed.FS

// Policies gives the observatory's rights, for auth.NewRules.
func Policies() auth.Source {
	return auth.Source{Name: "observatory/policies/observatory.cedar", Text: policies}
}

// Migrations gives the observatory's tables.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic("observatory: " + err.Error())
	}
	return sub
}

// write is what every change of the observatory is made of: who, when, under
// which key.
type write struct {
	d     *Desk
	who   auth.Principal
	now   time.Time
	once  event.Once
	dir   *auth.Directory
	place event.Place
	again bool
	giver int64 // for whom it is done by delegation
}

func (d *Desk) write(who auth.Principal, key string) write {
	return write{d: d, who: who, now: d.Clock.Now(), once: event.Once{Actor: who.Person, Key: event.KeyOf(key)}}
}

func (w *write) load(g *store.Group) {
	event.Load(g, w.once)
	auth.LoadVersion(g)
}

// begin reports a repeated key, whose first event then is the answer.
func (w *write) begin(g *store.Group) (again bool, err error) {
	w.again = false
	if pos, ok := event.Seen(g, w.once); ok {
		w.again, w.place = true, event.Place{Event: event.Event{Envelope: event.Envelope{Pos: pos}}}
		return true, nil
	}
	if err := auth.Current(g, w.dir); err != nil {
		return false, err
	}
	v, err := w.d.may(w.dir, w.who, "observatory.work")
	w.giver = v.Behalf
	return false, err
}

// log writes an event of the change. The first bears its key; those that follow
// in the same change are numbered after it.
func (w *write) log(g *store.Group, kind string, subject int64, n int, body any) (event.Place, error) {
	key := w.once.Key
	if n > 0 {
		key = key.Sub(n)
	}
	place, err := event.Append(g, event.Draft{Kind: kind, Subject: subject, Actor: w.who.Person, Behalf: w.giver, Unit: w.office(), Key: key, Recorded: w.now, Body: body})
	if n == 0 {
		w.place = place
	}
	return place, err
}

func (w *write) office() int64 { return office(w.dir) }

// office gives the city's office, for which the statistics are kept.
func office(dir *auth.Directory) int64 {
	for _, u := range dir.Units() {
		if u.Kind == auth.Office {
			return u.ID
		}
	}
	return 0
}

// may asks the rules about the statistics as a whole.
func (d *Desk) may(dir *auth.Directory, who auth.Principal, action string) (auth.Verdict, error) {
	at := office(dir)
	need := []string{auth.Need(auth.Secretary, at), auth.Need(auth.Supervisor, at)}
	return d.Rules.Require(dir, who, action, auth.Resource{Type: "Observatory", Office: at, Need: need})
}

// reads refuses whoever may not read the statistics.
func (d *Desk) reads(who auth.Principal) error {
	_, err := d.may(d.Book.Now(), who, "observatory.read")
	return err
}

// works reports whether who may bring in, decide and publish.
func (d *Desk) works(who auth.Principal) bool {
	_, err := d.may(d.Book.Now(), who, "observatory.work")
	return err == nil
}

// Done is the answer to an act of the observatory.
type Done struct {
	ID      int64
	Pos     int64
	Receipt audit.Receipt
}

// do sends a change to the writer and answers with its receipt.
func (d *Desk) do(ctx context.Context, w *write, kind string, c store.Change) (Done, error) {
	if err := d.Book.Write(ctx, func(dir *auth.Directory) store.Change {
		w.dir = dir
		return c
	}); err != nil {
		return Done{}, err
	}
	if w.again {
		receipt, first, err := d.Key.ReceiptAt(ctx, d.DB, w.place.Event.Pos)
		if err == nil && first.Kind != kind {
			err = fault.New(fault.Conflict, "observatory.do", "这个操作号已用于另一项操作，请换一个操作号。", "This idempotency key was used for another act; choose another key.")
		}
		return Done{ID: first.Subject, Pos: first.Pos, Receipt: receipt}, err
	}
	receipt, err := d.Key.Receipt(w.place.Event, w.place.Tree)
	return Done{ID: w.place.Event.Subject, Pos: w.place.Event.Pos, Receipt: receipt.With(w.place.Event)}, err
}
