package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// Kinds of the events of the second factor.
const (
	EventFactorSet       = "auth/factor.set"
	EventFactorRemoved   = "auth/factor.removed"
	EventFactorReset     = "auth/factor.reset"
	EventRecoveryUsed    = "auth/recovery.used"
	EventRecoveryRenewed = "auth/recovery.renewed"
)

// What a refusal's Hint asks of the screens.
const (
	HintCode  = "code"  // sign in again with the one-time code
	HintProof = "proof" // prove once more who you are, then repeat the act
	HintEnrol = "enrol" // set the one-time code up first
)

// The one-time code (动态口令) of RFC 6238: six digits, steps of 30 s, SHA-1, as
// every authenticator makes them. One step before and after is taken too.
const (
	codeStep   = 30 * time.Second
	codeDrift  = 1
	codeDigits = otp.DigitsSix
	secretSize = 20 // bytes, RFC 4226 section 4
	recoveries = 10 // recovery codes of one person
)

// factor is a person's second factor.
type factor struct {
	secret []byte // sealed
	active bool
	step   int64 // the last step whose code was used
	since  int64 // µs
}

var factors = store.Table[int64, factor]{
	Name: "factor", Key: []string{"person"}, KeyType: []string{"BIGINT"}, Cols: []string{"secret", "active", "step", "since"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args:    func(f factor) []any { return []any{f.secret, f.active, f.step, f.since} },
	Scan: func(row store.Scanner, rev *int64) (id int64, f factor, err error) {
		err = row.Scan(&id, &f.secret, &f.active, &f.step, &f.since, rev)
		return id, f, err
	},
}

var recoveryCodes = store.Table[digest, int64]{
	Name: "recovery", Key: []string{"digest"}, KeyType: []string{"BYTEA"}, Cols: []string{"person"},
	KeyArgs: func(d digest) []any { return []any{d[:]} },
	Args:    func(person int64) []any { return []any{person} },
	Scan: func(row store.Scanner, rev *int64) (d digest, person int64, err error) {
		var raw []byte
		err = row.Scan(&raw, &person, rev)
		copy(d[:], raw)
		return d, person, err
	},
}

func factorUse(person int64) string { return "factor/" + strconv.FormatInt(person, 10) }

// tidyCode drops what people and authenticators put between digits.
func tidyCode(code string) string {
	return strings.ToUpper(strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '-' || r == '\u3000':
			return -1
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		}
		return r
	}, code))
}

// recoveryDigest is what is kept of a recovery code.
func recoveryDigest(person int64, code string) digest {
	return sha256.Sum256(append(binary.BigEndian.AppendUint64(nil, uint64(person)), code...))
}

// fits gives the step whose code it is, later than the last one used; false when
// there is none.
func (f factor) fits(v *Vault, person int64, code string, now time.Time) (int64, bool) {
	if len(code) != int(codeDigits) || v == nil {
		return 0, false
	}
	secret, ok := v.Open(factorUse(person), f.secret)
	if !ok {
		return 0, false
	}
	current := now.Unix() / int64(codeStep/time.Second)
	for step := current - codeDrift; step <= current+codeDrift; step++ {
		want, err := codeAt(secret, step)
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && step > f.step {
			return step, true
		}
	}
	return 0, false
}

func codeAt(secret []byte, step int64) (string, error) {
	return hotp.GenerateCodeCustom(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret), uint64(step),
		hotp.ValidateOpts{Digits: codeDigits, Algorithm: otp.AlgorithmSHA1})
}

// use takes a code or a recovery code: each fits once only.
func (c *signIn) use(g *store.Group, f factor) (bool, error) {
	if step, ok := f.fits(c.vault, c.person, c.code, c.wall); ok {
		f.step = step
		store.Put(g, &factors, c.person, f)
		return true, nil
	}
	d := recoveryDigest(c.person, c.code)
	if owner, ok := store.Get(g, &recoveryCodes, d); !ok || owner != c.person {
		return false, nil
	}
	store.Delete(g, &recoveryCodes, d)
	_, err := event.Append(g, event.Draft{Kind: EventRecoveryUsed, Subject: c.person, Actor: c.person, Key: c.key.Sub(1), Recorded: c.at, Body: struct{}{}})
	return true, err
}

