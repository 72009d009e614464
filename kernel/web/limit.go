package web

import (
	"math"
	"net/netip"
	"sync"
	"time"
)

// Rate is a token bucket: Burst requests at once, and PerSecond after that.
type Rate struct {
	PerSecond float64
	Burst     float64
}

// Limits are the rates of one process. A zero Rate takes the default.
type Limits struct {
	// Address is for all requests of one address (of IPv6, of one /64): 500 a
	// second. A whole town hall may stand behind one address.
	Address Rate
	// Session is for the requests of one session: 20 a second, 200 at once.
	Session Rate
	// Machine is for the requests of one machine client: 10 a second, 100 at once.
	Machine Rate
	// SignIn is for attempts to sign in, to set up and to change a password, by
	// address and login: 1 in 6 seconds, 10 at once.
	SignIn Rate
}

func (l Limits) orDefault() Limits {
	pick := func(r, otherwise Rate) Rate {
		if r == (Rate{}) {
			return otherwise
		}
		return r
	}
	return Limits{
		Address: pick(l.Address, Rate{500, 2000}),
		Session: pick(l.Session, Rate{20, 200}),
		Machine: pick(l.Machine, Rate{10, 100}),
		SignIn:  pick(l.SignIn, Rate{1.0 / 6, 10}),
	}
}

// bucketsMax bounds the memory of a meter: about 100 bytes each.
const bucketsMax = 50_000

// meter counts the requests of many callers against one rate.
type meter struct {
	rate    Rate
	mu      sync.Mutex
	buckets map[string]bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

func newMeter(r Rate) *meter { return &meter{rate: r, buckets: map[string]bucket{}} }

// take takes one token of who's bucket. If there is none it gives false and how
// long to wait for one.
func (m *meter) take(who string, now time.Time) (time.Duration, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.buckets[who]
	if !ok {
		if len(m.buckets) >= bucketsMax {
			m.sweep(now)
		}
		b = bucket{m.rate.Burst, now}
	}
	b.tokens = m.filled(b, now)
	b.at = now
	if b.tokens < 1 {
		m.buckets[who] = b
		return time.Duration(math.Ceil((1 - b.tokens) / m.rate.PerSecond * float64(time.Second))), false
	}
	b.tokens--
	m.buckets[who] = b
	return 0, true
}

func (m *meter) filled(b bucket, now time.Time) float64 {
	return min(m.rate.Burst, b.tokens+max(0, now.Sub(b.at).Seconds())*m.rate.PerSecond)
}

// sweep forgets full buckets. If none is full, it forgets all: better that
// somebody gets a few tokens too many than that memory grows.
func (m *meter) sweep(now time.Time) {
	for who, b := range m.buckets {
		if m.filled(b, now) >= m.rate.Burst {
			delete(m.buckets, who)
		}
	}
	if len(m.buckets) >= bucketsMax {
		clear(m.buckets)
	}
}

// block is the part of an address that one subscriber can choose from.
func block(a netip.Addr) string {
	a = a.Unmap()
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.Addr().String()
		}
	}
	return a.String()
}
