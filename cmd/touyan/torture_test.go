package main

import (
	"context"
	"encoding/json"
	"os"
	"testing"
	"time"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// loaded is an installation on which every life of the load was lived twice,
// with the list of its calls.
type loaded struct {
	prog   *Program
	load   *load
	dsn    string
	ledger *ledger
	calls  []*call
}

func newLoaded(t *testing.T, engine store.Engine) *loaded {
	t.Helper()
	ctx := context.Background()
	clk := clock.NewManual(time.Date(2026, 11, 24, 9, 0, 0, 0, clock.Shanghai()))
	site := newSite(t.TempDir())
	w := &loaded{dsn: storetest.DSN(t, engine), ledger: site.ledger}
	var err error
	if w.prog, err = torturePlace(site.dir, w.dsn).open(ctx, clk, store.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.prog.Close(); err != nil {
			t.Error(err)
		}
	})
	v := &victim{site: site, up: make(chan struct{}), settled: make(chan struct{})}
	w.load = &load{prog: w.prog, out: json.NewEncoder(hearing(func(text []byte) {
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			t.Error(err)
		}
		if l.Do != nil {
			w.calls = append(w.calls, l.Do)
		}
		v.hear(text)
	}))}
	if err := w.load.settleTown(ctx); err != nil {
		t.Fatal(err)
	}
	for turn := range 16 {
		w.load.live(ctx, 0, turn)
	}
	clk.Set(clk.Now().AddDate(0, 0, 10))
	if _, _, err := w.prog.Desk.FireDue(ctx); err != nil {
		t.Fatal(err)
	}
	return w
}

// hearing is a writer that hands each line on.
type hearing func([]byte)

func (h hearing) Write(b []byte) (int, error) {
	h(b)
	return len(b), nil
}

func (w *loaded) judge(t *testing.T) tortured {
	t.Helper()
	var out tortured
	if err := w.ledger.judge(context.Background(), w.prog, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestTortureLoad: a load that nothing disturbs is judged to be right; what it
// is there for occurs; and every call sent again is answered as at first.
func TestTortureLoad(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			w := newLoaded(t, engine)
			for _, c := range w.calls {
				w.load.do(context.Background(), *c)
			}
			out := w.judge(t)
			if out.wrong() != 0 {
				t.Errorf("found wrong: %+v", out)
			}
			// Two of each life; five of eight draw a number and two of these void it;
			// one binds a file, and is erased with it every other time.
			if out.Acks != len(w.calls) || out.Again != out.Acks || out.Drawn != 10 || out.Void != 4 || out.Timers < 2 || out.Files != 1 || out.Erased != 1 {
				t.Errorf("%d calls: %+v", len(w.calls), out)
			}
		})
	}
}

// TestTortureJudge: whatever is wrong shows, under its own name.
func TestTortureJudge(t *testing.T) {
	number := func(w *loaded) *entry { // an act that was answered with a number
		for _, c := range w.calls {
			if e := w.ledger.entries[c.Key]; e.on != 0 && e.ack.Number != "" {
				return e
			}
		}
		t.Fatal("no number was drawn")
		return nil
	}
	for _, c := range []struct {
		name  string
		spoil func(w *loaded)
		found func(o tortured) int
	}{
		{"acknowledged and absent", func(w *loaded) {
			w.ledger.entries["never"] = &entry{who: 1, ack: &ack{Key: "never", Pos: 7}}
		}, func(o tortured) int { return o.Lost }},
		{"part of an act absent", func(w *loaded) { w.ledger.entries[w.calls[0].Key].more++ }, func(o tortured) int { return o.Lost }},
		{"at another position", func(w *loaded) { w.ledger.entries[w.calls[0].Key].ack.Pos++ }, func(o tortured) int { return o.Moved }},
		{"on another matter", func(w *loaded) { number(w).on++ }, func(o tortured) int { return o.Moved }},
		{"answered otherwise the second time", func(w *loaded) {
			a := *w.ledger.entries[w.calls[0].Key].ack
			a.Leaf = "00"
			w.ledger.acknowledged(a)
		}, func(o tortured) int { return o.Moved }},
		{"acknowledged and never sent", func(w *loaded) { w.ledger.acknowledged(ack{Key: "never"}) }, func(o tortured) int { return o.Moved }},
		{"an effect that nobody called for", func(w *loaded) { delete(w.ledger.entries, w.calls[0].Key) }, func(o tortured) int { return o.Doubled }},
		{"never answered", func(w *loaded) { w.ledger.entries[w.calls[0].Key].ack = nil }, func(o tortured) int { return o.Unanswered }},
		{"refused", func(w *loaded) { w.ledger.refused(line{Refused: w.calls[0].Key, Kind: "conflict"}) }, func(o tortured) int { return o.Refused }},
		{"a number void without reason", func(w *loaded) {
			storetest.Alter(t, w.dsn, "UPDATE serial_number SET void = 'withdrawn' WHERE void = '' AND n = (SELECT max(n) FROM serial_number WHERE void = '')")
		}, func(o tortured) int { return o.Numbers }},
		{"the last number left out", func(w *loaded) {
			storetest.Alter(t, w.dsn, "DELETE FROM serial_number WHERE n = (SELECT max(n) FROM serial_number)")
		}, func(o tortured) int { return o.Numbers }},
		{"a number of another matter", func(w *loaded) { number(w).ack.Number = "试政督〔2026〕99号" }, func(o tortured) int { return o.Numbers }},
		{"a file with another content", func(w *loaded) {
			storetest.Alter(t, w.dsn, "UPDATE blob_chunk SET data = x'00' WHERE n = 1")
		}, func(o tortured) int { return o.Spoilt }},
		{"a word of what was erased", func(w *loaded) {
			for _, e := range w.ledger.entries {
				if e.gone != "" {
					storetest.Alter(t, w.dsn, "UPDATE matter SET title = ? WHERE id = ?", e.gone, e.on)
				}
			}
		}, func(o tortured) int { return o.Readable }},
		{"a row that is not the log's", func(w *loaded) {
			storetest.Alter(t, w.dsn, "UPDATE matter SET title = '改过' WHERE id = (SELECT max(id) FROM matter)")
		}, func(o tortured) int { return o.Findings }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newLoaded(t, store.SQLite)
			c.spoil(w)
			if out := w.judge(t); c.found(out) == 0 || len(out.Examples) == 0 {
				t.Errorf("not noticed: %+v", out)
			}
		})
	}
}

