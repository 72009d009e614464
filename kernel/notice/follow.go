package notice

import (
	"context"
	"slices"
	"sync"
	"time"

	"touyan.dev/touyan/kernel/bus"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// Follower is the follower of the log that makes notices.
const Follower = "notice"

// What is older than these, by the office's clock, is no news: a program that
// meets a long log for the first time tells nobody of years ago.
const (
	newsFor    = 14 * 24 * time.Hour
	lettersFor = 3 * 24 * time.Hour
)

// keptFor is how long a notice and its deliveries are kept.
const keptFor = 180 * 24 * time.Hour

// Run follows the log, sends what is due, and wakes the watchers, until ctx ends.
func (p *Post) Run(ctx context.Context, feed *bus.Bus) {
	var all sync.WaitGroup
	grown := make(chan struct{}, 1)
	p.cfg.DB.OnCommit(func() { nudge(grown) })
	all.Go(func() { _ = feed.Follow(ctx, Follower, p.take) })
	all.Go(func() { p.send(ctx) })
	all.Go(func() { p.tell(ctx, grown) })
	all.Go(func() { p.sweep(ctx) })
	all.Wait()
}

func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// take makes the notices of a batch of events and moves the cursor in the same
// commit.
func (p *Post) take(ctx context.Context, events []event.Event) error {
	c := &posting{post: p, events: events, now: p.cfg.Machine.Now().UnixMicro()}
	office := p.cfg.Clock.Now()
	for _, e := range events {
		at := time.UnixMicro(e.Recorded)
		if e.Erased || office.Sub(at) > newsFor {
			continue
		}
		told, err := p.cfg.Domain.Told(ctx, e)
		if err != nil {
			return fault.Wrap("notice.Told", err)
		}
		for _, t := range once(told) {
			c.list = append(c.list, addressed{Notice{Person: t.Person, Pos: e.Pos, Class: t.Class, Subject: e.Subject, Text: t.Text, Step: t.Step, At: at}, office.Sub(at) <= lettersFor})
		}
	}
	if err := p.cfg.DB.Write(ctx, c); err != nil {
		return err
	}
	if c.letters > 0 {
		nudge(p.wake)
	}
	return nil
}

// once leaves one notice for each person: the most pressing.
func once(told []Told) []Told {
	slices.SortStableFunc(told, func(a, b Told) int { return pressing(a.Class, b.Class) })
	seen := map[int64]bool{}
	return slices.DeleteFunc(told, func(t Told) bool {
		again := seen[t.Person] || t.Person == 0
		seen[t.Person] = true
		return again
	})
}

// addressed is a notice, and whether letters are written of it.
type addressed struct {
	Notice
	letters bool
}

// posting is the change that writes the notices of a batch of events.
type posting struct {
	post    *Post
	events  []event.Event
	list    []addressed
	now     int64
	letters int
}

// Load implements store.Change.
func (c *posting) Load(g *store.Group) {
	bus.Load(g, Follower)
	for _, n := range c.list {
		store.Want(g, &settings, n.Person)
	}
}

// Decide implements store.Change.
func (c *posting) Decide(g *store.Group) error {
	c.letters = 0
	if err := bus.Advance(g, Follower, c.events); err != nil {
		return err
	}
	for _, n := range c.list {
		at := mark{n.Person, n.Pos}
		store.Insert(g, &notices, at, n.Notice)
		if !n.letters {
			continue
		}
		s, ok := store.Get(g, &settings, n.Person)
		if !ok {
			s = usual()
		}
		for _, ch := range c.post.cfg.Channels {
			t := ch.Traits()
			if !s.wants(t, n.Class) {
				continue
			}
			d := Delivery{Person: n.Person, Pos: n.Pos, Channel: t.Name, State: Waiting, Next: c.now, Changed: c.now}
			store.Insert(g, &deliveries, d.key(), d)
			c.letters++
		}
	}
	return nil
}

// wants reports whether a class goes through a channel.
func (s Setting) wants(t Traits, c Class) bool {
	if !t.Address {
		return true
	}
	w, ok := s.Ways[t.Name]
	return ok && w.To != "" && !slices.Contains(w.Off, c)
}

// quietUntil gives when the quiet hours end that at lies in; false if in none.
func (s Setting) quietUntil(at time.Time) (time.Time, bool) {
	midnight := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, at.Location())
	minute := at.Hour()*60 + at.Minute()
	end := midnight.Add(time.Duration(s.To) * time.Minute)
	switch {
	case s.From == s.To:
		return at, false
	case s.From < s.To:
		return end, s.From <= minute && minute < s.To
	case minute >= s.From: // over midnight
		return end.AddDate(0, 0, 1), true
	}
	return end, minute < s.To
}

