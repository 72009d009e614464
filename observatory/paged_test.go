package observatory

import (
	"fmt"
	"testing"

	"touyan.dev/touyan/observatory/fact"
)

func TestPaged(t *testing.T) {
	all := []int{1, 2, 3, 4, 5}
	for _, c := range []struct {
		page, size int
		want       string
	}{
		{0, 2, "{[1 2] 5 1 3}"}, {1, 2, "{[1 2] 5 1 3}"}, {3, 2, "{[5] 5 3 3}"}, {9, 2, "{[5] 5 3 3}"}, {1, 5, "{[1 2 3 4 5] 5 1 1}"}, {2, 5, "{[1 2 3 4 5] 5 1 1}"},
	} {
		if got := fmt.Sprint(paged(all, c.page, c.size)); got != c.want {
			t.Errorf("page %d of %d: %s, not %s", c.page, c.size, got, c.want)
		}
	}
	if got := paged([]int{}, 3, 2); got.Rows == nil || got.Pages != 1 || got.Page != 1 {
		t.Errorf("%+v", got)
	}
}

// TestWhyRules: what reads differently by other rules says so first.
func TestWhyRules(t *testing.T) {
	n := &naming{}
	if got := n.whyChanged(fact.Told{Rules: 1, Tied: true}, fact.Told{Rules: 2}); len(got) != 2 || got[0].ZH != "按调整后的认定规则重新核对" {
		t.Errorf("%+v", got)
	}
	if got := n.whyChanged(fact.Told{Rules: 2, Tied: true}, fact.Told{Rules: 2}); len(got) != 1 {
		t.Errorf("%+v", got)
	}
}
