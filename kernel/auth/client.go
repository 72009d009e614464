package auth

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// Kinds of the events of machine clients. Their subject is the client's id.
const (
	EventClientAdded   = "auth/client.added"
	EventClientRevoked = "auth/client.revoked"
)

// ReadAll among a client's actions allows every operation that only reads.
const ReadAll = "read"

// tokenPrefix begins every secret of a client, so that scanners of leaked
// secrets know one when they see it.
const tokenPrefix = "touyan_"

// maxClientLife bounds how long a client may be used: whoever still needs it
// makes another.
const maxClientLife = 366 // days

// Client is a machine client (机器客户端): a program of another system that calls
// the API with a secret of its own. It is a person of the directory who has a
// post and no password, so the same rules decide what it may see and do, and
// every act names it; Actions narrow that further.
type Client struct {
	ID      int64
	Name    fault.Text
	Login   string
	Unit    int64
	Duty    Duty
	Actions []string
	Expires time.Time
	Revoked bool
	Seen    time.Time // kept to the minute; zero: never
	Made    time.Time
	Maker   int64

	post int64
}

// May reports whether the client may call an operation; reads tells that it only
// reads.
func (c Client) May(operation string, reads bool) bool {
	return slices.Contains(c.Actions, operation) || reads && slices.Contains(c.Actions, ReadAll)
}

// client is the row.
type client struct {
	id, post int64
	actions  string
	expires  int64
	revoked  bool
	seen     int64
	made     int64
	maker    int64
}

var clients = store.Table[digest, client]{
	Name: "client", Key: []string{"digest"}, KeyType: []string{"BYTEA"},
	Cols:    []string{"id", "post", "actions", "expires", "revoked", "seen", "made", "maker"},
	KeyArgs: func(d digest) []any { return []any{d[:]} },
	Args: func(c client) []any {
		return []any{c.id, c.post, c.actions, c.expires, c.revoked, c.seen, c.made, c.maker}
	},
	Scan: func(row store.Scanner, rev *int64) (d digest, c client, err error) {
		var raw []byte
		err = row.Scan(&raw, &c.id, &c.post, &c.actions, &c.expires, &c.revoked, &c.seen, &c.made, &c.maker, rev)
		copy(d[:], raw)
		return d, c, err
	},
}

// NewClient is a machine client to be made.
type NewClient struct {
	Key     string
	Name    fault.Text
	Login   string // stands in lists and in the log; "client." is put in front
	Unit    int64
	Duty    Duty
	Actions []string // operationIds of the API, or ReadAll
	Last    string   // the last day, YYYY-MM-DD
}

func (in NewClient) check(d *Directory) error {
	const op = "auth.AddClient"
	if err := named(op, "name", in.Name); err != nil {
		return err
	}
	if !loginForm().MatchString(in.Login) {
		return fault.At(op, "login", "代号为2至64个字符，可用汉字、小写字母、数字和 . _ - @。", "A sign is 2 to 64 characters: letters, digits and . _ - @.")
	}
	if _, ok := d.Unit(in.Unit); !ok {
		return fault.At(op, "unit", "单位不存在。", "There is no such unit.")
	}
	if !in.Duty.Known() || slices.Contains([]Duty{Leader, Deputy, Admin, Auditor}, in.Duty) {
		return fault.At(op, "duty", "机器客户端不能担任领导、系统管理员或审计员，请选择其他职务。", "A machine client cannot be a leader, an administrator or an auditor; choose another duty.")
	}
	if len(in.Actions) == 0 || len(in.Actions) > 50 || slices.ContainsFunc(in.Actions, func(a string) bool { return a == "" || len(a) > 60 }) {
		return fault.At(op, "actions", "请写明允许调用的接口（1至50个），只读填 read。", "Name the operations it may call, 1 to 50; read allows all that only read.")
	}
	if !isDay(in.Last) || in.Last < d.Day() || in.Last > addDays(d.Day(), maxClientLife) {
		return fault.At(op, "last", "截止日应写作 2026-11-23，不早于今天，至多一年。", "The last day is written 2026-11-23, is not before today and at most a year ahead.")
	}
	return nil
}

func addDays(day string, n int) string {
	t, err := time.Parse(dayForm, day)
	if err != nil {
		return ""
	}
	return t.AddDate(0, 0, n).Format(dayForm)
}

