package web

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/auth/oidc"
	"touyan.dev/touyan/kernel/fault"
)

// Provider is where people can sign in elsewhere; *oidc.Provider is.
type Provider interface {
	Name() fault.Text
	Begin(ctx context.Context, redirect string) (string, oidc.Trip, error)
	Finish(ctx context.Context, t oidc.Trip, state, code string) (auth.Identity, error)
	Leave(back string) string
}

// The cookies of a sign-in at the provider: tripCookie while the browser is
// there, pendingCookie while the person proves here that the account is his.
// Both are sealed, and of no use after tripLasts.
const (
	tripCookie    = "touyan_trip"
	pendingCookie = "touyan_pending"
	tripLasts     = 10 * time.Minute
	callbackPath  = "/api/oidc/callback"
)

// trip is what tripCookie holds.
type trip struct {
	oidc.Trip
	Back  string `json:"b"`
	Until int64  `json:"u"`
}

// pending is what pendingCookie holds.
type pending struct {
	Issuer  string `json:"i"`
	Subject string `json:"s"`
	Until   int64  `json:"u"`
}

// Why a sign-in at the provider came back to /login without a session; the
// screens put it into words.
const (
	backDown      = "down"
	backRefused   = "refused"
	backExpired   = "expired"
	backBind      = "bind"
	backCode      = "code"
	backSuspended = "suspended"
	backLocked    = "locked"
)

func (s *Server) providerOperations() {
	text := func(description string) map[string]*huma.Response {
		return map[string]*huma.Response{"302": {Description: description}}
	}
	start := Op{Method: "GET", Path: "/api/oidc/start", ID: "oidc-start", Summary: "Go to the identity provider to sign in", Tag: "session", Open: true}
	s.handle(start, s.beginTrip)
	s.api.OpenAPI().AddOperation(&huma.Operation{Method: start.Method, Path: start.Path, OperationID: start.ID, Summary: start.Summary, Tags: []string{start.Tag},
		Parameters: []*huma.Param{{Name: "back", In: "query", Schema: &huma.Schema{Type: huma.TypeString}}}, Responses: text("to the provider")})
	end := Op{Method: "GET", Path: callbackPath, ID: "oidc-callback", Summary: "Where the identity provider sends people back", Tag: "session", Open: true}
	s.handle(end, s.endTrip)
	s.api.OpenAPI().AddOperation(&huma.Operation{Method: end.Method, Path: end.Path, OperationID: end.ID, Summary: end.Summary, Tags: []string{end.Tag},
		Parameters: []*huma.Param{{Name: "code", In: "query", Schema: &huma.Schema{Type: huma.TypeString}}, {Name: "state", In: "query", Schema: &huma.Schema{Type: huma.TypeString}}},
		Responses:  text("to the page that was wanted, or to /login")})
}

// originOf gives the origin as the browser sees it. The provider accepts only redirect
// addresses that were registered with it, so a forged Host leads nowhere.
func originOf(q *request) string {
	scheme := "http://"
	if q.secure {
		scheme = "https://"
	}
	return scheme + q.host
}

// within gives a path of our own, or the first page.
func within(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n") || len(path) > 1000 {
		return "/"
	}
	return path
}

func (s *Server) beginTrip(w http.ResponseWriter, r *http.Request) {
	q := current(r.Context())
	to, t, err := s.cfg.Provider.Begin(r.Context(), originOf(q)+callbackPath)
	if err != nil {
		s.log.WarnContext(r.Context(), "the identity provider cannot be reached", "id", q.id, "error", err)
		s.toLogin(w, r, backDown, within(r.URL.Query().Get("back")))
		return
	}
	value, err := s.seal("trip", trip{t, within(r.URL.Query().Get("back")), s.cfg.Machine.Now().Add(tripLasts).Unix()})
	if err != nil {
		s.refuse(w, r, s.internal(r.Context(), err), 0)
		return
	}
	http.SetCookie(w, s.sealedCookie(q, tripCookie, "/api/oidc", value))
	http.Redirect(w, r, to, http.StatusFound)
}

