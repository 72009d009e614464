package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
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

// maxAgent bounds what is kept of a browser's name, in bytes.
const maxAgent = 200

// SignIn checks login and password and opens a session. Five failures in a row
// lock the login for 15 minutes, then 30, up to a day; logins that nobody has
// behave and take as long as others. The token goes to the browser and is kept
// nowhere else. Errors: Unauthenticated for a wrong pair, TooMuch while locked,
// Forbidden when the person is suspended.
func (a *Accounts) SignIn(ctx context.Context, login, password, userAgent string) (string, Session, error) {
	c, err := a.candidate(ctx, normalLogin(login))
	if err != nil {
		return "", Session{}, fault.Wrap("auth.SignIn", err)
	}
	if c.lock.locked(c.wall) {
		return "", Session{}, locked()
	}
	ok, old, err := a.hasher.fits(ctx, c.hash, password)
	if err != nil {
		return "", Session{}, fault.Wrap("auth.SignIn", err)
	}
	c.fits = ok
	if ok && old {
		if c.rehash, err = a.hasher.make(ctx, password); err != nil {
			return "", Session{}, fault.Wrap("auth.SignIn", err)
		}
	}
	token, err := newToken()
	if err != nil {
		return "", Session{}, err
	}
	c.digest, _ = digestOf(token)
	c.key = event.KeyOf(token)
	c.session = Session{Person: c.person, Opened: c.wall, Seen: c.wall, Agent: clip(userAgent, maxAgent)}
	if err := a.db.Write(ctx, c); err != nil {
		return "", Session{}, fault.Wrap("auth.SignIn", err)
	}
	if c.refused != nil {
		return "", Session{}, c.refused
	}
	// Another program may have entered the person a moment ago.
	if err := a.book.Refresh(ctx); err != nil {
		return "", Session{}, err
	}
	c.session.CSRF = csrfOf(token)
	return token, c.session, nil
}

// clip bounds a text from outside and drops what a database may refuse.
func clip(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s[:min(len(s), 2*n)], ""))
	return strings.ToValidUTF8(s[:min(len(s), n)], "")
}

func wrong() error {
	return fault.New(fault.Unauthenticated, "auth.SignIn", "登录名或密码不正确。连续输错五次将暂时锁定。", "The login or the password is wrong. Five failures in a row lock the login for a while.")
}

func locked() error {
	return fault.New(fault.TooMuch, "auth.SignIn", "输错次数过多，已暂时锁定，请十五分钟后再试，或请系统管理员重设密码。",
		"Too many failures; the login is locked for a while. Try again in fifteen minutes, or ask the administrator for a new password.")
}

// signIn is one attempt, whose password has been checked before.
type signIn struct {
	person  int64 // 0: nobody has the login
	who     int64 // key of the lockout
	lock    lockout
	hash    string // the password was compared with it
	rehash  string // the same password at today's cost; "" keeps the old
	fits    bool
	digest  digest
	key     event.Key
	stale   []digest // the person's sessions that have ended
	wall    time.Time
	at      time.Time
	session Session

	refused error // answer
}

