package web

import (
	"context"
	"net/http"
	"time"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
)

// Me is what the screens know about who looks at them.
type Me struct {
	SignedIn   bool       `json:"signed_in"`
	NeedsSetup bool       `json:"needs_setup" doc:"nobody can sign in yet: the first account is to be set up"`
	Demo       bool       `json:"demo"`
	Person     *MePerson  `json:"person,omitempty"`
	Posts      []MePost   `json:"posts,omitempty"`
	CSRF       string     `json:"csrf" doc:"to be sent as X-CSRF-Token with every write"`
	Now        string     `json:"now" doc:"the office's time, RFC 3339"`
	Office     fault.Text `json:"office"`
	City       fault.Text `json:"city"`
	Acting     []MeActing `json:"acting" doc:"for whom the person acts now, by delegation"`
	Leader     bool       `json:"leader" doc:"holds a post of responsible leader or leader in charge"`
	Code       bool       `json:"code,omitempty" doc:"the person has a one-time code"`
	MustEnrol  bool       `json:"must_enrol,omitempty" doc:"a one-time code is to be set up before anything else"`
	Provider   *MeElse    `json:"provider,omitempty" doc:"where one can sign in instead of here"`
	Leave      string     `json:"leave,omitempty" doc:"the identity provider's page that ends its own session, for whoever came from there"`
}

// MeElse is the identity provider, as its button shows it.
type MeElse struct {
	Name  fault.Text `json:"name"`
	Start string     `json:"start" doc:"the address to go to"`
}

// MePerson is the person signed in.
type MePerson struct {
	ID     int64  `json:"id"`
	Name   string `json:"name"`
	NameEN string `json:"name_en"`
	Login  string `json:"login"`
}

// MeActing is a delegation in force by which the person acts for another.
type MeActing struct {
	ID    int64        `json:"id"`
	Name  string       `json:"name" doc:"who gave it"`
	Posts []fault.Text `json:"posts"`
	Until string       `json:"until" doc:"RFC 3339; empty for a standing deputy while the holder is away"`
}

// MePost is a post that the person holds today.
type MePost struct {
	ID       int64      `json:"id"`
	Unit     int64      `json:"unit"`
	UnitName fault.Text `json:"unit_name"`
	Duty     auth.Duty  `json:"duty"`
	DutyName fault.Text `json:"duty_name"`
	Title    fault.Text `json:"title"`
}

type meOut struct {
	SetCookie []string `header:"Set-Cookie"`
	Body      Me
}

type signInIn struct {
	UserAgent string `header:"User-Agent" hidden:"true"`
	Pending   string `cookie:"touyan_pending" hidden:"true"`
	Body      struct {
		Login    string `json:"login,omitempty" maxLength:"100"`
		Password string `json:"password,omitempty" maxLength:"200"`
		Code     string `json:"code,omitempty" maxLength:"40" doc:"one-time code or recovery code of whoever has one"`
		Vouched  bool   `json:"vouched,omitempty" doc:"the identity provider has just vouched for who signs in: with login and password its identity is bound to the account, without them it is the sign-in"`
	}
}

type setupIn struct {
	UserAgent string `header:"User-Agent" hidden:"true"`
	Body      struct {
		Token    string `json:"token" minLength:"1" maxLength:"200" doc:"printed by the server when it starts for the first time"`
		Login    string `json:"login" minLength:"1" maxLength:"100"`
		Password string `json:"password" minLength:"1" maxLength:"200"`
		Name     string `json:"name" minLength:"1" maxLength:"100"`
		NameEN   string `json:"name_en,omitempty" maxLength:"100"`
	}
}

type passwordIn struct {
	Body struct {
		Old string `json:"old" minLength:"1" maxLength:"200"`
		New string `json:"new" minLength:"1" maxLength:"200"`
	}
}

type nothing struct{}

type cookieOut struct {
	SetCookie string `header:"Set-Cookie"`
}

func (s *Server) accountOperations() {
	const tag = "session"
	Register(s, Op{Method: "GET", Path: "/api/me", ID: "me", Summary: "Who is signed in", Tag: tag, Open: true, Secret: true},
		func(ctx context.Context, _ *nothing) (*meOut, error) {
			q := current(ctx)
			me, err := s.me(ctx, q.who, q.session)
			return &meOut{Body: me}, err
		})
	Register(s, Op{Method: "POST", Path: "/api/session", ID: "sign-in", Summary: "Sign in", Tag: tag, Open: true, Keyless: true, Secret: true},
		func(ctx context.Context, in *signInIn) (*meOut, error) {
			return s.signInAs(ctx, in)
		})
	Register(s, Op{Method: "DELETE", Path: "/api/session", ID: "sign-out", Summary: "Sign out", Tag: tag, Open: true, Keyless: true, Status: http.StatusNoContent},
		func(ctx context.Context, _ *nothing) (*cookieOut, error) {
			q := current(ctx)
			if q.token != "" {
				if err := s.cfg.Sessions.SignOut(ctx, q.token); err != nil {
					return nil, err
				}
			}
			return &cookieOut{s.cookie(q, "", -1).String()}, nil
		})
	Register(s, Op{Method: "POST", Path: "/api/setup", ID: "set-up", Summary: "Set up the first account", Tag: tag, Open: true, Keyless: true, Secret: true}, s.setUp)
	Register(s, Op{Method: "POST", Path: "/api/password", ID: "change-password", Summary: "Change one's own password", Tag: tag, Keyless: true, Own: true, Status: http.StatusNoContent},
		func(ctx context.Context, in *passwordIn) (*nothing, error) {
			q := current(ctx)
			if err := s.checkSignIn(ctx, "password"); err != nil {
				return nil, err
			}
			return nil, s.cfg.Passwords.ChangePassword(ctx, q.who, q.token, in.Body.Old, in.Body.New)
		})
}

