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
