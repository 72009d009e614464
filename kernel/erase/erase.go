// Package erase takes back what should never have been written (泄密处置), and
// personal data whose term has come.
//
// Erasing an object empties the bodies of its events, whose digests stay in the
// Merkle tree, so that every proof given still verifies, and every text of its
// rows; what the rows hold of people, units, dates and numbers stays, so that
// lists, links and numbers have no gap. That it was done is an event of its own,
// with a receipt. Every package whose rows hold texts says in a Holder how it
// empties them; one change runs them all, in one commit.
//
// The files of the database are scrubbed afterwards (store.Scrub), and backups
// that are at hand rewritten (store.Reseal). For those that are not, a register
// beside the signing key names every erased object; a restore applies it before
// the restored log is used. An object is named with the digest of its first
// event, because a restored log may give its position to another one.
//
// It never decides who may erase; the command does.
package erase

import (
	"context"
	"errors"
	"slices"
	"time"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// Title stands in place of the title of an object that was erased.
const Title = "已清除 Erased"

// Target is what one erasure is about. Holders add to it while it is loaded.
type Target struct {
	Objects  []int64  // objects, and single events such as that of a file
	Contents [][]byte // digests of contents of files
	Related  []int64  // objects that a holder knows to lie near, and that are not erased
	Texts    int      // rows that were emptied
	// Everywhere takes contents from every object that has them: a spilled document
	// is one wherever it lies.
	Everywhere bool
}

// Add names one more object.
func (t *Target) Add(id int64) {
	if !slices.Contains(t.Objects, id) {
		t.Objects = append(t.Objects, id)
	}
}

// Near names an object that lies near and is not erased.
func (t *Target) Near(id int64) {
	if id != 0 && !slices.Contains(t.Related, id) {
		t.Related = append(t.Related, id)
	}
}

// Holder is a package whose rows hold texts of objects.
type Holder struct {
	// Tables are those that Scrub writes anew on PostgreSQL.
	Tables []string
	// Kinds tells whether an event of the kind makes an object that it can erase.
	Kinds func(kind string) bool
	// Contents gives the digests of the contents that belong to an object; nil for
	// a holder of none.
	Contents func(ctx context.Context, r store.Reader, id int64) ([][]byte, error)
	// Sharing gives the single events that belong to a content, whatever their
	// object; nil for a holder of none.
	Sharing func(ctx context.Context, r store.Reader, digest []byte) ([]int64, error)
	// Holds tells whether a content is held at all; nil for a holder of none.
	Holds func(ctx context.Context, r store.Reader, digest []byte) (bool, error)
	// Load names rows, and adds to the target what has to go with its objects.
	Load func(g *store.Group, t *Target)
	// Erase empties the rows. pos is the event that says so; -1 for none.
	Erase func(g *store.Group, t *Target, pos int64) error
}

// Order is an erasure that is to be done.
type Order struct {
	Objects  []int64
	Contents [][]byte
	Kind     string // of its event: event.EventSpill and its like; "" leaves no event
	Reason   string
	// Own takes contents of files only where no other object has them: what was kept
	// long enough goes from its object, a spilled document from wherever it lies.
	Own bool
	// Due is asked in the change whether the objects are to go now, and why; nil asks
	// nothing. Its ErrNotDue leaves everything as it is.
	Due   func(g *store.Group, t *Target) (why fault.Text, err error)
	Actor int64
	Key   event.Key
	Now   time.Time
	Dry   bool // only find out what would go
}

// Body is the body of the event.
type Body struct {
	Objects []int64    `json:"objects"`
	Reason  string     `json:"reason,omitempty"` // as somebody wrote it
	Why     fault.Text `json:"why,omitzero"`     // as Due said it
}

// Done is what was erased, or would be.
type Done struct {
	Target
	Place event.Place
	Again bool // everything had been erased before; nothing was written
}

// Tables lists what Scrub has to write anew.
func Tables(holders []Holder) []string {
	out := []string{"event", "erasure"}
	for _, h := range holders {
		out = append(out, h.Tables...)
	}
	return out
}

// Run carries out an order.
func Run(ctx context.Context, db *store.DB, holders []Holder, o Order) (Done, error) {
	if err := known(ctx, db, holders, o.Objects); err != nil {
		return Done{}, err
	}
	c := &erasing{holders: holders, order: o}
	c.contents = append(c.contents, o.Contents...)
	for range 8 { // objects are found in the change, contents outside of it
		err := db.Write(ctx, c)
		if errors.Is(err, errDry) {
			err = nil
		}
		if !errors.Is(err, errContents) {
			return c.done, fault.Wrap("erase.Run", err)
		}
		if err := c.gather(ctx, db); err != nil {
			return Done{}, err
		}
	}
	return Done{}, fault.New(fault.Busy, "erase.Run", "清除对象一直在变动，请稍后重试。", "What is to be erased kept changing; try again shortly.")
}

// known refuses an id that is no object of any holder.
func known(ctx context.Context, r store.Reader, holders []Holder, ids []int64) error {
	for _, id := range ids {
		e, err := event.At(ctx, r, id)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if err != nil || !slices.ContainsFunc(holders, func(h Holder) bool { return h.Kinds(e.Kind) }) {
			return fault.New(fault.NotFound, "erase", "没有这个编号的事项、批示、导入材料或附件。", "No matter, instruction, import or file has this id.")
		}
	}
	return nil
}

// ErrNotDue is the answer of a Schedule that does not let an object go yet.
var ErrNotDue = errors.New("erase: not due")

var (
	errDry      = errors.New("erase: dry run")
	errContents = errors.New("erase: contents are to be gathered")
)

type erasing struct {
	holders  []Holder
	order    Order
	gathered []int64 // the objects whose contents are known
	contents [][]byte
	sharing  []int64 // the single events that belong to these contents
	target   Target
	done     Done
}

// gather reads the contents that belong to the objects found.
func (c *erasing) gather(ctx context.Context, r store.Reader) error {
	c.gathered = slices.Sorted(slices.Values(c.target.Objects))
	c.contents, c.sharing = append([][]byte{}, c.order.Contents...), nil
	for _, h := range c.holders {
		if h.Contents == nil {
			continue
		}
		for _, id := range c.gathered {
			found, err := h.Contents(ctx, r, id)
			if err != nil {
				return err
			}
			c.contents = append(c.contents, found...)
		}
		if c.order.Own {
			continue
		}
		for _, d := range c.contents {
			found, err := h.Sharing(ctx, r, d)
			if err != nil {
				return err
			}
			c.sharing = append(c.sharing, found...)
		}
	}
	return nil
}

// Load implements store.Change.
func (c *erasing) Load(g *store.Group) {
	fresh := store.Local(g, c, func() *bool { b := false; return &b })
	if !*fresh { // the first round of this try
		*fresh = true
		c.target = Target{Objects: slices.Clone(c.order.Objects), Everywhere: !c.order.Own}
		for _, id := range c.sharing {
			c.target.Add(id)
		}
		c.done = Done{}
	}
	event.Load(g)
	for _, h := range c.holders {
		h.Load(g, &c.target)
	}
	for _, id := range c.target.Objects {
		event.LoadErased(g, id)
	}
}

// Decide implements store.Change.
func (c *erasing) Decide(g *store.Group) error {
	if !slices.Equal(c.gathered, slices.Sorted(slices.Values(c.target.Objects))) {
		return errContents
	}
	t := &c.target
	t.Contents, t.Texts = c.contents, 0
	for _, id := range t.Objects {
		t.Related = slices.DeleteFunc(t.Related, func(r int64) bool { return r == id })
	}
	c.done.Target = *t
	if c.order.Kind != "" && c.finished(g) {
		c.done.Again = true
		return nil
	}
	body := Body{Objects: t.Objects, Reason: c.order.Reason}
	if c.order.Due != nil {
		var err error
		if body.Why, err = c.order.Due(g, t); err != nil {
			return err
		}
	}
	pos := int64(-1)
	if c.order.Kind != "" {
		place, err := event.Append(g, event.Draft{
			Kind: c.order.Kind, Subject: c.subject(), Actor: c.order.Actor, Key: c.order.Key, Recorded: c.order.Now,
			Body: body,
		})
		if err != nil {
			return err
		}
		c.done.Place, pos = place, place.Event.Pos
	}
	for _, h := range c.holders {
		if err := h.Erase(g, t, pos); err != nil {
			return err
		}
	}
	for _, id := range t.Objects {
		if pos < 0 {
			event.EraseQuietly(g, id)
		} else {
			event.Erase(g, id, pos)
		}
	}
	c.done.Target = *t
	if c.order.Dry {
		return errDry
	}
	return nil
}

// subject is what the event is filed under: the first object, or the log itself
// for contents that belong to none.
func (c *erasing) subject() int64 {
	if len(c.order.Objects) == 0 {
		return 0
	}
	return c.order.Objects[0]
}

// finished reports that an earlier order has erased all of it already.
func (c *erasing) finished(g *store.Group) bool {
	for _, id := range c.target.Objects {
		if _, erased := event.WasErased(g, id); !erased {
			return false
		}
	}
	return len(c.order.Contents) == 0
}
