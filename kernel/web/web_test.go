package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
)

// marker stands for what must never come back or reach the log.
const marker = "110101199003071234"

// desk is a small directory with sessions, in memory.
type desk struct {
	mu     sync.Mutex
	open   map[string]auth.Session
	broken error
	set    bool

	uses, peeks atomic.Int64
	dir         *auth.Directory
}

func (d *desk) SignIn(_ context.Context, in auth.Attempt) (string, auth.Session, error) {
	if in.Login != "wang" || in.Password != "right" {
		return "", auth.Session{}, fault.New(fault.Unauthenticated, "desk", "登录名或密码不正确。", "The login or the password is wrong.")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	token := fmt.Sprintf("token-%d", len(d.open)+1)
	d.open[token] = auth.Session{ID: 1, Person: 10, Agent: in.Agent, CSRF: "csrf-" + token}
	return token, d.open[token], nil
}

// Peek counts how often it was asked instead of Resolve.
func (d *desk) Peek(ctx context.Context, token string) (auth.Principal, auth.Session, error) {
	d.peeks.Add(1)
	return d.know(ctx, token)
}

func (d *desk) Resolve(ctx context.Context, token string) (auth.Principal, auth.Session, error) {
	d.uses.Add(1)
	return d.know(ctx, token)
}

func (d *desk) know(_ context.Context, token string) (auth.Principal, auth.Session, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, ok := d.open[token]
	switch {
	case d.broken != nil:
		return auth.Principal{}, s, d.broken
	case !ok:
		return auth.Principal{}, s, fault.New(fault.Unauthenticated, "desk", "请先登录。", "Sign in first.")
	}
	return auth.Principal{Person: s.Person, Name: "王敏", NameEN: "Wang Min", Session: s.ID}, s, nil
}

func (d *desk) SignOut(_ context.Context, token string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.open, token)
	return nil
}

func (d *desk) NeedsSetup(context.Context) (bool, error) { return !d.set, nil }

func (d *desk) Setup(_ context.Context, in auth.Setup) (auth.Installed, error) {
	if in.Token != "setup" || in.City.ZH != "澄川市" || in.Name.EN == "" {
		return auth.Installed{}, fault.New(fault.Forbidden, "desk", "设置口令不正确。", "The setup token is wrong.")
	}
	d.set = true
	return auth.Installed{}, nil
}

func (d *desk) ChangePassword(_ context.Context, who auth.Principal, token, before, _ string) error {
	if who.Person != 10 || token == "" || before != "right" {
		return fault.At("desk", "old", "原密码不正确。", "The old password is wrong.")
	}
	return nil
}

func (d *desk) Fresh(context.Context) (*auth.Directory, error) { return d.dir, nil }

// office is the server under test.
type office struct {
	*Server
	desk *desk
	log  *bytes.Buffer
	clk  *clock.Manual
}

var begin = time.Date(2026, 11, 30, 9, 0, 0, 0, time.FixedZone("", 8*3600))

// in and out of the operations under test.
type (
	thingIn struct {
		Body struct {
			Title string           `json:"title" minLength:"2" maxLength:"10"`
			N     int64            `json:"n,omitempty" minimum:"1" maximum:"9"`
			Day   string           `json:"day,omitempty" format:"date"`
			Kind  string           `json:"kind,omitempty" enum:"a,b"`
			List  []item           `json:"list,omitempty" maxItems:"2"`
			Free  map[string]any   `json:"free,omitempty"`
			Nums  map[string]int64 `json:"nums,omitempty"`
		}
	}
	item struct {
		Name string `json:"name" pattern:"^[a-z]+$"`
		Yes  bool   `json:"yes,omitempty"`
	}
	thingOut struct {
		Body struct {
			Key   string `json:"key"`
			Who   int64  `json:"who"`
			Title string `json:"title"`
		}
	}
	getIn struct {
		ID    int64  `path:"id" minimum:"1"`
		Q     string `query:"q" maxLength:"5"`
		Limit int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	}
	failIn struct {
		Kind string `path:"kind"`
	}
	importIn struct {
		Body struct {
			Content string `json:"content"`
		}
	}
	numberOut struct{ Body float64 }
)

