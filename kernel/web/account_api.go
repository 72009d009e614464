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
	Leader     bool       `json:"leader" doc:"holds a post of responsible leader or leader in charge"`
}

// MePerson is the person signed in.
type MePerson struct {
	ID     int64  `json:"id"`
	Name   string `json:"name"`
	NameEN string `json:"name_en"`
	Login  string `json:"login"`
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
	SetCookie string `header:"Set-Cookie"`
	Body      Me
}

type signInIn struct {
	UserAgent string `header:"User-Agent" hidden:"true"`
	Body      struct {
		Login    string `json:"login" minLength:"1" maxLength:"100"`
		Password string `json:"password" minLength:"1" maxLength:"200"`
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
			return s.signIn(ctx, in.Body.Login, in.Body.Password, in.UserAgent)
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
	Register(s, Op{Method: "POST", Path: "/api/password", ID: "change-password", Summary: "Change one's own password", Tag: tag, Keyless: true, Status: http.StatusNoContent},
		func(ctx context.Context, in *passwordIn) (*nothing, error) {
			q := current(ctx)
			if err := s.checkSignIn(ctx, "password"); err != nil {
				return nil, err
			}
			return nil, s.cfg.Passwords.ChangePassword(ctx, q.who, q.token, in.Body.Old, in.Body.New)
		})
}

// signIn opens a session and gives its cookie with what /api/me would say.
func (s *Server) signIn(ctx context.Context, login, password, agent string) (*meOut, error) {
	if err := s.checkSignIn(ctx, login); err != nil {
		return nil, err
	}
	token, _, err := s.cfg.Sessions.SignIn(ctx, login, password, agent)
	if err != nil {
		return nil, err
	}
	who, session, err := s.cfg.Sessions.Resolve(ctx, token)
	if err != nil {
		return nil, err
	}
	me, err := s.me(ctx, who, session)
	return &meOut{s.cookie(current(ctx), token, 0).String(), me}, err
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
	return s.signIn(ctx, b.Login, b.Password, in.UserAgent)
}

// me describes a person, or a guest if who is zero.
func (s *Server) me(ctx context.Context, who auth.Principal, session auth.Session) (Me, error) {
	now := s.cfg.Clock.Now().In(clock.Shanghai())
	me := Me{Demo: s.cfg.Demo, Now: now.Format(time.RFC3339), Office: s.cfg.Office, City: s.cfg.City}
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
	me.SignedIn, me.CSRF = true, session.CSRF
	me.Person = &MePerson{ID: who.Person, Name: who.Name, NameEN: who.NameEN, Login: person.Login}
	for _, p := range book.PostsOf(who.Person, now.Format(time.DateOnly)) {
		unit, _ := book.Unit(p.Unit)
		me.Posts = append(me.Posts, MePost{ID: p.ID, Unit: p.Unit, UnitName: unit.Name, Duty: p.Duty, DutyName: p.Duty.Name(), Title: p.Title})
		me.Leader = me.Leader || p.Duty == auth.Leader || p.Duty == auth.Deputy
	}
	return me, nil
}
