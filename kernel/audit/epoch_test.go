package audit

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// sound wants a log in which nothing is found.
func (l *logbook) sound() {
	l.t.Helper()
	found, err := CheckLog(l.t.Context(), l.db, 10, nil)
	if err != nil || len(found) > 0 {
		l.t.Fatalf("log: %v %v", found, err)
	}
	if found, err = CheckEpochs(l.t.Context(), l.db, l.key.Keys()); err != nil || len(found) > 0 {
		l.t.Fatalf("epochs: %v %v", found, err)
	}
}

// copyTo gives a copy of the log as a backup would: a second database with the
// same rows, SQLite only.
func (l *logbook) copyTo() *logbook {
	l.t.Helper()
	c := *l
	c.dsn = filepath.Join(l.t.TempDir(), "copy.db")
	storetest.Alter(l.t, l.dsn, "VACUUM INTO ?", c.dsn)
	var err error
	if c.db, err = store.Open(l.t.Context(), c.dsn, store.Options{}); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = c.db.Close() })
	return &c
}

func TestAttach(t *testing.T) {
	storetest.Each(t, []fs.FS{event.Migrations()}, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		l := newLogbook(t, store.SQLite, 0)
		l.db, l.dir = db, t.TempDir()
		for range 3 { // every start of the program
			var err error
			if l.key, err = Attach(ctx, db, l.clk, l.dir, "touyan/test"); err != nil {
				t.Fatal(err)
			}
		}
		empty := t.TempDir()
		if _, err := Attach(ctx, db, l.clk, empty, "touyan/test"); !fault.Is(err, fault.Unavailable) {
			t.Fatalf("a log with events and no key: %v", err)
		}
		if left, err := os.ReadDir(empty); err != nil || len(left) > 0 {
			t.Fatalf("a key was made for another's log: %v %v", left, err)
		}
		epochs, err := Epochs(ctx, db)
		if err != nil || len(epochs) != 1 || epochs[0].Reason != Founded || epochs[0].Epoch != 1 || epochs[0].Key != l.key.Public {
			t.Fatalf("%+v %v", epochs, err)
		}
		other, err := OpenKey(t.TempDir(), "touyan/test")
		if err != nil {
			t.Fatal(err)
		}
		if err := other.bind(ctx, db, l.clk); !fault.Is(err, fault.Unavailable) {
			t.Fatalf("another key: %v", err)
		}
		mixed := &Key{Name: l.key.Name, Public: l.key.Public, signer: other.signer}
		if err := mixed.bind(ctx, db, l.clk); !fault.Is(err, fault.Unavailable) {
			t.Fatalf("a pair that is none: %v", err)
		}
		l.sound()
	})
}

// TestRestored: the log goes on from a backup while holders of receipts have
// seen it go further.
func TestRestored(t *testing.T) {
	ctx := t.Context()
	l := newLogbook(t, store.SQLite, 0)
	if err := l.key.bind(ctx, l.db, l.clk); err != nil {
		t.Fatal(err)
	}
	kept := l.receipt(l.write())
	backup := l.copyTo()
	var tail [][]byte
	for range 4 {
		tail = append(tail, l.receipt(l.write()))
	}
	again := backup.copyTo()

	epoch, err := backup.key.Restored(ctx, backup.db, backup.clk)
	if err != nil || epoch.Epoch != 202611231030 || epoch.Pos != 2 {
		t.Fatalf("%+v %v", epoch, err)
	}
	backup.n = 100
	fresh := backup.receipt(backup.write())
	backup.sound()
	keys := []string{l.key.Public}
	report, err := Verify(fresh, keys)
	if err != nil || !report.OK || !strings.Contains(report.Checks[0].Detail.EN, "epoch 202611231030") {
		t.Fatalf("%+v %v", report, err)
	}
	standing := func(l *logbook, receipt []byte, want Standing) {
		t.Helper()
		report, err := Confirm(ctx, l.db, receipt, keys)
		if err != nil || len(report.Checks) != 4 || report.OK != (want == Held) {
			t.Fatalf("%+v %v", report, err)
		}
		if last := report.Checks[3]; last.OK != report.OK || last.Detail != want.Name() {
			t.Fatalf("%+v, want %s", last, want)
		}
	}
	standing(backup, kept, Held)
	standing(backup, fresh, Held)
	for _, receipt := range tail {
		standing(backup, receipt, Lost)
	}
	standing(again, kept, Held)
	standing(again, tail[0], RolledBack)
	standing(again, fresh, RolledBack)

	// The same backup restored a second time, later, shares no epoch with the
	// first, and what was lost in it is lost, not altered.
	again.clk.Advance(time.Minute)
	second, err := again.key.Restored(ctx, again.db, again.clk)
	if err != nil || second.Epoch == epoch.Epoch {
		t.Fatalf("%+v %v", second, err)
	}
	again.n = 200
	again.write()
	standing(again, fresh, Lost)
	again.sound()

	// A log rewritten in secret is another matter.
	storetest.Alter(t, again.dsn, "UPDATE event SET actor = 3 WHERE pos = 1")
	standing(again, kept, Altered)
}

