package erase

import (
	"context"
	"errors"
	"fmt"
	"time"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// EventScrub says that the files of the database were scrubbed. Its body is Scrubbed.
const EventScrub = "erase/scrub"

// Scrubbed is the body of EventScrub.
type Scrubbed struct {
	Upto int64        `json:"upto"` // the last erasure before it; -1 for none
	Left []fault.Text `json:"left"` // what could not be reached
}

// scrubLease is how long one program may take to scrub before another does it.
const scrubLease = 2 * time.Hour

// scrubID is the key of the one row of scrub.
const scrubID = 1

type scrubState struct{ upto, begun int64 }

var scrubs = store.Table[int64, scrubState]{
	Name: "scrub", Key: []string{"id"}, KeyType: []string{"BIGINT"}, Cols: []string{"upto", "begun"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args:    func(s scrubState) []any { return []any{s.upto, s.begun} },
	Scan: func(row store.Scanner, rev *int64) (id int64, s scrubState, err error) {
		err = row.Scan(&id, &s.upto, &s.begun, rev)
		return id, s, err
	},
}

// Unscrubbed counts the erasures since the files of the database were scrubbed.
func Unscrubbed(ctx context.Context, r store.Reader) (n int, err error) {
	err = r.QueryRow(ctx, "SELECT COUNT(DISTINCT event) FROM erasure WHERE event > COALESCE((SELECT upto FROM scrub WHERE id = ?), -1)", scrubID).Scan(&n)
	return n, fault.Wrap("erase.Unscrubbed", err)
}

// Scrub scrubs the files of the database and writes that it did. Writes wait
// meanwhile.
func (t *Terms) Scrub(ctx context.Context, actor int64, key string) (event.Place, []fault.Text, error) {
	c := &scrubbing{t: t, actor: actor, key: event.KeyOf(key)}
	if err := t.DB.QueryRow(ctx, "SELECT COALESCE(MAX(event), -1) FROM erasure").Scan(&c.done.Upto); err != nil {
		return c.place, nil, fault.Wrap("erase.Scrub", err)
	}
	left, err := store.Scrub(ctx, t.DSN, Tables(t.Holders))
	if err != nil {
		return c.place, nil, err
	}
	c.done.Left = append([]fault.Text{}, left...)
	err = t.DB.Write(ctx, c)
	return c.place, left, err
}

// scrubbing writes that a scrub was done.
type scrubbing struct {
	t     *Terms
	actor int64
	key   event.Key
	done  Scrubbed
	place event.Place
}

// Load implements store.Change.
func (c *scrubbing) Load(g *store.Group) {
	event.Load(g)
	store.Want(g, &scrubs, scrubID)
}

// Decide implements store.Change.
func (c *scrubbing) Decide(g *store.Group) (err error) {
	s, _ := store.Get(g, &scrubs, scrubID)
	if c.place, err = event.Append(g, event.Draft{Kind: EventScrub, Actor: c.actor, Key: c.key, Recorded: c.t.Clock.Now(), Body: c.done}); err != nil {
		return err
	}
	store.Put(g, &scrubs, scrubID, scrubState{upto: max(s.upto, c.done.Upto)})
	return nil
}

// errScrubbed ends a claim when there is nothing to do, or another is at it.
var errScrubbed = errors.New("erase: nothing to scrub")

// ScrubOnce scrubs if anything was erased since that was done last, and no other
// program on the database is at it; it reports whether it did.
func (t *Terms) ScrubOnce(ctx context.Context) (done bool, err error) {
	n, err := Unscrubbed(ctx, t.DB)
	if err != nil || n == 0 {
		return false, err
	}
	c := &claiming{now: t.Clock.Now()}
	if err := t.DB.Write(ctx, c); errors.Is(err, errScrubbed) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	if n, err = Unscrubbed(ctx, t.DB); err == nil && n > 0 { // another may have done it before this claim
		if _, _, err = t.Scrub(ctx, 0, fmt.Sprintf("scrub/%d", c.now.UnixMicro())); err == nil {
			return true, nil
		}
	}
	c.over = true
	return false, errors.Join(err, t.DB.Write(context.WithoutCancel(ctx), c))
}

// claiming takes the scrub for one program, or gives it back.
type claiming struct {
	now  time.Time
	over bool
}

// Load implements store.Change.
func (c *claiming) Load(g *store.Group) { store.Want(g, &scrubs, scrubID) }

// Decide implements store.Change.
func (c *claiming) Decide(g *store.Group) error {
	s, known := store.Get(g, &scrubs, scrubID)
	if !known {
		s.upto = -1
	}
	now := c.now.UnixMicro()
	if !c.over && s.begun != 0 && now-s.begun < scrubLease.Microseconds() {
		return errScrubbed
	}
	if s.begun = now; c.over {
		s.begun = 0
	}
	store.Put(g, &scrubs, scrubID, s)
	return nil
}
