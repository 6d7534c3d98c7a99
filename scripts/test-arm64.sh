#!/usr/bin/env bash
# Runs the engine's tests on the kernels of 64-bit Arm, with dot products and without, under QEMU's user emulation.
# Uses Debian's cross compiler: no rustup target is needed. Takes minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/arm64-env.sh
build=(--release --config 'profile.release.lto="off"' --locked -p monitor-nn -p monitor-core --features monitor-nn/std --target aarch64-unknown-linux-gnu)
tests=(--test nn_properties --test nn_golden --test same_bits)
# Each network is run on dozens of windows, which an emulator does slowly.
export PROPTEST_CASES=8
# on PROCESSOR TESTS...: runs the tests on an emulated processor.
on() {
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64-static -cpu $1 -L /" cargo test "${build[@]}" "${@:2}"
}
on cortex-a76 "${tests[@]}"
# The same programs on a processor without dot products: detection must not select those kernels.
on cortex-a72 "${tests[@]}"
# All that QEMU has, for the kernels with matrix products of bytes.
on max --test nn_properties