func newOffice(t *testing.T, change func(*Config)) *office {
	t.Helper()
	dir, err := auth.NewDirectory(1, "2026-11-30",
		[]auth.Unit{{ID: 1, Level: auth.CityLevel, Kind: auth.Other, Name: fault.T("澄川市", "Chengchuan")}, {ID: 2, Parent: 1, Level: auth.CityLevel, Kind: auth.Office, Name: fault.T("市政府办公室", "City office")}},
		[]auth.Person{{ID: 10, Login: "wang", Name: fault.T("王敏", "Wang Min"), Status: auth.Active}},
		[]auth.Post{{ID: 20, Person: 10, Unit: 2, Duty: auth.Deputy, Title: fault.T("副秘书长", "Deputy secretary-general"), From: "2020-01-01"}})
	if err != nil {
		t.Fatal(err)
	}
	o := &office{desk: &desk{open: map[string]auth.Session{}, dir: dir}, log: &bytes.Buffer{}, clk: clock.NewManual(begin)}
	cfg := Config{
		Version: "test", Sessions: o.desk, Passwords: o.desk, Book: o.desk, Clock: o.clk, Machine: clock.NewManual(begin),
		Log: slog.New(slog.NewTextHandler(&locked{w: o.log}, nil)), Office: fault.T("市政府办公室", "City office"), City: fault.T("澄川市", "Chengchuan"),
		Limits: Limits{Session: Rate{1, 10000}, SignIn: Rate{1, 10000}},
	}
	if change != nil {
		change(&cfg)
	}
	if o.Server, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	o.operations()
	return o
}

