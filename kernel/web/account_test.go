package web

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"touyan.dev/touyan/kernel/clock"
)

func cookieOf(t *testing.T, h http.Header) *http.Cookie {
	t.Helper()
	c, err := http.ParseSetCookie(h.Get("Set-Cookie"))
	if err != nil {
		t.Fatalf("%q: %v", h.Get("Set-Cookie"), err)
	}
	return c
}

func meOf(t *testing.T, text string) map[string]any {
	t.Helper()
	var me map[string]any
	if err := json.Unmarshal([]byte(text), &me); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return me
}

func TestSession(t *testing.T) {
	o := newOffice(t, func(c *Config) { c.Demo = true })
	o.desk.set = true
	office := map[string]any{"zh": "市政府办公室", "en": "City office"}
	guest := map[string]any{"acting": nil, "signed_in": false, "needs_setup": false, "demo": true, "csrf": "", "now": "2026-11-30T09:00:00+08:00",
		"office": office, "city": map[string]any{"zh": "澄川市", "en": "Chengchuan"}, "leader": false}
	w := o.do(call{method: "GET", path: "/api/me", guest: true})
	if diff := cmp.Diff(guest, meOf(t, w.Body.String())); diff != "" || w.Code != 200 {
		t.Errorf("a guest (%d): %s", w.Code, diff)
	}

	w = o.do(call{method: "POST", path: "/api/session", guest: true, body: `{"login":"wang","password":"wrong"}`})
	if problemOf(t, w); w.Code != 401 || w.Header().Get("Set-Cookie") != "" {
		t.Errorf("wrong password: %d, cookie %q", w.Code, w.Header().Get("Set-Cookie"))
	}

	w = o.do(call{method: "POST", path: "/api/session", guest: true, body: `{"login":"wang","password":"right"}`})
	c := cookieOf(t, w.Header())
	if w.Code != 200 || c.Name != cookieName || c.Value != "token-1" || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Secure || c.MaxAge != 0 {
		t.Errorf("signing in: %d, cookie %v", w.Code, c)
	}
	want := map[string]any{"signed_in": true, "needs_setup": false, "demo": true, "csrf": "csrf-token-1", "now": "2026-11-30T09:00:00+08:00",
		"office": office, "city": guest["city"], "leader": true, "acting": nil,
		"person": map[string]any{"id": 10., "name": "王敏", "name_en": "Wang Min", "login": "wang"},
		"posts": []any{map[string]any{"id": 20., "unit": 2., "unit_name": map[string]any{"zh": "市政府办公室", "en": "City office"}, "duty": "deputy",
			"duty_name": map[string]any{"zh": "分管领导", "en": "Leader in charge"}, "title": map[string]any{"zh": "副秘书长", "en": "Deputy secretary-general"}}}}
	if diff := cmp.Diff(want, meOf(t, w.Body.String())); diff != "" {
		t.Error(diff)
	}
	if o.desk.open["token-1"].Agent != "" {
		t.Error("an agent came from nowhere")
	}
	w = o.do(call{method: "GET", path: "/api/me", guest: true, header: map[string]string{"Cookie": cookieName + "=token-1"}})
	if diff := cmp.Diff(want, meOf(t, w.Body.String())); diff != "" {
		t.Errorf("the next request: %s", diff)
	}

	signed := map[string]string{"Cookie": cookieName + "=token-1", csrfHeader: "csrf-token-1"}
	w = o.do(call{method: "POST", path: "/api/password", guest: true, header: signed, body: `{"old":"bad","new":"better"}`})
	if p := problemOf(t, w); w.Code != 422 || p.Fields[0].Path != "old" {
		t.Errorf("wrong old password: %s", w.Body)
	}
	w = o.do(call{method: "POST", path: "/api/password", guest: true, header: signed, body: `{"old":"right","new":"better"}`})
	if w.Code != 204 {
		t.Errorf("new password: %d %s", w.Code, w.Body)
	}

	w = o.do(call{method: "DELETE", path: "/api/session", guest: true, header: map[string]string{"Cookie": cookieName + "=token-1"}})
	if w.Code != 403 {
		t.Errorf("signing out without the CSRF token: %d", w.Code)
	}
	w = o.do(call{method: "DELETE", path: "/api/session", guest: true, header: signed})
	if c := cookieOf(t, w.Header()); w.Code != 204 || c.Value != "" || c.MaxAge >= 0 || len(o.desk.open) != 0 {
		t.Errorf("signing out: %d, cookie %v, %d sessions open", w.Code, c, len(o.desk.open))
	}
	w = o.do(call{method: "GET", path: "/api/me", guest: true, header: map[string]string{"Cookie": cookieName + "=token-1"}})
	if c := cookieOf(t, w.Header()); w.Code != 200 || c.MaxAge >= 0 {
		t.Errorf("a dead cookie is kept: %v", c)
	}
}

func TestSetup(t *testing.T) {
	o := newOffice(t, nil)
	if me := meOf(t, o.do(call{method: "GET", path: "/api/me", guest: true}).Body.String()); me["needs_setup"] != true {
		t.Errorf("got %v", me)
	}
	body := func(token string) string {
		return `{"token":"` + token + `","login":"wang","password":"right","name":"王敏"}`
	}
	if w := o.do(call{method: "POST", path: "/api/setup", guest: true, body: body("guess")}); w.Code != 403 {
		t.Errorf("wrong token: %d", w.Code)
	}
	w := o.do(call{method: "POST", path: "/api/setup", guest: true, body: body("setup")})
	if me := meOf(t, w.Body.String()); w.Code != 200 || me["signed_in"] != true || cookieOf(t, w.Header()).Value == "" {
		t.Errorf("setting up: %d %v", w.Code, me)
	}
}

