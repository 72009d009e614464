package notice

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"mime/multipart"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"touyan.dev/touyan/kernel/bus"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// TestOnce: a notice is made once for a person and an event, however often the
// events are handed over and whatever reasons an event gives, and letters go only
// where somebody wants them.
func TestOnce(t *testing.T) {
	storetest.Each(t, sources(), func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		clk := clock.NewManual(monday(9))
		box := newMailbox(t, nil)
		p := New(Config{DB: db, Clock: clk, Machine: clk, Domain: &town{}, Channels: []Channel{box.channel()}, Log: silent()})
		settle(t, p, 7, 8)
		s, _ := p.Setting(ctx, 8)
		s.Ways[SMTP] = Way{To: "p8@example.gov.cn", Off: []Class{Task}}
		if err := p.Set(ctx, 8, s); err != nil {
			t.Fatal(err)
		}
		happen(t, p, body{[]int64{7, 7, 8, 9}, Task}, body{[]int64{7}, End})
		events, err := event.After(ctx, db, 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.take(ctx, events); !errors.Is(err, bus.ErrMoved) {
			t.Errorf("the same events again gave %v", err)
		}
		for person, want := range map[int64]int{7: 2, 8: 1, 9: 1, 1: 0} {
			if n, err := p.Unread(ctx, person); err != nil || n != want {
				t.Errorf("person %d has %d unread notices (%v), want %d", person, n, err, want)
			}
		}
		if got := states(t, p); got[Waiting] != 2 { // both of 7; 8 does not want tasks, 9 has no address
			t.Errorf("deliveries stand at %v, want 2 waiting", got)
		}
		for sendDue(t, p) > 0 {
		}
		if n, most := box.counts(); n != 2 || most != 1 {
			t.Errorf("%d letters came, at most %d of one id; want 2 and 1", n, most)
		}
		if list, _, _ := p.List(ctx, 7, 0, false, 10); len(list) != 2 || list[1].Class != Task {
			t.Errorf("the list of 7 is %+v, want the most pressing class of each event", list)
		}
		if err := p.See(ctx, 7, 0, 0, false); err != nil { // the first event only
			t.Fatal(err)
		}
		if n, _ := p.Unread(ctx, 7); n != 1 {
			t.Errorf("%d unread after one was read", n)
		}
	})
}

// TestOld: a program that meets a long log tells nobody of long ago, and writes no
// letters of what is some days old.
func TestOld(t *testing.T) {
	storetest.Each(t, sources(), func(t *testing.T, db *store.DB) {
		clk := clock.NewManual(monday(9))
		p := New(Config{DB: db, Clock: clk, Machine: clk, Domain: &town{}, Channels: []Channel{(&mailbox{}).channel()}, Log: silent()})
		settle(t, p, 7)
		ctx := context.Background()
		for i, ago := range []time.Duration{newsFor + time.Hour, newsFor - time.Hour, lettersFor + time.Hour, lettersFor - time.Hour} {
			write(t, db, &add{clk.Now().Add(-ago), []body{{[]int64{7}, Task}}, i})
		}
		events, _ := event.After(ctx, db, 0, 10)
		if err := p.take(ctx, events); err != nil {
			t.Fatal(err)
		}
		if n, _ := p.Unread(ctx, 7); n != 3 {
			t.Errorf("%d notices, want those of three events", n)
		}
		if got := states(t, p); got[Waiting] != 1 {
			t.Errorf("deliveries %v, want one", got)
		}
		clk.Advance(keptFor - lettersFor + 2*time.Hour)
		if n, err := p.forget(ctx); n != 3 || err != nil {
			t.Errorf("%d old notices were removed (%v), want 3", n, err)
		}
	})
}

