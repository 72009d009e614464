package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
)

// queueing is in the title of the unannounced visit and in nothing else.
const queueing = "窗口排队叫号"

// inspection sends acts on one supervision.
type inspection struct {
	c  *city
	id int64
}

func (s inspection) act(who, slot, step, act string, input map[string]any) answer {
	s.c.t.Helper()
	return as[answer](s.c, who, "POST", fmt.Sprintf("/api/matters/%d/acts", s.id), map[string]any{"slot": slot, "step": step, "act": act, "input": input})
}

// supervise registers a special supervision and hands in its plan.
func (c *city) supervise(title, visit string, object, source int64) inspection {
	c.t.Helper()
	in := map[string]any{"kind": "docket.special", "title": title, "given": map[string]any{
		"title": title, "content": "办事窗口服务", "ground": "order", "object": fmt.Sprint(object), "visit": visit,
	}}
	if source != 0 {
		in["source"] = source
	}
	s := inspection{c, as[answer](c, "secretary", "POST", "/api/docket/matters", in).Matter}
	person := map[string]any{"person": fmt.Sprint(c.people["supervisor"])}
	s.act("supervisor", "", "plan", "submit", map[string]any{
		"opinion": "不发通知，直奔现场", "ways": []string{"visit"}, "from": "2026-11-24", "to": "2026-11-25", "times": 1, "days": 1,
		"lead": fmt.Sprint(c.people["supervisor"]), "team": []any{person},
	})
	return s
}

// views is everything that a person can look at, as text.
func (c *city) views(who string, visible int64) map[string]string {
	c.t.Helper()
	out := map[string]string{}
	for _, path := range []string{
		"/api/matters?all=1", "/api/matters", "/api/matters?q=" + queueing[:6], "/api/matters?kind=docket.special", "/api/matters?status=open&all=1", "/api/matters?holder=me",
		fmt.Sprintf("/api/matters?unit=%d&all=1", c.office), "/api/board?kind=docket.special", "/api/inbox", "/api/inbox?group=unit", "/api/inbox?group=watch",
		"/api/definitions", "/api/definitions/docket.special", "/api/units", "/api/docket/instructions", "/api/imports",
		"/api/briefs", "/api/briefs/issued", "/api/docket/kinds", "/api/duties", "/api/notices", "/api/notices/count", "/api/attachments",
		fmt.Sprintf("/api/matters/%d/papers", visible), fmt.Sprintf("/api/matters/%d/slip", visible),
		"/api/lead", "/api/record", "/api/process/docket.special", "/api/delegations", "/api/help",
		fmt.Sprintf("/api/people/%d/hands", c.people["supervisor"]), fmt.Sprintf("/api/matters/%d/help", visible),
		fmt.Sprintf("/api/docket/repeat?title=%s&object=%d", queueing, c.bureau),
		fmt.Sprintf("/api/matters/%d", visible), fmt.Sprintf("/api/matters/%d/tree", visible), fmt.Sprintf("/api/matters/%d/provenance", visible), fmt.Sprintf("/api/matters/%d/print", visible),
	} {
		status, body := c.clients[who].do("GET", path, nil)
		out[path] = anew(fmt.Sprint(status, " ", string(body)))
	}
	status, body := c.clients[who].do("GET", "/api/export/matters.xlsx?all=1", nil)
	out["/api/export/matters.xlsx"] = anew(fmt.Sprint(status, " ", c.cells(status, body)))
	return out
}

func (c *city) cells(status int, workbook []byte) string {
	c.t.Helper()
	if status != http.StatusOK {
		return string(workbook)
	}
	f, err := excelize.OpenReader(bytes.NewReader(workbook))
	c.must(err)
	defer f.Close()
	var all [][]string
	for _, name := range f.GetSheetList() {
		rows, err := f.GetRows(name)
		c.must(err)
		all = append(all, rows...)
	}
	return fmt.Sprint(all)
}

