package audit

import (
	"fmt"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// TestCheckLogNamesTheRow alters one row of a log in every way and wants that
// row named, and no other.
func TestCheckLogNamesTheRow(t *testing.T) {
	const size, at = 21, 5
	for _, engine := range []store.Engine{store.SQLite, store.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			l := newLogbook(t, engine, size)
			row, err := event.RowsAfter(t.Context(), l.db, at, 1)
			if err != nil {
				t.Fatal(err)
			}
			spoil := func(b []byte, i int) []byte {
				out := append([]byte{}, b...)
				out[i] ^= 1
				return out
			}
			good := row[0]
			envelope := func(e event.Envelope) string { return string(e.Bytes()) }
			later := func(e event.Envelope, change func(*event.Envelope)) event.Envelope { change(&e); return e }
			sealed, proof := append(slices.Clone(good.Salt), good.Body...), append(slices.Clone(good.Digest), good.Hashes...)
			const text = "UPDATE event SET envelope = ? WHERE pos = 5"
			restore := func() {
				storetest.Alter(t, l.dsn, "DELETE FROM event WHERE pos = ?", at)
				storetest.Alter(t, l.dsn, "INSERT INTO event (pos, subject, actor, idem, envelope, body, proof) VALUES (?, ?, ?, ?, ?, ?, ?)",
					good.Pos, good.Subject, good.Actor, []byte("spare key"), envelope(good.Envelope), sealed, proof)
				storetest.Alter(t, l.dsn, "UPDATE log_head SET size = ?", size)
			}
			for _, test := range []struct {
				name, statement string
				arg             any
				want            string // table and row
			}{
				{"recorded", text, envelope(later(good.Envelope, func(e *event.Envelope) { e.Recorded++ })), "event pos=5"},
				{"occurred", text, envelope(later(good.Envelope, func(e *event.Envelope) { e.Occurred-- })), "event pos=5"},
				{"kind", text, envelope(later(good.Envelope, func(e *event.Envelope) { e.Kind = "test/other" })), "event pos=5"},
				{"behalf", text, envelope(later(good.Envelope, func(e *event.Envelope) { e.Behalf++ })), "event pos=5"},
				{"unit", text, envelope(later(good.Envelope, func(e *event.Envelope) { e.Unit++ })), "event pos=5"},
				{"another form", text, envelope(good.Envelope) + " ", "event pos=5"},
				{"no envelope", text, "", "event pos=5"},
				{"subject", "UPDATE event SET subject = subject + ? WHERE pos = 5", 1, "event pos=5"},
				{"actor", "UPDATE event SET actor = actor + ? WHERE pos = 5", 1, "event pos=5"},
				{"body", "UPDATE event SET body = ? WHERE pos = 5", spoil(sealed, 19), "event pos=5"},
				{"salt", "UPDATE event SET body = ? WHERE pos = 5", spoil(sealed, 15), "event pos=5"},
				{"digest", "UPDATE event SET proof = ? WHERE pos = 5", spoil(proof, 0), "event pos=5"},
				{"own hash", "UPDATE event SET proof = ? WHERE pos = 5", spoil(proof, tlog.HashSize), "event pos=5"},
				{"hash of the subtree", "UPDATE event SET proof = ? WHERE pos = 5", spoil(proof, 2*tlog.HashSize), "event pos=5"},
				{"hashes cut short", "UPDATE event SET proof = ? WHERE pos = 5", proof[:2*tlog.HashSize], "event pos=5"},
				{"no proof", "UPDATE event SET proof = ? WHERE pos = 5", []byte{}, "event pos=5"},
				{"missing row", "DELETE FROM event WHERE pos = ?", at, "event pos=5"},
				{"missing last row", "DELETE FROM event WHERE pos = ?", size - 1, "log_head id=1"},
				{"head", "UPDATE log_head SET size = ?", size + 1, "log_head id=1"},
			} {
				if n := storetest.Alter(t, l.dsn, test.statement, test.arg); n != 1 {
					t.Fatalf("%s: %d rows altered", test.name, n)
				}
				found, err := CheckLog(t.Context(), l.db, 10, nil)
				if err != nil {
					t.Errorf("%s: %v", test.name, err)
				}
				for _, f := range found {
					if got := f.Table + " " + f.Row; got != test.want {
						t.Errorf("%s: names %s", test.name, got)
					}
				}
				if len(found) == 0 {
					t.Errorf("%s: not noticed", test.name)
				}
				if test.name == "missing last row" {
					break // the last row is not put back
				}
				restore()
			}
		})
	}
}

// TestCheckLog: a good log of more rows than are read at once, with an erased
// body, gives nothing and calls each with every event.
func TestCheckLog(t *testing.T) {
	l := newLogbook(t, store.SQLite, 0)
	const size = 2300
	errs := make(chan error, size)
	for i := range size {
		go func() { errs <- l.db.Write(t.Context(), &entry{key: fmt.Sprint(i), body: i}) }()
	}
	for range size {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	storetest.Alter(t, l.dsn, "UPDATE event SET body = ? WHERE pos = 1024", []byte{})
	next, erased := int64(0), 0
	found, err := CheckLog(t.Context(), l.db, 10, func(e event.Event) error {
		if e.Pos != next {
			t.Errorf("event %d, want %d", e.Pos, next)
		}
		next++
		if e.Erased {
			erased++
		}
		return nil
	})
	if err != nil || len(found) > 0 || next != size || erased != 1 {
		t.Fatalf("%v %v: %d events, %d erased", err, found, next, erased)
	}
	for pos := int64(0); pos < size; pos += 2 {
		storetest.Alter(t, l.dsn, "UPDATE event SET actor = 0 WHERE pos = ?", pos)
		if pos >= 18 {
			break
		}
	}
	if found, err = CheckLog(t.Context(), l.db, 4, nil); err != nil || len(found) != 4 {
		t.Fatalf("limit: %d findings, %v", len(found), err)
	}
}

func TestCheckLogEmpty(t *testing.T) {
	l := newLogbook(t, store.SQLite, 0)
	if found, err := CheckLog(t.Context(), l.db, 10, nil); err != nil || len(found) > 0 {
		t.Fatalf("%v %v", found, err)
	}
}
