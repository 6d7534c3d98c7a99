#!/usr/bin/env bash
# Prints the path of the base model; searches the same places as host-tools. Without one it prints a line with SKIPPED to standard
# error and exits with 3; with CI=true it exits with 1, so that a pipeline without its data fails.
set -euo pipefail
cd "$(dirname "$0")/.."
for place in "${YAMNET_TFLITE:-}" artifacts/base/yamnet.tflite ../shared/models/yamnet.tflite; do
    if [ -n "$place" ] && [ -f "$place" ]; then
        echo "$place"
        exit 0
    fi
done
echo "SKIPPED: the base model yamnet.tflite was not found; `host-tools fetch` downloads it" >&2
[ "${CI:-}" != true ] || exit 1
exit 3
