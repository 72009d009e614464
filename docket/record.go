package docket

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"touyan.dev/touyan/kernel/bus"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/store"
)

// recordFollower is the follower that keeps the table record.
const recordFollower = "docket.record"

// recordKey names a row of record.
type recordKey struct {
	office int64
	day    string
	unit   int64
	kind   string
}

// tally is what is counted; see the migration for each.
type tally struct {
	opened, ended, parts, dated, inTime, returned, answered, solved, overdue int64
}

func (t *tally) fields() []*int64 {
	return []*int64{&t.opened, &t.ended, &t.parts, &t.dated, &t.inTime, &t.returned, &t.answered, &t.solved, &t.overdue}
}

func (t *tally) add(u tally) {
	of := u.fields()
	for i, n := range t.fields() {
		*n += *of[i]
	}
}

var records = store.Table[recordKey, tally]{
	Name: "record", Key: []string{"office", "day", "unit", "kind"}, KeyType: []string{"BIGINT", "TEXT", "BIGINT", "TEXT"},
	Cols:    []string{"opened", "ended", "parts", "dated", "in_time", "returned", "answered", "solved", "overdue"},
	KeyArgs: func(k recordKey) []any { return []any{k.office, k.day, k.unit, k.kind} },
	Args: func(t tally) []any {
		return []any{t.opened, t.ended, t.parts, t.dated, t.inTime, t.returned, t.answered, t.solved, t.overdue}
	},
	Scan: scanRecord,
}

const recordColumns = "office, day, unit, kind, opened, ended, parts, dated, in_time, returned, answered, solved, overdue"

func scanRecord(row store.Scanner, rev *int64) (k recordKey, t tally, err error) {
	dest := []any{&k.office, &k.day, &k.unit, &k.kind}
	for _, n := range t.fields() {
		dest = append(dest, n)
	}
	if rev != nil {
		dest = append(dest, rev)
	}
	err = row.Scan(dest...)
	return k, t, err
}

// belonging is where a matter belongs: what never changes of its row.
type belonging struct {
	id, office, unit, parent int64
	kind                     string
}

// reckoner works out what events add to the record. It reads the log and what
// never changes of a matter, so the same events always add the same.
type reckoner struct {
	o     *Office
	known map[int64]belonging
	sums  map[recordKey]tally
	// blurred are the keys whose sums hang on an event that was erased: what was
	// counted before the erasure cannot be counted again.
	blurred map[recordKey]bool
}

func (o *Office) reckoner() *reckoner {
	return &reckoner{o: o, known: map[int64]belonging{}, sums: map[recordKey]tally{}, blurred: map[recordKey]bool{}}
}

func (r *reckoner) add(b belonging, at int64, t tally) {
	k := recordKey{b.office, calendar.DayOf(time.UnixMicro(at)).String(), b.unit, b.kind}
	sum := r.sums[k]
	sum.add(t)
	r.sums[k] = sum
}

// take adds one event.
func (r *reckoner) take(ctx context.Context, e event.Event) error {
	kind, rest, _ := strings.Cut(e.Kind, "/")
	if r.o.Desk.Definitions().Latest(kind) == nil {
		return nil
	}
	b, ok, err := r.of(ctx, e.Subject)
	if err != nil || !ok {
		return err
	}
	if e.Erased {
		r.blur(b, e)
		return nil
	}
	var body matter.Body
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return fault.Wrap("docket.record", err)
	}
	var t tally
	if body.Open != nil && b.parent == 0 {
		t.opened = 1
	}
	if body.Mark == 100 {
		t.overdue = 1
	}
	if body.Outcome != "" && !unhandled(body.Outcome) {
		if b.parent == 0 {
			t.ended = 1
		} else if err := r.part(ctx, b, e, &t); err != nil {
			return err
		}
	}
	if t != (tally{}) {
		r.add(b, e.Recorded, t)
	}
	if step, act := actOf("/" + rest); step != "" && r.asks(kind, step) {
		return r.word(ctx, b, e, step, act)
	}
	return nil
}

// asks reports whether a step is, in some version of a kind, that of who gave the
// matter.
func (r *reckoner) asks(kind, step string) bool {
	return slices.ContainsFunc(r.o.Desk.Definitions().All(), func(d *flow.Def) bool {
		if d.Kind != kind {
			return false
		}
		s := d.Step(step)
		return s != nil && s.Who.Person == flow.Originator
	})
}

// blur marks what an erased event may have added to.
func (r *reckoner) blur(b belonging, e event.Event) {
	r.blurred[recordKey{b.office, calendar.DayOf(time.UnixMicro(e.Recorded)).String(), b.unit, b.kind}] = true
}

// of gives where a matter belongs.
func (r *reckoner) of(ctx context.Context, id int64) (belonging, bool, error) {
	if b, ok := r.known[id]; ok {
		return b, b.id == id, nil
	}
	found, err := r.belongings(ctx, "SELECT id, office, unit, parent, kind FROM matter WHERE id = ?", id)
	if err != nil || len(found) == 0 {
		return belonging{}, false, err
	}
	r.known[id] = found[0]
	return found[0], true, nil
}

