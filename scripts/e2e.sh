#!/usr/bin/env bash
# Walks the program in Debian's Chromium: the first hour of an empty installation,
# signing in at a real provider, the spine from a report to the closed number, lists,
# keys and paper, a matter of every kind, the watch from a bulletin to the note that
# is taken back, sheets that are misread and corrected, the story by hand and by its
# button; then holds the screens' types against the program's document and runs axe
# over every screen. PICTURES=DIR keeps pictures.
set -euo pipefail
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
port=${PORT:-18734}
base=http://127.0.0.1:$port
server=
stop() {
  [ -z "$server" ] && return
  kill "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  server=
}
trap 'stop; rm -rf "$dir"' EXIT
start() { # start COMMAND DATA
  stop
  bin/touyan "$1" --data "$dir/$2" --listen "127.0.0.1:$port" >"$dir/log" 2>&1 &
  server=$!
  for _ in $(seq 240); do
    curl -sf "$base/api/health" >/dev/null && return
    kill -0 "$server" 2>/dev/null || break
    sleep 0.5
  done
  cat "$dir/log" >&2
  exit 1
}
fresh() {
  start demo "$1"
  password=$(curl -s "$base/api/demo" | sed -n 's/.*"password":"\([^"]*\)".*/\1/p' | head -1)
}
walk() { node "e2e/$1.mjs" "$base" "$2" "${PICTURES:+$PICTURES/$(basename "$1")${3:+-$3}}" "${@:3}"; }

start serve empty
walk spine/firstrun "$(grep -oE '^ +[A-Z0-9]{20,}$' "$dir/log" | tr -d ' ')"
stop
go test -C e2e/oidc ./...
walk spine/signin Qingjiang-2026-wanglou
fresh hands
walk story/hands "$password"
walk spine/report "$password"
walk spine/list "$password"
walk spine/insight "$password"
walk spine/kinds "$password" desk
walk spine/kinds "$password" phone
walk spine/paper "$password"
fresh watch
walk spine/watch "$password" desk
walk spine/sheet "$password" desk
fresh pocket
walk spine/watch "$password" phone
walk spine/sheet "$password" phone
fresh spine
walk spine/desk "$password"
walk spine/together "$password"
walk spine/procedure "$password"
walk spine/offline "$password"
walk spine/photo "$password"
fresh story # the first instruction entered in a demo is the story's
walk story/story "$password"
(cd web && node scripts/contract.mjs "$base")
charts=${PICTURES:+$(realpath -m "$PICTURES")/charts}
(cd web && node e2e/charts.mjs "$charts")
node web/e2e/axe.mjs "$base" "lin:$password" "shen:$password" "zhou:$password" "tang:$password" "admin:$password"
