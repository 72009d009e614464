package matter

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func anyText() *rapid.Generator[string] {
	return rapid.OneOf(rapid.Just(""), rapid.SampledFrom([]string{"units.0", "牵头", "5wd@close", "a<b&\"\\\n", "\u2028", "\xff"}), rapid.String())
}

func anySlot() *rapid.Generator[Slot] {
	n := rapid.Int64Range(0, 1<<53)
	return rapid.Custom(func(t *rapid.T) Slot {
		return Slot{
			Slot: anyText().Draw(t, "slot"), Step: anyText().Draw(t, "step"), N: rapid.IntRange(-3, 1000).Draw(t, "n"), Unit: n.Draw(t, "unit"),
			Duty: anyText().Draw(t, "duty"), Person: n.Draw(t, "person"), Since: rapid.Int64().Draw(t, "since"), Limit: anyText().Draw(t, "limit"),
			Extra: anyText().Draw(t, "extra"), Due: n.Draw(t, "due"), Provisional: rapid.Bool().Draw(t, "provisional"),
			Mark: rapid.SampledFrom([]int{0, 70, 100, 120}).Draw(t, "mark"), Next: n.Draw(t, "next"), Urged: rapid.IntRange(0, 9).Draw(t, "urged"),
		}
	})
}

func anyClocks() *rapid.Generator[Clocks] {
	return rapid.Custom(func(t *rapid.T) Clocks {
		c := Clocks{Limit: anyText().Draw(t, "limit"), Extra: anyText().Draw(t, "extra"), Due: rapid.Int64().Draw(t, "due")}
		c.Slots = rapid.SliceOfN(anySlot(), 0, 3).Draw(t, "slots")
		c.Parties = rapid.SliceOfN(rapid.Int64(), 0, 4).Draw(t, "parties")
		for range rapid.IntRange(0, 2).Draw(t, "stops") {
			c.Stops = append(c.Stops, Stop{From: rapid.Int64().Draw(t, "from"), To: rapid.Int64().Draw(t, "to")})
		}
		if rapid.Bool().Draw(t, "kids") {
			c.Kids = map[string][]int64{anyText().Draw(t, "each"): {1, 2}}
		}
		return c
	})
}

// plain is Body without its own encoder.
type plain Body

func TestCodecIsEncodingJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyClocks().Draw(t, "clocks")
		want, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.encode(); string(got) != string(want) {
			t.Fatalf("clocks:\n%s\n%s", got, want)
		}
		got, err := decodeClocks(want)
		if err != nil {
			t.Fatal(err)
		}
		var back Clocks
		if err := json.Unmarshal(want, &back); err != nil {
			t.Fatal(err)
		}
		if text, _ := json.Marshal(got); !cmp.Equal(string(text), string(mustJSON(t, back))) {
			t.Fatalf("decoded:\n%s\n%s", text, mustJSON(t, back))
		}
		b := Body{
			Slot: anyText().Draw(t, "slot"), Step: anyText().Draw(t, "step"), N: rapid.IntRange(0, 9).Draw(t, "n"), Act: anyText().Draw(t, "act"),
			Mark: rapid.IntRange(0, 120).Draw(t, "mark"), Late: rapid.Int64().Draw(t, "late"), Number: anyText().Draw(t, "number"),
			Outcome: anyText().Draw(t, "outcome"), Clocks: c,
		}
		if rapid.Bool().Draw(t, "input") {
			b.Input = mustJSON(t, map[string]any{anyText().Draw(t, "field"): anyText().Draw(t, "value")})
		}
		if rapid.Bool().Draw(t, "child") {
			b.Child = &ChildEnd{ID: 7, Each: anyText().Draw(t, "each"), Outcome: "done"}
		}
		if rapid.Bool().Draw(t, "open") {
			b.Open = &Opened{Def: "d", Title: anyText().Draw(t, "title"), Unit: 3}
		}
		if got, want := string(b.AppendJSON(nil)), string(mustJSON(t, plain(b))); got != want {
			t.Fatalf("body:\n%s\n%s", got, want)
		}
	})
}

func mustJSON(t *rapid.T, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func FuzzDecodeClocks(f *testing.F) {
	for _, seed := range []string{`{}`, `{"slots":[{"step":"a","n":1,"since":5}],"due":9}`, `{"due": 1}`, `{"parties":[1,2],"kids":{"u":[3]}}`, `{"due":01}`, `{"due":1}x`, `{"slots":[`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := decodeClocks(text)
		var want Clocks
		werr := json.Unmarshal(text, &want)
		if err == nil && werr == nil {
			a, _ := json.Marshal(got)
			b, _ := json.Marshal(want)
			if string(a) != string(b) {
				t.Fatalf("%s\n%s", a, b)
			}
		}
		if werr == nil && err != nil {
			t.Fatalf("refused: %v", err)
		}
	})
}
