package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"touyan.dev/touyan/kernel/auth/oidc"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
)

// rig is a provider and, once served, the program that trusts it.
type rig struct {
	t        *testing.T
	address  string // of the provider
	issuer   string
	redirect string
	provider *http.Server

	bin, data, url string
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
}

func newRig(t *testing.T) *rig {
	r := &rig{t: t, address: "127.0.0.1:" + freePort(t), url: "http://127.0.0.1:" + freePort(t)}
	r.issuer = "http://localhost:" + strings.Split(r.address, ":")[1] + "/"
	r.redirect = r.url + "/api/oidc/callback"
	r.up()
	t.Cleanup(r.down)
	return r
}

// up starts the provider with new keys.
func (r *rig) up() {
	r.t.Helper()
	l, err := net.Listen("tcp", r.address)
	if err != nil {
		r.t.Fatal(err)
	}
	r.provider = &http.Server{Handler: handler(r.issuer, r.redirect)}
	go func() { _ = r.provider.Serve(l) }()
}

func (r *rig) down() {
	_ = r.provider.Close()
	http.DefaultClient.CloseIdleConnections()
}

// browser follows redirects and keeps cookies, as a person's does.
func (r *rig) browser(stop func(*url.URL) bool) *http.Client {
	jar, _ := cookiejar.New(nil)
	return &http.Client{Jar: jar, CheckRedirect: func(req *http.Request, _ []*http.Request) error {
		if stop != nil && stop(req.URL) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
}

// signIn goes to an address that leads to the provider's form, fills it in, and
// gives where that led.
func (r *rig) signIn(c *http.Client, to, user string) *http.Response {
	r.t.Helper()
	page, err := c.Get(to)
	if err != nil {
		r.t.Fatal(err)
	}
	text, _ := io.ReadAll(page.Body)
	page.Body.Close()
	id := regexp.MustCompile(`name="id" value="([^"]+)"`).FindSubmatch(text)
	if id == nil {
		r.t.Fatalf("no form at %s: %.300s", page.Request.URL, text)
	}
	res, err := c.PostForm(r.issuer+"login/username", url.Values{"id": {string(id[1])}, "username": {user}, "password": {"verysecure"}})
	if err != nil {
		r.t.Fatal(err)
	}
	res.Body.Close()
	return res
}

const user1, user2 = "test-user@localhost", "test-user2"

// comeBack lets somebody sign in and gives what the provider sent back.
func (r *rig) comeBack(p *oidc.Provider) (oidc.Trip, url.Values) {
	r.t.Helper()
	to, trip, err := p.Begin(r.t.Context(), r.redirect)
	if err != nil {
		r.t.Fatal(err)
	}
	res := r.signIn(r.browser(func(u *url.URL) bool { return strings.HasPrefix(u.String(), r.redirect) }), to, user1)
	at, err := res.Location()
	if err != nil {
		r.t.Fatal(err)
	}
	return trip, at.Query()
}

func kindOf(err error) fault.Kind {
	if err == nil {
		return ""
	}
	return fault.Of(err).Kind
}

// TestTokens tries what a provider may send against the real one.
func TestTokens(t *testing.T) {
	r := newRig(t)
	clk := clock.NewManual(time.Now())
	open := func() *oidc.Provider {
		p, err := oidc.New(oidc.Config{Issuer: r.issuer, ClientID: clientID, Secret: secret, Clock: clk})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := open()
	trip, back := r.comeBack(p)
	who, err := p.Finish(t.Context(), trip, back.Get("state"), back.Get("code"))
	if err != nil || who.Issuer != r.issuer || who.Subject != "id1" {
		t.Fatalf("%+v %v", who, err)
	}
	if _, err := p.Finish(t.Context(), trip, back.Get("state"), back.Get("code")); kindOf(err) != fault.Unauthenticated {
		t.Errorf("a code used twice: %v", err)
	}
	if leave := p.Leave(r.url + "/login"); !strings.HasPrefix(leave, r.issuer+"end_session?") {
		t.Errorf("leaves by %q", leave)
	}
	for name, bend := range map[string]func(*oidc.Trip, url.Values){
		"another nonce":    func(t *oidc.Trip, _ url.Values) { t.Nonce += "x" },
		"another state":    func(_ *oidc.Trip, b url.Values) { b.Set("state", "x") },
		"no state":         func(t *oidc.Trip, b url.Values) { t.State = ""; b.Set("state", "") },
		"another verifier": func(t *oidc.Trip, _ url.Values) { t.Verifier += "x" },
		"another redirect": func(t *oidc.Trip, _ url.Values) { t.Redirect += "x" },
		"another code":     func(_ *oidc.Trip, b url.Values) { b.Set("code", "x") },
	} {
		trip, back := r.comeBack(p)
		bend(&trip, back)
		if _, err := p.Finish(t.Context(), trip, back.Get("state"), back.Get("code")); kindOf(err) != fault.Unauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
	other, err := oidc.New(oidc.Config{Issuer: r.issuer, ClientID: clientID, Secret: "wrong", Clock: clk})
	if err != nil {
		t.Fatal(err)
	}
	trip, back = r.comeBack(other)
	if _, err := other.Finish(t.Context(), trip, back.Get("state"), back.Get("code")); kindOf(err) != fault.Unauthenticated {
		t.Errorf("a wrong secret: %v", err)
	}

	// Keys replaced: a token that names an unknown key makes us read them again.
	r.down()
	r.up()
	trip, back = r.comeBack(p)
	if _, err := p.Finish(t.Context(), trip, back.Get("state"), back.Get("code")); err != nil {
		t.Errorf("after the provider's keys were replaced: %v", err)
	}

	trip, back = r.comeBack(p)
	clk.Advance(2 * time.Hour) // tokens live an hour
	if _, err := p.Finish(t.Context(), trip, back.Get("state"), back.Get("code")); kindOf(err) != fault.Unauthenticated {
		t.Errorf("an expired token: %v", err)
	}

	trip, back = r.comeBack(p)
	r.down()
	if _, err := p.Finish(t.Context(), trip, back.Get("state"), back.Get("code")); kindOf(err) != fault.Busy {
		t.Errorf("the provider went down meanwhile: %v", err)
	}
	late := open()
	if _, _, err := late.Begin(t.Context(), r.redirect); kindOf(err) != fault.Busy {
		t.Errorf("the provider is down: %v", err)
	}
	r.up()
	if _, _, err := late.Begin(t.Context(), r.redirect); err != nil {
		t.Errorf("the provider is up again: %v", err)
	}
}

func TestConfig(t *testing.T) {
	for issuer, ok := range map[string]bool{
		"https://id.example.gov.cn": true, "https://id.example.gov.cn/realm/": true, "http://localhost:9998/": true, "http://127.0.0.1:1": true,
		"": false, "id.example": false, "http://id.example.gov.cn": false, "https://id.example.gov.cn/?x=1": false, "ftp://localhost": false,
	} {
		if _, err := oidc.New(oidc.Config{Issuer: issuer, ClientID: "x", Clock: clock.System{}}); (err == nil) != ok {
			t.Errorf("%q: %v", issuer, err)
		}
	}
}

// run runs the program.
func (r *rig) run(stdin string, args ...string) string {
	r.t.Helper()
	c := exec.Command(r.bin, append(args, "--data", r.data)...)
	c.Stdin = strings.NewReader(stdin)
	out, err := c.CombinedOutput()
	if err != nil {
		r.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

const password = "Meadow-2026-river"

// serve founds an installation and runs the program.
func (r *rig) serve() {
	t := r.t
	t.Helper()
	dir := t.TempDir()
	r.bin, r.data = filepath.Join(dir, "touyan"), filepath.Join(dir, "data")
	if out, err := exec.Command("go", "build", "-C", "../..", "-o", r.bin, "./cmd/touyan").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	r.run(password, "setup", "--login", "admin", "--password-stdin", "--city", "澄川市")
	r.run(password, "user", "add", "shen", "沈禾", "--password-stdin", "--unit", "市政府办公室", "--duty", "secretary", "--as", "admin")
	file := filepath.Join(dir, "oidc.secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	c := exec.Command(r.bin, "serve", "--data", r.data, "--listen", strings.TrimPrefix(r.url, "http://"), "--oidc-issuer", r.issuer, "--oidc-client-id", clientID, "--oidc-secret-file", file)
	c.Stderr = &log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		if err := c.Wait(); err != nil || t.Failed() {
			t.Logf("the server: %v\n%s", err, log.String())
		}
		if strings.Contains(log.String(), "id1") || strings.Contains(log.String(), user1) || strings.Contains(log.String(), "code=") {
			t.Error("the log names somebody, or holds a code")
		}
	})
	for range 100 {
		if res, err := http.Get(r.url + "/api/health"); err == nil {
			res.Body.Close()
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("the server does not answer\n%s", log.String())
}

// reason gives why somebody landed on /login; "" when he did not.
func reason(res *http.Response) string {
	if res.Request.URL.Path != "/login" {
		return ""
	}
	return res.Request.URL.Query().Get("oidc")
}

func (r *rig) post(c *http.Client, path string, body any) (int, string) {
	r.t.Helper()
	text, _ := json.Marshal(body)
	res, err := c.Post(r.url+path, "application/json", bytes.NewReader(text))
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	out, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(out)
}

func (r *rig) me(c *http.Client) (who string, leave string) {
	r.t.Helper()
	res, err := c.Get(r.url + "/api/me")
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	var me struct {
		Person struct{ Login string }
		Leave  string
	}
	if err := json.NewDecoder(res.Body).Decode(&me); err != nil {
		r.t.Fatal(err)
	}
	return me.Person.Login, me.Leave
}

// TestProgram takes people through the real program and the real provider.
func TestProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds and runs the program: run without -short")
	}
	r := newRig(t)
	r.serve()
	start := r.url + "/api/oidc/start?back=" + url.QueryEscape("/matters?late=1")
	before := r.run("", "user", "list", "--json")

	// Nobody's yet: no account is made, and the local password binds it.
	shen := r.browser(nil)
	if got := reason(r.signIn(shen, start, user1)); got != "bind" {
		t.Fatalf("an unknown identity led to %q", got)
	}
	if who, _ := r.me(shen); who != "" {
		t.Errorf("signed in as %s", who)
	}
	if after := r.run("", "user", "list", "--json"); after != before {
		t.Error("an account was made")
	}
	if status, body := r.post(shen, "/api/session", map[string]any{"vouched": true}); status != http.StatusNotFound {
		t.Errorf("an unbound identity without a password: %d %s", status, body)
	}
	if status, _ := r.post(shen, "/api/session", map[string]any{"vouched": true, "login": "shen", "password": "wrong"}); status != http.StatusUnauthorized {
		t.Errorf("bound with a wrong password: %d", status)
	}
	if status, _ := r.post(r.browser(nil), "/api/session", map[string]any{"vouched": true, "login": "shen", "password": password}); status != http.StatusUnauthorized {
		t.Errorf("bound in a browser that was not at the provider: %d", status)
	}
	if status, body := r.post(shen, "/api/session", map[string]any{"vouched": true, "login": "shen", "password": password}); status != http.StatusOK {
		t.Fatalf("binding: %d %s", status, body)
	}
	if who, leave := r.me(shen); who != "shen" || !strings.HasPrefix(leave, r.issuer+"end_session?") {
		t.Errorf("bound as %q, leaves by %q", who, leave)
	}

	// From now on the provider is enough, and leads back to the page.
	again := r.browser(nil)
	if res := r.signIn(again, start, user1); res.Request.URL.RequestURI() != "/matters?late=1" {
		t.Errorf("led to %s", res.Request.URL)
	}
	who, leave := r.me(again)
	if who != "shen" || !strings.HasPrefix(leave, r.issuer+"end_session?") {
		t.Errorf("signed in as %q, leaves by %q", who, leave)
	}
	for _, back := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"} {
		if res := r.signIn(r.browser(nil), r.url+"/api/oidc/start?back="+url.QueryEscape(back), user1); res.Request.URL.Host != strings.TrimPrefix(r.url, "http://") || res.Request.URL.Path != "/" {
			t.Errorf("%s led to %s", back, res.Request.URL)
		}
	}

	// Another identity cannot be bound to nobody's or taken over.
	second := r.browser(nil)
	if got := reason(r.signIn(second, start, user2)); got != "bind" {
		t.Errorf("another identity led to %q", got)
	}
	other := r.browser(nil)
	r.signIn(other, start, user1)
	if got, _ := r.me(other); got != "shen" {
		t.Errorf("the first identity is now %q's", got)
	}

	r.replay(start)

	// A suspended person is refused, at the provider's word too, and at once.
	r.run("", "user", "suspend", "shen", "--as", "admin")
	begun := time.Now()
	for {
		if got, _ := r.me(again); got == "" {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Logf("suspended by another process: refused after %v", time.Since(begun))
	if got := reason(r.signIn(r.browser(nil), start, user1)); got != "suspended" {
		t.Errorf("a suspended person came to %q", got)
	}
	r.run("", "user", "activate", "shen", "--as", "admin")

	// Keys replaced at the provider.
	r.down()
	r.up()
	if res := r.signIn(r.browser(nil), start, user1); reason(res) != "" {
		t.Errorf("after the keys were replaced: %s", res.Request.URL)
	}

	// The provider is down: said plainly, and local accounts work. The program
	// knows the provider already, so it is the person's browser that would meet
	// the silence; a program just started says so itself (TestTokens).
	r.down()
	local := r.browser(nil)
	if status, body := r.post(local, "/api/session", map[string]any{"login": "shen", "password": password}); status != http.StatusOK {
		t.Errorf("a local sign-in while the provider is down: %d %s", status, body)
	}
	r.up()
}

// replay uses a callback a second time, in the same browser and with the cookie
// of the trip kept.
func (r *rig) replay(start string) {
	t := r.t
	t.Helper()
	c := r.browser(func(u *url.URL) bool { return strings.HasPrefix(u.String(), r.redirect) })
	at, err := r.signIn(c, start, user1).Location()
	if err != nil {
		t.Fatal(err)
	}
	kept := c.Jar.Cookies(at)
	c.CheckRedirect = nil
	get := func(c *http.Client, cookies ...*http.Cookie) string {
		req, _ := http.NewRequestWithContext(context.Background(), "GET", at.String(), nil)
		for _, k := range cookies {
			req.AddCookie(k)
		}
		res, err := c.Do(req)
		if err != nil && !errors.Is(err, http.ErrUseLastResponse) {
			t.Fatal(err)
		}
		res.Body.Close()
		return reason(res)
	}
	if got := get(c); got != "" {
		t.Fatalf("the first return led to %q", got)
	}
	if got := get(c); got != "expired" {
		t.Errorf("the same return again led to %q", got)
	}
	if got := get(r.browser(nil), kept...); got != "refused" {
		t.Errorf("the same code with the cookie kept led to %q", got)
	}
	if got := get(r.browser(nil)); got != "expired" {
		t.Errorf("the code in another browser led to %q", got)
	}
}