// locked lets several requests log into one buffer.
type locked struct {
	mu sync.Mutex
	w  *bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (o *office) operations() {
	Register(o.Server, Op{Method: "POST", Path: "/api/things", ID: "thing-add", Tag: "test", Status: 201}, func(ctx context.Context, in *thingIn) (*thingOut, error) {
		out := &thingOut{}
		out.Body.Key, out.Body.Who, out.Body.Title = Key(ctx), Who(ctx).Person, in.Body.Title
		return out, nil
	})
	Register(o.Server, Op{Method: "GET", Path: "/api/things/{id}", ID: "thing"}, func(ctx context.Context, in *getIn) (*thingOut, error) {
		out := &thingOut{}
		out.Body.Who, out.Body.Title = Who(ctx).Person, fmt.Sprint(in.ID, in.Limit, in.Q)
		return out, nil
	})
	Register(o.Server, Op{Method: "GET", Path: "/api/fail/{kind}", ID: "fail", Open: true}, func(_ context.Context, in *failIn) (*nothing, error) {
		switch in.Kind {
		case "plain":
			return nil, errors.New("secret " + marker)
		case "panic":
			panic("secret " + marker)
		case "wrapped":
			return nil, fmt.Errorf("outer: %w", fault.New(fault.Conflict, "x", "状态已变化。", "It moved on."))
		}
		f := fault.New(fault.Kind(in.Kind), "test", "中文句子。", "English sentence.")
		f.Policy, f.Err = "rule-7", errors.New("secret "+marker)
		return nil, f
	})
	Register(o.Server, Op{Method: "POST", Path: "/api/import", ID: "import", MaxBody: ImportBody}, func(context.Context, *importIn) (*nothing, error) { return nil, nil })
	Register(o.Server, Op{Method: "GET", Path: "/api/number", ID: "number", Open: true}, func(context.Context, *nothing) (*numberOut, error) { return &numberOut{math.NaN()}, nil })
}

// call is one request of a scenario.
type call struct {
	method, path string // the path as it is on the wire, perhaps with a query
	query        string // instead of the path's
	body         string
	guest        bool // without a session
	header       map[string]string
}

// do sends a call of a clerk who is signed in and whose page is in order.
func (o *office) do(c call) *httptest.ResponseRecorder {
	r := httptest.NewRequest(c.method, "http://office.test/", strings.NewReader(c.body))
	raw, query, _ := strings.Cut(c.path, "?")
	if r.URL.Path, r.URL.RawQuery = raw, query; c.query != "" {
		r.URL.RawQuery = c.query
	}
	if path, err := url.PathUnescape(raw); err == nil {
		r.URL.Path, r.URL.RawPath = path, raw
	}
	if c.body == "" {
		r.Body = http.NoBody
	} else {
		r.Header.Set("Content-Type", "application/json")
	}
	if !c.guest {
		token, s, err := o.desk.SignIn(context.Background(), auth.Attempt{Login: "wang", Password: "right"})
		if err != nil {
			panic(err)
		}
		r.AddCookie(&http.Cookie{Name: cookieName, Value: token})
		r.Header.Set(csrfHeader, s.CSRF)
		r.Header.Set(keyHeader, "key-1")
	}
	for name, value := range c.header {
		if value == "" {
			r.Header.Del(name)
		} else {
			r.Header.Set(name, value)
		}
	}
	w := httptest.NewRecorder()
	o.ServeHTTP(w, r)
	return w
}

func problemOf(t *testing.T, w *httptest.ResponseRecorder) Problem {
	t.Helper()
	var p Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("status %d: no problem document: %s", w.Code, w.Body)
	}
	if w.Header().Get("Content-Type") != problemType || p.Status != w.Code || p.Detail == "" || p.DetailEN == "" || p.Title == "" ||
		p.Kind == "" || p.Fields == nil || p.Type == "" || p.Instance == "" || p.Instance != w.Header().Get("X-Request-Id") {
		t.Fatalf("not a full problem: %s: %s", w.Header().Get("Content-Type"), w.Body)
	}
	if strings.Contains(w.Body.String(), marker) {
		t.Fatalf("the answer repeats what was sent: %s", w.Body)
	}
	return p
}

func thing(fields string) call {
	return call{method: "POST", path: "/api/things", body: `{"title":"甲乙"` + fields + `}`}
}

