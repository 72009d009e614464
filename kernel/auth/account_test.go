package auth

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

const personPassword = "maple-lantern 9"

// events counts the events of a kind.
func eventsOf(t *testing.T, db *store.DB, kind string) (n int) {
	t.Helper()
	if err := db.QueryRow(t.Context(), "SELECT COUNT(*) FROM event WHERE envelope LIKE ?", `%"kind":"`+kind+`"%`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSession(t *testing.T) {
	storetest.Each(t, tables(), func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		ctx := t.Context()
		id := h.person(t, "tang.yi")
		token, s, err := h.accounts.SignIn(ctx, Attempt{Login: " TANG.yi ", Password: personPassword, Agent: "\x00\xff" + strings.Repeat("浏", 100)})
		if err != nil {
			t.Fatal(err)
		}
		who, again, err := h.accounts.Resolve(ctx, token)
		if err != nil || who.Person != id || who.Name != "某人" || who.Session != s.ID || again.CSRF != s.CSRF || !again.FitsCSRF(s.CSRF) || again.FitsCSRF("") || again.FitsCSRF(token) {
			t.Fatalf("%+v %+v %v", who, again, err)
		}
		if len(again.Agent) > maxAgent || len(again.Agent) < maxAgent-3 || !strings.HasPrefix(again.Agent, "浏") {
			t.Errorf("agent of %d bytes", len(again.Agent))
		}
		for _, bad := range []string{"", "x", token + "A", token[1:], strings.ToUpper(token), s.CSRF} {
			if _, _, err := h.accounts.Resolve(ctx, bad); kindOf(err) != fault.Unauthenticated {
				t.Errorf("token %d characters long: %v", len(bad), err)
			}
		}
		for _, login := range []string{"", "\x00", "\xff", strings.Repeat("a", 10_000)} {
			if _, _, err := h.accounts.SignIn(ctx, Attempt{Login: login, Password: personPassword}); kindOf(err) != fault.Unauthenticated && kindOf(err) != fault.TooMuch {
				t.Errorf("login of %d bytes: %v", len(login), err)
			}
		}
		var stored []byte
		if err := db.QueryRow(ctx, "SELECT digest FROM session").Scan(&stored); err != nil {
			t.Fatal(err)
		}
		raw, _ := base64.RawURLEncoding.DecodeString(token)
		if len(stored) != 32 || bytes.Equal(stored, raw) {
			t.Error("the database holds the token")
		}
		if err := h.accounts.SignOut(ctx, token); err != nil {
			t.Fatal(err)
		}
		if _, _, err := h.accounts.Resolve(ctx, token); kindOf(err) != fault.Unauthenticated {
			t.Errorf("after signing out: %v", err)
		}
		if err := h.accounts.SignOut(ctx, token); err != nil {
			t.Errorf("signing out twice: %v", err)
		}
		if in, out := eventsOf(t, db, EventSignedIn), eventsOf(t, db, EventSignedOut); in != 1 || out != 1 {
			t.Errorf("%d sign-ins and %d sign-outs in the log", in, out)
		}
	})
}

// TestPeek: what an open page asks by itself knows the session as well as a use
// does, but a session that is only peeked at ends when it has been idle too long.
func TestPeek(t *testing.T) {
	h := newHouse(t, storetest.Open(t, store.SQLite, store.Options{}, tables()...))
	ctx := t.Context()
	token, _, err := h.accounts.SignIn(ctx, Attempt{Login: "admin", Password: adminPassword})
	if err != nil {
		t.Fatal(err)
	}
	peek := func() fault.Kind {
		_, _, err := h.accounts.Peek(ctx, token)
		return kindOf(err)
	}
	for range 60 { // six hours of an open page
		h.clock.Advance(6 * time.Minute)
		if k := peek(); k != "" {
			t.Fatal(k)
		}
	}
	// A use in the second after a peek counts.
	if _, _, err := h.accounts.Resolve(ctx, token); err != nil {
		t.Fatal(err)
	}
	for range 79 {
		h.clock.Advance(6 * time.Minute)
		if k := peek(); k != "" {
			t.Fatalf("used less than eight hours ago: %s", k)
		}
	}
	h.clock.Advance(6 * time.Minute)
	if k := peek(); k != fault.Unauthenticated {
		t.Errorf("only peeked at for eight hours: %q", k)
	}
}

// TestSessionAges walks a session through its limits; nothing is written more
// than once a minute.
func TestSessionAges(t *testing.T) {
	h := newHouse(t, storetest.Open(t, store.SQLite, store.Options{}, tables()...))
	ctx := t.Context()
	token, _, err := h.accounts.SignIn(ctx, Attempt{Login: "admin", Password: adminPassword})
	if err != nil {
		t.Fatal(err)
	}
	var commits atomic.Int64
	h.db.OnCommit(func() { commits.Add(1) })
	resolve := func() fault.Kind {
		_, _, err := h.accounts.Resolve(ctx, token)
		return kindOf(err)
	}
	for range 59 {
		h.clock.Advance(time.Second)
		if k := resolve(); k != "" {
			t.Fatal(k)
		}
	}
	if n := commits.Load(); n != 0 {
		t.Errorf("%d commits in the first minute", n)
	}
	for range 120 {
		h.clock.Advance(time.Second)
		resolve()
	}
	if n := commits.Load(); n != 2 {
		t.Errorf("%d commits in two minutes", n)
	}
	h.clock.Advance(8*time.Hour - time.Minute)
	if k := resolve(); k != "" {
		t.Fatalf("idle for less than eight hours: %s", k)
	}
	h.clock.Advance(7*time.Hour + 59*time.Minute)
	if k := resolve(); k != "" {
		t.Fatalf("idle for less than eight hours again: %s", k)
	}
	h.clock.Advance(7*time.Hour + 59*time.Minute)
	if k := resolve(); k != "" {
		t.Fatalf("open for less than a day: %s", k)
	}
	h.clock.Advance(10 * time.Minute)
	if k := resolve(); k != fault.Unauthenticated {
		t.Errorf("open for a day: %q", k)
	}

	token, _, err = h.accounts.SignIn(ctx, Attempt{Login: "admin", Password: adminPassword})
	if err != nil {
		t.Fatal(err)
	}
	if n := countOf(t, h.db, "session"); n != 1 {
		t.Errorf("%d sessions kept; the one that ended should be gone", n)
	}
	h.clock.Advance(8 * time.Hour)
	if k := resolve(); k != fault.Unauthenticated {
		t.Errorf("idle for eight hours: %q", k)
	}
}

func TestSessionListAndRevoke(t *testing.T) {
	h := newHouse(t, storetest.Open(t, store.SQLite, store.Options{}, tables()...))
	ctx := t.Context()
	other := h.person(t, "other")
	var tokens []string
	var opened []Session
	for i := range maxSessions + 3 {
		token, s, err := h.accounts.SignIn(ctx, Attempt{Login: "admin", Password: adminPassword, Agent: fmt.Sprint("browser ", i)})
		if err != nil {
			t.Fatal(err)
		}
		tokens, opened = append(tokens, token), append(opened, s)
	}
	list, err := h.accounts.Sessions(ctx, h.admin)
	if err != nil || len(list) != maxSessions+1 || list[0].ID != opened[len(opened)-1].ID || list[0].CSRF != "" {
		t.Fatalf("%d sessions, %v", len(list), err)
	}
	if _, _, err := h.accounts.Resolve(ctx, tokens[0]); kindOf(err) != fault.Unauthenticated {
		t.Errorf("the oldest session outlived its place: %v", err)
	}
	last := len(tokens) - 1
	if err := h.accounts.Revoke(ctx, Principal{Person: other}, opened[last].ID); kindOf(err) != fault.NotFound {
		t.Errorf("revoked another person's session: %v", err)
	}
	if _, _, err := h.accounts.Resolve(ctx, tokens[last]); err != nil {
		t.Error(err)
	}
	if err := h.accounts.Revoke(ctx, h.admin, opened[last].ID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.accounts.Resolve(ctx, tokens[last]); kindOf(err) != fault.Unauthenticated {
		t.Errorf("a revoked session: %v", err)
	}
	if n := eventsOf(t, h.db, EventSessionRevoked); n != 1 {
		t.Errorf("%d revocations in the log", n)
	}
}

// TestReplicaNotices ends sessions on one replica and asks another: it may lag
// by a second and no more.
func TestReplicaNotices(t *testing.T) {
	for name, end := range map[string]func(h *house, ctx context.Context, person int64, token string) error{
		"signed out": func(h *house, ctx context.Context, _ int64, token string) error {
			return h.accounts.SignOut(ctx, token)
		},
		"suspended": func(h *house, ctx context.Context, person int64, _ string) error {
			return h.registry.SetStatus(ctx, h.admin, "s", person, Suspended, false)
		},
		"new password": func(h *house, ctx context.Context, person int64, _ string) error {
			return h.registry.SetPassword(ctx, h.admin, "p", person, "maple-lantern 10")
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, storetest.Open(t, store.SQLite, store.Options{}, tables()...))
			ctx := t.Context()
			person := h.person(t, "tang.yi")
			replica := *h
			replica.reopen(t)
			token, _, err := replica.accounts.SignIn(ctx, Attempt{Login: "tang.yi", Password: personPassword})
			if err != nil {
				t.Fatal(err)
			}
			for _, house := range []*house{h, &replica} {
				if _, _, err := house.accounts.Resolve(ctx, token); err != nil {
					t.Fatal(err)
				}
			}
			if err := end(h, ctx, person, token); err != nil {
				t.Fatal(err)
			}
			if _, _, err := h.accounts.Resolve(ctx, token); kindOf(err) != fault.Unauthenticated {
				t.Errorf("where it happened: %v", err)
			}
			h.clock.Advance(time.Second)
			if _, _, err := replica.accounts.Resolve(ctx, token); kindOf(err) != fault.Unauthenticated {
				t.Errorf("elsewhere, a second later: %v", err)
			}
		})
	}
}

