#!/usr/bin/env bash
# Bytes of code and constants that the engine (the crate `monitor-nn`) adds to the device's program: the sizes of its symbols in a
# release build that keeps them. What is inlined into others is not seen. PROGRAM: another build, not stripped.
set -euo pipefail
cd "$(dirname "$0")/.."
program=${PROGRAM:-target/unstripped/release/firmware}
[ -n "${PROGRAM:-}" ] || cargo build --quiet --release --locked -p firmware --config 'profile.release.strip=false' \
    --target-dir target/unstripped >&2
bytes=$(nm --demangle --print-size --radix=d "$program" | awk '$4 ~ /^<?monitor_nn::/ { sum += $2 } END { print sum + 0 }')
[ "$bytes" -gt 0 ] || { echo "engine-size: $program has no symbols of the engine: was it stripped?" >&2; exit 1; }
echo "$bytes"
