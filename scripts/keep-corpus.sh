#!/usr/bin/env bash
# Keeps in fuzz/corpus what covers most of all that `make fuzz` has learnt, at most 40 files and 8 kB of each target: the
# smoke run in `make test` and the next search begin with it.
set -euo pipefail
cd "$(dirname "$0")/.."
for target in ${*:-model metadata wav manifest config wire link modbus events http}; do
    all=fuzz/target/corpus/$target merged=fuzz/target/merged/$target kept=fuzz/corpus/$target
    rm -rf "$merged" "$kept"
    mkdir -p "$merged" "$kept"
    # Greedily: a small set that covers everything.
    fuzz/target/x86_64-unknown-linux-gnu/release/"$target" -set_cover_merge=1 "$merged" "$all" 2>/dev/null
    # The smallest first; seeds are made by code and not kept.
    room=8192 files=40
    while read -r size file; do
        [ "$size" -le "$room" ] && [ "$files" -gt 0 ] || break
        cp "$merged/$file" "$kept/"
        room=$((room - size)) files=$((files - 1))
    done < <(find "$merged" -type f -printf '%s %f\n' | sort -n)
    echo "$target: $(ls "$kept" | wc -l) of $(ls "$merged" | wc -l) files, $(du -bs "$kept" | cut -f1) bytes"
done
