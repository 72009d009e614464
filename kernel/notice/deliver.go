package notice

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// The sender's pace. The lease is longer than a try may take, so that whoever
// still sends is not taken for dead.
const (
	sendTimeout = 30 * time.Second
	lease       = 2 * time.Minute
	sendAtOnce  = 8
	sendBatch   = 64
	sendPoll    = 2 * time.Second
)

// maxTries is after how many tries a letter is given up: about fourteen hours.
const maxTries = 14

// pause is how long to wait after a try that surely failed: a minute, doubled
// each time, at most two hours.
func pause(tries int64) time.Duration {
	if tries > 7 {
		return 2 * time.Hour
	}
	return time.Minute << (max(tries, 1) - 1)
}

// send tries what is due until ctx ends.
func (p *Post) send(ctx context.Context) {
	for ctx.Err() == nil {
		n, next, err := p.SendDue(ctx)
		if err != nil && ctx.Err() == nil {
			p.cfg.Log.Warn("letters cannot be sent; trying again", "error", err)
		}
		if n > 0 && err == nil {
			continue
		}
		until := p.cfg.Machine.Now().Add(sendPoll)
		if err == nil && !next.IsZero() && next.Before(until) {
			until = next
		}
		wait, cancel := context.WithCancel(ctx)
		go func() { _ = p.cfg.Machine.Wait(wait, until); cancel() }()
		select {
		case <-p.wake:
		case <-wait.Done():
		}
		cancel()
	}
}

// SendDue tries each delivery that is due once, and gives how many moved and when
// the next comes due (zero: none).
func (p *Post) SendDue(ctx context.Context) (moved int, next time.Time, err error) {
	if len(p.channels) == 0 {
		return 0, next, nil
	}
	due, err := store.Collect(ctx, p.cfg.DB, func(row store.Scanner) (Delivery, error) { return scanDelivery(row) },
		"SELECT "+deliveryColumns+" FROM delivery WHERE next <> 0 ORDER BY next LIMIT ?", sendBatch)
	if err != nil {
		return 0, next, fault.Wrap("notice.SendDue", err)
	}
	now := p.cfg.Machine.Now().UnixMicro()
	var wg sync.WaitGroup
	var mu sync.Mutex
	seats := make(chan struct{}, sendAtOnce)
	for _, d := range due {
		if d.Next > now {
			next = time.UnixMicro(d.Next)
			break
		}
		seats <- struct{}{}
		wg.Go(func() {
			defer func() { <-seats }()
			did, derr := p.deliver(ctx, d)
			mu.Lock()
			defer mu.Unlock()
			if did {
				moved++
			}
			if err == nil {
				err = derr
			}
		})
	}
	wg.Wait()
	return moved, next, err
}

// deliver brings one delivery a step on: claims it, sends the letter, and records
// what came of it. did is false when another was faster.
func (p *Post) deliver(ctx context.Context, d Delivery) (did bool, err error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	ctx = context.WithoutCancel(ctx) // a stop lets what was begun be recorded
	ch, ok := p.channels[d.Channel]
	if !ok { // the channel is off: it waits for the day on which it is on again
		return p.move(ctx, d, func(n *Delivery, now time.Time) { n.Next = now.Add(time.Hour).UnixMicro() })
	}
	l, s, ok, err := p.letter(ctx, d)
	if err != nil {
		return false, err
	}
	stale := ok && p.cfg.Clock.Now().Sub(l.At) > lettersFor
	wanted := ok && !stale && s.wants(ch.Traits(), l.Class)
	if d.State == Waiting && !wanted {
		return p.move(ctx, d, func(n *Delivery, _ time.Time) {
			if n.State, n.Next, n.Error = Withheld, 0, ""; stale {
				n.Error = "stale"
			}
		})
	}
	if until, quiet := s.quietUntil(p.cfg.Machine.Now().In(clock.Shanghai())); d.State == Waiting && quiet && !l.Class.Urgent() {
		return p.move(ctx, d, func(n *Delivery, _ time.Time) { n.Next = until.UnixMicro() })
	}
	digest := l.digest()
	if d.State == Sending && !(wanted && ch.Traits().again(d, digest, p.cfg.Machine.Now())) {
		return p.move(ctx, d, func(n *Delivery, _ time.Time) { n.State, n.Next, n.Error = Unsure, 0, "interrupted" })
	}
	did, err = p.move(ctx, d, func(n *Delivery, now time.Time) {
		n.State, n.Next, n.Digest = Sending, now.Add(lease).UnixMicro(), digest
		n.Tries++
		if n.First == 0 {
			n.First = now.UnixMicro()
		}
		d = *n
	})
	if err != nil || !did {
		return did, err
	}
	within, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	ref, serr := ch.Send(within, l)
	return p.record(ctx, d, ch.Traits(), ref, serr)
}

