#!/usr/bin/env bash
# The measurements of bench/RESULTS.md. PostgreSQL is the tests' own server.
set -euo pipefail
cd "$(dirname "$0")/.."
url=$(bash kernel/store/storetest/cluster.sh "${TMPDIR:-/tmp}/touyan-test-postgres-$(id -u)")
bin/touyan bench engine --json
bin/touyan bench engine --engine postgres --postgres "${url}" --json
bin/touyan bench lists --json
bin/touyan bench timers --json
bin/touyan bench facts --json
bin/touyan bench effect --json
bin/touyan bench forecast --json
bin/touyan bench timers --engine postgres --postgres "${url}" --json
go test -run '^$' -bench . -benchtime 1s ./kernel/auth ./kernel/calendar ./kernel/form ./kernel/matter/flow
