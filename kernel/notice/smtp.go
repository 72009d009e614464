package notice

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"strings"
	"time"

	"touyan.dev/touyan/kernel/clock"
)

// Mail is the e-mail channel (RFC 5321). A letter counts as sent when the server
// has taken it after the final dot. Of a connection that ends between the dot and
// the answer nobody knows the outcome, and no server can be asked: such a letter is
// not sent again.
type Mail struct {
	Server   string // host:port
	TLS      string // MailStartTLS, MailTLS or MailPlain
	Roots    *x509.CertPool
	User     string // "": no sign-in
	Password string
	From     string // address of the sender
	Name     string // of the sender, before the address
	Clock    clock.Clock
}

// How the connection is protected.
const (
	MailStartTLS = "starttls" // and never without
	MailTLS      = "tls"
	MailPlain    = "none" // for a relay on the same machine
)

// Traits implements Channel.
func (m *Mail) Traits() Traits { return Traits{Name: SMTP, Address: true} }

// Send implements Channel.
func (m *Mail) Send(ctx context.Context, l Letter) (string, error) {
	text := m.compose(l)
	c, err := m.connect(ctx)
	if err != nil {
		return "", refusal("connect", err)
	}
	defer c.Close()
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"from", func() error { return c.Mail(m.From) }},
		{"to", func() error { return c.Rcpt(l.To) }},
	} {
		if err := step.do(); err != nil {
			return "", refusal(step.name, err)
		}
	}
	w, err := c.Data()
	if err != nil {
		return "", refusal("data", err)
	}
	if _, err := w.Write(text); err != nil { // the dot has not been sent
		return "", refusal("data", err)
	}
	if err := w.Close(); err != nil {
		var said *textproto.Error
		if errors.As(err, &said) {
			return "", refusal("dot", err)
		}
		return "", fmt.Errorf("smtp: the connection ended after the letter: %w", err)
	}
	_ = c.Quit() // it has been taken, whatever comes of the farewell
	return l.ID, nil
}

// connect opens a session that is ready for a letter.
func (m *Mail) connect(ctx context.Context) (*smtp.Client, error) {
	host, _, err := net.SplitHostPort(m.Server)
	if err != nil {
		return nil, err
	}
	conf := &tls.Config{ServerName: host, RootCAs: m.Roots, MinVersion: tls.VersionTLS12}
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	var conn net.Conn
	if m.TLS == MailTLS {
		conn, err = (&tls.Dialer{NetDialer: dialer, Config: conf}).DialContext(ctx, "tcp", m.Server)
	} else {
		conn, err = dialer.DialContext(ctx, "tcp", m.Server)
	}
	if err != nil {
		return nil, err
	}
	// net/smtp knows no contexts: the end of this one closes the connection.
	context.AfterFunc(ctx, func() { conn.Close() })
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		conn.Close()
		return nil, err
	}
	if m.TLS == MailStartTLS {
		if err := c.StartTLS(conf); err != nil {
			c.Close()
			return nil, err
		}
	}
	if m.User != "" {
		if err := c.Auth(smtp.PlainAuth("", m.User, m.Password, host)); err != nil {
			c.Close()
			return nil, err
		}
	}
	return c, nil
}

// refusal turns what surely went wrong before the letter was taken into a NotSent.
// A refused address or letter (5yz to RCPT or after the dot) is final; a refused
// sign-in is the administrator's to mend.
func refusal(where string, err error) error {
	var said *textproto.Error
	if !errors.As(err, &said) {
		return &NotSent{Code: "smtp " + where}
	}
	return &NotSent{Code: fmt.Sprintf("smtp %s %d", where, said.Code), Final: said.Code >= 500 && (where == "to" || where == "dot")}
}

// messageID is the letter's id in the form of RFC 5322.
func (m *Mail) messageID(l Letter) string {
	id, domain, _ := strings.Cut(l.ID, "@")
	if _, host, ok := strings.Cut(m.From, "@"); ok {
		domain = strings.Trim(domain+"."+host, ".")
	}
	return "<" + id + "@" + domain + ">"
}
