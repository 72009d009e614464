package auth

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"log/slog"
	"sync"
	"time"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// EventReadsLost says that reads could not be noted, because storage refused
// writes for long. Its body counts them.
const EventReadsLost = "auth/reads.lost"

// Read is one reading (查阅) of one object by one person.
type Read struct {
	At      time.Time
	Person  int64
	Session int64
	Kind    string // what was read: matter, print, receipt, attachment, export, search …
	Object  int64  // 0: none
	Duty    string // the post by which the reader was there, "duty@unit"
	Detail  string // what was searched for, masked

	nonce int64
}

// The bounds of the log of reads.
const (
	readDelay   = 500 * time.Millisecond // reads wait so long at most, and this much is lost in a crash
	readBatch   = 1000                   // rows of one write
	readMost    = 100_000                // reads that wait while storage refuses; then they are counted only
	readKept    = 400 * 24 * time.Hour   // more than the six months of the Cybersecurity Law, art. 21
	readSame    = 5 * time.Minute        // an open page that reads an object again by itself is one reading
	readSweep   = time.Hour
	maxRemember = 20_000
)

// Reads is the log of who read what. Note never waits and never writes: reads
// are gathered and written in batches, beside the acts of others, within half a
// second. A crash loses those that waited.
type Reads struct {
	db    *store.DB
	book  *Book
	clock clock.Clock // of the machine, for the delay

	writing sync.Mutex // one Flush at a time
	mu      sync.Mutex
	waiting []Read
	lost    int64
	seen    map[sight]time.Time
	wake    chan struct{}
}

// sight is an object on an open page.
type sight struct {
	session int64
	kind    string
	object  int64
}

// NewReads works on the book's database. machine times the batches.
func NewReads(book *Book, machine clock.Clock) *Reads {
	return &Reads{db: book.db, book: book, clock: machine, seen: map[sight]time.Time{}, wake: make(chan struct{}, 1)}
}

// Note notes a read. quiet says that an open page read by itself, because
// something moved: repeats within five minutes are the same reading.
func (r *Reads) Note(read Read, quiet bool) {
	read.At = r.book.clock.Now()
	dir := r.book.Now()
	if posts := dir.PostsOf(read.Person, dir.Day()); len(posts) > 0 && read.Duty == "" {
		read.Duty = Need(posts[0].Duty, posts[0].Unit)
	}
	var raw [8]byte
	_, _ = rand.Read(raw[:]) // never fails
	read.nonce = int64(binary.BigEndian.Uint64(raw[:]) >> 1)
	now := r.clock.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	s := sight{read.Session, read.Kind, read.Object}
	if last, again := r.seen[s]; quiet && again && now.Sub(last) < readSame {
		return
	}
	if len(r.seen) >= maxRemember {
		clear(r.seen)
	}
	r.seen[s] = now
	if len(r.waiting) >= readMost {
		r.lost++
		return
	}
	r.waiting = append(r.waiting, read)
	if len(r.waiting) == 1 || len(r.waiting) == readBatch {
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
}

// Run writes what is noted until ctx ends, and then what still waits.
func (r *Reads) Run(ctx context.Context) {
	swept := time.Time{}
	for {
		select {
		case <-r.wake:
			_ = r.clock.Wait(ctx, r.clock.Now().Add(readDelay)) // gather what comes meanwhile
		case <-ctx.Done():
		}
		if err := r.Flush(context.WithoutCancel(ctx)); err != nil {
			slog.Warn("reads could not be noted yet", "error", err)
			_ = r.clock.Wait(ctx, r.clock.Now().Add(readDelay))
			r.again()
		}
		if ctx.Err() != nil {
			return // also when it ended before this began: nothing was left waiting
		}
		if now := r.clock.Now(); now.Sub(swept) >= readSweep {
			swept = now
			if err := r.forget(ctx); err != nil {
				slog.Warn("old reads could not be removed", "error", err)
			}
		}
	}
}

func (r *Reads) again() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Flush writes all reads that wait. What cannot be written goes on waiting.
func (r *Reads) Flush(ctx context.Context) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	for {
		r.mu.Lock()
		batch, lost := r.waiting[:min(len(r.waiting), readBatch)], r.lost
		r.mu.Unlock()
		if len(batch) == 0 && lost == 0 {
			return nil
		}
		c := &noteReads{batch: batch, lost: lost, at: r.book.clock.Now()}
		if lost > 0 {
			key, err := newToken()
			if err != nil {
				return err
			}
			c.key = event.KeyOf(key)
		}
		if err := r.db.Write(ctx, c); err != nil {
			return fault.Wrap("auth.Flush", err)
		}
		r.mu.Lock()
		r.waiting, r.lost = r.waiting[len(batch):], r.lost-lost
		if len(r.waiting) == 0 {
			r.waiting = nil // gives the memory of a rush back
		}
		r.mu.Unlock()
	}
}

type readKey struct{ moment, nonce int64 }