func TestRotate(t *testing.T) {
	ctx := t.Context()
	l := newLogbook(t, store.SQLite, 3)
	before := l.receipt(l.write())
	old := l.key
	var epoch Epoch
	var err error
	if l.key, epoch, err = Rotate(ctx, l.db, l.clk, l.dir); err != nil {
		t.Fatal(err)
	}
	if l.key.Public == old.Public || epoch.Epoch != 2 || epoch.Key != l.key.Public || l.key.Name != old.Name {
		t.Fatalf("%+v", epoch)
	}
	after := l.receipt(l.write())
	publics := l.key.Keys()
	if len(publics) != 2 || publics[0] != l.key.Public || publics[1] != old.Public {
		t.Fatal(publics)
	}
	for name, test := range map[string]struct {
		receipt []byte
		keys    []string
		ok      bool
	}{
		"old receipt, both keys": {before, publics, true}, "new receipt, both keys": {after, publics, true},
		"old receipt, old key": {before, publics[1:], true}, "new receipt, new key": {after, publics[:1], true},
		"old receipt, new key": {before, publics[:1], false}, "new receipt, old key": {after, publics[1:], false},
	} {
		if report, err := Verify(test.receipt, test.keys); err != nil || report.OK != test.ok {
			t.Errorf("%s: %v %v", name, report, err)
		}
	}
	if err := old.bind(ctx, l.db, l.clk); !fault.Is(err, fault.Unavailable) {
		t.Fatalf("the old key was accepted: %v", err)
	}
	if err := l.key.bind(ctx, l.db, l.clk); err != nil {
		t.Fatal(err)
	}
	l.sound()
	if l.key, epoch, err = Rotate(ctx, l.db, l.clk, l.dir); err != nil || epoch.Epoch != 3 {
		t.Fatalf("%+v %v", epoch, err)
	}
	l.sound()

	// A new key that the old one did not grant, entered by hand.
	forged, err := OpenKey(t.TempDir(), old.Name)
	if err != nil {
		t.Fatal(err)
	}
	c := &beginning{clock: l.clk, old: forged, epoch: Epoch{Reason: Rotated, Key: forged.Public}}
	if err := l.db.Write(ctx, c); err != nil {
		t.Fatal(err)
	}
	// A key that nobody keeps is a finding of its own.
	for want, keys := range map[int][]string{1: append(l.key.Keys(), forged.Public), 2: l.key.Keys()} {
		found, err := CheckEpochs(ctx, l.db, keys)
		if err != nil || len(found) != want || found[0].Pos != c.epoch.Pos {
			t.Fatalf("a forged grant, %d keys: %v %v", len(keys), found, err)
		}
	}
}

