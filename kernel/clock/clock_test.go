package clock

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestManualWakesInOrder moves the clock past one waiter after the other: each
// returns when its time has come, and not before.
func TestManualWakesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
		m := NewManual(begin)
		var woken []int
		arrived := make(chan int, 8)
		for _, minute := range []int{3, 1, 2, 2} {
			go func() {
				if err := m.Wait(t.Context(), begin.Add(time.Duration(minute)*time.Minute)); err != nil {
					t.Error(err)
				}
				arrived <- minute
			}()
		}
		look := func() []int {
			synctest.Wait() // everybody waits for the clock, or has arrived
			for len(arrived) > 0 {
				woken = append(woken, <-arrived)
			}
			return woken
		}
		for _, c := range []struct {
			by   time.Duration
			want int
		}{{0, 0}, {59 * time.Second, 0}, {time.Second, 1}, {time.Minute, 3}, {30 * time.Second, 3}, {time.Hour, 4}} {
			m.Advance(c.by)
			if got := look(); len(got) != c.want {
				t.Fatalf("at %v: %v have woken, want %d", m.Now(), got, c.want)
			}
		}
		for i := 1; i < len(woken); i++ {
			if woken[i] < woken[i-1] {
				t.Errorf("woken in the order %v", woken)
			}
		}
	})
}

func TestManualWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewManual(time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC))
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := m.Wait(ended, m.Now()); err != nil {
			t.Errorf("the time has come already: %v", err)
		}
		if err := m.Wait(ended, m.Now().Add(1)); !errors.Is(err, context.Canceled) {
			t.Errorf("the context has ended: %v", err)
		}
		waiting, stop := context.WithCancel(t.Context())
		got := make(chan error, 1)
		go func() { got <- m.Wait(waiting, m.Now().Add(time.Hour)) }()
		synctest.Wait()
		stop()
		if err := <-got; !errors.Is(err, context.Canceled) {
			t.Errorf("the context ended while it waited: %v", err)
		}
	})
}

// TestManualSet: never backwards, whole microseconds, the wall time of Shanghai.
func TestManualSet(t *testing.T) {
	m := NewManual(time.Date(2026, 11, 24, 1, 0, 0, 1999, time.UTC))
	if got := m.Now().Format(time.RFC3339Nano); got != "2026-11-24T09:00:00.000001+08:00" {
		t.Errorf("it begins at %s", got)
	}
	before := m.Now()
	m.Set(before.Add(-time.Hour))
	if !m.Now().Equal(before) {
		t.Errorf("it went back to %v", m.Now())
	}
	m.Set(before.Add(time.Hour + 999))
	if got := m.Now(); !got.Equal(before.Add(time.Hour)) || got.Location() != Shanghai() {
		t.Errorf("it was set to %v", got)
	}
}

func TestSystem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c System
		now := c.Now()
		if now.Nanosecond()%1000 != 0 || now.Location() != Shanghai() {
			t.Errorf("now is %v", now)
		}
		if err := c.Wait(t.Context(), now.Add(time.Hour)); err != nil || c.Now().Before(now.Add(time.Hour)) {
			t.Errorf("after an hour: %v, %v", c.Now(), err)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := c.Wait(ended, c.Now().Add(time.Hour)); !errors.Is(err, context.Canceled) {
			t.Errorf("the context has ended: %v", err)
		}
	})
}
