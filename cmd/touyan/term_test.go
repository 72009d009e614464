package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/erase"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// letter enters a letter to the mayor full of phrases.
func (c *city) letter(p *planted) answer {
	c.t.Helper()
	return as[answer](c, "secretary", "POST", "/api/docket/matters", map[string]any{"kind": "docket.letter", "title": "来信" + p.phrase(), "given": map[string]any{
		"title": "来信" + p.phrase(), "received": "2026-11-23", "writer": "来信人" + p.phrase(), "phone": "13800000000", "address": "住址" + p.phrase(), "content": "反映" + p.phrase() + "，" + p.phrase(),
	}})
}

// does acts on a matter, as somebody.
func (c *city) does(who string, id int64, step, act string, input map[string]any) answer {
	c.t.Helper()
	return as[answer](c, who, "POST", fmt.Sprintf("/api/matters/%d/acts", id), map[string]any{"step": step, "act": act, "input": input})
}

// handled takes a letter to its end: given to a unit, with a file, answered,
// solved by the word of its writer.
func (c *city) handled(p *planted, files ...string) (letter, part int64) {
	c.t.Helper()
	letter = c.letter(p).Matter
	c.does("secretary", letter, "accept", "accept", map[string]any{"opinion": "拟办" + p.phrase()})
	part = c.does("supervisor", letter, "assign", "assign", map[string]any{"units": []map[string]any{{"unit": fmt.Sprint(c.bureau), "role": "lead", "limit": "15d", "task": "请办" + p.phrase()}}}).Now.Kids[0].ID
	c.does("liaison", part, "sign", "sign", map[string]any{})
	if len(files) > 0 {
		as[json.RawMessage](c, "liaison", "POST", "/api/attachments/bind", map[string]any{"subject": part, "files": files})
	}
	c.does("liaison", part, "report", "report", map[string]any{"text": "办结" + p.phrase(), "solved": "yes"})
	c.does("head", part, "signoff", "sign", map[string]any{})
	c.does("secretary", letter, "answer", "answer", map[string]any{"text": "答复" + p.phrase(), "way": "call", "sent": "2026-11-23"})
	c.does("secretary", letter, "ask", "record", map[string]any{"solved": "yes", "asked": "2026-11-23", "words": "满意" + p.phrase()})
	return letter, part
}

// refused enters a letter that is not accepted.
func (c *city) refused(p *planted) int64 {
	c.t.Helper()
	id := c.letter(p).Matter
	c.does("secretary", id, "accept", "refuse", map[string]any{"reason": "不属受理范围" + p.phrase()})
	return id
}

// page reads a matter.
func (c *city) page(who string, id int64) docket.Detail {
	c.t.Helper()
	return as[docket.Detail](c, who, "GET", fmt.Sprintf("/api/matters/%d", id), nil)
}

// erasures counts the events that say that something was erased, by their subject.
func (c *city) erasures() map[int64]int {
	c.t.Helper()
	out := map[int64]int{}
	size, _, err := event.Head(context.Background(), c.prog.DB)
	c.must(err)
	for pos := range size {
		e, err := event.At(context.Background(), c.prog.DB, pos)
		c.must(err)
		if event.Erases(e.Kind) {
			out[e.Subject]++
		}
	}
	return out
}

// raw opens the database beside the program.
func (c *city) raw() *sql.DB {
	c.t.Helper()
	driver := "pgx"
	if store.EngineOf(c.place.dsn()) == store.SQLite {
		driver = "sqlite"
	}
	pool, err := sql.Open(driver, c.place.dsn())
	c.must(err)
	c.t.Cleanup(func() { _ = pool.Close() })
	return pool
}

func (c *city) sweep(want int) {
	c.t.Helper()
	n, err := c.prog.Terms.Sweep(context.Background())
	c.must(err)
	if n != want {
		c.t.Errorf("%s: %d were erased, want %d", c.clock.Now(), n, want)
	}
}

// everybody signs in again: sessions do not last for ten years.
func (c *city) everybody() {
	c.t.Helper()
	for name := range c.people {
		c.signIn(name)
	}
}

