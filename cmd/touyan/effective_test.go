package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/bus"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
	"touyan.dev/touyan/kernel/web"
)

// TestEffective measures how long after a session is ended by another process its
// requests are still answered and its stream still open, by the machine's clock:
// 200 trials on each engine. It prints the figures; more than a second fails.
func TestEffective(t *testing.T) {
	if testing.Short() {
		t.Skip("a measurement: run without -short")
	}
	for _, engine := range storetest.Engines() {
		t.Run(string(engine), func(t *testing.T) { measureEffect(t, engine) })
	}
}

func measureEffect(t *testing.T, engine store.Engine) {
	ctx := t.Context()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	place := Place{Data: t.TempDir(), DB: storetest.DSN(t, engine), Name: "touyan", Sign: "澄", accounts: auth.Options{Light: true}}
	open := func() *Program {
		p, err := place.open(ctx, clock.System{}, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.Close() })
		return p
	}
	here, there := open(), open() // two processes on one database
	token, err := here.Accounts.SetupToken(ctx)
	if err != nil {
		t.Fatal(err)
	}
	made, err := here.Accounts.Setup(ctx, auth.Setup{Token: token, City: fault.T("澄川市", "C"), Office: fault.T("办公室", "O"), Login: "admin", Password: cityPassword, Name: fault.T("管理员", "A")})
	if err != nil {
		t.Fatal(err)
	}
	feed := bus.New(here.DB, bus.Options{})
	plenty := web.Rate{PerSecond: 1e6, Burst: 1e6}
	server, err := here.server(feed, Front{Limits: web.Limits{Address: plenty, Session: plenty, SignIn: plenty}})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(server)
	defer feed.Close()
	defer srv.Close()

	const trials, atOnce = 200, 10
	var mu sync.Mutex
	var requests, streams []time.Duration
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			for range trials / atOnce {
				r, s, err := endOnce(ctx, srv.URL, here, there, made.Person)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				requests, streams = append(requests, r), append(streams, s)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	for name, list := range map[string][]time.Duration{"requests": requests, "streams": streams} {
		if len(list) != trials {
			t.Fatalf("%s: %d trials", name, len(list))
		}
		slices.Sort(list)
		t.Logf("%s refused after: p50 %v, p99 %v, p100 %v of %d", name, list[trials/2], list[trials*99/100], list[trials-1], trials)
		if list[trials-1] > time.Second {
			t.Errorf("%s: more than a second", name)
		}
	}
}

// endOnce signs somebody in, ends the session by another process while requests
// and a stream run, and tells how long each went on.
func endOnce(ctx context.Context, base string, here, there *Program, person int64) (request, stream time.Duration, err error) {
	token, session, err := here.Accounts.SignIn(ctx, auth.Attempt{Login: "admin", Password: cityPassword})
	if err != nil {
		return 0, 0, err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return 0, 0, err
	}
	c := &http.Client{Jar: jar}
	get := func(path string) (*http.Response, error) {
		req, err := http.NewRequestWithContext(ctx, "GET", base+path, nil)
		if err != nil {
			return nil, err
		}
		req.AddCookie(&http.Cookie{Name: "touyan_session", Value: token})
		return c.Do(req)
	}
	live, err := get("/api/live")
	if err != nil {
		return 0, 0, err
	}
	defer live.Body.Close()
	warm, err := get("/api/account/sessions")
	if err != nil {
		return 0, 0, err
	}
	warm.Body.Close()
	if live.StatusCode != 200 || warm.StatusCode != 200 {
		return 0, 0, fmt.Errorf("before: %d %d", live.StatusCode, warm.StatusCode)
	}
	if err := there.Accounts.Revoke(ctx, auth.Principal{Person: person}, session.ID); err != nil {
		return 0, 0, err
	}
	ended := time.Now()
	closed := make(chan time.Duration, 1)
	go func() {
		_, _ = io.Copy(io.Discard, live.Body)
		closed <- time.Since(ended)
	}()
	for {
		res, err := get("/api/account/sessions")
		if err != nil {
			return 0, 0, err
		}
		res.Body.Close()
		if res.StatusCode == http.StatusUnauthorized {
			return time.Since(ended), <-closed, nil
		}
		time.Sleep(2 * time.Millisecond)
	}
}
