package store

import (
	"errors"
	"os"
	"syscall"

	"touyan.dev/touyan/kernel/fault"
)

// Several programs of one version may use a SQLite file together: each group
// loads its rows inside its own transaction, and what is kept in memory is
// compared with the rows before anything is decided. What none of them survives
// is a change of the tables under its feet. So each holds a shared lock on a
// file beside the database while it has it open, and Migrate, when it has
// something to do, asks to be alone.

// lockFile is held by flock, so the end of a process, however it comes, frees it.
type lockFile struct{ file *os.File }

// openLock opens the lock of a SQLite file.
func openLock(path string) (*lockFile, error) {
	f, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		e := fault.New(fault.Unavailable, "store.lock", "无法建立锁文件："+path+".lock", "The lock file cannot be made: "+path+".lock")
		e.Err = err
		return nil, e
	}
	return &lockFile{f}, nil
}

// share waits until nobody changes the tables, and holds the lock with others.
func (l *lockFile) share() error {
	for {
		if err := syscall.Flock(int(l.file.Fd()), syscall.LOCK_SH); !errors.Is(err, syscall.EINTR) {
			return fault.Wrap("store.lock", err)
		}
	}
}

// alone takes the lock for this program only, or says at once that it cannot.
func (l *lockFile) alone() error {
	err := syscall.Flock(int(l.file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return fault.New(fault.Conflict, "store.Migrate", "数据库结构需要升级，但另一个头雁程序正在使用它。请先停止服务器，再运行新版程序。",
			"The database must be upgraded, but another Touyan is using it. Stop the server first, then run the newer program.")
	}
	return fault.Wrap("store.lock", err)
}

// release gives the lock back.
func (l *lockFile) release() error {
	if l == nil {
		return nil
	}
	return l.file.Close()
}
