#!/usr/bin/env bash
# Cycles of the inner loops of the Arm kernels by the processor models of Debian's llvm-mca; writes a dated record to benches/records.
# Unlike instruction counts these figures know latencies and execution ports, but no caches. Options are those of model_cycles.py.
set -euo pipefail
cd "$(dirname "$0")/../.."
# LLVM 14, Debian's default, has no model of the Neoverse cores.
scripts/need-packages.sh llvm-19
. scripts/arm64-env.sh
cargo rustc --release --config 'profile.release.lto="off"' --locked -p monitor-nn --features monitor-nn/std \
    --target aarch64-unknown-linux-gnu --lib -- --emit asm -C debuginfo=0
assembly=$(ls -t "$CARGO_TARGET_DIR"/aarch64-unknown-linux-gnu/release/deps/monitor_nn-*.s | head -1)
PYTHONPATH=benches/peers PYTHONDONTWRITEBYTECODE=1 python3 benches/instructions/model_cycles.py "$assembly" --mca llvm-mca-19 "$@"