// signInAs reads what somebody shows who signs in.
func (s *Server) signInAs(ctx context.Context, in *signInIn) (*meOut, error) {
	b := in.Body
	a := auth.Attempt{Login: b.Login, Password: b.Password, Code: b.Code, Agent: in.UserAgent}
	if b.Vouched {
		var err error
		if a.Identity, err = s.vouched(in.Pending); err != nil {
			return nil, err
		}
		out, err := s.signIn(ctx, a)
		if err == nil {
			out.SetCookie = append(out.SetCookie, s.sealedCookie(current(ctx), pendingCookie, "/api/session", "").String())
		}
		return out, err
	}
	for _, field := range []struct{ path, value, zh, en string }{{"login", b.Login, "请填写账号。", "The login is missing."}, {"password", b.Password, "请填写密码。", "The password is missing."}} {
		if field.value == "" {
			return nil, fault.At("web.signIn", field.path, field.zh, field.en)
		}
	}
	return s.signIn(ctx, a)
}

// signIn opens a session and gives its cookie with what /api/me would say.
func (s *Server) signIn(ctx context.Context, a auth.Attempt) (*meOut, error) {
	if err := s.checkSignIn(ctx, a.Login); err != nil {
		return nil, err
	}
	a.Address = current(ctx).address
	token, _, err := s.cfg.Sessions.SignIn(ctx, a)
	if err != nil {
		return nil, err
	}
	who, session, err := s.cfg.Sessions.Resolve(ctx, token)
	if err != nil {
		return nil, err
	}
	me, err := s.me(ctx, who, session)
	return &meOut{[]string{s.cookie(current(ctx), token, 0).String()}, me}, err
}

// setUp makes the first administrator and signs him in.
func (s *Server) setUp(ctx context.Context, in *setupIn) (*meOut, error) {
	if err := s.checkSignIn(ctx, "setup"); err != nil {
		return nil, err
	}
	b := in.Body
	if b.NameEN == "" {
		b.NameEN = b.Name
	}
	_, err := s.cfg.Passwords.Setup(ctx, auth.Setup{
		Token: b.Token, Login: b.Login, Password: b.Password, Name: fault.T(b.Name, b.NameEN), City: s.cfg.City, Office: s.cfg.Office,
	})
	if err != nil {
		return nil, err
	}
	return s.signIn(ctx, auth.Attempt{Login: b.Login, Password: b.Password, Agent: in.UserAgent})
}

// me describes a person, or a guest if who is zero.
func (s *Server) me(ctx context.Context, who auth.Principal, session auth.Session) (Me, error) {
	now := s.cfg.Clock.Now().In(clock.Shanghai())
	me := Me{Demo: s.cfg.Demo, Now: now.Format(time.RFC3339), Office: s.cfg.Office, City: s.cfg.City}
	if p := s.cfg.Provider; p != nil && s.cfg.Vault != nil {
		me.Provider = &MeElse{Name: p.Name(), Start: "/api/oidc/start"}
	}
	if who.Person == 0 {
		needs, err := s.cfg.Passwords.NeedsSetup(ctx)
		me.NeedsSetup = needs
		return me, err
	}
	book, err := s.cfg.Book.Fresh(ctx)
	if err != nil {
		return me, err
	}
	person, _ := book.Person(who.Person)
	me.SignedIn, me.CSRF, me.Code, me.MustEnrol = true, session.CSRF, session.Coded, session.MustEnrol
	if session.How == auth.ByProvider && me.Provider != nil {
		me.Leave = s.cfg.Provider.Leave(originOf(current(ctx)) + "/login")
	}
	me.Person = &MePerson{ID: who.Person, Name: who.Name, NameEN: who.NameEN, Login: person.Login}
	for _, p := range book.PostsOf(who.Person, now.Format(time.DateOnly)) {
		unit, _ := book.Unit(p.Unit)
		me.Posts = append(me.Posts, MePost{ID: p.ID, Unit: p.Unit, UnitName: unit.Name, Duty: p.Duty, DutyName: p.Duty.Name(), Title: p.Title})
		me.Leader = me.Leader || p.Duty == auth.Leader || p.Duty == auth.Deputy
	}
	for _, a := range book.ActsFor(who.Person) {
		giver, _ := book.Person(a.Giver)
		one := MeActing{ID: a.ID, Name: giver.Name.ZH}
		for _, p := range a.Posts {
			unit, _ := book.Unit(p.Unit)
			one.Posts = append(one.Posts, fault.T(unit.Name.ZH+p.Title.ZH, p.Title.EN+", "+unit.Name.EN))
		}
		if a.Until != 0 {
			one.Until = time.UnixMicro(a.Until).In(clock.Shanghai()).Format(time.RFC3339)
		}
		me.Acting = append(me.Acting, one)
	}
	return me, nil
}