// TestRefusals is the table of what may be wrong with a request.
func TestRefusals(t *testing.T) {
	o := newOffice(t, nil)
	with := func(c call, name, value string) call {
		c.header = maps.Clone(c.header)
		if c.header == nil {
			c.header = map[string]string{}
		}
		c.header[name] = value
		return c
	}
	raw := func(body string) call { return call{method: "POST", path: "/api/things", body: body} }
	get := func(path string) call { return call{method: "GET", path: path} }
	gb := "\xd6\xd0\xce\xc4" // 中文 in GB18030
	for _, c := range []struct {
		name   string
		call   call
		status int
		fields string // paths, joined by a space
		says   string // part of the English of the first field, or of the detail
	}{
		{"unknown path", get("/api/nothing"), 404, "", "no such operation"},
		{"unknown path, POST", call{method: "POST", path: "/api/nothing", body: "x"}, 404, "", "no such operation"},
		{"the API's root", get("/api"), 404, "", "no such operation"},
		{"a path to be cleaned", get("/api//me"), 404, "", "no such operation"},
		{"unknown method", call{method: "PATCH", path: "/api/things"}, 405, "", "does not support"},
		{"unknown method of a path with a parameter", call{method: "DELETE", path: "/api/things/1"}, 405, "", "does not support"},
		{"OPTIONS", call{method: "OPTIONS", path: "/api/me"}, 405, "", "does not support"},
		{"writing to the screens", call{method: "POST", path: "/inbox"}, 405, "", "only be read"},

		{"guest reads", call{method: "GET", path: "/api/things/1", guest: true}, 401, "", "Sign in"},
		{"guest writes", call{method: "POST", path: "/api/things", body: `{}`, guest: true}, 401, "", "Sign in"},
		{"token of nobody", with(call{method: "GET", path: "/api/things/1", guest: true}, "Cookie", cookieName+"=stolen"), 401, "", "Sign in"},
		{"no CSRF token", with(thing(""), csrfHeader, ""), 403, "", "reload"},
		{"wrong CSRF token", with(thing(""), csrfHeader, "csrf-token-0"), 403, "", "reload"},
		{"another site", with(thing(""), "Origin", "https://evil.example"), 403, "", "another site"},
		{"another site, by its own name", with(thing(""), "Sec-Fetch-Site", "cross-site"), 403, "", "another site"},
		{"another site signs in", with(call{method: "POST", path: "/api/session", guest: true, body: `{"login":"wang","password":"right"}`}, "Origin", "https://evil.example"), 403, "", "another site"},
		{"no key", with(thing(""), keyHeader, ""), 422, "header/Idempotency-Key", "missing"},
		{"long key", with(thing(""), keyHeader, strings.Repeat("k", 201)), 422, "header/Idempotency-Key", "200"},
		{"key with a space", with(thing(""), keyHeader, "a b"), 422, "header/Idempotency-Key", "ASCII"},

		{"GB18030 body", raw(`{"title":"` + gb + `"}`), 422, "body", "Byte 10 "},
		{"UTF-16 body", raw("\xff\xfe{\x00}\x00"), 422, "body", "Byte 0 "},
		{"invalid UTF-8 in the query", get("/api/things/1?q=%D6%D0"), 422, "query/q", "Byte 0 "},
		{"invalid UTF-8 raw in the query", get("/api/things/1?q=a\xff"), 422, "query/q", "Byte 1 "},
		{"invalid UTF-8 in a name", get("/api/things/1?%FF=1"), 422, "query", "Byte 0 "},
		{"broken percent", get("/api/things/1?q=%zz"), 422, "query/q", "percent"},
		{"NUL in the query", get("/api/things/1?q=a%00"), 422, "query/q", "Byte 1 "},
		{"invalid UTF-8 in the path", get("/api/things/%FF"), 422, "path", "Byte 12 "},
		{"NUL in the path of a screen", get("/in%00box"), 422, "path", "Byte 3 "},

		{"broken JSON", raw(`{"title":`), 422, "body", "at byte 9 "},
		{"a field twice", raw(`{"title":"甲乙","title":"` + marker + `"}`), 422, "body", "twice"},
		{"U+0000", raw(`{"title":"a\u0000b"}`), 422, "body", "U+0000"},
		{"nested deep", raw(strings.Repeat("[", 100000)), 422, "body", "deep"},
		{"text after the JSON", raw(`{"title":"甲乙"} ` + marker), 422, "body", "more text"},
		{"no body", raw(""), 422, "body", "missing"},
		{"only a mark", raw(byteOrderMark), 422, "body", "missing"},
		{"null", raw("null"), 422, "body", "must be an object"},
		{"a list", raw(`["` + marker + `"]`), 422, "body", "must be an object"},
		{"form encoding", with(raw("title=x"), "Content-Type", "application/x-www-form-urlencoded"), 415, "body", "application/json"},
		{"no content type", with(raw(`{"title":"甲乙"}`), "Content-Type", ""), 415, "body", "application/json"},
		{"GBK declared", with(raw(`{"title":"ab"}`), "Content-Type", "application/json; charset=gbk"), 415, "body", "UTF-8"},
		{"too large", raw(`{"title":"` + strings.Repeat("x", 1<<20) + `"}`), 413, "", "limit is 1 MiB"},
		{"too large for an import", call{method: "POST", path: "/api/import", body: `{"content":"` + strings.Repeat("x", 20<<20) + `"}`}, 413, "", "limit is 20 MiB"},

		{"missing field", raw(`{}`), 422, "title", "is required"},
		{"too short", raw(`{"title":"1"}`), 422, "title", "at least 2"},
		{"too long", raw(`{"title":"` + marker + `"}`), 422, "title", "at most 10"},
		{"wrong type", raw(`{"title":["` + marker + `"]}`), 422, "title", "must be text"},
		{"another case", raw(`{"title":"甲乙","TITLE":"` + marker + `"}`), 422, "body", "not known"},
		{"unknown field", raw(`{"title":"甲乙","` + marker + `":1}`), 422, "body", "not known"},
		{"unknown field with dots", raw(`{"title":"甲乙","title.` + marker + `":1}`), 422, "title", "not known"},
		{"too small", thing(`,"n":0`), 422, "n", "1 or more"},
		{"too great", thing(`,"n":10`), 422, "n", "9 or less"},
		{"fraction", thing(`,"n":1.5`), 422, "n", "whole number"},
		{"integer written as 3.0", thing(`,"n":3.0`), 422, "n", "malformed or out of range"},
		{"vast number", thing(`,"n":1e999`), 422, "body", "malformed or out of range"},
		{"vast number of a map", thing(`,"nums":{"` + marker + `":1e30}`), 422, "nums", "malformed or out of range"},
		{"date", thing(`,"day":"` + marker + `"`), 422, "day", "2026-11-30"},
		{"choice", thing(`,"kind":"` + marker + `"`), 422, "kind", "one of the choices"},
		{"too many", thing(`,"list":[{"name":"a"},{"name":"a"},{"name":"a"}]`), 422, "list", "at most 2"},
		{"inside a list", thing(`,"list":[{"name":"a"},{"name":"` + marker + `","yes":"` + marker + `"}]`), 422, "list/1/name list/1/yes", "not in the form"},
		{"missing inside a list", thing(`,"list":[{}]`), 422, "list/0/name", "is required"},
		{"a name typed into a map", thing(`,"nums":{"` + marker + `":"x"}`), 422, "nums", "whole number"},
		{"path parameter", get("/api/things/" + marker + "x"), 422, "path/id", "whole number"},
		{"path parameter too great", get("/api/things/99999999999999999999"), 422, "path/id", "whole number"},
		{"path parameter too small", get("/api/things/0"), 422, "path/id", "1 or more"},
		{"query parameter", get("/api/things/1?limit=" + marker + "x"), 422, "query/limit", "whole number"},
		{"query parameter out of range", get("/api/things/1?limit=500"), 422, "query/limit", "100 or less"},
		{"query text too long", get("/api/things/1?q=" + marker), 422, "query/q", "at most 5"},
		{"unknown query parameter", get("/api/things/1?" + marker + "=1"), 422, "query", "not known"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := o.do(c.call)
			if w.Code != c.status {
				t.Fatalf("status %d, want %d: %s", w.Code, c.status, w.Body)
			}
			p := problemOf(t, w)
			var paths []string
			says := p.DetailEN
			for i, f := range p.Fields {
				if paths = append(paths, f.Path); i == 0 {
					says = f.Text.EN
				}
				if f.Text.ZH == "" || f.Text.EN == "" {
					t.Errorf("a field has no text: %+v", f)
				}
			}
			if got := strings.Join(paths, " "); got != c.fields {
				t.Errorf("fields %q, want %q: %s", got, c.fields, w.Body)
			}
			if !strings.Contains(says, c.says) {
				t.Errorf("it says %q, not %q", says, c.says)
			}
			if c.status == 405 && w.Header().Get("Allow") == "" {
				t.Error("405 without Allow")
			}
		})
	}
	if strings.Contains(o.log.String(), marker) || strings.Contains(o.log.String(), "王敏") {
		t.Errorf("the log holds what was sent:\n%s", o.log)
	}
}

