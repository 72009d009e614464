package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/act"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
)

// bearer sends a request as a machine client.
func (c *city) bearer(secret, method, path string, in any) (int, string) {
	c.t.Helper()
	text, err := json.Marshal(in)
	c.must(err)
	req, err := http.NewRequest(method, c.server.URL+path, bytes.NewReader(text))
	c.must(err)
	req.Header.Set("Authorization", "Bearer "+secret)
	if method != http.MethodGet {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", c.key())
	}
	res, err := http.DefaultClient.Do(req)
	c.must(err)
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	c.must(err)
	return res.StatusCode, string(out)
}

// TestMachineClients: a program may do what it was made for, under its own name,
// until its last day or until it is revoked.
func TestMachineClients(t *testing.T) {
	eachCity(t, func(t *testing.T, c *city) {
		type made struct {
			ID     int64
			Secret string
		}
		add := func(actions ...string) made {
			return as[made](c, "admin", "POST", "/api/clients", map[string]any{
				"name": "公文系统", "login": "oa" + strings.ReplaceAll(c.key(), "-", ""), "unit": c.office, "duty": "secretary", "actions": actions, "last": "2026-12-31",
			})
		}
		reader, writer := add("read"), add("docket-open", "matter-act")
		open := map[string]any{"kind": docket.FollowUp, "title": "来自公文系统的事项", "originator": c.people["leader"], "given": map[string]any{"title": "来自公文系统的事项", "content": "请牵头办理并报告结果。"}}
		for _, x := range []struct {
			name, secret, method, path string
			in                         any
			want                       int
		}{
			{"reads", reader.Secret, "GET", "/api/matters", nil, 200},
			{"reads and may not write", reader.Secret, "POST", "/api/docket/matters", open, 403},
			{"writes", writer.Secret, "POST", "/api/docket/matters", open, 201},
			{"writes and may not read", writer.Secret, "GET", "/api/matters", nil, 403},
			{"no account of its own", reader.Secret, "GET", "/api/account/sessions", nil, 403},
			{"no live feed", reader.Secret, "GET", "/api/live", nil, 403},
			{"nothing dangerous", writer.Secret, "POST", "/api/posts", map[string]any{"person": 1, "unit": 1, "duty": "clerk"}, 403},
			{"no session", writer.Secret, "POST", "/api/session", map[string]any{"login": "x", "password": "y"}, 403},
			{"a wrong secret", reader.Secret[:len(reader.Secret)-2] + "AA", "GET", "/api/matters", nil, 401},
			{"a session's token", "touyan_", "GET", "/api/matters", nil, 401},
		} {
			if status, body := c.bearer(x.secret, x.method, x.path, x.in); status != x.want {
				t.Errorf("%s: %d %.200s, want %d", x.name, status, body, x.want)
			}
		}
		var actor int64
		c.must(c.prog.DB.QueryRow(t.Context(), "SELECT actor FROM event WHERE envelope LIKE ? ORDER BY pos DESC LIMIT 1", `%"kind":"docket.followup/%open%`).Scan(&actor))
		if actor != writer.ID {
			t.Errorf("the matter was opened by %d, not by the client %d", actor, writer.ID)
		}
		for name, body := range map[string]map[string]any{
			"an administrator":     {"name": "x", "login": "x1", "unit": c.office, "duty": "admin", "actions": []string{"read"}, "last": "2026-12-31"},
			"an unknown operation": {"name": "x", "login": "x2", "unit": c.office, "duty": "clerk", "actions": []string{"nothing"}, "last": "2026-12-31"},
			"a dangerous one":      {"name": "x", "login": "x3", "unit": c.office, "duty": "clerk", "actions": []string{"person-add"}, "last": "2026-12-31"},
			"for ever":             {"name": "x", "login": "x4", "unit": c.office, "duty": "clerk", "actions": []string{"read"}, "last": "2030-12-31"},
		} {
			if status, _ := c.clients["admin"].do("POST", "/api/clients", body); status != 422 {
				t.Errorf("%s: %d", name, status)
			}
		}
		for _, who := range []string{"clerk", "supervisor", "citizen", "auditor"} {
			if status, _ := c.clients[who].do("GET", "/api/clients", nil); status != 403 {
				t.Errorf("%s sees the clients: %d", who, status)
			}
		}
		if status, body := c.clients["admin"].do("GET", "/api/clients", nil); status != 200 || strings.Contains(string(body), reader.Secret) {
			t.Errorf("the list: %d, or it holds a secret", status)
		}
		as[any](c, "admin", "GET", "/api/clients/operations", nil)
		if status, _ := c.clients["admin"].do("DELETE", fmt.Sprintf("/api/clients/%d", reader.ID), nil); status != 204 {
			t.Fatalf("revoking: %d", status)
		}
		if status, _ := c.bearer(reader.Secret, "GET", "/api/matters", nil); status != 401 {
			t.Errorf("a revoked client: %d", status)
		}
		c.clock.Set(time.Date(2026, 12, 31, 23, 59, 0, 0, c.clock.Now().Location()))
		if status, body := c.bearer(writer.Secret, "POST", "/api/docket/matters", open); status != 201 {
			t.Errorf("on its last day: %d %s", status, body)
		}
		c.clock.Advance(time.Minute)
		if status, _ := c.bearer(writer.Secret, "POST", "/api/docket/matters", open); status != 401 {
			t.Errorf("after its last day: %d", status)
		}
	})
}

