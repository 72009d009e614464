package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/matter"
)

// TestDelegationOverHTTP lends the leader's post for some days: the delegate sees
// what waits and for whom, acts with both names on the step, and no longer at the
// end, in the session that he had all along.
func TestDelegationOverHTTP(t *testing.T) {
	eachCity(t, func(t *testing.T, c *city) {
		entered := as[answer](c, "secretary", "POST", "/api/docket/instructions", map[string]any{
			"leader": c.people["leader"], "verbatim": "请人社局牵头，十个工作日内报结果。", "medium": "paper", "title": "新市民社保转移一件事",
		})
		path := fmt.Sprintf("/api/matters/%d", entered.Matter)
		units := []map[string]any{{"unit": fmt.Sprint(c.bureau), "role": "lead", "limit": "10wd", "task": "牵头办理"}}
		as[answer](c, "supervisor", "POST", path+"/acts", map[string]any{"step": "propose", "act": "submit", "input": map[string]any{"opinion": "建议人社局牵头", "units": units}})
		approve := map[string]any{"step": "approve", "act": "refuse", "input": map[string]any{"reason": "请补充协办单位"}}
		give := func(kinds ...string) int64 {
			got := as[struct {
				ID      int64           `json:"id"`
				Receipt json.RawMessage `json:"receipt"`
			}](c, "leader", "POST", "/api/delegations", map[string]any{"taker": c.people["supervisor"], "kinds": kinds, "until": "2026-11-23T12:00", "reason": "出差"})
			if report, err := audit.Verify(got.Receipt, []string{c.prog.Key.Public}); err != nil || !report.OK {
				t.Errorf("receipt of the delegation: %v %+v", err, report)
			}
			return got.ID
		}
		refused := func(when string) {
			t.Helper()
			if status, body := c.clients["supervisor"].do("POST", path+"/acts", approve); status != http.StatusForbidden {
				t.Errorf("%s: %d %s", when, status, body)
			}
			if _, body := c.clients["supervisor"].do("GET", "/api/inbox", nil); strings.Contains(string(body), `"step":"approve"`) {
				t.Errorf("%s: the step waits in the inbox", when)
			}
		}
		refused("before")
		other := give("docket.commitment")
		refused("lent for another kind")
		if status, body := c.clients["supervisor"].do("DELETE", fmt.Sprintf("/api/delegations/%d", other), nil); status != http.StatusForbidden {
			t.Errorf("the delegate ended it: %d %s", status, body)
		}
		as[any](c, "leader", "DELETE", fmt.Sprintf("/api/delegations/%d", other), nil)
		id := give("docket.followup")
		if _, body := c.clients["supervisor"].do("GET", "/api/inbox", nil); !strings.Contains(string(body), fmt.Sprintf(`"for":{"id":%d,"name":"周一山"}`, c.people["leader"])) {
			t.Errorf("the inbox does not say for whom: %.600s", body)
		}
		if _, body := c.clients["supervisor"].do("GET", "/api/me", nil); !strings.Contains(string(body), `"acting":[{"id":`+fmt.Sprint(id)+`,"name":"周一山"`) {
			t.Errorf("me: %s", body)
		}
		done := as[answer](c, "supervisor", "POST", path+"/acts", approve)
		e := c.event(done.Pos)
		if e.Actor != c.people["supervisor"] || e.Behalf != c.people["leader"] {
			t.Errorf("the envelope: %+v", e)
		}
		if _, body := c.clients["secretary"].do("GET", path, nil); !strings.Contains(string(body), fmt.Sprintf(`"giver":{"id":%d,"name":"周一山"}`, c.people["leader"])) {
			t.Errorf("the timeline names one person only: %.900s", body)
		}
		if status, body := c.clients["supervisor"].do("POST", fmt.Sprintf("/api/docket/instructions/%d/confirm", entered.ID), nil); status != http.StatusForbidden {
			t.Errorf("confirmed for the leader: %d %s", status, body)
		}
		// His own acts stay his own.
		mine := as[answer](c, "supervisor", "POST", path+"/acts", map[string]any{"step": "propose", "act": "submit", "input": map[string]any{"opinion": "再拟", "units": units}})
		if e := c.event(mine.Pos); e.Behalf != 0 {
			t.Errorf("an act of one's own bears %d", e.Behalf)
		}
		c.clock.Set(time.Date(2026, 11, 23, 11, 59, 59, 999_999_000, c.clock.Now().Location()))
		if _, body := c.clients["supervisor"].do("GET", "/api/inbox", nil); !strings.Contains(string(body), `"step":"approve"`) {
			t.Errorf("in the last instant: %.300s", body)
		}
		c.clock.Advance(time.Microsecond)
		refused("at its end")
		for who, want := range map[string]int{"guest": http.StatusUnauthorized, "citizen": http.StatusForbidden} {
			if status, _ := c.clients[who].do("GET", "/api/delegations", nil); status != want {
				t.Errorf("%s reads delegations: %d", who, status)
			}
		}
	})
}

