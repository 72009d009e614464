// Package oidc lets people sign in at the government's identity provider
// (统一身份认证): OpenID Connect Core 1.0, the authorization code flow with PKCE
// (RFC 7636, S256), state and nonce.
//
// It says who the provider says somebody is, and no more: whose account that is,
// kernel/auth knows, and no account is ever made here. The provider is asked for
// its configuration when somebody first signs in, so that an installation starts
// and local accounts work while it is down; its keys are read again when a token
// names one that is not known.
//
// It keeps no token of the provider's and logs none.
package oidc

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
)

// Config names the provider. Fields without a remark are required.
type Config struct {
	Issuer   string // as the provider writes it: https://id.example.gov.cn
	ClientID string
	Secret   string     // empty for a public client, which PKCE alone protects
	Name     fault.Text // on the button
	Clock    clock.Clock
}

// patience is how long the provider may take for one answer.
const patience = 5 * time.Second

// Provider is the identity provider of an installation.
type Provider struct {
	cfg    Config
	client *http.Client

	mu    sync.Mutex
	found *discovered
}

// discovered is what the provider says of itself.
type discovered struct {
	provider *oidc.Provider
	verifier *oidc.IDTokenVerifier
	leave    string // end_session_endpoint; "" for none
}

// New checks the configuration; it does not ask the provider.
func New(cfg Config) (*Provider, error) {
	u, err := url.Parse(cfg.Issuer)
	local := err == nil && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1")
	if err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && local) || u.RawQuery != "" || u.Fragment != "" {
		return nil, fault.At("oidc.New", "--oidc-issuer", "应为 https 地址，如 https://id.example.gov.cn，与身份认证自己写明的一致。", "An https address is wanted, such as https://id.example.gov.cn, exactly as the provider writes it.")
	}
	if cfg.ClientID == "" {
		return nil, fault.At("oidc.New", "--oidc-client-id", "请填写在身份认证处登记的客户端编号。", "The client id registered with the provider is missing.")
	}
	if cfg.Name == (fault.Text{}) {
		cfg.Name = fault.T("统一身份认证", "Single sign-on")
	}
	return &Provider{cfg: cfg, client: &http.Client{Timeout: patience}}, nil
}

// Name is what the button says.
func (p *Provider) Name() fault.Text { return p.cfg.Name }

// Trip is what the browser carries to the provider's page and back, sealed.
type Trip struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
	Redirect string `json:"r"`
}

// down is the answer while the provider cannot be reached.
func down(err error) error {
	f := fault.New(fault.Busy, "oidc", "统一身份认证暂时连不上，请用本系统的账号和密码登录，或稍后再试。", "The identity provider cannot be reached; sign in with your login and password here, or try again later.")
	f.Err = err
	return f
}

func refused(reason error) error {
	f := fault.New(fault.Unauthenticated, "oidc", "统一身份认证没有通过，请重新登录。", "The identity provider did not vouch for you; sign in again.")
	f.Err = reason
	return f
}

// discover asks the provider for its configuration, once it has succeeded never
// again.
func (p *Provider) discover(ctx context.Context) (*discovered, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.cfg.Issuer)
	if err != nil {
		return nil, down(err)
	}
	var more struct {
		Leave string `json:"end_session_endpoint"`
	}
	if err := provider.Claims(&more); err != nil {
		return nil, down(err)
	}
	p.found = &discovered{provider, provider.Verifier(&oidc.Config{ClientID: p.cfg.ClientID, Now: p.cfg.Clock.Now}), more.Leave}
	return p.found, nil
}

func (p *Provider) oauth(d *discovered, redirect string) *oauth2.Config {
	return &oauth2.Config{ClientID: p.cfg.ClientID, ClientSecret: p.cfg.Secret, Endpoint: d.provider.Endpoint(), RedirectURL: redirect, Scopes: []string{oidc.ScopeOpenID}}
}

// Begin gives the provider's page to send the browser to, and what it must bring
// back. Errors: Busy while the provider is down.
func (p *Provider) Begin(ctx context.Context, redirect string) (string, Trip, error) {
	d, err := p.discover(ctx)
	if err != nil {
		return "", Trip{}, err
	}
	t := Trip{Verifier: oauth2.GenerateVerifier(), Redirect: redirect}
	for _, to := range []*string{&t.State, &t.Nonce} {
		var raw [24]byte
		if _, err := rand.Read(raw[:]); err != nil {
			return "", Trip{}, fault.Wrap("oidc.Begin", err)
		}
		*to = base64.RawURLEncoding.EncodeToString(raw[:])
	}
	return p.oauth(d, redirect).AuthCodeURL(t.State, oidc.Nonce(t.Nonce), oauth2.S256ChallengeOption(t.Verifier)), t, nil
}

// Finish exchanges the code that came back and gives who the provider says it
// is. Errors: Unauthenticated when anything does not fit, Busy while the
// provider is down.
func (p *Provider) Finish(ctx context.Context, t Trip, state, code string) (auth.Identity, error) {
	if t.State == "" || subtle.ConstantTimeCompare([]byte(t.State), []byte(state)) != 1 {
		return auth.Identity{}, refused(errors.New("the state does not fit"))
	}
	d, err := p.discover(ctx)
	if err != nil {
		return auth.Identity{}, err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := p.oauth(d, t.Redirect).Exchange(ctx, code, oauth2.VerifierOption(t.Verifier))
	if err != nil {
		var answered *oauth2.RetrieveError
		if errors.As(err, &answered) && answered.Response.StatusCode < 500 {
			return auth.Identity{}, refused(errors.New("the provider refused the code: " + answered.ErrorCode))
		}
		return auth.Identity{}, down(err)
	}
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return auth.Identity{}, refused(errors.New("no id_token in the answer"))
	}
	return p.identity(ctx, d, t, raw)
}

// identity verifies an ID token: signature, issuer, audience, expiry, nonce.
func (p *Provider) identity(ctx context.Context, d *discovered, t Trip, raw string) (auth.Identity, error) {
	id, err := d.verifier.Verify(ctx, raw)
	if err != nil {
		return auth.Identity{}, refused(err)
	}
	var more struct {
		Party string `json:"azp"`
	}
	if err := id.Claims(&more); err != nil {
		return auth.Identity{}, refused(err)
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(t.Nonce)) != 1:
		return auth.Identity{}, refused(errors.New("the nonce does not fit"))
	case len(id.Audience) > 1 && more.Party != p.cfg.ClientID, more.Party != "" && !slices.Contains(id.Audience, more.Party):
		return auth.Identity{}, refused(errors.New("the token was made for another party"))
	case id.Subject == "":
		return auth.Identity{}, refused(errors.New("the token names nobody"))
	}
	return auth.Identity{Issuer: id.Issuer, Subject: id.Subject}, nil
}

// Leave gives the provider's page that ends its own session too (RP-Initiated
// Logout 1.0), or "" when it has none or has not been asked yet.
func (p *Provider) Leave(back string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found == nil || p.found.leave == "" {
		return ""
	}
	mark := "?"
	if strings.Contains(p.found.leave, "?") {
		mark = "&"
	}
	return p.found.leave + mark + url.Values{"client_id": {p.cfg.ClientID}, "post_logout_redirect_uri": {back}}.Encode()
}
