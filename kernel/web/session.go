package web

import (
	"context"
	"crypto/sha256"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/privacy"
)

const (
	cookieName = "touyan_session"
	csrfHeader = "X-CSRF-Token"
	keyHeader  = "Idempotency-Key"
	// quietHeader marks what a page reads again by itself, when the feed says
	// that something moved: it is no use of the session.
	quietHeader = "X-Quiet"
	maxKey      = 200
	maxToken    = 512
)

// checkAddress takes the request from its address's rate.
func (s *Server) checkAddress(w http.ResponseWriter, q *request) *refusal {
	if wait, ok := s.byAddress.take(block(q.address), s.cfg.Machine.Now()); !ok {
		return retryAfter(w, wait)
	}
	return nil
}

// checkSession finds out who is asking: a person by the cookie of his session, or
// a program by its bearer token. A token that is no session's makes a
// guest, whose browser is told to forget it; a guest's rate is the address's.
func (s *Server) checkSession(w http.ResponseWriter, r *http.Request, q *request) *refusal {
	if given := r.Header.Get("Authorization"); given != "" {
		return s.checkBearer(w, r, q, given)
	}
	cookie, err := r.Cookie(cookieName)
	if err != nil || cookie.Value == "" {
		return nil
	}
	if len(cookie.Value) > maxToken {
		s.dropCookie(w, q)
		return nil
	}
	know := s.cfg.Sessions.Resolve
	if q.route.op.Quiet || !q.route.unsafe && r.Header.Get(quietHeader) != "" {
		know = s.cfg.Sessions.Peek
	}
	who, session, err := know(r.Context(), cookie.Value)
	if fault.Is(err, fault.Unauthenticated) {
		s.dropCookie(w, q)
		return nil
	}
	if err != nil {
		return &refusal{err: s.internal(r.Context(), err)}
	}
	q.who, q.token, q.session = who, cookie.Value, session
	if wait, ok := s.bySession.take(cookie.Value, s.cfg.Machine.Now()); !ok {
		return retryAfter(w, wait)
	}
	return nil
}

// checkBearer finds out which program asks. A wrong token is refused at once: it
// is not a guest's.
func (s *Server) checkBearer(w http.ResponseWriter, r *http.Request, q *request, given string) *refusal {
	token, bearer := strings.CutPrefix(given, "Bearer ")
	if !bearer || len(token) > maxToken || s.cfg.Machines == nil {
		w.Header().Set("WWW-Authenticate", "Bearer")
		return &refusal{err: fault.New(fault.Unauthenticated, "web.bearer", "只接受机器客户端的 Bearer 密钥。", "Only the bearer secret of a machine client is accepted.")}
	}
	who, machine, err := s.cfg.Machines.Machine(r.Context(), token)
	if err != nil {
		w.Header().Set("WWW-Authenticate", "Bearer")
		return &refusal{err: s.internal(r.Context(), err)}
	}
	q.who, q.machine = who, &machine
	if wait, ok := s.byMachine.take(strconv.FormatInt(machine.ID, 10), s.cfg.Machine.Now()); !ok {
		return retryAfter(w, wait)
	}
	return nil
}

// checkMachine holds a program to the operations it was made for.
func checkMachine(_ http.ResponseWriter, _ *http.Request, q *request) *refusal {
	if q.machine == nil || q.route.op.Open && !q.route.unsafe {
		return nil
	}
	op := q.route.op
	if op.Own || op.Proof || op.Open || op.Quiet || !q.machine.May(op.ID, !q.route.unsafe) {
		f := fault.New(fault.Forbidden, "web.machine", "机器客户端未获准调用此接口，请由系统管理员另建并写明。", "The machine client was not made for this operation; the administrator can make one that names it.")
		f.Policy = "client.actions"
		return &refusal{err: f}
	}
	return nil
}

// checkEnrolled holds who must have a one-time code to setting it up.
func checkEnrolled(_ http.ResponseWriter, _ *http.Request, q *request) *refusal {
	if !q.session.MustEnrol || q.route.op.Own || q.route.op.Open {
		return nil
	}
	f := fault.New(fault.Forbidden, "web.enrol", "您的职务须使用动态口令，请先到“我的”中设置。", "Your duty needs a one-time code; set it up on your account page first.")
	f.Hint = auth.HintEnrol
	return &refusal{err: f}
}

// checkProof asks for a fresh proof before what is dangerous.
func checkProof(_ http.ResponseWriter, _ *http.Request, q *request) *refusal {
	if !q.route.op.Proof || q.session.Fresh {
		return nil
	}
	return &refusal{err: fault.Of(auth.ProveFirst())}
}

