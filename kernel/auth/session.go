package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"time"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// Session is one signed-in browser. The token that proves it is known to the
// browser alone; we keep its SHA-256.
type Session struct {
	ID     int64 // position of the event that opened it
	Person int64
	Opened time.Time
	Seen   time.Time // kept to the minute
	Agent  string    // what the browser called itself, for the person's own list
	CSRF   string    // to be sent with every write; derived from the token
	How    string    // ByPassword or ByProvider
	Place  string    // the address it was opened from, masked
	Proven time.Time // when its holder last proved who he is
	Coded  bool      // its holder has a one-time code

	Fresh     bool // Proven is recent enough for a dangerous act
	MustEnrol bool // its holder must set a one-time code up before anything else

	turn int64
}

// FitsCSRF compares a CSRF token in constant time.
func (s Session) FitsCSRF(token string) bool {
	return s.CSRF != "" && subtle.ConstantTimeCompare([]byte(s.CSRF), []byte(token)) == 1
}

// live reports whether the session counts at an instant.
func (s Session) live(now time.Time, idle, absolute time.Duration) bool {
	return now.Before(s.Seen.Add(idle)) && now.Before(s.Opened.Add(absolute))
}

// digest is the SHA-256 of a session token.
type digest [sha256.Size]byte

// newToken makes a token of 32 random bytes.
func newToken() (string, error) {
	var raw [32]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return "", fault.Wrap("auth.newToken", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw[:]), nil
}

// digestOf gives the digest of a token; false when it cannot be one.
func digestOf(token string) (digest, bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != 32 {
		return digest{}, false
	}
	return sha256.Sum256(raw), true
}

// csrfOf derives the CSRF token, so that nobody who reads the database has it.
func csrfOf(token string) string {
	sum := sha256.Sum256([]byte("touyan csrf 1\x00" + token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

var sessions = store.Table[digest, Session]{
	Name: "session", Key: []string{"digest"}, KeyType: []string{"BYTEA"},
	Cols:    []string{"id", "person", "turn", "opened", "seen", "agent", "how", "address", "proven"},
	KeyArgs: func(d digest) []any { return []any{d[:]} },
	Args: func(s Session) []any {
		return []any{s.ID, s.Person, s.turn, s.Opened.UnixMicro(), s.Seen.UnixMicro(), s.Agent, s.How, s.Place, s.Proven.UnixMicro()}
	},
	Scan: func(row store.Scanner, rev *int64) (d digest, s Session, err error) {
		var raw []byte
		var opened, seen, proven int64
		err = row.Scan(&raw, &s.ID, &s.Person, &s.turn, &opened, &seen, &s.Agent, &s.How, &s.Place, &proven, rev)
		copy(d[:], raw)
		s.Opened, s.Seen, s.Proven = time.UnixMicro(opened), time.UnixMicro(seen), time.UnixMicro(proven)
		return d, s, err
	},
}

// account is what a person signs in with.
type account struct {
	hash string
	turn int64
}

var accounts = store.Table[int64, account]{
	Name: "account", Key: []string{"person"}, KeyType: []string{"BIGINT"}, Cols: []string{"hash", "turn"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args:    func(a account) []any { return []any{a.hash, a.turn} },
	Scan: func(row store.Scanner, rev *int64) (id int64, a account, err error) {
		err = row.Scan(&id, &a.hash, &a.turn, rev)
		return id, a, err
	},
}

// lockout counts the failed attempts of one person, or of one bucket of logins
// that nobody has. Instants are µs.
type lockout struct{ failures, stage, last, until int64 }

var lockouts = store.Table[int64, lockout]{
	Name: "lockout", Key: []string{"who"}, KeyType: []string{"BIGINT"}, Cols: []string{"failures", "stage", "last", "until"},
	KeyArgs: func(who int64) []any { return []any{who} },
	Args:    func(l lockout) []any { return []any{l.failures, l.stage, l.last, l.until} },
	Scan: func(row store.Scanner, rev *int64) (who int64, l lockout, err error) {
		err = row.Scan(&who, &l.failures, &l.stage, &l.last, &l.until, rev)
		return who, l, err
	},
}

const (
	attempts  = 5                // failures before a lock
	firstLock = 15 * time.Minute // doubled by each further lock
	longLock  = 24 * time.Hour   // the longest; after as long without a failure all is forgotten
)

// failed counts one failure and tells whether it locks.
func (l lockout) failed(now time.Time) (lockout, bool) {
	if now.UnixMicro()-max(l.last, l.until) > longLock.Microseconds() {
		l = lockout{}
	}
	l.last = now.UnixMicro()
	l.failures++
	if l.failures < attempts {
		return l, false
	}
	lock := min(firstLock<<min(l.stage, 10), longLock)
	l.failures, l.stage, l.until = 0, l.stage+1, now.Add(lock).UnixMicro()
	return l, true
}

func (l lockout) locked(now time.Time) bool { return now.UnixMicro() < l.until }
