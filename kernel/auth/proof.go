package auth

import (
	"context"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// EventProven says that the holder of a session proved once more who he is.
const EventProven = "auth/session.proven"

// ProveFirst is the refusal of a dangerous act whose session has not been proven
// within five minutes. The act may be repeated with the same key after Prove.
func ProveFirst() error {
	f := fault.New(fault.Forbidden, "auth.Prove", "此项操作须再次确认是您本人：请输入密码或动态口令。", "This act needs a fresh proof that it is you: enter your password or one-time code.")
	f.Hint = HintProof
	return f
}

// Prove notes that whoever holds the session has shown the password, or the
// one-time code, once more. Failures count towards the lock as those of SignIn.
func (a *Accounts) Prove(ctx context.Context, who Principal, token, password, code string) error {
	d, fine := digestOf(token)
	if !fine {
		return signInFirst()
	}
	c, err := a.own(ctx, who, code)
	if err != nil {
		return err
	}
	if c.lock.locked(c.wall) {
		return locked()
	}
	if password != "" {
		if c.fits, _, err = a.hasher.fits(ctx, c.hash, password); err != nil {
			return fault.Wrap("auth.Prove", err)
		}
	}
	c.digest = d
	err = a.db.Write(ctx, &prove{signIn: c, password: password != ""})
	a.drop(d)
	if err != nil {
		return fault.Wrap("auth.Prove", err)
	}
	return c.refused
}

// prove is an attempt to sign in that renews the proof of a session instead.
type prove struct {
	*signIn
	password bool // one was given; else a code
}

func (c *prove) Load(g *store.Group) {
	c.signIn.Load(g)
	store.Want(g, &sessions, c.digest)
}

func (c *prove) Decide(g *store.Group) error {
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
	ok, err := c.shown(g, account)
	if err != nil {
		return err
	}
	if !ok && c.password {
		c.refused = fault.At("auth.Prove", "password", "密码不正确。连续输错五次将暂时锁定。", "The password is wrong. Five failures in a row lock the login for a while.")
	} else if !ok {
		c.refused = wrongCode("code")
	}
	if !ok {
		return c.fail(g, lock)
	}
	if kept {
		store.Put(g, &lockouts, c.who, lockout{})
	}
	session.Proven = c.wall
	store.Put(g, &sessions, c.digest, session)
	_, err = event.Append(g, event.Draft{Kind: EventProven, Subject: session.ID, Actor: c.person, Key: c.key, Recorded: c.at, Body: struct{}{}})
	return err
}

// shown reports whether the password fits, or the code.
func (c *prove) shown(g *store.Group, account account) (bool, error) {
	if c.password {
		return c.fits && account.hash == c.hash, nil
	}
	f, _ := store.Get(g, &factors, c.person)
	if !f.active || c.code == "" {
		return false, nil
	}
	return c.use(g, f)
}
