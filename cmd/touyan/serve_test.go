package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"touyan.dev/touyan/kernel/bus"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

func TestPrefixes(t *testing.T) {
	for given, want := range map[string]string{"127.0.0.1": "[127.0.0.1/32]", "::1": "[::1/128]", "10.0.0.0/24": "[10.0.0.0/24]", "proxy": ""} {
		got, err := prefixes("--proxy", []string{given})
		if want == "" && !fault.Is(err, fault.Invalid) || want != "" && (err != nil || fmt.Sprint(got) != want) {
			t.Errorf("%s: %v %v", given, got, err)
		}
	}
}

// TestBehindProxy: TLS that ends at a proxy counts when the proxy is named, and
// not when anybody else says so.
func TestBehindProxy(t *testing.T) {
	c := newCity(t, store.SQLite)
	for given, secure := range map[string]bool{"127.0.0.1": true, "10.0.0.1": false} {
		proxies, err := prefixes("--proxy", []string{given})
		c.must(err)
		feed := bus.New(c.prog.DB, bus.Options{})
		handler, err := c.prog.server(feed, Front{City: fault.T("澄川市", "Chengchuan"), Office: fault.T("办公室", "Office"), Proxies: proxies})
		c.must(err)
		server := httptest.NewServer(handler)
		req, err := http.NewRequest(http.MethodPost, server.URL+"/api/session", strings.NewReader(`{"login":"admin","password":"`+cityPassword+`"}`))
		c.must(err)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Forwarded-Proto", "https")
		res, err := http.DefaultClient.Do(req)
		c.must(err)
		c.must(res.Body.Close())
		if cookies := res.Cookies(); len(cookies) != 1 || cookies[0].Secure != secure {
			t.Errorf("proxy %s: %d %v", given, res.StatusCode, cookies)
		}
		server.Close()
		feed.Close()
	}
}
