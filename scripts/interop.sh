#!/usr/bin/env bash
# Runs exported models in LiteRT and MediaPipe (from PyPI) and compares them with our own verdicts, on recordings that are not in the
# training data. Needs the base model, and the recordings of drone_motor_load in the folder MONITOR_RECORDINGS (or in INTEROP_DATA
# itself).
set -euo pipefail
cd "$(dirname "$0")/.."
data=${INTEROP_DATA:-${MONITOR_RECORDINGS:-}/drone_motor_load}
base=$(scripts/base-model.sh) || { [ $? -eq 3 ] && exit 0 || exit 1; }
if [ ! -f "$data/manifest.csv" ]; then
    echo "SKIPPED: $data/manifest.csv not found; set MONITOR_RECORDINGS to the folder above drone_motor_load"
    [ "${CI:-}" != true ] || exit 1
    exit 0
fi

# MediaPipe's library links against two GL libraries, although it draws nothing.
scripts/need-packages.sh python3-venv libgles2 libegl1
venv=target/interop/venv
stamp=$venv/requirements.txt
if ! cmp -s scripts/interop/requirements.txt "$stamp"; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r scripts/interop/requirements.txt
    cp scripts/interop/requirements.txt "$stamp"
fi
export PYTHONDONTWRITEBYTECODE=1
# The runtimes log every model that they open; errors pass the filter.
"$venv/bin/python" scripts/interop/main.py --tools "${HOST_TOOLS:-${CARGO_TARGET_DIR:-target}/release/host-tools}" --data "$data" --base "$base" \
    --work target/interop/work 2> >(grep -vE '^(INFO: |WARNING: |[IW][0-9]{4} )' >&2)
