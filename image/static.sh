#!/bin/bash
# Compiles host-tools for Linux on x86-64 without any library of the system (musl), and prints its path. It runs on every distribution.
# Needs rustup, which has musl's standard library; Debian has none: exit code 3 then, with a line of what to install.
# TOOLS_STATIC names a program that is compiled already.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -n "${TOOLS_STATIC:-}" ]; then
    echo "$TOOLS_STATIC"
    exit 0
fi
target=x86_64-unknown-linux-musl
if [ ! -d "$(rustc --print sysroot)/lib/rustlib/$target/lib" ]; then
    echo "static: the standard library for $target is missing; run: rustup target add $target" >&2
    exit 3
fi
scripts/need-packages.sh musl-tools >&2
# Only for C code: Rust brings the start-up objects of static programs, and with those of musl-gcc the program crashes.
export CC_x86_64_unknown_linux_musl=musl-gcc
export RUSTFLAGS="--remap-path-prefix=$PWD=/src --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
export CARGO_TARGET_DIR="${IMAGE_TARGET_DIR:-target/image}"
cargo build --release --locked -p host-tools --bin host-tools --target "$target" >&2
program=$CARGO_TARGET_DIR/$target/release/host-tools
if readelf -d "$program" | grep -q NEEDED; then
    echo "static: $program needs libraries of the system" >&2
    exit 1
fi
# It runs, and computes: recordings, a model and verdicts.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$program" --version >&2
"$program" synth --out "$scratch/machines" --recordings 6 --seconds 4 --timeline-seconds 30 >&2
"$program" train --data "$scratch/machines" --out "$scratch/model" --features logmel --folds 0 >&2
"$program" predict --model "$scratch/model/sound_classifier.tflite" "$scratch"/machines/timeline/*.wav >"$scratch/verdicts"
grep -q '^Time .*_state ' "$scratch/verdicts" || { echo "static: $program gives no verdicts" >&2; exit 1; }
echo "$program"
