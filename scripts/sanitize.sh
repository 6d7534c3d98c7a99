#!/usr/bin/env bash
# The compiler's sanitizers on what is unsafe or shared between threads, in the place of miri, which takes a nightly toolchain:
#   address  all tests of the core, the SIMD kernels of this processor among them
#   thread   two threads on the ring between capture and inference
# The options are unstable ones that stable Rust has too, but keeps to itself.
set -euo pipefail
cd "$(dirname "$0")/.."
export RUSTC_BOOTSTRAP=1
target=$(rustc -vV | sed -n 's/^host: //p')
for what in ${*:-address thread}; do
    echo "== $what sanitizer"
    case $what in
    address)
        RUSTFLAGS=-Zsanitizer=address ASAN_OPTIONS=detect_leaks=1 \
            cargo test --locked --target "$target" --target-dir target/address -p monitor-tflite -p monitor-nn -p monitor-core -p monitor-wire -p monitor-model --features monitor-nn/std --lib --tests
        ;;
    thread)
        # The standard library is not built for it, but what it inlines into the ring's code is.
        RUSTFLAGS="-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer" TSAN_OPTIONS=halt_on_error=1 \
            cargo run --target "$target" --target-dir target/thread --manifest-path fuzz/ring/Cargo.toml --config profile.dev.opt-level=1
        ;;
    esac
done
