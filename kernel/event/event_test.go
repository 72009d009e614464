package event

import (
	"context"
	"fmt"
	"io/fs"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// note is the smallest change that writes an event.
type note struct {
	once  Once
	body  string
	fail  error
	place Place
	seen  bool
}

func (n *note) Load(g *store.Group) { Load(g, n.once) }

func (n *note) Decide(g *store.Group) error {
	if pos, ok := Seen(g, n.once); ok {
		n.place.Event.Pos, n.seen = pos, true
		return nil
	}
	var err error
	n.place, err = Append(g, Draft{Kind: "test/note", Subject: NewSubject, Actor: n.once.Actor, Key: n.once.Key, Recorded: time.UnixMicro(1), Body: n.body})
	if n.fail != nil {
		return n.fail
	}
	return err
}

func TestAppend(t *testing.T) {
	storetest.Each(t, []fs.FS{Migrations()}, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		const writers, each = 16, 40
		var wg sync.WaitGroup
		notes := make([]*note, writers*each)
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					n := &note{once: Once{int64(w), KeyOf(fmt.Sprint(i))}, body: "正文"}
					if i%7 == 3 {
						n.fail = fmt.Errorf("refused")
					}
					if err := db.Write(ctx, n); (err != nil) != (n.fail != nil) {
						t.Errorf("write: %v", err)
					}
					notes[w*each+i] = n
				}
			})
		}
		wg.Wait()
		size, _, err := Head(ctx, db)
		if err != nil {
			t.Fatal(err)
		}
		hashes := Hashes(ctx, db)
		root, err := tlog.TreeHash(size, hashes)
		if err != nil {
			t.Fatal(err)
		}
		written := int64(0)
		for _, n := range notes {
			if n.fail != nil {
				continue
			}
			written++
			e, err := At(ctx, db, n.place.Event.Pos)
			if err != nil {
				t.Fatal(err)
			}
			leaf := Leaf(e.Envelope, e.Digest)
			proof, err := n.place.Tree.Proof(n.place.Event.Pos)
			if err != nil {
				t.Fatal(err)
			}
			if err := tlog.CheckRecord(proof, n.place.Tree.Size, n.place.Tree.Root, n.place.Event.Pos, leaf); err != nil {
				t.Fatalf("proof of %d: %v", n.place.Event.Pos, err)
			}
			late, err := tlog.ProveRecord(size, n.place.Event.Pos, hashes)
			if err != nil {
				t.Fatal(err)
			}
			if err := tlog.CheckRecord(late, size, root, n.place.Event.Pos, leaf); err != nil {
				t.Fatalf("late proof of %d: %v", n.place.Event.Pos, err)
			}
		}
		if written != size {
			t.Fatalf("log has %d events, %d were written", size, written)
		}
	})
}

func TestOnceForEver(t *testing.T) {
	storetest.Each(t, []fs.FS{Migrations()}, func(t *testing.T, db *store.DB) {
		var wg sync.WaitGroup
		places := make([]*note, 50)
		for i := range places {
			places[i] = &note{once: Once{7, KeyOf("same")}, body: "x"}
			wg.Go(func() {
				if err := db.Write(context.Background(), places[i]); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if size, _, _ := Head(context.Background(), db); size != 1 {
			t.Fatalf("%d events under one key", size)
		}
		for _, n := range places {
			if n.place.Event.Pos != 0 {
				t.Fatalf("a retry was told position %d", n.place.Event.Pos)
			}
		}
	})
}

// TestKeyOf: a UUID is kept as it is, so that keys of one time lie side by side;
// everything else is hashed, and the keys of an act's further events begin as
// its own does.
func TestKeyOf(t *testing.T) {
	const text = "019b1d2e-4c3f-7a10-8b2c-0123456789ab"
	k := KeyOf(text)
	if got := fmt.Sprintf("%x", k[:]); got != "019b1d2e4c3f7a108b2c0123456789ab" {
		t.Errorf("a UUID became %s", got)
	}
	for _, other := range []string{"", "load/1", "019B1D2E-4C3F-7A10-8B2C-0123456789AB", "019b1d2e4c3f7a108b2c0123456789ab", "019b1d2e-4c3f-7a10-8b2c-0123456789ag", text + " "} {
		if o := KeyOf(other); o == k || o == (Key{}) || o != KeyOf(other) {
			t.Errorf("%q became %x", other, o)
		}
	}
	seen := map[Key]bool{k: true}
	for n := range 50 {
		sub := k.Sub(n + 1)
		if seen[sub] || string(sub[:8]) != string(k[:8]) {
			t.Errorf("further key %d is %x", n+1, sub)
		}
		seen[sub] = true
	}
}