// event gives the envelope of an event.
func (c *city) event(pos int64) event.Envelope {
	e, err := event.At(c.t.Context(), c.prog.DB, pos)
	c.must(err)
	return e.Envelope
}

// TestHandoverOverHTTP: whoever has work that only he can do is not suspended;
// in one act it becomes his successor's, also what is still to come.
func TestHandoverOverHTTP(t *testing.T) {
	eachCity(t, func(t *testing.T, c *city) {
		_, _, part := c.assigned()
		act := func(who, step, name string, input map[string]any) {
			t.Helper()
			as[answer](c, who, "POST", fmt.Sprintf("/api/matters/%d/acts", part), map[string]any{"step": step, "act": name, "input": input})
		}
		act("liaison", "sign", "sign", map[string]any{})
		act("liaison", "split", "split", map[string]any{"head": fmt.Sprint(c.people["head"])})
		act("head", "direct", "direct", map[string]any{"section": fmt.Sprint(c.section)})
		act("chief", "allot", "allot", map[string]any{"clerk": fmt.Sprint(c.people["clerk"])})
		ctx, admin := t.Context(), c.who("admin")
		suspend := func(leave bool) error {
			return c.prog.Registry.SetStatus(ctx, admin, c.key(), c.people["clerk"], auth.Suspended, leave)
		}
		if err := suspend(false); err == nil || !strings.Contains(err.Error(), "conflict") {
			t.Errorf("suspended with work in hand: %v", err)
		}
		var post int64
		for _, p := range c.prog.Book.Now().PostsOf(c.people["clerk"], "") {
			post = p.ID
		}
		if err := c.prog.Registry.EndPost(ctx, admin, c.key(), post, "2026-11-23", false); err == nil {
			t.Error("the post ended with work in hand")
		}
		if status, body := c.clients["outsider"].do("GET", fmt.Sprintf("/api/people/%d/hands", c.people["clerk"]), nil); status != http.StatusForbidden {
			t.Errorf("an outsider looks into the clerk's hands: %d %s", status, body)
		}
		if _, body := c.clients["admin"].do("GET", fmt.Sprintf("/api/people/%d/hands", c.people["clerk"]), nil); strings.Contains(string(body), "新市民") {
			t.Errorf("the administrator is told what the matter is: %s", body)
		}
		if _, body := c.clients["clerk"].do("GET", fmt.Sprintf("/api/people/%d/hands", c.people["clerk"]), nil); !strings.Contains(string(body), "新市民") || !strings.Contains(string(body), `"step":"report"`) {
			t.Errorf("the clerk's own hands: %s", body)
		}
		for who, to := range map[string]int64{"outsider": c.people["outsider"], "auditor": c.people["auditor"], "himself": c.people["clerk"]} {
			if _, err := c.prog.Desk.HandOver(ctx, admin, matter.Handover{From: c.people["clerk"], To: to, Reason: "调离", Key: c.key()}); err == nil {
				t.Errorf("handed over to the %s", who)
			}
		}
		if _, err := c.prog.Desk.HandOver(ctx, c.who("liaison"), matter.Handover{From: c.people["clerk"], To: c.people["chief"], Reason: "调离", Key: c.key()}); err == nil {
			t.Error("the liaison handed over another's work")
		}
		key := c.key()
		for range 2 { // a retry gets the first answer
			done, err := c.prog.Desk.HandOver(ctx, admin, matter.Handover{From: c.people["clerk"], To: c.people["chief"], Reason: "调离", Key: key})
			c.must(err)
			if text, _ := json.Marshal(done.Receipt); !verified(c, text) {
				t.Errorf("receipt: %s", text)
			}
		}
		c.must(suspend(false))
		if status, body := c.clients["clerk"].do("GET", fmt.Sprintf("/api/matters/%d", part), nil); status != http.StatusUnauthorized {
			t.Errorf("the clerk still reads: %d %s", status, body)
		}
		act("chief", "report", "report", map[string]any{"result": "已为新市民办理社保转移。", "solved": "yes"})
		act("head", "signoff", "return", map[string]any{"reason": "请补充数据"})
		act("chief", "report", "report", map[string]any{"result": "已补充数据，请审签。", "solved": "yes"}) // the data still names the clerk
		found, _, _, err := matter.Check(ctx, c.prog.DB, 10)
		if err != nil || len(found) > 0 {
			t.Errorf("check: %v %+v", err, found)
		}
		m := as[struct {
			Orphans, Gaps []any
			Kinds         []any
		}](c, "supervisor", "GET", "/api/duties", nil)
		if len(m.Orphans) != 0 || len(m.Gaps) == 0 || len(m.Kinds) < 3 {
			t.Errorf("duties: %d orphans, %d gaps, %d kinds", len(m.Orphans), len(m.Gaps), len(m.Kinds))
		}
	})
}

func verified(c *city, receipt []byte) bool {
	report, err := audit.Verify(receipt, []string{c.prog.Key.Public})
	return err == nil && report.OK
}
