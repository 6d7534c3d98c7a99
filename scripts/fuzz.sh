#!/usr/bin/env bash
# Searches with each fuzz target (all, or those that are named) for SECONDS_EACH seconds, one after the other.
# What it learns lies in fuzz/target/corpus; a small part of it is kept in fuzz/corpus by scripts/keep-corpus.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo fuzz --version >/dev/null 2>&1 || { echo "cargo-fuzz is missing: cargo install cargo-fuzz --locked" >&2; exit 1; }
# The search is instrumented by options of the compiler that stable Rust has too, but keeps to itself.
export RUSTC_BOOTSTRAP=1
seconds=${SECONDS_EACH:-600}
mkdir -p fuzz/target/corpus
FUZZ_SEEDS=$PWD/fuzz/target/corpus cargo test -q --locked -p firmware --test fuzz_bodies -- --ignored --exact write_the_seeds
cargo fuzz build --target x86_64-unknown-linux-gnu
for target in ${*:-model metadata wav manifest config wire link modbus events http}; do
    echo "== $target, $seconds s"
    # Models are long and mostly weights; everything else says all it can in a few kilobytes.
    case $target in model) longest=100000 ;; *) longest=8192 ;; esac
    fuzz/target/x86_64-unknown-linux-gnu/release/"$target" "fuzz/target/corpus/$target" \
        -max_total_time="$seconds" -max_len="$longest" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="fuzz/target/found_${target}_" 2>&1 | tee "fuzz/target/$target.log" | grep -E '^(stat::|SUMMARY|==[0-9]+== ERROR)|panicked|Test unit' || true
    if compgen -G "fuzz/target/found_${target}_*" >/dev/null; then
        echo "$target found something: fuzz/target/found_${target}_*, see fuzz/target/$target.log" >&2
        exit 1
    fi
done