// TestDangerousActs: what changes rights needs a proof of the last five minutes;
// the same request goes through after it.
func TestDangerousActs(t *testing.T) {
	eachCity(t, func(t *testing.T, c *city) {
		admin := c.clients["admin"]
		body := map[string]any{"person": c.people["citizen"], "unit": c.other, "duty": "clerk"}
		c.clock.Advance(6 * time.Minute)
		post := func() (int, string) {
			status, text := admin.keyed("POST", "/api/posts", body, "the-same-key")
			return status, string(text)
		}
		if status, text := post(); status != 403 || !strings.Contains(text, `"hint":"proof"`) {
			t.Fatalf("six minutes after signing in: %d %s", status, text)
		}
		if status, _ := admin.do("POST", "/api/session/proof", map[string]any{"password": "wrong password"}); status != 422 {
			t.Errorf("a wrong password: %d", status)
		}
		if status, _ := post(); status != 403 {
			t.Errorf("after a wrong proof: %d", status)
		}
		as[any](c, "admin", "POST", "/api/session/proof", map[string]any{"password": cityPassword})
		if status, text := post(); status != 201 {
			t.Fatalf("after the proof: %d %s", status, text)
		}
		if status, _ := post(); status != 201 {
			t.Errorf("the same again: %d", status)
		}
		c.clock.Advance(6 * time.Minute)
		for _, op := range []string{"DELETE /api/people/%d/sessions", "DELETE /api/people/%d/code", "DELETE /api/people/%d/identities", "DELETE /api/clients/%d", "DELETE /api/posts/%d"} {
			method, path, _ := strings.Cut(op, " ")
			if status, text := admin.do(method, fmt.Sprintf(path, c.people["clerk"]), nil); status != 403 || !strings.Contains(string(text), `"hint":"proof"`) {
				t.Errorf("%s without a proof: %d %s", op, status, text)
			}
		}
		all := map[string]any{"giver": c.people["leader"], "taker": c.people["supervisor"], "until": c.clock.Now().AddDate(0, 0, 3).Format("2006-01-02"), "reason": "出差"}
		if status, text := c.clients["leader"].do("POST", "/api/delegations", all); status != 403 || !strings.Contains(string(text), `"hint":"proof"`) {
			t.Errorf("delegating everything without a proof: %d %s", status, text)
		}
		all["kinds"] = []string{"docket.followup"}
		if status, text := c.clients["leader"].do("POST", "/api/delegations", all); status != 201 {
			t.Errorf("delegating one kind without a proof: %d %s", status, text)
		}
	})
}

