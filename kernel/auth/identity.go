package auth

import (
	"context"
	"crypto/sha256"
	"time"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// Kinds of the events of identities.
const (
	EventIdentityBound   = "auth/identity.bound"
	EventIdentityRemoved = "auth/identity.removed"
)

// Identity is who a provider of OpenID Connect (统一身份认证) says somebody is:
// its issuer and the subject, which together are unique for ever.
type Identity struct{ Issuer, Subject string }

func (i Identity) digest() digest {
	return sha256.Sum256([]byte("touyan identity 1\x00" + i.Issuer + "\x00" + i.Subject))
}

// The bounds of OpenID Connect Core, section 2.
const (
	maxIssuer  = 300
	maxSubject = 255
)

func (i Identity) check() error {
	if i.Issuer == "" || len(i.Issuer) > maxIssuer {
		return fault.At("auth.Identity", "issuer", "请填写身份认证的签发方地址。", "The provider's issuer is missing or too long.")
	}
	if i.Subject == "" || len(i.Subject) > maxSubject {
		return fault.At("auth.Identity", "subject", "请填写该人员在身份认证中的编号（sub），不超过255个字符。", "The person's subject (sub) at the provider is missing or has more than 255 characters.")
	}
	return nil
}

// binding is whose an identity is.
type binding struct {
	person int64
	issuer string
	since  int64 // µs
}

var identities = store.Table[digest, binding]{
	Name: "identity", Key: []string{"digest"}, KeyType: []string{"BYTEA"}, Cols: []string{"person", "issuer", "since"},
	KeyArgs: func(d digest) []any { return []any{d[:]} },
	Args:    func(b binding) []any { return []any{b.person, b.issuer, b.since} },
	Scan: func(row store.Scanner, rev *int64) (d digest, b binding, err error) {
		var raw []byte
		err = row.Scan(&raw, &b.person, &b.issuer, &b.since, rev)
		copy(d[:], raw)
		return d, b, err
	},
}

func unbound() error {
	return fault.New(fault.NotFound, "auth.SignIn", "这一身份尚未与本系统的账号绑定。", "This identity is not bound to an account here yet.")
}

func bound() error {
	return fault.New(fault.Conflict, "auth.bind", "这一身份已与另一账号绑定，请联系系统管理员。", "This identity is bound to another account; ask the administrator.")
}

// bindIdentity binds the identity of somebody who has just signed in with his
// own password too.
func (c *signIn) bindIdentity(g *store.Group) error {
	if c.bind == nil {
		return nil
	}
	if b, ok := store.Get(g, &identities, c.by); ok {
		if b.person != c.person {
			return bound()
		}
		return nil
	}
	store.Put(g, &identities, c.by, binding{person: c.person, issuer: c.bind.Issuer, since: c.wall.UnixMicro()})
	_, err := event.Append(g, event.Draft{Kind: EventIdentityBound, Subject: c.person, Actor: c.person, Key: c.key.Sub(2), Recorded: c.at, Body: map[string]string{"issuer": c.bind.Issuer}})
	return err
}

// Known reports whether an identity is bound to somebody.
func (a *Accounts) Known(ctx context.Context, who Identity) (bool, error) {
	d := who.digest()
	var n int
	err := a.db.QueryRow(ctx, "SELECT COUNT(*) FROM identity WHERE digest = ?", d[:]).Scan(&n)
	return n > 0, fault.Wrap("auth.Known", err)
}

// Bound is an identity as a person sees it. The subject is not kept.
type Bound struct {
	Issuer string
	Since  time.Time
}

// Identities lists the identities bound to a person.
func (a *Accounts) Identities(ctx context.Context, person int64) ([]Bound, error) {
	list, err := store.Collect(ctx, a.db, func(row store.Scanner) (b Bound, err error) {
		var since int64
		err = row.Scan(&b.Issuer, &since)
		b.Since = time.UnixMicro(since)
		return b, err
	}, "SELECT issuer, since FROM identity WHERE person = ? ORDER BY since", person)
	return list, fault.Wrap("auth.Identities", err)
}

// Bind binds an identity to a person, by an administrator of all the person's
// units.
func (r *Registry) Bind(ctx context.Context, who Principal, key string, person int64, identity Identity) error {
	if err := identity.check(); err != nil {
		return err
	}
	_, err := r.write(ctx, who, key, func(o order) (store.Change, *order) {
		c := &bind{order: o, person: person, identity: identity}
		return c, &c.order
	})
	return err
}

type bind struct {
	order
	person   int64
	identity Identity
}

func (c *bind) Load(g *store.Group) {
	c.order.Load(g)
	store.Want(g, &identities, c.identity.digest())
}

func (c *bind) Decide(g *store.Group) error {
	if done, err := c.begin(g, "directory.bind_identity", c.dir.AnswersFor(c.person)...); done || err != nil {
		return err
	}
	if _, ok := c.dir.Person(c.person); !ok {
		return noPerson()
	}
	if b, ok := store.Get(g, &identities, c.identity.digest()); ok {
		if b.person != c.person {
			return bound()
		}
		return fault.New(fault.Conflict, "auth.Bind", "这一身份已经绑定在此人名下。", "This identity is bound to this person already.")
	}
	store.Put(g, &identities, c.identity.digest(), binding{person: c.person, issuer: c.identity.Issuer, since: c.at.UnixMicro()})
	return c.note(g, EventIdentityBound, c.person, map[string]string{"issuer": c.identity.Issuer})
}

// Unbind takes all identities from a person. His open sessions go on.
func (r *Registry) Unbind(ctx context.Context, who Principal, key string, person int64) error {
	list, err := store.Collect(ctx, r.book.db, func(row store.Scanner) (d digest, err error) {
		var raw []byte
		err = row.Scan(&raw)
		copy(d[:], raw)
		return d, err
	}, "SELECT digest FROM identity WHERE person = ?", person)
	if err != nil {
		return fault.Wrap("auth.Unbind", err)
	}
	_, err = r.write(ctx, who, key, func(o order) (store.Change, *order) {
		c := &unbind{order: o, person: person, list: list}
		return c, &c.order
	})
	return err
}

type unbind struct {
	order
	person int64
	list   []digest
}

func (c *unbind) Load(g *store.Group) {
	c.order.Load(g)
	for _, d := range c.list {
		store.Want(g, &identities, d)
	}
}

func (c *unbind) Decide(g *store.Group) error {
	if done, err := c.begin(g, "directory.bind_identity", c.dir.AnswersFor(c.person)...); done || err != nil {
		return err
	}
	n := 0
	for _, d := range c.list {
		if b, ok := store.Get(g, &identities, d); ok && b.person == c.person {
			store.Delete(g, &identities, d)
			n++
		}
	}
	if n == 0 {
		return fault.New(fault.NotFound, "auth.Unbind", "此人没有绑定统一身份认证。", "No identity is bound to this person.")
	}
	return c.note(g, EventIdentityRemoved, c.person, struct{}{})
}
