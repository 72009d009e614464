package auth

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"
	"time"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// maxAgent bounds what is kept of a browser's name, in bytes.
const maxAgent = 200

// Attempt is what somebody who signs in shows.
type Attempt struct {
	Login    string
	Password string
	Code     string // one-time code or recovery code; needed once the person has set one up
	// Identity is who a provider says it is. With a login it is bound to that
	// person after the local sign-in; without, it is the sign-in.
	Identity *Identity
	Agent    string
	Address  netip.Addr
}

// How a session began.
const (
	ByPassword = "password"
	ByProvider = "provider"
)

// SignIn checks login and password, or the identity that a provider vouched for,
// and the one-time code of whoever has one, and opens a session. Five failures in
// a row lock the login for 15 minutes, then 30, up to a day; logins that nobody
// has behave and take as long as others. The token goes to the browser and is
// kept nowhere else. Errors: Unauthenticated for a wrong pair and, with the hint
// "code", while the code is missing; Invalid for a wrong code; NotFound for an
// identity that is nobody's; TooMuch while locked; Forbidden when the person is
// suspended.
func (a *Accounts) SignIn(ctx context.Context, in Attempt) (string, Session, error) {
	c, err := a.candidate(ctx, in)
	if err != nil {
		return "", Session{}, fault.Wrap("auth.SignIn", err)
	}
	if c.lock.locked(c.wall) {
		return "", Session{}, locked()
	}
	if err := a.compare(ctx, c, in.Password); err != nil {
		return "", Session{}, fault.Wrap("auth.SignIn", err)
	}
	token, err := newToken()
	if err != nil {
		return "", Session{}, err
	}
	c.digest, _ = digestOf(token)
	c.key = event.KeyOf(token)
	how := c.how
	if in.Identity != nil { // bound by the password: whoever leaves has the provider's session to end too
		how = ByProvider
	}
	c.session = Session{Person: c.person, Opened: c.wall, Seen: c.wall, Proven: c.wall, How: how, Agent: clip(in.Agent, maxAgent), Place: placeOf(in.Address)}
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

// compare checks the password and, if it was hashed at another cost, hashes it
// anew. Whom a provider vouches for needs none.
func (a *Accounts) compare(ctx context.Context, c *signIn, password string) error {
	if c.how == ByProvider {
		return nil
	}
	ok, old, err := a.hasher.fits(ctx, c.hash, password)
	if c.fits = ok; ok && old && err == nil {
		c.rehash, err = a.hasher.make(ctx, password)
	}
	return err
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
	how     string
	code    string // tidied
	vault   *Vault
	bind    *Identity // to be bound to the person
	by      digest    // of the identity, if there is one
	digest  digest
	key     event.Key
	stale   []digest // the person's sessions that have ended
	wall    time.Time
	at      time.Time
	session Session

	refused error // answer
}

// candidate reads what an attempt needs.
func (a *Accounts) candidate(ctx context.Context, in Attempt) (*signIn, error) {
	c := &signIn{wall: a.opts.Wall.Now(), at: a.book.clock.Now(), how: ByPassword, code: tidyCode(clip(in.Code, 40)), vault: a.opts.Vault}
	login := normalLogin(in.Login)
	if in.Identity != nil {
		c.by = in.Identity.digest()
	}
	query, arg := "SELECT l.person, a.hash FROM login l JOIN account a ON a.person = l.person WHERE l.login = ?", any(login)
	switch {
	case in.Identity != nil && in.Login == "":
		c.how = ByProvider
		query, arg = "SELECT i.person, a.hash FROM identity i JOIN account a ON a.person = i.person WHERE i.digest = ?", any(c.by[:])
	case in.Identity != nil:
		c.bind = in.Identity
	}
	if c.how == ByPassword && !loginForm().MatchString(login) {
		arg = "" // nobody's
	}
	err := a.db.QueryRow(ctx, query, arg).Scan(&c.person, &c.hash)
	if errors.Is(err, sql.ErrNoRows) && c.how == ByProvider {
		return nil, unbound()
	}
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
	store.Want(g, &factors, c.person)
	store.Want(g, &recoveryCodes, recoveryDigest(c.person, c.code))
	store.Want(g, &identities, c.by)
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
	if c.how == ByProvider {
		if bound, ok := store.Get(g, &identities, c.by); !ok || bound.person != c.person {
			return unbound()
		}
	} else if !c.fits || account.hash != c.hash {
		c.refused = wrong()
		return c.fail(g, lock)
	}
	if p, _ := store.Get(g, &people, c.person); p.Status != Active {
		c.refused = forbidden(Verdict{Policy: Inactive, Reason: suspended()})
		return nil
	}
	if refused, err := c.second(g, lock); refused || err != nil {
		return err
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
	if err := c.bindIdentity(g); err != nil {
		return err
	}
	place, err := event.Append(g, event.Draft{Kind: EventSignedIn, Subject: event.NewSubject, Actor: c.person, Key: c.key, Recorded: c.at, Body: map[string]string{"by": c.how}})
	if err != nil {
		return err
	}
	c.session.ID, c.session.turn = place.Event.Pos, account.turn
	store.Insert(g, &sessions, c.digest, c.session)
	return nil
}

// second asks for the one-time code of whoever has one. A right password without
// a code is no failure, and forgives none.
func (c *signIn) second(g *store.Group, lock lockout) (refused bool, err error) {
	f, _ := store.Get(g, &factors, c.person)
	if !f.active {
		return false, nil
	}
	if c.code == "" {
		c.refused = codeFirst()
		return true, nil
	}
	ok, err := c.use(g, f)
	if err != nil || ok {
		return false, err
	}
	c.refused = wrongCode("code")
	return true, c.fail(g, lock)
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