// TestDevices: everybody sees and ends his own sessions, an administrator those
// of others, and nobody else.
func TestDevices(t *testing.T) {
	eachCity(t, func(t *testing.T, c *city) {
		type device struct {
			ID      int64
			Place   string
			Current bool
		}
		first := c.clients["clerk"]
		c.signIn("clerk")
		list := as[[]device](c, "clerk", "GET", "/api/account/sessions", nil)
		if len(list) != 2 || !list[0].Current || list[1].Current || list[0].Place != "localhost" {
			t.Fatalf("%+v", list)
		}
		if status, _ := c.clients["outsider"].do("DELETE", fmt.Sprintf("/api/account/sessions/%d", list[1].ID), nil); status != 404 {
			t.Errorf("ended another's: %d", status)
		}
		gone := func(who *client) bool {
			status, _ := who.do("GET", "/api/account/sessions", nil)
			return status == 401
		}
		if status, _ := c.clients["clerk"].do("DELETE", "/api/account/sessions", nil); status != 204 || !gone(first) || gone(c.clients["clerk"]) {
			t.Errorf("ending all others: %d", status)
		}
		path := fmt.Sprintf("/api/people/%d", c.people["clerk"])
		for _, who := range []string{"supervisor", "head", "auditor", "citizen"} {
			read, _ := c.clients[who].do("GET", path+"/security", nil)
			end, _ := c.clients[who].do("DELETE", path+"/sessions", nil)
			if read != 403 || end != 403 {
				t.Errorf("%s: %d %d", who, read, end)
			}
		}
		if status, body := c.clients["admin"].do("GET", path+"/security", nil); status != 200 || !strings.Contains(string(body), `"place":"localhost"`) {
			t.Errorf("an administrator: %d %s", status, body)
		}
		if status, body := c.clients["admin"].do("DELETE", path+"/sessions", nil); status != 204 || !gone(c.clients["clerk"]) {
			t.Errorf("an administrator ends: %d %s", status, body)
		}
	})
}

// TestReads: what is read is noted, seen by auditors and by the reader, and by
// nobody else.
func TestReads(t *testing.T) {
	eachCity(t, func(t *testing.T, c *city) {
		_, id, _ := c.assigned()
		c.clients["supervisor"].do("GET", fmt.Sprintf("/api/matters/%d", id), nil)
		c.clients["supervisor"].do("GET", fmt.Sprintf("/api/matters/%d/papers/record?base=http://desk.example", id), nil)
		c.clients["liaison"].do("GET", fmt.Sprintf("/api/matters/%d", id), nil) // hidden: nothing was read
		c.clients["clerk"].do("GET", "/api/people?q=沈五禾", nil)
		c.clients["clerk"].do("GET", "/api/people", nil) // no search
		quiet, err := http.NewRequest("GET", fmt.Sprintf("%s/api/matters/%d", c.server.URL, id), nil)
		c.must(err)
		quiet.Header.Set("X-Quiet", "1")
		for range 3 { // an open page
			res, err := c.clients["supervisor"].http.Do(quiet)
			c.must(err)
			res.Body.Close()
		}
		type page struct {
			Items []struct {
				Person int64
				Kind   string
				Object int64
				Detail string
				As     fault.Text
			}
			Next string
		}
		got := as[page](c, "auditor", "GET", "/api/reads", nil)
		kinds := map[string]int{}
		for _, r := range got.Items {
			kinds[fmt.Sprintf("%d %s %d", r.Person, r.Kind, r.Object)]++
			if strings.Contains(r.Detail, "五") {
				t.Errorf("the search is not masked: %s", r.Detail)
			}
		}
		want := map[string]int{
			fmt.Sprintf("%d matter %d", c.people["supervisor"], id): 1, fmt.Sprintf("%d print %d", c.people["supervisor"], id): 1,
			fmt.Sprintf("%d people 0", c.people["clerk"]): 1,
		}
		for k, n := range want {
			if kinds[k] != n {
				t.Errorf("%s: %d times, want %d; all: %v", k, kinds[k], n, kinds)
			}
		}
		if len(got.Items) != 3 {
			t.Errorf("%v", kinds)
		}
		if got := as[page](c, "auditor", "GET", fmt.Sprintf("/api/reads?object=%d&kind=print&person=%d&from=2026-11-23&to=2026-11-23", id, c.people["supervisor"]), nil); len(got.Items) != 1 || got.Items[0].As.ZH != "市政府办公室·督查专员" {
			t.Errorf("filtered: %+v", got.Items)
		}
		if got := as[page](c, "auditor", "GET", "/api/reads?from=2026-11-24", nil); len(got.Items) != 0 {
			t.Errorf("tomorrow: %+v", got.Items)
		}
		one := as[page](c, "auditor", "GET", "/api/reads?limit=2", nil)
		two := as[page](c, "auditor", "GET", "/api/reads?limit=2&cursor="+one.Next, nil)
		if len(one.Items) != 2 || len(two.Items) != 1 || two.Next != "" {
			t.Errorf("pages of %d and %d", len(one.Items), len(two.Items))
		}
		if own := as[page](c, "clerk", "GET", "/api/account/reads", nil); len(own.Items) != 1 || own.Items[0].Kind != "people" {
			t.Errorf("one's own: %+v", own.Items)
		}
		for _, who := range []string{"admin", "supervisor", "leader", "citizen"} {
			if status, _ := c.clients[who].do("GET", "/api/reads", nil); status != 403 {
				t.Errorf("%s sees the log of reads: %d", who, status)
			}
		}
	})
}

