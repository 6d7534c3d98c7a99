#!/usr/bin/env bash
# Measures `firmware refit`: its time and memory here, and its instructions on 64-bit Arm under QEMU, which turn into seconds by a clock
# rate. A model of the default features with three states of a synthetic machine is refitted to 12 and 24 clips of 5 s, half of them of
# a fourth state. Writes a dated record to benches/records. Needs the base model.
# HOST_TOOLS, HOST_FIRMWARE and PROGRAM_ARM64 name programs that are built already.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=${HOST_TOOLS:-${CARGO_TARGET_DIR:-target}/release/host-tools}
firmware=${HOST_FIRMWARE:-${CARGO_TARGET_DIR:-target}/release/firmware}
arm64=$(image/container/compile.sh arm64)
. benches/instructions/emulator.sh
folder=$PWD/target/measure-refit
record=benches/records/$(date -u +%F)-refit-$(uname -m).md
rm -rf "$folder"
mkdir -p "$folder/clips" "$folder/state"
"$tools" synth -q --out "$folder/data" --machines 1 --seed 3 --recordings 40 --seconds 5 --timeline-seconds 0 >/dev/null
# Sixteen recordings of three states are for training; the others are for labels.
for state in on_state off_state soft_state solid_state; do
    mkdir "$folder/clips/$state"
    mv "$folder/data/$state"/m00_0[123]?.wav "$folder/clips/$state/"
done
rm -r "$folder/data/solid_state"
"$tools" train -q --data "$folder/data" --out "$folder/model" --folds 0 --normal on_state,off_state,soft_state >/dev/null
printf '[listen]\nmodel = "%s"\nstate_dir = "%s"\n' "$folder/model/sound_classifier.tflite" "$folder/state" >"$folder/monitor.toml"

# labels COUNT: a list of so many clips.
labels() {
    echo 'file,label,condition'
    find "$folder/clips/solid_state" -name '*.wav' | sort | head -n $(($1 / 2)) | sed 's/$/,solid_state,normal/'
    for state in on_state off_state soft_state; do
        find "$folder/clips/$state" -name '*.wav' | sort | head -n $(($1 / 6)) | sed "s/\$/,$state,/"
    done
}
times=5
rows=
for count in 12 24; do
    labels "$count" >"$folder/labels.csv"
    command=(refit --config "$folder/monitor.toml" --labels "$folder/labels.csv" --dry-run)
    for _ in $(seq $times); do
        python3 - "$firmware" "${command[@]}" <<'END'
import resource
import subprocess
import sys
import time

begun = time.monotonic()
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
assert "accepted" in done.stdout, done
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"{time.monotonic() - begun:.2f} {usage.ru_utime + usage.ru_stime:.2f} {usage.ru_maxrss / 1024:.0f}")
END
    done | sort -n >"$folder/times"
    read -r wall cpu memory <<<"$(sed -n "$((times / 2 + 1))p" "$folder/times")"
    a72=$(instructions cortex-a72 -L / "$arm64" "${command[@]}")
    a76=$(instructions cortex-a76 -L / "$arm64" "${command[@]}")
    rows+=$(awk -v n="$count" -v w="$wall" -v c="$cpu" -v m="$memory" -v a="$a72" -v b="$a76" \
        'BEGIN { printf "| %d | %.2f s, %.2f s | %d MiB | %.1f | %.1f |", n, w, c, m, a / 1e9, b / 1e9 }')$'\n'
done
cat >"$record" <<RECORD
# \`firmware refit\`, $(date -u +%F)

$(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2- | sed 's/^ //'), $(nproc) cores, load average $(cut -d' ' -f1-3 /proc/loadavg);
$("$work/qemu/usr/bin/qemu-aarch64" --version | head -1). A model of the default features with three states of a synthetic machine, refitted to
clips of 5 s at 48 kHz, half of them of a fourth state; every part of a refit, the clips left out in turn included. Medians of $times runs on
x86-64; the program for 64-bit Arm is that of the containers. \`make measure-refit\`.

| clips | time, processor time on x86-64 | peak memory | 10^9 instructions, Cortex-A72 (NEON) | Cortex-A76 (dot products) |
|---|---|---|---|---|
${rows%$'\n'}
RECORD
rm -rf "$folder"
cat "$record"
