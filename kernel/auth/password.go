package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"touyan.dev/touyan/kernel/fault"
)

//go:embed common.txt
var commonPasswords string

// cost is what one argon2id hash (RFC 9106) takes.
type cost struct {
	memory  uint32 // KiB
	passes  uint32
	threads uint8
}

// usual takes some 60 ms on one core of 2020 and 46 MiB; OWASP's sheet of 2023
// asks for one pass at this memory.
var usual = cost{memory: 46 << 10, passes: 2, threads: 1}

// light is the cost under Options.Light. A hash made so is replaced at the next
// sign-in of an installation without it.
var light = cost{memory: 64, passes: 1, threads: 1}

// hasher makes and checks password hashes, a few at a time: each holds 46 MiB.
type hasher struct {
	cost  cost
	slots chan struct{}
	dummy string // a hash that nothing fits, for logins nobody has
}

func newHasher(c cost, atOnce int) *hasher {
	h := &hasher{cost: c, slots: make(chan struct{}, atOnce)}
	h.dummy = h.encode(make([]byte, 16), make([]byte, 32))
	return h
}

// make hashes a password with a new salt.
func (h *hasher) make(ctx context.Context, password string) (string, error) {
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return "", fault.Wrap("auth.hash", err)
	}
	sum, err := h.sum(ctx, password, salt, h.cost)
	if err != nil {
		return "", err
	}
	return h.encode(salt, sum), nil
}

// sum waits for a slot and hashes.
func (h *hasher) sum(ctx context.Context, password string, salt []byte, c cost) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, fault.New(fault.Busy, "auth.hash", "登录的人较多，请稍后重试。", "Many people are signing in; try again shortly.")
	}
	return argon2.IDKey([]byte(norm.NFC.String(password)), salt, c.passes, c.memory, c.threads, 32), nil
}

// encode writes a hash in the PHC string format, parameters first.
func (h *hasher) encode(salt, sum []byte) string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.cost.memory, h.cost.passes, h.cost.threads, b64(salt), b64(sum))
}

// decode reads what encode wrote, also with other parameters.
func decode(hash string) (c cost, salt, sum []byte, err error) {
	var v int
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return c, nil, nil, fmt.Errorf("auth: not an argon2id hash")
	}
	if _, err := fmt.Sscanf(parts[2], "v=%d", &v); err != nil || v != argon2.Version {
		return c, nil, nil, fmt.Errorf("auth: argon2 version: %w", err)
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.memory, &c.passes, &c.threads); err != nil {
		return c, nil, nil, fmt.Errorf("auth: argon2 parameters: %w", err)
	}
	if c.passes < 1 || c.threads < 1 || c.memory < 8*uint32(c.threads) || c.memory > 1<<21 || c.passes > 64 {
		return c, nil, nil, fmt.Errorf("auth: argon2 parameters out of range")
	}
	if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return c, nil, nil, fmt.Errorf("auth: salt: %w", err)
	}
	if sum, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil || len(sum) != 32 {
		return c, nil, nil, fmt.Errorf("auth: hash of %d bytes: %w", len(sum), err)
	}
	return c, salt, sum, nil
}

// fits checks a password against a hash. An empty hash takes as long and fits
// nothing. old tells that the hash was made with other parameters than today's.
func (h *hasher) fits(ctx context.Context, hash, password string) (ok, old bool, err error) {
	known := hash != ""
	if !known {
		hash = h.dummy
	}
	c, salt, want, err := decode(hash)
	if err != nil {
		return false, false, fault.Wrap("auth.fits", err)
	}
	got, err := h.sum(ctx, password, salt, c)
	if err != nil {
		return false, false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1 && known, c != h.cost, nil
}

// The bounds of passwords, in characters.
const (
	minPassword = 10
	maxPassword = 200
)

// checkPassword refuses weak passwords; path names the field.
func checkPassword(path, login, password string) error {
	const op = "auth.checkPassword"
	lower := strings.ToLower(password)
	switch n := utf8.RuneCountInString(password); {
	case !utf8.ValidString(password) || n > maxPassword:
		return fault.At(op, path, "密码过长或含有无效字符。", "The password is too long or holds invalid characters.")
	case n < minPassword:
		return fault.At(op, path, "密码至少10个字符。", "A password has at least 10 characters.")
	case login != "" && strings.Contains(lower, login) && (utf8.RuneCountInString(login) > 3 || lower == login):
		return fault.At(op, path, "密码中不得含有登录名。", "A password must not contain the login.")
	case monotonous(lower) || common(lower):
		return fault.At(op, path, "该密码过于常见，容易被猜中，请换一个。", "This password is too common and easily guessed; choose another.")
	}
	return nil
}

func common(lower string) bool {
	for line := range strings.Lines(commonPasswords) {
		if strings.TrimSpace(line) == lower {
			return true
		}
	}
	return false
}

// monotonous reports three or fewer different characters, or a run such as
// 4567890123 that always steps by the same amount.
func monotonous(s string) bool {
	runes := []rune(s)
	different := map[rune]bool{}
	steady := true
	for i, r := range runes {
		different[r] = true
		if i > 1 && runes[i]-runes[i-1] != runes[1]-runes[0] {
			steady = false
		}
	}
	return steady || len(different) <= 3
}