// candidate reads what an attempt needs.
func (a *Accounts) candidate(ctx context.Context, login string) (*signIn, error) {
	c := &signIn{wall: a.opts.Wall.Now(), at: a.book.clock.Now()}
	if !loginForm().MatchString(login) {
		login = "" // nobody's
	}
	err := a.db.QueryRow(ctx, "SELECT l.person, a.hash FROM login l JOIN account a ON a.person = l.person WHERE l.login = ?", login).Scan(&c.person, &c.hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	if c.who = c.person; c.who == 0 {
		sum := sha256.Sum256(append(a.pepper[:], login...))
		c.who = -1 - int64(binary.BigEndian.Uint16(sum[:]))
	}
	err = a.db.QueryRow(ctx, "SELECT failures, stage, last, until FROM lockout WHERE who = ?", c.who).Scan(&c.lock.failures, &c.lock.stage, &c.lock.last, &c.lock.until)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	list, err := a.open(ctx, c.person)
	if err != nil {
		return nil, err
	}
	for i, s := range list { // newest first
		if !s.live(c.wall, a.opts.Idle, a.opts.Absolute) || i >= maxSessions {
			c.stale = append(c.stale, s.digest)
		}
	}
	return c, nil
}

// maxSessions bounds the sessions kept for one person; the oldest go first.
const maxSessions = 20

func (c *signIn) Load(g *store.Group) {
	event.Load(g)
	store.Want(g, &lockouts, c.who)
	store.Want(g, &accounts, c.person)
	store.Want(g, &people, c.person)
	for _, d := range c.stale {
		store.Want(g, &sessions, d)
	}
}

func (c *signIn) Decide(g *store.Group) error {
	c.refused = nil
	lock, kept := store.Get(g, &lockouts, c.who)
	if lock.locked(c.wall) { // by attempts that were checked beside this one
		c.refused = locked()
		return nil
	}
	account, _ := store.Get(g, &accounts, c.person)
	if !c.fits || account.hash != c.hash {
		c.refused = wrong()
		return c.fail(g, lock)
	}
	if p, _ := store.Get(g, &people, c.person); p.Status != Active {
		c.refused = forbidden(Verdict{Policy: Inactive, Reason: suspended()})
		return nil
	}
	if kept {
		store.Put(g, &lockouts, c.who, lockout{})
	}
	if c.rehash != "" {
		store.Put(g, &accounts, c.person, account.with(c.rehash))
	}
	for _, d := range c.stale {
		store.Delete(g, &sessions, d)
	}
	place, err := event.Append(g, event.Draft{Kind: EventSignedIn, Subject: event.NewSubject, Actor: c.person, Key: c.key, Recorded: c.at, Body: struct{}{}})
	if err != nil {
		return err
	}
	c.session.ID, c.session.turn = place.Event.Pos, account.turn
	store.Insert(g, &sessions, c.digest, c.session)
	return nil
}

func (a account) with(hash string) account { return account{hash: hash, turn: a.turn} }

func suspended() fault.Text {
	return fault.T("该账号已停用，请联系系统管理员。", "This account is suspended; ask the administrator.")
}

// fail counts a failure, and writes an event when it locks a person's login.
func (c *signIn) fail(g *store.Group, lock lockout) error {
	lock, locks := lock.failed(c.wall)
	store.Put(g, &lockouts, c.who, lock)
	if !locks || c.person == 0 {
		return nil
	}
	_, err := event.Append(g, event.Draft{Kind: EventLocked, Subject: c.person, Key: c.key, Recorded: c.at, Body: map[string]int64{"stage": lock.stage}})
	return err
}

// Resolve tells whom a token belongs to, or Unauthenticated. It asks the
// database once a second at most for each session, and notes the use of a
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
	if !hit || unnoted || now.Sub(r.at) >= time.Second {
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
	return Principal{Person: p.ID, Name: p.Name.ZH, NameEN: p.Name.EN, Session: r.session.ID}, r.session, nil
}

func signInFirst() error {
	return fault.New(fault.Unauthenticated, "auth.Resolve", "请先登录。", "Sign in first.")
}

// lookUp reads a session, notes its use if there is one and remembers it for a
// second.
func (a *Accounts) lookUp(ctx context.Context, d digest, now time.Time, use bool) (Session, error) {
	epoch := a.epoch.Load()
	var s Session
	var opened, seen int64
	err := a.db.QueryRow(ctx, `SELECT s.id, s.person, s.turn, s.opened, s.seen, s.agent FROM session s
		JOIN account a ON a.person = s.person AND a.turn = s.turn WHERE s.digest = ?`, d[:]).Scan(&s.ID, &s.Person, &s.turn, &opened, &seen, &s.Agent)
	if errors.Is(err, sql.ErrNoRows) {
		a.drop(d)
		return Session{}, signInFirst()
	}
	if err != nil {
		return Session{}, fault.Wrap("auth.Resolve", err)
	}
	s.Opened, s.Seen = time.UnixMicro(opened), time.UnixMicro(seen)
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

// maxKnown bounds the sessions remembered for a second.
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

// SignOut ends the token's session. A token of no session is no error.
func (a *Accounts) SignOut(ctx context.Context, token string) error {
	d, ok := digestOf(token)
	if !ok {
		return nil
	}
	err := a.db.Write(ctx, &endSession{digest: d, kind: EventSignedOut, at: a.book.clock.Now(), key: event.KeyOf("out " + token)})
	a.drop(d)
	return fault.Wrap("auth.SignOut", err)
}

// endSession deletes a session, if it is still there.
type endSession struct {
	digest digest
	kind   string
	at     time.Time
	key    event.Key
}

func (c *endSession) Load(g *store.Group) {
	event.Load(g)
	store.Want(g, &sessions, c.digest)
}

func (c *endSession) Decide(g *store.Group) error {
	s, ok := store.Get(g, &sessions, c.digest)
	if !ok {
		return nil
	}
	store.Delete(g, &sessions, c.digest)
	_, err := event.Append(g, event.Draft{Kind: c.kind, Subject: s.ID, Actor: s.Person, Key: c.key, Recorded: c.at, Body: struct{}{}})
	return err
}

// owned is a session with the digest that finds it.
type owned struct {
	Session
	digest digest
}

// open lists the stored sessions of a person, newest first.
func (a *Accounts) open(ctx context.Context, person int64) ([]owned, error) {
	return store.Collect(ctx, a.db, func(row store.Scanner) (o owned, err error) {
		var raw []byte
		var opened, seen int64
		err = row.Scan(&raw, &o.ID, &o.Person, &o.turn, &opened, &seen, &o.Agent)
		copy(o.digest[:], raw)
		o.Opened, o.Seen = time.UnixMicro(opened), time.UnixMicro(seen)
		return o, err
	}, "SELECT digest, id, person, turn, opened, seen, agent FROM session WHERE person = ? ORDER BY id DESC", person)
}

// Sessions lists the sessions by which the person is signed in, newest first,
// without their CSRF tokens.
func (a *Accounts) Sessions(ctx context.Context, who Principal) ([]Session, error) {
	list, err := a.open(ctx, who.Person)
	if err != nil {
		return nil, fault.Wrap("auth.Sessions", err)
	}
	var turn int64
	if err := a.db.QueryRow(ctx, "SELECT turn FROM account WHERE person = ?", who.Person).Scan(&turn); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fault.Wrap("auth.Sessions", err)
	}
	now := a.opts.Wall.Now()
	var out []Session
	for _, o := range list {
		if o.turn == turn && o.live(now, a.opts.Idle, a.opts.Absolute) {
			out = append(out, o.Session)
		}
	}
	return out, nil
}

// Revoke ends one of the person's own sessions.
func (a *Accounts) Revoke(ctx context.Context, who Principal, session int64) error {
	list, err := a.open(ctx, who.Person)
	if err != nil {
		return fault.Wrap("auth.Revoke", err)
	}
	i := slices.IndexFunc(list, func(o owned) bool { return o.ID == session })
	if i < 0 {
		return fault.New(fault.NotFound, "auth.Revoke", "没有这一登录记录。", "There is no such session.")
	}
	d := list[i].digest
	err = a.db.Write(ctx, &endSession{digest: d, kind: EventSessionRevoked, at: a.book.clock.Now(), key: event.KeyOf("revoke " + string(d[:]))})
	a.drop(d)
	return fault.Wrap("auth.Revoke", err)
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
	c, err := a.candidate(ctx, p.Login)
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
