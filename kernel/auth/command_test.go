package auth

import (
	"testing"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// TestCommand: whoever operates the machine acts as a person who is active, and
// the log says so before the act; nobody else can be acted for.
func TestCommand(t *testing.T) {
	storetest.Each(t, tables(), func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		ctx := t.Context()
		id := h.person(t, "tang.yi")
		who, err := h.accounts.Command(ctx, " TANG.yi ", "user list")
		if err != nil || who.Person != id || who.Name != "某人" {
			t.Fatalf("%+v, %v", who, err)
		}
		e, err := event.At(ctx, db, who.Session)
		if err != nil || e.Kind != EventCommand || e.Actor != id || e.Subject != id || string(e.Body) != `{"command":"user list"}` {
			t.Errorf("the log says %+v %s, %v", e.Envelope, e.Body, err)
		}
		if err := h.registry.SetStatus(ctx, h.admin, "suspend", id, Suspended, false); err != nil {
			t.Fatal(err)
		}
		for login, want := range map[string]fault.Kind{"tang.yi": fault.Forbidden, "nobody": fault.NotFound, "": fault.NotFound, "\x00\xff": fault.NotFound} {
			if _, err := h.accounts.Command(ctx, login, "user list"); kindOf(err) != want {
				t.Errorf("as %q: %v", login, err)
			}
		}
		if n := eventsOf(t, db, EventCommand); n != 1 {
			t.Errorf("%d commands are in the log", n)
		}
	})
}
