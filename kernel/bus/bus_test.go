package bus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

func sources() []fs.FS { return []fs.FS{event.Migrations(), Migrations()} }

func silent() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// hasty is a clock whose waits under an hour are over at once; it notes them.
type hasty struct {
	clock.System
	mu    sync.Mutex
	waits []time.Duration
}

func (h *hasty) Wait(ctx context.Context, t time.Time) error {
	d := time.Until(t).Round(10 * time.Millisecond)
	if d > 59*time.Minute {
		<-ctx.Done()
		return ctx.Err()
	}
	h.mu.Lock()
	h.waits = append(h.waits, d)
	h.mu.Unlock()
	return ctx.Err()
}

// add writes events from..to-1; the body of each is its number.
type add struct{ from, to int }

func (a add) once(i int) event.Once { return event.Once{Actor: 1, Key: event.KeyOf(fmt.Sprint(i))} }

func (a add) Load(g *store.Group) {
	for i := a.from; i < a.to; i++ {
		event.Load(g, a.once(i))
	}
}

func (a add) Decide(g *store.Group) error {
	for i := a.from; i < a.to; i++ {
		if _, err := event.Append(g, event.Draft{Kind: "test/add", Subject: event.NewSubject, Actor: 1, Key: a.once(i).Key, Recorded: time.UnixMicro(1), Body: i}); err != nil {
			return err
		}
	}
	return nil
}

func write(t *testing.T, db *store.DB, c store.Change) {
	t.Helper()
	if err := db.Write(context.Background(), c); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, db *store.DB, clk clock.Clock) *Bus {
	b := New(db, Options{Clock: clk, Log: silent(), Poll: time.Hour})
	t.Cleanup(b.Close)
	return b
}

// follow runs a follower until the test or stop ends it.
func follow(t *testing.T, b *Bus, name string, handle func(context.Context, []event.Event) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := b.Follow(ctx, name, handle); !errors.Is(err, context.Canceled) {
			t.Errorf("Follow ended with %v", err)
		}
	}()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

func TestFollow(t *testing.T) {
	storetest.Each(t, sources(), func(t *testing.T, db *store.DB) {
		write(t, db, add{0, 600}) // more than one batch before the start
		b := open(t, db, clock.System{})
		got := make(chan int64, 2000)
		handle := func(_ context.Context, events []event.Event) error {
			for _, e := range events {
				if string(e.Body) != fmt.Sprint(e.Pos) {
					t.Errorf("event %d has the body %s", e.Pos, e.Body)
				}
				got <- e.Pos
			}
			return nil
		}
		stop := follow(t, b, "one", handle)
		for i := range int64(600) {
			if pos := <-got; pos != i {
				t.Fatalf("position %d came when %d was due", pos, i)
			}
		}
		write(t, db, add{600, 603}) // woken by the commit: the poll is an hour
		for i := int64(600); i < 603; i++ {
			if pos := <-got; pos != i {
				t.Fatalf("position %d came when %d was due", pos, i)
			}
		}
		waitStatus(t, b, State{Name: "one", Pos: 603})
		stop()
		write(t, db, add{603, 604})
		follow(t, b, "one", handle) // goes on where it stopped
		if pos := <-got; pos != 603 {
			t.Fatalf("after a restart position %d came first", pos)
		}
	})
}

// waitStatus returns once the only follower stands as wanted.
func waitStatus(t *testing.T, b *Bus, want State) {
	t.Helper()
	var got []State
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); runtime.Gosched() {
		var err error
		if got, err = b.Status(context.Background()); err != nil {
			t.Fatal(err)
		}
		if len(got) == 1 && cmp.Equal(got[0], want) {
			return
		}
	}
	t.Fatalf("followers stand at %+v, want %+v", got, want)
}

// tally is a handler's own write: it counts events in a row of follower named
// after it, and moves the cursor in the same commit.
type tally struct {
	name   string
	events []event.Event
}

func (c *tally) Load(g *store.Group) {
	Load(g, c.name)
	Load(g, "tally")
}

func (c *tally) Decide(g *store.Group) error {
	if err := Advance(g, c.name, c.events); err != nil {
		return err
	}
	p, _ := store.Get(g, &places, "tally")
	p.pos += int64(len(c.events))
	store.Put(g, &places, "tally", p)
	return nil
}

