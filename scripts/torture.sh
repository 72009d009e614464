#!/usr/bin/env bash
# Kills and power cuts under load: torture.sh KILLS CUTS. Needs root for the
# loop devices of the power cuts.
set -euo pipefail
cd "$(dirname "$0")/.."
bin/touyan torture --kills "${1:-200}" --cuts "${2:-100}"
