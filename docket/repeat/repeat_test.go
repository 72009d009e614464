package repeat

import (
	"testing"

	"pgregory.net/rapid"
)

func TestShare(t *testing.T) {
	for _, c := range []struct {
		a, b        string
		least, most float64
	}{
		{"关于青石街道老旧电梯更新情况的专项督查", "青石街道老旧电梯更新落实情况综合督查", 1, 1},
		{"老旧电梯更新改造", "老旧小区电梯更新", 0.5, 0.8},
		{"老旧电梯更新", "秋粮收购资金兑付", 0, 0},
		{"电梯", "电梯更新", 0.4, 0.6},
		{"专项督查", "综合督查", 0, 0},
		{"A级 景区", "a级景区", 1, 1},
	} {
		if got := Share(c.a, c.b); got < c.least || got > c.most {
			t.Errorf("%s and %s share %.2f, want %.1f to %.1f", c.a, c.b, got, c.least, c.most)
		}
	}
}

func TestShareLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringOfN(rapid.RuneFrom([]rune("青石街道老旧电梯更新的督查 A1")), 0, 12, -1)
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		ab, ba := Share(a, b), Share(b, a)
		if ab != ba || ab < 0 || ab > 1 {
			t.Fatalf("%q %q: %v and %v", a, b, ab, ba)
		}
		if self := Share(a, a); self != 1 && len(pairs(a)) > 0 {
			t.Fatalf("%q shares %v with itself", a, self)
		}
	})
}

func TestNear(t *testing.T) {
	kin := func(a, b int64) Kin {
		switch {
		case a == b:
			return Same
		case a/10 == b || b/10 == a:
			return Related
		}
		return Strangers
	}
	of := Case{1, "老旧电梯更新督查", 12}
	got := Near(of, []Case{of, {2, "秋粮收购督查", 12}, {3, "老旧电梯更新", 13}, {4, "老旧电梯更新", 1}, {5, "老旧电梯更新", 12}, {6, "秋粮收购", 1}}, kin)
	want := []int64{5, 4, 2, 6}
	if len(got) != len(want) {
		t.Fatalf("found %+v", got)
	}
	for i, id := range want {
		if got[i].ID != id || got[i].Repeats() != (i < 2) {
			t.Errorf("%d: %+v, want %d", i, got[i], id)
		}
	}
}
