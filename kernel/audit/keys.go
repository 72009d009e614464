package audit

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// The names of the files of a key that is about to take over, and of the
// directory that keeps the public keys of earlier epochs.
const (
	nextDir  = "next"
	formerly = "former"
)

// ReadKey reads the signing key from the directory and never makes one.
func ReadKey(dir string) (*Key, error) {
	if _, err := os.Stat(filepath.Join(dir, privateFile)); err != nil {
		return nil, noKey(filepath.Join(dir, privateFile))
	}
	return OpenKey(dir, "")
}

// Attach opens the key of a log when a program starts, and binds it. A key is
// made only for a log that is empty: to a log with events a new key would be a
// stranger, and the right one lies in a backup of the directory.
func Attach(ctx context.Context, db *store.DB, clk clock.Clock, dir, name string) (*Key, error) {
	size, _, err := event.Head(ctx, db)
	if err != nil {
		return nil, err
	}
	k, err := ReadKey(dir)
	if size == 0 {
		k, err = OpenKey(dir, name)
	}
	if err != nil {
		return nil, err
	}
	return k, k.bind(ctx, db, clk)
}

// formerKeys lists the public keys of earlier epochs that the directory keeps.
func formerKeys(dir string) ([]string, error) {
	names, err := filepath.Glob(filepath.Join(dir, formerly, "*.pub"))
	if err != nil {
		return nil, fault.Wrap("audit.formerKeys", err)
	}
	var out []string
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fault.Wrap("audit.formerKeys", err)
		}
		out = append(out, strings.TrimSpace(string(text)))
	}
	return out, nil
}

// Keep keeps the public key of an earlier epoch in the directory, under a name
// that follows from the key.
func Keep(dir, public string) error {
	_, hash, _ := strings.Cut(public, "+")
	hash, _, _ = strings.Cut(hash, "+")
	path := filepath.Join(dir, formerly, hash+".pub")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fault.Wrap("audit.Keep", err)
	}
	if err := writeDurably(path, public, 0o644); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// Rotate replaces the key in the directory by a new one: an event begins a new
// epoch, names the new key and holds a note by which the old key grants it. The
// old public key is kept under former/, the old private key is removed. No
// other program may sign meanwhile. A rotation that was cut short is finished
// by the next call.
func Rotate(ctx context.Context, db *store.DB, clk clock.Clock, dir string) (*Key, Epoch, error) {
	old, err := ReadKey(dir)
	if err != nil {
		return nil, Epoch{}, err
	}
	next, err := successor(filepath.Join(dir, nextDir), old.Name)
	if err != nil {
		return nil, Epoch{}, err
	}
	epoch, err := grant(ctx, db, clk, old, next)
	if err != nil {
		return nil, Epoch{}, err
	}
	if err := takeOver(dir, old); err != nil {
		return nil, epoch, err
	}
	next, err = ReadKey(dir)
	return next, epoch, err
}

// successor makes the next key, or finds the one that a rotation cut short has
// made. Without both files nothing was granted yet, or all has been done.
func successor(dir, name string) (*Key, error) {
	_, private := os.Stat(filepath.Join(dir, privateFile))
	_, public := os.Stat(filepath.Join(dir, publicFile))
	if private == nil && public == nil {
		return OpenKey(dir, name)
	}
	if err := os.RemoveAll(dir); err != nil {
		return nil, fault.Wrap("audit.successor", err)
	}
	return makeKey(dir, name)
}

// grant writes the event by which the old key hands over to the next, unless
// the log has it already.
func grant(ctx context.Context, db *store.DB, clk clock.Clock, old, next *Key) (Epoch, error) {
	epochs, err := Epochs(ctx, db)
	if err != nil {
		return Epoch{}, err
	}
	if n := len(epochs); n > 0 && epochs[n-1].Key == next.Public {
		return epochs[n-1], nil
	}
	if err := old.bind(ctx, db, clk); err != nil {
		return Epoch{}, err
	}
	before, at, err := old.Sign(ctx, db)
	if err != nil {
		return Epoch{}, err
	}
	c := &beginning{clock: clk, old: old, epoch: Epoch{Reason: Rotated, Key: next.Public}}
	if at.Size > 0 {
		c.epoch.Before = string(before)
	}
	if err := db.Write(ctx, c); err != nil {
		return Epoch{}, fault.Wrap("audit.grant", err)
	}
	return c.epoch, nil
}

// takeOver puts the next key in place of the old. Each step may be repeated.
func takeOver(dir string, old *Key) error {
	next := filepath.Join(dir, nextDir)
	public, err := os.ReadFile(filepath.Join(next, publicFile))
	if err != nil {
		return fault.Wrap("audit.takeOver", err)
	}
	if old.Public != strings.TrimSpace(string(public)) { // else log.pub was replaced before the cut
		if err := Keep(dir, old.Public); err != nil {
			return err
		}
	}
	// The public file goes first and next/ keeps a copy of it: while log.key is
	// the old one, next/ is whole but for that, and the rotation can be repeated.
	fresh := filepath.Join(dir, "."+publicFile)
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap("audit.takeOver", err)
	}
	if err := writeDurably(fresh, strings.TrimSpace(string(public)), 0o644); err != nil {
		return err
	}
	if err := os.Rename(fresh, filepath.Join(dir, publicFile)); err != nil {
		return fault.Wrap("audit.takeOver", err)
	}
	if err := os.Rename(filepath.Join(next, privateFile), filepath.Join(dir, privateFile)); err != nil {
		return fault.Wrap("audit.takeOver", err)
	}
	if err := os.RemoveAll(next); err != nil {
		return fault.Wrap("audit.takeOver", err)
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fault.Wrap("audit.syncDir", err)
	}
	return fault.Wrap("audit.syncDir", errors.Join(d.Sync(), d.Close()))
}
