package web

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
)

const (
	heartbeat = 15 * time.Second
	// liveCheck is how often a stream asks whether its session still stands. What
	// was read of a session is believed for another half second at most, so one
	// that is ended anywhere closes its streams within a second.
	liveCheck = 250 * time.Millisecond
	// liveBehind is how many events a client may have missed and still be told
	// one by one; beyond, it is told to read everything again.
	liveBehind = 5000
	liveMax    = 5000 // streams of the process
	liveEach   = 20   // streams of one session
)

// Moved is the data of the event "moved": these matters have changed, as of pos.
// All means that more happened than can be told: read everything again.
type Moved struct {
	Pos     int64   `json:"pos"`
	Matters []int64 `json:"matters"`
	All     bool    `json:"all,omitempty"`
}

// Ticked is the data of the event "clock": the office's time.
type Ticked struct {
	Now string `json:"now"`
}

// hub knows the streams that are open.
type hub struct {
	mu      sync.Mutex
	streams map[string]int // by session
	total   int
	closed  chan struct{}
	once    sync.Once
	// patience is how long a client may take to accept what is sent to it; then
	// it is dropped, and reconnects with Last-Event-ID.
	patience time.Duration
}

func newHub() *hub {
	return &hub{streams: map[string]int{}, closed: make(chan struct{}), patience: 10 * time.Second}
}

// close ends all streams.
func (h *hub) close() { h.once.Do(func() { close(h.closed) }) }

// enter counts a stream; leave must be called if ok.
func (h *hub) enter(session string) (leave func(), ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.total >= liveMax || h.streams[session] >= liveEach {
		return nil, false
	}
	h.total++
	h.streams[session]++
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.total--
		if h.streams[session]--; h.streams[session] == 0 {
			delete(h.streams, session)
		}
	}, true
}

func (s *Server) liveOperation() {
	op := Op{Method: "GET", Path: "/api/live", ID: "live", Summary: "Server-sent events: what moved, and the time", Tag: "session", Quiet: true}
	s.handle(op, s.serveLive)
	s.api.OpenAPI().AddOperation(&huma.Operation{
		Method: op.Method, Path: op.Path, OperationID: op.ID, Summary: op.Summary, Tags: []string{op.Tag}, Security: signedIn(),
		Parameters: []*huma.Param{{Name: "Last-Event-ID", In: "header", Schema: &huma.Schema{Type: huma.TypeString}}},
		Responses:  map[string]*huma.Response{"200": {Description: "events moved {pos, matters, all}, notices {} (there are new ones) and clock {now}", Content: map[string]*huma.MediaType{"text/event-stream": {}}}},
	})
}

// stream is one client of the live feed.
type stream struct {
	server *Server
	w      http.ResponseWriter
	ctl    *http.ResponseController
	q      *request
	last   int64     // the newest position the client has been told, or need not be
	spoke  time.Time // by the machine's clock
	office time.Time // what was last said of the office's clock
	news   <-chan struct{}
}

// serveLive keeps a stream open until the client or the server goes, the session
// ends, or the client no longer accepts.
func (s *Server) serveLive(w http.ResponseWriter, r *http.Request) {
	q := current(r.Context())
	leave, ok := s.live.enter(q.token)
	if !ok {
		s.refuse(w, r, fault.New(fault.TooMuch, "web.live", "打开的页面过多，请关闭一些。", "Too many pages are open; close some."), 0)
		return
	}
	defer leave()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	st := &stream{server: s, w: w, ctl: http.NewResponseController(w), q: q, last: s.cfg.Feed.Size() - 1}
	from, resumed := resume(r.Header.Get("Last-Event-ID"), st.last)
	missed := resumed && st.last-from >= liveBehind
	if resumed && !missed {
		st.last = from
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // proxies must not gather events
	feed := s.cfg.Feed.Watch(ctx, st.last+1)
	if s.cfg.News != nil {
		news, leave := s.cfg.News.Watch(q.who.Person)
		defer leave()
		st.news = news
	}
	if st.write("retry: 2000\n") != nil || st.clock() != nil {
		return
	}
	if missed && st.send("moved", Moved{Pos: st.last, Matters: []int64{}, All: true}) != nil {
		return
	}
	st.run(ctx, feed)
}

// resume reads Last-Event-ID; an id that is none of ours counts as absent.
func resume(header string, head int64) (int64, bool) {
	id, err := strconv.ParseInt(header, 10, 64)
	if err != nil || id < -1 || id > head {
		return 0, false
	}
	return id, true
}

func (st *stream) run(ctx context.Context, feed <-chan []event.Envelope) {
	tick := ticks(ctx, st.server.cfg.Machine, liveCheck)
	for {
		var err error
		select {
		case batch, open := <-feed:
			if !open {
				return
			}
			err = st.moved(ctx, batch)
		case <-st.news:
			err = st.send("notices", struct{}{})
		case <-tick:
			err = st.check(ctx)
		case <-st.server.live.closed:
			return
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// ticks gives a tick each time d has passed by the clock, until ctx ends.
func ticks(ctx context.Context, c clock.Clock, d time.Duration) <-chan struct{} {
	out := make(chan struct{})
	go func() {
		for c.Wait(ctx, c.Now().Add(d)) == nil {
			select {
			case out <- struct{}{}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// moved tells the client which of the matters it may see have moved.
func (st *stream) moved(ctx context.Context, batch []event.Envelope) error {
	matters, err := st.server.cfg.Visible(ctx, st.q.who, batch)
	if err != nil {
		if ctx.Err() == nil {
			st.server.log.Warn("a live feed ended", "id", st.q.id, "error", err)
		}
		return err
	}
	st.last = batch[len(batch)-1].Pos
	if len(matters) == 0 {
		return nil // the next heartbeat carries the position
	}
	return st.send("moved", Moved{Pos: st.last, Matters: matters})
}

// check ends the stream of an ended session, and tells the time when it is due
// or when the office's clock has been moved.
func (st *stream) check(ctx context.Context) error {
	_, _, err := st.server.cfg.Sessions.Peek(ctx, st.q.token)
	if fault.Is(err, fault.Unauthenticated) {
		return err
	}
	passed := st.server.cfg.Machine.Now().Sub(st.spoke)
	jump := st.server.cfg.Clock.Now().Sub(st.office) - passed
	if passed >= heartbeat || jump.Abs() > 2*time.Second && st.server.cfg.Clock.Now() != st.office {
		return st.clock()
	}
	return nil
}

func (st *stream) clock() error {
	st.office = st.server.cfg.Clock.Now()
	return st.send("clock", Ticked{Now: st.office.In(clock.Shanghai()).Format(time.RFC3339)})
}

// send writes one event. Its id is the position from which a client that loses
// the connection goes on.
func (st *stream) send(name string, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return st.write(fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", st.last, name, text))
}

func (st *stream) write(text string) error {
	// A deadline of the operating system: no other clock can set it.
	_ = st.ctl.SetWriteDeadline(time.Now().Add(st.server.live.patience))
	if _, err := io.WriteString(st.w, text); err != nil {
		return err
	}
	if err := st.ctl.Flush(); err != nil {
		return err
	}
	st.spoke = st.server.cfg.Machine.Now()
	// In HTTP/2 a deadline that passes between two writes would end the stream.
	return st.ctl.SetWriteDeadline(time.Time{})
}
