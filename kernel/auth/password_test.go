package auth

import (
	"strings"
	"testing"

	"touyan.dev/touyan/kernel/fault"
)

func TestCheckPassword(t *testing.T) {
	for _, c := range []struct {
		login, password string
		ok              bool
	}{
		{"tang.yi", "maple-lantern 9", true},
		{"tang.yi", "澄江夜雨灯前客十年心", true},
		{"tang.yi", "澄江夜雨灯前客十年", false}, // nine characters
		{"tang.yi", "short", false},
		{"tang.yi", "", false},
		{"tang.yi", "my TANG.yi 2026", false},
		{"li", "climbing-roses", true}, // a short login is found in too many words
		{"administrator", "administrator", false},
		{"x", "Password123", false},
		{"x", "1qaz2wsx3EDC", false},
		{"x", "aaaaaaaaaaaa", false},
		{"x", "abababababcc", false},
		{"x", "2345678901", true}, // steps by 1 but once
		{"x", "23456789:;<=", false},
		{"x", "zyxwvutsrqpo", false},
		{"x", "acegikmoqsuw", false},
		{"x", strings.Repeat("long enough ", 17), false},
		{"x", "bad \xff\xfe bytes here", false},
	} {
		err := checkPassword("password", c.login, c.password)
		if (err == nil) != c.ok || err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("%q for %q: %v", c.password, c.login, err)
		}
		if err != nil && c.password != "" && strings.Contains(err.Error(), c.password) {
			t.Errorf("the error repeats the password: %v", err)
		}
	}
}

func TestHash(t *testing.T) {
	ctx := t.Context()
	h := newHasher(cost{memory: 64, passes: 1, threads: 1}, 1)
	first, err := h.make(ctx, "Caf\u00e9 lantern 9")
	if err != nil {
		t.Fatal(err)
	}
	again, _ := h.make(ctx, "Caf\u00e9 lantern 9")
	if first == again {
		t.Error("two hashes share a salt")
	}
	for _, c := range []struct {
		hash, password string
		ok             bool
	}{
		{first, "Caf\u00e9 lantern 9", true},
		{first, "Cafe\u0301 lantern 9", true}, // typed as e and an accent
		{first, "caf\u00e9 lantern 9", false},
		{first, "", false},
		{"", "", false}, // a login nobody has
		{"", "Caf\u00e9 lantern 9", false},
	} {
		if ok, old, err := h.fits(ctx, c.hash, c.password); ok != c.ok || old || err != nil {
			t.Errorf("%q against %q: %t %t %v", c.password, c.hash, ok, old, err)
		}
	}
	if _, old, _ := newHasher(cost{memory: 72, passes: 1, threads: 1}, 1).fits(ctx, first, "x"); !old {
		t.Error("other parameters went unnoticed")
	}
	for _, broken := range []string{"x", "$argon2id$v=19$m=64,t=1,p=1$AAAA", strings.Replace(first, "m=64", "m=4294967295", 1), strings.Replace(first, "t=1", "t=0", 1), strings.Replace(first, "v=19", "v=16", 1), first[:len(first)-4]} {
		if _, _, err := h.fits(ctx, broken, "x"); !fault.Is(err, fault.Internal) {
			t.Errorf("%q: %v", broken, err)
		}
	}
}

// FuzzDecode reads arbitrary hashes: no panic, and no parameters that would
// take the machine down.
func FuzzDecode(f *testing.F) {
	f.Add("$argon2id$v=19$m=47104,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=1,t=0,p=9$$")
	f.Fuzz(func(t *testing.T, s string) {
		if c, _, sum, err := decode(s); err == nil && (c.memory > 1<<21 || c.passes < 1 || c.passes > 64 || c.threads < 1 || len(sum) != 32) {
			t.Errorf("%q gives %+v", s, c)
		}
	})
}