func TestLockout(t *testing.T) {
	storetest.Each(t, tables(), func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		ctx := t.Context()
		h.person(t, "tang.yi")
		for _, login := range []string{"tang.yi", "nobody.at.all"} { // known and unknown look alike
			for stage := range 4 {
				for i := range attempts {
					if _, _, err := h.accounts.SignIn(ctx, Attempt{Login: login, Password: "wrong password"}); kindOf(err) != fault.Unauthenticated {
						t.Fatalf("%s stage %d attempt %d: %v", login, stage, i, err)
					}
				}
				lock := firstLock << stage
				for _, password := range []string{"wrong password", personPassword} {
					if _, _, err := h.accounts.SignIn(ctx, Attempt{Login: login, Password: password}); kindOf(err) != fault.TooMuch {
						t.Fatalf("%s stage %d: %v", login, stage, err)
					}
				}
				h.clock.Advance(lock - time.Second)
				if _, _, err := h.accounts.SignIn(ctx, Attempt{Login: login, Password: personPassword}); kindOf(err) != fault.TooMuch {
					t.Fatalf("%s stage %d, a second early: %v", login, stage, err)
				}
				h.clock.Advance(time.Second)
			}
		}
		if n := eventsOf(t, db, EventLocked); n != 4 {
			t.Errorf("%d locks in the log, want those of the person alone", n)
		}
		if _, _, err := h.accounts.SignIn(ctx, Attempt{Login: "tang.yi", Password: personPassword}); err != nil {
			t.Fatal(err)
		}
		// Success wipes the slate: four failures do not lock.
		for range attempts - 1 {
			if _, _, err := h.accounts.SignIn(ctx, Attempt{Login: "tang.yi", Password: "wrong password"}); kindOf(err) != fault.Unauthenticated {
				t.Fatal(err)
			}
		}
		if _, _, err := h.accounts.SignIn(ctx, Attempt{Login: "tang.yi", Password: personPassword}); err != nil {
			t.Error(err)
		}
	})
}

