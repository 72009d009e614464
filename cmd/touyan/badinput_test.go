package main

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/web/webtest"
)

// TestBadInput sends what no client should send to every operation of the real
// API: a table made from its own OpenAPI document.
func TestBadInput(t *testing.T) {
	if testing.Short() {
		t.Skip("thousands of requests: a volume target, run without -short")
	}
	c := newCity(t, store.SQLite)
	_, id, _ := c.assigned()
	address, err := url.Parse(c.server.URL)
	c.must(err)
	supervisor := c.clients["supervisor"]
	before, err := c.prog.check(t.Context(), 10)
	c.must(err)
	cases := webtest.BadInput(t, c.web, c.web.OpenAPI(), webtest.Options{
		Prepare: func(r *http.Request) {
			for _, cookie := range supervisor.http.Jar.Cookies(address) {
				r.AddCookie(cookie)
			}
			if r.Header.Get("X-CSRF-Token") == "" {
				r.Header.Set("X-CSRF-Token", supervisor.csrf)
			}
		},
		Skip:   func(op string) bool { return op == "DELETE /api/session" || op == "GET /api/live" },
		Params: map[string]string{"id": fmt.Sprint(id), "kind": "docket.followup", "pos": fmt.Sprint(id), "n": "1"},
	})
	t.Logf("%d cases", cases)
	after, err := c.prog.check(t.Context(), 10)
	c.must(err)
	if !after.OK || after.Events < before.Events {
		t.Errorf("after the bad input: %+v", after)
	}
}
