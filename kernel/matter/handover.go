package matter

import (
	"context"
	"slices"
	"strings"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// EventHandover is the event of a handover (移交) as a whole; each matter that
// moves has one of its own beside it. Its subject is who hands over.
const EventHandover = "matter/handover"

// Heir says that what names one person is another's from now on.
type Heir struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// heir gives who stands in the place of a person named in a matter's data.
func (c *Clocks) heir(person int64) int64 {
	for _, h := range c.Heirs { // in the order in which they were handed over
		if h.From == person {
			person = h.To
		}
	}
	return person
}

// Hands is what is in a person's hands: open steps that name him, other open
// matters in which he takes part, and the steps that wait for a duty which nobody
// else holds.
type Hands struct {
	Steps   []Task
	Parties []Matter
	Duties  []DutyWork
}

// DutyWork is how many open steps wait for a post that only one person holds.
type DutyWork struct {
	Post auth.Post
	Open int
}

// handsMost bounds what is listed and handed over at a time.
const handsMost = 500

// InHands lists what is in a person's hands.
func (e *Engine) InHands(ctx context.Context, person int64) (Hands, error) {
	var h Hands
	found, err := store.Collect(ctx, e.db, func(row store.Scanner) (o open, err error) {
		err = row.Scan(&o.matter, &o.slot, &o.due)
		return o, err
	}, "SELECT matter, slot, due FROM task WHERE person = ? AND person <> 0 ORDER BY matter, slot LIMIT ?", person, handsMost)
	if err != nil {
		return h, fault.Wrap("matter.InHands", err)
	}
	if h.Steps, err = e.tasks(ctx, found); err != nil {
		return h, err
	}
	all, err := store.Collect(ctx, e.db, func(row store.Scanner) (Matter, error) { return scanMatter(row) },
		"SELECT "+matterColumns+" FROM matter WHERE status <> 'ended' AND (originator = ? OR id IN (SELECT matter FROM matter_party WHERE person = ?)) ORDER BY id LIMIT ?", person, person, handsMost)
	if err != nil {
		return h, fault.Wrap("matter.InHands", err)
	}
	for _, m := range all {
		if m.Clocks.heir(person) == person && !slices.ContainsFunc(h.Steps, func(t Task) bool { return t.Matter.ID == m.ID }) {
			h.Parties = append(h.Parties, m)
		}
	}
	dir := e.book.Now()
	for _, p := range dir.PostsOf(person, dir.Day()) {
		n, err := e.waiting(ctx, dir, p)
		if err != nil {
			return h, err
		}
		if n > 0 {
			h.Duties = append(h.Duties, DutyWork{p, n})
		}
	}
	return h, nil
}

// waiting counts the open steps that wait for a post whose duty nobody else holds
// in its unit.
func (e *Engine) waiting(ctx context.Context, dir *auth.Directory, p auth.Post) (n int, err error) {
	for _, o := range dir.Holders(p.Duty, p.Unit) {
		if o.Person != p.Person {
			return 0, nil
		}
	}
	err = e.db.QueryRow(ctx, "SELECT count(*) FROM task WHERE need = ? AND need <> ''", auth.Need(p.Duty, p.Unit)).Scan(&n)
	return n, fault.Wrap("matter.waiting", err)
}

// Unfinished counts the open steps that nobody could do if a person were
// suspended, or if one of his posts ended. It implements auth.Work.
func (e *Engine) Unfinished(ctx context.Context, person, post int64) (int, error) {
	dir := e.book.Now()
	p, one := dir.Post(post)
	posts := dir.PostsOf(person, dir.Day())
	total := 0
	for _, held := range posts {
		if one && held.ID != p.ID {
			continue
		}
		n, err := e.waiting(ctx, dir, held)
		if err != nil {
			return 0, err
		}
		total += n
	}
	named, err := store.Collect(ctx, e.db, func(row store.Scanner) (unit int64, err error) {
		err = row.Scan(&unit)
		return unit, err
	}, "SELECT m.unit FROM task t JOIN matter m ON m.id = t.matter WHERE t.person = ? AND t.person <> 0", person)
	if err != nil {
		return 0, fault.Wrap("matter.Unfinished", err)
	}
	for _, unit := range named {
		left := one && slices.ContainsFunc(posts, func(o auth.Post) bool { return o.ID != p.ID && slices.Contains(dir.Ancestors(o.Unit), unit) })
		if !left {
			total++
		}
	}
	return total, nil
}

// Handover is what one person leaves to another.
type Handover struct {
	From, To int64
	Reason   string
	Key      string
}

// HandedOver is the answer to a handover.
type HandedOver struct {
	Done
	Steps, Parties, Delegations int
}

// HandOver gives another person everything in somebody's hands in one commit:
// the open steps that name him, also those still to come, and his part in open
// matters; the delegations he gave and was given end. What waits for a duty
// passes with the post.
func (e *Engine) HandOver(ctx context.Context, who auth.Principal, in Handover) (HandedOver, error) {
	h, err := e.InHands(ctx, in.From)
	if err != nil {
		return HandedOver{}, err
	}
	c := &handing{work: e.work(who, in.Key), in: in}
	c.kind, c.subject = EventHandover, in.From
	for _, t := range h.Steps {
		if !slices.Contains(c.ids, t.Matter.ID) {
			c.ids = append(c.ids, t.Matter.ID)
		}
	}
	for _, m := range h.Parties {
		c.ids = append(c.ids, m.ID)
	}
	done, err := e.write(ctx, &c.work, c)
	return HandedOver{done, c.steps, c.parts, c.ended}, err
}

// handing is the change of one handover.
type handing struct {
	work
	in  Handover
	ids []int64

	steps, parts, ended int // answers
}

// Load implements store.Change.
func (c *handing) Load(g *store.Group) {
	c.load(g)
	auth.LoadDelegations(g, c.dir, c.in.From)
	for _, id := range c.ids {
		loadMatter(g, c.e, id, false, c.now.Year())
	}
}

// Decide implements store.Change.
func (c *handing) Decide(g *store.Group) error {
	c.steps, c.parts, c.ended = 0, 0, 0
	if again, err := c.begin(g); again || err != nil {
		return err
	}
	if err := c.admit(); err != nil {
		return err
	}
	moved, err := c.movable(g)
	if err != nil {
		return err
	}
	ended := auth.EndDelegations(g, c.dir, c.in.From, c.now)
	c.ended = len(ended)
	if len(moved) == 0 && c.ended == 0 {
		return fault.New(fault.Conflict, "matter.HandOver", "此人手中没有未结的工作，无需移交。", "Nothing is open in this person's hands; there is nothing to hand over.")
	}
	ids := make([]int64, len(moved))
	for i, m := range moved {
		ids[i] = m.ID
	}
	place, err := event.Append(g, event.Draft{
		Kind: EventHandover, Subject: c.in.From, Actor: c.who.Person, Behalf: c.behalf, Key: c.once.Key, Recorded: c.now,
		Body: map[string]any{"to": c.in.To, "reason": strings.TrimSpace(c.in.Reason), "matters": ids, "delegations": ended},
	})
	if err != nil {
		return err
	}
	c.place, c.events = place, 1
	for i := range moved {
		if err := c.move(g, &moved[i]); err != nil {
			return err
		}
	}
	return nil
}

// admit asks whether this handover may be, and whether the successor can take it.
func (c *handing) admit() error {
	const op = "matter.HandOver"
	for _, unit := range c.dir.AnswersFor(c.in.From) {
		v, err := c.e.rules.Require(c.dir, c.who, "directory.handover", auth.Resource{Type: "Unit", Unit: unit, Named: c.in.From})
		if err != nil {
			return err
		}
		c.by(v)
	}
	to, ok := c.dir.Person(c.in.To)
	posts := c.dir.PostsOf(c.in.To, c.dir.Day())
	auditor := slices.ContainsFunc(posts, func(p auth.Post) bool { return p.Duty == auth.Auditor })
	switch n := len([]rune(strings.TrimSpace(c.in.Reason))); {
	case !ok || to.Status != auth.Active || len(posts) == 0 || auditor || c.in.To == c.in.From:
		return fault.At(op, "to", "承接人须是另一名在岗、未停用且不任审计员的工作人员，请重新选择。", "The successor must be another member of the staff, active and no auditor; choose again.")
	case n < 2 || n > 200:
		return fault.At(op, "reason", "请写明移交事由，2至200个字。", "Give the reason of the handover, in 2 to 200 characters.")
	}
	return nil
}

// movable gives the matters to be moved. A step that names the person can only go
// to somebody of the same unit; a part in a matter is left where the successor
// has no business.
func (c *handing) movable(g *store.Group) ([]Matter, error) {
	var out []Matter
	for _, id := range c.ids {
		m, ok := store.Get(g, &matters, id)
		if !ok || m.Status == Ended {
			continue
		}
		fits := c.belongs(c.in.To, m.Unit) || m.Originator == c.in.From && c.belongs(c.in.To, m.Office)
		// What is kept from the successor, or off which he was taken, is not his to have.
		res := m.resource()
		res.Parties = []int64{c.in.To}
		v, _ := c.e.rules.Require(c.dir, auth.Principal{Person: c.in.To}, "matter.read", res)
		fits = fits && v.Allowed && !slices.ContainsFunc(m.Clocks.Recused, func(r Recusal) bool { return r.Person == c.in.To })
		held := slices.ContainsFunc(m.Clocks.Slots, func(s Slot) bool { return s.Person == c.in.From })
		if held && !fits {
			return nil, fault.At("matter.HandOver", "to", "承接人不在指名承办的单位任职，请另选，或先为其任职。", "The successor is not of a unit whose steps name this person; choose another, or give a post first.")
		}
		if fits {
			out = append(out, m)
		}
	}
	return out, nil
}

// move hands one matter over.
func (c *handing) move(g *store.Group, m *Matter) error {
	before := m.Clocks.Slots
	m.Clocks.Slots = slices.Clone(before)
	held := false
	for i := range m.Clocks.Slots {
		if s := &m.Clocks.Slots[i]; s.Person == c.in.From {
			s.Person, held = c.in.To, true
			c.steps++
		}
	}
	if !held {
		c.parts++
	}
	heir := Heir{c.in.From, c.in.To}
	m.Clocks.Heirs = append(slices.Clone(m.Clocks.Heirs), heir)
	c.join(g, m, c.in.To)
	if _, err := c.append(g, m, m.Kind+"/handover", Body{Act: "handover", Heir: &heir}, running); err != nil {
		return err
	}
	c.putTasks(g, m, before)
	store.Put(g, &matters, m.ID, *m)
	return nil
}
