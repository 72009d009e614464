package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"touyan.dev/touyan/kernel/audit"
)

type answer struct {
	ID      int64           `json:"id"`
	Matter  int64           `json:"matter"`
	Pos     int64           `json:"pos"`
	Number  string          `json:"number"`
	Receipt json.RawMessage `json:"receipt"`
	Now     struct {
		Stage  string `json:"stage"`
		Status string `json:"status"`
		Kids   []struct {
			ID   int64 `json:"id"`
			Unit int64 `json:"unit"`
		} `json:"children_rows"`
	} `json:"matter_now"`
}

// assigned enters an instruction and takes it to the bureau: what the scenario
// table looks at. It gives the instruction, the matter and the bureau's part.
func (c *city) assigned() (instruction, matter, part int64) {
	c.t.Helper()
	entered := as[answer](c, "secretary", "POST", "/api/docket/instructions", map[string]any{
		"leader": c.people["leader"], "verbatim": "请人社局牵头，十个工作日内报结果。", "medium": "paper", "title": "新市民社保转移一件事",
	})
	units := []map[string]any{{"unit": fmt.Sprint(c.bureau), "role": "lead", "limit": "10wd", "task": "牵头办理"}}
	act := func(who string, id int64, step, name string, input map[string]any) answer {
		return as[answer](c, who, "POST", fmt.Sprintf("/api/matters/%d/acts", id), map[string]any{"step": step, "act": name, "input": input})
	}
	act("supervisor", entered.Matter, "propose", "submit", map[string]any{"opinion": "建议人社局牵头", "units": units})
	if got := act("leader", entered.Matter, "approve", "approve", map[string]any{}); got.Number != "澄政督〔2026〕1号" {
		c.t.Fatalf("number %q", got.Number)
	}
	got := act("supervisor", entered.Matter, "assign", "assign", map[string]any{"mode": "transfer", "units": units})
	return entered.ID, entered.Matter, got.Now.Kids[0].ID
}

// TestWhoSeesWhat holds every reading operation against every kind of person:
// the status, what must be in the answer, and what must not.
func TestWhoSeesWhat(t *testing.T) {
	eachCity(t, func(t *testing.T, c *city) {
		instruction, id, part := c.assigned()
		whole, own := fmt.Sprintf("/api/matters/%d", id), fmt.Sprintf("/api/matters/%d", part)
		words, title := "请人社局牵头", "新市民社保转移一件事"
		const ok, hidden, refused, signIn = http.StatusOK, http.StatusNotFound, http.StatusForbidden, http.StatusUnauthorized
		type see struct {
			status  int
			with    string // must be in the answer
			without string // must not be
		}
		nobody := map[string]see{"guest": {signIn, "", title}, "citizen": {hidden, "", title}, "outsider": {hidden, "", title}}
		with := func(more map[string]see) map[string]see {
			out := map[string]see{}
			for _, m := range []map[string]see{nobody, more} {
				for k, v := range m {
					out[k] = v
				}
			}
			return out
		}
		table := map[string]map[string]see{
			whole: with(map[string]see{
				"supervisor": {ok, words, ""}, "secretary": {ok, words, ""}, "leader": {ok, words, ""}, "auditor": {ok, words, ""},
				"liaison": {hidden, "", words}, "head": {hidden, "", words}, "clerk": {hidden, "", words},
			}),
			own: with(map[string]see{
				"supervisor": {ok, title, ""}, "auditor": {ok, title, ""}, "liaison": {ok, title, words}, "head": {ok, title, words},
				"clerk": {hidden, "", title}, "chief": {hidden, "", title},
			}),
			whole + "/provenance":  with(map[string]see{"supervisor": {ok, words, ""}, "liaison": {hidden, "", words}}),
			own + "/provenance":    with(map[string]see{"supervisor": {ok, words, ""}, "liaison": {ok, title, words}}),
			own + "/tree":          with(map[string]see{"supervisor": {ok, title, ""}, "liaison": {ok, title, words}, "clerk": {hidden, "", title}}),
			own + "/papers/record": with(map[string]see{"liaison": {ok, "viewBox", words}, "clerk": {hidden, "", title}}),
			"/api/matters?all=1": {
				"guest": {signIn, "", title}, "citizen": {ok, `"items":[]`, title}, "outsider": {ok, `"items":[]`, title}, "clerk": {ok, `"items":[]`, title},
				"supervisor": {ok, title, ""}, "auditor": {ok, title, ""}, "liaison": {ok, title, ""},
			},
			"/api/inbox": {
				"guest": {signIn, "", title}, "citizen": {ok, `"items":[]`, title}, "outsider": {ok, `"items":[]`, title},
				"liaison": {ok, `"act":"sign"`, words}, "head": {ok, `"items":[]`, title}, "auditor": {ok, `"items":[]`, title},
			},
			"/api/board?kind=docket.unit":                           {"liaison": {ok, title, words}, "outsider": {ok, `"count":0`, title}, "citizen": {ok, `"count":0`, title}},
			fmt.Sprintf("/api/docket/instructions/%d", instruction): with(map[string]see{"leader": {ok, words, ""}, "secretary": {ok, words, ""}, "liaison": {hidden, "", words}}),
			fmt.Sprintf("/api/receipts/%d", instruction):            with(map[string]see{"leader": {ok, "proof", ""}, "liaison": {hidden, "", words}}),
			"/api/docket/instructions":                              {"guest": {signIn, "", words}, "citizen": {ok, `"items":[]`, words}, "liaison": {ok, `"items":[]`, words}, "leader": {ok, words, ""}},
			"/api/imports":                                          {"guest": {signIn, "", ""}, "citizen": {ok, "[]", ""}, "liaison": {ok, "[]", ""}},
			"/api/units":                                            {"guest": {signIn, "", "沈五禾"}, "citizen": {refused, "", "沈五禾"}, "clerk": {ok, "沈五禾", "password"}},
			"/api/people?q=沈":                                       {"guest": {signIn, "", "沈五禾"}, "citizen": {refused, "", "沈五禾"}, "clerk": {ok, "沈五禾", "liaison@"}},
			"/api/people?free=true":                                 {"guest": {signIn, "", "陈十云"}, "citizen": {refused, "", "陈十云"}, "clerk": {refused, "", "陈十云"}, "supervisor": {refused, "", "陈十云"}, "admin": {ok, "陈十云", ""}},
			"/api/people":                                           {"admin": {ok, "沈五禾", "陈十云"}},
			"/api/matters?kind=docket.followup":                     {"supervisor": {ok, `"waits_for":[{"zh":"市人力资源和社会保障局"`, ""}},
			"/api/checkpoint":                                       {"guest": {ok, "touyan/1", ""}},
		}
		for path, people := range table {
			for who, want := range people {
				status, body := c.clients[who].do("GET", path, nil)
				text := string(body)
				if status != want.status {
					t.Errorf("%s GET %s: %d, want %d: %.200s", who, path, status, want.status, text)
				}
				if want.with != "" && !strings.Contains(text, want.with) {
					t.Errorf("%s GET %s: %q is missing: %.300s", who, path, want.with, text)
				}
				if want.without != "" && strings.Contains(text, want.without) {
					t.Errorf("%s GET %s: %q must not be shown", who, path, want.without)
				}
			}
		}
	})
}

