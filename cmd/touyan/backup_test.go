package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// wants runs a command line, and wants an exit status and each of the words.
func (c *city) wants(code int, words []string, args ...string) string {
	c.t.Helper()
	got, out := command(args...)
	if got != code {
		c.t.Fatalf("%v: status %d\n%s", args, got, out)
	}
	for _, w := range words {
		if !strings.Contains(out, w) {
			c.t.Errorf("%v does not print %q:\n%s", args, w, out)
		}
	}
	return out
}

// at gives the flags that name a place.
func at(p Place) []string { return []string{"--data", p.Data, "--db", p.dsn()} }

// elsewhere gives a new place on the engine, with the keys of another.
func (c *city) elsewhere(engine store.Engine, from Place) Place {
	c.t.Helper()
	p := from
	p.Data, p.DB = c.t.TempDir(), storetest.DSN(c.t, engine)
	c.must(os.CopyFS(p.keys(), os.DirFS(from.keys())))
	c.must(os.Chmod(filepath.Join(p.keys(), "log.key"), 0o600))
	return p
}

// receipt enters an instruction and gives the receipt, in a file.
func (c *city) receipt(name string) (path string, body json.RawMessage) {
	c.t.Helper()
	entered := as[answer](c, "secretary", "POST", "/api/docket/instructions", map[string]any{
		"leader": c.people["leader"], "verbatim": "请研究提出意见。", "medium": "paper", "title": name,
	})
	path = filepath.Join(c.t.TempDir(), name+".json")
	c.must(os.WriteFile(path, entered.Receipt, 0o600))
	return path, entered.Receipt
}

// resume serves the city of a place and signs everybody in anew.
func (c *city) resume(place Place) {
	c.t.Helper()
	c.place = place
	c.start(context.Background())
	c.serve()
	for name := range c.people {
		c.signIn(name)
	}
}

// TestSpine takes a city through a backup under load, a key replaced, a restore
// on another machine and one in its own place, on each engine, by the commands
// alone; every receipt ever given must verify with the keys that key show prints.
func TestSpine(t *testing.T) {
	eachCity(t, func(t *testing.T, c *city) {
		engine := store.EngineOf(c.place.dsn())
		home := c.place
		first, firstBody := c.receipt("first")
		old := c.clients["secretary"] // signed in before the backup
		file := filepath.Join(t.TempDir(), "city.backup")

		// Others write while the backup is taken.
		writing, stop := context.WithCancel(t.Context())
		var writers sync.WaitGroup
		began := make(chan struct{})
		writers.Go(func() {
			for n := 0; writing.Err() == nil; n++ {
				c.receipt(fmt.Sprintf("busy-%d", n))
				if n == 0 {
					close(began)
				}
			}
		})
		<-began
		out := c.wants(0, []string{"已备份", "0 处不符"}, append([]string{"backup", file}, at(home)...)...)
		stop()
		writers.Wait()
		lost, lostBody := c.receipt("lost")
		c.wants(1, []string{"不会覆盖"}, append([]string{"backup", file}, at(home)...)...)
		for _, command := range [][]string{{"key", "rotate"}, {"restore", file, "--replace"}} {
			c.wants(1, []string{"先停止服务器"}, append(command, at(home)...)...)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the backup holds password hashes and can be read by others: %v %v", info.Mode(), err)
		}
		t.Log(out)

		// The key is replaced; receipts of before and after verify.
		c.stop()
		c.wants(0, []string{"第2期", filepath.Join(home.keys(), "former")}, append([]string{"key", "rotate"}, at(home)...)...)
		c.resume(home)
		second, _ := c.receipt("second")
		c.verifies(home, first, lost, second)
		if code, out := command("verify", second, "--key", c.keysOf(home)[0]); code != 1 {
			t.Errorf("a receipt of the new key verifies with the old one: %s", out)
		}
		c.wants(0, []string{"0 处不符"}, append([]string{"check"}, at(home)...)...)
		c.stop()

		// Another machine, which has the keys of before the rotation and those of now.
		away := c.elsewhere(engine, home)
		c.wants(0, []string{"备份完好", "events"}, append([]string{"restore", file, "--inspect"}, at(away)...)...)
		if empty, err := store.Empty(t.Context(), away.dsn()); err != nil || !empty {
			t.Fatalf("--inspect wrote: %v", err)
		}
		out = c.wants(0, []string{"已恢复", "新的一期", "重新登记"}, append([]string{"restore", file}, at(away)...)...)
		t.Log(out)
		c.wants(0, []string{"0 处不符"}, append([]string{"check"}, at(away)...)...)
		c.resume(away)
		if status, body := old.do("GET", "/api/inbox", nil); status != http.StatusUnauthorized {
			t.Errorf("a session was restored: %d %s", status, body)
		}
		third, _ := c.receipt("third")
		c.verifies(away, first, lost, second, third)
		c.stands(lostBody, false)
		c.stands(firstBody, true) // by a key of before
		c.stop()
		c.wants(1, []string{"--replace"}, append([]string{"restore", file}, at(away)...)...)

		// In its own place, with a rotation after it.
		words := []string{"已恢复", "多出"}
		if engine == store.SQLite {
			words = append(words, home.dsn()+".replaced-")
		}
		c.wants(0, words, append([]string{"restore", file, "--replace"}, at(home)...)...)
		c.wants(0, []string{"期 epoch"}, append([]string{"key", "rotate"}, at(home)...)...)
		c.resume(home)
		fourth, body := c.receipt("fourth")
		c.verifies(home, first, lost, second, fourth)
		c.stands(body, true)
		c.wants(0, []string{"0 处不符"}, append([]string{"check"}, at(home)...)...)
		var shown []shownKey
		c.must(json.Unmarshal([]byte(c.wants(0, nil, append([]string{"key", "show", "--json"}, at(home)...)...)), &shown))
		var reasons []string
		for _, e := range shown {
			reasons = append(reasons, string(e.Reason))
		}
		if got := strings.Join(reasons, " "); got != "founded restored rotated" {
			t.Errorf("epochs %s", got)
		}
	})
}

