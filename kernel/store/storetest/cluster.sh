#!/usr/bin/env bash
# Starts a PostgreSQL server for tests in the directory $1, if it is not up, and
# prints its URL. Durable settings stay on: the tests are about durability.
# The server keeps running between test processes; `make clean` stops it.
set -euo pipefail
dir=$1
export PATH="$PATH:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)"
mkdir -p "$dir"
exec 9>"$dir/lock"
flock 9
as=()
if [ "$(id -u)" = 0 ]; then
  # PostgreSQL refuses to run as root.
  id postgres >/dev/null 2>&1 || useradd --system --no-create-home --shell /usr/sbin/nologin postgres
  chown postgres "$dir"
  as=(runuser -u postgres --)
fi
run() { (cd "$dir" && "${as[@]}" "$@"); }
if [ ! -f "$dir/data/PG_VERSION" ]; then
  run initdb -D "$dir/data" -U touyan -A trust -E UTF8 --locale=C.UTF-8 >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; exit 1; }
fi
if ! run pg_ctl -D "$dir/data" status >/dev/null 2>&1; then
  rm -f "$dir/data/postmaster.pid"
  # 9>&- keeps the lock from living on in the server.
  run pg_ctl -D "$dir/data" -w -l "$dir/server.log" start \
    -o "-c listen_addresses='' -c unix_socket_directories=$dir -c max_connections=300 -c shared_buffers=128MB" \
    >/dev/null 2>&1 9>&- || { tail -20 "$dir/server.log" >&2; exit 1; }
fi
echo "postgres://touyan@/postgres?host=$dir&sslmode=disable"