// TestRings: a timer that fires a second time is known by its matter, step and
// escalation.
func TestRings(t *testing.T) {
	r := rings{}
	for _, c := range []struct {
		kind, body string
		subject    int64
		rung       bool
		twice      bool
	}{
		{"docket.unit/escalate", `{"slot":"a","n":1,"mark":70}`, 7, true, false},
		{"docket.unit/escalate", `{"slot":"a","n":1,"mark":100}`, 7, true, false},
		{"docket.unit/escalate", `{"slot":"a","n":2,"mark":70}`, 7, true, false},
		{"docket.unit/escalate", `{"slot":"b","n":1,"mark":70}`, 7, true, false},
		{"docket.unit/escalate", `{"slot":"a","n":1,"mark":70}`, 8, true, false},
		{"docket.unit/sign.sign", `{"slot":"a","n":1,"mark":70}`, 7, false, false},
		{"docket.unit/escalate", `{"slot":"a","n":1,"mark":70}`, 7, true, true},
	} {
		e := event.Event{Body: []byte(c.body)}
		e.Kind, e.Subject = c.kind, c.subject
		if _, rung, twice, err := r.add(e); err != nil || rung != c.rung || twice != c.twice {
			t.Errorf("%s %d %s: %v %v %v", c.kind, c.subject, c.body, rung, twice, err)
		}
	}
}

// TestTortureAgain: the next writer is given every call without an answer, and
// some that had one.
func TestTortureAgain(t *testing.T) {
	l := newLedger()
	for _, key := range []string{"a", "b"} {
		l.intended(&call{Key: key, Who: 7, On: 3})
	}
	for len(l.kept) == 0 { // the sample is drawn
		l.intended(&call{Key: "c", Who: 7, On: 4})
		l.acknowledged(ack{Key: "c", Pos: 9})
	}
	l.acknowledged(ack{Key: "b", Pos: 8})
	path := t.TempDir() + "/again"
	if err := l.writeAgain(path); err != nil {
		t.Fatal(err)
	}
	calls, err := readCalls(path)
	got := map[string]bool{}
	for _, c := range calls {
		got[c.Key] = c.Who == 7 && c.On > 2
	}
	if err != nil || !got["a"] || !got["c"] {
		t.Errorf("%v: %+v", err, calls)
	}
}

func TestStateOf(t *testing.T) {
	for text, want := range map[string]string{"17 (touyan) T 1 17": "T", "17 (a) S) (b) t 1": "t", "17 (x)": "", "": ""} {
		if got := stateOf([]byte(text)); got != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
}

// TestStopped: a process counts as stopped when all of it is.
func TestStopped(t *testing.T) {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		t.Skip("this system has no /proc")
	}
	if state := stateOf(stat); state != "R" && state != "S" {
		t.Errorf("this process is in state %q", state)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := stopped(ctx, os.Getpid()); err == nil {
		t.Error("this process was called stopped")
	}
}

func TestHastyClock(t *testing.T) {
	clk := hastyClock{time.Now()}
	at := clk.Now().Add(2 * time.Hour) // 83 ms
	if err := clk.Wait(context.Background(), at); err != nil || clk.Now().Before(at) {
		t.Errorf("%v: woke before its time", err)
	}
}