// TestUnannouncedVisit: until it is disclosed, an unannounced visit changes nothing
// that anybody with a post in its object can look at, whatever else he may be: no
// list, count, board, search, tree, web, inbox, stream, workbook, receipt or number.
// Afterwards it is seen.
func TestUnannouncedVisit(t *testing.T) {
	eachCity(t, func(t *testing.T, c *city) {
		ctx := context.Background()
		admin := auth.Principal{Person: c.people["admin"]}
		for _, p := range []auth.NewPost{
			{Key: c.key(), Person: c.people["chief"], Unit: c.office, Duty: auth.Supervisor}, // of both sides
			{Key: c.key(), Person: c.people["outsider"], Unit: c.office, Duty: auth.Secretary},
		} {
			_, err := c.prog.Registry.AddPost(ctx, admin, p)
			c.must(err)
		}
		c.signIn("chief")
		_, err := c.prog.Registry.Delegate(ctx, auth.Principal{Person: c.people["head"]}, c.lent("head", "outsider"))
		c.must(err)
		c.signIn("outsider")
		instruction, _, part := c.assigned()
		object := []string{"head", "liaison", "clerk", "chief", "outsider"} // the last acts for the head
		before := map[string]map[string]string{}
		for _, who := range object {
			before[who] = c.views(who, part)
		}
		s := c.supervise(queueing+"暗访", "unannounced", c.bureau, instruction)
		unseen := func(when string) {
			t.Helper()
			for _, who := range object {
				for path, text := range c.views(who, part) {
					if text != before[who][path] {
						t.Errorf("%s, %s: GET %s shows it: %.300s, was %.300s", when, who, path, text, before[who][path])
					}
				}
				c.unreachable(who, s.id, when)
			}
		}
		unseen("planned")
		s.act("leader", "", "approve", "approve", map[string]any{})
		unseen("approved")
		if got := s.act("supervisor", "", "visit", "record", map[string]any{"facts": "排队四十分钟", "evidence": "录像一段"}); got.Number != "" {
			t.Errorf("numbered before it is disclosed: %s", got.Number)
		}
		unseen("visited")
		told := map[string]any{"send": []any{map[string]any{"unit": fmt.Sprint(c.bureau), "words": "已对窗口服务开展暗访，现予告知。"}}}
		if got := s.act("supervisor", "", "disclose", "tell", told); got.Number != "澄政督查〔2026〕1号" {
			t.Errorf("numbered %q", got.Number)
		}
		for who, path := range map[string]string{
			"liaison": "/api/inbox", "head": "/api/matters?all=1", "chief": "/api/matters?kind=docket.special", "outsider": "/api/matters?q=" + queueing[:6],
		} {
			if _, body := c.clients[who].do("GET", path, nil); !strings.Contains(string(body), queueing) {
				t.Errorf("disclosed, and %s does not see it in %s: %.300s", who, path, body)
			}
		}
		if n := as[struct{ Running int }](c, "chief", "GET", "/api/definitions/docket.special", nil).Running; n != 1 {
			t.Errorf("disclosed, and %d are running", n)
		}
	})
}

// lent is a delegation of everything.
func (c *city) lent(giver, taker string) auth.NewDelegation {
	now := c.clock.Now()
	return auth.NewDelegation{Key: c.key(), Giver: c.people[giver], Taker: c.people[taker], Since: now, Until: now.AddDate(0, 1, 0), Reason: "出差"}
}

// anew gives every answer the same number of its own: each error, each workbook, and
// each brief, which says how long the log was (as every checkpoint does in public).
func anew(text string) string {
	return regexp.MustCompile(`"instance":"[^"]*"|导出编号 [0-9A-Z]+|记录至第[0-9]+条|"log_size":[0-9]+`).ReplaceAllString(text, "")
}

