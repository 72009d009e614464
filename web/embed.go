// Package web carries the screens inside the program.
//
// The screens are one Vue project with three entries: portal (citizens),
// console (staff) and later wall (large screen). `npm ci && npm run build`
// in this directory writes them to dist, which is embedded here. dist is not
// committed except for its README, so the program also compiles, and every
// call under /api also works, on a machine without Node; Built tells the
// server which of the two it carries.
//
// Layout of what is built: portal/index.html answers /portal and everything
// below it, index.html (the console's) answers every other path that is not a
// file, because the console keeps its routes in the path. Files under assets/ carry a hash
// in their names and never change; each text file has a gzip twin beside it
// (NAME.gz). The pages run under a content security policy without inline
// scripts, inline style elements or eval; see README.md for the exact policy.
//
// This package serves nothing itself: headers, caching and the choice of the
// gzip twin are kernel/web's.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Files gives the built screens with paths relative to dist, for example
// "index.html".
func Files() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil { // only for an invalid path, and this one is a constant
		panic("web: " + err.Error())
	}
	return sub
}

// Built reports whether the screens were built before the program was.
func Built() bool {
	_, err := fs.Stat(dist, "dist/index.html")
	return err == nil
}
