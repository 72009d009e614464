package demo

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"testing"

	"touyan.dev/touyan/kernel/web"
)

// visitor is a browser of the demo.
type visitor struct {
	t    *testing.T
	at   string
	http *http.Client
	csrf string
}

func (s *Story) visitor(t *testing.T) *visitor {
	t.Helper()
	server, err := web.New(web.Config{Version: "test", Sessions: s.Accounts, Passwords: s.Accounts, Book: s.Book, Clock: s.Clock, City: s.City(), Office: s.Office(), Demo: true,
		Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s.Register(server)
	front := httptest.NewServer(server)
	t.Cleanup(front.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{t: t, at: front.URL, http: &http.Client{Jar: jar}}
}

// call asks and decodes the answer; it gives the status.
func (v *visitor) call(method, path, key, body string, into any) int {
	v.t.Helper()
	r, err := http.NewRequest(method, v.at+path, bytes.NewBufferString(body))
	if err != nil {
		v.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("X-CSRF-Token", v.csrf)
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	answer, err := v.http.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	if into != nil && answer.StatusCode < 300 {
		if err := json.Unmarshal(text, into); err != nil {
			v.t.Fatalf("%s %s: %v in %s", method, path, err, text)
		}
	}
	return answer.StatusCode
}

func TestDemoOverHTTP(t *testing.T) {
	s := seeded(t)
	v := s.visitor(t)
	var state State
	if status := v.call("GET", "/api/demo", "", "", &state); status != 200 || len(state.Steps) != 12 || len(state.Logins) != 16 || state.Steps[0].State != StepNext {
		t.Fatalf("%d %+v", status, state)
	}
	if status := v.call("POST", "/api/demo/next", "a", "", nil); status != 401 {
		t.Errorf("a guest moved the story: %d", status)
	}
	for _, l := range state.Logins { // every printed login works
		var me web.Me
		body, err := json.Marshal(map[string]string{"login": l.Login, "password": l.Password})
		if err != nil {
			t.Fatal(err)
		}
		if status := v.call("POST", "/api/session", "", string(body), &me); status != 200 || me.Person.Login != l.Login || !me.Demo {
			t.Fatalf("%s: %d %+v", l.Login, status, me)
		}
		v.csrf = me.CSRF
	}
	for _, c := range []struct {
		path, key, body string
		status          int
	}{
		{"/api/demo/next", "", "", 422},
		{"/api/demo/next", "a", "", 200},
		{"/api/demo/next", "a", "", 200}, // a retry
		{"/api/demo/days", "b", `{"days":0}`, 422},
		{"/api/demo/days", "c", `{"days":1}`, 200},
	} {
		if status := v.call("POST", c.path, c.key, c.body, &state); status != c.status {
			t.Errorf("%s %s %s: %d, want %d", c.path, c.key, c.body, status, c.status)
		}
	}
	if state.Steps[0].State != StepDone || state.Steps[1].State != StepNext || state.Now[:10] != "2026-11-24" {
		t.Errorf("%s %+v", state.Now, state.Steps)
	}
	var got found
	if status := v.call("POST", "/api/demo/tamper", "d", "", &got); status != 200 || got.Found == nil || got.Copy != copyFile {
		t.Errorf("%d %+v", status, got)
	}
}
