package notice

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// drop ends a connection without an answer.
func drop(w http.ResponseWriter) {
	if c, _, err := w.(http.Hijacker).Hijack(); err == nil {
		c.Close()
	}
}

// receiver is a webhook's other end. answers are given one after the other; 0
// ends the connection after the letter was read.
type receiver struct {
	mu      sync.Mutex
	answers []int
	keys    []string
	person  map[string]int // letters that reached a person, by key: known keys are ignored
	t       testing.TB
	clock   clock.Clock
}

// got gives the keys received so far. A connection that was dropped may end before
// its handler does.
func (r *receiver) got() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.keys)
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	body, _ := io.ReadAll(q.Body)
	at, mac, _ := strings.Cut(strings.TrimPrefix(q.Header.Get("Touyan-Signature"), "t="), ",v1=")
	if at != fmt.Sprint(r.clock.Now().Unix()) || mac != Sign([]byte("a secret of the office"), at, body) {
		r.t.Errorf("the signature %q is wrong", q.Header.Get("Touyan-Signature"))
	}
	if strings.Contains(string(body), "张三") {
		r.t.Errorf("a title left the house: %s", body)
	}
	id := q.Header.Get("Idempotency-Key")
	r.keys = append(r.keys, id)
	answer := http.StatusOK
	if len(r.answers) > 0 {
		answer, r.answers = r.answers[0], r.answers[1:]
	}
	if answer/100 == 2 || answer == 0 {
		r.person[id] = 1
	}
	if answer == 0 {
		drop(w)
		return
	}
	w.Header().Set("Location", "http://127.0.0.1/")
	w.WriteHeader(answer)
}

// TestWebhook: signed, retried with the same key, and after an unknown outcome
// sent again only to a receiver that keeps the keys.
func TestWebhook(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers []int
		once    bool
		want    State
		calls   int
	}{
		{"taken", nil, false, Sent, 1},
		{"busy twice", []int{503, 429, 200}, false, Sent, 3},
		{"refused", []int{422}, false, Dead, 1},
		{"redirect", []int{302}, false, Dead, 1},
		{"failed", []int{500, 200}, false, Unsure, 1},
		{"failed, keeps keys", []int{500, 502, 200}, true, Sent, 3},
		{"broken off", []int{0, 200}, false, Unsure, 1},
		{"broken off, keeps keys", []int{0, 200}, true, Sent, 2},
		{"in doubt and then refused", []int{0, 422}, true, Unsure, 2},
		{"in doubt and busy", []int{0, 503, 0, 200}, true, Sent, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			db := storetest.Open(t, store.SQLite, store.Options{}, sources()...)
			clk := clock.NewManual(monday(9))
			r := &receiver{answers: c.answers, person: map[string]int{}, t: t, clock: clk}
			s := httptest.NewServer(r)
			defer s.Close()
			h, err := NewHook(Hook{URL: s.URL, Secret: []byte("a secret of the office"), Once: c.once, Inside: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Clock: clk})
			if err != nil {
				t.Fatal(err)
			}
			p := New(Config{DB: db, Clock: clk, Machine: clk, Domain: &town{}, Channels: []Channel{h}, Log: silent()})
			settle(t, p, 7)
			happen(t, p, body{[]int64{7}, Task})
			for range 10 {
				sendDue(t, p)
				clk.Advance(10 * time.Minute)
			}
			keys := r.got()
			if got := states(t, p); got[c.want] != 1 || len(keys) != c.calls {
				t.Errorf("%v after %d calls, want %s after %d", got, len(keys), c.want, c.calls)
			}
			for _, k := range keys {
				if k != "0.7.webhook" {
					t.Errorf("keys %v", keys)
				}
			}
		})
	}
}