// unreachable wants every door to one matter to answer as if it did not exist.
func (c *city) unreachable(who string, id int64, when string) {
	c.t.Helper()
	ctx := context.Background()
	const nothing = 1 << 40
	said := func(method, format string, id int64, in any) string {
		status, body := c.clients[who].do(method, fmt.Sprintf(format, id), in)
		return fmt.Sprint(status, " ", strings.ReplaceAll(anew(string(body)), fmt.Sprint(id), "ID"))
	}
	for _, path := range []string{"/api/matters/%d", "/api/matters/%d/tree", "/api/matters/%d/provenance", "/api/matters/%d/papers", "/api/matters/%d/slip", "/api/matters/%d/help", "/api/receipts/%d"} {
		if got, want := said("GET", path, id, nil), said("GET", path, nothing, nil); got != want || !strings.HasPrefix(got, "404") {
			c.t.Errorf("%s, %s: GET "+path+" says %s, for nothing %s", when, who, id, got, want)
		}
	}
	act := map[string]any{"act": "urge", "input": map[string]any{"reason": "试"}}
	if got, want := said("POST", "/api/matters/%d/acts", id, act), said("POST", "/api/matters/%d/acts", nothing, act); got != want {
		c.t.Errorf("%s, %s: an act says %s, on nothing %s", when, who, got, want)
	}
	events, err := event.Of(ctx, c.prog.DB, id)
	c.must(err)
	var all []event.Envelope
	for _, e := range events {
		all = append(all, e.Envelope)
		told, err := c.prog.Docket.Told(ctx, e)
		c.must(err)
		for _, t := range told {
			if t.Person == c.people[who] {
				c.t.Errorf("%s, %s: a notice tells of event %d", when, who, e.Pos)
			}
		}
		if got, want := said("GET", "/api/receipts/%d", e.Pos, nil), said("GET", "/api/receipts/%d", nothing, nil); got != want {
			c.t.Errorf("%s, %s: the receipt of %d: %s, of nothing %s", when, who, e.Pos, got, want)
		}
	}
	moved, err := c.prog.Desk.Moved(ctx, auth.Principal{Person: c.people[who]}, all)
	if err != nil || len(moved) > 0 {
		c.t.Errorf("%s, %s: the stream tells of %v (%v)", when, who, moved, err)
	}
}

// TestFrequencyOfSupervision: before approval the running supervisions of the same
// object are shown, and beyond the month's cap of a town the approver must say why.
func TestFrequencyOfSupervision(t *testing.T) {
	eachCity(t, func(t *testing.T, c *city) {
		ctx := context.Background()
		town, err := c.prog.Registry.AddUnit(ctx, auth.Principal{Person: c.people["admin"]}, auth.NewUnit{Key: c.key(), Parent: c.bureau, Kind: auth.Street, Name: fault.T("青石街道", "Qingshi")})
		c.must(err)
		type page struct {
			Approval *struct {
				Similar []struct {
					ID, Share int64
					Repeats   bool
				}
				Frequency *struct{ Count, Most int }
			}
		}
		first := c.supervise("老旧电梯更新专项督查", "announced", town, 0)
		first.act("leader", "", "approve", "approve", map[string]any{})
		c.supervise("窗口服务专项督查", "announced", c.other, 0)
		second := c.supervise("关于老旧电梯更新情况的督查", "unannounced", town, 0)
		shown := as[page](c, "leader", "GET", fmt.Sprintf("/api/matters/%d", second.id), nil).Approval
		if shown == nil || len(shown.Similar) != 1 || shown.Similar[0].ID != first.id || !shown.Similar[0].Repeats || shown.Frequency == nil || shown.Frequency.Count != 1 || shown.Frequency.Most != 2 {
			t.Fatalf("before the second approval: %+v", shown)
		}
		second.act("leader", "", "approve", "approve", map[string]any{})
		third := c.supervise("安全生产督查", "announced", town, 0)
		path := fmt.Sprintf("/api/matters/%d/acts", third.id)
		approve := map[string]any{"step": "approve", "act": "approve", "input": map[string]any{"opinion": "同意"}}
		key := c.key()
		if status, body := c.clients["leader"].keyed("POST", path, approve, key); status != http.StatusUnprocessableEntity || !strings.Contains(string(body), "已批准2次，达到上限（2次）") || !strings.Contains(string(body), `"over"`) {
			t.Fatalf("beyond the cap: %d %s", status, body)
		}
		approve["input"] = map[string]any{"opinion": "同意", "over": "发生事故，须立即核查"}
		key = c.key()
		for range 2 { // the retry is the same act
			if status, body := c.clients["leader"].keyed("POST", path, approve, key); status != http.StatusOK {
				t.Fatalf("with a reason: %d %s", status, body)
			}
		}
		if _, body := c.clients["supervisor"].do("GET", fmt.Sprintf("/api/matters/%d", third.id), nil); !strings.Contains(string(body), "发生事故，须立即核查") {
			t.Errorf("the reason is not recorded: %s", body)
		}
		c.clock.Set(c.clock.Now().AddDate(0, 1, 0)) // another month
		c.signIn("leader")
		c.signIn("secretary")
		c.signIn("supervisor")
		fourth := c.supervise("防汛督查", "announced", town, 0)
		fourth.act("leader", "", "approve", "approve", map[string]any{})
	})
}