func (r *reckoner) belongings(ctx context.Context, query string, args ...any) ([]belonging, error) {
	return store.Collect(ctx, r.o.DB, func(row store.Scanner) (b belonging, err error) {
		err = row.Scan(&b.id, &b.office, &b.unit, &b.parent, &b.kind)
		return b, err
	}, query, args...)
}

// past is a matter's history up to an event, with its definition; nil if a part
// of it was erased.
func (r *reckoner) past(ctx context.Context, id, upTo int64) ([]matter.Body, []event.Event, *flow.Def, error) {
	events, err := event.Of(ctx, r.o.DB, id)
	if err != nil {
		return nil, nil, nil, err
	}
	events = slices.DeleteFunc(events, func(e event.Event) bool { return e.Pos > upTo })
	bodies := make([]matter.Body, len(events))
	for i, e := range events {
		if e.Erased {
			return nil, events, nil, nil
		}
		if err := json.Unmarshal(e.Body, &bodies[i]); err != nil {
			return nil, nil, nil, fault.Wrap("docket.record", err)
		}
	}
	if len(bodies) == 0 || bodies[0].Open == nil {
		return nil, events, nil, nil
	}
	return bodies, events, r.o.Desk.Definitions().ByHash(bodies[0].Open.Def), nil
}

// part counts a unit's part that has ended: the date is kept if the unit's last
// act, such as the sign-off, came in time; how long the office then took to
// review it is not the unit's.
func (r *reckoner) part(ctx context.Context, b belonging, e event.Event, t *tally) error {
	bodies, events, def, err := r.past(ctx, b.id, e.Pos)
	if err != nil {
		return err
	}
	if def == nil {
		r.blur(b, e)
		return nil
	}
	t.parts = 1
	var handed, due int64
	for i, body := range bodies {
		step, act := def.Step(body.Step), def.StepAct(body.Step, body.Act)
		if step == nil || act == nil {
			continue
		}
		office := step.Who.Of == flow.OfOffice
		switch {
		case office && act.Back != "":
			t.returned = 1
		case !office && act.Back == "":
			handed, due = events[i].Recorded, body.Clocks.Due
		}
	}
	if handed == 0 { // the office took part alone
		return nil
	}
	if due != 0 {
		t.dated = 1
		if handed <= due {
			t.inTime = 1
		}
	}
	return nil
}

// word counts the first word of who gave a matter on what came of it: settled,
// or to be done again. It is said of the matter and of each part that was handled
// by then.
func (r *reckoner) word(ctx context.Context, b belonging, e event.Event, step, act string) error {
	if b.parent != 0 {
		return nil
	}
	bodies, events, def, err := r.past(ctx, b.id, e.Pos)
	if err != nil {
		return err
	}
	if def == nil {
		r.blur(b, e)
		return nil
	}
	s, a := def.Step(step), def.StepAct(step, act)
	if s == nil || a == nil || s.Who.Person != flow.Originator {
		return nil
	}
	for i, earlier := range bodies {
		if events[i].Pos < e.Pos && earlier.Step == step && def.StepAct(step, earlier.Act) != nil {
			return nil // the first word was said before
		}
	}
	t := tally{answered: 1}
	if a.Back == "" && (a.End == "" || !unhandled(a.End)) {
		t.solved = 1
	}
	r.add(b, e.Recorded, t)
	kids, err := r.belongings(ctx, "SELECT id, office, unit, parent, kind FROM matter WHERE parent = ? AND parent <> 0 ORDER BY id", b.id)
	if err != nil {
		return err
	}
	for _, kid := range kids {
		bodies, _, def, err := r.past(ctx, kid.id, e.Pos)
		if err != nil {
			return err
		}
		if def == nil {
			r.blur(kid, e)
		} else if last := bodies[len(bodies)-1].Outcome; last != "" && !unhandled(last) {
			r.add(kid, e.Recorded, t)
		}
	}
	return nil
}

// KeepRecord follows the log until ctx ends.
func (o *Office) KeepRecord(ctx context.Context, feed *bus.Bus) error {
	return feed.Follow(ctx, recordFollower, o.record)
}

// record adds a batch of events and moves the cursor in one write, so each event
// counts exactly once.
func (o *Office) record(ctx context.Context, events []event.Event) error {
	r := o.reckoner()
	for _, e := range events {
		if err := r.take(ctx, e); err != nil {
			return err
		}
	}
	return o.DB.Write(ctx, &recording{events: events, sums: r.sums})
}

type recording struct {
	events []event.Event
	sums   map[recordKey]tally
}

// Load implements store.Change.
func (c *recording) Load(g *store.Group) {
	bus.Load(g, recordFollower)
	for k := range c.sums {
		store.Want(g, &records, k)
	}
}

// Decide implements store.Change.
func (c *recording) Decide(g *store.Group) error {
	if err := bus.Advance(g, recordFollower, c.events); err != nil {
		return err
	}
	for k, t := range c.sums {
		row, ok := store.Get(g, &records, k)
		row.add(t)
		if ok {
			store.Put(g, &records, k, row)
		} else {
			store.Insert(g, &records, k, row)
		}
	}
	return nil
}