// TestInside: a webhook calls nothing of the inside network.
func TestInside(t *testing.T) {
	inside := []netip.Prefix{netip.MustParsePrefix("10.9.0.0/16")}
	for address, may := range map[string]bool{
		"93.184.216.34": true, "2606:4700::1": true, "10.9.1.1": true, "::ffff:10.9.1.1": true,
		"127.0.0.1": false, "::1": false, "10.0.0.1": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false,
		"0.0.0.0": false, "::": false, "fe80::1": false, "fd00::1": false, "224.0.0.1": false, "255.255.255.255": false, "::ffff:127.0.0.1": false,
		"64:ff9b::7f00:1": false, "2002:7f00:1::": false, "198.18.0.1": false,
	} {
		if got := mayCall(netip.MustParseAddr(address), inside); got != may {
			t.Errorf("%s may be called: %v", address, got)
		}
	}
	called := false
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	defer s.Close()
	h, err := NewHook(Hook{URL: strings.Replace(s.URL, "127.0.0.1", "localhost", 1), Secret: []byte("a secret of the office"), Inside: inside, Clock: clock.System{}})
	if err != nil {
		t.Fatal(err)
	}
	var no *NotSent
	if _, err := h.Send(context.Background(), Letter{ID: "x"}); !errors.As(err, &no) || no.Code != "http inside address" || called {
		t.Errorf("a name that leads inside gave %v", err)
	}
	for _, bad := range []Hook{{URL: "http://example.com/"}, {URL: "https://u:p@example.com/"}, {URL: "ftp://example.com"}, {URL: "https://example.com/", Secret: []byte("short")}} {
		if _, err := NewHook(bad); err == nil {
			t.Errorf("%s was accepted", bad.URL)
		}
	}
}

// platform is a stand-in for the open API of 政务微信, as its documents describe it:
// tokens that end, a limit on calls, codes, and a check for duplicates: the same
// request within the interval is answered with success and not delivered.
type platform struct {
	mu      sync.Mutex
	clock   clock.Clock
	token   string
	until   time.Time
	fetched int
	codes   []int // answered to the next messages instead of taking them
	breaks  int   // messages after which the connection breaks off, though they were taken
	seen    map[string]time.Time
	cards   map[string][]map[string]any // by user
}

func (f *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	answer := func(a map[string]any) { _ = json.NewEncoder(w).Encode(a) }
	switch r.URL.Path {
	case "/cgi-bin/gettoken":
		if r.URL.Query().Get("corpid") != "wwcity" || r.URL.Query().Get("corpsecret") != "secret" {
			answer(map[string]any{"errcode": 40001, "errmsg": "invalid credential"})
			return
		}
		f.fetched++
		f.token, f.until = fmt.Sprintf("token-%d", f.fetched), f.clock.Now().Add(2*time.Hour)
		answer(map[string]any{"errcode": 0, "errmsg": "ok", "access_token": f.token, "expires_in": 7200})
	case "/cgi-bin/message/send":
		f.send(w, r, answer)
	default:
		http.NotFound(w, r)
	}
}

func (f *platform) send(w http.ResponseWriter, r *http.Request, answer func(map[string]any)) {
	text, _ := io.ReadAll(r.Body)
	var m struct {
		User     string         `json:"touser"`
		Type     string         `json:"msgtype"`
		Agent    int64          `json:"agentid"`
		Card     map[string]any `json:"textcard"`
		Check    int            `json:"enable_duplicate_check"`
		Interval int64          `json:"duplicate_check_interval"`
	}
	switch err := json.Unmarshal(text, &m); {
	case r.URL.Query().Get("access_token") != f.token:
		answer(map[string]any{"errcode": 40014, "errmsg": "invalid access_token"})
	case f.clock.Now().After(f.until):
		answer(map[string]any{"errcode": 42001, "errmsg": "access_token expired"})
	case err != nil || m.Type != "textcard" || m.Agent != 1000002 || m.Interval > 14400:
		answer(map[string]any{"errcode": 40058, "errmsg": "invalid Request Parameter"})
	case len(f.codes) > 0:
		code := f.codes[0]
		f.codes = f.codes[1:]
		answer(map[string]any{"errcode": code, "errmsg": "as told"})
	case m.User == "user404":
		answer(map[string]any{"errcode": 81013, "errmsg": "user & party & tag all invalid"})
	default:
		last, known := f.seen[string(text)]
		if !known || m.Check != 1 || f.clock.Now().Sub(last) >= time.Duration(m.Interval)*time.Second {
			f.cards[m.User] = append(f.cards[m.User], m.Card)
			f.seen[string(text)] = f.clock.Now()
		}
		if f.breaks > 0 {
			f.breaks--
			drop(w)
			return
		}
		answer(map[string]any{"errcode": 0, "errmsg": "ok", "invaliduser": "", "msgid": "msg-1"})
	}
}

