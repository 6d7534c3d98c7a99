#!/bin/bash
# The default configuration, with the state written to the file $1: what `firmware health` reads.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ "$(grep -c '^file = ""$' firmware/monitor.toml)" = 1 ] || { echo "$0: firmware/monitor.toml has changed" >&2; exit 1; }
sed "s|^file = \"\"$|file = \"$1\"|" firmware/monitor.toml