func TestLockoutSteps(t *testing.T) {
	now := time.Date(2026, 11, 23, 8, 30, 0, 0, time.UTC)
	var l lockout
	for stage, want := range []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 16 * time.Hour, 24 * time.Hour, 24 * time.Hour} {
		for i := range attempts {
			var locks bool
			if l, locks = l.failed(now); locks != (i == attempts-1) {
				t.Fatalf("stage %d failure %d locks: %t", stage, i, locks)
			}
		}
		if got := time.Duration(l.until-now.UnixMicro()) * time.Microsecond; got != want {
			t.Errorf("stage %d locks for %v, want %v", stage, got, want)
		}
		now = now.Add(want)
	}
	if again, _ := l.failed(now.Add(longLock - time.Minute)); again.stage != l.stage {
		t.Errorf("forgotten too early: %+v", again)
	}
	now = now.Add(longLock + time.Minute)
	if l, _ = l.failed(now); l.stage != 0 || l.failures != 1 {
		t.Errorf("not forgotten after a day: %+v", l)
	}
}

// TestLockoutTogether fires wrong guesses and one right one at the same moment:
// however they interleave, no more than five wrong ones are weighed.
func TestLockoutTogether(t *testing.T) {
	storetest.Each(t, tables(), func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		h.person(t, "tang.yi")
		var wg sync.WaitGroup
		var refused, locked atomic.Int64
		for i := range 40 {
			wg.Go(func() {
				_, _, err := h.accounts.SignIn(t.Context(), Attempt{Login: "tang.yi", Password: fmt.Sprint("guess number ", i)})
				switch kindOf(err) {
				case fault.Unauthenticated:
					refused.Add(1)
				case fault.TooMuch:
					locked.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if refused.Load() != attempts || locked.Load() != 40-attempts {
			t.Errorf("%d guesses weighed, %d turned away", refused.Load(), locked.Load())
		}
		if _, _, err := h.accounts.SignIn(t.Context(), Attempt{Login: "tang.yi", Password: personPassword}); kindOf(err) != fault.TooMuch {
			t.Errorf("locked, yet: %v", err)
		}
	})
}

// TestPasswordChangedMeanwhile: a password that was right when it was compared
// and has been replaced since opens nothing.
func TestPasswordChangedMeanwhile(t *testing.T) {
	h := newHouse(t, storetest.Open(t, store.SQLite, store.Options{}, tables()...))
	ctx := t.Context()
	id := h.person(t, "tang.yi")
	c, err := h.accounts.candidate(ctx, Attempt{Login: "tang.yi"})
	if err != nil {
		t.Fatal(err)
	}
	if c.fits, _, err = h.accounts.hasher.fits(ctx, c.hash, personPassword); !c.fits || err != nil {
		t.Fatal(err)
	}
	if err := h.registry.SetPassword(ctx, h.admin, "reset", id, "cedar-window 42"); err != nil {
		t.Fatal(err)
	}
	if err := h.db.Write(ctx, c); err != nil || kindOf(c.refused) != fault.Unauthenticated || countOf(t, h.db, "session") != 0 {
		t.Errorf("signed in with a password of yesterday: %v %v", err, c.refused)
	}
}

func TestSuspendedSignIn(t *testing.T) {
	h := newHouse(t, storetest.Open(t, store.SQLite, store.Options{}, tables()...))
	ctx := t.Context()
	id := h.person(t, "tang.yi")
	if err := h.registry.SetStatus(ctx, h.admin, "off", id, Suspended, false); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.accounts.SignIn(ctx, Attempt{Login: "tang.yi", Password: "wrong password"}); kindOf(err) != fault.Unauthenticated {
		t.Errorf("wrong password: %v", err)
	}
	if _, _, err := h.accounts.SignIn(ctx, Attempt{Login: "tang.yi", Password: personPassword}); kindOf(err) != fault.Forbidden {
		t.Errorf("right password: %v", err)
	}
	if n := countOf(t, h.db, "session"); n != 0 {
		t.Errorf("%d sessions", n)
	}
}

func TestChangePassword(t *testing.T) {
	storetest.Each(t, tables(), func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		ctx := t.Context()
		id := h.person(t, "tang.yi")
		who := Principal{Person: id}
		here, _, err := h.accounts.SignIn(ctx, Attempt{Login: "tang.yi", Password: personPassword, Agent: "here"})
		if err != nil {
			t.Fatal(err)
		}
		there, _, err := h.accounts.SignIn(ctx, Attempt{Login: "tang.yi", Password: personPassword, Agent: "there"})
		if err != nil {
			t.Fatal(err)
		}
		foreign, _, err := h.accounts.SignIn(ctx, Attempt{Login: "admin", Password: adminPassword})
		if err != nil {
			t.Fatal(err)
		}
		const fresh = "cedar-window 42"
		if err := h.accounts.ChangePassword(ctx, who, here, "wrong password", fresh); kindOf(err) != fault.Invalid || fault.Of(err).Fields[0].Path != "old" {
			t.Errorf("wrong old password: %v", err)
		}
		if err := h.accounts.ChangePassword(ctx, who, here, personPassword, "tang.yi 12345"); kindOf(err) != fault.Invalid || fault.Of(err).Fields[0].Path != "new" {
			t.Errorf("weak new password: %v", err)
		}
		if err := h.accounts.ChangePassword(ctx, who, foreign, personPassword, fresh); kindOf(err) != fault.Unauthenticated {
			t.Errorf("another person's session: %v", err)
		}
		if err := h.accounts.ChangePassword(ctx, who, here, personPassword, fresh); err != nil {
			t.Fatal(err)
		}
		if _, _, err := h.accounts.Resolve(ctx, here); err != nil {
			t.Errorf("the session that changed it: %v", err)
		}
		if _, _, err := h.accounts.Resolve(ctx, there); kindOf(err) != fault.Unauthenticated {
			t.Errorf("the other session: %v", err)
		}
		if list, _ := h.accounts.Sessions(ctx, who); len(list) != 1 {
			t.Errorf("%d sessions listed", len(list))
		}
		if _, _, err := h.accounts.SignIn(ctx, Attempt{Login: "tang.yi", Password: personPassword}); kindOf(err) != fault.Unauthenticated {
			t.Errorf("the old password: %v", err)
		}
		if _, _, err := h.accounts.SignIn(ctx, Attempt{Login: "tang.yi", Password: fresh}); err != nil {
			t.Errorf("the new password: %v", err)
		}
		if n := eventsOf(t, db, EventPasswordChanged); n != 1 {
			t.Errorf("%d changes in the log", n)
		}
	})
}

// TestPasswordReset shows that an administrator's reset lifts a lock.
func TestPasswordReset(t *testing.T) {
	h := newHouse(t, storetest.Open(t, store.SQLite, store.Options{}, tables()...))
	ctx := t.Context()
	id := h.person(t, "tang.yi")
	for range attempts {
		_, _, _ = h.accounts.SignIn(ctx, Attempt{Login: "tang.yi", Password: "wrong password"})
	}
	if err := h.registry.SetPassword(ctx, h.admin, "reset", id, "cedar-window 42"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.accounts.SignIn(ctx, Attempt{Login: "tang.yi", Password: "cedar-window 42"}); err != nil {
		t.Error(err)
	}
}

// TestRehash raises the cost: the next sign-in stores the password at it.
func TestRehash(t *testing.T) {
	h := newHouse(t, storetest.Open(t, store.SQLite, store.Options{}, tables()...))
	ctx := t.Context()
	dearer, err := NewAccounts(h.book, Options{cost: cost{memory: 128, passes: 2, threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := h.accounts.SignIn(ctx, Attempt{Login: "admin", Password: adminPassword})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, _, err := dearer.SignIn(ctx, Attempt{Login: "admin", Password: adminPassword}); err != nil {
			t.Fatal(err)
		}
	}
	var hash string
	if err := h.db.QueryRow(ctx, "SELECT hash FROM account").Scan(&hash); err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=128,t=2,p=1$") {
		t.Errorf("%q %v", hash, err)
	}
	if _, _, err := h.accounts.Resolve(ctx, token); err != nil {
		t.Errorf("rehashing ended a session: %v", err)
	}
}

// TestNoSecretsKept looks for the passwords and tokens of a life in every table.
func TestNoSecretsKept(t *testing.T) {
	h := newHouse(t, storetest.Open(t, store.SQLite, store.Options{}, tables()...))
	ctx := t.Context()
	token, s, err := h.accounts.SignIn(ctx, Attempt{Login: "admin", Password: adminPassword, Agent: "agent"})
	if err != nil {
		t.Fatal(err)
	}
	list, err := event.After(ctx, h.db, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		for _, secret := range []string{adminPassword, token, s.CSRF, "argon2id"} {
			if bytes.Contains(e.Body, []byte(secret)) {
				t.Errorf("event %s holds a secret", e.Kind)
			}
		}
	}
}

func BenchmarkResolve(b *testing.B) {
	h := benchHouse(b)
	token, _, err := h.accounts.SignIn(b.Context(), Attempt{Login: "admin", Password: adminPassword})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := h.accounts.Resolve(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkResolveUncached(b *testing.B) {
	h := benchHouse(b)
	token, _, err := h.accounts.SignIn(b.Context(), Attempt{Login: "admin", Password: adminPassword})
	if err != nil {
		b.Fatal(err)
	}
	d, _ := digestOf(token)
	for b.Loop() {
		h.accounts.drop(d)
		if _, _, err := h.accounts.Resolve(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPasswordHash(b *testing.B) {
	h := newHasher(usual, 1)
	for b.Loop() {
		if _, err := h.make(b.Context(), adminPassword); err != nil {
			b.Fatal(err)
		}
	}
}