// TestWhoDoesWhat holds every act against every kind of person: only the one
// whose duty it is succeeds, and the refusal names the policy.
func TestWhoDoesWhat(t *testing.T) {
	eachCity(t, func(t *testing.T, c *city) {
		_, id, part := c.assigned()
		for _, who := range []string{"guest", "citizen", "outsider", "clerk", "head", "supervisor", "leader", "auditor", "secretary"} {
			status, body := c.clients[who].do("POST", fmt.Sprintf("/api/matters/%d/acts", part), map[string]any{"step": "sign", "act": "sign", "input": map[string]any{}})
			if status != http.StatusForbidden && status != http.StatusNotFound && status != http.StatusUnauthorized {
				t.Errorf("%s signed for the bureau: %d %s", who, status, body)
			}
		}
		status, body := c.clients["auditor"].do("POST", fmt.Sprintf("/api/matters/%d/acts", id), map[string]any{"act": "urge", "input": map[string]any{"reason": "试"}})
		if status != http.StatusForbidden || !strings.Contains(string(body), "matter.act") {
			t.Errorf("auditor: %d %s", status, body)
		}
		done := as[answer](c, "liaison", "POST", fmt.Sprintf("/api/matters/%d/acts", part), map[string]any{"step": "sign", "act": "sign", "input": map[string]any{}})
		report, err := audit.Verify(done.Receipt, []string{c.prog.Key.Public})
		if err != nil || !report.OK {
			t.Errorf("receipt in the answer: %v %+v", err, report)
		}
		for _, bent := range []bool{false, true} {
			given := done.Receipt
			if bent {
				given = bytes.Replace(given, []byte(`"kind":"docket.unit/sign.sign"`), []byte(`"kind":"docket.unit/sign.none"`), 1)
			}
			for who, told := range map[string]bool{"guest": false, "citizen": !bent} {
				got := as[struct {
					OK        bool
					ActorName string `json:"actor_name"`
				}](c, who, "POST", "/api/verify", map[string]any{"receipt": given})
				if got.OK == bent || (got.ActorName != "") != told {
					t.Errorf("over HTTP for %s, altered %v: verified %v, done by %q", who, bent, got.OK, got.ActorName)
				}
			}
		}
		// What the API gives is what the offline command reads, as it is.
		var issued json.RawMessage = as[json.RawMessage](c, "liaison", "GET", fmt.Sprintf("/api/receipts/%d", done.Pos), nil)
		if report, err := audit.Verify(issued, []string{c.prog.Key.Public}); err != nil || !report.OK || len(report.Checks) != 3 {
			t.Errorf("a receipt saved from the API: %v %+v", err, report)
		}
		for _, who := range []string{"guest", "citizen", "liaison", "auditor", "leader"} {
			status, body := c.clients[who].do("POST", "/api/docket/instructions", map[string]any{"leader": c.people["leader"], "verbatim": "冒录", "medium": "paper"})
			if status != http.StatusForbidden && status != http.StatusUnauthorized {
				t.Errorf("%s entered an instruction: %d %s", who, status, body)
			}
		}
	})
}

// TestRetry sends the same act ten times under one key: one effect, and every
// time the first answer.
func TestRetry(t *testing.T) {
	eachCity(t, func(t *testing.T, c *city) {
		_, _, part := c.assigned()
		path := fmt.Sprintf("/api/matters/%d/acts", part)
		body := map[string]any{"step": "sign", "act": "sign", "input": map[string]any{}}
		var first answer
		for i := range 10 {
			status, text := c.clients["liaison"].keyed("POST", path, body, "one-key")
			var got answer
			c.must(json.Unmarshal(text, &got))
			if i == 0 {
				first = got
			}
			if status != http.StatusOK || got.Pos != first.Pos || got.Matter != part {
				t.Fatalf("retry %d: %d %s", i, status, text)
			}
		}
		status, text := c.clients["liaison"].keyed("POST", path, map[string]any{"step": "split", "act": "split", "input": map[string]any{"head": fmt.Sprint(c.people["head"])}}, "one-key")
		if status != http.StatusConflict {
			t.Fatalf("the key was reused for another act: %d %s", status, text)
		}
	})
}
