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

// TestMaskedWriter: a letter's writer is masked in everything that is read; the
// office's staff are shown a value after it is recorded who asked and what for, and
// nobody else is.
func TestMaskedWriter(t *testing.T) {
	eachCity(t, func(t *testing.T, c *city) {
		const writer, phone, address = "赵钱孙李", "13912345678", "青石路七号三单元"
		done := as[answer](c, "secretary", "POST", "/api/docket/matters", map[string]any{"kind": "docket.letter", "title": "路灯不亮", "given": map[string]any{
			"title": "路灯不亮一个月", "writer": writer, "phone": phone, "address": address, "content": "路灯坏了一个月没有人修。", "received": "2026-11-20", "sort": "complain",
		}})
		matter := fmt.Sprintf("/api/matters/%d", done.Matter)
		for _, path := range []string{matter, matter + "/papers/record?base=http://desk.example", matter + "/slip", matter + "/provenance", fmt.Sprintf("/api/receipts/%d", done.Pos), "/api/matters?all=1", "/api/inbox"} {
			for _, who := range []string{"secretary", "supervisor", "leader", "auditor"} {
				status, body := c.clients[who].do("GET", path, nil)
				if status != http.StatusOK {
					t.Errorf("%s GET %s: %d", who, path, status)
				}
				for _, secret := range []string{writer, phone, address} {
					if strings.Contains(string(body), secret) {
						t.Errorf("%s GET %s shows %s", who, path, secret)
					}
				}
			}
		}
		if _, body := c.clients["supervisor"].do("GET", matter, nil); !strings.Contains(string(body), "139****5678") || !strings.Contains(string(body), "赵**李") {
			t.Errorf("the masked values are missing: %.300s", body)
		}
		ask := map[string]any{"field": "phone", "purpose": "回访来信人"}
		got := as[struct {
			Value string
			Pos   int64
		}](c, "supervisor", "POST", matter+"/reveal", ask)
		if got.Value != phone || got.Pos <= done.Pos {
			t.Errorf("revealed %+v", got)
		}
		for who, want := range map[string]int{"auditor": http.StatusForbidden, "leader": http.StatusForbidden, "liaison": http.StatusNotFound, "citizen": http.StatusNotFound, "guest": http.StatusUnauthorized} {
			if status, body := c.clients[who].do("POST", matter+"/reveal", ask); status != want || strings.Contains(string(body), phone) {
				t.Errorf("%s is answered %d: %s", who, status, body)
			}
		}
		if status, _ := c.clients["supervisor"].do("POST", matter+"/reveal", map[string]any{"field": "title", "purpose": "回访"}); status != http.StatusUnprocessableEntity {
			t.Errorf("a field that is not masked: %d", status)
		}
	})
}

// TestAlike: what resembles an earlier document is shown before it is registered, to
// those who may see the earlier one; it is registered once somebody has said how the
// two are related, and a retry is no duplicate of itself.
func TestAlike(t *testing.T) {
	eachCity(t, func(t *testing.T, c *city) {
		paper := func(ref, content string) map[string]any {
			return map[string]any{"title": "关于做好冬季供暖准备的通知", "from": "省政府办公厅", "ref": ref, "received": "2026-11-20", "content": content}
		}
		open := func(given map[string]any) (int, []byte) {
			return c.clients["secretary"].do("POST", "/api/docket/matters", map[string]any{"kind": "docket.incoming", "title": "供暖", "given": given})
		}
		const text = "请各市做好冬季供暖准备，落实气源和抢修队伍，十一月十日前报送情况。"
		first := map[string]any{"kind": "docket.incoming", "title": "供暖", "given": paper("澜政办发〔2026〕12号", text)}
		for range 2 {
			if status, body := c.clients["secretary"].keyed("POST", "/api/docket/matters", first, "same-key"); status != http.StatusCreated {
				t.Fatalf("%d %s", status, body)
			}
		}
		for _, again := range []map[string]any{paper("澜政办发[2026]第１２号", "另一件事，说的是防火。"), paper("", "请各市做好冬季供暖准备;落实气源和抢修队伍;十一月十五日前报送情况")} {
			look := as[struct {
				Items []struct {
					Number bool
					Share  float64
				}
			}](c, "secretary", "POST", "/api/docket/alike", map[string]any{"kind": "docket.incoming", "given": again})
			if len(look.Items) != 1 || !look.Items[0].Number && look.Items[0].Share < 0.5 {
				t.Errorf("alike: %+v", look)
			}
			if status, body := open(again); status != http.StatusUnprocessableEntity || !strings.Contains(string(body), `"alike"`) {
				t.Errorf("registered unasked: %d %s", status, body)
			}
		}
		if _, body := c.clients["liaison"].do("POST", "/api/docket/alike", map[string]any{"kind": "docket.incoming", "given": first["given"]}); strings.Contains(string(body), "供暖") {
			t.Errorf("a bureau is shown what it may not see: %s", body)
		}
		answered := paper("澜政办发〔2026〕12号", text)
		answered["alike"] = "again"
		if status, body := open(answered); status != http.StatusCreated {
			t.Errorf("answered, and still refused: %d %s", status, body)
		}
	})
}
