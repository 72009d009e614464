package notice

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/big"
	"net"
	"net/mail"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"touyan.dev/touyan/kernel/bus"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

func sources() []fs.FS { return []fs.FS{event.Migrations(), bus.Migrations(), Migrations()} }

func silent() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// monday is a Monday morning in Shanghai.
func monday(hour int) time.Time {
	return time.Date(2026, 11, 23, hour, 0, 0, 0, clock.Shanghai())
}

// town is the domain of the tests: the body of an event lists who is told of it.
type town struct {
	mu   sync.Mutex
	kept map[int64]bool // people from whom everything is kept

	sealed bool
}

type body struct {
	To    []int64 `json:"to"`
	Class Class   `json:"class"`
}

func (d *town) Told(_ context.Context, e event.Event) ([]Told, error) {
	var b body
	if err := json.Unmarshal(e.Body, &b); err != nil {
		return nil, err
	}
	var out []Told
	for _, id := range b.To {
		out = append(out, Told{id, b.Class, "task", "sign"}, Told{id, End, "end", ""})
	}
	return out, nil
}

func (d *town) Words(_ context.Context, person int64, list []Notice) (map[int64]Words, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := map[int64]Words{}
	for _, n := range list {
		if d.kept[person] {
			continue
		}
		out[n.Pos] = Words{
			Text: fault.T("待您办理：签收", "In your hands: sign for"), Plain: fault.T("待您办理：签收", "In your hands: sign for"),
			Number: fmt.Sprintf("澄政督〔2026〕%d号", n.Pos), Title: "关于张三的秘密标题", Link: fmt.Sprintf("/matters/%d", n.Subject), Sealed: d.sealed,
		}
	}
	return out, nil
}

// add writes events; each has one body.
type add struct {
	at     time.Time
	bodies []body
	from   int
}

func (a *add) once(i int) event.Once {
	return event.Once{Actor: 1, Key: event.KeyOf(fmt.Sprint(a.from + i))}
}

func (a *add) Load(g *store.Group) {
	for i := range a.bodies {
		event.Load(g, a.once(i))
	}
}

func (a *add) Decide(g *store.Group) error {
	for i, b := range a.bodies {
		if _, err := event.Append(g, event.Draft{Kind: "test/add", Subject: event.NewSubject, Actor: 1, Key: a.once(i).Key, Recorded: a.at, Body: b}); err != nil {
			return err
		}
	}
	return nil
}

func write(t testing.TB, db *store.DB, c store.Change) {
	t.Helper()
	if err := db.Write(context.Background(), c); err != nil {
		t.Fatal(err)
	}
}

// happen writes events and has the follower take them.
func happen(t testing.TB, p *Post, bodies ...body) {
	t.Helper()
	ctx := context.Background()
	size, _, err := event.Head(ctx, p.cfg.DB)
	if err != nil {
		t.Fatal(err)
	}
	write(t, p.cfg.DB, &add{p.cfg.Clock.Now(), bodies, int(size)})
	events, err := event.After(ctx, p.cfg.DB, size, 10000)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.take(ctx, events); err != nil {
		t.Fatal(err)
	}
}

// settle gives people addresses in all channels and no quiet hours.
func settle(t testing.TB, p *Post, people ...int64) {
	t.Helper()
	for _, id := range people {
		s := Setting{Ways: map[string]Way{}}
		for _, c := range p.Channels() {
			if c.Address {
				s.Ways[c.Name] = Way{To: map[string]string{SMTP: fmt.Sprintf("p%d@example.gov.cn", id), Card: fmt.Sprintf("user%d", id)}[c.Name]}
			}
		}
		if err := p.Set(context.Background(), id, s); err != nil {
			t.Fatal(err)
		}
	}
}

// sendDue tries once all that is due.
func sendDue(t testing.TB, p *Post) int {
	t.Helper()
	n, _, err := p.SendDue(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// states counts deliveries by how they stand.
func states(t testing.TB, p *Post) map[State]int {
	t.Helper()
	list, err := p.Deliveries(context.Background(), "", 0, 100000)
	if err != nil {
		t.Fatal(err)
	}
	out := map[State]int{}
	for _, d := range list {
		out[d.State]++
	}
	return out
}

// mailbox is a real SMTP server: it keeps what it takes, by Message-ID.
type mailbox struct {
	address string
	roots   *x509.CertPool

	mu     sync.Mutex
	got    map[string][]*mail.Message
	refuse func(to string) error // of RCPT
	taken  func(id string)       // after a message was taken, before the answer
	server *smtp.Server
}

// newMailbox starts a server with a certificate of its own.
func newMailbox(t testing.TB, tune func(*smtp.Server)) *mailbox {
	t.Helper()
	b := &mailbox{got: map[string][]*mail.Message{}, roots: x509.NewCertPool()}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail"}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0), IsCA: true, BasicConstraintsValid: true,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	b.roots.AddCert(cert)
	b.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{box: b}, nil }))
	b.server.Domain = "localhost"
	b.server.ErrorLog = slog.NewLogLogger(silent().Handler(), slog.LevelInfo)
	b.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	if tune != nil {
		tune(b.server)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.address = l.Addr().String()
	go func() { _ = b.server.Serve(l) }()
	t.Cleanup(func() { b.server.Close() })
	return b
}

// channel gives the e-mail channel to this server.
func (b *mailbox) channel() *Mail {
	return &Mail{Server: b.address, TLS: MailStartTLS, Roots: b.roots, From: "desk@city.gov.cn", Name: "澄川市政府办公室", Clock: clock.System{}}
}

// letters are the messages that came under an id; the server may still be
// reading one of a sender that is gone.
func (b *mailbox) letters(id string) []*mail.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.got[id])
}

func (b *mailbox) counts() (messages, most int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, list := range b.got {
		messages += len(list)
		most = max(most, len(list))
	}
	return messages, most
}

type session struct {
	box *mailbox
	to  string
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "desk" || password != "right" {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (s *session) Mail(string, *smtp.MailOptions) error { return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	if s.box.refuse != nil {
		return s.box.refuse(to)
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := mail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		return err
	}
	rest, _ := io.ReadAll(m.Body)
	m.Body = bytes.NewReader(rest)
	id := m.Header.Get("Message-ID")
	if id == "" {
		return errors.New("no Message-ID")
	}
	s.box.mu.Lock()
	s.box.got[id] = append(s.box.got[id], m)
	taken := s.box.taken
	s.box.mu.Unlock()
	if taken != nil {
		taken(id)
	}
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }
