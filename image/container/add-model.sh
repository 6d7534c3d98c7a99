#!/bin/bash
# Puts a model, if there is one in the folder $1, into the root $2; then every file has the same age in every build.
set -euo pipefail
for file in "$1"/*.tflite; do
    [ ! -f "$file" ] || install -D -m 644 "$file" "$2/etc/monitor/sound_classifier.tflite"
done
find "$2" -exec touch -h -d @1700000000 {} +
