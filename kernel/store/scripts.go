package store

import (
	"bytes"
	"io/fs"
	"path"
	"slices"
	"time"
)

// scripts is a directory of migration texts held in memory: those of all
// packages, as the engine wants them. It is flat and read-only.
type scripts map[string][]byte

// has reports whether there is a migration of the number.
func (s scripts) has(version int64) bool {
	for name := range s {
		if v, err := numberOf(name); err == nil && v == version {
			return true
		}
	}
	return false
}

// Open implements fs.FS.
func (s scripts) Open(name string) (fs.File, error) {
	text, ok := s[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &script{Reader: bytes.NewReader(text), info: scriptInfo{name, int64(len(text))}}, nil
}

// Glob implements fs.GlobFS, by which goose lists the migrations.
func (s scripts) Glob(pattern string) ([]string, error) {
	var names []string
	for name := range s {
		ok, err := path.Match(pattern, name)
		if err != nil {
			return nil, err
		}
		if ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// script is one open text.
type script struct {
	*bytes.Reader
	info scriptInfo
}

// Stat implements fs.File.
func (s *script) Stat() (fs.FileInfo, error) { return s.info, nil }

// Close implements fs.File.
func (s *script) Close() error { return nil }

// scriptInfo implements fs.FileInfo.
type scriptInfo struct {
	name string
	size int64
}

func (i scriptInfo) Name() string       { return i.name }
func (i scriptInfo) Size() int64        { return i.size }
func (i scriptInfo) Mode() fs.FileMode  { return 0o444 }
func (i scriptInfo) ModTime() time.Time { return time.Time{} }
func (i scriptInfo) IsDir() bool        { return false }
func (i scriptInfo) Sys() any           { return nil }
