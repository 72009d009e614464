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
		if rapid.Bool().Draw(t, "heirs") {
			c.Heirs = []Heir{{1, 2}, {2, rapid.Int64().Draw(t, "heir")}}
		}
		if rapid.Bool().Draw(t, "kids") {
			c.Kids = map[string][]int64{anyText().Draw(t, "each"): {1, 2}}
		}
		if rapid.IntRange(0, 3).Draw(t, "apart") == 0 {
			c.Sealed = rapid.SliceOfN(rapid.Int64(), 0, 2).Draw(t, "sealed")
			c.Acted = []Acted{{Step: anyText().Draw(t, "acted"), Person: 3}}
			c.Recused = []Recusal{{Person: 4}, {Person: 5, Instead: rapid.Int64().Draw(t, "instead")}}
		}
		return c
	})
}

// plain is Body without its own encoder.
type plain Body

// whole gives a matter's record.
func whole(m Matter) record {
	return record{m.Def, m.Part, m.Root, m.Source, m.Updated, m.Last, m.Outcome, m.Clocks, m.State}
}

func TestCodecIsEncodingJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyClocks().Draw(t, "clocks")
		want, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.appendJSON(nil); string(got) != string(want) {
			t.Fatalf("clocks:\n%s\n%s", got, want)
		}
		d := record{
			Def: anyText().Draw(t, "def"), Part: anyText().Draw(t, "part"), Root: rapid.Int64().Draw(t, "root"), Source: rapid.Int64().Draw(t, "source"),
			Updated: rapid.Int64().Draw(t, "updated"), Last: rapid.Int64().Draw(t, "last"),
			Outcome: anyText().Draw(t, "ended"), Clocks: c, State: mustJSON(t, map[string]string{anyText().Draw(t, "field"): anyText().Draw(t, "value")}),
		}
		text := mustJSON(t, d)
		var m, again Matter
		if err := m.decode(text); err != nil {
			t.Fatal(err)
		}
		if got := m.encode(); string(got) != string(mustJSON(t, whole(m))) {
			t.Fatalf("record:\n%s\n%s", got, mustJSON(t, whole(m)))
		}
		if err := again.decode(m.encode()); err != nil || !cmp.Equal(string(mustJSON(t, whole(again))), string(mustJSON(t, whole(m)))) {
			t.Fatalf("decoded, %v:\n%s\n%s", err, mustJSON(t, whole(again)), mustJSON(t, whole(m)))
		}
		var plainly record
		if err := json.Unmarshal(text, &plainly); err != nil || !cmp.Equal(string(mustJSON(t, plainly)), string(mustJSON(t, whole(m)))) {
			t.Fatalf("encoding/json reads, %v:\n%s\n%s", err, mustJSON(t, plainly), mustJSON(t, whole(m)))
		}
		b := Body{
			Slot: anyText().Draw(t, "slot"), Step: anyText().Draw(t, "step"), N: rapid.IntRange(0, 9).Draw(t, "n"), Act: anyText().Draw(t, "act"),
			Mark: rapid.IntRange(0, 120).Draw(t, "mark"), Late: rapid.Int64().Draw(t, "late"), Number: anyText().Draw(t, "number"),
			Outcome: anyText().Draw(t, "outcome"), Lent: rapid.Int64().Draw(t, "lent"), Clocks: c,
		}
		if rapid.Bool().Draw(t, "input") {
			b.Input = mustJSON(t, map[string]any{anyText().Draw(t, "field"): anyText().Draw(t, "value")})
		}
		if rapid.Bool().Draw(t, "heired") {
			b.Heir = &Heir{1, 2}
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

func FuzzDecodeRecord(f *testing.F) {
	for _, seed := range []string{
		`{"clocks":{},"state":{}}`, `{"def":"d","clocks":{"slots":[{"step":"a","n":1,"since":5}],"due":9},"state":{"n":1}}`, `{"clocks":{"due": 1},"state":[]}`,
		`{"root":3,"clocks":{"parties":[1,2],"kids":{"u":[3]}},"state":7}`, `{"last":01,"state":1}`, `{"clocks":{},"state":{}}x`, `{"clocks":{"slots":[`, `{"state":1,"last":2}`, `{"state":}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var m Matter
		err := m.decode(text)
		var want record
		werr := json.Unmarshal(text, &want)
		if werr != nil {
			return // rows are written by encode alone; what it cannot have written may be read or refused
		}
		if err != nil {
			t.Fatalf("refused: %v", err)
		}
		if len(m.State) > 0 && !json.Valid(m.State) {
			return
		}
		a, _ := json.Marshal(whole(m))
		b, _ := json.Marshal(want)
		if string(a) != string(b) {
			t.Fatalf("%s\n%s", a, b)
		}
	})
}
