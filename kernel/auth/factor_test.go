package auth

import (
	"context"
	"encoding/base32"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// TestCodeVectors holds our codes against RFC 6238, appendix B (the last six of
// its eight digits).
func TestCodeVectors(t *testing.T) {
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		got, err := codeAt([]byte("12345678901234567890"), at/30)
		if err != nil || got != want {
			t.Errorf("at %d: %s, %v; want %s", at, got, err, want)
		}
	}
}

// code gives what an authenticator shows at an instant.
func (h *house) code(t testing.TB, secret string, at time.Time) string {
	t.Helper()
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	code, err := codeAt(raw, at.Unix()/30)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// enrolled sets up a code for somebody and gives its secret and recovery codes.
func (h *house) enrolled(t testing.TB, person int64) (string, []string) {
	t.Helper()
	e, err := h.accounts.Enrol(t.Context(), Principal{Person: person}, "市政府办公室")
	if err != nil {
		t.Fatal(err)
	}
	codes, err := h.accounts.ConfirmCode(t.Context(), Principal{Person: person}, h.code(t, e.Secret, h.clock.Now()))
	if err != nil || len(codes) != recoveries {
		t.Fatalf("%d recovery codes, %v", len(codes), err)
	}
	return e.Secret, codes
}

func (h *house) try(ctx context.Context, code string) error {
	_, _, err := h.accounts.SignIn(ctx, Attempt{Login: "tang.yi", Password: personPassword, Code: code})
	return err
}

func hintOf(err error) string {
	if err == nil {
		return ""
	}
	return fault.Of(err).Hint
}

func TestCode(t *testing.T) {
	storetest.Each(t, tables(), func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		ctx := t.Context()
		tang := h.person(t, "tang.yi")
		if err := h.try(ctx, ""); err != nil {
			t.Fatal(err)
		}
		e, err := h.accounts.Enrol(ctx, Principal{Person: tang}, "市政府 办公室")
		if err != nil || !strings.HasPrefix(e.URI, "otpauth://totp/") || strings.Contains(e.URI, "+") || !strings.Contains(e.URI, "secret="+e.Secret) {
			t.Fatalf("%s %v", e.URI, err)
		}
		if err := h.try(ctx, ""); err != nil {
			t.Errorf("a code that was not confirmed is asked for: %v", err)
		}
		if _, err := h.accounts.ConfirmCode(ctx, Principal{Person: tang}, "000000"); kindOf(err) != fault.Invalid {
			t.Errorf("a wrong code confirms: %v", err)
		}
		now := h.clock.Now()
		recovery, err := h.accounts.ConfirmCode(ctx, Principal{Person: tang}, h.code(t, e.Secret, now))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.accounts.Enrol(ctx, Principal{Person: tang}, "x"); kindOf(err) != fault.Conflict {
			t.Errorf("a second enrolment: %v", err)
		}
		var stored []byte
		if err := db.QueryRow(ctx, "SELECT secret FROM factor WHERE person = ?", tang).Scan(&stored); err != nil {
			t.Fatal(err)
		}
		raw, _ := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(e.Secret)
		if strings.Contains(string(stored), string(raw)) {
			t.Error("the secret lies in the database in the open")
		}
		for _, c := range []struct {
			name string
			code string
			want fault.Kind
		}{
			{"none", "", fault.Unauthenticated},
			{"the one that confirmed", h.code(t, e.Secret, now), fault.Invalid},
			{"two steps late", h.code(t, e.Secret, now.Add(-time.Minute)), fault.Invalid},
			{"two steps early", h.code(t, e.Secret, now.Add(time.Minute)), fault.Invalid},
			{"one step early", h.code(t, e.Secret, now.Add(30*time.Second)), ""},
			{"the same again", h.code(t, e.Secret, now.Add(30*time.Second)), fault.Invalid},
			{"an older one after it", h.code(t, e.Secret, now), fault.Invalid},
		} {
			if err := h.try(ctx, c.code); kindOf(err) != c.want || c.code == "" && hintOf(err) != HintCode {
				t.Errorf("%s: %v, want %q", c.name, err, c.want)
			}
		}
		h.clock.Advance(90 * time.Second)
		code := h.code(t, e.Secret, h.clock.Now())
		if err := h.try(ctx, code[:3]+" "+code[3:]); err != nil {
			t.Errorf("as authenticators write it: %v", err)
		}
		// A recovery code counts once, however it is typed.
		if err := h.try(ctx, strings.ToLower(strings.ReplaceAll(recovery[0], "-", " "))); err != nil {
			t.Errorf("a recovery code: %v", err)
		}
		if err := h.try(ctx, recovery[0]); kindOf(err) != fault.Invalid {
			t.Errorf("a recovery code again: %v", err)
		}
		if n := eventsOf(t, db, EventRecoveryUsed); n != 1 {
			t.Errorf("%d recovery events", n)
		}
		other := h.person(t, "other")
		h.enrolled(t, other)
		_, _, err = h.accounts.SignIn(ctx, Attempt{Login: "other", Password: personPassword, Code: recovery[1]})
		if kindOf(err) != fault.Invalid {
			t.Errorf("somebody else's recovery code: %v", err)
		}
		if err := h.accounts.RemoveCode(ctx, Principal{Person: tang}); err != nil {
			t.Fatal(err)
		}
		if err := h.try(ctx, ""); err != nil {
			t.Errorf("after turning it off: %v", err)
		}
		if n := countOf(t, db, "recovery"); n != recoveries {
			t.Errorf("%d recovery codes left; only the other's should be", n)
		}
	})
}

