package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/bus"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/store"
)

// The bars of Timers.
const (
	lateMost  = 1000.0 // ms, p99 at 500 arrivals a second
	drainMost = 60.0   // s, for 100,000 due at one instant
)

// The limit of bench.timer, and when its first escalation comes: at 70 %.
const (
	timerLimit = 10 * time.Hour
	timerFirst = timerLimit * 70 / 100
)

// timerKind is the kind of the matters that run out.
const timerKind = "bench.timer"

// TimersConfig says how many timers come due.
type TimersConfig struct {
	Dir      string
	Postgres string // URL of an empty database; "" measures SQLite
	Rate     int    // arrivals a second, at random (exponential gaps)
	Time     time.Duration
	Due      int           // due at one instant
	Quiet    time.Duration // how long people act alone before that
}

// TimersResult is what Timers found. Late is what the engine recorded in each
// event; seen is when a follower of the log had it, and so includes the commit.
type TimersResult struct {
	Engine   string  `json:"engine"`
	Rate     int     `json:"arrivals_per_s"`
	Arrived  int     `json:"arrived"`
	LateP50  float64 `json:"late_p50_ms"`
	LateP99  float64 `json:"late_p99_ms"`
	LateMax  float64 `json:"late_max_ms"`
	SeenP99  float64 `json:"seen_p99_ms"`
	Due      int     `json:"due_at_once"`
	Drain    float64 `json:"drain_s"`
	DrainMax float64 `json:"drain_late_max_s" doc:"the latest, as recorded"`
	Quiet    Pace    `json:"people_before"`
	Busy     Pace    `json:"people_meanwhile"`
	Missing  int     `json:"not_fired_once"`
	Untrue   int     `json:"late_not_true" doc:"recorded lateness is not recorded time less the time it was due"`
	Altered  int     `json:"due_altered"`
	Findings int     `json:"findings"`
	OK       bool    `json:"ok"`
}

// Pace is how quickly people's acts are answered, 100 a second on a fixed plan
// and timed from when each was planned.
type Pace struct {
	Acts int     `json:"acts"`
	P50  float64 `json:"p50_ms"`
	P95  float64 `json:"p95_ms"`
	P99  float64 `json:"p99_ms"`
}

// Timers measures the timers that the server runs: how late they fire while they
// arrive one by one, and how long a heap of them takes while people go on acting.
// The limits are real and the clock is moved: matters are opened, and the engine
// is then opened again some hours later, just before they come due.
func Timers(ctx context.Context, c TimersConfig) (TimersResult, error) {
	out := TimersResult{Rate: c.Rate, Due: c.Due}
	base := clock.System{}.Now()
	place := Place{Dir: c.Dir, DSN: c.Postgres, Bureaus: 4, Clock: clock.NewManual(base)}
	arrivals, heap := arrive(base, c.Rate, c.Time), base.Add(time.Hour)
	err := place.with(ctx, NewTown, func(t *Town) error {
		out.Engine = string(t.DB.Engine())
		return errors.Join(t.openAt(ctx, arrivals), t.openAt(ctx, slices.Repeat([]time.Time{heap}, c.Due)))
	})
	if err != nil {
		return out, err
	}
	out.Arrived = len(arrivals)
	var before map[int64]int64
	moved := &ahead{}
	place.Clock = moved
	if err := place.with(ctx, OpenTown, func(t *Town) error {
		if before, err = t.dues(ctx); err != nil {
			return err
		}
		moved.set(base.Add(timerFirst - time.Second))
		seen, err := t.ring(ctx, len(arrivals), nil)
		out.SeenP99 = millis(percentile(seen, 0.99))
		return err
	}); err != nil {
		return out, err
	}
	err = place.with(ctx, OpenTown, func(t *Town) error {
		moved.set(heap.Add(timerFirst - c.Quiet - time.Second))
		if err := out.drain(ctx, t, heap.Add(timerFirst), c.Due); err != nil {
			return err
		}
		return out.hold(ctx, t, before, len(arrivals), heap)
	})
	out.OK = err == nil && max(out.LateP99, out.SeenP99) <= lateMost && out.Drain <= drainMost && out.Missing+out.Untrue+out.Altered+out.Findings == 0
	return out, err
}

// with opens a town, works in it and closes it.
func (p Place) with(ctx context.Context, open func(context.Context, Place) (*Town, error), work func(*Town) error) error {
	t, err := open(ctx, p)
	if err != nil {
		return err
	}
	return errors.Join(work(t), t.DB.Close())
}

// ahead is the machine's clock, moved.
type ahead struct{ by atomic.Int64 } // ns

func (a *ahead) set(now time.Time) { a.by.Store(int64(time.Until(now))) }

