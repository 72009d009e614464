// Package clock is the only place that knows what time it is.
//
// Everything else is handed a Clock, so tests and the demo can move time and
// the same deadline fires in both. Times inside the product are instants in
// microseconds; days and wall times are always those of Asia/Shanghai, which
// has kept one offset since 1991 (kernel/calendar holds the earlier summer
// time).
package clock

import (
	"context"
	"sync"
	"time"
	_ "time/tzdata" // a town's machine may have no zone files
)

// Clock tells the time and waits for it.
type Clock interface {
	// Now is the present instant, cut to microseconds.
	Now() time.Time
	// Wait returns nil once Now is not before t, or the context's error.
	Wait(ctx context.Context, t time.Time) error
}

// Shanghai is the zone of every wall time in the product.
func Shanghai() *time.Location { return shanghai() }

var shanghai = sync.OnceValue(func() *time.Location {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		panic("clock: embedded zone data is missing: " + err.Error())
	}
	return zone
})

// System is the machine's clock.
type System struct{}

// Now gives the machine's time.
func (System) Now() time.Time { return time.Now().Truncate(time.Microsecond).In(Shanghai()) }

// Wait sleeps until t.
func (System) Wait(ctx context.Context, t time.Time) error {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Manual is a clock that moves only when told: for tests and the demo.
type Manual struct {
	mu    sync.Mutex
	now   time.Time
	moved chan struct{}
}

// NewManual starts a manual clock at t.
func NewManual(t time.Time) *Manual {
	return &Manual{now: t.Truncate(time.Microsecond).In(Shanghai()), moved: make(chan struct{})}
}

// Now gives the time the clock was last set to.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// Set moves the clock to t, never backwards, and wakes whoever waits.
func (m *Manual) Set(t time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t.After(m.now) {
		m.now = t.Truncate(time.Microsecond).In(Shanghai())
		close(m.moved)
		m.moved = make(chan struct{})
	}
}

// Advance moves the clock on by d.
func (m *Manual) Advance(d time.Duration) { m.Set(m.Now().Add(d)) }

// Wait returns once the clock has been moved to t or beyond.
func (m *Manual) Wait(ctx context.Context, t time.Time) error {
	for {
		m.mu.Lock()
		now, moved := m.now, m.moved
		m.mu.Unlock()
		if !now.Before(t) {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
