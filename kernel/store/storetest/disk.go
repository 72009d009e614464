package storetest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"touyan.dev/touyan/kernel/store"
)

// Disk gives a directory on a file system of its own, of 48 MB, that a test may
// fill or make read-only. The test is skipped where none can be mounted.
func Disk(t testing.TB) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("a file system of its own is needed: only root can mount one")
	}
	// Not t.TempDir: PostgreSQL, which is another user, must get in.
	top, err := os.MkdirTemp("", "touyan-disk-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(top) })
	dir, image := filepath.Join(top, "disk"), filepath.Join(top, "image")
	if err := errors.Join(os.Chmod(top, 0o755), os.Mkdir(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{"truncate", "-s", "48M", image}, {"mkfs.ext4", "-q", "-F", "-m", "0", image}, {"mount", "-o", "loop", image, dir}} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Skipf("a file system of its own is needed: %s: %v: %s", command[0], err, out)
		}
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	return dir
}

// Fill fills the file system of a directory to the last block, with one file,
// and gives its path: removing it makes room again.
func Fill(t testing.TB, dir string) string {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for chunk := make([]byte, 1<<20); len(chunk) > 0; {
		if _, err := f.Write(chunk); errors.Is(err, syscall.ENOSPC) {
			chunk = chunk[:len(chunk)/2]
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}

// ReadOnly makes the file system read-only at once, under open files, as the
// kernel does when its device fails. Only mounting it anew makes it writable.
func ReadOnly(t testing.TB, dir string) {
	t.Helper()
	if out, err := exec.Command("mount", "-o", "remount,abort", dir).CombinedOutput(); err != nil {
		t.Skipf("the file system cannot be made read-only under open files: %v: %s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "probe"), nil, 0o600); !errors.Is(err, syscall.EROFS) {
		t.Fatalf("the file system is not read-only: %v", err)
	}
}

// OnDisk gives the data source name of a new empty database whose files lie in a
// directory that Disk gave.
func OnDisk(t testing.TB, engine store.Engine, dir string) string {
	t.Helper()
	if engine == store.SQLite {
		return filepath.Join(dir, "touyan.db")
	}
	base, err := cluster()
	if err != nil {
		t.Fatalf("PostgreSQL is needed by this test: %v", err)
	}
	out, err := exec.Command("psql", "-X", "-A", "-t", "-d", base, "-c", "SHOW data_directory").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	data, err := os.Stat(strings.TrimSpace(string(out)))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("PostgreSQL runs on another machine: it cannot use a disk of this one")
	}
	if err != nil {
		t.Fatal(err)
	}
	owner := data.Sys().(*syscall.Stat_t)
	space := filepath.Join(dir, "space")
	if err := errors.Join(os.Mkdir(space, 0o700), os.Chown(space, int(owner.Uid), int(owner.Gid))); err != nil {
		t.Fatal(err)
	}
	name := "s" + random()
	if out, err := psql(base, fmt.Sprintf("CREATE TABLESPACE %s LOCATION '%s'", name, space)); err != nil {
		t.Fatalf("creating a tablespace: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := psql(base, "DROP TABLESPACE "+name); err != nil {
			t.Errorf("dropping %s: %v: %s", name, err, out)
		}
	})
	return dsn(t, store.PostgreSQL, " TABLESPACE "+name)
}