// TestTerm keeps letters for ten years to the microsecond, and then erases them,
// but for those that are held, open or younger: after a scrub no byte of them is
// left, every proof verifies, and a backup of before is erased when it is restored.
func TestTerm(t *testing.T) {
	eachCity(t, func(t *testing.T, c *city) {
		gone := &planted{halves: map[string]int{}, packed: map[[packPiece]byte]int{}, files: map[int]int{}}
		stays := &planted{halves: map[string]int{}, packed: map[[packPiece]byte]int{}, files: map[int]int{}}
		common := "共同" + stays.phrase()
		share := func(who string) string { return c.upload(who, "通用.txt", []byte(common)) }

		var due []int64
		var proofs []json.RawMessage
		from := gone.n
		scan := docx(gone.phrases(3)...)
		gone.pack(from, scan)
		first, part := c.handled(gone, c.upload("liaison", "现场"+gone.phrase()+".docx", scan), share("liaison"))
		due = append(due, first)
		for range 3 {
			due = append(due, c.refused(gone))
		}
		held := c.refused(stays)
		open := c.letter(stays).Matter
		instruction := as[answer](c, "secretary", "POST", "/api/docket/instructions", map[string]any{
			"leader": c.people["leader"], "verbatim": "请阅" + stays.phrase(), "medium": "paper", "title": "事项" + stays.phrase(), "files": []string{share("secretary")},
		})
		proofs = append(proofs, instruction.Receipt)
		paper := as[paperAnswer](c, "supervisor", "POST", fmt.Sprintf("/api/matters/%d/papers", first), map[string]any{"sort": "record"})
		proofs = append(proofs, paper.Receipt)
		hold := as[answer](c, "supervisor", "POST", fmt.Sprintf("/api/matters/%d/hold", held), map[string]any{"why": "litigation", "words": "行政诉讼" + stays.phrase(), "review": "2028-01-01"})
		proofs = append(proofs, hold.Receipt)

		c.clock.Set(time.Date(2026, 11, 24, 0, 0, 0, 0, clock.Shanghai()))
		c.everybody()
		later := c.refused(stays)
		if k := c.page("supervisor", first).Keep; k.Until != "2036-11-23" || k.Over || k.Term == nil || k.Term.Text.ZH != "10年" || k.Erased != nil {
			t.Errorf("before: %+v", k)
		}
		if k := c.page("supervisor", open).Keep; k.Until != "" || k.Term == nil || !k.MayHold {
			t.Errorf("open: %+v", k)
		}
		if k := c.page("head", part).Keep; k.Until != "2036-11-23" || k.MayHold {
			t.Errorf("a part: %+v", k)
		}
		away := filepath.Join(t.TempDir(), "away.backup")
		c.wants(0, nil, append([]string{"backup", away}, at(c.place)...)...)

		// The last moment of the last day, counted by hand.
		last := time.Date(2036, 11, 24, 0, 0, 0, 0, clock.Shanghai()).Add(-time.Microsecond)
		c.clock.Set(last)
		c.sweep(0)
		c.clock.Advance(time.Microsecond)
		for _, id := range []int64{first, part} { // reopened, or with an open part, it stays
			_, err := c.raw().Exec(fmt.Sprintf("UPDATE matter SET status = 'open' WHERE id = %d", id))
			c.must(err)
			c.sweep(map[int64]int{first: len(due) - 1, part: 0}[id])
			_, err = c.raw().Exec(fmt.Sprintf("UPDATE matter SET status = 'ended' WHERE id = %d", id))
			c.must(err)
		}
		c.sweep(1)
		c.sweep(0)
		counted := c.erasures()
		for _, id := range due {
			if counted[id] != 1 {
				t.Errorf("%d has %d events of its erasure", id, counted[id])
			}
		}
		if len(counted) != len(due) {
			t.Errorf("erased: %v, want %v", counted, due)
		}
		before := gone.search(t, c.dataDirs()...)
		if len(before) == 0 {
			t.Error("nothing is left in the files before they are scrubbed: the search is blind")
		}
		n, err := erase.Unscrubbed(context.Background(), c.prog.DB)
		c.must(err)
		if n != len(due) {
			t.Errorf("%d erasures wait for the scrub", n)
		}
		c.wants(0, []string{"0 处不符", fmt.Sprintf("有%d次清除", len(due))}, append([]string{"check"}, at(c.place)...)...)
		if done, err := c.prog.Terms.ScrubOnce(context.Background()); err != nil || !done {
			t.Fatal(done, err)
		}
		if done, err := c.prog.Terms.ScrubOnce(context.Background()); err != nil || done {
			t.Error("scrubbed again for nothing", err)
		}
		for n, where := range gone.search(t, c.dataDirs()...) {
			t.Errorf("phrase %d is still in %s", n, where)
		}
		if left := stays.search(t, c.dataDirs()...); len(left) != stays.n {
			t.Errorf("of %d phrases that stay %d are left", stays.n, len(left))
		}

		c.everybody()
		k := c.page("supervisor", first).Keep
		if k.Erased == nil || k.Erased.How != "term" || k.Erased.Why.ZH != "办结后保存10年，2036-11-23期满" || !strings.HasPrefix(k.Erased.At, "2036-11-24T00:00") || k.MayHold {
			t.Errorf("after: %+v %+v", k, k.Erased)
		}
		proofs = append(proofs, as[json.RawMessage](c, "supervisor", "GET", fmt.Sprintf("/api/receipts/%d", k.Erased.Pos), nil))
		if k := c.page("head", part).Keep; k.Erased == nil || k.Erased.How != "term" {
			t.Errorf("a part, after: %+v", k)
		}
		if k := c.page("supervisor", held).Keep; k.Held == nil || !k.Over || !k.MayHold || k.Erased != nil {
			t.Errorf("held: %+v", k)
		}
		c.wants(0, []string{"0 处不符"}, append([]string{"check"}, at(c.place)...)...)
		for _, r := range proofs {
			file := filepath.Join(t.TempDir(), "r.json")
			c.must(os.WriteFile(file, r, 0o600))
			c.wants(0, nil, "verify", file, "--key", filepath.Join(c.place.keys(), "log.pub"))
		}
		if status, _ := c.clients["supervisor"].do("GET", fmt.Sprintf("/api/attachments?subject=%d", instruction.Matter), nil); status != http.StatusOK {
			t.Errorf("the list of files: %d", status)
		}

		// The hold ends, the day after the other's term is over.
		ended := as[answer](c, "leader", "POST", fmt.Sprintf("/api/matters/%d/release", held), map[string]any{"words": "诉讼已审结"})
		if ended.Now.Status == "" || len(ended.Receipt) == 0 {
			t.Error("the end of a hold has no receipt")
		}
		c.sweep(1)
		c.clock.Advance(24*time.Hour - time.Microsecond)
		c.sweep(0)
		c.clock.Advance(time.Microsecond)
		c.sweep(1)
		if n := c.erasures(); n[held] != 1 || n[later] != 1 || n[open] != 0 {
			t.Errorf("erased: %v", n)
		}

		other := c.elsewhere(store.EngineOf(c.place.dsn()), c.place)
		c.wants(0, []string{"已恢复", "已按清除登记簿再次清除"}, append([]string{"restore", away}, at(other)...)...)
		c.wants(0, []string{"0 处不符"}, append([]string{"check"}, at(other)...)...)
		dirs := []string{other.Data}
		if store.EngineOf(other.dsn()) == store.SQLite {
			dirs = append(dirs, filepath.Dir(other.dsn()))
		}
		for n, where := range gone.search(t, dirs...) {
			t.Errorf("phrase %d came back in %s", n, where)
		}
		c.resume(other)
		files := as[struct {
			Items []struct {
				ID int64 `json:"id"`
			} `json:"items"`
		}](c, "supervisor", "GET", fmt.Sprintf("/api/attachments?subject=%d", instruction.ID), nil).Items
		if len(files) != 1 {
			t.Fatalf("the instruction has %d files", len(files))
		}
		if status, body := c.clients["supervisor"].do("GET", fmt.Sprintf("/api/attachments/%d/content", files[0].ID), nil); status != http.StatusOK || string(body) != common {
			t.Errorf("the content that an instruction has too went with the letter when it was erased again: %d", status)
		}
		if title := c.page("supervisor", open).Title; !strings.Contains(title, plantMark) {
			t.Errorf("the open letter is %q in the restored log", title)
		}
	})
}

