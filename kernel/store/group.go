package store

import (
	"context"
	"errors"
	"runtime"
	"time"

	"touyan.dev/touyan/kernel/fault"
)

// Change is one write. Load names the rows it needs; it is called again after
// each round of loading, so that it can name rows found in others, until it
// asks for nothing new. Decide then reads and writes through the Group alone.
//
// Both may run more than once, because a group that fails is replayed change
// by change; they must therefore depend on nothing but the change and the rows,
// and leave results only in the change itself.
type Change interface {
	Load(g *Group)
	Decide(g *Group) error
}

// ErrAgain is returned by a Decide that needs what an earlier change of the
// same group has written but not yet committed. The change goes into the next
// group.
var ErrAgain = errors.New("store: decide again in the next group")

// maxRounds bounds how deep one change may follow rows into rows.
const maxRounds = 8

// Group is the set of rows that the changes of one commit work on.
type Group struct {
	ctx    context.Context
	sets   map[any]any
	order  []flusher
	locals map[any]any
	finish []func() error
	undo   []func()
	fault  error
	blots  []statement
	texts  map[any]*texts // kept by the writer across groups: text, not truth
}

// Context is the context of the group, for loads that a rule needs.
func (g *Group) Context() context.Context { return g.ctx }

func (g *Group) fail(err error) {
	if g.fault == nil {
		g.fault = err
	}
}

// Local gives the group's one value under key, made by init when first asked
// for: what several changes of a group gather before it closes.
func Local[T any](g *Group, key any, init func() *T) *T {
	if v, ok := g.locals[key]; ok {
		return v.(*T)
	}
	v := init()
	g.locals[key] = v
	return v
}

// OnUndo registers what takes back a Decide that fails after this call.
func (g *Group) OnUndo(f func()) { g.undo = append(g.undo, f) }

// OnFinish registers a function that runs once, after the last Decide and
// before the batch: it may still Put rows.
func (g *Group) OnFinish(f func() error) { g.finish = append(g.finish, f) }

// lookup is a set of keys wanted from one table.
type lookup struct {
	texts *texts
	keys  [][]any
	types []string
	scan  func(Scanner) error
}

// statement is one queued write. Each must change exactly one row, but for a
// blot, which may meet any number.
type statement struct {
	sql   string
	args  []any
	table string
	any   bool
}

// wanted gives the look-up for the keys asked for since the last round.
func (s *rowset[K, V]) wanted() *lookup {
	if len(s.want) == 0 {
		return nil
	}
	l := &lookup{texts: s.sql, types: s.table.KeyType, keys: make([][]any, len(s.want))}
	for i, key := range s.want {
		l.keys[i] = s.table.KeyArgs(key)
		s.rows[key] = &entry[V]{}
	}
	s.want = s.want[:0]
	l.scan = func(row Scanner) error {
		rev := int64(1)
		key, val, err := s.table.Scan(row, &rev)
		if err != nil {
			return unexpected("reading "+s.table.Name, err)
		}
		*s.rows[key] = entry[V]{val: val, rev: rev, present: true}
		return nil
	}
	return l
}

// session is the writer's own connection to an engine.
type session interface {
	begin(ctx context.Context) error
	load(ctx context.Context, lookups []*lookup) error
	commit(ctx context.Context, batch []statement) error
	rollback()
	close() error
}

// request is a change on its way through the writer.
type request struct {
	ctx    context.Context
	change Change
	err    error
	done   chan struct{}
	tries  int
}

// Write hands a change to the group writer and waits until its group is on
// disk. A context that ends first leaves the outcome unknown: ask again with
// the same idempotency key.
func (db *DB) Write(ctx context.Context, c Change) error {
	r := &request{ctx: ctx, change: c, done: make(chan struct{})}
	select {
	case db.queue <- r:
	case <-ctx.Done():
		return fault.Wrap("store.Write", ctx.Err())
	case <-db.stop:
		return errClosed()
	}
	select {
	case <-r.done:
		return r.err
	case <-db.ended: // it may have been queued after the writer's last look
		select {
		case <-r.done:
			return r.err
		default:
			return errClosed()
		}
	case <-ctx.Done():
		return &fault.Error{
			Kind: fault.Busy, Op: "store.Write", Err: ctx.Err(),
			Text: fault.T("等候超时，结果未定；请用同一操作号重试，不会重复办理。", "Timed out with the outcome unknown; retry with the same key, nothing is done twice."),
		}
	}
}

// run is the writer: it takes what waits, up to the group's size, and commits
// it as one.
func (db *DB) run() {
	defer close(db.ended)
	texts := map[any]*texts{}
	var again []*request
	for {
		group := again
		again = nil
		if len(group) == 0 {
			select {
			case r := <-db.queue:
				group = append(group, r)
			case <-db.stop:
				db.drain()
				return
			}
		}
		group = db.gather(group)
		again = db.commitGroup(group, texts)
	}
}

