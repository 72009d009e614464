package webtest

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/bus"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
	"touyan.dev/touyan/kernel/web"
)

type (
	draftIn struct {
		ID   int64 `path:"id" minimum:"1"`
		Body struct {
			Title string         `json:"title" minLength:"1" maxLength:"100"`
			Days  int            `json:"days" minimum:"1" maximum:"90"`
			Due   string         `json:"due,omitempty" format:"date"`
			Units []draftUnit    `json:"units" maxItems:"10"`
			Form  map[string]any `json:"form,omitempty"`
		}
	}
	draftUnit struct {
		Unit int64 `json:"unit"`
		Lead bool  `json:"lead,omitempty"`
	}
	draftOut struct {
		Body struct {
			Title string `json:"title"`
		}
	}
	listIn struct {
		Q     string `query:"q" maxLength:"50"`
		Limit int    `query:"limit" minimum:"1" maximum:"100"`
		Name  string `query:"name"`
	}
)

// program is a small program on the real parts: store, log, directory, accounts,
// followers and the door.
type program struct {
	*web.Server
	token, csrf string
}

func run(t *testing.T) *program {
	t.Helper()
	ctx := t.Context()
	db := storetest.Open(t, store.SQLite, store.Options{}, event.Migrations(), auth.Migrations(), bus.Migrations())
	book, err := auth.OpenBook(ctx, db, clock.System{})
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := auth.NewAccounts(book, auth.Options{})
	if err != nil {
		t.Fatal(err)
	}
	feed := bus.New(db, bus.Options{Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(feed.Close)
	plenty := web.Rate{PerSecond: 1e6, Burst: 1e6}
	s, err := web.New(web.Config{
		Version: "test", Sessions: accounts, Passwords: accounts, Book: book, Feed: feed, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler),
		Visible: func(context.Context, auth.Principal, []event.Envelope) ([]int64, error) { return nil, nil },
		Office:  fault.T("市政府办公室", "City office"), City: fault.T("澄川市", "Chengchuan"),
		Limits: web.Limits{Address: plenty, Session: plenty, SignIn: plenty},
	})
	if err != nil {
		t.Fatal(err)
	}
	web.Register(s, web.Op{Method: "POST", Path: "/api/drafts/{id}", ID: "draft"}, func(_ context.Context, in *draftIn) (*draftOut, error) {
		out := &draftOut{}
		out.Body.Title = in.Body.Title
		return out, nil
	})
	web.Register(s, web.Op{Method: "GET", Path: "/api/drafts", ID: "drafts"}, func(context.Context, *listIn) (*draftOut, error) { return &draftOut{}, nil })
	p := &program{Server: s}
	p.signIn(t, accounts)
	return p
}

// signIn sets the installation up through the API, as its first user would.
func (p *program) signIn(t *testing.T, accounts *auth.Accounts) {
	t.Helper()
	setup, err := accounts.SetupToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	body, _ := json.Marshal(map[string]string{"token": setup, "login": "wangmin", "password": "长河落日圆-大漠孤烟直", "name": "王敏", "name_en": "Wang Min"})
	r := httptest.NewRequest("POST", "/api/setup", strings.NewReader(string(body)))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	var me web.Me
	if err := json.Unmarshal(w.Body.Bytes(), &me); err != nil || !me.SignedIn || me.CSRF == "" {
		t.Fatalf("setting up: %d %s", w.Code, w.Body)
	}
	cookie, err := http.ParseSetCookie(w.Header().Get("Set-Cookie"))
	if err != nil {
		t.Fatal(err)
	}
	p.token, p.csrf = cookie.Name+"="+cookie.Value, me.CSRF
}

func (p *program) prepare(r *http.Request) {
	r.Header.Set("Cookie", p.token)
	r.Header.Set("X-CSRF-Token", p.csrf)
}

func TestBadInput(t *testing.T) {
	p := run(t)
	begun := time.Now()
	cases := BadInput(t, p, p.OpenAPI(), Options{Prepare: p.prepare, Skip: func(op string) bool { return op == "DELETE /api/session" }})
	if cases < 300 {
		t.Errorf("only %d cases were made", cases)
	}
	t.Logf("%d cases in %v", cases, time.Since(begun))
}

// complaints gathers what a tester reports.
type complaints []string

func (c *complaints) Helper() {}
func (c *complaints) Errorf(format string, args ...any) {
	*c = append(*c, fmt.Sprintf(format, args...))
}

// TestBadInputFindsFaults gives the tester servers that are wrong in one way
// each, and sees that it complains.
func TestBadInputFindsFaults(t *testing.T) {
	p := run(t)
	doc, err := parse(p.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	var op *operation
	for _, o := range doc.operations() {
		if o.path == "/api/drafts/{id}" {
			op = o
		}
	}
	// edit lets a server be wrong by changing the answers of a right one.
	edit := func(change func(status int, body string) (int, string)) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			in := httptest.NewRecorder()
			p.ServeHTTP(in, r)
			status, body := change(in.Code, in.Body.String())
			for name, values := range in.Header() {
				w.Header()[name] = values
			}
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		})
	}
	for name, c := range map[string]struct {
		handler http.Handler
		says    string
	}{
		"right":   {p, ""},
		"fails":   {edit(func(int, string) (int, string) { return 500, "{}" }), "status 500"},
		"accepts": {edit(func(int, string) (int, string) { return 200, "{}" }), "want one of"},
		"echoes": {edit(func(s int, b string) (int, string) {
			return s, strings.Replace(b, `"detail_en":"`, `"detail_en":"`+Marker, 1)
		}), "repeats what was sent"},
		"text": {edit(func(int, string) (int, string) { return 422, "bad request" }), "without a problem document"},
		"no fields": {edit(func(s int, b string) (int, string) {
			return s, b[:strings.Index(b+`"fields"`, `"fields"`)] + `"fields":[],"policy":""}`
		}), "no field"},
		"one language": {edit(func(s int, b string) (int, string) {
			return s, strings.Replace(b, `"detail":"`, `"detail":"","x":"`, 1)
		}), "both languages"},
		"no number":    {edit(func(s int, b string) (int, string) { return s, strings.Replace(b, `"instance":"`, `"instance":"0`, 1) }), "not complete"},
		"wrong status": {edit(func(s int, b string) (int, string) { return s, strings.Replace(b, `"status":4`, `"status":5`, 1) }), "not complete"},
		"empty wording": {edit(func(s int, b string) (int, string) {
			return s, strings.ReplaceAll(b, `"text":{"zh":"`, `"text":{"zh":"","y":"`)
		}), "what to do"},
	} {
		t.Run(name, func(t *testing.T) {
			var said complaints
			b := &tester{t: &said, handler: c.handler, doc: doc, opts: Options{Prepare: p.prepare}}
			b.try(op)
			if c.says == "" && len(said) > 0 {
				t.Fatalf("complaints about a right server: %q", said)
			}
			if c.says != "" && !strings.Contains(strings.Join(said, "\n"), c.says) {
				t.Fatalf("no complaint with %q among %.2000q", c.says, said)
			}
		})
	}
}