var errBroken = errors.New("the power failed")

// failing is a schedule that breaks off when it was asked a number of times.
type failing struct {
	erase.Schedule
	left int
}

func (f *failing) Due(g *store.Group, id int64, target *erase.Target, now time.Time) (fault.Text, error) {
	if f.left--; f.left < 0 {
		return fault.Text{}, errBroken
	}
	return f.Schedule.Due(g, id, target, now)
}

// TestTermBrokenOff breaks the erasing off after every question that it asks, and
// begins again with a new program: each letter is erased once.
func TestTermBrokenOff(t *testing.T) {
	eachCity(t, func(t *testing.T, c *city) {
		p := &planted{halves: map[string]int{}, packed: map[[packPiece]byte]int{}, files: map[int]int{}}
		var due []int64
		for range 5 {
			due = append(due, c.refused(p))
		}
		c.clock.Set(time.Date(2036, 11, 24, 0, 0, 0, 0, clock.Shanghai()))
		broken := 0
		for left := 1; ; left += 3 {
			schedule := c.prog.Terms.Schedule
			c.prog.Terms.Schedule = &failing{schedule, left}
			_, err := c.prog.Terms.Sweep(context.Background())
			if err == nil {
				break
			}
			if !errors.Is(err, errBroken) {
				t.Fatal(err)
			}
			broken++
			c.stop()
			c.start(context.Background())
			c.serve()
		}
		if broken < 2 {
			t.Errorf("it was broken off %d times", broken)
		}
		c.sweep(0)
		for id, n := range c.erasures() {
			if n != 1 || !slices.Contains(due, id) {
				t.Errorf("%d was erased %d times", id, n)
			}
		}
		if n := len(c.erasures()); n != len(due) {
			t.Errorf("%d of %d were erased", n, len(due))
		}
		c.wants(0, []string{"0 处不符"}, append([]string{"check"}, at(c.place)...)...)
	})
}

