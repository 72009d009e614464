#!/usr/bin/env bash
# Runs each fuzz target of the repository for FUZZTIME (30 s by default).
set -euo pipefail
cd "$(dirname "$0")/.."
time=${FUZZTIME:-30s}
count=0
while IFS=: read -r file target; do
  echo "== $target ($file)"
  go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -parallel 2 "./$(dirname "$file")"
  count=$((count + 1))
done < <(git ls-files '*_test.go' | xargs grep -oE '^func Fuzz[A-Za-z0-9]+' | sed 's/func //')
echo "$count fuzz targets, $time each: no failure"
