package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"touyan.dev/touyan/kernel/store/storetest"
	"touyan.dev/touyan/kernel/web"
)

// TestFullDisk: people read on and are told why they cannot write; the same
// server takes the same request once there is room.
func TestFullDisk(t *testing.T) {
	dir := storetest.Disk(t)
	c := newCityIn(t, Place{Data: filepath.Join(dir, "data"), Name: "touyan", Sign: "澄"})
	_, id, _ := c.assigned()
	enter := map[string]any{"leader": c.people["leader"], "verbatim": "请研究。", "medium": "paper", "title": "磁盘已满时录入"}
	refused := func(key string) {
		t.Helper()
		status, body := c.clients["secretary"].keyed("POST", "/api/docket/instructions", enter, key)
		var p web.Problem
		c.must(json.Unmarshal(body, &p))
		if status != http.StatusInsufficientStorage || p.Kind != "unavailable" || !strings.Contains(p.Detail, "存储空间已满或只读") || !strings.Contains(p.DetailEN, "Storage is full or read-only") {
			t.Fatalf("%d %s", status, body)
		}
	}
	reads := func() {
		t.Helper()
		c.clock.Advance(2 * time.Minute) // the session's use is to be noted, which cannot be written
		for _, path := range []string{"/api/inbox", "/api/matters?all=1", "/api/health", "/api/checkpoint"} {
			if status, body := c.clients["supervisor"].do("GET", path, nil); status != http.StatusOK {
				t.Errorf("GET %s: %d %s", path, status, body)
			}
		}
		as[struct{}](c, "supervisor", "GET", fmt.Sprintf("/api/matters/%d", id), nil)
	}
	filler := storetest.Fill(t, dir)
	refused("full")
	reads()
	refused("full")
	if status, body := (&client{c: c, http: &http.Client{}}).do("POST", "/api/session", map[string]any{"login": "chief", "password": cityPassword}); status != http.StatusInsufficientStorage {
		t.Errorf("signing in: %d %s", status, body)
	}
	c.must(os.Remove(filler))
	if status, body := c.clients["secretary"].keyed("POST", "/api/docket/instructions", enter, "full"); status >= 300 {
		t.Fatalf("with room again: %d %s", status, body)
	}
	if got, err := c.prog.check(t.Context(), 10); err != nil || !got.OK {
		t.Fatalf("%+v %v", got, err)
	}

	// A device that fails makes the kernel turn the file system read-only.
	storetest.ReadOnly(t, dir)
	refused("read-only")
	reads()
	backup := filepath.Join(t.TempDir(), "city.backup")
	c.wants(0, []string{"0 处不符"}, append([]string{"backup", backup}, at(c.place)...)...)
}
