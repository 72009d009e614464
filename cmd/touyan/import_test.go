package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"touyan.dev/touyan/kernel/audit"
)

// imported is an import as the screens read it.
type imported struct {
	ID        int64           `json:"id"`
	Receipt   json.RawMessage `json:"receipt"`
	Proposals []struct {
		N     int    `json:"n"`
		Title string `json:"title"`
		Lead  *struct {
			Unit int64 `json:"unit"`
		} `json:"lead"`
	} `json:"proposals"`
}

// TestImportByHand brings in a report in a city whose units an administrator
// has typed in, without any key: the leads are found by their names, and every
// decision is answered with its receipt.
func TestImportByHand(t *testing.T) {
	eachCity(t, func(t *testing.T, c *city) {
		gongxin := as[answer](c, "admin", "POST", "/api/units", map[string]any{"parent": c.prog.Book.Now().Root(), "name": "市工业和信息化局", "kind": "bureau"}).ID
		text, err := os.ReadFile("../../demo/report.txt")
		c.must(err)
		made := as[answer](c, "secretary", "POST", "/api/imports", map[string]any{"name": "报告", "text": string(text), "as": "report"})
		verified := func(what string, receipt json.RawMessage) {
			t.Helper()
			if r, err := audit.Verify(receipt, []string{c.prog.Key.Public}); err != nil || !r.OK {
				t.Errorf("the receipt of %s: %v %+v", what, err, r)
			}
		}
		verified("the import", made.Receipt)
		page := as[imported](c, "secretary", "GET", fmt.Sprintf("/api/imports/%d", made.ID), nil)
		leads := map[int64]int{}
		for _, p := range page.Proposals {
			if p.Lead != nil {
				leads[p.Lead.Unit]++
			}
		}
		if leads[gongxin] == 0 || leads[c.bureau] == 0 {
			t.Errorf("leads found: %v; want %d by its name and %d by its key", leads, gongxin, c.bureau)
		}
		one := fmt.Sprintf("/api/imports/%d/proposals/%d", made.ID, page.Proposals[0].N)
		for _, act := range []map[string]any{
			{"act": "edit", "lead": c.bureau, "limit": "10wd"}, {"act": "split", "parts": []string{"甲项任务", "乙项任务"}}, {"act": "confirm"}, {"act": "restore"}, {"act": "drop"},
		} {
			verified(fmt.Sprint(act["act"]), as[imported](c, "secretary", "POST", one, act).Receipt)
		}
		// A list with faults of both kinds, of a cell and of a unit, names them all
		// at once and stores nothing.
		refused := as[struct {
			ID     int64 `json:"id"`
			Errors []struct {
				Row int `json:"row"`
			} `json:"errors"`
		}](c, "secretary", "POST", "/api/imports", map[string]any{"name": "清单", "text": "任务\t牵头单位\t完成时限\n甲项任务\t市没有局\t\n乙项任务\t市教育局\t明年某日\n"})
		if refused.ID != 0 || len(refused.Errors) != 2 || refused.Errors[0].Row != 2 || refused.Errors[1].Row != 3 {
			t.Errorf("a list with two faults: %+v", refused)
		}
		if status, body := c.clients["liaison"].do("POST", one, map[string]any{"act": "restore"}); status < 400 || strings.Contains(string(body), "甲项任务") {
			t.Errorf("a liaison decided about a proposal: %d %s", status, body)
		}
	})
}