// keysOf gives the public keys that key show prints, oldest first.
func (c *city) keysOf(p Place) []string {
	c.t.Helper()
	var keys []string
	for _, line := range strings.Split(c.wants(0, nil, append([]string{"key", "show"}, at(p)...)...), "\n") {
		if key := strings.TrimSpace(line); strings.HasPrefix(key, "touyan+") {
			keys = append(keys, key)
		}
	}
	return keys
}

// verifies wants each receipt to verify offline with the public files of a place.
func (c *city) verifies(p Place, receipts ...string) {
	c.t.Helper()
	files, err := filepath.Glob(filepath.Join(p.keys(), "former", "*.pub"))
	c.must(err)
	for _, receipt := range receipts {
		args := []string{"verify", receipt, "--key", filepath.Join(p.keys(), "log.pub")}
		for _, f := range files {
			args = append(args, "--key", f)
		}
		c.wants(0, []string{"✓"}, args...)
	}
}

// stands asks the server about a receipt that is genuine.
func (c *city) stands(receipt json.RawMessage, held bool) {
	c.t.Helper()
	got := as[struct{ OK bool }](c, "guest", "POST", "/api/verify", map[string]any{"receipt": receipt})
	if got.OK != held {
		c.t.Errorf("the server says %v of a receipt whose event it holds: %v", got.OK, held)
	}
}

