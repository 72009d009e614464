package notice

import (
	"context"
	"slices"
	"time"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// Shown is a notice with its words.
type Shown struct {
	Notice
	Words
}

// List gives a person's notices, newest first: those before a position (0: from
// the newest), all or only those not read. next is where the next page begins; 0
// for none. What the rules keep from him by now is left out.
func (p *Post) List(ctx context.Context, person, before int64, unread bool, limit int) (out []Shown, next int64, err error) {
	query, args := "SELECT "+noticeColumns+" FROM notice WHERE person = ?", []any{person}
	if unread {
		query += " AND seen = 0"
	}
	if before > 0 {
		query, args = query+" AND pos < ?", append(args, before)
	}
	found, err := store.Collect(ctx, p.cfg.DB, func(row store.Scanner) (Notice, error) { return scanNotice(row) }, query+" ORDER BY pos DESC LIMIT ?", append(args, limit+1)...)
	if err != nil {
		return nil, 0, fault.Wrap("notice.List", err)
	}
	if len(found) > limit {
		found = found[:limit]
		next = found[limit-1].Pos
	}
	words, err := p.cfg.Domain.Words(ctx, person, found)
	if err != nil {
		return nil, 0, fault.Wrap("notice.List", err)
	}
	for _, n := range found {
		if w, ok := words[n.Pos]; ok {
			out = append(out, Shown{n, w})
		}
	}
	return out, next, nil
}

// countMost is how far unread notices are counted.
const countMost = 100

// Unread counts a person's unread notices, up to 100, without those that the rules
// keep from him by now.
func (p *Post) Unread(ctx context.Context, person int64) (int, error) {
	list, _, err := p.List(ctx, person, 0, true, countMost)
	return len(list), err
}

// See marks a person's notices up to a position as read: all of them (subject 0),
// those of one subject, or with only set the one at that position.
func (p *Post) See(ctx context.Context, person, subject, upTo int64, only bool) error {
	query, args := "SELECT pos FROM notice WHERE person = ? AND seen = 0 AND pos <= ?", []any{person, upTo}
	if subject != 0 {
		query, args = query+" AND subject = ?", append(args, subject)
	}
	if only {
		query, args = query+" AND pos = ?", append(args, upTo)
	}
	for {
		list, err := store.Collect(ctx, p.cfg.DB, func(row store.Scanner) (pos int64, err error) {
			err = row.Scan(&pos)
			return pos, err
		}, query+" ORDER BY pos DESC LIMIT ?", append(slices.Clone(args), sweepBatch)...)
		if err != nil || len(list) == 0 {
			return fault.Wrap("notice.See", err)
		}
		if err := p.cfg.DB.Write(ctx, &seeing{person, list, p.cfg.Clock.Now()}); err != nil {
			return fault.Wrap("notice.See", err)
		}
		p.mu.Lock()
		for c := range p.watchers[person] { // his other pages
			nudge(c)
		}
		p.mu.Unlock()
		if len(list) < sweepBatch {
			return nil
		}
	}
}

type seeing struct {
	person int64
	list   []int64
	now    time.Time
}

// Load implements store.Change.
func (c *seeing) Load(g *store.Group) {
	for _, pos := range c.list {
		store.Want(g, &notices, mark{c.person, pos})
	}
}

// Decide implements store.Change.
func (c *seeing) Decide(g *store.Group) error {
	for _, pos := range c.list {
		k := mark{c.person, pos}
		if n, ok := store.Get(g, &notices, k); ok && n.Seen.IsZero() {
			n.Seen = c.now
			store.Put(g, &notices, k, n)
		}
	}
	return nil
}

// Deliveries gives deliveries in a state, or in any, with the class of each
// notice; those that changed last come first. before is the Changed of the last
// of the page before; 0 for the first.
func (p *Post) Deliveries(ctx context.Context, state State, before int64, limit int) (out []Delivered, err error) {
	query, args := "SELECT d.person, d.pos, d.channel, d.state, d.tries, d.next, d.first, d.changed, d.digest, d.error, d.ref, n.class FROM delivery d JOIN notice n ON n.person = d.person AND n.pos = d.pos WHERE 1 = 1", []any{}
	if state != "" {
		query, args = query+" AND d.state = ?", append(args, string(state))
	}
	if before > 0 {
		query, args = query+" AND d.changed < ?", append(args, before)
	}
	out, err = store.Collect(ctx, p.cfg.DB, func(row store.Scanner) (d Delivered, err error) {
		d.Delivery, err = scanDelivery(row, &d.Class)
		return d, err
	}, query+" ORDER BY d.changed DESC, d.pos DESC, d.person, d.channel LIMIT ?", append(args, limit)...)
	return out, fault.Wrap("notice.Deliveries", err)
}

// Delivered is a delivery with the class of its notice.
type Delivered struct {
	Delivery
	Class Class
}

// Count is how many deliveries of a channel are in a state.
type Count struct {
	Channel string
	State   State
	N       int
}

// Counts counts the deliveries of the last while by channel and state.
func (p *Post) Counts(ctx context.Context, last time.Duration) ([]Count, error) {
	out, err := store.Collect(ctx, p.cfg.DB, func(row store.Scanner) (c Count, err error) {
		err = row.Scan(&c.Channel, &c.State, &c.N)
		return c, err
	}, "SELECT channel, state, count(*) FROM delivery WHERE changed >= ? GROUP BY channel, state ORDER BY channel, state", p.cfg.Machine.Now().Add(-last).UnixMicro())
	return out, fault.Wrap("notice.Counts", err)
}

// Retry has a letter that was given up tried anew. One that may have been sent is
// refused: it would be the second.
func (p *Post) Retry(ctx context.Context, person, pos int64, channel string) error {
	d, err := scanDelivery(p.cfg.DB.QueryRow(ctx, "SELECT "+deliveryColumns+" FROM delivery WHERE person = ? AND pos = ? AND channel = ?", person, pos, channel))
	if err != nil {
		return fault.New(fault.NotFound, "notice.Retry", "没有这一条投递记录。", "There is no such delivery.")
	}
	if d.State == Dead {
		ok, err := p.move(ctx, d, func(n *Delivery, now time.Time) {
			n.State, n.Next, n.Tries, n.First = Waiting, now.UnixMicro(), 0, 0
		})
		if err != nil {
			return err
		}
		if ok {
			nudge(p.wake)
			return nil
		}
	}
	return fault.New(fault.Conflict, "notice.Retry", "只有确定未发出的才能重发；“可能已发出”的不再发，以免重复打扰。", "Only what surely was not sent can be tried anew; what may have been sent is not, or it might arrive twice.")
}

// Test sends a trial letter to a person through a channel, at once and without a
// notice.
func (p *Post) Test(ctx context.Context, channel string, person int64, id string) (ref string, err error) {
	const op = "notice.Test"
	ch, ok := p.channels[channel]
	if !ok {
		return "", fault.At(op, "channel", "这个渠道没有配置。", "This channel is not set up.")
	}
	s, err := p.Setting(ctx, person)
	if err != nil {
		return "", err
	}
	if ch.Traits().Address && s.Ways[channel].To == "" {
		return "", fault.At(op, "to", "此人没有填写该渠道的地址，请在“我的—提醒方式”中填写。", "The person has entered no address for this channel; enter it on the account page.")
	}
	l := Letter{
		ID: "test." + id, To: s.Ways[channel].To, Person: person, Class: Duty, At: p.cfg.Machine.Now(),
		Text: fault.T("这是一条测试提醒，无需办理。", "This is a test; nothing need be done."), Link: p.cfg.Site + "/account",
	}
	if p.cfg.Name != "" {
		l.ID += "@" + p.cfg.Name
	}
	ref, err = ch.Send(ctx, l)
	if err != nil {
		f := fault.New(fault.Unavailable, op, "没有发出："+err.Error(), "It was not sent: "+err.Error())
		f.Err = err
		return "", f
	}
	return ref, nil
}