func TestAnswers(t *testing.T) {
	o := newOffice(t, nil)
	for _, c := range []struct {
		name   string
		call   call
		status int
		body   string
	}{
		{"write", thing(`,"n":3,"free":{"甲":[1,{"b":null}]}`), 201, `{"key":"key-1","who":10,"title":"甲乙"}`},
		{"write with a byte order mark", call{method: "POST", path: "/api/things", body: byteOrderMark + `{"title":"甲乙"}`}, 201, `{"key":"key-1","who":10,"title":"甲乙"}`},
		{"write from our own origin", call{method: "POST", path: "/api/things", body: `{"title":"甲乙"}`, header: map[string]string{"Origin": "http://office.test"}}, 201, `"who":10`},
		{"charset given", call{method: "POST", path: "/api/things", body: `{"title":"甲乙"}`, header: map[string]string{"Content-Type": "application/json; charset=UTF-8"}}, 201, `"who":10`},
		{"read", call{method: "GET", path: "/api/things/7?q=%E4%B8%AD&limit=5"}, 200, `"title":"7 5中"`},
		{"default of a parameter", call{method: "GET", path: "/api/things/7"}, 200, `"title":"7 20"`},
		{"HEAD", call{method: "HEAD", path: "/api/things/7"}, 200, ""},
		{"large import", call{method: "POST", path: "/api/import", body: `{"content":"` + strings.Repeat("x", 19<<20) + `"}`}, 204, ""},
		{"browser's Accept", call{method: "GET", path: "/api/things/7", header: map[string]string{"Accept": "text/html"}}, 200, `"who":10`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := o.do(c.call)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.body) {
				t.Fatalf("status %d, want %d: %s", w.Code, c.status, w.Body)
			}
			if w.Header().Get("Cache-Control") != "no-store" {
				t.Error("an answer of the API may be cached")
			}
		})
	}
}