// TestProxies shows which connections decide over the address and over Secure.
func TestProxies(t *testing.T) {
	for _, c := range []struct {
		name, remote, forwarded, proto string
		proxies                        string
		want                           string
		secure                         bool
	}{
		{"direct", "10.1.1.1:5", "", "", "", "10.1.1.1", false},
		{"a header from anybody", "10.1.1.1:5", "1.2.3.4", "https", "", "10.1.1.1", false},
		{"our proxy", "10.9.9.9:5", "1.2.3.4", "https", "10.9.0.0/16", "1.2.3.4", true},
		{"our proxy without TLS", "10.9.9.9:5", "1.2.3.4", "http", "10.9.0.0/16", "1.2.3.4", false},
		{"a forged first hop", "10.9.9.9:5", "6.6.6.6, 1.2.3.4", "https", "10.9.0.0/16", "1.2.3.4", true},
		{"two proxies", "10.9.9.9:5", "6.6.6.6, 1.2.3.4, 10.9.0.1", "https", "10.9.0.0/16", "1.2.3.4", true},
		{"rubbish", "10.9.9.9:5", "rubbish", "https", "10.9.0.0/16", "10.9.9.9", true},
		{"IPv4 in IPv6", "[::ffff:10.1.1.1]:5", "", "", "", "10.1.1.1", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOffice(t, func(cfg *Config) {
				if c.proxies != "" {
					cfg.Proxies = []netip.Prefix{netip.MustParsePrefix(c.proxies)}
				}
			})
			r, _ := http.NewRequest("GET", "/", nil)
			r.RemoteAddr = c.remote
			if c.forwarded != "" {
				r.Header.Set("X-Forwarded-For", c.forwarded)
				r.Header.Set("X-Forwarded-Proto", c.proto)
			}
			got, secure := o.origin(r)
			if got.String() != c.want || secure != c.secure {
				t.Errorf("got %s, secure %v", got, secure)
			}
			if cookie := o.cookie(&request{secure: secure}, "x", 0); cookie.Secure != c.secure {
				t.Errorf("cookie %v", cookie)
			}
		})
	}
}

func TestRates(t *testing.T) {
	machine := clock.NewManual(begin)
	o := newOffice(t, func(c *Config) {
		c.Machine = machine
		c.Limits = Limits{Address: Rate{1000, 1000}, Session: Rate{2, 3}, SignIn: Rate{0.1, 2}}
	})
	o.desk.open["t"] = o.desk.open["none"]
	get := func(cookie string) int {
		return o.do(call{method: "GET", path: "/api/me", guest: true, header: map[string]string{"Cookie": cookieName + "=" + cookie}}).Code
	}
	for i := range 3 {
		if code := get("t"); code == 429 {
			t.Fatalf("request %d was refused", i)
		}
	}
	w := o.do(call{method: "GET", path: "/api/me", guest: true, header: map[string]string{"Cookie": cookieName + "=t"}})
	if p := problemOf(t, w); w.Code != 429 || w.Header().Get("Retry-After") != "1" || !strings.Contains(p.DetailEN, "1 seconds") {
		t.Errorf("request 4: %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	if code := get("nobody"); code != 200 {
		t.Errorf("another caller: %d", code)
	}
	machine.Advance(500 * time.Millisecond)
	if code := get("t"); code == 429 {
		t.Error("the bucket does not fill")
	}

	try := func(login string) int {
		return o.do(call{method: "POST", path: "/api/session", guest: true, body: `{"login":"` + login + `","password":"x"}`}).Code
	}
	if a, b, c := try("wang"), try("wang"), try("wang"); a != 401 || b != 401 || c != 429 {
		t.Errorf("three attempts: %d %d %d", a, b, c)
	}
	if code := try("li"); code != 401 {
		t.Errorf("another login behind the same address: %d", code)
	}
	w = o.do(call{method: "POST", path: "/api/session", guest: true, body: `{"login":"wang","password":"right"}`})
	if problemOf(t, w); w.Code != 429 || w.Header().Get("Retry-After") != "10" {
		t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
	}
}

func TestAddressRate(t *testing.T) {
	o := newOffice(t, func(c *Config) { c.Limits.Address = Rate{1, 2} })
	for i, want := range []int{200, 200, 429} {
		if w := o.do(call{method: "GET", path: "/", guest: true}); w.Code != want {
			t.Errorf("request %d: %d", i, w.Code)
		}
	}
}

func TestMeterForgets(t *testing.T) {
	m := newMeter(Rate{1, 1})
	now := begin
	for i := range bucketsMax + 10 {
		m.take(string(rune(i)), now)
	}
	if len(m.buckets) > bucketsMax {
		t.Errorf("%d buckets", len(m.buckets))
	}
	for s, want := range map[string]string{"2001:db8::1": "2001:db8::", "2001:db8:0:0:9::1": "2001:db8::", "::ffff:1.2.3.4": "1.2.3.4"} {
		if got := block(netip.MustParseAddr(s)); got != want {
			t.Errorf("block of %s is %s", s, got)
		}
	}
}
