package matter

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/store"
)

// The kinds of events of a hold.
const (
	EventHold    = "matter/hold"    // 暂缓清除
	EventRelease = "matter/release" // 解除暂缓
)

// Why an erasure is held back.
const (
	ForLitigation = "litigation" // 诉讼、行政复议
	ForComplaint  = "complaint"  // 投诉举报、信访复查
	ForAudit      = "audit"      // 审计、巡视巡察
	ForOther      = "other"
)

// holds names the event that holds a matter.
var holds = store.Table[int64, int64]{
	Name: "matter_hold", Key: []string{"matter"}, KeyType: []string{"BIGINT"}, Cols: []string{"event"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args:    func(pos int64) []any { return []any{pos} },
	Scan: func(row store.Scanner, rev *int64) (id, pos int64, err error) {
		err = row.Scan(&id, &pos, rev)
		return id, pos, err
	},
}

// Hold (暂缓清除) keeps a matter from being erased when its period is over, or ends
// that.
type Hold struct {
	Why    string `json:"why,omitempty"`    // one of the For… names
	Words  string `json:"words"`            // the case, or why it ends
	Review string `json:"review,omitempty"` // the day on which to look at it again
}

// Holding is a hold that stands.
type Holding struct {
	event.Event
	Hold
}

// Hold holds back the erasure of a matter, whatever becomes of its period, until
// Release. It does not stop what is taken back by order.
func (e *Engine) Hold(ctx context.Context, who auth.Principal, id int64, in Hold, key string) (Done, error) {
	const op = "matter.Hold"
	if !slices.Contains([]string{ForLitigation, ForComplaint, ForAudit, ForOther}, in.Why) {
		return Done{}, fault.At(op, "why", "请选择暂缓的事由。", "Choose why it is held.")
	}
	if _, err := calendar.ParseDay(in.Review); err != nil {
		return Done{}, fault.At(op, "review", "请填写复核日期。", "Give the day on which to look at it again.")
	}
	return e.hold(ctx, who, id, in, EventHold, key)
}

// Release ends a hold.
func (e *Engine) Release(ctx context.Context, who auth.Principal, id int64, words, key string) (Done, error) {
	return e.hold(ctx, who, id, Hold{Words: words}, EventRelease, key)
}

func (e *Engine) hold(ctx context.Context, who auth.Principal, id int64, in Hold, kind, key string) (Done, error) {
	c := &holding{work: e.work(who, key), id: id, in: in}
	c.kind, c.subject = kind, id
	return e.write(ctx, &c.work, c)
}

// holding is the change that begins or ends a hold.
type holding struct {
	work
	id int64
	in Hold
}

// Load implements store.Change.
func (c *holding) Load(g *store.Group) {
	c.load(g)
	store.Want(g, &matters, c.id)
	store.Want(g, &holds, c.id)
}

// Decide implements store.Change.
func (c *holding) Decide(g *store.Group) error {
	c.behalf = 0
	if again, err := c.begin(g); again || err != nil {
		return err
	}
	m, ok := store.Get(g, &matters, c.id)
	if !ok {
		return errNotFound()
	}
	v, err := c.e.mayHold(c.dir, c.who, m)
	if err != nil {
		return err
	}
	c.by(v)
	if c.kind == EventHold {
		if err := c.e.holdable(m); err != nil {
			return err
		}
	}
	_, held := store.Get(g, &holds, c.id)
	switch {
	case held && c.kind == EventHold:
		return fault.New(fault.Conflict, "matter.Hold", "本事项已在暂缓清除中。", "The erasure of this matter is held already.")
	case !held && c.kind == EventRelease:
		return fault.New(fault.Conflict, "matter.Release", "本事项没有暂缓清除。", "The erasure of this matter is not held.")
	}
	if c.place, err = event.Append(g, event.Draft{
		Kind: c.kind, Subject: m.ID, Actor: c.who.Person, Behalf: c.behalf, Unit: m.Office, Key: c.once.Key, Recorded: c.now, Body: c.in,
	}); err != nil {
		return err
	}
	if held {
		store.Delete(g, &holds, m.ID)
	} else {
		store.Put(g, &holds, m.ID, c.place.Event.Pos)
	}
	return nil
}

// mayHold asks whether who may hold the erasure of a matter.
func (e *Engine) mayHold(dir *auth.Directory, who auth.Principal, m Matter) (auth.Verdict, error) {
	var need []string
	for _, d := range []auth.Duty{auth.Leader, auth.Deputy, auth.Secretary, auth.Supervisor} {
		need = append(need, auth.Need(d, m.Office))
	}
	return e.rules.Require(dir, who, "matter.hold", auth.Resource{
		Type: "Matter", ID: m.ID, Kind: m.Kind, Unit: m.Unit, Office: m.Office, Originator: m.Originator, Need: need, Sealed: m.Clocks.Sealed,
	})
}

// holdable refuses what is never erased by itself, or is gone.
func (e *Engine) holdable(m Matter) error {
	switch {
	case m.Outcome == flow.OutcomeErased:
		return fault.New(fault.Conflict, "matter.Hold", "本事项的内容已清除。", "The texts of this matter were erased.")
	case m.Parent != 0:
		return fault.New(fault.Conflict, "matter.Hold", "分办事项随主事项保存，请在主事项上办理。", "A part is kept as long as the whole; hold the matter that it belongs to.")
	case e.held.Load().keepOf(m.Kind, m.Def) == nil:
		return fault.New(fault.Conflict, "matter.Hold", "这类事项没有规定保存期限，不会到期清除，无需暂缓。", "No period is set for this kind of matter; it is not erased by itself and needs no hold.")
	}
	return nil
}

// MayHold reports whether who may hold the erasure of a matter, or, of one that is
// held, end that.
func (e *Engine) MayHold(who auth.Principal, m Matter, held bool) bool {
	_, err := e.mayHold(e.book.Now(), who, m)
	return err == nil && (held || e.holdable(m) == nil)
}

// holdOf gives the hold of a matter; nil for none.
func (e *Engine) holdOf(ctx context.Context, id int64) (*Holding, error) {
	out := &Holding{}
	ok, err := e.told(ctx, "SELECT event FROM matter_hold WHERE matter = ?", id, &out.Event, &out.Hold)
	if err != nil || !ok {
		return nil, err
	}
	return out, nil
}

// told reads the event that a row about an object names, with its body; ok is
// false without such a row.
func (e *Engine) told(ctx context.Context, query string, id int64, ev *event.Event, body any) (ok bool, err error) {
	const op = "matter.told"
	var pos int64
	err = e.db.QueryRow(ctx, query, id).Scan(&pos)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fault.Wrap(op, err)
	}
	if *ev, err = event.At(ctx, e.db, pos); err != nil {
		return false, err
	}
	return true, fault.Wrap(op, json.Unmarshal(ev.Body, body))
}