// Derived, so that a batch whose commit was not answered can be written again.
var readLog = store.Table[readKey, Read]{
	Name: "read_log", Key: []string{"moment", "nonce"}, KeyType: []string{"BIGINT", "BIGINT"}, Derived: true,
	Cols:    []string{"person", "session", "kind", "object", "duty", "detail"},
	KeyArgs: func(k readKey) []any { return []any{k.moment, k.nonce} },
	Args:    func(r Read) []any { return []any{r.Person, r.Session, r.Kind, r.Object, r.Duty, r.Detail} },
}

type noteReads struct {
	batch []Read
	lost  int64
	key   event.Key
	at    time.Time
}

func (c *noteReads) Load(g *store.Group) {
	if c.lost > 0 {
		event.Load(g)
	}
}

func (c *noteReads) Decide(g *store.Group) error {
	for _, r := range c.batch {
		store.Insert(g, &readLog, readKey{r.At.UnixMicro(), r.nonce}, r)
	}
	if c.lost == 0 {
		return nil
	}
	_, err := event.Append(g, event.Draft{Kind: EventReadsLost, Key: c.key, Recorded: c.at, Body: map[string]int64{"lost": c.lost}})
	return err
}

// forget removes reads older than what is kept, a batch at a time.
func (r *Reads) forget(ctx context.Context) error {
	for ctx.Err() == nil {
		old, err := store.Collect(ctx, r.db, func(row store.Scanner) (k readKey, err error) {
			err = row.Scan(&k.moment, &k.nonce)
			return k, err
		}, "SELECT moment, nonce FROM read_log WHERE moment < ? ORDER BY moment LIMIT 500", r.book.clock.Now().Add(-readKept).UnixMicro())
		if err != nil {
			return fault.Wrap("auth.forget", err)
		}
		if len(old) == 0 {
			return nil
		}
		if err := r.db.Write(ctx, &forgetReads{old}); err != nil {
			return fault.Wrap("auth.forget", err)
		}
	}
	return nil
}

type forgetReads struct{ old []readKey }

func (c *forgetReads) Load(*store.Group) {}

func (c *forgetReads) Decide(g *store.Group) error {
	for _, k := range c.old {
		store.Delete(g, &readLog, k)
	}
	return nil
}

// ReadQuery asks for reads; a zero field does not narrow.
type ReadQuery struct {
	Person int64
	Object int64
	Kind   string
	From   time.Time
	To     time.Time // not included
	Before ReadMark  // where the page before ended
	Limit  int
}

// ReadMark is a place in the log of reads.
type ReadMark struct{ Moment, Nonce int64 }

// List gives reads, newest first, and where the next page begins; a zero mark
// means that there is none.
func (r *Reads) List(ctx context.Context, q ReadQuery) ([]Read, ReadMark, error) {
	if q.To.IsZero() {
		q.To = r.book.clock.Now().Add(24 * time.Hour)
	}
	if q.Before == (ReadMark{}) {
		q.Before = ReadMark{Moment: q.To.UnixMicro()}
	}
	from := int64(0)
	if !q.From.IsZero() {
		from = q.From.UnixMicro()
	}
	const columns = "SELECT moment, nonce, person, session, kind, object, duty, detail FROM read_log WHERE "
	const page = " AND moment >= ? AND (moment < ? OR moment = ? AND nonce < ?) AND (? = '' OR kind = ?) ORDER BY moment DESC, nonce DESC LIMIT ?"
	args := []any{from, q.Before.Moment, q.Before.Moment, q.Before.Nonce, q.Kind, q.Kind, q.Limit + 1}
	var query string
	switch {
	case q.Person != 0 && q.Object != 0:
		query, args = columns+"object = ? AND person = ?"+page, append([]any{q.Object, q.Person}, args...)
	case q.Object != 0:
		query, args = columns+"object = ?"+page, append([]any{q.Object}, args...)
	case q.Person != 0:
		query, args = columns+"person = ?"+page, append([]any{q.Person}, args...)
	default:
		query = columns + "moment > 0" + page
	}
	list, err := store.Collect(ctx, r.db, func(row store.Scanner) (x Read, err error) {
		var moment int64
		err = row.Scan(&moment, &x.nonce, &x.Person, &x.Session, &x.Kind, &x.Object, &x.Duty, &x.Detail)
		x.At = time.UnixMicro(moment)
		return x, err
	}, query, args...)
	if err != nil {
		return nil, ReadMark{}, fault.Wrap("auth.Reads.List", err)
	}
	if len(list) <= q.Limit {
		return list, ReadMark{}, nil
	}
	list = list[:q.Limit]
	last := list[q.Limit-1]
	return list, ReadMark{last.At.UnixMicro(), last.nonce}, nil
}

// Audits reports whether a person is an auditor of this installation, who may
// see all reads.
func (d *Directory) Audits(person int64) bool {
	for _, p := range d.PostsOf(person, d.Day()) {
		if p.Duty == Auditor {
			return true
		}
	}
	return false
}
