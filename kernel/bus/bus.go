// Package bus lets others follow the event log.
//
// A follower has a name and a cursor in the database; it is handed the events
// after its cursor, in order, woken by each commit of this process and by a slow
// poll for the commits of others. It may be handed an event twice (after a
// crash, or on two replicas at once) and must be idempotent, unless it moves its
// cursor by Advance inside its own write: then each event counts exactly once.
//
// An event that a follower cannot handle holds up that follower and no other. It
// is tried again with growing pauses; from the fifth failure on, the error stands
// on the follower's row and in Status until the event goes through. No event is
// ever skipped.
//
// Watch is the live feed of the screens: envelopes only, from memory, without a
// cursor. There is no queue and no broker: the log is the queue.
package bus

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/store"
)

// Options set how a Bus behaves. The zero value is the default of each.
type Options struct {
	// Clock times polls and retries. It is the machine's clock also where the
	// office's clock is moved by hand, as in the demo.
	Clock clock.Clock
	Log   *slog.Logger
	// Poll is how often the log is looked at without a commit of this process;
	// 1 s by default. Longer means that events of other replicas show later.
	Poll time.Duration
}

// recentMax is how many envelopes are kept in memory for Watch; a watcher who
// is further behind reads the database. About 100 bytes each.
const recentMax = 4096

// batchMax is how many events a follower or watcher is handed at once.
const batchMax = 256

// Bus watches one log on behalf of all followers in this process.
type Bus struct {
	db   *store.DB
	opts Options
	wake chan struct{} // a commit or a poll; holds one
	stop context.CancelFunc
	done sync.WaitGroup

	mu     sync.Mutex
	size   int64         // positions below it may be read; -1 before the first look
	grown  chan struct{} // closed and replaced when size grows
	recent []event.Envelope
}

// New starts to watch the log of db. Close ends it.
func New(db *store.DB, opts Options) *Bus {
	if opts.Clock == nil {
		opts.Clock = clock.System{}
	}
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	if opts.Poll == 0 {
		opts.Poll = time.Second
	}
	ctx, stop := context.WithCancel(context.Background())
	b := &Bus{db: db, opts: opts, wake: make(chan struct{}, 1), stop: stop, size: -1, grown: make(chan struct{})}
	db.OnCommit(b.nudge)
	b.done.Go(func() { b.poll(ctx) })
	b.done.Go(func() { b.run(ctx) })
	return b
}

// Close ends the watch. Followers and watchers end with their own contexts.
func (b *Bus) Close() {
	b.stop()
	b.done.Wait()
}

// nudge asks for a look at the log; it never blocks.
func (b *Bus) nudge() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

func (b *Bus) poll(ctx context.Context) {
	for b.opts.Clock.Wait(ctx, b.opts.Clock.Now().Add(b.opts.Poll)) == nil {
		b.nudge()
	}
}

// run looks at the log once for all: at the start, then whenever nudged.
func (b *Bus) run(ctx context.Context) {
	for {
		if err := b.look(ctx); err != nil && ctx.Err() == nil {
			b.opts.Log.Warn("the event log cannot be read; trying again", "error", err)
		}
		select {
		case <-b.wake:
		case <-ctx.Done():
			return
		}
	}
}

// look reads how far the log has come, keeps the new envelopes and wakes whoever
// waits.
func (b *Bus) look(ctx context.Context) error {
	size, _, err := event.Head(ctx, b.db)
	if err != nil {
		return err
	}
	b.mu.Lock()
	known := b.size
	b.mu.Unlock()
	if size <= known {
		return nil
	}
	var fresh []event.Envelope
	if known >= 0 {
		if fresh, err = b.envelopes(ctx, max(known, size-recentMax), int(min(size-known, recentMax))); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.recent = append(b.recent, fresh...)
	if drop := len(b.recent) - recentMax; drop > 0 {
		b.recent = append([]event.Envelope(nil), b.recent[drop:]...)
	}
	b.size = size
	close(b.grown)
	b.grown = make(chan struct{})
	return nil
}

func (b *Bus) envelopes(ctx context.Context, from int64, limit int) ([]event.Envelope, error) {
	events, err := event.After(ctx, b.db, from, limit)
	if err != nil {
		return nil, err
	}
	out := make([]event.Envelope, len(events))
	for i, e := range events {
		out[i] = e.Envelope
	}
	return out, nil
}

// await returns once the log is known to reach beyond pos, with its size.
func (b *Bus) await(ctx context.Context, pos int64) (int64, error) {
	for {
		b.mu.Lock()
		size, grown := b.size, b.grown
		b.mu.Unlock()
		if size > pos {
			return size, nil
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// Size is how many events may be read, as far as this process knows; 0 before
// the first look.
func (b *Bus) Size() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return max(b.size, 0)
}

// Watch gives the envelopes from position from on as they are committed; a
// negative from means only those to come. The channel holds nothing back: a
// receiver that is slow falls behind and catches up from the log. It is closed
// when ctx ends.
func (b *Bus) Watch(ctx context.Context, from int64) <-chan []event.Envelope {
	out := make(chan []event.Envelope)
	go func() {
		defer close(out)
		if from < 0 {
			size, err := b.await(ctx, -1)
			if err != nil {
				return
			}
			from = size
		}
		for {
			batch, err := b.next(ctx, from)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				b.opts.Log.Warn("a watcher cannot read the log; trying again", "pos", from, "error", err)
				if b.opts.Clock.Wait(ctx, b.opts.Clock.Now().Add(b.opts.Poll)) != nil {
					return
				}
				continue
			}
			select {
			case out <- batch:
				from += int64(len(batch))
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// next gives the envelopes at from and after it, from memory if they are there.
func (b *Bus) next(ctx context.Context, from int64) ([]event.Envelope, error) {
	size, err := b.await(ctx, from)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	size = max(size, b.size)
	if first := b.size - int64(len(b.recent)); from >= first {
		batch := b.recent[from-first:]
		batch = append([]event.Envelope(nil), batch[:min(len(batch), batchMax)]...)
		b.mu.Unlock()
		return batch, nil
	}
	b.mu.Unlock()
	return b.envelopes(ctx, from, int(min(size-from, batchMax)))
}
