package demo

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"touyan.dev/touyan/kernel/fault"
)

// Record is what the demo keeps beside the database: how far the seeding came,
// and what its clock shows. Where the story stands is not in it.
type Record struct {
	Ready   bool      `json:"ready"` // the seeding was finished
	Begin   time.Time `json:"begin"` // when the story begins
	Now     time.Time `json:"now"`   // what the clock shows
	Seeded  int64     `json:"seeded"`
	Altered *Altered  `json:"altered,omitempty"` // the last alteration of a copy
}

// recordFile is the name of the record in the demo's directory.
const recordFile = "demo.json"

// ReadRecord reads the record of a directory. found is false where no demo has
// begun.
func ReadRecord(dir string) (r Record, found bool, err error) {
	text, err := os.ReadFile(filepath.Join(dir, recordFile))
	if errors.Is(err, fs.ErrNotExist) {
		return r, false, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		return r, true, fault.New(fault.Unavailable, "demo.ReadRecord", "演示目录的记录无法读取，请用 --fresh 重建。", "The demo's record cannot be read; build it anew with --fresh.")
	}
	return r, true, nil
}

// write replaces the record: whoever reads finds the old one or the new one.
func (r Record) write(dir string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fault.Wrap("demo.write", err)
	}
	path := filepath.Join(dir, recordFile)
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fault.Wrap("demo.write", err)
	}
	_, werr := f.Write(append(text, '\n'))
	if err := errors.Join(werr, f.Sync(), f.Close()); err != nil {
		return fault.Wrap("demo.write", err)
	}
	return fault.Wrap("demo.write", os.Rename(path+".new", path))
}

// Clear empties a demo's directory so that a new one can be built. It touches
// nothing in a directory that holds a database and no demo's record.
func Clear(dir string) error {
	_, found, err := ReadRecord(dir)
	if !found && err == nil {
		if _, err := os.Stat(filepath.Join(dir, databaseFile)); err == nil {
			return fault.New(fault.Conflict, "demo.Clear", "目录中有数据库，但不是演示城市，不能清空："+dir, "The directory holds a database that is no demo's, and is left alone: "+dir)
		}
		return nil
	}
	for _, name := range []string{databaseFile, databaseFile + "-wal", databaseFile + "-shm", copyFile, copyFile + "-wal", copyFile + "-shm", "keys/log.key", "keys/log.pub", recordFile} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fault.Wrap("demo.Clear", err)
		}
	}
	return nil
}

// The files of the demo's directory.
const (
	databaseFile = "touyan.db"
	copyFile     = "altered.db"
)