// TestCodeLock: wrong codes and wrong passwords count together, and a right
// password without a code forgives nothing.
func TestCodeLock(t *testing.T) {
	h := newHouse(t, storetest.Open(t, store.SQLite, store.Options{}, tables()...))
	ctx := t.Context()
	secret, _ := h.enrolled(t, h.person(t, "tang.yi"))
	h.clock.Advance(time.Minute)
	bad := func(code, password string) fault.Kind {
		_, _, err := h.accounts.SignIn(ctx, Attempt{Login: "tang.yi", Password: password, Code: code})
		return kindOf(err)
	}
	for i, got := range []fault.Kind{bad("000000", personPassword), bad("", "wrong password"), bad("", personPassword), bad("1", personPassword), bad("", "wrong password"), bad("000001", personPassword)} {
		if want := []fault.Kind{fault.Invalid, fault.Unauthenticated, fault.Unauthenticated, fault.Invalid, fault.Unauthenticated, fault.Invalid}[i]; got != want {
			t.Errorf("attempt %d: %q, want %q", i, got, want)
		}
	}
	if err := h.try(ctx, h.code(t, secret, h.clock.Now())); kindOf(err) != fault.TooMuch {
		t.Errorf("after five failures: %v", err)
	}
	h.clock.Advance(firstLock)
	if err := h.try(ctx, h.code(t, secret, h.clock.Now())); err != nil {
		t.Errorf("after the lock: %v", err)
	}
}

// TestCodeOnce: of many at once with the same code exactly one comes in.
func TestCodeOnce(t *testing.T) {
	storetest.Each(t, tables(), func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		secret, _ := h.enrolled(t, h.person(t, "tang.yi"))
		h.clock.Advance(time.Minute)
		code := h.code(t, secret, h.clock.Now())
		var in atomic.Int64
		var all sync.WaitGroup
		for range 4 { // fewer than would lock the login
			all.Go(func() {
				if h.try(t.Context(), code) == nil {
					in.Add(1)
				}
			})
		}
		all.Wait()
		if n := in.Load(); n != 1 {
			t.Errorf("%d came in", n)
		}
	})
}

// TestCodePolicy: whoever holds a duty that needs a code can do nothing before,
// and cannot turn it off; a reset by the administrator asks for a new one.
func TestCodePolicy(t *testing.T) {
	h := newHouse(t, storetest.Open(t, store.SQLite, store.Options{}, tables()...))
	ctx := t.Context()
	h.accounts.opts.CodeFor = []Duty{Admin, Auditor}
	must := func(token string) bool {
		_, s, err := h.accounts.Resolve(ctx, token)
		if err != nil {
			t.Fatal(err)
		}
		return s.MustEnrol
	}
	token, _, err := h.accounts.SignIn(ctx, Attempt{Login: "admin", Password: adminPassword})
	if err != nil || !must(token) {
		t.Fatalf("an administrator without a code may go on: %v", err)
	}
	tang := h.person(t, "tang.yi")
	h.post(t, tang, h.made.Office, Clerk)
	plain, _, err := h.accounts.SignIn(ctx, Attempt{Login: "tang.yi", Password: personPassword})
	if err != nil || must(plain) {
		t.Fatalf("a clerk must have a code: %v", err)
	}
	h.enrolled(t, h.admin.Person)
	if must(token) {
		t.Error("the session does not know of the code at once")
	}
	if err := h.accounts.RemoveCode(ctx, h.admin); kindOf(err) != fault.Forbidden {
		t.Errorf("an administrator turned the code off: %v", err)
	}
	h.enrolled(t, tang)
	if err := h.registry.ResetCode(ctx, Principal{Person: tang}, "self", tang); kindOf(err) != fault.Forbidden {
		t.Errorf("a clerk reset a code: %v", err)
	}
	if err := h.registry.ResetCode(ctx, h.admin, "reset", tang); err != nil {
		t.Fatal(err)
	}
	if err := h.try(ctx, ""); err != nil {
		t.Errorf("after a reset: %v", err)
	}
	if n := eventsOf(t, h.db, EventFactorReset); n != 1 {
		t.Errorf("%d resets in the log", n)
	}
}

