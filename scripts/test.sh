#!/usr/bin/env bash
# Runs every test. Two passes: all packages without the race detector, where
# the volume and crash targets run, then all again with it, where those shrink.
# What others wrote and no test of ours can mend is not instrumented where it is
# nothing but computing: SQLite's translated C and the password hash, which take
# three quarters of the second pass otherwise. Our code, the drivers and the
# standard library are.
set -euo pipefail
cd "$(dirname "$0")/.."
go vet ./...
unformatted=$(gofmt -l $(git ls-files '*.go'))
[ -z "$unformatted" ] || { echo "not formatted: $unformatted" >&2; exit 1; }
go test -p 2 -timeout 20m ./...
race() {
  go test -p 2 -timeout 20m -race -short \
    -gcflags='modernc.org/sqlite/lib=-race=false' \
    -gcflags='modernc.org/libc/...=-race=false' \
    -gcflags='golang.org/x/crypto/...=-race=false' "$@"
}
domains='touyan.dev/touyan/(cmd|docket|demo)'
TOUYAN_TEST_ENGINE=sqlite race $(go list ./... | grep -E "$domains")
race $(go list ./... | grep -vE "$domains")
