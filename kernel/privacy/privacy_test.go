package privacy

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestMasks(t *testing.T) {
	for _, c := range []struct {
		mask     func(string) string
		in, want string
	}{
		{Name, "", ""},
		{Name, "张", "*"},
		{Name, "张三", "张*"},
		{Name, "张小三", "张*三"},
		{Name, "欧阳娜娜", "欧**娜"},
		{Mobile, "13812341234", "138****1234"},
		{Mobile, "057112345", "*******45"},
		{Mobile, "12", "**"},
		{Identity, "110101199003071234", "110***********1234"},
		{Identity, "110101900307123", "110********7123"},
		{Identity, "E12345678", "*******78"},
		{Identity, "1", "*"},
	} {
		if got := c.mask(c.in); got != c.want {
			t.Errorf("mask(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestText(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"来电人13812341234反映", "来电人138****1234反映"},
		{"电话 138 1234 5678，或138-1234-5678", "电话 138******5678，或138******5678"},
		{"+8613812345678", "+861******5678"},
		{"86 138 1234 5678", "86 *********5678"},
		{"身份证11010119900307123X。", "身份证110***********123X。"},
		{"身份证110101199003071234", "身份证110***********1234"},
		{"\uff11\uff11\uff10\uff11\uff10\uff11\uff11\uff19\uff19\uff10\uff10\uff13\uff10\uff17\uff11\uff12\uff13\uff14", "\uff11\uff11\uff10***********\uff11\uff12\uff13\uff14"},
		{"旧证 110101900307123", "旧证 110********7123"},
		{"1101011990030712\uff13\uff38", "110***********12\uff13\uff38"},
		{"两个 13812345678 13912345678", "两个 138****5678 139****5678"},
		{"日期 2026-11-30 13812345678", "日期 2026-11-30 138****5678"},
		{"两段 138 1234 5678 139 1234 5678", "两段 138******5678 139******5678"},
		// Not numbers of persons: a date out of the calendar, a longer row, a
		// letter after a mobile number, an unknown province, a document number.
		{"110101199013071234", "110101199013071234"},
		{"1101011990030712345", "1101011990030712345"},
		{"000101199003071234", "000101199003071234"},
		{"澄政督〔2026〕47号", "澄政督〔2026〕47号"},
		{"12812345678", "12812345678"},
		{"138123456789", "138123456789"},
		{"1381234567X", "1381234567X"},
		{"138  1234 5678", "138  1234 5678"},
		{"11010190030712X", "11010190030712X"},
		{"", ""},
	} {
		if got := Text(c.in); got != c.want {
			t.Errorf("Text(%q)\n got %q\nwant %q", c.in, got, c.want)
		}
	}
}

func TestFind(t *testing.T) {
	text := "甲13812345678，乙110101199003071234"
	want := []Span{{3, 14, MobileNumber}, {20, 38, IdentityNumber}}
	if diff := cmp.Diff(want, Find(text)); diff != "" {
		t.Error(diff)
	}
}

// slip is what an XML interface would send.
type slip struct{ V Masked[string] }

// form is a struct such as a careless log line prints.
type form struct {
	ID     Masked[string]
	secret Masked[string]
	Inner  struct{ Deep Masked[[]string] }
}

func TestMaskedNeverPrints(t *testing.T) {
	const value = "110101199003071234"
	f := form{ID: Mask(value), secret: Mask(value)}
	f.Inner.Deep = Mask([]string{value})
	var printed bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		fmt.Fprintf(&printed, verb+"\n", f)
		fmt.Fprintf(&printed, verb+"\n", &f)
		fmt.Fprintf(&printed, verb+"\n", f.ID)
	}
	js, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := json.Marshal(map[Masked[string]]int{f.ID: 1})
	if err != nil {
		t.Fatal(err)
	}
	x, err := xml.Marshal(slip{f.ID})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&printed, nil), slog.NewJSONHandler(&printed, nil)} {
		slog.New(h).Info("filed", "id", f.ID, "form", f, "pointer", &f)
	}
	all := printed.String() + string(js) + string(keys) + string(x) + f.ID.String() + fmt.Sprint(fmt.Errorf("bad: %w", fmt.Errorf("%v", f.ID)))
	hex := fmt.Sprintf("%x", value)
	if strings.Contains(all, value) || strings.Contains(all, hex) {
		t.Fatalf("the value was printed:\n%s", all)
	}
	if got, want := string(js), `{"ID":"***","Inner":{"Deep":"***"}}`; got != want {
		t.Errorf("JSON is %s, want %s", got, want)
	}
	if f.ID.Reveal() != value || f.secret.Reveal() != value {
		t.Error("Reveal lost the value")
	}
	if (Masked[int]{}).Reveal() != 0 {
		t.Error("the zero Masked does not hold the zero value")
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"13812345678", "11010119900307123X", "138 1234 5678", "138,", "x", "\xff13812345678"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		masked := Text(text)
		if utf8.ValidString(text) != utf8.ValidString(masked) && utf8.ValidString(text) {
			t.Fatal("valid text became invalid")
		}
		at := 0
		for _, s := range Find(text) {
			if s.Start < at || s.End <= s.Start || s.End > len(text) {
				t.Fatalf("span %v out of order", s)
			}
			if strings.Contains(masked, text[s.Start:s.End]) && strings.Count(text, text[s.Start:s.End]) == 1 {
				t.Fatalf("a number found at %d is still there", s.Start)
			}
			at = s.End
		}
		if utf8.RuneCountInString(text) != utf8.RuneCountInString(masked) {
			t.Fatal("the number of characters changed")
		}
	})
}

func BenchmarkText(b *testing.B) {
	text := strings.Repeat("市民来电反映小区门口占道经营，联系电话13812345678,", 10)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Text(text)
	}
}
