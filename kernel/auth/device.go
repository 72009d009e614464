package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// EventSessionsEnded says that an administrator ended sessions of its subject.
const EventSessionsEnded = "auth/sessions.ended"

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
		err = row.Scan(&raw, &o.ID, &o.Person, &o.turn, &opened, &seen, &o.Agent, &o.How, &o.Place)
		copy(o.digest[:], raw)
		o.Opened, o.Seen = time.UnixMicro(opened), time.UnixMicro(seen)
		return o, err
	}, "SELECT digest, id, person, turn, opened, seen, agent, how, address FROM session WHERE person = ? ORDER BY id DESC", person)
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

// RevokeOthers ends all of the person's sessions but the one he asks from, and
// tells how many there were.
func (a *Accounts) RevokeOthers(ctx context.Context, who Principal) (int, error) {
	list, err := a.open(ctx, who.Person)
	if err != nil {
		return 0, fault.Wrap("auth.RevokeOthers", err)
	}
	n := 0
	for _, o := range list {
		if o.ID == who.Session {
			continue
		}
		d := o.digest
		err := a.db.Write(ctx, &endSession{digest: d, kind: EventSessionRevoked, at: a.book.clock.Now(), key: event.KeyOf("revoke " + string(d[:]))})
		a.drop(d)
		if err != nil {
			return n, fault.Wrap("auth.RevokeOthers", err)
		}
		n++
	}
	return n, nil
}

// EndSessions ends a session of another person, or all of them when session is
// 0: a telephone was lost, somebody was dismissed.
func (r *Registry) EndSessions(ctx context.Context, who Principal, key string, person, session int64) error {
	list, err := r.accounts.open(ctx, person)
	if err != nil {
		return fault.Wrap("auth.EndSessions", err)
	}
	list = slices.DeleteFunc(list, func(o owned) bool { return session != 0 && o.ID != session })
	_, err = r.write(ctx, who, key, func(o order) (store.Change, *order) {
		c := &endSessions{order: o, person: person, list: list}
		return c, &c.order
	})
	r.accounts.forget(person)
	return err
}

type endSessions struct {
	order
	person int64
	list   []owned
}

func (c *endSessions) Load(g *store.Group) {
	c.order.Load(g)
	for _, o := range c.list {
		store.Want(g, &sessions, o.digest)
	}
}

func (c *endSessions) Decide(g *store.Group) error {
	if done, err := c.begin(g, "directory.end_session", c.dir.AnswersFor(c.person)...); done || err != nil {
		return err
	}
	ended := []int64{}
	for _, o := range c.list {
		if _, ok := store.Get(g, &sessions, o.digest); ok {
			store.Delete(g, &sessions, o.digest)
			ended = append(ended, o.ID)
		}
	}
	if len(ended) == 0 {
		return fault.New(fault.NotFound, "auth.EndSessions", "没有这一登录记录，或已经退出。", "There is no such session, or it has ended.")
	}
	return c.note(g, EventSessionsEnded, c.person, map[string]any{"sessions": ended})
}

// SessionsOf lists another person's sessions for an administrator of all the
// person's units.
func (r *Registry) SessionsOf(ctx context.Context, who Principal, person int64) ([]Session, error) {
	dir := r.book.Now()
	if _, ok := dir.Person(person); !ok {
		return nil, noPerson()
	}
	for _, unit := range dir.AnswersFor(person) {
		if _, err := r.rules.Require(dir, who, "directory.end_session", Resource{Type: "Unit", ID: unit, Unit: unit}); err != nil {
			return nil, err
		}
	}
	return r.accounts.Sessions(ctx, Principal{Person: person})
}

// placeOf masks an address: of IPv4 the first two numbers stay, of IPv6 the
// first two groups. It tells the office from the street, and no more.
func placeOf(a netip.Addr) string {
	a = a.Unmap()
	switch {
	case !a.IsValid():
		return ""
	case a.IsLoopback():
		return "localhost"
	case a.Is4():
		b := a.As4()
		return fmt.Sprintf("%d.%d.*.*", b[0], b[1])
	}
	b := a.As16()
	return fmt.Sprintf("%x:%x:*", uint16(b[0])<<8|uint16(b[1]), uint16(b[2])<<8|uint16(b[3]))
}

// Device puts what a browser calls itself into words: its name and its system.
func Device(agent string) fault.Text {
	find := func(list [][3]string) fault.Text {
		for _, e := range list {
			if strings.Contains(agent, e[0]) {
				return fault.T(e[1], e[2])
			}
		}
		return fault.Text{}
	}
	// The order counts: Edge and WeChat say Chrome too, Chrome says Safari.
	browser := find([][3]string{
		{"MicroMessenger", "微信", "WeChat"}, {"DingTalk", "钉钉", "DingTalk"}, {"TaurusApp", "浙政钉", "DingTalk for government"}, {"Edg", "Edge", "Edge"},
		{"Firefox", "Firefox", "Firefox"}, {"360SE", "360浏览器", "360 browser"}, {"Chrome", "Chrome", "Chrome"}, {"Safari", "Safari", "Safari"},
	})
	system := find([][3]string{
		{"HarmonyOS", "鸿蒙", "HarmonyOS"}, {"Android", "安卓手机", "Android"}, {"iPhone", "苹果手机", "iPhone"}, {"iPad", "iPad", "iPad"},
		{"UOS", "统信系统", "UOS"}, {"Kylin", "麒麟系统", "Kylin"}, {"Windows", "Windows电脑", "Windows"}, {"Macintosh", "苹果电脑", "Mac"}, {"Linux", "Linux电脑", "Linux"},
	})
	switch {
	case browser.ZH == "" && system.ZH == "":
		return fault.T("未知设备", "Unknown device")
	case browser.ZH == "":
		return system
	case system.ZH == "":
		return browser
	}
	return fault.Text{ZH: system.ZH + "·" + browser.ZH, EN: browser.EN + " on " + system.EN}
}
