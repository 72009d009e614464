package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/store"
)

// replica is a second program over the same database, with its own server. Its
// people are signed in already: sessions lie in the database.
func (c *city) replica() *city {
	c.t.Helper()
	other := *c
	other.start(context.Background())
	other.serve()
	other.keys = 1_000_000
	other.clients = map[string]*client{}
	for name, cl := range c.clients {
		other.clients[name] = &client{c: &other, http: cl.http, csrf: cl.csrf}
	}
	return &other
}

func (c *city) who(login string) auth.Principal { return auth.Principal{Person: c.people[login]} }

// begin opens a follow-up under a key.
func (c *city) begin(key string) (matter.Done, error) {
	return c.prog.Desk.Open(context.Background(), c.who("secretary"), matter.Opening{
		Kind: docket.FollowUp, Title: "两台同时", Office: c.office, Originator: c.people["leader"],
		Given: map[string]any{"title": "两台同时", "content": "两台同时办理。"}, Key: key,
	})
}

// settles waits until a condition holds.
func (c *city) settles(what string, holds func() bool) {
	c.t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); runtime.Gosched() {
		if time.Now().After(deadline) {
			c.t.Fatalf("never came: %s", what)
		}
	}
}

func (c *city) count(query string, args ...any) (n int) {
	c.t.Helper()
	c.must(c.prog.DB.QueryRow(context.Background(), query, args...).Scan(&n))
	return n
}

// TestReplicasShareOneLock: while somebody holds the writers' lock, neither of
// two programs commits; afterwards both do.
func TestReplicasShareOneLock(t *testing.T) {
	c := newCity(t, store.PostgreSQL)
	both := []*city{c, c.replica()}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, c.place.DB)
	c.must(err)
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "SELECT pg_advisory_lock(x'746f7579616e'::bigint)")
	c.must(err)
	size := c.count("SELECT size FROM log_head")
	done := make(chan error, len(both))
	for i, r := range both {
		go func() {
			_, err := r.begin(fmt.Sprintf("lock-%d", i))
			done <- err
		}()
	}
	c.settles("both writers wait for one lock", func() bool {
		return c.count("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())") == len(both)
	})
	if n := c.count("SELECT size FROM log_head"); n != size {
		t.Errorf("%d events were written past the lock", n-size)
	}
	_, err = conn.Exec(ctx, "SELECT pg_advisory_unlock_all()")
	c.must(err)
	for range both {
		c.must(<-done)
	}
}

// TestReplicas: two programs on one database at the same time; on SQLite the
// second is a command beside the server. Acts through one
// or the other, also the same act through both at once, are done once and lost
// never; followers and watchers of both see every event in order; what one writes
// into the directory the other obeys at once; timers fire once though both run
// them.
func TestReplicas(t *testing.T) { eachCity(t, replicas) }

