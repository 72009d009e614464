package web

import (
	"context"
	"net/http"
	"time"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
)

// Security serves what people and administrators do about accounts: one-time
// codes, proofs, sessions and devices, identities at the provider, machine
// clients, and the log of who read what. Fill all fields but Issuer.
type Security struct {
	Accounts *auth.Accounts
	Registry *auth.Registry
	Book     *auth.Book
	Reads    *auth.Reads
	Issuer   string // of the identity provider; empty: there is none
}

// Register adds the operations to the server.
func (y *Security) Register(s *Server) {
	y.registerProof(s)
	y.registerCode(s)
	y.registerDevices(s)
	y.registerOthers(s)
	y.registerClients(s)
	y.registerReads(s)
}

type reply[T any] struct{ Body T }

func replied[T any](body T, err error) (*reply[T], error) {
	if err != nil {
		return nil, err
	}
	return &reply[T]{body}, nil
}

func own(method, path, id, summary string) Op {
	op := Op{Method: method, Path: path, ID: id, Summary: summary, Tag: "account", Own: true, Keyless: true}
	if method == http.MethodDelete {
		op.Status = http.StatusNoContent
	}
	return op
}

func dangerous(method, path, id, summary string) Op {
	op := Op{Method: method, Path: path, ID: id, Summary: summary, Tag: "security", Proof: true}
	if method == http.MethodDelete {
		op.Status = http.StatusNoContent
	}
	return op
}

// written is an instant as the API writes it; "" for none.
func written(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(clock.Shanghai()).Format(time.RFC3339)
}

func (y *Security) registerProof(s *Server) {
	Register(s, own("POST", "/api/session/proof", "session-prove", "Prove once more who one is, for dangerous acts within five minutes"),
		func(ctx context.Context, in *struct {
			Body struct {
				Password string `json:"password,omitempty" maxLength:"200"`
				Code     string `json:"code,omitempty" maxLength:"40" doc:"one-time code, instead of the password"`
			}
		}) (*reply[Me], error) {
			q := current(ctx)
			if err := s.checkSignIn(ctx, "proof"); err != nil {
				return nil, err
			}
			if in.Body.Password == "" && in.Body.Code == "" {
				return nil, fault.At("web.prove", "password", "请填写密码或动态口令。", "Enter the password or the one-time code.")
			}
			if err := y.Accounts.Prove(ctx, q.who, q.token, in.Body.Password, in.Body.Code); err != nil {
				return nil, err
			}
			return replied(s.me(ctx, q.who, q.session))
		})
}

// codeState is how the one-time code stands.
type codeState struct {
	Active   bool   `json:"active"`
	Since    string `json:"since"`
	Recovery int    `json:"recovery" doc:"recovery codes left"`
	Required bool   `json:"required" doc:"one of the person's duties needs a code here"`
}

func stateOf(c auth.CodeState) codeState {
	return codeState{c.Active, written(c.Since), c.Recovery, c.Required}
}

type enrolment struct {
	Secret string `json:"secret" doc:"base32, for typing"`
	URI    string `json:"uri" doc:"otpauth URI"`
	QR     string `json:"qr" doc:"the URI as an SVG"`
}

type recovery struct {
	Codes []string `json:"codes" doc:"recovery codes, shown this once"`
}