// TestRestoreRefused: what a restore needs, and says when it is missing. Nothing
// is written.
func TestRestoreRefused(t *testing.T) {
	c := newCity(t, store.SQLite)
	c.assigned()
	file := filepath.Join(t.TempDir(), "city.backup")
	c.wants(0, nil, append([]string{"backup", file}, at(c.place)...)...)
	public := filepath.Join(c.place.keys(), "log.pub")

	stranger := Place{Data: t.TempDir(), Name: "touyan"}
	c.wants(0, nil, append([]string{"check"}, at(stranger)...)...) // makes an installation with a key of its own
	damaged := filepath.Join(t.TempDir(), "damaged")
	data, err := os.ReadFile(file)
	c.must(err)
	c.must(os.WriteFile(damaged, data, 0o600))
	storetest.Alter(t, damaged, "UPDATE matter SET title = 'x' WHERE id = (SELECT min(id) FROM matter)")
	resealed := filepath.Join(t.TempDir(), "resealed")
	c.must(os.WriteFile(resealed, data, 0o600))
	storetest.Alter(t, resealed, "UPDATE backup_seal SET text = replace(text, 'table event ', 'table event 1')")

	empty := Place{Data: t.TempDir()}
	withKeys := c.elsewhere(store.SQLite, c.place)
	for _, test := range []struct {
		name  string
		args  []string
		words []string
	}{
		{"no key", append([]string{"restore", file}, at(empty)...), []string{"未找到签名密钥", "log.key"}},
		{"no key but a public one", append([]string{"restore", file, "--key", public}, at(empty)...), []string{"--new-key"}},
		{"another city's key", append([]string{"restore", file, "--replace"}, at(stranger)...), []string{"不是由", stranger.keys()}},
		{"another city's public key", append([]string{"restore", file, "--key", filepath.Join(stranger.keys(), "log.pub"), "--new-key"}, at(empty)...), []string{"签名与所给公钥不符"}},
		{"a changed row", append([]string{"restore", damaged}, at(withKeys)...), []string{"✗ matter id=", "已损坏"}},
		{"a changed seal", append([]string{"restore", resealed}, at(withKeys)...), []string{"不是由"}},
		{"no backup", append([]string{"restore", public}, at(withKeys)...), []string{"不是头雁的备份"}},
		{"a backup without a key", append([]string{"backup", file + "2"}, "--data", empty.Data, "--db", c.place.dsn()), []string{"未找到签名密钥"}},
		{"a backup with another key", append([]string{"backup", file + "2"}, "--data", stranger.Data, "--db", c.place.dsn()), []string{"不是日志所记的那一把"}},
		{"rotating nothing", append([]string{"key", "rotate"}, at(empty)...), []string{"没有记录"}},
		{"showing nothing", append([]string{"key", "show"}, at(empty)...), []string{"没有记录"}},
	} {
		t.Run(test.name, func(t *testing.T) { c.wants(1, test.words, test.args...) })
	}
	for _, dir := range []string{empty.Data, filepath.Dir(withKeys.dsn())} {
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("left behind in %s: %v %v", dir, left, err)
		}
	}

	// The key is lost: the log goes on under a new one, which check knows.
	c.wants(0, []string{"已恢复"}, append([]string{"restore", file, "--key", public, "--new-key"}, at(empty)...)...)
	c.wants(0, []string{"0 处不符"}, append([]string{"check"}, at(empty)...)...)
	if keys := c.keysOf(empty); len(keys) != 2 || keys[0] == keys[1] || !strings.HasPrefix(keys[1], "touyan+") {
		t.Errorf("keys %v", keys)
	}

	// A log with events and no key makes none.
	c.must(os.Rename(empty.keys(), empty.keys()+".away"))
	c.wants(1, []string{"未找到签名密钥"}, append([]string{"check"}, at(empty)...)...)
	c.must(os.Rename(empty.keys()+".away", empty.keys()))

	// A spoilt database is replaced, and kept.
	c.must(os.WriteFile(empty.dsn(), []byte(strings.Repeat("spoilt ", 1000)), 0o600))
	c.wants(1, nil, append([]string{"restore", file}, at(empty)...)...)
	c.wants(0, []string{"已恢复", ".replaced-"}, append([]string{"restore", file, "--replace"}, at(empty)...)...)
	c.wants(0, []string{"0 处不符"}, append([]string{"check"}, at(empty)...)...)
}

// TestBackupOfADamagedCity: a backup of what there is beats none, but it says so.
func TestBackupOfADamagedCity(t *testing.T) {
	c := newCity(t, store.SQLite)
	_, id, _ := c.assigned()
	storetest.Alter(t, c.place.dsn(), "UPDATE matter SET title = 'x' WHERE id = ?", id)
	file := filepath.Join(t.TempDir(), "city.backup")
	c.wants(1, []string{"✗ matter id=", "1 处不符", "保留先前的备份"}, append([]string{"backup", file}, at(c.place)...)...)
	c.wants(0, []string{"备份完好"}, append([]string{"restore", file, "--inspect"}, at(c.place)...)...)
}

// TestStrangeEpoch: an epoch whose key nobody keeps is found by check.
func TestStrangeEpoch(t *testing.T) {
	c := newCity(t, store.SQLite)
	c.stop()
	c.wants(0, nil, append([]string{"key", "rotate"}, at(c.place)...)...)
	c.must(os.RemoveAll(filepath.Join(c.place.keys(), "former")))
	c.wants(1, []string{"✗ event pos=0", "keys 目录"}, append([]string{"check"}, at(c.place)...)...)
}
