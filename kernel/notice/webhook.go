package notice

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
)

// Hook posts letters as JSON to one address of the installation, signed:
//
//	Touyan-Signature: t=1764041000,v1=HEX    HMAC-SHA256(secret, "1764041000." + body)
//	Idempotency-Key: 812.7.webhook@touyan    the same at every try
//
// A receiver that keeps the key and does nothing for one that it has seen may be
// declared as such (Once): then a try with an unknown outcome is made again.
type Hook struct {
	URL    string
	Secret []byte
	Once   bool
	Inside []netip.Prefix // addresses of this network that may be called
	Clock  clock.Clock

	client *http.Client
}

// onceFor is how long a receiver with Once must keep the keys.
const onceFor = 24 * time.Hour

// NewHook makes a webhook. The address must be https, unless inside addresses are
// allowed.
func NewHook(h Hook) (*Hook, error) {
	u, err := url.Parse(h.URL)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && (u.Scheme != "http" || len(h.Inside) == 0) {
		return nil, fault.At("notice.NewHook", "--webhook-url", "应为 https 地址；内网地址需同时用 --webhook-inside 放行，方可用 http。", "An https address is wanted; http only for addresses that --webhook-inside allows.")
	}
	if len(h.Secret) < 16 {
		return nil, fault.At("notice.NewHook", "--webhook-secret-file", "签名密钥至少 16 个字符。", "The signing secret must have at least 16 characters.")
	}
	h.client = outward(h.Inside)
	return &h, nil
}

// Traits implements Channel.
func (h *Hook) Traits() Traits {
	if h.Once {
		return Traits{Name: Webhook, Again: onceFor}
	}
	return Traits{Name: Webhook}
}

// Send implements Channel.
func (h *Hook) Send(ctx context.Context, l Letter) (string, error) {
	body, err := json.Marshal(l)
	if err != nil {
		return "", &NotSent{Code: "webhook letter", Final: true}
	}
	at := strconv.FormatInt(h.Clock.Now().Unix(), 10)
	header := http.Header{"Touyan-Signature": {"t=" + at + ",v1=" + Sign(h.Secret, at, body)}, "Idempotency-Key": {l.ID}}
	status, _, err := post(ctx, h.client, h.URL, header, body)
	switch {
	case err != nil:
		return "", err
	case status/100 == 2:
		return l.ID, nil
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable || status == http.StatusRequestTimeout || status == http.StatusTooEarly:
		return "", &NotSent{Code: fmt.Sprintf("http %d", status)}
	case status/100 == 3 || status/100 == 4: // a redirect is not followed
		return "", &NotSent{Code: fmt.Sprintf("http %d", status), Final: status != http.StatusUnauthorized && status != http.StatusForbidden && status != http.StatusNotFound}
	}
	return "", fmt.Errorf("webhook: the receiver failed with %d", status) // after it did it, or before
}

// Sign gives the signature of a body at a time, in hexadecimal.
func Sign(secret []byte, at string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(at + "."))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// answerMost is how much of an answer is read.
const answerMost = 64 << 10

// post sends JSON and gives the answer. Its error is a *NotSent when no connection
// was made, so that nothing can have arrived.
func post(ctx context.Context, client *http.Client, to string, header http.Header, body []byte) (status int, answer []byte, err error) {
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return 0, nil, &NotSent{Code: "http address"}
	}
	req.GetBody = nil // the client must not try again by itself
	req.Header = header
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	res, err := client.Do(req)
	if err != nil {
		if !connected.Load() {
			if errors.Is(err, errInside) {
				return 0, nil, &NotSent{Code: "http inside address"}
			}
			return 0, nil, &NotSent{Code: "http connect"}
		}
		return 0, nil, errors.New("http: the connection ended without an answer") // the address may hold a token
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(res.Body, answerMost))
	if err != nil {
		return 0, nil, errors.New("http: the answer broke off")
	}
	return res.StatusCode, answer, nil
}

var errInside = errors.New("an address of the inside network")

// outward is a client that calls no address of the inside network but those
// allowed, whatever a name resolves to, follows no redirect and uses no proxy.
func outward(inside []netip.Prefix) *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || !mayCall(at.Addr(), inside) {
			return errInside
		}
		return nil
	}}
	return &http.Client{
		Transport:     &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true, TLSHandshakeTimeout: 10 * time.Second},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// reserved are networks that net/netip does not name: this network, shared space
// of carriers, benchmarks, translation and tunnels that reach IPv4 again.
func reserved() []netip.Prefix {
	var out []netip.Prefix
	for _, text := range []string{"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "fec0::/10"} {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}

// mayCall reports whether an address may be called.
func mayCall(a netip.Addr, inside []netip.Prefix) bool {
	a = a.Unmap().WithZone("")
	for _, p := range inside {
		if p.Contains(a) {
			return true
		}
	}
	if a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() {
		return false
	}
	for _, p := range reserved() {
		if p.Contains(a) {
			return false
		}
	}
	return true
}
