package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/event"
)

type paperAnswer struct {
	ID      int64           `json:"id"`
	Number  string          `json:"number"`
	Digest  string          `json:"digest"`
	Receipt json.RawMessage `json:"receipt"`
}

type paperChoices struct {
	Choices []struct {
		Sort  string `json:"sort"`
		Ready bool   `json:"ready"`
	} `json:"choices"`
	Issued []struct {
		ID int64 `json:"id"`
	} `json:"issued"`
	May bool `json:"may_issue"`
}

const paperBase = "http://10.0.0.1:8080"

// TestPapers: papers are composed, issued once, numbered, proved by their bytes,
// and shown to whom they are for.
func TestPapers(t *testing.T) {
	eachCity(t, func(t *testing.T, c *city) {
		_, id, part := c.assigned()
		papers := fmt.Sprintf("/api/matters/%d/papers", id)
		menu := as[paperChoices](c, "supervisor", "GET", papers, nil)
		ready := map[string]bool{}
		for _, k := range menu.Choices {
			ready[k.Sort] = k.Ready
		}
		if !menu.May || !ready["slip"] || !ready["notice"] || !ready["urge"] || !ready["record"] || ready["report"] {
			t.Errorf("what is offered: %+v", menu)
		}
		// A look issues nothing.
		size, _, err := event.Head(t.Context(), c.prog.DB)
		c.must(err)
		for _, k := range []string{"slip", "notice", "urge", "process", "circulate", "record"} {
			if text := string(must200(t, c, "supervisor", papers+"/"+k)); !strings.Contains(text, "新市民社保转移一件事") || !strings.Contains(text, `"flaws":[]`) {
				t.Errorf("%s: %.400s", k, text)
			}
		}
		if now, _, err := event.Head(t.Context(), c.prog.DB); err != nil || now != size {
			t.Errorf("looking wrote %d events", now-size)
		}
		// The slip quotes the leader; what goes to units does not.
		for k, want := range map[string]bool{"slip": true, "process": true, "record": true, "notice": false, "urge": false} {
			if got := strings.Contains(string(must200(t, c, "supervisor", papers+"/"+k)), "请人社局牵头，十个"); got != want {
				t.Errorf("%s quotes the instruction: %v", k, got)
			}
		}

		issue := func(sort, key string) paperAnswer {
			t.Helper()
			status, body := c.clients["supervisor"].keyed("POST", papers, map[string]any{"sort": sort, "base": paperBase, "reply_by": "2026-12-31"}, key)
			if status != http.StatusCreated {
				t.Fatalf("issue %s: %d %s", sort, status, body)
			}
			var a paperAnswer
			c.must(json.Unmarshal(body, &a))
			return a
		}
		letter := issue("urge", "urge-1")
		if letter.Number != "澄政督函〔2026〕1号" {
			t.Errorf("number %q", letter.Number)
		}
		if again := issue("urge", "urge-1"); again.ID != letter.ID || again.Number != letter.Number || again.Digest != letter.Digest {
			t.Errorf("the same key again: %+v", again)
		}
		if next := issue("urge", "urge-2"); next.Number != "澄政督函〔2026〕2号" {
			t.Errorf("the next number is %q", next.Number)
		}
		slip := issue("slip", "slip-1")

		// The bytes are the same each time, and the receipt proves them offline.
		file := must200(t, c, "supervisor", fmt.Sprintf("/api/papers/%d/file", letter.ID))
		if sum := sha256.Sum256(file); hex.EncodeToString(sum[:]) != letter.Digest {
			t.Error("the file is not the one that was issued")
		}
		if other := must200(t, c, "liaison", fmt.Sprintf("/api/papers/%d/file", letter.ID)); !slices.Equal(file, other) {
			t.Error("another reader gets other bytes")
		}
		receipt := must200(t, c, "supervisor", fmt.Sprintf("/api/receipts/%d", letter.ID))
		report, err := audit.Verify(receipt, c.prog.Key.Keys())
		if err != nil || !report.OK {
			t.Fatalf("the receipt does not verify: %+v %v", report, err)
		}
		name := filepath.Join(t.TempDir(), "letter.docx")
		c.must(os.WriteFile(name, file, 0o600))
		if check, err := checkFile(name, receipt); err != nil || !check.OK {
			t.Errorf("the file against its receipt: %+v %v", check, err)
		}
		c.must(os.WriteFile(name, append(file, 0), 0o600))
		if check, err := checkFile(name, receipt); err != nil || check.OK {
			t.Errorf("a changed file passes: %+v %v", check, err)
		}

		// Who sees what: a letter's units see it, a slip is the office's.
		for _, k := range []struct {
			who    string
			paper  int64
			status int
		}{
			{"supervisor", letter.ID, 200}, {"leader", slip.ID, 200}, {"auditor", slip.ID, 200}, {"liaison", letter.ID, 200}, {"liaison", slip.ID, 404},
			{"clerk", letter.ID, 404}, {"outsider", letter.ID, 404}, {"citizen", letter.ID, 404}, {"guest", letter.ID, 401},
		} {
			for _, path := range []string{"/api/papers/%d", "/api/papers/%d/file", "/api/receipts/%d"} {
				if status, body := c.clients[k.who].do("GET", fmt.Sprintf(path, k.paper), nil); status != k.status {
					t.Errorf("%s "+path+": %d, want %d: %.200s", k.who, k.paper, status, k.status, body)
				}
			}
		}
		for _, who := range []string{"liaison", "leader", "auditor", "outsider"} {
			if status, _ := c.clients[who].do("POST", papers, map[string]any{"sort": "slip"}); status != 403 && status != 404 {
				t.Errorf("%s issued a paper: %d", who, status)
			}
		}
		if status, body := c.clients["supervisor"].do("POST", papers, map[string]any{"sort": "urge", "reply_by": "2020-01-01"}); status != 422 {
			t.Errorf("an answer asked for in the past: %d %s", status, body)
		}
		own := as[paperChoices](c, "liaison", "GET", fmt.Sprintf("/api/matters/%d/papers", part), nil)
		if own.May || len(own.Issued) != 0 {
			t.Errorf("the liaison's menu: %+v", own)
		}
		c.brief()
		if out, err := c.prog.check(t.Context(), 10); err != nil || !out.OK {
			t.Errorf("check: %+v %v", out, err)
		}
	})
}