func TestAdvanceCountsEachEventOnce(t *testing.T) {
	storetest.Each(t, sources(), func(t *testing.T, db *store.DB) {
		b := open(t, db, clock.System{})
		for range 3 { // three replicas of one follower
			follow(t, b, "count", func(ctx context.Context, events []event.Event) error {
				return db.Write(ctx, &tally{"count", events})
			})
		}
		for i := range 50 {
			write(t, db, add{i * 4, i*4 + 4})
		}
		for deadline := time.Now().Add(20 * time.Second); ; runtime.Gosched() {
			states, err := b.Status(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if len(states) == 2 && states[0].Pos == 200 {
				if states[1].Pos != 200 {
					t.Fatalf("200 events were counted as %d", states[1].Pos)
				}
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("stuck at %+v", states)
			}
		}
	})
}

func TestPoison(t *testing.T) {
	storetest.Each(t, sources(), func(t *testing.T, db *store.DB) {
		clk := &hasty{}
		b := open(t, db, clk)
		write(t, db, add{0, 10})
		var mu sync.Mutex
		handled := map[int64]int{}
		cured := false
		held := make(chan struct{})
		tries := 0
		follow(t, b, "bad", func(ctx context.Context, events []event.Event) error {
			mu.Lock()
			defer mu.Unlock()
			for _, e := range events {
				if e.Pos == 7 && !cured {
					if len(events) > 1 {
						panic("in a batch")
					}
					if tries++; tries == recordAfter+2 {
						close(held)
						mu.Unlock()
						<-ctx.Done() // hold still while the test looks
						mu.Lock()
						return ctx.Err()
					}
					return errors.New("cannot handle 110101199003071234 " + strings.Repeat("长", 400))
				}
			}
			for _, e := range events {
				handled[e.Pos]++
			}
			return nil
		})
		<-held
		states, err := b.Status(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		s := states[0]
		if s.Pos != 7 || s.Behind != 3 || s.Tries < recordAfter || s.Failed.IsZero() {
			t.Errorf("the follower stands at %+v", s)
		}
		if !strings.HasPrefix(s.Error, "cannot handle 110***********1234 长") || len(s.Error) > errorMax || !strings.HasSuffix(s.Error, "长") {
			t.Errorf("recorded error: %q", s.Error)
		}
		got := make(chan int64, 20)
		follow(t, b, "good", func(_ context.Context, events []event.Event) error {
			for _, e := range events {
				got <- e.Pos
			}
			return nil
		})
		for i := range int64(10) {
			if pos := <-got; pos != i {
				t.Fatalf("the other follower got %d, want %d", pos, i)
			}
		}
		mu.Lock()
		if handled[8] != 0 || handled[9] != 0 {
			t.Error("the poisoned event was skipped")
		}
		cured = true
		mu.Unlock()
		clk.mu.Lock()
		defer clk.mu.Unlock()
		if len(clk.waits) < 5 || clk.waits[0] != pauseFirst || clk.waits[4] < 2*pauseFirst {
			t.Errorf("pauses were %v", clk.waits)
		}
	})
}

func TestPoisonCured(t *testing.T) {
	db := storetest.Open(t, store.SQLite, store.Options{}, sources()...)
	b := open(t, db, &hasty{})
	write(t, db, add{0, 3})
	tries := 0
	follow(t, b, "bad", func(_ context.Context, events []event.Event) error {
		if events[0].Pos == 1 && tries < 8 {
			tries++
			return errors.New("not yet")
		}
		return nil
	})
	waitStatus(t, b, State{Name: "bad", Pos: 3})
}

func TestWatch(t *testing.T) {
	storetest.Each(t, sources(), func(t *testing.T, db *store.DB) {
		b := open(t, db, clock.System{})
		write(t, db, add{0, 5})
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		expect := func(feed <-chan []event.Envelope, from, to int64) {
			t.Helper()
			for from < to {
				for _, e := range <-feed {
					if e.Pos != from {
						t.Fatalf("position %d came when %d was due", e.Pos, from)
					}
					from++
				}
			}
		}
		old := b.Watch(ctx, 2)
		expect(old, 2, 5)
		now := b.Watch(ctx, -1)
		write(t, db, add{5, 6})
		expect(old, 5, 6)
		// A burst longer than memory: both catch up without a hole.
		for i := 6; i < 6+recentMax+1000; i += 1000 {
			write(t, db, add{i, min(i+1000, 6+recentMax+1000)})
		}
		expect(old, 6, 6+recentMax+1000)
		first := (<-now)[0].Pos
		if first < 5 || first > 6 {
			t.Fatalf("a watch from now began at %d", first)
		}
		cancel()
		for range now {
		}
	})
}

// TestPoll shows that another process's commits are seen without a commit here.
func TestPoll(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			dsn := storetest.DSN(t, engine)
			ctx := t.Context()
			if err := store.Migrate(ctx, dsn, sources()...); err != nil {
				t.Fatal(err)
			}
			var dbs [2]*store.DB
			for i := range dbs {
				db, err := store.Open(ctx, dsn, store.Options{})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = db.Close() })
				dbs[i] = db
			}
			clk := clock.NewManual(time.UnixMicro(0))
			b := New(dbs[0], Options{Clock: clk, Log: silent(), Poll: time.Second})
			t.Cleanup(b.Close)
			feed := b.Watch(ctx, 0)
			write(t, dbs[1], add{0, 1})
			for {
				select {
				case batch := <-feed:
					if len(batch) != 1 || batch[0].Pos != 0 {
						t.Fatalf("got %v", batch)
					}
					return
				default:
					clk.Advance(time.Second)
					runtime.Gosched()
				}
			}
		})
	}
}

func BenchmarkWake(b *testing.B) {
	db := storetest.Open(b, store.SQLite, store.Options{}, sources()...)
	bus := New(db, Options{Log: silent(), Poll: time.Hour})
	b.Cleanup(bus.Close)
	feed := bus.Watch(b.Context(), 0)
	var delay time.Duration
	i := 0
	for b.Loop() {
		if err := db.Write(b.Context(), add{i, i + 1}); err != nil {
			b.Fatal(err)
		}
		committed := time.Now()
		<-feed
		delay += time.Since(committed)
		i++
	}
	b.ReportMetric(float64(delay.Microseconds())/float64(b.N), "µs-after-commit")
}