// AddClient makes a machine client and gives its id and its secret, which is
// shown this once. A retry with the same key gives no secret: revoke that client
// and make another.
func (r *Registry) AddClient(ctx context.Context, who Principal, in NewClient) (int64, string, error) {
	in.Login = "client." + strings.TrimPrefix(normalLogin(in.Login), "client.")
	if in.Name.EN == "" {
		in.Name.EN = in.Name.ZH
	}
	secret, err := newToken()
	if err != nil {
		return 0, "", err
	}
	d, _ := digestOf(secret)
	made := false
	id, err := r.write(ctx, who, in.Key, func(o order) (store.Change, *order) {
		c := &addClient{order: o, in: in, digest: d, made: &made}
		return c, &c.order
	})
	if err != nil || !made {
		return id, "", err
	}
	return id, tokenPrefix + secret, nil
}

type addClient struct {
	order
	in     NewClient
	digest digest
	made   *bool
}

func (c *addClient) Load(g *store.Group) {
	c.order.Load(g)
	store.Want(g, &logins, c.in.Login)
	store.Want(g, &clients, c.digest)
}

func (c *addClient) Decide(g *store.Group) error {
	*c.made = false
	if done, err := c.begin(g, "directory.keep_client", c.in.Unit); done || err != nil {
		return err
	}
	if err := c.in.check(c.dir); err != nil {
		return err
	}
	if _, taken := store.Get(g, &logins, c.in.Login); taken {
		return fault.At("auth.AddClient", "login", "此代号已被使用。", "This sign is in use.")
	}
	p := Person{Login: c.in.Login, Name: c.in.Name, Status: Active}
	err := c.record(g, EventClientAdded, event.NewSubject, map[string]any{
		"login": p.Login, "name": p.Name, "status": p.Status, "unit": c.in.Unit, "duty": c.in.Duty, "actions": c.in.Actions, "last": c.in.Last,
	})
	if err != nil {
		return err
	}
	p.ID = c.id
	post := Post{Person: p.ID, Unit: c.in.Unit, Duty: c.in.Duty, Title: fault.T("机器客户端", "Machine client"), From: c.dir.Day(), To: c.in.Last}
	place, err := event.Append(g, event.Draft{Kind: EventPostBegun, Subject: event.NewSubject, Actor: c.who.Person, Key: c.once.Key.Sub(1), Recorded: c.at, Body: postBody(post)})
	if err != nil {
		return err
	}
	post.ID = place.Event.Pos
	actions, err := json.Marshal(c.in.Actions)
	if err != nil {
		return fault.Wrap("auth.AddClient", err)
	}
	end, err := time.ParseInLocation(dayForm, c.in.Last, c.at.Location())
	if err != nil {
		return fault.Wrap("auth.AddClient", err)
	}
	store.Insert(g, &people, p.ID, p)
	store.Insert(g, &logins, p.Login, p.ID)
	store.Insert(g, &posts, post.ID, post)
	store.Insert(g, &clients, c.digest, client{
		id: p.ID, post: post.ID, actions: string(actions), expires: end.AddDate(0, 0, 1).UnixMicro(), made: c.at.UnixMicro(), maker: c.who.Person,
	})
	*c.made = true
	return nil
}

// RevokeClient ends a machine client at once, and for good.
func (r *Registry) RevokeClient(ctx context.Context, who Principal, key string, id int64) error {
	var raw []byte
	err := r.book.db.QueryRow(ctx, "SELECT digest FROM client WHERE id = ?", id).Scan(&raw)
	if errors.Is(err, sql.ErrNoRows) {
		return fault.New(fault.NotFound, "auth.RevokeClient", "没有这个机器客户端。", "There is no such machine client.")
	}
	if err != nil {
		return fault.Wrap("auth.RevokeClient", err)
	}
	_, err = r.write(ctx, who, key, func(o order) (store.Change, *order) {
		c := &revokeClient{order: o, id: id, digest: digest(raw)}
		return c, &c.order
	})
	return err
}

type revokeClient struct {
	order
	id     int64
	digest digest
}

func (c *revokeClient) Load(g *store.Group) {
	c.order.Load(g)
	store.Want(g, &clients, c.digest)
	store.Want(g, &people, c.id)
}

func (c *revokeClient) Decide(g *store.Group) error {
	row, _ := store.Get(g, &clients, c.digest)
	post, _ := c.dir.Post(row.post)
	if done, err := c.begin(g, "directory.keep_client", post.Unit); done || err != nil {
		return err
	}
	if row.revoked {
		return fault.New(fault.Conflict, "auth.RevokeClient", "这个机器客户端已经停用。", "This machine client has been revoked already.")
	}
	row.revoked = true
	store.Put(g, &clients, c.digest, row)
	p, _ := store.Get(g, &people, c.id)
	p.Status = Suspended
	store.Put(g, &people, c.id, p)
	return c.record(g, EventClientRevoked, c.id, struct{}{})
}