// TestCard: tokens are fetched and renewed, limits are waited for, a user that is
// unknown is final, and an answer that broke off does not bring a second card.
func TestCard(t *testing.T) {
	for _, c := range []struct {
		name   string
		user   string
		tune   func(f *platform)
		want   State
		cards  int
		tokens int
		err    string
	}{
		{"taken", "user7", nil, Sent, 1, 1, ""},
		{"token withdrawn", "user7", func(f *platform) { f.codes = []int{42001} }, Sent, 1, 2, ""},
		{"too often", "user7", func(f *platform) { f.codes = []int{45009, 45033, -1} }, Sent, 1, 1, ""},
		{"unknown user", "user404", nil, Dead, 0, 1, "card 81013 user"},
		{"broken off", "user7", func(f *platform) { f.breaks = 2 }, Sent, 1, 1, ""},
		{"broken off, then too often", "user7", func(f *platform) { f.breaks = 1 }, Sent, 1, 1, ""},
		{"broken off for ever", "user7", func(f *platform) { f.breaks = 100 }, Unsure, 1, 0, "unknown outcome"},
	} {
		t.Run(c.name, func(t *testing.T) {
			storetest.Each(t, sources(), func(t *testing.T, db *store.DB) {
				clk := clock.NewManual(monday(9))
				f := &platform{clock: clk, seen: map[string]time.Time{}, cards: map[string][]map[string]any{}}
				if c.tune != nil {
					c.tune(f)
				}
				s := httptest.NewServer(f)
				defer s.Close()
				m, err := NewMessenger(Application{API: s.URL, Corp: "wwcity", Secret: "secret", Agent: 1000002, Clock: clk})
				if err != nil {
					t.Fatal(err)
				}
				p := New(Config{DB: db, Clock: clk, Machine: clk, Domain: &town{}, Channels: []Channel{m}, Site: "https://desk.example.gov.cn", Log: silent()})
				if err := p.Set(context.Background(), 7, Setting{Ways: map[string]Way{Card: {To: c.user}}}); err != nil {
					t.Fatal(err)
				}
				happen(t, p, body{[]int64{7}, Task})
				for range 60 {
					sendDue(t, p)
					clk.Advance(5 * time.Minute)
					f.mu.Lock() // a broken-off request may still be at work
					if c.name == "broken off, then too often" && len(f.seen) == 1 && f.breaks == 0 {
						f.codes, f.breaks = []int{45009}, -1
					}
					f.mu.Unlock()
				}
				list, _ := p.Deliveries(context.Background(), "", 0, 10)
				f.mu.Lock()
				defer f.mu.Unlock()
				if len(list) != 1 || list[0].State != c.want || list[0].Error != c.err || len(f.cards[c.user]) != c.cards || c.tokens != 0 && f.fetched != c.tokens {
					t.Fatalf("%+v; %d cards, %d tokens", list, len(f.cards[c.user]), f.fetched)
				}
				for _, card := range f.cards[c.user] {
					text := fmt.Sprint(card)
					if card["title"] != "待您办理：签收" || card["url"] != "https://desk.example.gov.cn/matters/0?notice=0" || strings.Contains(text, "张三") || strings.Count(text, "<div") != 2 {
						t.Errorf("the card is %v", card)
					}
				}
			})
		})
	}
}

