#!/usr/bin/env bash
# Formatting, vet and staticcheck; the tools are pinned in tools/go.mod.
set -euo pipefail
cd "$(dirname "$0")/.."
unformatted=$(gofmt -l $(git ls-files '*.go'))
[ -z "$unformatted" ] || { echo "not formatted: $unformatted" >&2; exit 1; }
go vet ./...
go tool -modfile=tools/go.mod staticcheck ./...
if [ -d web/node_modules ]; then (cd web && npm run types && npm run texts); fi
