package demo

import (
	"context"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/docket/report"
	"touyan.dev/touyan/kernel/attach"
	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/bus"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/link"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/serial"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/observatory"
)

// build makes the parts of a program over the database of a directory.
func build(ctx context.Context, dir string) (Parts, error) {
	record, found, err := ReadRecord(dir)
	if err != nil {
		return Parts{}, err
	}
	p := Parts{Dir: dir, File: filepath.Join(dir, databaseFile), Clock: clock.NewManual(Founded())}
	if found {
		p.Clock = clock.NewManual(record.Now)
	}
	tables := []fs.FS{event.Migrations(), bus.Migrations(), auth.Migrations(), serial.Migrations(), link.Migrations(), matter.Migrations(), attach.Migrations(), docket.Migrations(), observatory.Migrations()}
	if err := store.Migrate(ctx, p.File, tables...); err != nil {
		return p, err
	}
	if p.DB, err = store.Open(ctx, p.File, store.Options{}); err != nil {
		return p, err
	}
	if p.Key, err = audit.OpenKey(filepath.Join(dir, "keys"), "touyan/chengchuan"); err != nil {
		return p, err
	}
	if p.Rules, err = auth.NewRules(auth.Policies(), matter.Policies(), docket.Policies(), observatory.Policies()); err != nil {
		return p, err
	}
	if p.Book, err = auth.OpenBook(ctx, p.DB, p.Clock); err != nil {
		return p, err
	}
	if p.Accounts, err = auth.NewAccounts(p.Book, auth.Options{Wall: clock.System{}, Light: true}); err != nil {
		return p, err
	}
	p.Registry = auth.NewRegistry(p.Book, p.Rules, p.Accounts)
	return p, p.office(ctx)
}

// office builds the engine and the docket.
func (p *Parts) office(ctx context.Context) error {
	sources, err := docket.Definitions()
	if err != nil {
		return err
	}
	defs, err := matter.Publish(ctx, p.DB, p.Clock, sources)
	if err != nil {
		return err
	}
	if p.Desk, err = matter.New(ctx, matter.Config{
		DB: p.DB, Clock: p.Clock, Book: p.Book, Rules: p.Rules, Key: p.Key, Defs: defs,
		Series: docket.Series("澄"),
	}); err != nil {
		return err
	}
	units, err := report.DefaultRules()
	files := &attach.Cabinet{DB: p.DB, Clock: p.Clock}
	p.Docket = &docket.Office{
		DB: p.DB, Clock: p.Clock, Book: p.Book, Rules: p.Rules, Key: p.Key, Desk: p.Desk, Units: units, Files: files,
		Series: map[docket.Sort]string{docket.UrgeLetter: "澄政督函", docket.ResultPaper: "澄政督报"},
	}
	p.Files, p.Watch = files, &observatory.Desk{DB: p.DB, Clock: p.Clock, Book: p.Book, Rules: p.Rules, Key: p.Key, Files: files}
	files.May = func(ctx context.Context, who auth.Principal, subject int64, add bool) error {
		if known, err := p.Watch.MayFile(ctx, who, subject, add); known || err != nil {
			return err
		}
		return p.Docket.MayFile(ctx, who, subject, add)
	}
	return err
}

// fresh builds a city in a directory.
func fresh(t *testing.T, dir string) *Story {
	t.Helper()
	p, err := build(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.DB.Close() })
	if err := Seed(context.Background(), p, Begin()); err != nil {
		t.Fatal(err)
	}
	return reopened(t, p)
}

func reopened(t *testing.T, p Parts) *Story {
	t.Helper()
	s, err := Open(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// template is the directory of a seeded city, built once for all tests.
var template = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "chengchuan")
	if err != nil {
		return "", err
	}
	p, err := build(context.Background(), dir)
	if err != nil {
		return dir, err
	}
	return dir, errors.Join(Seed(context.Background(), p, Begin()), p.DB.Close())
})

// TestMain removes the template.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		os.Exit(child(dir))
	}
	code := m.Run()
	if dir, err := template(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// seeded opens a copy of the seeded city.
func seeded(t *testing.T) *Story {
	t.Helper()
	p, err := build(context.Background(), copied(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.DB.Close() })
	return reopened(t, p)
}

// copied copies the seeded city into a directory of the test's own.
func copied(t *testing.T) string {
	t.Helper()
	from, err := template()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "keys", "log.key"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// sound folds everything and wants nothing found.
func sound(t *testing.T, s *Story) {
	t.Helper()
	found, err := s.check(context.Background(), s.DB)
	if err != nil || len(found) > 0 {
		t.Fatalf("check: %v %+v", err, found)
	}
}

var update = flag.Bool("update", false, "write golden files anew")

// golden compares a text with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(got) {
		t.Errorf("%s differs; -update writes it anew. Got:\n%s", path, got)
	}
}
