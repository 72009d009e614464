package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestMarkedIsRefused: a mark of a state secret in any kind of input is refused
// before anything of it is stored; the answer says what to do, names the field
// where there is one, and repeats nothing.
func TestMarkedIsRefused(t *testing.T) {
	eachCity(t, func(t *testing.T, c *city) {
		_, id, _ := c.assigned()
		p := &planted{halves: map[string]int{}, packed: map[[packPiece]byte]int{}, files: map[int]int{}}
		body := func(mark string) string { return mark + "\n" + p.phrase() }
		instruction := func(verbatim, title, brief string) map[string]any {
			return map[string]any{"leader": c.people["leader"], "verbatim": verbatim, "medium": "paper", "title": title, "brief": brief}
		}
		act := fmt.Sprintf("/api/matters/%d/acts", id)
		for _, in := range []struct {
			who, path string
			body      map[string]any
			field     string
		}{
			{"secretary", "/api/docket/instructions", instruction(body("机密★1年"), "", ""), "verbatim"},
			{"secretary", "/api/docket/instructions", instruction(body("请阅"), "【绝密】"+p.phrase(), ""), "title"},
			{"secretary", "/api/docket/instructions", instruction(body("请阅"), "绝密★"+p.phrase(), ""), "title"},
			{"supervisor", "/api/docket/matters", map[string]any{"kind": "docket.followup", "title": "一个事项", "given": map[string]any{"title": "一个事项", "content": body("秘密★")}}, "content"},
			{"supervisor", "/api/docket/matters", map[string]any{"kind": "docket.followup", "title": "秘密★" + p.phrase(), "given": map[string]any{"title": "一个事项", "content": "照常登记办理"}}, "title"},
			{"supervisor", act, map[string]any{"step": "", "act": "pause", "input": map[string]any{"reason": body("秘 密 ★ 三年")}}, "reason"},
			{"secretary", "/api/imports", map[string]any{"name": "清单.txt", "text": "机密\n任务\n" + p.phrase()}, "text"},
			{"secretary", "/api/imports", map[string]any{"name": "清单.txt", "text": "任务\n办理" + p.phrase() + "秘密★"}, "text"},
			{"secretary", "/api/imports", map[string]any{"name": "（机密）清单.txt", "text": "任务\n办理" + p.phrase()}, "text"},
		} {
			status, got := c.clients[in.who].do("POST", in.path, in.body)
			if status != http.StatusUnprocessableEntity || !strings.Contains(string(got), "国家秘密标志") || !strings.Contains(string(got), fmt.Sprintf("%q", in.field)) {
				t.Errorf("%s %s: %d %s", in.path, in.field, status, got)
			}
			if strings.Contains(string(got), plantMark) || strings.Contains(string(got), "★") {
				t.Errorf("%s repeats what it refuses: %s", in.path, got)
			}
		}
		for _, f := range []struct {
			name string
			data []byte
		}{{"a.docx", docx("机密★1年", p.phrase())}, {"a.txt", []byte(body("秘密★"))}, {"机密-" + p.phrase() + ".txt", []byte("正文")}} {
			if status, got := c.clients["clerk"].upload(f.name, f.data); status != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d %s", f.name, status, got)
			}
		}
		for n, where := range p.search(t, c.dataDirs()...) {
			t.Errorf("phrase %d of what was refused is in %s", n, where)
		}
	})
}
