package auth

import (
	"context"
	"time"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// EventCommand says that the next acts of its actor were given as a command on
// the machine, without the person's password. Its body names the command.
const EventCommand = "auth/command.given"

// Command lets whoever operates the machine act for a person who may: with the
// signing key within reach a password would protect nothing, and the last
// administrator may have forgotten it. The rules decide as they do for the
// person; what Command adds is an event, so that nobody takes a command for an
// act at a screen. Errors: NotFound for a login that nobody has, Forbidden for
// one that is suspended.
func (a *Accounts) Command(ctx context.Context, login, command string) (Principal, error) {
	token, err := newToken()
	if err != nil {
		return Principal{}, err
	}
	login = normalLogin(login)
	if !loginForm().MatchString(login) {
		login = "" // nobody's
	}
	c := &commanding{login: login, command: command, key: event.KeyOf(token), at: a.book.clock.Now()}
	if err := a.db.Write(ctx, c); err != nil {
		return Principal{}, fault.Wrap("auth.Command", err)
	}
	return Principal{Person: c.person.ID, Name: c.person.Name.ZH, NameEN: c.person.Name.EN, Session: c.pos}, nil
}

type commanding struct {
	login, command string
	key            event.Key
	at             time.Time

	person Person // answers
	pos    int64
}

func (c *commanding) Load(g *store.Group) {
	event.Load(g)
	store.Want(g, &logins, c.login)
	if !store.Have(g, &logins, c.login) {
		return
	}
	if id, ok := store.Get(g, &logins, c.login); ok {
		store.Want(g, &people, id)
	}
}

func (c *commanding) Decide(g *store.Group) error {
	id, ok := store.Get(g, &logins, c.login)
	if !ok {
		return fault.New(fault.NotFound, "auth.Command", "没有这个登录名，请用 touyan user list 查看。", "Nobody has this login; touyan user list shows them.")
	}
	if c.person, _ = store.Get(g, &people, id); c.person.Status != Active {
		return forbidden(Verdict{Policy: Inactive, Reason: suspended()})
	}
	place, err := event.Append(g, event.Draft{Kind: EventCommand, Subject: id, Actor: id, Key: c.key, Recorded: c.at, Body: map[string]string{"command": c.command}})
	c.pos = place.Event.Pos
	return err
}
