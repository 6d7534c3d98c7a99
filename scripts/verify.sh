#!/usr/bin/env bash
# The int8 engine against the TFLite C++ interpreter, bit for bit. Builds TensorFlow Lite: minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
base=$(scripts/base-model.sh) || { [ $? -eq 3 ] && exit 0 || exit 1; }
scripts/need-packages.sh libclang-dev
# The development profile: the comparison needs no link-time optimisation.
cargo run --locked -p host-tools --features reference-runtime -- verify --base "$base"
