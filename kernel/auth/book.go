package auth

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// dayForm is how days are written.
const dayForm = "2006-01-02"

// version is the row of table directory.
type version struct{ n int64 }

const versionID int64 = 1

var versions = store.Table[int64, version]{
	Name: "directory", Key: []string{"id"}, KeyType: []string{"BIGINT"}, Cols: []string{"version"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args:    func(v version) []any { return []any{v.n} },
	Scan: func(row store.Scanner, rev *int64) (id int64, v version, err error) {
		err = row.Scan(&id, &v.n, rev)
		return id, v, err
	},
}

// LoadVersion names the row that Current reads. Call it from Load of every
// change that asks Require.
func LoadVersion(g *store.Group) { store.Want(g, &versions, versionID) }

// Current gives store.ErrAgain when the directory, as the group sees it, is
// newer than the snapshot; then nothing may be decided by that snapshot. Call
// it from Decide before Require.
func Current(g *store.Group, d *Directory) error {
	if v, _ := store.Get(g, &versions, versionID); v.n > d.version {
		return store.ErrAgain
	}
	return nil
}

// advance counts the version up, within the change that changes the directory.
func advance(g *store.Group) {
	v, exists := store.Get(g, &versions, versionID)
	v.n++
	if exists {
		store.Put(g, &versions, versionID, v)
	} else {
		store.Insert(g, &versions, versionID, v)
	}
}

// Book holds the newest snapshot of the directory.
type Book struct {
	db      *store.DB
	clock   clock.Clock
	newest  atomic.Pointer[Directory]
	mu      sync.Mutex   // one refresh at a time
	checked atomic.Int64 // µs: when the version was last compared
}

// OpenBook reads the directory.
func OpenBook(ctx context.Context, db *store.DB, clk clock.Clock) (*Book, error) {
	b := &Book{db: db, clock: clk}
	if err := b.Refresh(ctx); err != nil {
		return nil, fault.Wrap("auth.OpenBook", err)
	}
	return b, nil
}

// Now gives the newest snapshot known, as of the clock's instant.
func (b *Book) Now() *Directory {
	d := b.newest.Load()
	at := b.clock.Now()
	if d.holds(at) {
		return d
	}
	next, err := d.on(at)
	if err != nil { // the same rows were accepted for another day
		panic("auth: " + err.Error())
	}
	if !b.newest.CompareAndSwap(d, next) {
		return b.Now()
	}
	return next
}

// Fresh gives a snapshot that was the newest half a second ago at most, by the
// clock: another replica may have written.
func (b *Book) Fresh(ctx context.Context) (*Directory, error) {
	now := b.clock.Now().UnixMicro()
	if now-b.checked.Load() >= stale.Microseconds() {
		v, err := readVersion(ctx, b.db)
		if err != nil {
			return nil, fault.Wrap("auth.Fresh", err)
		}
		b.checked.Store(now)
		if v != b.newest.Load().version {
			if err := b.Refresh(ctx); err != nil {
				return nil, err
			}
		}
	}
	return b.Now(), nil
}

// Refresh reads the directory anew if a newer version is stored.
func (b *Book) Refresh(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.clock.Now()
	for range 16 {
		before, err := readVersion(ctx, b.db)
		if err != nil {
			return fault.Wrap("auth.Refresh", err)
		}
		if have := b.newest.Load(); have != nil && have.version == before {
			return nil
		}
		d, err := readDirectory(ctx, b.db, before, now)
		after, verr := readVersion(ctx, b.db)
		if verr != nil {
			return fault.Wrap("auth.Refresh", verr)
		}
		if before != after { // written meanwhile: the parts may not fit together
			continue
		}
		if err != nil {
			return fault.Wrap("auth.Refresh", err)
		}
		b.newest.Store(d)
		b.checked.Store(now.UnixMicro())
		return nil
	}
	return fault.New(fault.Busy, "auth.Refresh", "组织目录正在频繁变动，请稍后重试。", "The directory is changing too fast; try again shortly.")
}

// Write hands the change that make builds for the newest snapshot to the
// writer. When the change answers store.ErrAgain because the directory has
// moved on, the book is refreshed and the change made again; make must put
// nothing but the snapshot's consequences into it, and the same idempotency
// key each time.
func (b *Book) Write(ctx context.Context, build func(*Directory) store.Change) error {
	for range 4 {
		err := b.db.Write(ctx, build(b.Now()))
		if !errors.Is(err, store.ErrAgain) {
			return err
		}
		if err := b.Refresh(ctx); err != nil {
			return err
		}
	}
	return fault.New(fault.Busy, "auth.Write", "组织目录正在变动，请稍后重试。", "The directory is changing; try again shortly.")
}

func readVersion(ctx context.Context, r store.Reader) (int64, error) {
	var v int64
	err := r.QueryRow(ctx, "SELECT version FROM directory WHERE id = 1").Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return v, err
}

func readDirectory(ctx context.Context, r store.Reader, version int64, at time.Time) (*Directory, error) {
	units, err := store.Collect(ctx, r, func(row store.Scanner) (u Unit, err error) {
		err = row.Scan(&u.ID, &u.Parent, &u.Level, &u.Kind, &u.DutyKey, &u.Name.ZH, &u.Name.EN)
		return u, err
	}, "SELECT id, parent, level, kind, duty_key, name, name_en FROM unit ORDER BY id")
	if err != nil {
		return nil, err
	}
	people, err := store.Collect(ctx, r, func(row store.Scanner) (p Person, err error) {
		err = row.Scan(&p.ID, &p.Login, &p.Name.ZH, &p.Name.EN, &p.Status)
		return p, err
	}, "SELECT id, login, name, name_en, status FROM person ORDER BY id")
	if err != nil {
		return nil, err
	}
	posts, err := store.Collect(ctx, r, func(row store.Scanner) (p Post, err error) {
		err = row.Scan(&p.ID, &p.Person, &p.Unit, &p.Duty, &p.Title.ZH, &p.Title.EN, &p.From, &p.To)
		return p, err
	}, "SELECT id, person, unit, duty, title, title_en, from_day, to_day FROM post ORDER BY id")
	if err != nil {
		return nil, err
	}
	given, err := store.Collect(ctx, r, func(row store.Scanner) (Delegation, error) { return scanDelegation(row) },
		"SELECT id, giver, taker, post, kinds, since, until, standing, reason, ended FROM delegation ORDER BY id")
	if err != nil {
		return nil, err
	}
	away, err := store.Collect(ctx, r, func(row store.Scanner) (Absence, error) { return scanAbsence(row) },
		"SELECT id, person, since, until, reason, ended FROM absence ORDER BY id")
	if err != nil {
		return nil, err
	}
	return newDirectory(version, at, rows{units, people, posts, given, away})
}
