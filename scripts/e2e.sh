#!/usr/bin/env bash
# Walks the story by its button and by hand, and runs axe over every screen, in
# Debian's Chromium, each walk against a fresh demo on a free port.
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
fresh() {
  stop
  bin/touyan demo --data "$dir/$1" --listen "127.0.0.1:$port" >"$dir/log" 2>&1 &
  server=$!
  for _ in $(seq 120); do
    curl -sf "$base/api/health" >/dev/null && break
    kill -0 $server 2>/dev/null || { cat "$dir/log" >&2; exit 1; }
    sleep 0.5
  done
  password=$(curl -s "$base/api/demo" | sed -n 's/.*"password":"\([^"]*\)".*/\1/p' | head -1)
}
fresh hands
node e2e/story/hands.mjs "$base" "$password" "${PICTURES:+$PICTURES/hands}"
fresh story
node e2e/story/story.mjs "$base" "$password" "${PICTURES:-}"
node web/e2e/axe.mjs "$base" "lin:$password" "shen:$password" "zhou:$password" "tang:$password"