func TestProblemOfEachKind(t *testing.T) {
	o := newOffice(t, nil)
	for kind, status := range map[fault.Kind]int{
		fault.Invalid: 422, fault.Unauthenticated: 401, fault.Forbidden: 403, fault.NotFound: 404, fault.Conflict: 409,
		fault.TooMuch: 429, fault.Busy: 503, fault.Unavailable: 507, fault.Internal: 500, "plain": 500, "panic": 500, "wrapped": 409,
	} {
		t.Run(string(kind), func(t *testing.T) {
			o.log.Reset()
			w := o.do(call{method: "GET", path: "/api/fail/" + string(kind), guest: true})
			p := problemOf(t, w)
			if w.Code != status {
				t.Fatalf("status %d, want %d", w.Code, status)
			}
			if status != 500 {
				if kind != "wrapped" && (p.Kind != kind || p.Policy != "rule-7" || p.Detail != "中文句子。" || p.DetailEN != "English sentence.") {
					t.Errorf("got %s", w.Body)
				}
				return
			}
			if p.Kind != fault.Internal || p.Policy != "" || !strings.Contains(p.Detail, p.Instance) || !strings.Contains(p.DetailEN, p.Instance) || strings.Contains(w.Body.String(), "secret") {
				t.Errorf("got %s", w.Body)
			}
			if !strings.Contains(o.log.String(), "secret") && kind != fault.Internal || !strings.Contains(o.log.String(), p.Instance) {
				t.Errorf("the cause is not logged under the number: %s", o.log)
			}
		})
	}
	t.Run("an answer that cannot be encoded", func(t *testing.T) {
		w := o.do(call{method: "GET", path: "/api/number", guest: true})
		if p := problemOf(t, w); p.Kind != fault.Internal {
			t.Errorf("got %s", w.Body)
		}
	})
	t.Run("sessions cannot be read", func(t *testing.T) {
		o.desk.broken = errors.New("secret")
		defer func() { o.desk.broken = nil }()
		w := o.do(call{method: "GET", path: "/api/me"})
		if p := problemOf(t, w); p.Kind != fault.Internal || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("got %s", w.Body)
		}
	})
}