func (y *Security) registerCode(s *Server) {
	Register(s, own("GET", "/api/account/code", "code", "How the caller's one-time code stands"), func(ctx context.Context, _ *nothing) (*reply[codeState], error) {
		c, err := y.Accounts.CodeOf(ctx, Who(ctx).Person)
		return replied(stateOf(c), err)
	})
	begin := own("POST", "/api/account/code", "code-begin", "Begin to set a one-time code up")
	begin.Proof, begin.Secret = true, true
	Register(s, begin, func(ctx context.Context, _ *nothing) (*reply[enrolment], error) {
		issuer := s.cfg.Office.ZH
		if issuer == "" {
			issuer = "头雁"
		}
		e, err := y.Accounts.Enrol(ctx, Who(ctx), issuer)
		if err != nil {
			return nil, err
		}
		drawn, err := DrawQR(e.URI)
		return replied(enrolment{e.Secret, e.URI, drawn}, err)
	})
	confirm := own("POST", "/api/account/code/confirm", "code-confirm", "Show that the authenticator works: from then on the code is asked for")
	confirm.Secret = true
	Register(s, confirm, func(ctx context.Context, in *struct {
		Body struct {
			Code string `json:"code" minLength:"1" maxLength:"20"`
		}
	}) (*reply[recovery], error) {
		if err := s.checkSignIn(ctx, "code"); err != nil {
			return nil, err
		}
		codes, err := y.Accounts.ConfirmCode(ctx, Who(ctx), in.Body.Code)
		return replied(recovery{codes}, err)
	})
	renew := own("POST", "/api/account/recovery", "recovery-renew", "Replace the recovery codes")
	renew.Proof, renew.Secret = true, true
	Register(s, renew, func(ctx context.Context, _ *nothing) (*reply[recovery], error) {
		codes, err := y.Accounts.RenewRecovery(ctx, Who(ctx))
		return replied(recovery{codes}, err)
	})
	off := own("DELETE", "/api/account/code", "code-off", "Turn one's own one-time code off")
	off.Proof = true
	Register(s, off, func(ctx context.Context, _ *nothing) (*nothing, error) {
		return nil, y.Accounts.RemoveCode(ctx, Who(ctx))
	})
}

// device is a session as people see it.
type device struct {
	ID      int64      `json:"id"`
	Device  fault.Text `json:"device"`
	Place   string     `json:"place" doc:"the address it was opened from, masked"`
	How     string     `json:"how" enum:"password,provider"`
	Opened  string     `json:"opened"`
	Seen    string     `json:"seen"`
	Current bool       `json:"current" doc:"the session that asks"`
}

func devices(list []auth.Session, here int64) []device {
	out := []device{}
	for _, x := range list {
		out = append(out, device{x.ID, auth.Device(x.Agent), x.Place, x.How, written(x.Opened), written(x.Seen), x.ID == here})
	}
	return out
}

// BySession is a path parameter; huma fills only embedded structs that are exported.
type BySession struct {
	Session int64 `path:"session" minimum:"0"`
}

// identity is a binding to the identity provider.
type identity struct {
	Issuer string `json:"issuer"`
	Since  string `json:"since"`
}

func (y *Security) identities(ctx context.Context, person int64) ([]identity, error) {
	list, err := y.Accounts.Identities(ctx, person)
	out := []identity{}
	for _, b := range list {
		out = append(out, identity{b.Issuer, written(b.Since)})
	}
	return out, err
}

func (y *Security) registerDevices(s *Server) {
	Register(s, own("GET", "/api/account/sessions", "sessions", "The caller's sessions and devices"), func(ctx context.Context, _ *nothing) (*reply[[]device], error) {
		list, err := y.Accounts.Sessions(ctx, Who(ctx))
		return replied(devices(list, Who(ctx).Session), err)
	})
	Register(s, own("DELETE", "/api/account/sessions/{session}", "session-end", "End one of the caller's sessions"), func(ctx context.Context, in *BySession) (*nothing, error) {
		return nil, y.Accounts.Revoke(ctx, Who(ctx), in.Session)
	})
	Register(s, own("DELETE", "/api/account/sessions", "sessions-end", "End all of the caller's sessions but this one"), func(ctx context.Context, _ *nothing) (*nothing, error) {
		_, err := y.Accounts.RevokeOthers(ctx, Who(ctx))
		return nil, err
	})
	Register(s, own("GET", "/api/account/identities", "identities", "The caller's identities at the provider"), func(ctx context.Context, _ *nothing) (*reply[[]identity], error) {
		return replied(y.identities(ctx, Who(ctx).Person))
	})
}

