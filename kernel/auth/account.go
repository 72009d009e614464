package auth

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// Kinds of the events of accounts. The subject of a session's events is its id.
const (
	EventSignedIn        = "auth/session.opened"
	EventSignedOut       = "auth/session.closed"
	EventSessionRevoked  = "auth/session.revoked"
	EventLocked          = "auth/account.locked"
	EventPasswordChanged = "auth/password.changed"
)

// Options tune Accounts. The zero value is right for production.
type Options struct {
	Idle     time.Duration // a session unused for so long ends; 0 means 8 h
	Absolute time.Duration // a session ends so long after it opened; 0 means 24 h
	Wall     clock.Clock   // ages sessions and locks; nil is the book's clock. The demo, whose days jump, gives clock.System
	Vault    *Vault        // seals the secrets of one-time codes; nil: there are none
	CodeFor  []Duty        // whoever holds one of these duties must use a one-time code
	Light    bool          // password hashes that are cheap to guess: only for the demo, which prints its password anyway
	cost     cost          // of password hashes; zero is usual. Only tests set it
}

// Accounts (账号与会话) signs people in and tells who a session belongs to.
type Accounts struct {
	db     *store.DB
	book   *Book
	opts   Options
	hasher *hasher
	pepper [16]byte // spreads unknown logins over buckets, differently in each process

	mu    sync.Mutex
	known map[digest]resolved
	epoch atomic.Int64 // counts what was taken out of known
}

// resolved is a session as it was at an instant.
type resolved struct {
	session Session
	at      time.Time
	noted   bool // it was read for a use, which was then noted if it was time to
}

// NewAccounts works on the book's database.
func NewAccounts(book *Book, opts Options) (*Accounts, error) {
	if opts.Idle == 0 {
		opts.Idle = 8 * time.Hour
	}
	if opts.Absolute == 0 {
		opts.Absolute = 24 * time.Hour
	}
	if opts.Wall == nil {
		opts.Wall = book.clock
	}
	if opts.cost == (cost{}) {
		opts.cost = usual
		if opts.Light {
			opts.cost = light
		}
	}
	a := &Accounts{db: book.db, book: book, opts: opts, hasher: newHasher(opts.cost, 4), known: map[digest]resolved{}}
	if _, err := rand.Read(a.pepper[:]); err != nil {
		return nil, fault.Wrap("auth.NewAccounts", err)
	}
	return a, nil
}

// stale is for how long a process believes what it has read of a session, a
// client or the directory. With the check of a stream, every 250 ms, what another
// process revokes ends everything here in well under a second.
const stale = 500 * time.Millisecond

// proofLasts is for how long a proof of who one is counts for dangerous acts.
const proofLasts = 5 * time.Minute

// Resolve tells whom a token belongs to, or Unauthenticated. It asks the
// database twice a second at most for each session, and notes the use of a
// session once a minute.
func (a *Accounts) Resolve(ctx context.Context, token string) (Principal, Session, error) {
	return a.resolve(ctx, token, true)
}

// Peek tells what Resolve tells and notes no use: for what an open page asks by
// itself, so that a page which nobody looks at does not keep its session alive.
func (a *Accounts) Peek(ctx context.Context, token string) (Principal, Session, error) {
	return a.resolve(ctx, token, false)
}

func (a *Accounts) resolve(ctx context.Context, token string, use bool) (Principal, Session, error) {
	d, ok := digestOf(token)
	if !ok {
		return Principal{}, Session{}, signInFirst()
	}
	now := a.opts.Wall.Now()
	a.mu.Lock()
	r, hit := a.known[d]
	a.mu.Unlock()
	// What a peek has just read must not hide that a use is to be noted.
	unnoted := use && !r.noted && now.Sub(r.session.Seen) >= time.Minute
	if !hit || unnoted || now.Sub(r.at) >= stale {
		var err error
		if r.session, err = a.lookUp(ctx, d, now, use); err != nil {
			return Principal{}, Session{}, err
		}
	}
	if !r.session.live(now, a.opts.Idle, a.opts.Absolute) {
		return Principal{}, Session{}, signInFirst()
	}
	dir, err := a.book.Fresh(ctx)
	if err != nil {
		return Principal{}, Session{}, fault.Wrap("auth.Resolve", err)
	}
	p, ok := dir.Person(r.session.Person)
	if !ok || p.Status != Active {
		return Principal{}, Session{}, signInFirst()
	}
	r.session.CSRF = csrfOf(token)
	r.session.Fresh = now.Sub(r.session.Proven) < proofLasts
	r.session.MustEnrol = !r.session.Coded && a.mustHaveCode(dir, p.ID)
	return Principal{Person: p.ID, Name: p.Name.ZH, NameEN: p.Name.EN, Session: r.session.ID}, r.session, nil
}

func signInFirst() error {
	return fault.New(fault.Unauthenticated, "auth.Resolve", "请先登录。", "Sign in first.")
}

