#!/usr/bin/env bash
# Runs every test. Two passes: all packages without the race detector, where
# the volume and crash targets run, then all again with it, where those shrink
# (modernc's SQLite is about twenty times slower under it).
set -euo pipefail
cd "$(dirname "$0")/.."
go vet ./...
unformatted=$(gofmt -l $(git ls-files '*.go'))
[ -z "$unformatted" ] || { echo "not formatted: $unformatted" >&2; exit 1; }
go test -p 2 -timeout 20m ./...
go test -p 2 -timeout 28m -race -short ./...