func replicas(t *testing.T, c *city) {
	both := []*city{c, c.replica()}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	before := c.count("SELECT size FROM log_head")
	followed, watched := [2][]int64{}, [2][]int64{}
	var mu sync.Mutex
	for i, r := range both {
		running.Go(func() {
			_ = r.feed.Follow(ctx, fmt.Sprintf("test/%d", i), func(_ context.Context, events []event.Event) error {
				mu.Lock()
				defer mu.Unlock()
				for _, e := range events {
					followed[i] = append(followed[i], e.Pos)
				}
				return nil
			})
		})
		running.Go(func() {
			for batch := range r.feed.Watch(ctx, int64(before)) {
				mu.Lock()
				for _, e := range batch {
					watched[i] = append(watched[i], e.Pos)
				}
				mu.Unlock()
			}
		})
		running.Go(func() {
			if err := r.prog.Desk.RunTimers(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	const lives = 60
	opened := c.throughBoth(both, lives)
	c.obeys(both[1])

	c.clock.Advance(90 * 24 * time.Hour)
	c.settles("all timers", func() bool {
		return c.count("SELECT count(*) FROM task WHERE next <> 0 AND next <= ?", c.clock.Now().UnixMicro()) == 0
	})
	fired := map[string]int{}
	for id := range opened {
		events, err := event.Of(ctx, c.prog.DB, id)
		c.must(err)
		for _, e := range events {
			var b matter.Body
			c.must(json.Unmarshal(e.Body, &b))
			if b.Mark > 0 {
				fired[fmt.Sprintf("%d/%d", id, b.Mark)]++
			}
		}
	}
	for name, n := range fired {
		if n != 1 {
			t.Errorf("timer %s fired %d times", name, n)
		}
	}
	if len(fired) != 3*lives {
		t.Errorf("%d timers fired, want %d", len(fired), 3*lives)
	}

	size := c.count("SELECT size FROM log_head")
	c.settles("followers and watchers at the end", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(followed[0]) >= size && len(followed[1]) >= size && len(watched[0]) >= size-before && len(watched[1]) >= size-before
	})
	mu.Lock()
	defer mu.Unlock()
	for i := range both {
		for at, pos := range followed[i] {
			if pos != int64(at) {
				t.Fatalf("follower %d was handed %d when %d was due", i, pos, at)
			}
		}
		for at, pos := range watched[i] {
			if pos != int64(before+at) {
				t.Fatalf("watcher %d was handed %d when %d was due", i, pos, before+at)
			}
		}
	}
	out, err := c.prog.check(ctx, 20)
	if err != nil || !out.OK || out.Events != int64(size) {
		t.Errorf("%v: %+v", err, out)
	}
}

// throughBoth opens matters, each through both replicas at once under one key,
// and draws a number for it through one and then the other.
func (c *city) throughBoth(both []*city, lives int) map[int64]string {
	c.t.Helper()
	var mu sync.Mutex
	numbers := map[int64]string{}
	var group sync.WaitGroup
	for k := range lives {
		group.Go(func() {
			dones, errs := [2]matter.Done{}, [2]error{}
			var pair sync.WaitGroup
			for i, r := range both {
				pair.Go(func() { dones[i], errs[i] = r.begin(fmt.Sprintf("both-%d", k)) })
			}
			pair.Wait()
			if err := errors.Join(errs[:]...); err != nil || dones[0].Pos != dones[1].Pos || dones[0].Again == dones[1].Again {
				c.t.Errorf("matter %d: %v: at %d and %d", k, err, dones[0].Pos, dones[1].Pos)
				return
			}
			id := dones[0].Matter
			one, two := both[k%2], both[1-k%2]
			units := []any{map[string]any{"unit": fmt.Sprint(c.bureau), "role": "lead", "limit": "10wd"}}
			_, err := one.prog.Desk.Act(context.Background(), c.who("supervisor"), id, matter.Act{Step: "propose", Act: "submit", Input: map[string]any{"opinion": "拟办", "units": units}, Key: fmt.Sprintf("submit-%d", k)})
			if err != nil {
				c.t.Error(err)
				return
			}
			done, err := two.prog.Desk.Act(context.Background(), c.who("leader"), id, matter.Act{Step: "approve", Act: "approve", Input: map[string]any{}, Key: fmt.Sprintf("approve-%d", k)})
			if err != nil {
				c.t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			numbers[id] = done.Number
		})
	}
	group.Wait()
	drawn := map[string]bool{}
	for _, number := range numbers {
		drawn[number] = true
	}
	for n := range lives {
		if number := fmt.Sprintf("澄政督〔2026〕%d号", n+1); !drawn[number] {
			c.t.Errorf("%s was not drawn", number)
		}
	}
	return numbers
}

// obeys gives a person a post through one replica, who acts through the other at
// once, and ends another's account, whose session the other then refuses.
func (c *city) obeys(other *city) {
	c.t.Helper()
	ctx := context.Background()
	id, err := c.prog.Registry.AddPerson(ctx, c.who("admin"), auth.NewPerson{Key: c.key(), Login: "fresh", Name: fault.T("新来", "Fresh"), Password: cityPassword})
	c.must(err)
	_, err = c.prog.Registry.AddPost(ctx, c.who("admin"), auth.NewPost{Key: c.key(), Person: id, Unit: c.office, Duty: auth.Secretary})
	c.must(err)
	opened, err := other.prog.Desk.Open(ctx, auth.Principal{Person: id}, matter.Opening{
		Kind: docket.FollowUp, Title: "新来登记", Office: c.office, Given: map[string]any{"title": "新来登记", "content": "刚刚到岗。"}, Key: "fresh",
	})
	c.must(err)
	path := fmt.Sprintf("/api/matters/%d", opened.Matter)
	if status, body := other.clients["supervisor"].do("GET", path, nil); status != http.StatusOK {
		c.t.Errorf("signed in at one, asked at the other: %d %s", status, body)
	}
	c.must(c.prog.Registry.SetStatus(ctx, c.who("admin"), c.key(), c.people["secretary"], auth.Suspended, false))
	_, err = other.begin("suspended")
	if !fault.Is(err, fault.Forbidden) {
		c.t.Errorf("a suspended person acted through the other replica: %v", err)
	}
	c.clock.Advance(2 * time.Second) // sessions are compared with the directory once a second
	if status, _ := other.clients["secretary"].do("GET", path, nil); status != http.StatusUnauthorized {
		c.t.Errorf("a suspended person's session at the other replica: %d", status)
	}
}
