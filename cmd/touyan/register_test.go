package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestRegister holds the intake against every kind of person: which kinds each may
// open, that the list and the door agree, and that one instruction becomes several
// matters.
func TestRegister(t *testing.T) {
	eachCity(t, func(t *testing.T, c *city) {
		type kind struct {
			Kind  string `json:"kind"`
			Asks  bool   `json:"asks"`
			First struct{ ZH string }
			Given struct {
				Order []string `json:"x-order"`
			} `json:"given"`
		}
		for _, who := range []string{"citizen", "auditor", "clerk", "leader"} {
			for _, k := range as[[]kind](c, who, "GET", "/api/docket/kinds", nil) {
				if strings.HasPrefix(k.Kind, "docket.follow") || strings.HasPrefix(k.Kind, "docket.commit") {
					t.Errorf("%s may register %s", who, k.Kind)
				}
			}
		}
		seen := map[string]kind{}
		for _, k := range as[[]kind](c, "secretary", "GET", "/api/docket/kinds", nil) {
			seen[k.Kind] = k
		}
		if k := seen["docket.followup"]; !k.Asks || k.First.ZH != "拟办" || len(k.Given.Order) == 0 || k.Given.Order[0] != "title" {
			t.Errorf("follow-up is offered as %+v", k)
		}
		if _, part := seen["docket.unit"]; part {
			t.Error("a unit's part is opened by its parent only")
		}
		if status, _ := c.clients["guest"].do("GET", "/api/docket/kinds", nil); status != http.StatusUnauthorized {
			t.Errorf("a guest is answered %d", status)
		}

		entered := as[answer](c, "secretary", "POST", "/api/docket/instructions", map[string]any{"leader": c.people["leader"], "verbatim": "两件事分头办，结果都告我。", "medium": "phone"})
		for i, title := range []string{"第一件事的办理", "第二件事的办理"} {
			as[answer](c, "secretary", "POST", "/api/docket/matters", map[string]any{
				"kind": "docket.followup", "title": title, "source": entered.ID, "given": map[string]any{"title": title, "content": "两件事分头办，结果都告我。"},
			})
			path := fmt.Sprintf("/api/docket/instructions/%d", entered.ID)
			got := as[struct {
				Matter  int64
				Matters []struct {
					ID    int64
					Title string
				}
			}](c, "leader", "GET", path, nil)
			if len(got.Matters) != i+1 || got.Matters[i].Title != title || got.Matter != got.Matters[0].ID {
				t.Errorf("after %d: %+v", i+1, got)
			}
			if status, body := c.clients["liaison"].do("GET", path, nil); status != http.StatusNotFound || strings.Contains(string(body), title) {
				t.Errorf("the bureau is shown it: %d %s", status, body)
			}
		}
	})
}
