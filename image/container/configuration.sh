#!/bin/bash
# Prints the default configuration with the status file set to $1, which `firmware health` reads.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ "$(grep -c '^file = ""$' firmware/monitor.toml)" = 1 ] || { echo "$0: firmware/monitor.toml has changed" >&2; exit 1; }
sed "s|^file = \"\"$|file = \"$1\"|" firmware/monitor.toml