// gather takes what waits, up to the group's size. Callers who have just been
// answered often have their next change ready at once; so it lets them run, and
// looks again for as long as that brings more. A lone caller does not wait.
func (db *DB) gather(group []*request) []*request {
	for before := -1; len(group) > before; runtime.Gosched() {
		before = len(group)
		for waits := true; waits; {
			if len(group) >= db.opts.GroupSize {
				return group
			}
			select {
			case r := <-db.queue:
				group = append(group, r)
			default:
				waits = false
			}
		}
	}
	return group
}

// drain answers what is still queued at the end.
func (db *DB) drain() {
	for {
		select {
		case r := <-db.queue:
			r.err = errClosed()
			close(r.done)
		default:
			return
		}
	}
}

// commitGroup writes the group and answers its requests; it gives back those
// that must be decided again.
func (db *DB) commitGroup(group []*request, texts map[any]*texts) []*request {
	var again, left []*request
	err := db.attempt(group, texts)
	if err != nil && len(group) > 1 && !refuses(err) {
		for _, r := range group { // one bad change must not take the others with it
			r.err = nil
			if err := db.attempt([]*request{r}, texts); err != nil {
				r.err = fault.Wrap("store.Write", err)
			}
		}
	} else if err != nil {
		for _, r := range group {
			r.err = fault.Wrap("store.Write", err)
		}
	}
	for _, r := range group {
		if errors.Is(r.err, ErrAgain) && r.tries < 3 {
			r.tries++
			r.err = nil
			again = append(again, r)
			continue
		}
		left = append(left, r)
	}
	if err == nil || len(group) > 1 {
		db.committed()
	}
	for _, r := range left {
		close(r.done)
	}
	return again
}

// refuses reports an error of the storage itself, which a replay cannot mend.
func refuses(err error) bool { return fault.Is(err, fault.Unavailable) || fault.Is(err, fault.Busy) }

// attempt runs one transaction over the requests. A Decide that refuses sets
// its request's error and leaves nothing behind; the error returned is one of
// the database.
func (db *DB) attempt(group []*request, texts map[any]*texts) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := db.writer.begin(ctx); err != nil {
		return err
	}
	open := true
	defer func() {
		if open {
			db.writer.rollback()
		}
	}()
	g := &Group{ctx: ctx, sets: map[any]any{}, locals: map[any]any{}, texts: texts}
	if err := db.load(ctx, g, group); err != nil {
		return err
	}
	accepted := 0
	for _, r := range group {
		if r.ctx.Err() != nil {
			r.err = fault.Wrap("store.Write", r.ctx.Err())
			continue
		}
		g.undo, g.fault = g.undo[:0], nil
		r.err = decide(r.change, g)
		if r.err == nil && g.fault != nil {
			r.err = g.fault
		}
		if r.err != nil {
			for i := len(g.undo) - 1; i >= 0; i-- {
				g.undo[i]()
			}
			continue
		}
		accepted++
	}
	if accepted == 0 {
		return nil
	}
	for _, f := range g.finish {
		if err := f(); err != nil {
			return err
		}
	}
	if g.fault != nil {
		return g.fault
	}
	var batch []statement
	for _, s := range g.order {
		batch = s.statements(batch)
	}
	open = false
	return db.writer.commit(ctx, append(batch, g.blots...))
}

// decide runs one Decide; a panic in a rule is that change's error, not the
// end of the writer.
func decide(c Change, g *Group) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &fault.Error{Kind: fault.Internal, Op: "store.decide", Err: panicked{p}, Text: fault.T("系统内部出错，未写入任何内容。", "Something failed inside; nothing was written.")}
		}
	}()
	return c.Decide(g)
}

type panicked struct{ value any }

func (p panicked) Error() string {
	if err, ok := p.value.(error); ok {
		return "panic: " + err.Error()
	}
	if s, ok := p.value.(string); ok {
		return "panic: " + s
	}
	return "panic"
}

// load runs rounds of Load until no change asks for more.
func (db *DB) load(ctx context.Context, g *Group, group []*request) error {
	for round := 0; ; round++ {
		for _, r := range group {
			r.change.Load(g)
		}
		var lookups []*lookup
		for _, s := range g.order {
			if l := s.wanted(); l != nil {
				lookups = append(lookups, l)
			}
		}
		if len(lookups) == 0 {
			return nil
		}
		if round == maxRounds {
			return fault.New(fault.Internal, "store.load", "程序缺陷：读取层数过多。", "A defect: rows were followed too deep.")
		}
		if err := db.writer.load(ctx, lookups); err != nil {
			return err
		}
	}
}
