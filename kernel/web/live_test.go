package web

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
)

// log is an event log in memory which can be watched.
type log struct {
	mu    sync.Mutex
	list  []event.Envelope
	grown chan struct{}
}

func feedOf(list []event.Envelope) *log { return &log{list: list, grown: make(chan struct{})} }

func (l *log) add(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range n {
		l.list = append(l.list, event.Envelope{Pos: int64(len(l.list)), Subject: int64(len(l.list)) * 10})
	}
	close(l.grown)
	l.grown = make(chan struct{})
}

func (l *log) Size() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int64(len(l.list))
}

func (l *log) Watch(ctx context.Context, from int64) <-chan []event.Envelope {
	out := make(chan []event.Envelope)
	go func() {
		defer close(out)
		for {
			l.mu.Lock()
			batch, grown := l.list[min(from, int64(len(l.list))):], l.grown
			l.mu.Unlock()
			if len(batch) == 0 {
				select {
				case <-grown:
					continue
				case <-ctx.Done():
					return
				}
			}
			select {
			case out <- batch[:1]:
				from++
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// paced is a clock on which one waiter at a time moves on when the test says so.
type paced struct {
	*clock.Manual
	steps chan struct{}
}

func (p *paced) Wait(ctx context.Context, t time.Time) error {
	select {
	case <-p.steps:
		p.Set(t)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// step lets n checks of the stream happen, or as many as it lives for.
func (p *paced) step(ctx context.Context, n int) {
	for range n {
		select {
		case p.steps <- struct{}{}:
		case <-ctx.Done():
		}
	}
}

// liveOffice serves the feed of a log. Odd subjects are invisible.
type liveOffice struct {
	*office
	log     *log
	machine *paced
	url     string
	token   string
	client  *http.Client
}

func newLive(t *testing.T, events int) *liveOffice {
	l := &liveOffice{log: feedOf(nil), machine: &paced{clock.NewManual(begin), make(chan struct{})}}
	l.log.add(events)
	l.office = newOffice(t, func(c *Config) {
		c.Feed, c.Machine = l.log, l.machine
		c.Visible = func(_ context.Context, who auth.Principal, events []event.Envelope) (out []int64, err error) {
			if who.Person != 10 {
				return nil, errors.New("not the person who is signed in")
			}
			for _, e := range events {
				if e.Pos%2 == 0 {
					out = append(out, e.Subject)
				}
			}
			return out, nil
		}
	})
	srv := httptest.NewServer(l)
	t.Cleanup(srv.Close)
	t.Cleanup(l.live.close)
	l.url, l.client = srv.URL, http.DefaultClient
	l.token, _, _ = l.desk.SignIn(context.Background(), auth.Attempt{Login: "wang", Password: "right"})
	return l
}

// listen opens a stream and gives its blocks.
func (l *liveOffice) listen(t *testing.T, lastID string) (*http.Response, func() (string, error)) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", l.url+"/api/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: cookieName, Value: l.token})
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	resp, err := l.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	lines := bufio.NewScanner(resp.Body)
	return resp, func() (string, error) {
		var block []string
		for lines.Scan() {
			if lines.Text() == "" {
				return strings.Join(block, "|"), nil
			}
			block = append(block, lines.Text())
		}
		return "", fmt.Errorf("the stream ended: %v", lines.Err())
	}
}

func expect(t *testing.T, next func() (string, error), want string) {
	t.Helper()
	got, err := next()
	if err != nil || got != want {
		t.Fatalf("got %q (%v), want %q", got, err, want)
	}
}

const nineOClock = `event: clock|data: {"now":"2026-11-30T09:00:00+08:00"}`

func TestLive(t *testing.T) {
	l := newLive(t, 3)
	resp, next := l.listen(t, "")
	if ct := resp.Header.Get("Content-Type"); resp.StatusCode != 200 || ct != "text/event-stream" {
		t.Fatalf("status %d, %s", resp.StatusCode, ct)
	}
	expect(t, next, "retry: 2000|id: 2|"+nineOClock)
	l.log.add(1) // position 3 is invisible
	l.log.add(1)
	expect(t, next, `id: 4|event: moved|data: {"pos":4,"matters":[40]}`)

	// The office's clock is moved: told at the next check.
	l.clk.Advance(24 * time.Hour)
	l.machine.step(t.Context(), 1)
	expect(t, next, `id: 4|event: clock|data: {"now":"2026-12-01T09:00:00+08:00"}`)
}

// TestLiveIsNoUse: an open stream, its checks and what a page reads because of it
// do not extend the session; what a person does, does.
func TestLiveIsNoUse(t *testing.T) {
	l := newLive(t, 1)
	_, next := l.listen(t, "")
	expect(t, next, "retry: 2000|id: 0|"+nineOClock)
	l.machine.step(t.Context(), 4)
	if uses, peeks := l.desk.uses.Load(), l.desk.peeks.Load(); uses != 0 || peeks < 2 {
		t.Errorf("a stream: %d uses, %d peeks", uses, peeks)
	}
	quiet := map[string]string{quietHeader: "1"}
	for _, c := range []struct {
		call
		uses int64
	}{
		{call{method: "GET", path: "/api/things/1", header: quiet}, 0},
		{call{method: "GET", path: "/api/things/1"}, 1},
		{call{method: "POST", path: "/api/things", body: `{"title":"甲乙"}`, header: quiet}, 1},
	} {
		before := l.desk.uses.Load()
		if w := l.do(c.call); w.Code >= 300 {
			t.Fatal(w.Body)
		}
		if got := l.desk.uses.Load() - before; got != c.uses {
			t.Errorf("%s %v: %d uses, want %d", c.method, c.header, got, c.uses)
		}
	}
}

func TestLiveHeartbeat(t *testing.T) {
	l := newLive(t, 1)
	l.cfg.Clock = l.machine // both clocks go together, as real ones do
	_, next := l.listen(t, "")
	expect(t, next, "retry: 2000|id: 0|"+nineOClock)
	// The clock may be one check ahead when the stream looks at it, so the second
	// heartbeat may be due one check later: more steps than two heartbeats need.
	go l.machine.step(t.Context(), int(3*heartbeat/liveCheck))
	expect(t, next, `id: 0|event: clock|data: {"now":"2026-11-30T09:00:15+08:00"}`)
	expect(t, next, `id: 0|event: clock|data: {"now":"2026-11-30T09:00:30+08:00"}`)
}

func TestLiveResume(t *testing.T) {
	l := newLive(t, 8)
	for _, c := range []struct {
		last string
		want []string
	}{
		{"3", []string{"retry: 2000|id: 3|" + nineOClock, `id: 4|event: moved|data: {"pos":4,"matters":[40]}`, `id: 6|event: moved|data: {"pos":6,"matters":[60]}`}},
		{"-1", []string{"retry: 2000|id: -1|" + nineOClock, `id: 0|event: moved|data: {"pos":0,"matters":[0]}`}},
		{"7", []string{"retry: 2000|id: 7|" + nineOClock}},
		{"999", []string{"retry: 2000|id: 7|" + nineOClock}}, // a log that was restored is shorter
		{"x", []string{"retry: 2000|id: 7|" + nineOClock}},
	} {
		t.Run(c.last, func(t *testing.T) {
			_, next := l.listen(t, c.last)
			for _, want := range c.want {
				expect(t, next, want)
			}
		})
	}
	t.Run("missed too much", func(t *testing.T) {
		l.log.add(liveBehind)
		_, next := l.listen(t, "3")
		expect(t, next, fmt.Sprintf("retry: 2000|id: %d|", 7+liveBehind)+nineOClock)
		expect(t, next, fmt.Sprintf(`id: %d|event: moved|data: {"pos":%d,"matters":[],"all":true}`, 7+liveBehind, 7+liveBehind))
	})
}

func TestLiveEndsWithItsSession(t *testing.T) {
	l := newLive(t, 1)
	_, next := l.listen(t, "")
	expect(t, next, "retry: 2000|id: 0|"+nineOClock)
	_ = l.desk.SignOut(context.Background(), l.token)
	go l.machine.step(t.Context(), int(time.Second/liveCheck))
	if text, err := next(); err == nil {
		t.Errorf("the stream goes on: %q", text)
	}
	if w := l.do(call{method: "GET", path: "/api/live", guest: true}); w.Code != 401 {
		t.Errorf("a guest got %d", w.Code)
	}
}

func TestLiveEndsWithTheServer(t *testing.T) {
	l := newLive(t, 1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Serve(ctx, listener) }()
	l.url = "http://" + listener.Addr().String()
	_, next := l.listen(t, "")
	expect(t, next, "retry: 2000|id: 0|"+nineOClock)
	stop()
	if _, err := next(); err == nil {
		t.Error("the stream goes on")
	}
	if err := <-ended; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

// TestLiveOutlivesTimeouts keeps a stream open for longer than a request, and
// quiet for longer than a write, may take. These are deadlines of the operating
// system, which only real time passes.
func TestLiveOutlivesTimeouts(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		t.Run(fmt.Sprint("HTTP/2 ", http2), func(t *testing.T) {
			l := newLive(t, 1)
			const limit = 40 * time.Millisecond
			l.live.patience = limit
			srv := httptest.NewUnstartedServer(l)
			srv.Config.ReadTimeout, srv.Config.WriteTimeout = limit, limit
			srv.EnableHTTP2 = http2
			srv.StartTLS()
			t.Cleanup(srv.Close)
			t.Cleanup(l.live.close)
			l.url, l.client = srv.URL, srv.Client()
			resp, next := l.listen(t, "")
			if http2 != (resp.ProtoMajor == 2) {
				t.Fatal(resp.Proto)
			}
			expect(t, next, "retry: 2000|id: 0|"+nineOClock)
			for pos := 2; pos <= 6; pos += 2 {
				<-time.After(3 * limit)
				l.log.add(2)
				expect(t, next, fmt.Sprintf(`id: %d|event: moved|data: {"pos":%d,"matters":[%d]}`, pos, pos, pos*10))
			}
		})
	}
}

func TestLiveLimits(t *testing.T) {
	l := newLive(t, 1)
	for range liveEach {
		_, next := l.listen(t, "")
		expect(t, next, "retry: 2000|id: 0|"+nineOClock)
	}
	resp, _ := l.listen(t, "")
	if resp.StatusCode != 429 {
		t.Errorf("stream %d got %d", liveEach+1, resp.StatusCode)
	}
}

// TestLiveDropsTheSlow lets a client not read: the server must give it up.
func TestLiveDropsTheSlow(t *testing.T) {
	l := newLive(t, 1)
	l.live.patience = 50 * time.Millisecond
	addr := strings.TrimPrefix(l.url, "http://")
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.(*net.TCPConn).SetReadBuffer(4096)
	fmt.Fprintf(conn, "GET /api/live HTTP/1.1\r\nHost: x\r\nCookie: %s=%s\r\n\r\n", cookieName, l.token)
	if !bytes.Contains(firstLine(t, conn), []byte("200")) {
		t.Fatal("no stream")
	}
	for {
		l.log.add(500)
		l.live.mu.Lock()
		open := l.live.total
		l.live.mu.Unlock()
		if open == 0 {
			return
		}
		runtime.Gosched()
	}
}

func firstLine(t *testing.T, conn net.Conn) []byte {
	t.Helper()
	line := make([]byte, 15)
	if _, err := conn.Read(line); err != nil {
		t.Fatal(err)
	}
	return line
}