// Clients lists the machine clients of the units that somebody administers,
// newest first.
func (r *Registry) Clients(ctx context.Context, who Principal) ([]Client, error) {
	rows, err := store.Collect(ctx, r.book.db, scanClient, "SELECT id, post, actions, expires, revoked, seen, made, maker FROM client ORDER BY id DESC")
	if err != nil {
		return nil, fault.Wrap("auth.Clients", err)
	}
	dir := r.book.Now()
	var out []Client
	var refused error
	for _, c := range rows {
		c = c.named(dir)
		_, err := r.rules.Require(dir, who, "directory.keep_client", Resource{Type: "Unit", ID: c.Unit, Unit: c.Unit})
		if fault.Is(err, fault.Forbidden) {
			refused = err
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	if len(out) == 0 && refused == nil {
		if p := dir.PostsOf(who.Person, dir.Day()); !slices.ContainsFunc(p, func(p Post) bool { return p.Duty == Admin }) {
			return nil, fault.New(fault.Forbidden, "auth.Clients", "只有系统管理员可以查看机器客户端。", "Only administrators see machine clients.")
		}
	}
	if len(out) == 0 && refused != nil {
		return nil, refused
	}
	return out, nil
}

func scanClient(row store.Scanner) (c Client, err error) {
	var actions string
	var expires, seen, made int64
	if err = row.Scan(&c.ID, &c.post, &actions, &expires, &c.Revoked, &seen, &made, &c.Maker); err != nil {
		return c, err
	}
	c.Expires, c.Made = time.UnixMicro(expires), time.UnixMicro(made)
	if seen != 0 {
		c.Seen = time.UnixMicro(seen)
	}
	return c, json.Unmarshal([]byte(actions), &c.Actions)
}

// named fills in what the directory knows.
func (c Client) named(d *Directory) Client {
	p, _ := d.Person(c.ID)
	post, _ := d.Post(c.post)
	c.Name, c.Login, c.Unit, c.Duty = p.Name, p.Login, post.Unit, post.Duty
	return c
}

// Machine tells which client a bearer token belongs to, or Unauthenticated. It
// asks the database each time: revocation holds from the next request on.
func (a *Accounts) Machine(ctx context.Context, token string) (Principal, Client, error) {
	secret, fine := strings.CutPrefix(token, tokenPrefix)
	d, ok := digestOf(secret)
	if !fine || !ok {
		return Principal{}, Client{}, noClient()
	}
	list, err := store.Collect(ctx, a.db, scanClient, "SELECT id, post, actions, expires, revoked, seen, made, maker FROM client WHERE digest = ?", d[:])
	if err != nil {
		return Principal{}, Client{}, fault.Wrap("auth.Machine", err)
	}
	now := a.opts.Wall.Now()
	if len(list) == 0 || list[0].Revoked || !a.book.clock.Now().Before(list[0].Expires) {
		return Principal{}, Client{}, noClient()
	}
	dir, err := a.book.Fresh(ctx)
	if err != nil {
		return Principal{}, Client{}, fault.Wrap("auth.Machine", err)
	}
	c := list[0].named(dir)
	p, ok := dir.Person(c.ID)
	if !ok || p.Status != Active {
		return Principal{}, Client{}, noClient()
	}
	if now.Sub(c.Seen) >= time.Minute {
		err := a.db.Write(ctx, &touchClient{digest: d, seen: now})
		if err != nil && !fault.Is(err, fault.Unavailable) && !fault.Is(err, fault.Busy) {
			return Principal{}, Client{}, fault.Wrap("auth.Machine", err)
		}
	}
	return Principal{Person: p.ID, Name: p.Name.ZH, NameEN: p.Name.EN, Session: p.ID}, c, nil
}

func noClient() error {
	return fault.New(fault.Unauthenticated, "auth.Machine", "客户端密钥无效、已到期或已停用，请向系统管理员申请新的。", "The client's secret is wrong, expired or revoked; ask the administrator for a new one.")
}

// touchClient notes that a client was used. It writes no event: nothing happened.
type touchClient struct {
	digest digest
	seen   time.Time
}

func (c *touchClient) Load(g *store.Group) { store.Want(g, &clients, c.digest) }

func (c *touchClient) Decide(g *store.Group) error {
	if row, ok := store.Get(g, &clients, c.digest); ok && c.seen.UnixMicro() > row.seen {
		row.seen = c.seen.UnixMicro()
		store.Put(g, &clients, c.digest, row)
	}
	return nil
}

// Expired reports whether a client's last day is over.
func (r *Registry) Expired(c Client) bool { return !r.book.clock.Now().Before(c.Expires) }