// tellPause gathers what many commits bring, and bounds how long notices written
// by another replica stay unseen.
const (
	tellPause = 200 * time.Millisecond
	tellPoll  = time.Second
)

// tell wakes the watchers of those who have new notices, whoever wrote them.
func (p *Post) tell(ctx context.Context, grown <-chan struct{}) {
	last, err := bus.Position(ctx, p.cfg.DB, Follower)
	if err != nil && ctx.Err() == nil { // then everybody who watches is woken once
		p.cfg.Log.Warn("new notices cannot be read; trying again", "error", err)
	}
	for ctx.Err() == nil {
		wait, cancel := context.WithCancel(ctx)
		go func() { _ = p.cfg.Machine.Wait(wait, p.cfg.Machine.Now().Add(tellPoll)); cancel() }()
		select {
		case <-grown:
		case <-wait.Done():
		}
		cancel()
		_ = p.cfg.Machine.Wait(ctx, p.cfg.Machine.Now().Add(tellPause))
		var pos int64
		if pos, err = bus.Position(ctx, p.cfg.DB, Follower); err == nil && pos != last {
			if err = p.wakeFrom(ctx, last); err == nil {
				last = pos
			}
		}
		if err != nil && ctx.Err() == nil {
			p.cfg.Log.Warn("new notices cannot be read; trying again", "error", err)
		}
	}
}

func (p *Post) wakeFrom(ctx context.Context, pos int64) error {
	people, err := store.Collect(ctx, p.cfg.DB, func(row store.Scanner) (id int64, err error) {
		err = row.Scan(&id)
		return id, err
	}, "SELECT DISTINCT person FROM notice WHERE pos >= ?", pos)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range people {
		for c := range p.watchers[id] {
			nudge(c)
		}
	}
	return nil
}

// Watch gives a channel that is sent to when a person has new notices, until
// leave is called.
func (p *Post) Watch(person int64) (news <-chan struct{}, leave func()) {
	c := make(chan struct{}, 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.watchers[person] == nil {
		p.watchers[person] = map[chan struct{}]bool{}
	}
	p.watchers[person][c] = true
	return c, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.watchers[person], c)
		if len(p.watchers[person]) == 0 {
			delete(p.watchers, person)
		}
	}
}

// sweepBatch is how many old notices one write removes.
const sweepBatch = 500

// sweep removes what is older than keptFor, once a day.
func (p *Post) sweep(ctx context.Context) {
	for {
		for more := true; more && ctx.Err() == nil; {
			n, err := p.forget(ctx)
			if err != nil && ctx.Err() == nil {
				p.cfg.Log.Warn("old notices cannot be removed", "error", err)
			}
			more = n == sweepBatch && err == nil
		}
		if p.cfg.Machine.Wait(ctx, p.cfg.Machine.Now().Add(24*time.Hour)) != nil {
			return
		}
	}
}

// forget removes one batch of old notices with their deliveries.
func (p *Post) forget(ctx context.Context) (int, error) {
	bound := p.cfg.Clock.Now().Add(-keptFor).UnixMicro()
	c := &forgetting{}
	var err error
	// Positions grow with time: the walk along them ends at the first that is young.
	c.old, err = store.Collect(ctx, p.cfg.DB, func(row store.Scanner) (k mark, err error) {
		err = row.Scan(&k.person, &k.pos)
		return k, err
	}, "SELECT person, pos FROM (SELECT person, pos, at FROM notice ORDER BY pos, person LIMIT ?) oldest WHERE at < ?", sweepBatch, bound)
	if err != nil || len(c.old) == 0 {
		return 0, fault.Wrap("notice.forget", err)
	}
	c.channels = []string{SMTP, Webhook, Card}
	return len(c.old), fault.Wrap("notice.forget", p.cfg.DB.Write(ctx, c))
}

type forgetting struct {
	old      []mark
	channels []string
}

// Load implements store.Change.
func (c *forgetting) Load(g *store.Group) {
	for _, k := range c.old {
		store.Want(g, &notices, k)
		for _, ch := range c.channels {
			store.Want(g, &deliveries, key{k, ch})
		}
	}
}

// Decide implements store.Change.
func (c *forgetting) Decide(g *store.Group) error {
	for _, k := range c.old {
		store.Delete(g, &notices, k)
		for _, ch := range c.channels {
			store.Delete(g, &deliveries, key{k, ch})
		}
	}
	return nil
}
