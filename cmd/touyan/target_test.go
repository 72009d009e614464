package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"touyan.dev/touyan/kernel/auth"
)

// TestTargetOfMatter: the matter that carries a target is one that whoever enters
// the target may see; to anybody else it is as if there were none.
func TestTargetOfMatter(t *testing.T) {
	eachCity(t, func(t *testing.T, c *city) {
		// The chief is of the object of the unannounced visit, whatever else he is.
		_, err := c.prog.Registry.AddPost(context.Background(), auth.Principal{Person: c.people["admin"]}, auth.NewPost{Key: c.key(), Person: c.people["chief"], Unit: c.office, Duty: auth.Supervisor})
		c.must(err)
		c.signIn("chief")
		visit := c.supervise(queueing+"暗访", "unannounced", c.bureau, 0)

		for sort, table := range map[string]string{"subject": "code,name,home\n991100,澄川市,yes\n", "indicator": "code,name,unit,polarity\nretail,零售额,亿元,larger\n"} {
			as[answer](c, "secretary", "POST", "/api/observatory/reference/"+sort, map[string]any{"table": table})
		}
		var file strings.Builder
		file.WriteString("城市,年份,零售额（亿元）\n")
		for year := 2010; year <= 2025; year++ {
			fmt.Fprintf(&file, "澄川市,%d年,%d.%d\n", year, 100+5*(year-2010), year%10)
		}
		release := as[answer](c, "secretary", "POST", "/api/observatory/releases", map[string]any{"file": c.upload("secretary", "零售额.csv", []byte(file.String())), "name": "零售额.csv", "vintage": "2026-03-01"})
		as[answer](c, "secretary", "POST", fmt.Sprintf("/api/observatory/releases/%d/publish", release.ID), map[string]any{})

		set := func(who string, matter int64) (int, string) {
			status, body := c.clients[who].do("POST", "/api/observatory/targets", map[string]any{
				"freq": 1, "indicator": "retail", "subject": "991100", "by": "2027", "value": 200, "source": "政府工作报告：零售额达到200亿元。", "matter": matter,
			})
			return status, string(body)
		}
		none, says := set("chief", 1<<40)
		if none != http.StatusUnprocessableEntity || !strings.Contains(says, `"matter"`) {
			t.Errorf("of no matter: %d %s", none, says)
		}
		if status, body := set("chief", visit.id); status != none || anew(body) != anew(says) {
			t.Errorf("of a matter that is not his to see: %d %s, not as without one: %s", status, body, says)
		}
		if status, body := set("supervisor", visit.id); status != http.StatusCreated {
			t.Errorf("of his own: %d %s", status, body)
		}
	})
}
