package erase

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// registerFile lies in the key directory, which is backed up apart from the
// database: a backup restored with it is erased anew.
const registerFile = "erasures.jsonl"

// Entry names something erased: an object by its id and the digest of its first
// event, or a content.
type Entry struct {
	At      string `json:"at"`
	ID      int64  `json:"id,omitempty"`
	First   string `json:"first,omitempty"`   // of the event at the id, in hexadecimal
	Content string `json:"content,omitempty"` // SHA-256, in hexadecimal
	Own     bool   `json:"own,omitempty"`     // kept long enough: contents go only where no other object has them
}

// Enter writes what is about to be erased into the register of a key directory,
// durably. Do it before erasing: a register that says too much is mended by
// erasing again, one that says too little by nothing.
func Enter(ctx context.Context, dir string, r store.Reader, t Target, now time.Time) error {
	held, err := Register(dir)
	if err != nil {
		return err
	}
	var list []Entry
	for _, id := range t.Objects {
		e, err := event.At(ctx, r, id)
		if err != nil {
			return err
		}
		list = append(list, Entry{ID: id, First: hex.EncodeToString(e.Digest)})
	}
	for _, d := range t.Contents {
		list = append(list, Entry{Content: hex.EncodeToString(d)})
	}
	list = slices.DeleteFunc(list, func(e Entry) bool {
		return slices.ContainsFunc(held, func(h Entry) bool { return h.ID == e.ID && h.First == e.First && h.Content == e.Content && !h.Own })
	})
	return write(dir, list, now)
}

// enterOwn is Enter for objects that were kept long enough. Their trees and files
// are found again by a restore, so an object is one line; an office has many, so
// the register is not read for lines that stand already.
func enterOwn(ctx context.Context, dir string, r store.Reader, ids []int64, now time.Time) error {
	var list []Entry
	for _, id := range ids {
		e, err := event.At(ctx, r, id)
		if err != nil {
			return err
		}
		list = append(list, Entry{ID: id, First: hex.EncodeToString(e.Digest), Own: true})
	}
	return write(dir, list, now)
}

// write adds lines to the register, durably.
func write(dir string, list []Entry, now time.Time) error {
	const op = "erase.Enter"
	var text bytes.Buffer
	for _, e := range list {
		e.At = now.UTC().Format(time.RFC3339)
		if err := json.NewEncoder(&text).Encode(e); err != nil {
			return fault.Wrap(op, err)
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fault.Wrap(op, err)
	}
	f, err := os.OpenFile(filepath.Join(dir, registerFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fault.New(fault.Unavailable, op, "清除登记簿无法写入："+dir, "The register of erasures cannot be written in: "+dir)
	}
	_, werr := f.Write(text.Bytes())
	if err := errors.Join(werr, f.Sync(), f.Close()); err != nil {
		return fault.Wrap(op, err)
	}
	d, err := os.Open(dir)
	if err != nil {
		return fault.Wrap(op, err)
	}
	return fault.Wrap(op, errors.Join(d.Sync(), d.Close()))
}

// Register reads the register of a key directory; empty where there is none.
func Register(dir string) ([]Entry, error) {
	const op = "erase.Register"
	f, err := os.Open(filepath.Join(dir, registerFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	defer f.Close()
	var out []Entry
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var e Entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			continue // the line that a power cut left unfinished
		}
		out = append(out, e)
	}
	return out, nil
}

// pendingMost is how many objects that were kept long enough one order of Pending
// names: an office has many, and they are erased in one change.
const pendingMost = 100

// Pending gives the orders for what the register names and a log still holds, or
// has lost without saying so, as a rewritten backup has; none if nothing is to be
// done.
func Pending(ctx context.Context, r store.Reader, holders []Holder, entries []Entry) ([]Order, error) {
	var o Order
	var own []int64
	entered, err := event.Erased(ctx, r)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.Content != "" {
			d, err := hex.DecodeString(e.Content)
			if err != nil {
				continue
			}
			held, err := holds(ctx, r, holders, d)
			if err != nil {
				return nil, err
			}
			if held {
				o.Contents = append(o.Contents, d)
			}
			continue
		}
		first, err := event.At(ctx, r, e.ID)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		switch _, done := entered[e.ID]; {
		case done || hex.EncodeToString(first.Digest) != e.First:
		case !e.Own:
			o.Objects = append(o.Objects, e.ID)
		case !slices.Contains(own, e.ID):
			own = append(own, e.ID)
		}
	}
	var orders []Order
	if len(o.Objects)+len(o.Contents) > 0 {
		orders = append(orders, o)
	}
	for part := range slices.Chunk(own, pendingMost) {
		orders = append(orders, Order{Objects: part, Own: true})
	}
	return orders, nil
}

func holds(ctx context.Context, r store.Reader, holders []Holder, digest []byte) (bool, error) {
	for _, h := range holders {
		if h.Holds == nil {
			continue
		}
		if held, err := h.Holds(ctx, r, digest); err != nil || held {
			return held, err
		}
	}
	return false, nil
}
