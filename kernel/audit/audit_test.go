package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// entry is the smallest change that writes an event.
type entry struct {
	key   string
	body  any
	place event.Place
}

func (c *entry) Load(g *store.Group) { event.Load(g) }

func (c *entry) Decide(g *store.Group) (err error) {
	c.place, err = event.Append(g, event.Draft{
		Kind: "test/entry", Subject: event.NewSubject, Actor: 7, Behalf: 8, Unit: 9, Key: event.KeyOf(c.key),
		Recorded: time.UnixMicro(1_800_000_000_000_000), Occurred: time.UnixMicro(1_799_999_999_000_000), Body: c.body,
	})
	return err
}

// logbook is a log with its key.
type logbook struct {
	t   *testing.T
	dsn string
	db  *store.DB
	dir string
	key *Key
	clk *clock.Manual
	n   int
}

// newLogbook gives a log of n events on the engine.
func newLogbook(t *testing.T, engine store.Engine, n int) *logbook {
	t.Helper()
	l := &logbook{t: t, dsn: storetest.DSN(t, engine), dir: filepath.Join(t.TempDir(), "keys")}
	l.clk = clock.NewManual(time.Date(2026, 11, 23, 10, 30, 0, 0, clock.Shanghai()))
	ctx := context.Background()
	if err := store.Migrate(ctx, l.dsn, event.Migrations()); err != nil {
		t.Fatal(err)
	}
	var err error
	if l.db, err = store.Open(ctx, l.dsn, store.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.db.Close() })
	if l.key, err = OpenKey(l.dir, "touyan/test"); err != nil {
		t.Fatal(err)
	}
	for range n {
		l.write()
	}
	return l
}

// write appends one event.
func (l *logbook) write() event.Place {
	l.t.Helper()
	l.n++
	c := &entry{key: fmt.Sprint(l.n), body: map[string]any{"n": l.n, "意见": "请人社局牵头，尽快研究。", "人均": "≥5 & <6"}}
	if err := l.db.Write(context.Background(), c); err != nil {
		l.t.Fatal(err)
	}
	return c.place
}

// receipt gives the receipt of an event just written, with its body.
func (l *logbook) receipt(p event.Place) []byte {
	l.t.Helper()
	r, err := l.key.Receipt(p.Event, p.Tree)
	if err != nil {
		l.t.Fatal(err)
	}
	return encode(l.t, r.With(p.Event))
}