func codeFirst() error {
	f := fault.New(fault.Unauthenticated, "auth.SignIn", "请输入动态口令。", "Enter the one-time code.")
	f.Hint = HintCode
	return f
}

func wrongCode(path string) error {
	return fault.At("auth.code", path, "动态口令不正确或已用过，请等下一个。连续输错五次将暂时锁定。", "The one-time code is wrong or has been used; wait for the next one. Five failures in a row lock the login for a while.")
}

// Enrolment is what an authenticator is told, once.
type Enrolment struct {
	Secret string // base32, to be typed where no picture can be read
	URI    string // otpauth://, for the QR code
}

// Enrol begins the setting up of a person's one-time code. It counts only when
// ConfirmCode has shown that the authenticator works; beginning anew voids the
// secret before. Errors: Conflict when one is active.
func (a *Accounts) Enrol(ctx context.Context, who Principal, issuer string) (Enrolment, error) {
	if a.opts.Vault == nil {
		return Enrolment{}, noVault()
	}
	p, ok := a.book.Now().Person(who.Person)
	if !ok {
		return Enrolment{}, noPerson()
	}
	secret := make([]byte, secretSize)
	if _, err := rand.Read(secret); err != nil {
		return Enrolment{}, fault.Wrap("auth.Enrol", err)
	}
	sealed, err := a.opts.Vault.Seal(factorUse(who.Person), secret)
	if err != nil {
		return Enrolment{}, err
	}
	if err := a.db.Write(ctx, &beginFactor{person: who.Person, row: factor{secret: sealed, since: a.opts.Wall.Now().UnixMicro()}}); err != nil {
		return Enrolment{}, fault.Wrap("auth.Enrol", err)
	}
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	query := url.Values{"secret": {text}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	// Authenticators read %20, not +, as a space.
	return Enrolment{Secret: text, URI: "otpauth://totp/" + url.PathEscape(issuer+":"+p.Login) + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")}, nil
}

func noVault() error {
	return fault.New(fault.Unavailable, "auth.Enrol", "本系统未启用动态口令。", "One-time codes are not available in this installation.")
}

type beginFactor struct {
	person int64
	row    factor
}

func (c *beginFactor) Load(g *store.Group) { store.Want(g, &factors, c.person) }

func (c *beginFactor) Decide(g *store.Group) error {
	if f, _ := store.Get(g, &factors, c.person); f.active {
		return fault.New(fault.Conflict, "auth.Enrol", "动态口令已经启用；要换新的，请先停用。", "A one-time code is in use; to set up another, turn it off first.")
	}
	store.Put(g, &factors, c.person, c.row)
	return nil
}

// ConfirmCode makes the code that Enrol began count, and gives the recovery
// codes, which are shown this once. Wrong codes count towards the lock.
func (a *Accounts) ConfirmCode(ctx context.Context, who Principal, code string) ([]string, error) {
	c, err := a.own(ctx, who, code)
	if err != nil {
		return nil, err
	}
	change := &confirmFactor{signIn: c}
	if err := change.recover(ctx, a); err != nil {
		return nil, err
	}
	err = a.db.Write(ctx, change)
	a.forget(who.Person)
	if err != nil {
		return nil, fault.Wrap("auth.ConfirmCode", err)
	}
	return change.codes, c.refused
}

// own reads what an attempt of somebody signed in needs.
func (a *Accounts) own(ctx context.Context, who Principal, code string) (*signIn, error) {
	p, ok := a.book.Now().Person(who.Person)
	if !ok {
		return nil, signInFirst()
	}
	c, err := a.candidate(ctx, Attempt{Login: p.Login, Code: code})
	if err != nil {
		return nil, fault.Wrap("auth.own", err)
	}
	once, err := newToken()
	if err != nil {
		return nil, err
	}
	c.key, c.stale = event.KeyOf(once), nil
	return c, nil
}

// recovering is a change that replaces a person's recovery codes.
type recovering struct {
	codes []string
	fresh []digest
	gone  []digest
}

// read lists the codes that will go.
func (r *recovering) read(ctx context.Context, a *Accounts, person int64) error {
	var err error
	r.gone, err = store.Collect(ctx, a.db, func(row store.Scanner) (d digest, err error) {
		var raw []byte
		err = row.Scan(&raw)
		copy(d[:], raw)
		return d, err
	}, "SELECT digest FROM recovery WHERE person = ?", person)
	return fault.Wrap("auth.recovery", err)
}

// make makes new ones.
func (r *recovering) make(person int64) error {
	for range recoveries {
		raw := make([]byte, 10)
		if _, err := rand.Read(raw); err != nil {
			return fault.Wrap("auth.recovery", err)
		}
		text := base32.StdEncoding.EncodeToString(raw) // 16 characters
		r.fresh = append(r.fresh, recoveryDigest(person, text))
		r.codes = append(r.codes, strings.Join([]string{text[:4], text[4:8], text[8:12], text[12:]}, "-"))
	}
	return nil
}

func (r *recovering) load(g *store.Group) {
	for _, d := range slices.Concat(r.gone, r.fresh) {
		store.Want(g, &recoveryCodes, d)
	}
}

func (r *recovering) replace(g *store.Group, person int64) {
	for _, d := range r.gone {
		if _, ok := store.Get(g, &recoveryCodes, d); ok {
			store.Delete(g, &recoveryCodes, d)
		}
	}
	for _, d := range r.fresh {
		store.Put(g, &recoveryCodes, d, person)
	}
}

type confirmFactor struct {
	*signIn
	recovering
}

func (c *confirmFactor) recover(ctx context.Context, a *Accounts) error {
	if err := c.read(ctx, a, c.person); err != nil {
		return err
	}
	return c.make(c.person)
}

func (c *confirmFactor) Load(g *store.Group) {
	c.signIn.Load(g)
	c.recovering.load(g)
}

func (c *confirmFactor) Decide(g *store.Group) error {
	c.refused = nil
	lock, kept := store.Get(g, &lockouts, c.who)
	if lock.locked(c.wall) {
		c.refused = locked()
		return nil
	}
	f, begun := store.Get(g, &factors, c.person)
	if !begun || f.active {
		c.refused = fault.New(fault.Conflict, "auth.ConfirmCode", "请重新开始设置动态口令。", "Begin setting the one-time code up again.")
		return nil
	}
	step, ok := f.fits(c.vault, c.person, c.code, c.wall)
	if !ok {
		c.refused = wrongCode("code")
		return c.fail(g, lock)
	}
	if kept {
		store.Put(g, &lockouts, c.who, lockout{})
	}
	f.active, f.step = true, step
	store.Put(g, &factors, c.person, f)
	c.replace(g, c.person)
	_, err := event.Append(g, event.Draft{Kind: EventFactorSet, Subject: c.person, Actor: c.person, Key: c.key, Recorded: c.at, Body: struct{}{}})
	return err
}

// RemoveCode turns a person's own one-time code off. Errors: Forbidden while the
// installation asks for one of whoever holds his duties.
func (a *Accounts) RemoveCode(ctx context.Context, who Principal) error {
	if a.mustHaveCode(a.book.Now(), who.Person) {
		return fault.New(fault.Forbidden, "auth.RemoveCode", "本单位要求您的职务使用动态口令，不能停用；更换手机请联系系统管理员重设。", "Your duty must use a one-time code here, so it cannot be turned off; to change your phone, ask the administrator for a reset.")
	}
	c, err := a.own(ctx, who, "")
	if err != nil {
		return err
	}
	change := &removeFactor{person: who.Person, actor: who.Person, kind: EventFactorRemoved, key: c.key, at: c.at}
	if err := change.read(ctx, a, who.Person); err != nil {
		return err
	}
	err = a.db.Write(ctx, change)
	a.forget(who.Person)
	return fault.Wrap("auth.RemoveCode", err)
}

type removeFactor struct {
	recovering
	person, actor int64
	kind          string
	key           event.Key
	at            time.Time
}

func (c *removeFactor) Load(g *store.Group) {
	event.Load(g)
	store.Want(g, &factors, c.person)
	c.recovering.load(g)
}

func (c *removeFactor) Decide(g *store.Group) error {
	if _, ok := store.Get(g, &factors, c.person); !ok {
		return nil
	}
	c.drop(g, c.person)
	_, err := event.Append(g, event.Draft{Kind: c.kind, Subject: c.person, Actor: c.actor, Key: c.key, Recorded: c.at, Body: struct{}{}})
	return err
}

func (r *recovering) drop(g *store.Group, person int64) {
	if _, ok := store.Get(g, &factors, person); ok {
		store.Delete(g, &factors, person)
	}
	r.replace(g, person)
}

// mustHaveCode reports whether one of the person's duties needs a one-time code
// here.
func (a *Accounts) mustHaveCode(d *Directory, person int64) bool {
	return len(a.opts.CodeFor) > 0 && slices.ContainsFunc(d.PostsOf(person, d.Day()), func(p Post) bool { return slices.Contains(a.opts.CodeFor, p.Duty) })
}

// ResetCode takes a person's one-time code away, for whoever has lost the
// authenticator and the recovery codes. The next sign-in needs the password
// alone; where the duty needs a code, a new one is set up before anything else.
func (r *Registry) ResetCode(ctx context.Context, who Principal, key string, person int64) error {
	old := recovering{}
	if err := old.read(ctx, r.accounts, person); err != nil {
		return err
	}
	_, err := r.write(ctx, who, key, func(o order) (store.Change, *order) {
		c := &resetFactor{order: o, recovering: old, person: person}
		return c, &c.order
	})
	r.accounts.forget(person)
	return err
}

type resetFactor struct {
	order
	recovering
	person int64
}

func (c *resetFactor) Load(g *store.Group) {
	c.order.Load(g)
	store.Want(g, &factors, c.person)
	c.recovering.load(g)
}

func (c *resetFactor) Decide(g *store.Group) error {
	if done, err := c.begin(g, "directory.reset_code", c.dir.AnswersFor(c.person)...); done || err != nil {
		return err
	}
	if _, ok := c.dir.Person(c.person); !ok {
		return noPerson()
	}
	if err := c.record(g, EventFactorReset, c.person, struct{}{}); err != nil {
		return err
	}
	c.drop(g, c.person)
	return nil
}

// RenewRecovery replaces a person's recovery codes; those before no longer
// count. Errors: Conflict without an active one-time code.
func (a *Accounts) RenewRecovery(ctx context.Context, who Principal) ([]string, error) {
	c, err := a.own(ctx, who, "")
	if err != nil {
		return nil, err
	}
	change := &renewRecovery{person: who.Person, key: c.key, at: c.at}
	if err := change.read(ctx, a, who.Person); err != nil {
		return nil, err
	}
	if err := change.make(who.Person); err != nil {
		return nil, err
	}
	return change.codes, fault.Wrap("auth.RenewRecovery", a.db.Write(ctx, change))
}

type renewRecovery struct {
	recovering
	person int64
	key    event.Key
	at     time.Time
}

func (c *renewRecovery) Load(g *store.Group) {
	event.Load(g)
	store.Want(g, &factors, c.person)
	c.recovering.load(g)
}

func (c *renewRecovery) Decide(g *store.Group) error {
	if f, _ := store.Get(g, &factors, c.person); !f.active {
		return fault.New(fault.Conflict, "auth.RenewRecovery", "尚未启用动态口令。", "No one-time code is in use.")
	}
	c.replace(g, c.person)
	_, err := event.Append(g, event.Draft{Kind: EventRecoveryRenewed, Subject: c.person, Actor: c.person, Key: c.key, Recorded: c.at, Body: struct{}{}})
	return err
}

// CodeState says how a person stands with the one-time code.
type CodeState struct {
	Active   bool
	Since    time.Time
	Recovery int  // recovery codes left
	Required bool // one of the person's duties needs a code here
}

// CodeOf tells how a person stands with the one-time code.
func (a *Accounts) CodeOf(ctx context.Context, person int64) (CodeState, error) {
	s := CodeState{Required: a.mustHaveCode(a.book.Now(), person)}
	var since int64
	err := a.db.QueryRow(ctx, "SELECT active, since FROM factor WHERE person = ?", person).Scan(&s.Active, &since)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return s, fault.Wrap("auth.CodeOf", err)
	}
	if s.Active {
		s.Since = time.UnixMicro(since)
	}
	err = a.db.QueryRow(ctx, "SELECT COUNT(*) FROM recovery WHERE person = ?", person).Scan(&s.Recovery)
	return s, fault.Wrap("auth.CodeOf", err)
}