// TestChanged: a card that would read differently by now is not sent again after an
// unknown outcome: the platform could not tell that it is the same.
func TestChanged(t *testing.T) {
	now := monday(9)
	d := Delivery{First: now.UnixMicro(), Digest: []byte("a")}
	card := Traits{Again: sameFor}
	for _, c := range []struct {
		traits Traits
		digest string
		after  time.Duration
		want   bool
	}{
		{card, "a", time.Minute, true}, {card, "b", time.Minute, false}, {card, "a", sameFor, false},
		{card, "a", sameFor - lease, false}, {card, "a", sameFor - lease - time.Second, true}, {Traits{}, "a", time.Minute, false},
	} {
		if got := c.traits.again(d, []byte(c.digest), now.Add(c.after)); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// TestBrokenOff: a mail server that takes a letter and goes without an answer
// leaves its outcome unknown: it is not sent again. Before the letter it is.
func TestBrokenOff(t *testing.T) {
	for _, c := range []struct {
		answers []string // to each line of the client, and to the dot
		want    State
	}{
		{[]string{"250 localhost", "250 ok", "250 ok", "354 go on"}, Unsure}, // gone after the dot
		{[]string{"250 localhost", "250 ok", "250 ok", "354 go on", "451 later"}, Waiting},
		{[]string{"250 localhost", "250 ok", "250 ok", "354 go on", "554 spam"}, Dead},
		{[]string{"250 localhost", "250 ok", "250 ok"}, Waiting}, // gone before the letter
		{[]string{"250 localhost", "250 ok", "250 ok", "354 go on", "250 taken"}, Sent},
	} {
		db := storetest.Open(t, store.SQLite, store.Options{}, sources()...)
		clk := clock.NewManual(monday(9))
		ch := (&mailbox{address: abrupt(t, c.answers)}).channel()
		ch.TLS = MailPlain
		p := New(Config{DB: db, Clock: clk, Machine: clk, Domain: &town{sealed: true}, Channels: []Channel{ch}, Log: silent()})
		settle(t, p, 7)
		happen(t, p, body{[]int64{7}, Task})
		sendDue(t, p)
		if got := states(t, p); got[c.want] != 1 {
			t.Errorf("after %v: %v, want %s", c.answers, got, c.want)
		}
	}
}

// abrupt is a mail server that gives these answers to one client and hangs up.
func abrupt(t *testing.T, answers []string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		lines := bufio.NewReader(conn)
		fmt.Fprint(conn, "220 localhost\r\n")
		data := false
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			if data && line != ".\r\n" {
				continue
			}
			if len(answers) == 0 {
				return
			}
			data = strings.HasPrefix(answers[0], "354")
			fmt.Fprint(conn, answers[0]+"\r\n")
			answers = answers[1:]
		}
	}()
	return l.Addr().String()
}

// TestSealedLetter: of what is kept from somebody neither number nor title leaves
// the house, even where titles may.
func TestSealedLetter(t *testing.T) {
	db := storetest.Open(t, store.SQLite, store.Options{}, sources()...)
	clk := clock.NewManual(monday(9))
	p := New(Config{DB: db, Clock: clk, Machine: clk, Domain: &town{sealed: true}, Titles: true, Log: silent()})
	happen(t, p, body{[]int64{7}, Task})
	l, _, ok, err := p.letter(context.Background(), Delivery{Person: 7, Pos: 0, Channel: SMTP})
	if err != nil || !ok || l.Number != "" || l.Title != "" || l.Text.ZH == "" {
		t.Errorf("the letter is %+v (%v, %v)", l, ok, err)
	}
}
