// Package web is the door of the program: one HTTP server for the API, the live
// feed and the screens.
//
// A request passes, in this order: a number of its own; the catching of panics;
// the check that path and query are UTF-8; the rate of its address; its session,
// or its bearer token if it is a program's; the rate of either; the origin and the
// token against forged requests; the requirement to be signed in, to have a
// one-time code where the duty needs one, to have proven oneself lately where the
// act is dangerous, and to carry an idempotency key; the size and the text of its
// body. Only then huma decodes it and checks it against the schema.
//
// Domains give operations to Register and know nothing of HTTP: a handler takes
// what was decoded and returns a value or a kernel/fault error. Every error, of
// whatever origin, leaves as one RFC 9457 problem document with a Chinese and an
// English sentence and the request's number, and never with a value that was
// sent. What failed inside is logged under that number.
//
// Unsafe operations need a person signed in and an Idempotency-Key unless they
// say otherwise: forgetting to say it errs on the safe side. The log holds
// operations and numbers, never paths, queries, addresses or names.
package web

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
)

// Sessions opens, knows and ends sessions; *auth.Accounts does.
type Sessions interface {
	SignIn(ctx context.Context, in auth.Attempt) (token string, session auth.Session, err error)
	Resolve(ctx context.Context, token string) (auth.Principal, auth.Session, error)
	// Peek is Resolve without noting a use.
	Peek(ctx context.Context, token string) (auth.Principal, auth.Session, error)
	SignOut(ctx context.Context, token string) error
}

// Passwords sets up the first account and changes passwords; *auth.Accounts does.
type Passwords interface {
	NeedsSetup(ctx context.Context) (bool, error)
	Setup(ctx context.Context, in auth.Setup) (auth.Installed, error)
	ChangePassword(ctx context.Context, who auth.Principal, token, before, after string) error
}

// Machines knows the clients that are programs; *auth.Accounts does.
type Machines interface {
	Machine(ctx context.Context, token string) (auth.Principal, auth.Client, error)
}

// Readings keeps who read what; *auth.Reads does. Note neither waits nor writes.
type Readings interface {
	Note(read auth.Read, quiet bool)
}

// Book gives the directory as of now; *auth.Book does.
type Book interface {
	Fresh(ctx context.Context) (*auth.Directory, error)
}

// Feed gives the envelopes of the event log as they are committed; *bus.Bus does.
type Feed interface {
	// Watch gives the envelopes from a position on, until ctx ends.
	Watch(ctx context.Context, from int64) <-chan []event.Envelope
	// Size is how many events may be read.
	Size() int64
}

// News tells when a person has new notices.
type News interface {
	Watch(person int64) (news <-chan struct{}, leave func())
}

// Visible gives the matters among events that a person may see move.
type Visible func(ctx context.Context, who auth.Principal, events []event.Envelope) ([]int64, error)

// Config is what a Server is made of. Fields without a remark are required.
type Config struct {
	Version   string // of the program, for the OpenAPI document
	Sessions  Sessions
	Passwords Passwords
	Book      Book
	Feed      Feed        // nil: no live feed
	Visible   Visible     // nil: no live feed
	Machines  Machines    // nil: no machine clients
	Readings  Readings    // nil: who read what is not kept
	News      News        // nil: nobody is told of notices at once
	Provider  Provider    // nil: nobody signs in elsewhere
	Vault     *auth.Vault // seals the cookies of a sign-in at the provider; required with one
	Clock     clock.Clock
	// Machine times rates, heartbeats and time-outs. It is clock.System by
	// default, also where Clock is moved by hand.
	Machine clock.Clock
	Log     *slog.Logger // slog.Default by default
	UI      fs.FS        // the built screens; nil or without index.html: a page that says how to build them
	Office  fault.Text   // whose installation this is
	City    fault.Text
	Demo    bool
	Limits  Limits
	// Proxies are the addresses whose X-Forwarded-For and X-Forwarded-Proto are
	// believed. If they name too much, anybody can pretend to be any address.
	Proxies []netip.Prefix
	// Origins are further origins ("https://portal.example") from which the
	// screens may write.
	Origins []string
}

// Server is the program's HTTP server.
type Server struct {
	cfg    Config
	log    *slog.Logger
	mux    *http.ServeMux
	api    huma.API
	routes map[string]*route // by pattern
	screen http.Handler
	forged *http.CrossOriginProtection

	byAddress, bySession, bySignIn, byMachine *meter

	live    *hub
	packers packers
	openAPI func() []byte
}

// New makes a server with the operations on the session and the live feed.
func New(cfg Config) (*Server, error) {
	teachHuma()
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Machine == nil {
		cfg.Machine = clock.System{}
	}
	limits := cfg.Limits.orDefault()
	s := &Server{
		cfg: cfg, log: cfg.Log, mux: http.NewServeMux(), routes: map[string]*route{}, screen: Static(cfg.UI),
		forged: http.NewCrossOriginProtection(), live: newHub(),
		byAddress: newMeter(limits.Address), bySession: newMeter(limits.Session), bySignIn: newMeter(limits.SignIn), byMachine: newMeter(limits.Machine),
	}
	for _, o := range cfg.Origins {
		if err := s.forged.AddTrustedOrigin(o); err != nil {
			return nil, fault.New(fault.Invalid, "web.New", "配置的来源地址有误，应如 https://portal.example。", "A configured origin is malformed; https://portal.example is wanted.")
		}
	}
	s.api = humago.New(s.mux, humaConfig(cfg.Version))
	s.openAPI = sync.OnceValue(func() []byte {
		text, err := json.Marshal(s.api.OpenAPI())
		if err != nil {
			panic("web: the OpenAPI document cannot be written: " + err.Error())
		}
		return text
	})
	s.handle(Op{Method: "GET", Path: "/api/openapi.json", Open: true}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/openapi+json")
		_, _ = w.Write(s.openAPI())
	})
	s.accountOperations()
	if cfg.Provider != nil && cfg.Vault != nil {
		s.providerOperations()
	}
	if cfg.Feed != nil && cfg.Visible != nil {
		s.liveOperation()
	}
	return s, nil
}

// OpenAPI gives the OpenAPI 3.1 document as JSON. It is fixed when first asked
// for, after all operations have been registered.
func (s *Server) OpenAPI() []byte { return s.openAPI() }

// The time-outs of a connection. Reading allows 20 MiB over a slow line.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 2 * time.Minute
	writeTimeout  = 2 * time.Minute
	idleTimeout   = 2 * time.Minute
	drainTimeout  = 15 * time.Second
	maxHeader     = 32 << 10
)

// Serve answers requests on a listener until ctx ends. It then closes the live
// feeds, lets running requests finish for up to 15 s, and returns nil.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	hs := &http.Server{
		Handler: s, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	ended := make(chan error, 1)
	go func() {
		<-ctx.Done()
		s.live.close()
		drain, cancel := context.WithTimeout(context.Background(), drainTimeout)
		defer cancel()
		ended <- hs.Shutdown(drain)
	}()
	if err := hs.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fault.Wrap("web.Serve", err)
	}
	return fault.Wrap("web.Serve", <-ended)
}
