package bench

import (
	"context"
	"testing"
	"time"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// TestTimers: a small run fires each timer once, at its time, and holds.
func TestTimers(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			c := TimersConfig{Dir: t.TempDir(), Rate: 100, Time: time.Second, Due: 300, Quiet: 200 * time.Millisecond}
			if engine == store.PostgreSQL {
				c.Postgres = storetest.DSN(t, engine)
			}
			out, err := Timers(context.Background(), c)
			if err != nil {
				t.Fatal(err)
			}
			if out.Missing+out.Untrue+out.Altered+out.Findings != 0 || out.Arrived < 50 || out.Quiet.Acts == 0 || out.Drain <= 0 || out.SeenP99 < out.LateP99 {
				t.Errorf("%+v", out)
			}
		})
	}
}

// TestTimersHold: what is wrong with timers is counted.
func TestTimersHold(t *testing.T) {
	ctx := context.Background()
	hand := clock.NewManual(time.Date(2026, 11, 24, 9, 0, 0, 0, clock.Shanghai()))
	heap := hand.Now()
	place := Place{Dir: t.TempDir(), Clock: hand}
	town, err := NewTown(ctx, place)
	if err != nil {
		t.Fatal(err)
	}
	defer town.DB.Close()
	if err := town.openAt(ctx, []time.Time{heap, heap, heap}); err != nil {
		t.Fatal(err)
	}
	before, err := town.dues(ctx)
	if err != nil || len(before) != 3 {
		t.Fatalf("%v: %v", err, before)
	}
	hold := func(arrived, due int) TimersResult {
		t.Helper()
		out := TimersResult{Due: due}
		if err := out.hold(ctx, town, before, arrived, heap); err != nil {
			t.Fatal(err)
		}
		return out
	}
	if out := hold(0, 3); out.Missing != 3 {
		t.Errorf("none has fired: %+v", out)
	}
	hand.Set(heap.Add(timerFirst + 1500*time.Millisecond))
	if _, _, err := town.Desk.FireDue(ctx); err != nil {
		t.Fatal(err)
	}
	if out := hold(0, 3); out.Missing+out.Untrue+out.Altered+out.Findings != 0 || out.DrainMax != 1.5 {
		t.Errorf("all has gone well: %+v", out)
	}
	if out := hold(2, 3); out.Missing != 2 {
		t.Errorf("two were never stored: %+v", out)
	}
	dsn := place.Dir + "/touyan.db"
	storetest.Alter(t, dsn, "UPDATE task SET due = due + 1 WHERE matter = (SELECT max(matter) FROM task)")
	if out := hold(0, 3); out.Altered != 1 || out.Findings == 0 {
		t.Errorf("a due time was altered: %+v", out)
	}
	for id := range before {
		before[id] -= 7
	}
	if out := hold(0, 3); out.Untrue != 3 {
		t.Errorf("lateness is not true: %+v", out)
	}
}

// TestArrive: arrivals keep their rate and their order.
func TestArrive(t *testing.T) {
	from := time.UnixMicro(0)
	times := arrive(from, 500, 20*time.Second)
	if n := len(times); n < 9_500 || n > 10_500 {
		t.Errorf("%d arrivals in 20 s", n)
	}
	for i := 1; i < len(times); i++ {
		if times[i].Before(times[i-1]) {
			t.Fatal("out of order")
		}
	}
}