func encode(t *testing.T, r Receipt) []byte {
	t.Helper()
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// names lists the outcome of each check, as "+signature of the checkpoint".
func names(r Report) string {
	var out []string
	for _, c := range r.Checks {
		mark := "-"
		if c.OK {
			mark = "+"
		}
		out = append(out, mark+c.Name.EN)
	}
	return strings.Join(out, " ")
}

const allGood = "+signature of the checkpoint +place in the tree +body"

func TestVerify(t *testing.T) {
	l := newLogbook(t, store.SQLite, 40)
	other, err := OpenKey(t.TempDir(), "touyan/test")
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := OpenKey(t.TempDir(), "touyan/elsewhere")
	if err != nil {
		t.Fatal(err)
	}
	place := l.write()
	good := l.receipt(place)
	late, _, err := l.key.ReceiptAt(t.Context(), l.db, 3)
	if err != nil {
		t.Fatal(err)
	}
	erased := place.Event
	erased.Salt, erased.Body, erased.Erased = nil, nil, true
	bare, err := l.key.Receipt(place.Event, place.Tree)
	if err != nil {
		t.Fatal(err)
	}
	change := func(old, fresh string) []byte {
		if !bytes.Contains(good, []byte(old)) {
			t.Fatalf("the receipt has no %s", old)
		}
		return bytes.Replace(good, []byte(old), []byte(fresh), 1)
	}
	mine := []string{l.key.Public}
	for _, test := range []struct {
		name string
		data []byte
		keys []string
		want string
	}{
		{"good", good, mine, allGood},
		{"key twice", good, []string{l.key.Public, l.key.Public + "\n"}, allGood},
		{"among others", good, []string{other.Public, stranger.Public, l.key.Public}, allGood},
		{"laid out anew", change(`"n":`, "\"n\": \n "), mine, allGood},
		{"of an old event, without body", encode(t, late), mine, "+signature of the checkpoint +place in the tree"},
		{"saved again by a browser, which writes < and & plainly", bytes.ReplaceAll(bytes.ReplaceAll(good, []byte(`\u003c`), []byte("<")), []byte(`\u0026`), []byte("&")), mine, allGood},
		{"as the API hands it out", change("{", `{"log":"touyan/test","key":"`+l.key.Public+`",`), mine, allGood},
		{"with another log's name beside it", change("{", `{"log":"touyan/elsewhere",`), mine, "+signature of the checkpoint -the name and key beside it"},
		{"with another key beside it", change("{", `{"key":"`+other.Public+`",`), mine, "+signature of the checkpoint -the name and key beside it"},
		{"with a given key beside it that did not sign", change("{", `{"key":"`+other.Public+`",`), []string{l.key.Public, other.Public}, "+signature of the checkpoint -the name and key beside it"},
		{"vouched for by the key beside it alone", change("{", `{"log":"touyan/test","key":"`+l.key.Public+`",`), []string{other.Public}, "-signature of the checkpoint"},
		{"erased", encode(t, bare.With(erased)), mine, "+signature of the checkpoint +place in the tree"},
		{"wrong key of the same name", good, []string{other.Public}, "-signature of the checkpoint"},
		{"wrong key", good, []string{stranger.Public}, "-signature of the checkpoint"},
		{"no key", good, nil, "-signature of the checkpoint"},
		{"malformed key", good, []string{"x+y+z"}, "-signature of the checkpoint"},
		{"actor", change(`"actor": 7`, `"actor": 6`), mine, "+signature of the checkpoint -place in the tree"},
		{"position", change(`"pos": 40`, `"pos": 39`), mine, "+signature of the checkpoint -place in the tree"},
		{"position beyond the tree", change(`"pos": 40`, `"pos": 41`), mine, "+signature of the checkpoint -place in the tree"},
		{"negative position", change(`"pos": 40`, `"pos": -1`), mine, "+signature of the checkpoint -place in the tree"},
		{"body", change("尽快", "从容"), mine, "+signature of the checkpoint +place in the tree -body"},
		{"size", change("\\n41\\n", "\\n42\\n"), mine, "-signature of the checkpoint"},
		{"epoch", change("touyan/test/1\\n", "touyan/test/2\\n"), mine, "-signature of the checkpoint"},
	} {
		report, err := Verify(test.data, test.keys)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if got := names(report); got != test.want || report.OK == strings.Contains(test.want, "-") {
			t.Errorf("%s: %v %s", test.name, report.OK, got)
		}
	}
	for name, data := range map[string]string{
		"empty": "", "not JSON": "{", "another format": `{"format":"x/1"}`, "an unknown field": `{"format":"touyan-receipt/1","trust":"me"}`,
		"two receipts": string(good) + string(good), "something after it": string(good) + "x",
	} {
		if _, err := Verify([]byte(data), mine); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestVerifyEveryByte: no byte of a receipt can be changed unnoticed. A change
// passes only when it leaves what the receipt says as it was: the layout of the
// JSON, and the letters of its escapes.
func TestVerifyEveryByte(t *testing.T) {
	l := newLogbook(t, store.SQLite, 9)
	good := l.receipt(l.write())
	var want Receipt
	if err := json.Unmarshal(good, &want); err != nil {
		t.Fatal(err)
	}
	changed, accepted := 0, 0
	for i := range good {
		for _, to := range []byte{good[i] ^ 1, good[i] ^ 0x20, good[i] ^ 0x80, ' ', '0', '"'} {
			if to == good[i] {
				continue
			}
			bad := bytes.Clone(good)
			bad[i] = to
			changed++
			report, err := Verify(bad, []string{l.key.Public})
			if err != nil || !report.OK {
				continue
			}
			accepted++
			var got Receipt
			if err := json.Unmarshal(bad, &got); err != nil {
				t.Fatalf("byte %d: accepted and unreadable: %v", i, err)
			}
			if !bytes.Equal(encode(t, want), encode(t, got)) && !sameMeaning(want, got) {
				t.Errorf("byte %d (%q) to %q passes", i, good[max(0, i-20):i+1], to)
			}
		}
	}
	t.Logf("%d changes of a byte, %d of them without a change of meaning", changed, accepted)
}

// sameMeaning reports whether two receipts say the same: a part left out (its
// name was spoilt) is less, not else, and a signature that was not asked for
// says nothing.
func sameMeaning(want, got Receipt) bool {
	if len(got.Body) > 0 && !bytes.Equal(compact(got.Body), compact(want.Body)) {
		return false
	}
	a, err1 := parseCheckpoint(want.Checkpoint)
	b, err2 := parseCheckpoint(got.Checkpoint)
	return err1 == nil && err2 == nil && a == b && want.Envelope == got.Envelope && bytes.Equal(want.Digest, got.Digest)
}

func FuzzVerify(f *testing.F) {
	dir := f.TempDir()
	key, err := OpenKey(dir, "touyan/test")
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"format":"touyan-receipt/1","envelope":{"pos":0},"digest":"","proof":["AA=="],"checkpoint":"a/1\n1\nAA==\n\n— a AAAA\n"}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		report, err := Verify(data, []string{key.Public})
		if err == nil && report.OK {
			t.Fatal("a receipt that nobody signed was accepted")
		}
	})
}

func FuzzCheckpoint(f *testing.F) {
	f.Add("touyan/test/1\n41\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
	f.Add("/\n\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCheckpoint(text)
		if err != nil {
			return
		}
		again, err := parseCheckpoint(checkpoint(c.Origin, c.Epoch, c.Size, c.Root))
		if err != nil || again != c {
			t.Fatalf("%+v became %+v: %v", c, again, err)
		}
	})
}

func TestOpenKey(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	if _, err := ReadKey(dir); !fault.Is(err, fault.Unavailable) {
		t.Fatalf("no key: %v", err)
	}
	made, err := OpenKey(dir, "touyan/test")
	if err != nil {
		t.Fatal(err)
	}
	read, err := OpenKey(dir, "another name")
	if err != nil || read.Public != made.Public || read.Name != "touyan/test" {
		t.Fatalf("%+v %v", read, err)
	}
	private := filepath.Join(dir, privateFile)
	info, err := os.Stat(private)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v %v", info.Mode(), err)
	}
	if err := os.Chmod(private, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenKey(dir, "x"); !fault.Is(err, fault.Unavailable) {
		t.Fatalf("a key others can read: %v", err)
	}
	if err := os.Chmod(private, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(private, []byte("PRIVATE+KEY+broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenKey(dir, "x"); !fault.Is(err, fault.Unavailable) {
		t.Fatalf("a damaged key: %v", err)
	}
	if err := os.Remove(private); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenKey(dir, "x"); !fault.Is(err, fault.Unavailable) {
		t.Fatalf("a public key without its private one: %v", err)
	}
}