// ByPerson is a path parameter; huma fills only embedded structs that are exported.
type ByPerson struct {
	ID int64 `path:"id" minimum:"0"`
}

// security is what an administrator sees of an account.
type security struct {
	Person     int64      `json:"person"`
	Name       string     `json:"name"`
	Login      string     `json:"login"`
	Code       codeState  `json:"code"`
	Sessions   []device   `json:"sessions"`
	Identities []identity `json:"identities"`
	Issuer     string     `json:"issuer" doc:"of the identity provider; empty: there is none"`
}

func (y *Security) security(ctx context.Context, person int64) (security, error) {
	list, err := y.Registry.SessionsOf(ctx, Who(ctx), person)
	if err != nil {
		return security{}, err
	}
	code, err := y.Accounts.CodeOf(ctx, person)
	if err != nil {
		return security{}, err
	}
	ids, err := y.identities(ctx, person)
	p, _ := y.Book.Now().Person(person)
	return security{Person: person, Name: p.Name.ZH, Login: p.Login, Code: stateOf(code), Sessions: devices(list, Who(ctx).Session), Identities: ids, Issuer: y.Issuer}, err
}

func (y *Security) registerOthers(s *Server) {
	Register(s, Op{Method: "GET", Path: "/api/people/{id}/security", ID: "person-security", Summary: "A person's sessions, code and identities, for administrators", Tag: "security"},
		func(ctx context.Context, in *ByPerson) (*reply[security], error) {
			return replied(y.security(ctx, in.ID))
		})
	Register(s, dangerous("DELETE", "/api/people/{id}/sessions", "person-sessions-end", "End all of a person's sessions"), func(ctx context.Context, in *ByPerson) (*nothing, error) {
		return nil, y.Registry.EndSessions(ctx, Who(ctx), Key(ctx), in.ID, 0)
	})
	Register(s, dangerous("DELETE", "/api/people/{id}/sessions/{session}", "person-session-end", "End one of a person's sessions"), func(ctx context.Context, in *struct {
		ByPerson
		BySession
	}) (*nothing, error) {
		if in.Session == 0 { // of the registry 0 means all
			return nil, fault.At("web.sessions", "session", "请指明要退出的登录。", "Name the session to end.")
		}
		return nil, y.Registry.EndSessions(ctx, Who(ctx), Key(ctx), in.ID, in.Session)
	})
	Register(s, dangerous("DELETE", "/api/people/{id}/code", "person-code-reset", "Take a person's one-time code away"), func(ctx context.Context, in *ByPerson) (*nothing, error) {
		return nil, y.Registry.ResetCode(ctx, Who(ctx), Key(ctx), in.ID)
	})
	bind := dangerous("POST", "/api/people/{id}/identities", "identity-bind", "Bind a person to a subject at the identity provider")
	bind.Status = http.StatusNoContent
	Register(s, bind, func(ctx context.Context, in *struct {
		ByPerson
		Body struct {
			Subject string `json:"subject" minLength:"1" maxLength:"255" doc:"the provider's sub"`
		}
	}) (*nothing, error) {
		if y.Issuer == "" {
			return nil, fault.New(fault.Conflict, "web.bind", "本系统没有接入统一身份认证。", "This installation has no identity provider.")
		}
		return nil, y.Registry.Bind(ctx, Who(ctx), Key(ctx), in.ID, auth.Identity{Issuer: y.Issuer, Subject: in.Body.Subject})
	})
	Register(s, dangerous("DELETE", "/api/people/{id}/identities", "identity-unbind", "Take all identities at the provider from a person"), func(ctx context.Context, in *ByPerson) (*nothing, error) {
		return nil, y.Registry.Unbind(ctx, Who(ctx), Key(ctx), in.ID)
	})
}