// lookUp reads a session, notes its use if there is one and remembers it for a
// while.
func (a *Accounts) lookUp(ctx context.Context, d digest, now time.Time, use bool) (Session, error) {
	epoch := a.epoch.Load()
	var s Session
	var opened, seen, proven int64
	err := a.db.QueryRow(ctx, `SELECT s.id, s.person, s.turn, s.opened, s.seen, s.agent, s.how, s.address, s.proven, COALESCE(f.active, FALSE) FROM session s
		JOIN account a ON a.person = s.person AND a.turn = s.turn
		LEFT JOIN factor f ON f.person = s.person WHERE s.digest = ?`, d[:]).
		Scan(&s.ID, &s.Person, &s.turn, &opened, &seen, &s.Agent, &s.How, &s.Place, &proven, &s.Coded)
	if errors.Is(err, sql.ErrNoRows) {
		a.drop(d)
		return Session{}, signInFirst()
	}
	if err != nil {
		return Session{}, fault.Wrap("auth.Resolve", err)
	}
	s.Opened, s.Seen, s.Proven = time.UnixMicro(opened), time.UnixMicro(seen), time.UnixMicro(proven)
	if use && s.live(now, a.opts.Idle, a.opts.Absolute) && now.Sub(s.Seen) >= time.Minute {
		err := a.db.Write(ctx, &touch{digest: d, seen: now})
		if err == nil {
			s.Seen = now
		} else if !fault.Is(err, fault.Unavailable) && !fault.Is(err, fault.Busy) { // a full disk does not sign people out
			return Session{}, fault.Wrap("auth.Resolve", err)
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.epoch.Load() == epoch {
		if len(a.known) >= maxKnown {
			clear(a.known)
		}
		a.known[d] = resolved{session: s, at: now, noted: use}
	}
	return s, nil
}

// maxKnown bounds the sessions remembered for a while.
const maxKnown = 20_000

// drop forgets a session at once.
func (a *Accounts) drop(d digest) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.epoch.Add(1)
	delete(a.known, d)
}

// forget forgets all sessions of a person at once.
func (a *Accounts) forget(person int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.epoch.Add(1)
	for d, r := range a.known {
		if r.session.Person == person {
			delete(a.known, d)
		}
	}
}

// touch notes that a session was used. It writes no event: nothing happened.
type touch struct {
	digest digest
	seen   time.Time
}

func (c *touch) Load(g *store.Group) { store.Want(g, &sessions, c.digest) }

func (c *touch) Decide(g *store.Group) error {
	if s, ok := store.Get(g, &sessions, c.digest); ok && c.seen.After(s.Seen) {
		s.Seen = c.seen
		store.Put(g, &sessions, c.digest, s)
	}
	return nil
}

// ChangePassword replaces the person's own password, after a check of the old
// one, and ends all the person's sessions but the one of token. Failures count
// towards the lock as those of SignIn do.
func (a *Accounts) ChangePassword(ctx context.Context, who Principal, token, old, fresh string) error {
	p, ok := a.book.Now().Person(who.Person)
	d, fine := digestOf(token)
	if !ok || !fine {
		return signInFirst()
	}
	if err := checkPassword("new", p.Login, fresh); err != nil {
		return err
	}
	c, err := a.candidate(ctx, Attempt{Login: p.Login})
	if err != nil {
		return fault.Wrap("auth.ChangePassword", err)
	}
	if c.lock.locked(c.wall) {
		return locked()
	}
	if c.fits, _, err = a.hasher.fits(ctx, c.hash, old); err != nil {
		return fault.Wrap("auth.ChangePassword", err)
	}
	hash, err := a.hasher.make(ctx, fresh)
	if err != nil {
		return fault.Wrap("auth.ChangePassword", err)
	}
	once, err := newToken()
	if err != nil {
		return err
	}
	c.digest, c.key, c.stale, c.rehash = d, event.KeyOf(once), nil, hash
	change := &changePassword{signIn: c}
	err = a.db.Write(ctx, change)
	a.forget(who.Person)
	if err != nil {
		return fault.Wrap("auth.ChangePassword", err)
	}
	return c.refused
}

// changePassword is an attempt to sign in that gives a new password instead of
// a session.
type changePassword struct{ *signIn }

func (c changePassword) Load(g *store.Group) {
	c.signIn.Load(g)
	store.Want(g, &sessions, c.digest)
}

func (c changePassword) Decide(g *store.Group) error {
	c.refused = nil
	lock, kept := store.Get(g, &lockouts, c.who)
	if lock.locked(c.wall) {
		c.refused = locked()
		return nil
	}
	account, _ := store.Get(g, &accounts, c.person)
	session, open := store.Get(g, &sessions, c.digest)
	if !open || session.Person != c.person || session.turn != account.turn {
		c.refused = signInFirst()
		return nil
	}
	if !c.fits || account.hash != c.hash {
		c.refused = fault.At("auth.ChangePassword", "old", "原密码不正确。连续输错五次将暂时锁定。", "The old password is wrong. Five failures in a row lock the login for a while.")
		return c.fail(g, lock)
	}
	if kept {
		store.Put(g, &lockouts, c.who, lockout{})
	}
	account.hash, account.turn = c.rehash, account.turn+1
	store.Put(g, &accounts, c.person, account)
	session.turn = account.turn
	store.Put(g, &sessions, c.digest, session)
	_, err := event.Append(g, event.Draft{Kind: EventPasswordChanged, Subject: c.person, Actor: c.person, Key: c.key, Recorded: c.at, Body: struct{}{}})
	return err
}