// endTrip takes the code that the provider gave the browser. The trip's cookie
// is good for one return only.
func (s *Server) endTrip(w http.ResponseWriter, r *http.Request) {
	q := current(r.Context())
	var t trip
	known := s.unseal(r, "trip", tripCookie, &t) && s.cfg.Machine.Now().Unix() < t.Until
	http.SetCookie(w, s.sealedCookie(q, tripCookie, "/api/oidc", ""))
	if !known {
		s.toLogin(w, r, backExpired, "/")
		return
	}
	if r.URL.Query().Get("error") != "" {
		s.toLogin(w, r, backRefused, t.Back)
		return
	}
	who, err := s.cfg.Provider.Finish(r.Context(), t.Trip, r.URL.Query().Get("state"), r.URL.Query().Get("code"))
	if err != nil {
		s.log.WarnContext(r.Context(), "a sign-in at the identity provider failed", "id", q.id, "error", err)
		reason := backRefused
		if fault.Is(err, fault.Busy) {
			reason = backDown
		}
		s.toLogin(w, r, reason, t.Back)
		return
	}
	token, _, err := s.cfg.Sessions.SignIn(r.Context(), auth.Attempt{Identity: &who, Agent: r.UserAgent(), Address: q.address})
	if err == nil {
		http.SetCookie(w, s.cookie(q, token, 0))
		http.Redirect(w, r, t.Back, http.StatusFound)
		return
	}
	s.unfinished(w, r, who, t.Back, err)
}

// unfinished sends somebody whom the provider knows to what is still missing
// here.
func (s *Server) unfinished(w http.ResponseWriter, r *http.Request, who auth.Identity, back string, err error) {
	f := fault.Of(err)
	reason := ""
	switch {
	case f.Kind == fault.NotFound:
		reason = backBind
	case f.Hint == auth.HintCode:
		reason = backCode
	case f.Kind == fault.Forbidden:
		reason = backSuspended
	case f.Kind == fault.TooMuch:
		reason = backLocked
	default:
		s.refuse(w, r, s.internal(r.Context(), err), 0)
		return
	}
	if reason == backBind || reason == backCode {
		value, err := s.seal("pending", pending{who.Issuer, who.Subject, s.cfg.Machine.Now().Add(tripLasts).Unix()})
		if err != nil {
			s.refuse(w, r, s.internal(r.Context(), err), 0)
			return
		}
		http.SetCookie(w, s.sealedCookie(current(r.Context()), pendingCookie, "/api/session", value))
	}
	s.toLogin(w, r, reason, back)
}

func (s *Server) toLogin(w http.ResponseWriter, r *http.Request, reason, back string) {
	query := url.Values{"oidc": {reason}}
	if back != "/" {
		query.Set("back", back)
	}
	http.Redirect(w, r, "/login?"+query.Encode(), http.StatusFound)
}

// vouched gives whom the provider has vouched for a moment ago.
func (s *Server) vouched(value string) (*auth.Identity, error) {
	var p pending
	if !s.unsealText("pending", value, &p) || s.cfg.Machine.Now().Unix() >= p.Until {
		return nil, fault.New(fault.Unauthenticated, "web.vouched", "统一身份认证的结果已过期，请重新点击登录。", "What the identity provider said has expired; go there again.")
	}
	return &auth.Identity{Issuer: p.Issuer, Subject: p.Subject}, nil
}

func (s *Server) seal(use string, v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	sealed, err := s.cfg.Vault.Seal("cookie/"+use, text)
	return base64.RawURLEncoding.EncodeToString(sealed), err
}

func (s *Server) unseal(r *http.Request, use, name string, to any) bool {
	c, err := r.Cookie(name)
	return err == nil && s.unsealText(use, c.Value, to)
}

func (s *Server) unsealText(use, value string, to any) bool {
	if s.cfg.Vault == nil {
		return false
	}
	sealed, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return false
	}
	text, ok := s.cfg.Vault.Open("cookie/"+use, sealed)
	return ok && json.Unmarshal(text, to) == nil
}

// sealedCookie keeps a value for a sign-in under way; an empty one ends it.
func (s *Server) sealedCookie(q *request, name, path, value string) *http.Cookie {
	age := int(tripLasts / time.Second)
	if value == "" {
		age = -1
	}
	return &http.Cookie{Name: name, Value: value, Path: path, MaxAge: age, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: q.secure}
}