// TestRetry: what surely failed is tried again with growing pauses and given up at
// last; what is refused for good is given up at once, and the administrator may
// have it tried anew.
func TestRetry(t *testing.T) {
	storetest.Each(t, sources(), func(t *testing.T, db *store.DB) {
		clk := clock.NewManual(monday(9))
		box := newMailbox(t, nil)
		answers := map[string]int{"p7@example.gov.cn": 450, "p8@example.gov.cn": 550}
		box.refuse = func(to string) error {
			if code := answers[to]; code != 0 {
				return &smtp.SMTPError{Code: code, Message: "mailbox of " + to}
			}
			return nil
		}
		p := New(Config{DB: db, Clock: clk, Machine: clk, Domain: &town{}, Channels: []Channel{box.channel()}, Log: silent()})
		settle(t, p, 7, 8)
		happen(t, p, body{[]int64{7, 8}, Task})
		sendDue(t, p)
		ctx := context.Background()
		dead, _ := p.Deliveries(ctx, Dead, 0, 10)
		if len(dead) != 1 || dead[0].Person != 8 || dead[0].Error != "smtp to 550" || dead[0].Next != 0 {
			t.Fatalf("given up: %+v", dead)
		}
		var pauses []time.Duration
		for range maxTries {
			list, _ := p.Deliveries(ctx, Waiting, 0, 10)
			if len(list) == 0 {
				break
			}
			next := time.UnixMicro(list[0].Next)
			pauses = append(pauses, next.Sub(clk.Now()))
			clk.Set(next.Add(-time.Microsecond))
			if n := sendDue(t, p); n != 0 {
				t.Fatal("tried before its time")
			}
			clk.Set(next)
			sendDue(t, p)
		}
		if len(pauses) != maxTries-1 || pauses[0] != time.Minute || pauses[1] != 2*time.Minute || pauses[12] != 2*time.Hour {
			t.Errorf("pauses %v", pauses)
		}
		if got := states(t, p); got[Dead] != 2 {
			t.Errorf("after all tries %v", got)
		}
		answers = nil
		for _, person := range []int64{7, 8} {
			if err := p.Retry(ctx, person, 0, SMTP); err != nil {
				t.Error(err)
			}
		}
		sendDue(t, p)
		if n, most := box.counts(); n != 2 || most != 1 {
			t.Errorf("%d letters, at most %d of one id", n, most)
		}
		if err := p.Retry(ctx, 7, 0, SMTP); err == nil {
			t.Error("a letter that was sent may be sent anew")
		}
	})
}

// TestQuiet: quiet hours hold letters up until they end, but not urgent ones.
func TestQuiet(t *testing.T) {
	for _, c := range []struct {
		from, to, hour, want int // want: the hour of sending
		class                Class
	}{
		{22, 7, 23, 31, Task}, {22, 7, 3, 7, Task}, {22, 7, 23, 23, Urge}, {22, 7, 21, 21, Task}, {22, 7, 7, 7, Task},
		{12, 14, 13, 14, Return}, {12, 14, 14, 14, Return}, {0, 0, 3, 3, Task},
	} {
		db := storetest.Open(t, store.SQLite, store.Options{}, sources()...)
		clk := clock.NewManual(monday(c.hour))
		box := newMailbox(t, nil)
		p := New(Config{DB: db, Clock: clk, Machine: clk, Domain: &town{}, Channels: []Channel{box.channel()}, Log: silent()})
		if err := p.Set(context.Background(), 7, Setting{From: c.from * 60, To: c.to * 60, Ways: map[string]Way{SMTP: {To: "p7@example.gov.cn"}}}); err != nil {
			t.Fatal(err)
		}
		happen(t, p, body{[]int64{7}, c.class})
		sendDue(t, p)
		if n, _ := box.counts(); (n == 1) != (c.want == c.hour) {
			t.Errorf("%+v: %d letters at once", c, n)
		}
		clk.Set(monday(0).Add(time.Duration(c.want) * time.Hour))
		sendDue(t, p)
		if n, _ := box.counts(); n != 1 {
			t.Errorf("%+v: %d letters when the quiet hours were over", c, n)
		}
	}
}

// TestKept: of what is kept from a person by now nothing is sent and nothing shown.
func TestKept(t *testing.T) {
	storetest.Each(t, sources(), func(t *testing.T, db *store.DB) {
		clk := clock.NewManual(monday(9))
		box := newMailbox(t, nil)
		d := &town{}
		p := New(Config{DB: db, Clock: clk, Machine: clk, Domain: d, Channels: []Channel{box.channel()}, Log: silent()})
		settle(t, p, 7)
		happen(t, p, body{[]int64{7}, Urge})
		d.kept = map[int64]bool{7: true}
		sendDue(t, p)
		n, _ := p.Unread(context.Background(), 7)
		list, _, _ := p.List(context.Background(), 7, 0, false, 10)
		if letters, _ := box.counts(); n != 0 || len(list) != 0 || letters != 0 || states(t, p)[Withheld] != 1 {
			t.Errorf("%d unread, %d listed, %d letters, %v", n, len(list), letters, states(t, p))
		}
	})
}

