package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// onDisk gives a database with ten steps in it, on a file system of its own.
func onDisk(t *testing.T, engine store.Engine) (dir, dsn string, db *store.DB) {
	t.Helper()
	dir = storetest.Disk(t)
	dsn = storetest.OnDisk(t, engine, dir)
	if err := store.Migrate(t.Context(), dsn, sources()...); err != nil {
		t.Fatal(err)
	}
	db = opened(t, dsn)
	for n := range int64(10) {
		if err := db.Write(t.Context(), &step{n: n + 1}); err != nil {
			t.Fatal(err)
		}
	}
	sound(t, db, 10)
	return dir, dsn, db
}

// refused writes until a write is refused, which there must be one soon, and
// wants Unavailable. It gives the number of the step that was refused.
func refused(t *testing.T, db *store.DB, n int64) int64 {
	t.Helper()
	for last := n + 20000; n < last; n++ {
		err := db.Write(t.Context(), &step{n: n})
		if err == nil {
			continue
		}
		if !fault.Is(err, fault.Unavailable) {
			t.Fatalf("step %d: %v", n, err)
		}
		return n
	}
	t.Fatal("nothing was refused")
	return 0
}

// sound wants a database of one moment: as many events as its head says, and
// two rows with the same sum of all steps.
func sound(t *testing.T, db *store.DB, events int64) {
	t.Helper()
	var one, two, n, size int64
	err := db.QueryRow(t.Context(), "SELECT (SELECT amount FROM thing WHERE id = -1), (SELECT amount FROM thing WHERE id = -2), (SELECT count(*) FROM event), (SELECT size FROM log_head)").Scan(&one, &two, &n, &size)
	if err != nil || n != events || size != events || one != two || one != events*(events+1)/2 {
		t.Fatalf("want %d events: sums %d and %d, %d events, head %d, %v", events, one, two, n, size, err)
	}
}

// TestFullDisk: a full disk refuses writes and nothing else, and the same open
// database writes again once there is room.
func TestFullDisk(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			dir, dsn, db := onDisk(t, engine)
			next := int64(11)
			for range 3 { // it happens again
				filler := storetest.Fill(t, dir)
				next = refused(t, db, next)
				sound(t, db, next-1)
				if again := refused(t, db, next); again != next {
					t.Fatalf("step %d was written in spite of the full disk", next)
				}
				if engine == store.SQLite { // PostgreSQL may refuse the connection that a backup needs
					m, err := store.Backup(t.Context(), dsn, filepath.Join(t.TempDir(), "b"), options())
					if err != nil || m.Tables[2].Rows != next-1 {
						t.Errorf("a backup from a full disk to another: %+v %v", m, err)
					}
				}
				if err := os.Remove(filler); err != nil {
					t.Fatal(err)
				}
				for range 50 {
					if err := db.Write(t.Context(), &step{n: next}); err != nil {
						t.Fatalf("step %d, with room again: %v", next, err)
					}
					next++
				}
				sound(t, db, next-1)
			}
		})
	}
}

// TestReadOnlyDisk: the same for a file system that the kernel made read-only.
func TestReadOnlyDisk(t *testing.T) {
	dir, dsn, db := onDisk(t, store.SQLite)
	before := content(t, db)
	storetest.ReadOnly(t, dir)
	if n := refused(t, db, 11); n != 11 {
		t.Errorf("step 11 was written in spite of the read-only disk")
	}
	sound(t, db, 10)
	if d := cmp.Diff(before, content(t, db)); d != "" {
		t.Error(d)
	}
	if m, err := store.Backup(t.Context(), dsn, filepath.Join(t.TempDir(), "b"), options()); err != nil || m.Tables[2].Rows != 10 {
		t.Errorf("a backup from it: %+v %v", m, err)
	}
	if err := db.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// TestBackupFromReadOnlyDisk: without a server SQLite cannot read there at all,
// and the refusal says what to do.
func TestBackupFromReadOnlyDisk(t *testing.T) {
	dir, dsn, db := onDisk(t, store.SQLite)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	storetest.ReadOnly(t, dir)
	_, err := store.Backup(t.Context(), dsn, filepath.Join(t.TempDir(), "b"), options())
	if f := fault.Of(err); f == nil || f.Kind != fault.Unavailable || !strings.Contains(f.Text.EN, "Copy the data directory") {
		t.Errorf("%v", err)
	}
}

// TestBackupToFullDisk: a backup that finds no room says so and leaves nothing.
func TestBackupToFullDisk(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.PostgreSQL} {
		dsn, _ := filled(t, engine, 300)
		dir := storetest.Disk(t)
		filler := storetest.Fill(t, dir)
		info, err := os.Stat(filler)
		if err != nil {
			t.Fatal(err)
		}
		for _, room := range []int64{0, 40 << 10, 120 << 10} { // the copy alone needs more
			if err := os.Truncate(filler, info.Size()-room); err != nil {
				t.Fatal(err)
			}
			if _, err := store.Backup(t.Context(), dsn, filepath.Join(dir, "b"), options()); !fault.Is(err, fault.Unavailable) {
				t.Errorf("%s, %d bytes of room: %v", engine, room, err)
			}
			left, err := filepath.Glob(filepath.Join(dir, "*b*"))
			if hidden, _ := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(left)+len(hidden) > 0 {
				t.Errorf("%s, %d bytes of room: left behind: %v %v %v", engine, room, left, hidden, err)
			}
		}
	}
}
