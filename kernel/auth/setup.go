package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/base32"
	"errors"
	"strings"
	"time"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// EventInstalled is the first event of an installation's directory.
const EventInstalled = "auth/installation.opened"

// Setup is what the first administrator says on the first run.
type Setup struct {
	Token    string
	City     fault.Text // name of the root of the tree of units (澄川市)
	Office   fault.Text // name of the office that runs the installation
	Login    string
	Password string
	Name     fault.Text
}

// Installed says what Setup made.
type Installed struct{ City, Office, Person, Post int64 }

// installation is the row of table setup.
type installation struct {
	digest []byte
	done   bool
}

const setupID int64 = 1

var installations = store.Table[int64, installation]{
	Name: "setup", Key: []string{"id"}, KeyType: []string{"BIGINT"}, Cols: []string{"digest", "done"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args:    func(i installation) []any { return []any{i.digest, i.done} },
	Scan: func(row store.Scanner, rev *int64) (id int64, i installation, err error) {
		err = row.Scan(&id, &i.digest, &i.done, rev)
		return id, i, err
	},
}

// NeedsSetup reports whether the installation has no administrator yet.
func (a *Accounts) NeedsSetup(ctx context.Context) (bool, error) {
	var done bool
	err := a.db.QueryRow(ctx, "SELECT done FROM setup WHERE id = 1").Scan(&done)
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	return !done, fault.Wrap("auth.NeedsSetup", err)
}

// SetupToken makes a new setup token for the server to print, and voids the one
// before. It is "" when the installation has been set up.
func (a *Accounts) SetupToken(ctx context.Context) (string, error) {
	var raw [20]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return "", fault.Wrap("auth.SetupToken", err)
	}
	token := base32.StdEncoding.EncodeToString(raw[:])
	c := &offerSetup{digest: setupDigest(token)}
	if err := a.db.Write(ctx, c); err != nil {
		return "", fault.Wrap("auth.SetupToken", err)
	}
	if c.done {
		return "", nil
	}
	return token, nil
}

func setupDigest(token string) []byte {
	token = strings.ToUpper(strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, token))
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

type offerSetup struct {
	digest []byte
	done   bool
}

func (c *offerSetup) Load(g *store.Group) { store.Want(g, &installations, setupID) }

func (c *offerSetup) Decide(g *store.Group) error {
	row, _ := store.Get(g, &installations, setupID)
	if c.done = row.done; c.done {
		return nil
	}
	store.Put(g, &installations, setupID, installation{digest: c.digest})
	return nil
}

// Setup makes the city, its office and the first administrator, whose post is
// in the city. The token can be used once.
func (a *Accounts) Setup(ctx context.Context, in Setup) (Installed, error) {
	in.Login = normalLogin(in.Login)
	if err := (NewPerson{Login: in.Login, Name: in.Name, Password: in.Password}).check(); err != nil {
		return Installed{}, err
	}
	if err := named("auth.Setup", "city", in.City); err != nil {
		return Installed{}, err
	}
	if err := named("auth.Setup", "office", in.Office); err != nil {
		return Installed{}, err
	}
	hash, err := a.hasher.make(ctx, in.Password)
	if err != nil {
		return Installed{}, fault.Wrap("auth.Setup", err)
	}
	c := &install{in: in, hash: hash, at: a.book.clock.Now()}
	if err := a.db.Write(ctx, c); err != nil {
		return Installed{}, fault.Wrap("auth.Setup", err)
	}
	return c.made, fault.Wrap("auth.Setup", a.book.Refresh(ctx))
}

type install struct {
	in   Setup
	hash string
	at   time.Time
	made Installed
}

func (c *install) Load(g *store.Group) {
	event.Load(g)
	LoadVersion(g)
	store.Want(g, &installations, setupID)
	store.Want(g, &logins, c.in.Login)
}

func (c *install) Decide(g *store.Group) error {
	row, _ := store.Get(g, &installations, setupID)
	if row.done {
		return fault.New(fault.Conflict, "auth.Setup", "系统已完成初始设置。", "The installation has been set up.")
	}
	if len(row.digest) == 0 || subtle.ConstantTimeCompare(row.digest, setupDigest(c.in.Token)) != 1 {
		return fault.New(fault.Forbidden, "auth.Setup", "设置口令不正确，请使用服务器启动时打印的口令。", "The setup token is wrong; use the one the server printed when it started.")
	}
	if _, taken := store.Get(g, &logins, c.in.Login); taken {
		return fault.At("auth.Setup", "login", "此登录名已被使用。", "Another person has this login.")
	}
	store.Put(g, &installations, setupID, installation{digest: []byte{}, done: true})
	// The first event takes position 0, which no unit or person may have as id.
	if _, err := c.append(g, EventInstalled, 0, 0, struct{}{}); err != nil {
		return err
	}
	return c.found(g)
}

// found writes the first rows of the directory.
func (c *install) found(g *store.Group) error {
	var err error
	city := Unit{Level: CityLevel, Kind: Other, Name: c.in.City}
	if city.ID, err = c.append(g, EventUnitAdded, event.NewSubject, 0, unitBody(city)); err != nil {
		return err
	}
	office := Unit{Parent: city.ID, Level: CityLevel, Kind: Office, Name: c.in.Office}
	if office.ID, err = c.append(g, EventUnitAdded, event.NewSubject, 0, unitBody(office)); err != nil {
		return err
	}
	admin := Person{Login: c.in.Login, Name: c.in.Name, Status: Active}
	if admin.ID, err = c.append(g, EventPersonAdded, event.NewSubject, 0, personBody(admin)); err != nil {
		return err
	}
	post := Post{Person: admin.ID, Unit: city.ID, Duty: Admin, Title: Admin.Name(), From: c.at.Format(dayForm)}
	if post.ID, err = c.append(g, EventPostBegun, event.NewSubject, admin.ID, postBody(post)); err != nil {
		return err
	}
	store.Insert(g, &units, city.ID, city)
	store.Insert(g, &units, office.ID, office)
	enroll(g, admin, c.hash)
	store.Insert(g, &posts, post.ID, post)
	advance(g)
	c.made = Installed{City: city.ID, Office: office.ID, Person: admin.ID, Post: post.ID}
	return nil
}

func (c *install) append(g *store.Group, kind string, subject, actor int64, body any) (int64, error) {
	key, err := newToken()
	if err != nil {
		return 0, err
	}
	place, err := event.Append(g, event.Draft{Kind: kind, Subject: subject, Actor: actor, Key: event.KeyOf(key), Recorded: c.at, Body: body})
	return place.Event.Pos, err
}
