package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/bus"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/web"
	screens "touyan.dev/touyan/web"
)

// Front is what the screens say about whose installation this is.
type Front struct {
	City      fault.Text
	Office    fault.Text
	Demo      bool
	Proxies   []netip.Prefix // whose X-Forwarded headers are believed
	Limits    web.Limits     // of requests; the zero value is right for an office
	Elsewhere                // where people can sign in instead
}

// Elsewhere is the identity provider; the zero value is none.
type Elsewhere struct {
	Provider web.Provider
	Issuer   string
}

// server builds the HTTP server over the program, with all operations.
func (p *Program) server(feed *bus.Bus, front Front) (*web.Server, error) {
	s, err := web.New(web.Config{
		Version: version, Sessions: p.Accounts, Passwords: p.Accounts, Book: p.Book, Feed: feed, Visible: p.Desk.Moved,
		Clock: p.Clock, UI: screens.Files(), Office: front.Office, City: front.City, Demo: front.Demo, Limits: front.Limits, Proxies: front.Proxies,
		Machines: p.Accounts, Readings: p.Reads, Provider: front.Provider, Vault: p.Vault, News: p.Post,
	})
	if err != nil {
		return nil, err
	}
	p.Docket.Register(s, p.Registry)
	p.Watch.Register(s)
	(&web.Security{Accounts: p.Accounts, Registry: p.Registry, Book: p.Book, Reads: p.Reads, Issuer: front.Issuer}).Register(s)
	(&web.Notices{Post: p.Post, Book: p.Book}).Register(s)
	p.registerHealth(s)
	return s, nil
}

// health says that the program runs and what on.
type health struct {
	OK      bool   `json:"ok"`
	Version string `json:"version"`
	Engine  string `json:"engine"`
	LogSize int64  `json:"log_size"`
}

func (p *Program) registerHealth(s *web.Server) {
	type reply struct{ Body health }
	web.Register(s, web.Op{Method: "GET", Path: "/api/health", ID: "health", Summary: "Whether the program runs", Open: true},
		func(ctx context.Context, _ *struct{}) (*reply, error) {
			size, _, err := event.Head(ctx, p.DB)
			return &reply{health{OK: err == nil, Version: version, Engine: string(p.DB.Engine()), LogSize: size}}, err
		})
}

// serve runs the HTTP server and the timers until ctx ends, then closes the
// program. more registers operations beyond the program's own.
func (p *Program) serve(ctx context.Context, listen string, front Front, s streams, more ...func(*web.Server)) error {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return errors.Join(fault.New(fault.Unavailable, "touyan.serve", "地址无法监听："+listen+"（可能已被占用，用 --listen 换一个）。",
			"Cannot listen on "+listen+" (in use? choose another with --listen)."), p.Close())
	}
	feed := bus.New(p.DB, bus.Options{})
	server, err := p.server(feed, front)
	if err != nil {
		feed.Close()
		return errors.Join(err, l.Close(), p.Close())
	}
	for _, register := range more {
		register(server)
	}
	if err := p.greet(ctx, l.Addr().String(), s); err != nil {
		feed.Close()
		return errors.Join(err, l.Close(), p.Close())
	}
	running, stop := context.WithCancel(ctx)
	var behind sync.WaitGroup
	behind.Go(func() { _ = p.Desk.RunTimers(running) })          // ends with nil when ctx does
	behind.Go(func() { _ = p.Docket.KeepRecord(running, feed) }) // likewise
	behind.Go(func() { p.Post.Run(running, feed) })              // what is being sent is recorded before it ends
	behind.Go(func() { p.Reads.Run(running) })                   // writes what still waits before it ends
	behind.Go(func() { _ = feed.Follow(running, docket.PublishedProcedures, p.Docket.Publish) })
	behind.Go(func() { _ = p.Files.RunSweep(running) })
	behind.Go(func() { p.Terms.Run(running) })
	err = server.Serve(ctx, l)
	stop()
	behind.Wait()
	feed.Close()
	return errors.Join(err, p.Close())
}

// greet says where the screens are, and how the first administrator signs up.
func (p *Program) greet(ctx context.Context, address string, s streams) error {
	fmt.Fprintf(s.out, "头雁 Touyan: http://%s/\n", address)
	if !screens.Built() {
		fmt.Fprintln(s.out, "界面尚未构建（需要 Node）：make web。 The screens are not built (Node is needed): make web.")
	}
	token, err := p.Accounts.SetupToken(ctx)
	if err != nil {
		return err
	}
	if token != "" {
		fmt.Fprintf(s.out, "首次使用：打开 /setup，用一次性口令建立管理员账号。 First run: open /setup and use this one-time token.\n  %s\n", token)
	}
	return nil
}
