package matter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/store"
)

// The timers' pace: how many are read at once, how many wait for their commit
// together, how many are read to be fired in order, how long a new earlier timer
// may go unseen, and how long they rest when storage refuses writes.
const (
	timerBatch    = 2048
	timerInFlight = 64
	timerOneByOne = 32
	timerPoll     = 500 * time.Millisecond
	timerRest     = 10 * time.Second
)

// RunTimers fires escalations and the ends of pauses as they come due, until
// the context ends. Several replicas may run it: each timer has one key, so it
// has one effect. It first computes provisional deadlines again, for this
// program may bring a notice that the one before did not have; and it keeps the
// engine up with what other programs enter.
func (e *Engine) RunTimers(ctx context.Context) error {
	for reclocked := false; ; {
		err := e.CatchUp(ctx)
		if err == nil && !reclocked {
			_, err = e.Reclock(ctx)
			reclocked = err == nil
		}
		if err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "catching up", "err", err)
		}
		fired, next, err := e.fireDue(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			slog.ErrorContext(ctx, "timers", "err", err)
		}
		if fired == timerBatch && err == nil {
			continue
		}
		pause := timerPoll
		if fault.Is(err, fault.Unavailable) { // the log of the failures must not fill what is left of a disk
			pause = timerRest
		}
		wait, cancel := context.WithTimeout(ctx, pause)
		if next.IsZero() {
			<-wait.Done()
		} else if err := e.clock.Wait(wait, next); err != nil && !errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			slog.ErrorContext(ctx, "timers", "err", err)
		}
		cancel()
	}
}

// timer is one row whose time has come.
type timer struct {
	matter int64
	slot   string
	n      int // steps that share the matter's clock have the same times, but not the same number
	mark   int
	next   int64
}

// fireDue fires one batch of what is due and gives the time of the next timer
// that is not.
func (e *Engine) fireDue(ctx context.Context) (fired int, next time.Time, err error) {
	due, err := e.timers(ctx, timersNext, timerBatch)
	if err != nil {
		return 0, next, err
	}
	now := e.clock.Now().UnixMicro()
	var wg sync.WaitGroup
	var mu sync.Mutex
	seats := make(chan struct{}, timerInFlight)
	for _, t := range due {
		if t.next > now {
			next = micro(t.next)
			break
		}
		fired++
		seats <- struct{}{}
		wg.Go(func() {
			defer func() { <-seats }()
			if ferr := e.fire(ctx, t); ferr != nil {
				mu.Lock()
				if err == nil { // one says what the others say
					err = ferr
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return fired, next, err
}

// FireDue fires what is due now, one timer after the other in the order of their
// times, and gives how many it fired and when the next comes due (zero: none).
// RunTimers fires many at once, in no order among equals; a clock that jumps
// from one timer to the next, as the demo's does, makes the same log each time.
func (e *Engine) FireDue(ctx context.Context) (fired int, next time.Time, err error) {
	for last := (timer{}); ; {
		due, err := e.timers(ctx, timersInOrder, timerOneByOne)
		if err != nil || len(due) == 0 {
			return fired, time.Time{}, err
		}
		now, before := e.clock.Now().UnixMicro(), fired
		for _, t := range due {
			if t.next > now {
				break
			}
			if t == last {
				return fired, next, fault.New(fault.Internal, "matter.FireDue", "计时器与事项不符，请运行 touyan check。", "A timer is not its matter's; run touyan check.")
			}
			if err := e.fire(ctx, t); err != nil {
				return fired, next, err
			}
			last = t
			fired++
		}
		if fired == before { // else those that fired may come due again before the others
			return fired, micro(due[0].next), nil
		}
	}
}

// The timers that come next: in any order among those of one instant, which is
// the index's own, or in a set order, for which all of one instant are sorted.
const (
	timersNext    = "SELECT matter, slot, n, mark, next FROM task WHERE next <> 0 ORDER BY next LIMIT ?"
	timersInOrder = "SELECT matter, slot, n, mark, next FROM task WHERE next <> 0 ORDER BY next, matter, slot LIMIT ?"
)

// timers reads the timers that come next.
func (e *Engine) timers(ctx context.Context, query string, limit int) ([]timer, error) {
	return store.Collect(ctx, e.db, func(row store.Scanner) (t timer, err error) {
		err = row.Scan(&t.matter, &t.slot, &t.n, &t.mark, &t.next)
		return t, err
	}, query, limit)
}

func (e *Engine) fire(ctx context.Context, t timer) error {
	w := e.work(auth.Principal{}, fmt.Sprintf("timer/%d/%d/%d/%d", t.matter, t.n, t.mark, t.next))
	c := &ringing{work: w, timer: t}
	return fault.Wrap("matter.fire", e.send(ctx, &c.work, c))
}

// ringing is the change that a timer makes.
type ringing struct {
	work
	timer timer
}

// Load implements store.Change.
func (c *ringing) Load(g *store.Group) {
	c.load(g)
	loadMatter(g, c.e, c.timer.matter, c.deep, c.now.Year())
}

// Decide implements store.Change.
func (c *ringing) Decide(g *store.Group) error {
	if again, err := c.begin(g); again || err != nil {
		return err
	}
	m, ok := store.Get(g, &matters, c.timer.matter)
	if !ok {
		return nil
	}
	slot := m.Clocks.slot(c.timer.slot)
	if slot == nil || slot.N != c.timer.n || slot.Next != c.timer.next {
		return nil // the matter has moved on since the row was read
	}
	def, err := c.e.pinned(m.Def)
	if err != nil {
		return err
	}
	st, err := flow.DecodeState(m.State)
	if err != nil {
		return fault.Wrap("matter.ring", err)
	}
	late := c.now.UnixMicro() - slot.Next
	if st.Paused { // the longest time that a pause may stand is over
		next, fx, err := def.Apply(st, flow.Input{Act: flow.IntResume})
		if err != nil {
			return err
		}
		return c.settle(g, &m, next, fx, m.Kind+"/resume", Body{Act: flow.IntResume, Late: late}, running)
	}
	mark := 0
	for _, k := range marks {
		if k > slot.Mark {
			mark = k
			break
		}
	}
	m.Clocks.Slots = append([]Slot{}, m.Clocks.Slots...)
	slot = m.Clocks.slot(c.timer.slot)
	slot.Mark = mark
	c.e.reckon(&m, slot)
	return c.settle(g, &m, st, nil, m.Kind+"/escalate", Body{Slot: slot.Slot, Step: slot.Step, N: slot.N, Mark: mark, Late: late}, running)
}
