#!/usr/bin/env bash
# Runs the engine's tests on the kernels of 64-bit Arm, with dot products and without, under QEMU's user emulation.
# Uses Debian's cross compiler: no rustup target is needed. Takes minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/arm64-env.sh
tests=(--release --config 'profile.release.lto="off"' --locked -p monitor-nn -p monitor-core --features monitor-nn/std --target aarch64-unknown-linux-gnu
    --test nn_properties --test nn_golden --test same_bits)
# Each network is run on dozens of windows, which an emulator does slowly.
export PROPTEST_CASES=8
CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64-static -cpu cortex-a76 -L /" cargo test "${tests[@]}"
# The same programs on a processor without dot products: detection must not select those kernels.
CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64-static -cpu cortex-a72 -L /" cargo test "${tests[@]}"
