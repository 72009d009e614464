package alike

import (
	"testing"

	"pgregory.net/rapid"
)

func TestNumber(t *testing.T) {
	for _, c := range []struct{ a, b string }{
		{"澜政办发〔2026〕12号", "澜政办发[2026] 第１２号"}, {"澜政办发〔2026〕12号", "澜政办发（2026）12"}, {"abc-2026-7", "ABC 2026 7"}, {"无文号", ""}, {"〔〕号", ""},
	} {
		if got, want := Number(c.a), Number(c.b); got != want {
			t.Errorf("%q and %q: %q, %q", c.a, c.b, got, want)
		}
	}
	if Number("澜政办发〔2026〕12号") == Number("澜政办发〔2026〕13号") || Number("澜政发〔2026〕12号") == Number("澜政办发〔2026〕12号") {
		t.Error("different numbers are one")
	}
}

func TestLikeness(t *testing.T) {
	const text = "请各市做好冬季供暖准备，落实气源和抢修队伍，十一月十日前报送情况。"
	for _, c := range []struct {
		name, other string
		alike       bool
	}{
		{"the same with other marks", "请各市做好冬季供暖准备;落实气源和抢修队伍;十一月十日前报送情况", true},
		{"one word changed", "请各市做好冬季供暖准备，落实气源和抢修队伍，十一月十五日前报送情况。", true},
		{"the same subject in other words", "关于做好今冬明春供热工作的意见，各地要高度重视。", false},
		{"another subject", "请各市报送全国文明城市复查整改情况。", false},
		{"nothing", "", false},
	} {
		if got := Of(text).Likeness(Of(c.other)); (got >= Enough) != c.alike {
			t.Errorf("%s: %.2f", c.name, got)
		}
	}
}

// TestLaws: a text is wholly like itself, likeness has no direction and lies
// between 0 and 1.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := Of(rapid.String().Draw(t, "a")), Of(rapid.StringOf(rapid.RuneFrom([]rune("供暖准备气源"))).Draw(t, "b"))
		if x, y := a.Likeness(b), b.Likeness(a); x != y || x < 0 || x > 1 {
			t.Fatalf("%v %v", x, y)
		}
		if len(b) > 0 && b.Likeness(b) != 1 {
			t.Fatal("not like itself")
		}
	})
}

// FuzzNumber: whatever is typed, comparing is stable.
func FuzzNumber(f *testing.F) {
	f.Add("澜政办发〔2026〕12号")
	f.Fuzz(func(t *testing.T, text string) {
		if n := Number(text); Number(n) != n {
			t.Fatalf("%q is not its own form", n)
		}
	})
}
