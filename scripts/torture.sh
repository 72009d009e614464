#!/usr/bin/env bash
# Kills and power cuts under load: torture.sh KILLS CUTS. Needs root for the
# loop devices of the power cuts. Then the same kills on PostgreSQL, if there is
# one, with the server itself killed too: a server of its own, which is stopped
# and removed afterwards.
set -euo pipefail
cd "$(dirname "$0")/.."
kills=${1:-200}
bin/touyan torture --kills "$kills" --cuts "${2:-100}"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { echo "no PostgreSQL: its kills are left out"; exit 0; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/touyan-torture-postgres-XXXXXX")
chmod 755 "$dir"
start="bash kernel/store/storetest/cluster.sh $dir"
trap 'bash kernel/store/storetest/stop.sh "$dir"' EXIT
bin/touyan torture --engine postgres --postgres "$($start)" --postmaster "$dir/data/postmaster.pid" --restart "$start" \
  --kills $((kills / 2)) --server-kills $((kills / 10)) --cuts 0
