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

// liveOffice serves the feed of a log. Odd subjects are invisible.
type liveOffice struct {
	*office
	log     *log
	machine *clock.Manual
	url     string
	token   string
}

func newLive(t *testing.T, events int) *liveOffice {
	l := &liveOffice{log: feedOf(nil), machine: clock.NewManual(begin)}
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
	l.url = srv.URL
	l.token, _, _ = l.desk.SignIn(context.Background(), "wang", "right", "")
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
	resp, err := http.DefaultClient.Do(r)
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
	tick(l, t, next, `id: 4|event: clock|data: {"now":"2026-12-01T09:00:00+08:00"}`)
}

// tick moves the machine's clock until the stream says something.
func tick(l *liveOffice, t *testing.T, next func() (string, error), want string) {
	t.Helper()
	type said struct {
		text string
		err  error
	}
	heard := make(chan said, 1)
	go func() {
		text, err := next()
		heard <- said{text, err}
	}()
	for {
		select {
		case s := <-heard:
			if s.err != nil && want != "" || s.text != want {
				t.Fatalf("got %q (%v), want %q", s.text, s.err, want)
			}
			return
		default:
			l.machine.Advance(liveCheck)
			runtime.Gosched()
		}
	}
}

func TestLiveHeartbeat(t *testing.T) {
	l := newLive(t, 1)
	_, next := l.listen(t, "")
	expect(t, next, "retry: 2000|id: 0|"+nineOClock)
	before := l.machine.Now()
	// Both clocks go together, as real ones do.
	heard := make(chan string, 1)
	go func() { text, _ := next(); heard <- text }()
	for {
		select {
		case text := <-heard:
			if !strings.HasPrefix(text, "id: 0|event: clock|") || l.machine.Now().Sub(before) < heartbeat {
				t.Fatalf("after %v: %q", l.machine.Now().Sub(before), text)
			}
			return
		default:
			l.clk.Advance(liveCheck)
			l.machine.Advance(liveCheck)
			runtime.Gosched()
		}
	}
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
	before := l.machine.Now()
	_ = l.desk.SignOut(context.Background(), l.token)
	tick(l, t, next, "") // the end
	_ = before
	if w := l.do(call{method: "GET", path: "/api/live", guest: true}); w.Code != 401 {
		t.Errorf("a guest got %d", w.Code)
	}
}

// TestLiveEndsWithinASecond pins the check itself: two of them fit into a second.
func TestLiveEndsWithinASecond(t *testing.T) {
	if 2*liveCheck > time.Second {
		t.Errorf("sessions are checked every %v", liveCheck)
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
