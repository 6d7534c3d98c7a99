#!/bin/bash
# Prints the default configuration with the status file set to $1, which `firmware health` reads, and if $2 is given that format of
# standard output: "changes" for a container, whose engine keeps all that is written there.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ "$(grep -c '^file = ""$' firmware/monitor.toml)" = 1 ] || { echo "$0: firmware/monitor.toml has changed" >&2; exit 1; }
sed -e "s|^file = \"\"$|file = \"$1\"|" -e "/^\[stdout\]$/,/^\[/ s|^format = .*|format = \"${2:-auto}\"|" firmware/monitor.toml
