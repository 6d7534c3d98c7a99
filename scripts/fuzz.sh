#!/usr/bin/env bash
# Coverage-guided fuzzing.
#   fuzz.sh [TARGET...]        runs each target (default: all) for SECONDS_EACH seconds (600); stops at the first failure
#   fuzz.sh keep [TARGET...]   replaces fuzz/corpus by a small set of files with the coverage of everything found so far: at
#                              most 40 files and 8 kB per target. The tests on stable Rust and the next run start with it.
# Working corpus and logs: fuzz/target.
set -euo pipefail
cd "$(dirname "$0")/.."
host=$(rustc -vV | sed -n 's/^host: //p')
programs=fuzz/target/$host/release

search() {
    cargo fuzz --version >/dev/null 2>&1 || { echo "fuzz: cargo-fuzz is missing: cargo install cargo-fuzz --locked" >&2; exit 1; }
    # The instrumentation uses unstable compiler options; stable Rust accepts them with this variable.
    export RUSTC_BOOTSTRAP=1
    local seconds=${SECONDS_EACH:-600} target longest
    mkdir -p fuzz/target/corpus
    FUZZ_SEEDS=$PWD/fuzz/target/corpus cargo test -q --locked -p fuzz-bodies --test stable -- --ignored --exact write_the_seeds
    cargo fuzz build --target "$host"
    for target in "$@"; do
        echo "== $target, $seconds s"
        # Models need room for weights; every other format fits into a few kilobytes.
        case $target in model) longest=100000 ;; *) longest=8192 ;; esac
        "$programs/$target" "fuzz/target/corpus/$target" \
            -max_total_time="$seconds" -max_len="$longest" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
            -artifact_prefix="fuzz/target/found_${target}_" 2>&1 | tee "fuzz/target/$target.log" | grep -E '^(stat::|SUMMARY|==[0-9]+== ERROR)|panicked|Test unit' || true
        if compgen -G "fuzz/target/found_${target}_*" >/dev/null; then
            echo "fuzz: $target failed: input in fuzz/target/found_${target}_*, log in fuzz/target/$target.log" >&2
            exit 1
        fi
    done
}

keep() {
    local target merged kept room files size file
    for target in "$@"; do
        merged=fuzz/target/merged/$target kept=fuzz/corpus/$target
        rm -rf "$merged" "$kept"
        mkdir -p "$merged" "$kept"
        "$programs/$target" -set_cover_merge=1 "$merged" "fuzz/target/corpus/$target" 2>/dev/null
        # The smallest files first. Generated seeds need no copy here, but may be chosen.
        room=8192 files=40
        while read -r size file; do
            [ "$size" -le "$room" ] && [ "$files" -gt 0 ] || break
            cp "$merged/$file" "$kept/"
            room=$((room - size)) files=$((files - 1))
        done < <(find "$merged" -type f -printf '%s %f\n' | sort -n)
        echo "$target: $((40 - files)) files, $((8192 - room)) bytes kept"
    done
}

command=search
[ "${1:-}" != keep ] || { command=keep && shift; }
[ $# -gt 0 ] || mapfile -t all < <(sed -n 's/^name = "\(.*\)"/\1/p' fuzz/Cargo.toml | tail -n +2)
[ $# -gt 0 ] || set -- "${all[@]}"
$command "$@"
