package docket

import (
	"context"
	"database/sql"
	"errors"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

var helpMeasures = store.Table[int64, Accuracy]{
	Name: "help_measure", Key: []string{"office"}, KeyType: []string{"BIGINT"},
	Cols:    []string{"measured", "n", "unit_first", "unit_three", "handling", "alike"},
	KeyArgs: func(office int64) []any { return []any{office} },
	Args: func(a Accuracy) []any {
		return []any{a.Measured, int64(a.N), int64(a.UnitFirst), int64(a.UnitThree), int64(a.Handling), int64(a.Similar)}
	},
	Scan: func(row store.Scanner, rev *int64) (office int64, a Accuracy, err error) {
		err = row.Scan(&office, &a.Measured, &a.N, &a.UnitFirst, &a.UnitThree, &a.Handling, &a.Similar, rev)
		return office, a, err
	},
}

var helpSwitches = store.Table[int64, bool]{
	Name: "help_switch", Key: []string{"person"}, KeyType: []string{"BIGINT"}, Cols: []string{"off"},
	KeyArgs: func(person int64) []any { return []any{person} },
	Args:    func(off bool) []any { return []any{off} },
	Scan: func(row store.Scanner, rev *int64) (person int64, off bool, err error) {
		err = row.Scan(&person, &off, rev)
		return person, off, err
	},
}

type helpTaken struct {
	matter int64
	what   string
	taken  int64
}

var helpTakings = store.Table[int64, helpTaken]{
	Name: "help_taken", Key: []string{"id"}, KeyType: []string{"BIGINT"}, Fixed: true, Cols: []string{"matter", "what", "taken"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args:    func(t helpTaken) []any { return []any{t.matter, t.what, t.taken} },
}

// accuracy gives the last measurement of an office; N is 0 and Measured 0 if
// there is none.
func (o *Office) accuracy(ctx context.Context, office int64) (a Accuracy, err error) {
	err = o.DB.QueryRow(ctx, "SELECT measured, n, unit_first, unit_three, handling, alike FROM help_measure WHERE office = ?", office).
		Scan(&a.Measured, &a.N, &a.UnitFirst, &a.UnitThree, &a.Handling, &a.Similar)
	if errors.Is(err, sql.ErrNoRows) {
		return a, nil
	}
	return a, fault.Wrap("docket.accuracy", err)
}

// keepMeasure stores a measurement: it follows from the log and is no act, so it
// has no event.
func (o *Office) keepMeasure(ctx context.Context, office int64, a Accuracy) error {
	return o.DB.Write(ctx, &measuring{office, a})
}

type measuring struct {
	office int64
	a      Accuracy
}

// Load implements store.Change.
func (c *measuring) Load(g *store.Group) { store.Want(g, &helpMeasures, c.office) }

// Decide implements store.Change.
func (c *measuring) Decide(g *store.Group) error {
	if _, ok := store.Get(g, &helpMeasures, c.office); ok {
		store.Put(g, &helpMeasures, c.office, c.a)
	} else {
		store.Insert(g, &helpMeasures, c.office, c.a)
	}
	return nil
}

// helpOff says whether the help is off for the installation, and for a person.
func (o *Office) helpOff(ctx context.Context, person int64) (all, mine bool, err error) {
	_, err = store.Collect(ctx, o.DB, func(row store.Scanner) (struct{}, error) {
		var who int64
		var off bool
		err := row.Scan(&who, &off)
		if who == 0 {
			all = off
		} else {
			mine = off
		}
		return struct{}{}, err
	}, "SELECT person, off FROM help_switch WHERE person IN (0, ?)", person)
	return all, mine, fault.Wrap("docket.helpOff", err)
}

// SwitchHelp turns the help on or off: for the installation if an administrator
// says so, else for the one who asks.
func (o *Office) SwitchHelp(ctx context.Context, who auth.Principal, all, off bool, key string) error {
	if all && !o.view(who).administers() {
		return fault.New(fault.Forbidden, "docket.SwitchHelp", "全系统的辅助开关由系统管理员设置。", "Only an administrator switches the help for the whole installation.")
	}
	c := &switching{write: o.write(who, key), person: who.Person, off: off}
	if all {
		c.person = 0
	}
	_, err := o.do(ctx, &c.write, "docket.help/switch", c)
	return err
}

type switching struct {
	write
	person int64
	off    bool
}

// Load implements store.Change.
func (c *switching) Load(g *store.Group) {
	c.Prepare(g)
	store.Want(g, &helpSwitches, c.person)
}

// Decide implements store.Change.
func (c *switching) Decide(g *store.Group) error {
	if again, err := c.Begin(g); again || err != nil {
		return err
	}
	if _, ok := store.Get(g, &helpSwitches, c.person); ok {
		store.Put(g, &helpSwitches, c.person, c.off)
	} else {
		store.Insert(g, &helpSwitches, c.person, c.off)
	}
	return c.log(g, "docket.help/switch", event.NewSubject, 0, 0, map[string]any{"person": c.person, "off": c.off})
}

// TakeHelp records that somebody took a suggestion over into a form. It changes
// nothing of the matter: what is sent afterwards is an act like any other.
func (o *Office) TakeHelp(ctx context.Context, who auth.Principal, id int64, what string, from int64, key string) (Done, error) {
	office, err := o.insight(who)
	if err != nil {
		return Done{}, err
	}
	if _, err := o.Desk.Get(ctx, who, id); err != nil {
		return Done{}, err
	}
	c := &takingHelp{write: o.write(who, key), matter: id, what: what, from: from, office: office}
	return o.do(ctx, &c.write, "docket.help/take", c)
}

type takingHelp struct {
	write
	matter, from, office int64
	what                 string
}

// Load implements store.Change.
func (c *takingHelp) Load(g *store.Group) { c.Prepare(g) }

// Decide implements store.Change.
func (c *takingHelp) Decide(g *store.Group) error {
	if again, err := c.Begin(g); again || err != nil {
		return err
	}
	id := event.Next(g)
	store.Insert(g, &helpTakings, id, helpTaken{c.matter, c.what, c.Now.UnixMicro()})
	return c.log(g, "docket.help/take", event.NewSubject, 0, c.office, map[string]any{"matter": c.matter, "what": c.what, "from": c.from})
}
