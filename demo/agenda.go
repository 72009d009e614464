package demo

import (
	"container/heap"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/matter/flow"
)

// agenda lets the city's people act one after the other in the order of time,
// and the engine's timers fire between them.
type agenda struct {
	*hand
	plans map[int64]*plan // by root matter
	known map[string]bool // what is on the agenda or done
	items entries
	moved func(time.Time) error // told when the clock moves; nil for nobody
}

// entry is something to be done at a time.
type entry struct {
	at   time.Time
	name string // breaks ties, also after an interruption, when all is entered anew
	do   func(context.Context) error
}

type entries []entry

func (e entries) Len() int { return len(e) }
func (e entries) Less(i, j int) bool {
	return e[i].at.Before(e[j].at) || e[i].at.Equal(e[j].at) && e[i].name < e[j].name
}
func (e entries) Swap(i, j int) { e[i], e[j] = e[j], e[i] }

// Push implements heap.Interface.
func (e *entries) Push(x any) { *e = append(*e, x.(entry)) }

// Pop implements heap.Interface.
func (e *entries) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

func newAgenda(t *town) *agenda {
	return &agenda{hand: &hand{t}, plans: map[int64]*plan{}, known: map[string]bool{}}
}

// put enters something under a name; a name is entered once.
func (a *agenda) put(name string, at time.Time, do func(context.Context) error) {
	if a.known[name] {
		return
	}
	a.known[name] = true
	heap.Push(&a.items, entry{at: at, name: name, do: do})
}

// run does what stands on the agenda up to a time, or until done says that it is
// enough, and moves the clock with it.
func (a *agenda) run(ctx context.Context, until time.Time, done func() (bool, error)) error {
	for len(a.items) > 0 && !a.items[0].at.After(until) {
		if done != nil {
			if enough, err := done(); enough || err != nil {
				return err
			}
		}
		next := heap.Pop(&a.items).(entry)
		if err := a.advance(ctx, next.at); err != nil {
			return err
		}
		if err := next.do(ctx); err != nil {
			return err
		}
	}
	return nil
}

// advance moves the clock to a time, never back, and lets each timer on the way
// fire when it comes due.
func (a *agenda) advance(ctx context.Context, to time.Time) error {
	for {
		_, next, err := a.Desk.FireDue(ctx)
		if err != nil {
			return err
		}
		if next.IsZero() || next.After(to) {
			break
		}
		a.Clock.Set(next)
	}
	a.Clock.Set(to)
	if a.moved != nil {
		return a.moved(a.Clock.Now())
	}
	return nil
}

// follow puts on the agenda what the plan holds for every open step of a matter
// and its sub-matters.
func (a *agenda) follow(ctx context.Context, root int64) error {
	p := a.plans[root]
	family, err := a.family(ctx, root)
	if err != nil {
		return err
	}
	for _, m := range family {
		if m.Status != matter.Open {
			continue
		}
		if n := p.days("withdraw", ""); n > 0 && m.ID == root && m.Stage == "units" {
			day := a.Desk.Calendar().AddWorkdays(dayOf(m.Updated), n)
			a.put(fmt.Sprintf("withdraw/%d", root), day.Start().Add(11*time.Hour), a.doing(root, m.ID, matter.Slot{}, flow.IntWithdraw))
		}
		for _, s := range m.Clocks.Slots {
			o, err := a.opening(p, m, s)
			if err != nil {
				return err
			}
			a.place(root, o)
		}
	}
	return nil
}

// place puts one open step on the agenda, with its interrupts.
func (a *agenda) place(root int64, o opening) {
	name := fmt.Sprintf("%d/%s/%d", o.m.ID, o.slot.Slot, o.slot.N)
	special := a.interrupts(o)
	for _, act := range slices.Sorted(maps.Keys(special)) {
		a.put(name+"/"+act, special[act], a.doing(root, o.m.ID, o.slot, act))
	}
	if at, ok := a.when(o); ok {
		a.put(name, at, a.doing(root, o.m.ID, o.slot, ""))
	}
}

// doing does one step, or one interrupt, if the matter still stands there.
func (a *agenda) doing(root, id int64, slot matter.Slot, interrupt string) func(context.Context) error {
	return func(ctx context.Context) error {
		m, err := a.Desk.Get(ctx, a.reader(), id)
		if err != nil || m.Status != matter.Open {
			return err
		}
		now := matter.Slot{}
		if interrupt != flow.IntWithdraw {
			i := slices.IndexFunc(m.Clocks.Slots, func(s matter.Slot) bool { return s.Slot == slot.Slot && s.N == slot.N })
			if i < 0 {
				return nil // somebody else was faster
			}
			now = m.Clocks.Slots[i]
		}
		o, err := a.opening(a.plans[root], m, now)
		if err != nil {
			return err
		}
		d := a.interrupt(o, interrupt)
		if interrupt == "" {
			if d, err = a.step(o); err != nil {
				return err
			}
		}
		// Where the matter stands is part of the key: done twice, it is one act.
		d.act.Key = fmt.Sprintf("demo/%d/%d/%s.%s", m.ID, m.Last, d.act.Step, d.act.Act)
		if err := a.before(ctx, m.ID, &d); err != nil {
			return fmt.Errorf("demo: %s before %s.%s of matter %d: %w", a.plans[root].name, d.act.Step, d.act.Act, m.ID, err)
		}
		if _, err := a.Desk.Act(ctx, d.who, m.ID, d.act); err != nil && !fault.Is(err, fault.Conflict) {
			return fmt.Errorf("demo: %s at %s.%s of matter %d: %w", a.plans[root].name, d.act.Step, d.act.Act, m.ID, err)
		}
		return a.follow(ctx, root)
	}
}

// family gives a matter and its sub-matters.
func (t *town) family(ctx context.Context, root int64) ([]matter.Matter, error) {
	m, err := t.Desk.Get(ctx, t.reader(), root)
	if err != nil {
		return nil, err
	}
	kids, err := t.Desk.Kids(ctx, t.reader(), m)
	return append([]matter.Matter{m}, kids...), err
}

// as gives the person with a login.
func (t *town) as(login string) (auth.Principal, error) {
	who, ok := t.who[login]
	if !ok {
		return who, fmt.Errorf("demo: nobody has the login %q", login)
	}
	return who, nil
}