func TestCancelledIsNoFault(t *testing.T) {
	o := newOffice(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := httptest.NewRequestWithContext(ctx, "GET", "/api/fail/plain", nil)
	w := httptest.NewRecorder()
	o.ServeHTTP(w, r)
	if w.Code != 503 || strings.Contains(o.log.String(), "ERROR") {
		t.Errorf("status %d, log %s", w.Code, o.log)
	}
}

func TestOpenAPI(t *testing.T) {
	o := newOffice(t, func(c *Config) {
		c.Feed, c.Visible = feedOf(nil), func(context.Context, auth.Principal, []event.Envelope) ([]int64, error) { return nil, nil }
	})
	w := o.do(call{method: "GET", path: "/api/openapi.json", guest: true})
	var doc struct {
		OpenAPI string                               `json:"openapi"`
		Paths   map[string]map[string]map[string]any `json:"paths"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.OpenAPI != "3.1.0" {
		t.Errorf("OpenAPI %s", doc.OpenAPI)
	}
	for _, path := range []string{"/api/me", "/api/session", "/api/setup", "/api/password", "/api/things", "/api/live"} {
		if doc.Paths[path] == nil {
			t.Errorf("%s is missing", path)
		}
	}
	text := w.Body.String()
	for _, want := range []string{`"Idempotency-Key"`, `"WebProblem"`, `application/problem+json`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing", want)
		}
	}
	for _, path := range []string{"/docs", "/openapi.json", "/schemas/WebMe.json", "/api/docs"} {
		if w := o.do(call{method: "GET", path: path, guest: true}); strings.Contains(w.Body.String(), "<script") || strings.Contains(w.Body.String(), `"openapi"`) {
			t.Errorf("%s is served", path)
		}
	}
}

func TestUniqueItemsIsRefusedAtTheStart(t *testing.T) {
	o := newOffice(t, nil)
	defer func() {
		if recover() == nil {
			t.Error("an operation with uniqueItems was accepted")
		}
	}()
	type in struct {
		Body struct {
			Deep []struct {
				Tags []string `json:"tags" uniqueItems:"true"`
			} `json:"deep"`
		}
	}
	Register(o.Server, Op{Method: "POST", Path: "/api/unique", ID: "unique"}, func(context.Context, *in) (*nothing, error) { return nil, nil })
}

// base is embedded without an exported name, as huma would not document it.
type base struct {
	ID int64 `json:"id"`
}

func TestUndocumentedFieldsAreRefusedAtTheStart(t *testing.T) {
	type page struct {
		base
		Title string `json:"title"`
	}
	type out struct{ Body []page }
	o := newOffice(t, nil)
	defer func() {
		if said := fmt.Sprint(recover()); !strings.Contains(said, "page.base") {
			t.Errorf("an answer with undocumented fields was accepted: %s", said)
		}
	}()
	Register(o.Server, Op{Method: "GET", Path: "/api/pages", ID: "pages"}, func(context.Context, *nothing) (*out, error) { return nil, nil })
}

func BenchmarkRequest(b *testing.B) {
	o := newOffice(&testing.T{}, func(c *Config) {
		c.Log = slog.New(slog.DiscardHandler)
		c.Limits = Limits{Address: Rate{1e9, 1e9}, Session: Rate{1e9, 1e9}}
	})
	token, s, _ := o.desk.SignIn(context.Background(), auth.Attempt{Login: "wang", Password: "right"})
	body := `{"title":"关于整改","n":3,"list":[{"name":"abc"}]}`
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest("POST", "/api/things", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set(csrfHeader, s.CSRF)
		r.Header.Set(keyHeader, "k")
		r.AddCookie(&http.Cookie{Name: cookieName, Value: token})
		w := httptest.NewRecorder()
		if o.ServeHTTP(w, r); w.Code != 201 {
			b.Fatal(w.Body)
		}
	}
}