func TestProve(t *testing.T) {
	h := newHouse(t, storetest.Open(t, store.SQLite, store.Options{}, tables()...))
	ctx := t.Context()
	tang := h.person(t, "tang.yi")
	token, _, err := h.accounts.SignIn(ctx, Attempt{Login: "tang.yi", Password: personPassword})
	if err != nil {
		t.Fatal(err)
	}
	fresh := func() bool {
		_, s, err := h.accounts.Resolve(ctx, token)
		if err != nil {
			t.Fatal(err)
		}
		return s.Fresh
	}
	who := Principal{Person: tang}
	if h.clock.Advance(proofLasts - time.Second); !fresh() {
		t.Error("a sign-in does not count as a proof")
	}
	if h.clock.Advance(time.Second); fresh() {
		t.Error("a proof of five minutes ago counts")
	}
	if err := h.accounts.Prove(ctx, who, token, "wrong password", ""); kindOf(err) != fault.Invalid || fresh() {
		t.Errorf("a wrong password proves: %v", err)
	}
	if err := h.accounts.Prove(ctx, who, token, "", "123456"); kindOf(err) != fault.Invalid || fresh() {
		t.Errorf("a code proves for somebody who has none: %v", err)
	}
	if err := h.accounts.Prove(ctx, who, token, personPassword, ""); err != nil || !fresh() {
		t.Errorf("the password does not prove: %v", err)
	}
	secret, _ := h.enrolled(t, tang)
	h.clock.Advance(10 * time.Minute)
	code := h.code(t, secret, h.clock.Now())
	if err := h.accounts.Prove(ctx, who, token, "", code); err != nil || !fresh() {
		t.Errorf("the code does not prove: %v", err)
	}
	h.clock.Advance(proofLasts)
	if err := h.accounts.Prove(ctx, who, token, "", code); kindOf(err) != fault.Invalid {
		t.Errorf("the code proves twice: %v", err)
	}
	other, _, _ := h.accounts.SignIn(ctx, Attempt{Login: "admin", Password: adminPassword})
	if err := h.accounts.Prove(ctx, who, other, personPassword, ""); kindOf(err) != fault.Unauthenticated {
		t.Errorf("proved for a session of somebody else: %v", err)
	}
	for i := range 5 {
		_ = h.accounts.Prove(ctx, who, token, fmt.Sprint("guess ", i), "")
	}
	if err := h.accounts.Prove(ctx, who, token, personPassword, ""); kindOf(err) != fault.TooMuch {
		t.Errorf("after five wrong proofs: %v", err)
	}
}

func TestVault(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	v, err := OpenVault(dir)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := v.Seal("a", []byte("secret"))
	if err != nil || strings.Contains(string(sealed), "secret") {
		t.Fatalf("%q %v", sealed, err)
	}
	again, err := OpenVault(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := again.Open("a", sealed); !ok || string(got) != "secret" {
		t.Errorf("%q %v", got, ok)
	}
	bent := append([]byte{}, sealed...)
	bent[len(bent)-1] ^= 1
	for name, x := range map[string][]byte{"bent": bent, "short": sealed[:5], "none": nil} {
		if _, ok := again.Open("a", x); ok {
			t.Errorf("%s opens", name)
		}
	}
	if _, ok := again.Open("b", sealed); ok {
		t.Error("opens for another use")
	}
	info, err := os.Stat(filepath.Join(dir, vaultFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if err := os.WriteFile(filepath.Join(dir, vaultFile), []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenVault(dir); kindOf(err) != fault.Unavailable {
		t.Errorf("a damaged key: %v", err)
	}
}

// BenchmarkNote measures what the log of reads adds to a view.
func BenchmarkNote(b *testing.B) {
	h := newHouse(b, storetest.Open(b, store.SQLite, store.Options{}, tables()...))
	r := NewReads(h.book, h.clock)
	for i := 0; b.Loop(); i++ {
		r.Note(Read{Person: h.admin.Person, Session: 1, Kind: "matter", Object: int64(i)}, i%2 == 0)
		if i%50_000 == 0 {
			r.waiting = nil
		}
	}
}
