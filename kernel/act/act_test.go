package act_test

import (
	"context"
	"io/fs"
	"testing"
	"time"

	"touyan.dev/touyan/kernel/act"
	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// twice is an act of two events about one new object.
type twice struct {
	act.Write
	kind string
}

func (c *twice) Load(g *store.Group) { c.Prepare(g) }

func (c *twice) Decide(g *store.Group) error {
	if again, err := c.Begin(g); again || err != nil {
		return err
	}
	p, err := c.Log(g, event.Draft{Kind: c.kind, Subject: event.NewSubject, Body: struct{}{}})
	if err != nil {
		return err
	}
	_, err = c.Log(g, event.Draft{Kind: "test/second", Subject: p.Event.Subject, Behalf: 7, Body: struct{}{}})
	return err
}

// TestDo: an act writes its events under keys of their own, answers with the receipt
// of the first, is done once under its key, and its key serves no other act.
func TestDo(t *testing.T) {
	storetest.Each(t, []fs.FS{event.Migrations(), auth.Migrations()}, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		clk := clock.NewManual(time.Date(2026, 11, 30, 9, 0, 0, 0, clock.Shanghai()))
		key, err := audit.OpenKey(t.TempDir(), "test")
		if err != nil {
			t.Fatal(err)
		}
		rules, err := auth.NewRules(auth.Policies())
		if err != nil {
			t.Fatal(err)
		}
		book, err := auth.OpenBook(ctx, db, clk)
		if err != nil {
			t.Fatal(err)
		}
		acts := act.Acts{DB: db, Clock: clk, Book: book, Rules: rules, Key: key}
		do := func(kind, key string) (act.Done, error) {
			c := &twice{acts.Write(auth.Principal{Person: 5}, key), kind}
			return acts.Do(ctx, &c.Write, kind, c)
		}
		first, err := do("test/first", "k")
		if err != nil {
			t.Fatal(err)
		}
		again, err := do("test/first", "k")
		if err != nil || again.ID != first.ID || again.Pos != first.Pos {
			t.Errorf("again %d at %d, first %d at %d: %v", again.ID, again.Pos, first.ID, first.Pos, err)
		}
		if _, err := do("test/other", "k"); !fault.Is(err, fault.Conflict) {
			t.Errorf("the key served another act: %v", err)
		}
		if _, err := do("test/other", "l"); err != nil {
			t.Error(err)
		}
		all, err := event.Of(ctx, db, first.ID)
		if err != nil || len(all) != 2 || all[0].Pos != first.Pos || all[0].Actor != 5 || all[0].Behalf != 0 || all[1].Behalf != 7 {
			t.Errorf("%v %+v", err, all)
		}
		c := &twice{acts.Write(auth.Principal{Person: 5}, "m"), "test/first"}
		c.Dir = book.Now()
		if err := c.Allow("test.nothing", auth.Resource{}); err == nil {
			t.Error("what no rule allows is allowed")
		}
	})
}