// TestMail: over TLS with sign-in, and what stands in the letter: number and step,
// no title, unless titles are allowed.
func TestMail(t *testing.T) {
	for _, titles := range []bool{false, true} {
		db := storetest.Open(t, store.SQLite, store.Options{}, sources()...)
		clk := clock.NewManual(monday(9))
		box := newMailbox(t, nil)
		ch := box.channel()
		ch.User, ch.Password = "desk", "right"
		p := New(Config{DB: db, Clock: clk, Machine: clk, Domain: &town{}, Channels: []Channel{ch}, Site: "https://desk.example.gov.cn/", Name: "cheng", Titles: titles, Log: silent()})
		settle(t, p, 7)
		happen(t, p, body{[]int64{7}, Task})
		sendDue(t, p)
		got := box.letters("<0.7.smtp@cheng.city.gov.cn>")
		if len(got) != 1 {
			t.Fatalf("%d letters of this id; %+v", len(got), states(t, p))
		}
		m := got[0]
		subject, _ := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		if subject != "【头雁】澄政督〔2026〕0号 待您办理：签收" || m.Header.Get("To") != "<p7@example.gov.cn>" || m.Header.Get("Auto-Submitted") != "auto-generated" {
			t.Errorf("headers %v, subject %s", m.Header, subject)
		}
		_, params, _ := mime.ParseMediaType(m.Header.Get("Content-Type"))
		parts := multipart.NewReader(m.Body, params["boundary"])
		for range 2 {
			part, err := parts.NextPart()
			if err != nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(base64.NewDecoder(base64.StdEncoding, part))
			for _, want := range []string{"待您办理：签收", "In your hands: sign for", "澄政督〔2026〕0号", "https://desk.example.gov.cn/matters/0?notice=0", "2026-11-23 09:00"} {
				if !strings.Contains(string(text), want) {
					t.Errorf("%s lacks %q:\n%s", part.Header.Get("Content-Type"), want, text)
				}
			}
			if strings.Contains(string(text), "秘密标题") != titles {
				t.Errorf("titles allowed: %v, but the letter is\n%s", titles, text)
			}
			if dir := os.Getenv("TOUYAN_MAIL_OUT"); dir != "" && strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
				_ = os.WriteFile(dir, text, 0o600)
			}
		}
		for _, wrong := range []func(*Mail){
			func(m *Mail) { m.Password = "wrong" },
			func(m *Mail) { m.Roots = nil },
			func(m *Mail) { m.TLS = MailTLS },
			func(m *Mail) { m.Server = "127.0.0.1:1" },
		} {
			bad := *ch
			wrong(&bad)
			var no *NotSent
			if _, err := bad.Send(context.Background(), Letter{ID: "x", To: "p7@example.gov.cn"}); !errors.As(err, &no) || no.Final {
				t.Errorf("a channel that is set up wrongly gave %v", err)
			}
		}
	}
}

// TestReplicas: several senders on one database send each letter once.
func TestReplicas(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			dsn, box := storetest.DSN(t, engine), newMailbox(t, nil)
			ch := box.channel()
			ch.TLS = MailPlain
			var posts []*Post
			for range 3 {
				posts = append(posts, replica(t, dsn, clock.System{}, ch))
			}
			deliverable(t, posts[0], 120)
			var wg sync.WaitGroup
			for _, p := range posts {
				wg.Go(func() {
					for sendDue(t, p) > 0 || states(t, p)[Waiting] > 0 {
					}
				})
			}
			wg.Wait()
			if n, most := box.counts(); n != 120 || most != 1 || states(t, posts[0])[Sent] != 120 {
				t.Errorf("%d letters, at most %d of one id; %v", n, most, states(t, posts[0]))
			}
		})
	}
}

