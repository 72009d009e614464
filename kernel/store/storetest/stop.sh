#!/usr/bin/env bash
# Stops the PostgreSQL server that cluster.sh has started for this user.
set -u
dir=${1:-${TMPDIR:-/tmp}/touyan-test-postgres-$(id -u)}
export PATH="$PATH:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)"
[ -d "$dir/data" ] || exit 0
if [ "$(id -u)" = 0 ]; then runuser -u postgres -- pg_ctl -D "$dir/data" -m fast stop >/dev/null 2>&1; else pg_ctl -D "$dir/data" -m fast stop >/dev/null 2>&1; fi
rm -rf "$dir"