// TestTermOnce lets several programs on one database erase at the same time.
func TestTermOnce(t *testing.T) {
	eachCity(t, func(t *testing.T, c *city) {
		p := &planted{halves: map[string]int{}, packed: map[[packPiece]byte]int{}, files: map[int]int{}}
		for range 8 {
			c.refused(p)
		}
		c.clock.Set(time.Date(2036, 11, 24, 0, 0, 0, 0, clock.Shanghai()))
		second, err := c.place.open(context.Background(), c.clock, store.Options{})
		c.must(err)
		defer second.Close()
		errs := make(chan error, 2)
		for _, prog := range []*Program{c.prog, second} {
			go func() {
				_, err := prog.Terms.Sweep(context.Background())
				errs <- err
			}()
		}
		for range 2 {
			c.must(<-errs)
		}
		counted := c.erasures()
		for id, n := range counted {
			if n != 1 {
				t.Errorf("%d was erased %d times", id, n)
			}
		}
		if len(counted) != 8 {
			t.Errorf("%d of 8 were erased", len(counted))
		}
	})
}

// TestHold: who may hold an erasure, what of, and that he cannot twice.
func TestHold(t *testing.T) {
	eachCity(t, func(t *testing.T, c *city) {
		p := &planted{halves: map[string]int{}, packed: map[[packPiece]byte]int{}, files: map[int]int{}}
		letter, part := c.handled(p)
		followup := as[answer](c, "secretary", "POST", "/api/docket/matters", map[string]any{"kind": "docket.followup", "title": "督办事项", "originator": c.people["leader"], "given": map[string]any{"title": "督办事项", "content": "请抓好落实"}}).Matter
		good := map[string]any{"why": "audit", "words": "审计局 2026 年第 9 号", "review": "2027-06-30"}
		for _, s := range []struct {
			who    string
			id     int64
			path   string
			body   map[string]any
			status int
		}{
			{"guest", letter, "hold", good, http.StatusUnauthorized},
			{"outsider", letter, "hold", good, http.StatusNotFound},
			{"head", part, "hold", good, http.StatusForbidden},
			{"auditor", letter, "hold", good, http.StatusForbidden},
			{"supervisor", part, "hold", good, http.StatusConflict},
			{"supervisor", followup, "hold", good, http.StatusConflict},
			{"supervisor", letter, "release", map[string]any{"words": "已结束"}, http.StatusConflict},
			{"supervisor", letter, "hold", map[string]any{"why": "whim", "words": "因故", "review": "2027-06-30"}, http.StatusUnprocessableEntity},
			{"supervisor", letter, "hold", map[string]any{"why": "audit", "words": "因故", "review": "2027-06-31"}, http.StatusUnprocessableEntity},
			{"supervisor", letter, "hold", map[string]any{"why": "audit", "words": "", "review": "2027-06-30"}, http.StatusUnprocessableEntity},
			{"supervisor", letter, "hold", good, http.StatusOK},
			{"leader", letter, "hold", good, http.StatusConflict},
			{"head", part, "release", map[string]any{"words": "已结束"}, http.StatusForbidden},
			{"secretary", letter, "release", map[string]any{"words": "审计已结束"}, http.StatusOK},
			{"secretary", letter, "hold", good, http.StatusOK},
		} {
			if status, body := c.clients[s.who].do("POST", fmt.Sprintf("/api/matters/%d/%s", s.id, s.path), s.body); status != s.status {
				t.Errorf("%s %s of %d: %d, want %d\n%s", s.who, s.path, s.id, status, s.status, body)
			}
		}
		d := c.page("supervisor", letter)
		if d.Keep.Held == nil || d.Keep.Held.Words != good["words"] || d.Keep.Held.By.Name != "唐二奕" || d.Keep.Held.Review != "2027-06-30" {
			t.Errorf("%+v", d.Keep.Held)
		}
		said := 0
		for _, e := range d.Timeline {
			if e.ActName.ZH == "暂缓清除" || e.ActName.ZH == "解除暂缓清除" {
				said++
				as[json.RawMessage](c, "supervisor", "GET", fmt.Sprintf("/api/receipts/%d", e.Pos), nil)
			}
		}
		if said != 3 {
			t.Errorf("the course tells of %d of 3 acts", said)
		}
		if h := c.page("head", part).Keep.Held; h == nil || h.Words != "" || h.By != nil {
			t.Errorf("a part shows of the hold: %+v", h)
		}
		c.wants(0, []string{"0 处不符"}, append([]string{"check"}, at(c.place)...)...)
		c.wants(0, []string{"已清理"}, append(append([]string{"scrub"}, at(c.place)...), "--as", "admin")...)
		c.wants(1, []string{"没有办理此项的权限"}, append(append([]string{"scrub"}, at(c.place)...), "--as", "supervisor")...)
	})
}