// replica opens a database for one more process.
func replica(t testing.TB, dsn string, clk clock.Clock, ch Channel) *Post {
	t.Helper()
	ctx := context.Background()
	if err := store.Migrate(ctx, dsn, sources()...); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(ctx, dsn, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return New(Config{DB: db, Clock: clk, Machine: clk, Domain: &town{}, Channels: []Channel{ch}, Log: silent()})
}

// deliverable makes n letters to ten people.
func deliverable(t testing.TB, p *Post, n int) {
	t.Helper()
	settle(t, p, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
	var all []body
	for i := range n {
		all = append(all, body{[]int64{int64(i%10) + 1}, Task})
	}
	happen(t, p, all...)
}

// ahead is the machine's clock, moved ahead.
type ahead struct {
	clock.System
	by time.Duration
}

func (a ahead) Now() time.Time { return a.System.Now().Add(a.by) }

// victim names what the killed process is told by.
const victim = "TOUYAN_NOTICE_VICTIM"

// TestVictim is the process that TestKilled kills: it sends what is due until
// nothing is left.
func TestVictim(t *testing.T) {
	told := os.Getenv(victim)
	if told == "" {
		t.Skip("it is the child that TestKilled starts and kills, and nothing by itself")
	}
	var dsn, address, onward string
	if _, err := fmt.Sscan(told, &dsn, &address, &onward); err != nil {
		t.Fatal(err)
	}
	by, err := time.ParseDuration(onward) // Sscan would stop at the unit
	if err != nil {
		t.Fatal(err)
	}
	ch := (&mailbox{address: address}).channel()
	ch.TLS = MailPlain
	p := replica(t, dsn, ahead{by: by}, ch)
	for {
		n, next, err := p.SendDue(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 && next.IsZero() {
			return
		}
	}
}

// TestKilled kills the sender between sending and recording, again and again: at
// the moment at which the server has taken a letter and has not answered yet, or
// has just answered. No letter comes twice, none that counts as sent is missing,
// and each that may be either is said to be.
func TestKilled(t *testing.T) {
	letters, least := 240, 10
	if testing.Short() {
		letters, least = 60, 2
	}
	for _, engine := range []store.Engine{store.SQLite, store.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			dsn, box := storetest.DSN(t, engine), newMailbox(t, nil)
			p := replica(t, dsn, clock.System{}, box.channel())
			deliverable(t, p, letters)
			var mu sync.Mutex
			var running *exec.Cmd
			kills, left := 0, 6
			box.mu.Lock()
			box.taken = func(string) {
				mu.Lock()
				defer mu.Unlock()
				if left--; left > 0 || running == nil {
					return
				}
				kill := func(c *exec.Cmd) { _ = c.Process.Kill() }
				if kills++; kills%2 == 0 {
					go kill(running) // about when the answer goes out
				} else {
					kill(running)
				}
				running, left = nil, 8+rand.IntN(12)
			}
			box.mu.Unlock()
			for i := 1; ; i++ {
				c := exec.Command(os.Args[0], "-test.run=^TestVictim$")
				// A clock moved on by more than the lease, so that the next process finds it over.
				c.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s %s", victim, dsn, box.address, time.Duration(i)*(lease+time.Second)))
				mu.Lock()
				if err := c.Start(); err != nil {
					t.Fatal(err)
				}
				running = c
				mu.Unlock()
				err := c.Wait()
				mu.Lock()
				killed := running != c
				running = nil
				mu.Unlock()
				if err == nil {
					break
				}
				if !killed {
					t.Fatalf("the sender failed by itself: %v", err)
				}
			}
			all, err := p.Deliveries(context.Background(), "", 0, letters+1)
			if err != nil || len(all) != letters {
				t.Fatalf("%d deliveries, %v", len(all), err)
			}
			got, doubtful, arrived := states(t, p), 0, 0
			for _, d := range all {
				n := len(box.letters(fmt.Sprintf("<%d.%d.smtp@city.gov.cn>", d.Pos, d.Person)))
				switch {
				case n > 1:
					t.Errorf("letter %d came %d times", d.Pos, n)
				case d.State == Sent && n != 1:
					t.Errorf("letter %d counts as sent and came %d times", d.Pos, n)
				case d.State == Unsure:
					doubtful, arrived = doubtful+1, arrived+n
				case d.State != Sent:
					t.Errorf("letter %d is %s", d.Pos, d.State)
				}
			}
			if kills < least || doubtful == 0 {
				t.Errorf("%d kills, %d letters in doubt: the kills did not hit", kills, doubtful)
			}
			t.Logf("%d letters, %d kills: %v; of those in doubt %d had arrived", letters, kills, got, arrived)
		})
	}
}
