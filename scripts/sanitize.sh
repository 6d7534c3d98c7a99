#!/usr/bin/env bash
# Runs the compiler's sanitizers on code that is unsafe or shared between threads (miri would need a nightly toolchain):
#   address  all tests of the core, including the SIMD kernels of this processor
#   thread   two threads on the ring between capture and inference
# The options are unstable; stable Rust accepts them with RUSTC_BOOTSTRAP.
set -euo pipefail
cd "$(dirname "$0")/.."
export RUSTC_BOOTSTRAP=1
target=$(rustc -vV | sed -n 's/^host: //p')
[ $# -gt 0 ] || set -- address thread
for what in "$@"; do
    echo "== $what sanitizer"
    case $what in
    address)
        RUSTFLAGS=-Zsanitizer=address ASAN_OPTIONS=detect_leaks=1 \
            cargo test --locked --target "$target" --target-dir target/address -p monitor-tflite -p monitor-nn -p monitor-core -p monitor-wire -p monitor-model --features monitor-nn/std --lib --tests
        ;;
    thread)
        # The standard library is not instrumented, except where it is inlined into the ring's code.
        RUSTFLAGS="-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer" TSAN_OPTIONS=halt_on_error=1 \
            cargo run --target "$target" --target-dir target/thread --manifest-path fuzz/ring/Cargo.toml --config profile.dev.opt-level=1
        ;;
    esac
done