// TestKeptBefore holds the rows of what had ended before the table was made against
// those that the engine writes.
func TestKeptBefore(t *testing.T) {
	eachCity(t, func(t *testing.T, c *city) {
		p := &planted{halves: map[string]int{}, packed: map[[packPiece]byte]int{}, files: map[int]int{}}
		letter, _ := c.handled(p)
		other := c.refused(p)
		c.letter(p)
		as[paperAnswer](c, "supervisor", "POST", fmt.Sprintf("/api/matters/%d/papers", letter), map[string]any{"sort": "record"})
		as[answer](c, "supervisor", "POST", fmt.Sprintf("/api/matters/%d/hold", other), map[string]any{"why": "audit", "words": "审计", "review": "2027-06-30"})
		text, err := os.ReadFile("../../kernel/matter/migrations/0046_keep.sql")
		c.must(err)
		_, fill, _ := strings.Cut(string(text), "INSERT INTO matter_kept")
		fill, _, _ = strings.Cut(fill, ";")
		pool := c.raw()
		_, err = pool.Exec("DELETE FROM matter_kept")
		c.must(err)
		if _, out := command(append([]string{"check"}, at(c.place)...)...); !strings.Contains(out, "2 处不符") {
			t.Errorf("check does not miss them: %s", out)
		}
		_, err = pool.Exec("INSERT INTO matter_kept" + fill)
		c.must(err)
		c.wants(0, []string{"0 处不符"}, append([]string{"check"}, at(c.place)...)...)
	})
}