// TestReadsKept: reads wait at most for a shutdown, and go after their time.
func TestReadsKept(t *testing.T) {
	eachCity(t, func(t *testing.T, c *city) {
		running, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			c.prog.Reads.Run(running)
			close(ended)
		}()
		for i := range 2500 {
			c.prog.Reads.Note(auth.Read{Person: c.people["clerk"], Kind: "matter", Object: int64(i + 1)}, false)
		}
		stop()
		<-ended
		count := func() (n int) {
			c.must(c.prog.DB.QueryRow(context.Background(), "SELECT COUNT(*) FROM read_log").Scan(&n))
			return n
		}
		if n := count(); n != 2500 {
			t.Errorf("%d reads after the shutdown", n)
		}
	})
}

// TestExportReceipt: a workbook leaves with its receipt, which holds its digest;
// the file names who took it and the receipt.
func TestExportReceipt(t *testing.T) {
	eachCity(t, func(t *testing.T, c *city) {
		c.assigned()
		res, err := c.clients["supervisor"].http.Get(c.server.URL + "/api/export/matters.xlsx?status=open&q=" + "%E6%96%B0")
		c.must(err)
		defer res.Body.Close()
		data, err := io.ReadAll(res.Body)
		c.must(err)
		number, pos := res.Header.Get("X-Export-Number"), res.Header.Get("X-Receipt")
		if res.StatusCode != 200 || number == "" {
			t.Fatalf("%d %v", res.StatusCode, res.Header)
		}
		var at int64
		_, err = fmt.Sscan(pos, &at)
		c.must(err)
		e, err := event.At(t.Context(), c.prog.DB, at)
		c.must(err)
		sum := sha256.Sum256(data)
		for _, want := range []string{number, hex.EncodeToString(sum[:]), `"status":"open"`, `"rows":`} {
			if !strings.Contains(string(e.Body), want) {
				t.Errorf("the receipt lacks %q: %s", want, e.Body)
			}
		}
		if e.Kind != act.EventExported || e.Actor != c.people["supervisor"] {
			t.Errorf("%+v", e.Envelope)
		}
		f, err := excelize.OpenReader(bytes.NewReader(data))
		c.must(err)
		defer f.Close()
		rows, err := f.GetRows("台账")
		c.must(err)
		under := rows[1][0] // below the title
		if !strings.Contains(under, "林三岑") || !strings.Contains(under, number) {
			t.Errorf("the watermark: %q", under)
		}
		for who, want := range map[string]int{"supervisor": 200, "auditor": 200, "secretary": 404, "citizen": 404} {
			if status, _ := c.clients[who].do("GET", "/api/receipts/"+pos, nil); status != want {
				t.Errorf("the receipt for %s: %d, want %d", who, status, want)
			}
		}
	})
}