func (a *ahead) moved() time.Duration { return time.Duration(a.by.Load()).Truncate(time.Microsecond) }

// Now implements clock.Clock.
func (a *ahead) Now() time.Time { return clock.System{}.Now().Add(a.moved()) }

// Wait implements clock.Clock.
func (a *ahead) Wait(ctx context.Context, t time.Time) error {
	return clock.System{}.Wait(ctx, t.Add(-a.moved()))
}

// arrive gives the times of arrivals at a rate for a while.
func arrive(from time.Time, rate int, d time.Duration) []time.Time {
	var out []time.Time
	random := rand.New(rand.NewPCG(7, 7))
	for at := 0.0; ; {
		at += random.ExpFloat64() / float64(rate)
		if at >= d.Seconds() {
			return out
		}
		out = append(out, from.Add(time.Duration(at*1e9)).Truncate(time.Microsecond))
	}
}

// openAt opens a matter that will run out at each of the times, which do not
// fall. Each worker has an engine with a clock of its own.
func (t *Town) openAt(ctx context.Context, times []time.Time) error {
	var group sync.WaitGroup
	var failed atomic.Pointer[error]
	var next atomic.Int64
	for range inFlight {
		group.Go(func() {
			hand := clock.NewManual(times[0])
			desk, err := t.deskOn(ctx, hand)
			for i := int(next.Add(1)) - 1; err == nil && i < len(times) && failed.Load() == nil; i = int(next.Add(1)) - 1 {
				hand.Set(times[i])
				_, err = desk.Open(ctx, t.Secretary, matter.Opening{
					Kind: timerKind, Title: title, Office: t.Office, Originator: t.Leader.Person, Given: map[string]any{"title": title},
					Key: fmt.Sprintf("timer/%d/%d", times[0].UnixMicro(), i),
				})
			}
			if err != nil {
				failed.CompareAndSwap(nil, &err)
			}
		})
	}
	group.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// dues gives when each of the matters is due.
func (t *Town) dues(ctx context.Context) (map[int64]int64, error) {
	out := map[int64]int64{}
	_, err := store.Collect(ctx, t.DB, func(row store.Scanner) (id int64, err error) {
		var due int64
		err = row.Scan(&id, &due)
		out[id] = due
		return id, err
	}, "SELECT t.matter, t.due FROM task t JOIN matter m ON m.id = t.matter WHERE m.kind = ?", timerKind)
	return out, err
}

// ring runs the timers until n have been seen to fire, and gives how long after
// its time each was seen, sorted. meanwhile runs beside them until its context
// ends, if there is one.
func (t *Town) ring(ctx context.Context, n int, meanwhile func(context.Context)) ([]time.Duration, error) {
	feed := bus.New(t.DB, bus.Options{})
	defer feed.Close()
	from, _, err := event.Head(ctx, t.DB)
	if err != nil {
		return nil, err
	}
	due, err := t.dues(ctx)
	if err != nil {
		return nil, err
	}
	running, stop := context.WithTimeout(ctx, 10*time.Minute)
	var group sync.WaitGroup
	defer group.Wait()
	defer stop()
	group.Go(func() { _ = t.Desk.RunTimers(running) }) // ends with nil when running does
	if meanwhile != nil {
		group.Go(func() { meanwhile(running) })
	}
	seen := make([]time.Duration, 0, n)
	for batch := range feed.Watch(running, from) {
		now := t.clock.Now()
		for _, e := range batch {
			if e.Kind == timerKind+"/escalate" {
				seen = append(seen, now.Sub(time.UnixMicro(due[e.Subject]).Add(timerFirst-timerLimit)))
			}
		}
		if len(seen) >= n {
			slices.Sort(seen)
			return seen, nil
		}
	}
	return nil, fault.New(fault.Busy, "bench.Timers", fmt.Sprintf("只有%d个计时器响了。", len(seen)), fmt.Sprintf("Only %d timers fired.", len(seen)))
}

// drain lets the heap come due while people act, after some seconds of people
// alone.
func (r *TimersResult) drain(ctx context.Context, t *Town, due time.Time, n int) error {
	quiet, stop := context.WithDeadline(ctx, time.Now().Add(due.Sub(t.clock.Now())-time.Second))
	defer stop()
	before, err := t.people(quiet, "quiet")
	if err != nil {
		return err
	}
	var during []time.Duration
	var failed error
	seen, err := t.ring(ctx, n, func(running context.Context) {
		if failed = t.clock.Wait(running, due); failed == nil {
			during, failed = t.people(running, "busy")
		}
	})
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	r.Drain = seen[len(seen)-1].Seconds()
	r.Quiet, r.Busy = paceOf(before), paceOf(during)
	return nil
}

func paceOf(times []time.Duration) Pace {
	s := sorted(times)
	return Pace{Acts: len(s), P50: millis(percentile(s, 0.5)), P95: millis(percentile(s, 0.95)), P99: millis(percentile(s, 0.99))}
}

// people takes matters through their lives, 100 changes a second until ctx ends,
// and gives how long each change took from when it was planned.
func (t *Town) people(ctx context.Context, key string) ([]time.Duration, error) {
	const every = 10 * time.Millisecond
	type standing struct {
		id   int64
		next int // act
		of   int // number of the matter, for its key
	}
	var mu sync.Mutex
	var waiting []standing
	var took []time.Duration
	var failed error
	// What has begun is finished: check must not read while it is written.
	work := context.WithoutCancel(ctx)
	change := func(k int) (err error) {
		mu.Lock()
		s := standing{of: k, next: -1}
		if len(waiting) > 0 {
			s, waiting = waiting[0], waiting[1:]
		}
		mu.Unlock()
		b := &t.Bureaus[s.of%len(t.Bureaus)]
		if s.next < 0 {
			done, oerr := t.Open(work, b, fmt.Sprintf("%s/%d", key, s.of))
			s.id, err = done.Matter, oerr
		} else {
			_, err = t.Act(work, b, s.id, s.next, fmt.Sprintf("%s/%d/%d", key, s.of, s.next))
		}
		if s.next++; s.next < Acts() && err == nil {
			mu.Lock()
			waiting = append(waiting, s)
			mu.Unlock()
		}
		return err
	}
	begun := time.Now()
	var group sync.WaitGroup
	for k := 0; ; k++ {
		planned := begun.Add(time.Duration(k) * every)
		if (clock.System{}).Wait(ctx, planned) != nil {
			break
		}
		group.Go(func() {
			err := change(k)
			mu.Lock()
			defer mu.Unlock()
			if took = append(took, time.Since(planned)); err != nil {
				failed = err
			}
		})
	}
	group.Wait()
	return took, failed
}

// hold reads the lateness from the events, and holds rows and log against each
// other.
func (r *TimersResult) hold(ctx context.Context, t *Town, before map[int64]int64, arrived int, heap time.Time) error {
	rings, err := t.rings(ctx)
	if err != nil {
		return err
	}
	var late, heaped []time.Duration
	for id, due := range before {
		first := due - (timerLimit - timerFirst).Microseconds()
		if len(rings[id]) != 1 {
			r.Missing++
			continue
		}
		one := rings[id][0]
		if one.late != one.recorded-first || one.late < 0 {
			r.Untrue++
		}
		if one.due != due {
			r.Altered++
		}
		if d := time.Duration(one.late) * time.Microsecond; first == heap.Add(timerFirst).UnixMicro() {
			heaped = append(heaped, d)
		} else {
			late = append(late, d)
		}
	}
	if len(before) != arrived+r.Due {
		r.Missing += arrived + r.Due - len(before)
	}
	slices.Sort(late)
	slices.Sort(heaped)
	r.LateP50, r.LateP99, r.LateMax = millis(percentile(late, 0.5)), millis(percentile(late, 0.99)), millis(percentile(late, 1))
	r.DrainMax = percentile(heaped, 1).Seconds()
	after, err := t.dues(ctx)
	if err != nil {
		return err
	}
	for id, due := range before {
		if after[id] != due {
			r.Altered++
		}
	}
	found, err := audit.CheckLog(ctx, t.DB, 100, nil)
	if err != nil {
		return err
	}
	more, _, _, err := matter.Check(ctx, t.DB, 100)
	r.Findings = len(found) + len(more)
	return err
}

// ringing is one escalation as its event holds it, in µs.
type ringing struct{ recorded, late, due int64 }

// rings reads the escalations of the matters that ran out.
func (t *Town) rings(ctx context.Context) (map[int64][]ringing, error) {
	out := map[int64][]ringing{}
	const part = 5000
	for from := int64(0); ; from += part {
		events, err := event.After(ctx, t.DB, from, part)
		if err != nil || len(events) == 0 {
			return out, err
		}
		for _, e := range events {
			if e.Kind != timerKind+"/escalate" {
				continue
			}
			var b matter.Body
			if err := json.Unmarshal(e.Body, &b); err != nil {
				return nil, fault.Wrap("bench.Timers", err)
			}
			one := ringing{recorded: e.Recorded, late: b.Late}
			if len(b.Clocks.Slots) == 1 {
				one.due = b.Clocks.Slots[0].Due
			}
			out[e.Subject] = append(out[e.Subject], one)
		}
	}
}