// NeedProof asks for a fresh proof from within an operation, where only its size
// makes it dangerous.
func NeedProof(ctx context.Context) error {
	if current(ctx).session.Fresh {
		return nil
	}
	return auth.ProveFirst()
}

// noteReading notes what was read, after it was answered.
func (s *Server) noteReading(r *http.Request, q *request, status int) {
	if s.cfg.Readings == nil || q.route == nil || q.route.op.Reads == "" || status >= http.StatusMultipleChoices || q.who.Person == 0 {
		return
	}
	read := auth.Read{Person: q.who.Person, Session: q.who.Session, Kind: q.route.op.Reads}
	if name := q.route.op.Seeks; name != "" {
		sought := r.URL.Query().Get(name)
		if sought == "" {
			return
		}
		read.Detail = privacy.Name(privacy.Text(clipped(sought)))
	}
	for _, name := range []string{"id", "pos"} {
		if n, err := strconv.ParseInt(r.PathValue(name), 10, 64); err == nil {
			read.Object = n
			break
		}
	}
	s.cfg.Readings.Note(read, r.Header.Get(quietHeader) != "")
}

// clipped bounds what is kept of a search, in characters.
func clipped(text string) string {
	const most = 20
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most])
	}
	return text
}

// internal logs an error that a check has met and gives what may be shown of it.
func (s *Server) internal(ctx context.Context, err error) *fault.Error {
	if f := fault.Of(err); f.Kind != fault.Internal {
		return f
	}
	s.log.ErrorContext(ctx, "a check failed", "id", current(ctx).id, "error", err)
	return fault.Of(fault.Wrap("web.check", err))
}

// checkForgery refuses an unsafe request that another site has made the browser
// send: by the browser's own headers, and by a token that only our pages know.
func (s *Server) checkForgery(_ http.ResponseWriter, r *http.Request, q *request) *refusal {
	if !q.route.unsafe || q.machine != nil { // no browser sends a bearer token by itself
		return nil
	}
	if err := s.forged.Check(r); err != nil {
		return &refusal{err: fault.New(fault.Forbidden, "web.csrf", "请求来自其他网站，已拒绝。", "The request comes from another site and was refused.")}
	}
	if q.token == "" {
		return nil
	}
	if !q.session.FitsCSRF(r.Header.Get(csrfHeader)) {
		return &refusal{err: fault.New(fault.Forbidden, "web.csrf", "页面已过期，请刷新后重试。", "The page has expired; reload it and try again.")}
	}
	return nil
}

func (s *Server) checkSignedIn(_ http.ResponseWriter, _ *http.Request, q *request) *refusal {
	if q.route.op.Open || q.who.Person != 0 {
		return nil
	}
	return &refusal{err: fault.New(fault.Unauthenticated, "web.session", "请先登录。", "Sign in first.")}
}

func (rt *route) needsKey() bool { return rt.unsafe && !rt.op.Keyless }

// checkKey reads the idempotency key.
func checkKey(_ http.ResponseWriter, r *http.Request, q *request) *refusal {
	if !q.route.needsKey() {
		return nil
	}
	key := r.Header.Get(keyHeader)
	switch {
	case key == "":
		return &refusal{err: fault.At("web.key", "header/"+keyHeader, "缺少操作号(请求头 Idempotency-Key)。", "The header Idempotency-Key is missing.")}
	case len(key) > maxKey:
		return &refusal{err: fault.At("web.key", "header/"+keyHeader, "操作号过长，至多 200 个字符。", "The Idempotency-Key may have at most 200 characters.")}
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return &refusal{err: fault.At("web.key", "header/"+keyHeader, "操作号只能用可见的 ASCII 字符。", "The Idempotency-Key may have visible ASCII characters only.")}
	}
	q.key = key
	return nil
}

// checkSignIn takes an attempt from the rate of its address and login. The login
// is hashed, because what people type there may be anything.
func (s *Server) checkSignIn(ctx context.Context, login string) error {
	sum := sha256.Sum256([]byte(login))
	who := block(current(ctx).address) + " " + string(sum[:])
	if wait, ok := s.bySignIn.take(who, s.cfg.Machine.Now()); !ok {
		header := http.Header{}
		header.Set("Retry-After", seconds(wait))
		return huma.ErrorWithHeaders(s.problem(ctx, tooOften(wait), 0), header)
	}
	return nil
}

func (s *Server) cookie(q *request, value string, age int) *http.Cookie {
	return &http.Cookie{
		Name: cookieName, Value: value, Path: "/", MaxAge: age,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: q.secure,
	}
}

func (s *Server) dropCookie(w http.ResponseWriter, q *request) {
	http.SetCookie(w, s.cookie(q, "", -1))
}
