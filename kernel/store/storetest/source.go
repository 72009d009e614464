package storetest

import (
	"path/filepath"
	"runtime"
)

// sourceDir is the directory of this package's source, where cluster.sh lies.
func sourceDir() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(file)
}
