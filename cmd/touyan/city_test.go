package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/bus"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
	"touyan.dev/touyan/kernel/web"
)

// city is the whole program over a small city, reached over HTTP by people of
// every kind.
type city struct {
	t       *testing.T
	place   Place
	prog    *Program
	clock   *clock.Manual
	web     *web.Server
	feed    *bus.Bus
	server  *httptest.Server
	clients map[string]*client
	people  map[string]int64
	keys    int
	stop    func() // ends what start and serve began

	office, bureau, section, other int64
}

const cityPassword = "Meadow-2026-river"

// eachCity runs a test over the program on both engines.
func eachCity(t *testing.T, f func(t *testing.T, c *city)) {
	for _, engine := range storetest.Engines() {
		t.Run(string(engine), func(t *testing.T) { f(t, newCity(t, engine)) })
	}
}

func newCity(t *testing.T, engine store.Engine) *city {
	t.Helper()
	return newCityIn(t, Place{Data: t.TempDir(), DB: storetest.DSN(t, engine), Name: "touyan", Sign: "澄"})
}

func newCityIn(t *testing.T, place Place) *city {
	t.Helper()
	ctx := context.Background()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	c := &city{t: t, clients: map[string]*client{}, people: map[string]int64{}}
	c.clock = clock.NewManual(time.Date(2026, 11, 23, 9, 0, 0, 0, clock.Shanghai()))
	c.place = place
	c.start(ctx)
	c.settle(ctx)
	c.serve()
	for name := range c.people {
		c.signIn(name)
	}
	c.clients["guest"] = &client{c: c, http: &http.Client{}}
	return c
}

// start opens the program.
func (c *city) start(ctx context.Context) {
	c.t.Helper()
	prog, err := c.place.open(ctx, c.clock, store.Options{})
	c.must(err)
	c.prog = prog
	c.stop = sync.OnceFunc(func() {
		if err := prog.Close(); err != nil {
			c.t.Error(err)
		}
	})
	c.t.Cleanup(c.stop)
}

// serve puts the program's server on an address.
func (c *city) serve() {
	c.t.Helper()
	c.feed = bus.New(c.prog.DB, bus.Options{})
	// The generator of bad input sends far more than a person would.
	plenty := web.Rate{PerSecond: 1e6, Burst: 1e6}
	var err error
	c.web, err = c.prog.server(c.feed, Front{City: fault.T("澄川市", "Chengchuan"), Office: fault.T("市政府办公室", "General Office"), Limits: web.Limits{Address: plenty, Session: plenty, SignIn: plenty}})
	c.must(err)
	c.server = httptest.NewServer(c.web)
	server, feed, end := c.server, c.feed, c.stop
	c.stop = sync.OnceFunc(func() {
		server.Close()
		feed.Close()
		end()
	})
	c.t.Cleanup(c.stop)
}

// settle founds the city: an office, a bureau with a section, another bureau.
func (c *city) settle(ctx context.Context) {
	c.t.Helper()
	p := c.prog
	token, err := p.Accounts.SetupToken(ctx)
	c.must(err)
	made, err := p.Accounts.Setup(ctx, auth.Setup{
		Token: token, City: fault.T("澄川市", "Chengchuan"), Office: fault.T("市政府办公室", "General Office"),
		Login: "admin", Password: cityPassword, Name: fault.T("管理员", "Admin"),
	})
	c.must(err)
	admin := auth.Principal{Person: made.Person}
	c.people["admin"], c.office = made.Person, made.Office
	unit := func(parent int64, kind auth.Kind, key, zh string) int64 {
		id, err := p.Registry.AddUnit(ctx, admin, auth.NewUnit{Key: c.key(), Parent: parent, Kind: kind, DutyKey: key, Name: fault.T(zh, "Unit "+key)})
		c.must(err)
		return id
	}
	c.bureau = unit(made.City, auth.Bureau, "renshe", "市人力资源和社会保障局")
	c.section = unit(c.bureau, auth.Sector, "shebao", "社会保险科")
	c.other = unit(made.City, auth.Bureau, "jiaoyu", "市教育局")
	for _, who := range []struct {
		login, name string
		unit        int64
		duty        auth.Duty
	}{
		{"leader", "周一山", c.office, auth.Leader}, {"secretary", "唐二奕", c.office, auth.Secretary}, {"supervisor", "林三岑", c.office, auth.Supervisor},
		{"auditor", "审四计", c.office, auth.Auditor}, {"liaison", "沈五禾", c.bureau, auth.Liaison}, {"head", "局六长", c.bureau, auth.Head},
		{"chief", "科七长", c.section, auth.Section}, {"clerk", "承八办", c.section, auth.Clerk}, {"outsider", "教九联", c.other, auth.Liaison}, {"citizen", "陈十云", 0, ""},
	} {
		id, err := p.Registry.AddPerson(ctx, admin, auth.NewPerson{Key: c.key(), Login: who.login, Name: fault.T(who.name, who.name), Password: cityPassword})
		c.must(err)
		c.people[who.login] = id
		if who.duty != "" {
			_, err = p.Registry.AddPost(ctx, admin, auth.NewPost{Key: c.key(), Person: id, Unit: who.unit, Duty: who.duty})
			c.must(err)
		}
	}
}

func (c *city) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *city) key() string {
	c.keys++
	return fmt.Sprintf("k-%d", c.keys)
}

// client is one person's browser.
type client struct {
	c    *city
	http *http.Client
	csrf string
}

func (c *city) signIn(login string) {
	c.t.Helper()
	jar, err := cookiejar.New(nil)
	c.must(err)
	cl := &client{c: c, http: &http.Client{Jar: jar}}
	status, body := cl.do("POST", "/api/session", map[string]any{"login": login, "password": cityPassword})
	if status != http.StatusOK {
		c.t.Fatalf("sign in of %s: %d %s", login, status, body)
	}
	var me web.Me
	c.must(json.Unmarshal(body, &me))
	cl.csrf = me.CSRF
	c.clients[login] = cl
}

// do sends one request and gives status and body.
func (cl *client) do(method, path string, in any) (int, []byte) {
	return cl.keyed(method, path, in, cl.c.key())
}

func (cl *client) keyed(method, path string, in any, key string) (int, []byte) {
	cl.c.t.Helper()
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		cl.c.must(err)
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequest(method, cl.c.server.URL+path, body)
	cl.c.must(err)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if method != http.MethodGet {
		req.Header.Set("X-CSRF-Token", cl.csrf)
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := cl.http.Do(req)
	cl.c.must(err)
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	cl.c.must(err)
	return res.StatusCode, out
}

// as sends a request that must succeed and decodes its answer.
func as[T any](c *city, who, method, path string, in any) T {
	c.t.Helper()
	status, body := c.clients[who].do(method, path, in)
	if status >= 300 {
		c.t.Fatalf("%s %s %s: %d %s", who, method, path, status, body)
	}
	var out T
	c.must(json.Unmarshal(body, &out))
	return out
}