// again reports whether a try with an unknown outcome may be made once more: the
// same letter, well within the time for which the channel promises.
func (t Traits) again(d Delivery, digest []byte, now time.Time) bool {
	return t.Again > 0 && string(d.Digest) == string(digest) && now.Add(lease).Before(time.UnixMicro(d.First).Add(t.Again))
}

// record writes what came of a try. Whoever took it for interrupted meanwhile is
// corrected: this is who knows.
func (p *Post) record(ctx context.Context, d Delivery, t Traits, ref string, err error) (bool, error) {
	var no *NotSent
	return p.move(ctx, d, func(n *Delivery, now time.Time) {
		n.Ref, n.Error, n.Next = cut(ref), "", 0
		switch {
		case err == nil:
			n.State = Sent
		case errors.As(err, &no) && no.Final || n.Tries >= maxTries:
			n.State, n.Error = Dead, "unknown outcome"
			if no != nil {
				n.Error = cut(no.Code)
			}
			if no == nil || d.doubted() {
				n.State = Unsure
			}
		case no != nil:
			n.Error, n.Next = cut(no.Code), now.Add(max(no.After, pause(n.Tries))).UnixMicro()
			if !d.doubted() {
				n.State, n.First = Waiting, 0
			}
		default:
			n.Error, n.State = "unknown outcome", Unsure
			if now.Add(pause(n.Tries) + lease).Before(time.UnixMicro(n.First).Add(t.Again)) {
				n.State, n.Next = Sending, now.Add(pause(n.Tries)).UnixMicro()
			}
		}
	})
}

// doubted reports that a try before the one at hand has an unknown outcome: First
// is older than this claim.
func (d *Delivery) doubted() bool { return d.Changed != d.First }

// letter composes what is sent, with the person's setting. ok is false when there
// is nothing to say, or no longer anybody to say it to.
func (p *Post) letter(ctx context.Context, d Delivery) (l Letter, s Setting, ok bool, err error) {
	if s, err = p.Setting(ctx, d.Person); err != nil {
		return l, s, false, err
	}
	found, err := store.Collect(ctx, p.cfg.DB, func(row store.Scanner) (Notice, error) { return scanNotice(row) },
		"SELECT "+noticeColumns+" FROM notice WHERE person = ? AND pos = ?", d.Person, d.Pos)
	if err != nil || len(found) == 0 {
		return l, s, false, fault.Wrap("notice.letter", err)
	}
	n := found[0]
	words, err := p.cfg.Domain.Words(ctx, d.Person, found)
	w, ok := words[n.Pos]
	if err != nil || !ok {
		return l, s, false, err
	}
	l = Letter{
		ID: fmt.Sprintf("%d.%d.%s", n.Pos, n.Person, d.Channel), To: s.Ways[d.Channel].To, Person: n.Person, Class: n.Class, At: n.At.In(clock.Shanghai()),
		Text: w.Plain, Link: fmt.Sprintf("%s%s?notice=%d", strings.TrimSuffix(p.cfg.Site, "/"), w.Link, n.Pos),
	}
	if p.cfg.Name != "" {
		l.ID += "@" + p.cfg.Name
	}
	if !w.Sealed {
		l.Number = w.Number
		if p.cfg.Titles {
			l.Title = w.Title
		}
	}
	return l, s, true, nil
}

func (l Letter) digest() []byte {
	text, err := json.Marshal(l)
	if err != nil { // a Letter holds only plain values
		panic("notice: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return sum[:]
}

// errMoved takes back a change whose delivery another has moved.
var errMoved = errors.New("notice: the delivery has moved on")

// move changes a delivery if it still stands as it was read.
func (p *Post) move(ctx context.Context, d Delivery, change func(n *Delivery, now time.Time)) (bool, error) {
	c := &moving{was: d, change: change, now: p.cfg.Machine.Now()}
	err := p.cfg.DB.Write(ctx, c)
	if errors.Is(err, errMoved) {
		return false, nil
	}
	return err == nil, fault.Wrap("notice.move", err)
}

type moving struct {
	was    Delivery
	change func(n *Delivery, now time.Time)
	now    time.Time
}

// Load implements store.Change.
func (c *moving) Load(g *store.Group) { store.Want(g, &deliveries, c.was.key()) }

// Decide implements store.Change.
func (c *moving) Decide(g *store.Group) error {
	d, ok := store.Get(g, &deliveries, c.was.key())
	same := d.State == c.was.State && d.Tries == c.was.Tries && d.Next == c.was.Next
	late := c.was.State == Sending && d.State == Unsure && d.Tries == c.was.Tries // taken for interrupted
	if !ok || !same && !late {
		return errMoved
	}
	d.Changed = c.now.UnixMicro()
	c.change(&d, c.now)
	store.Put(g, &deliveries, d.key(), d)
	return nil
}

// cut shortens what a channel said to what a row holds.
func cut(text string) string {
	const most = 200
	if len(text) <= most {
		return text
	}
	end := 0
	for i := range text {
		if i > most {
			break
		}
		end = i
	}
	return text[:end]
}
