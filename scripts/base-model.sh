#!/usr/bin/env bash
# Prints the path of the base model, looked for where host-tools looks. Without one it prints a line that begins with SKIPPED
# to standard error and exits with 3, with CI=true with 1.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -n "${YAMNET_TFLITE:-}" ]; then
    places=("$YAMNET_TFLITE")
else
    folders=("${XDG_CACHE_HOME:-${HOME:-}/.cache}" "${XDG_DATA_HOME:-${HOME:-}/.local/share}")
    places=(artifacts/base/yamnet.tflite "${folders[@]/%//acoustic-monitor/yamnet.tflite}")
fi
for place in "${places[@]}"; do
    if [ -f "$place" ]; then
        echo "$place"
        exit 0
    fi
done
echo "SKIPPED: the base model yamnet.tflite was not found; run host-tools fetch or set YAMNET_TFLITE" >&2
[ "${CI:-}" != true ] || exit 1
exit 3