// brief: the week's numbers come from the log, and are the office's.
func (c *city) brief() {
	c.t.Helper()
	today := c.prog.Clock.Now().Format("2006-01-02")
	text := string(must200(c.t, c, "supervisor", "/api/briefs?week="+today))
	for _, want := range []string{"本周新立事项1件，办结0件", "市人力资源和社会保障局", "不作排名", "截至"} {
		if !strings.Contains(text, want) {
			c.t.Errorf("the brief lacks %s: %.800s", want, text)
		}
	}
	if status, _ := c.clients["liaison"].do("GET", "/api/briefs", nil); status != 403 {
		c.t.Errorf("a liaison reads the office's brief: %d", status)
	}
	if status, _ := c.clients["supervisor"].do("GET", "/api/briefs?week=2099-01-01", nil); status != 422 {
		c.t.Errorf("a week to come: %d", status)
	}
	made := as[paperAnswer](c, "supervisor", "POST", "/api/briefs", map[string]any{"week": today, "base": paperBase})
	file := must200(c.t, c, "leader", fmt.Sprintf("/api/papers/%d/file", made.ID))
	if sum := sha256.Sum256(file); hex.EncodeToString(sum[:]) != made.Digest {
		c.t.Error("the brief's bytes are not those issued")
	}
}

func must200(t *testing.T, c *city, who, path string) []byte {
	t.Helper()
	status, body := c.clients[who].do("GET", path, nil)
	if status != http.StatusOK {
		t.Fatalf("%s GET %s: %d %.300s", who, path, status, body)
	}
	return body
}
