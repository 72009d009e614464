// Package observatory keeps the office's statistics and what they say (三盯: a
// city against its own past, against its peers, against what lies ahead).
//
// Figures come as releases: a file as a bureau publishes it, read with an error
// for each bad cell, looked at before anything is kept, and then held at the
// quality gate until a person publishes it. A published release is never changed;
// a later one stands over it, so the statistics as of any day can be had again.
// Publishing tells what is new, what reads differently now and what is no longer
// true; a fact that a revision broke is retracted, and whoever quoted it is told. A
// target that a work report set is entered in its words, and each release says by
// the forecast how it stands.
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

	"touyan.dev/touyan/kernel/act"
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

	// Matter refuses a matter that is not there, or that who may not read.
	Matter func(ctx context.Context, who auth.Principal, id int64) error

	publishing sync.Mutex // one release at a time is mined
	bringing   sync.Mutex // and one is written

	mu    sync.Mutex
	whole map[panel.Freq]*vintage // whole panels as last asked for
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

// write is what every change of the observatory is made of.
type write struct {
	d *Desk
	act.Write
}

func (d *Desk) write(who auth.Principal, key string) write { return write{d, d.acts().Write(who, key)} }

func (d *Desk) acts() act.Acts {
	return act.Acts{DB: d.DB, Clock: d.Clock, Book: d.Book, Rules: d.Rules, Key: d.Key}
}

// begin reports a repeated key, and asks for the right to work on the statistics.
func (w *write) begin(g *store.Group) (again bool, err error) {
	if again, err = w.Begin(g); again || err != nil {
		return again, err
	}
	return false, w.Allow("observatory.work", whole(w.Dir))
}

// log writes an event of the change, in the name of the city's office.
func (w *write) log(g *store.Group, kind string, subject int64, body any) (event.Place, error) {
	return w.Log(g, event.Draft{Kind: kind, Subject: subject, Unit: office(w.Dir), Body: body})
}

// office gives the city's office, for which the statistics are kept.
func office(dir *auth.Directory) int64 {
	for _, u := range dir.Units() {
		if u.Kind == auth.Office {
			return u.ID
		}
	}
	return 0
}

// whole is the statistics as the rules know them: one thing, of the city's office.
func whole(dir *auth.Directory) auth.Resource {
	at := office(dir)
	return auth.Resource{Type: "Observatory", Office: at, Need: []string{auth.Need(auth.Secretary, at), auth.Need(auth.Supervisor, at)}}
}

// may asks the rules before any work is done; a change asks again.
func (d *Desk) may(who auth.Principal, action string) error {
	dir := d.Book.Now()
	_, err := d.Rules.Require(dir, who, action, whole(dir))
	return err
}

// reads refuses whoever may not read the statistics.
func (d *Desk) reads(who auth.Principal) error { return d.may(who, "observatory.read") }

// works refuses whoever may not bring in, decide, publish, write and evaluate.
func (d *Desk) works(who auth.Principal) error { return d.may(who, "observatory.work") }

// Done is the answer to an act of the observatory.
type Done = act.Done

// do sends a change to the writer and answers with its receipt.
func (d *Desk) do(ctx context.Context, w *write, kind string, c store.Change) (Done, error) {
	return d.acts().Do(ctx, &w.Write, kind, c)
}

// one reads the row that a query finds; without one it is NotFound, as none says.
func one[T any](ctx context.Context, d *Desk, op string, none fault.Text, scan func(store.Scanner) (T, error), query string, args ...any) (found T, err error) {
	list, err := store.Collect(ctx, d.DB, scan, query, args...)
	if err != nil {
		return found, fault.Wrap(op, err)
	}
	if len(list) == 0 {
		return found, fault.New(fault.NotFound, op, none.ZH, none.EN)
	}
	return list[0], nil
}
