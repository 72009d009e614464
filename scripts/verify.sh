#!/usr/bin/env bash
# What is written twice says the same: migrations have one number each, and the
# links of the documents lead somewhere.
set -euo pipefail
cd "$(dirname "$0")/.."
twice=$(git ls-files '*/migrations/*.sql' | sed 's#.*/##; s#_.*##' | sort | uniq -d)
[ -z "$twice" ] || { echo "migration numbers taken twice: $twice" >&2; exit 1; }
status=0
for page in $(git ls-files '*.md'); do
  for target in $(grep -oE '\]\([^)#:]+' "$page" | sed 's/](//' || true); do
    [ -e "$(dirname "$page")/$target" ] || { echo "$page: $target does not exist" >&2; status=1; }
  done
done
exit $status