// TestRotateCutShort: a rotation that stops after any of its steps leaves a
// directory that the next call finishes, with one new key and one event for it.
func TestRotateCutShort(t *testing.T) {
	ctx := t.Context()
	power := errors.New("power cut")
	for step := range 4 {
		l := newLogbook(t, store.SQLite, 3)
		old := l.key
		next, err := successor(filepath.Join(l.dir, nextDir), old.Name)
		if err != nil {
			t.Fatal(err)
		}
		cut := func() error {
			if step == 0 { // the public file alone
				return errors.Join(power, os.Remove(filepath.Join(l.dir, nextDir, privateFile)))
			}
			if step == 1 { // both files, no event
				return power
			}
			if _, err := grant(ctx, l.db, l.clk, old, next); err != nil || step == 2 {
				return errors.Join(err, power)
			}
			text, err := os.ReadFile(filepath.Join(l.dir, nextDir, publicFile))
			if err != nil {
				return err
			}
			if err := writeDurably(filepath.Join(l.dir, "kept.pub"), old.Public, 0o644); err != nil {
				return err
			}
			if err := os.MkdirAll(filepath.Join(l.dir, formerly), 0o700); err != nil {
				return err
			}
			if err := os.Rename(filepath.Join(l.dir, "kept.pub"), filepath.Join(l.dir, formerly, "x.pub")); err != nil {
				return err
			}
			return errors.Join(power, os.WriteFile(filepath.Join(l.dir, publicFile), text, 0o644))
		}
		if err := cut(); !errors.Is(err, power) {
			t.Fatal(err)
		}
		if step >= 2 {
			half, err := OpenKey(l.dir, "")
			if err != nil {
				t.Fatal(err)
			}
			if err := half.bind(ctx, l.db, l.clk); !fault.Is(err, fault.Unavailable) {
				t.Fatalf("step %d: the program started between two keys: %v", step, err)
			}
		}
		key, epoch, err := Rotate(ctx, l.db, l.clk, l.dir)
		if err != nil || epoch.Epoch != 2 || key.Public == old.Public {
			t.Fatalf("step %d: %+v %v", step, epoch, err)
		}
		if err := key.bind(ctx, l.db, l.clk); err != nil {
			t.Fatalf("step %d: %v", step, err)
		}
		if publics := key.Keys(); len(publics) != 2 || publics[0] != key.Public || publics[1] != old.Public {
			t.Fatalf("step %d: %v", step, publics)
		}
		l.key = key
		l.sound()
	}
}

// TestCheckEpochs alters what the log says of its epochs. The bodies are
// altered with their digests, as a careful forger would.
func TestCheckEpochs(t *testing.T) {
	l := newLogbook(t, store.SQLite, 5)
	ctx := t.Context()
	if err := l.key.bind(ctx, l.db, l.clk); err != nil {
		t.Fatal(err)
	}
	epoch, err := l.key.Restored(ctx, l.db, l.clk)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := newLogbook(t, store.SQLite, 4)
	foreign, _, err := l.key.Sign(ctx, elsewhere.db)
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(e *Epoch){
		"another log's checkpoint": func(e *Epoch) { e.Before = string(foreign) },
		"an unsigned checkpoint":   func(e *Epoch) { e.Before = strings.Replace(e.Before, "\n6\n", "\n5\n", 1) },
		"a number that stands":     func(e *Epoch) { e.Epoch = 1 },
	} {
		bad := epoch
		spoil(&bad)
		text, err := json.Marshal(bad)
		if err != nil {
			t.Fatal(err)
		}
		storetest.Alter(t, l.dsn, "UPDATE event SET body = ? WHERE pos = ?", append(make([]byte, 16), text...), epoch.Pos)
		found, err := CheckEpochs(ctx, l.db, l.key.Keys())
		if err != nil || len(found) != 1 || found[0].Row != "pos=6" {
			t.Errorf("%s: %v %v", name, found, err)
		}
	}
}
