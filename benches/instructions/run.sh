#!/usr/bin/env bash
# Counts instructions per window on 64-bit Arm, of the engine and of LiteRT's wheel, under the same QEMU: Cortex-A72 (no dot
# products), A76, and `max`, all that QEMU has, for matrix products of bytes. Instruction counts are not run times, but can be had
# without a board. Writes a dated record to benches/records. Needs the base model, and one run of `make bench-peers` before.
set -euo pipefail
cd "$(dirname "$0")/../.."
model=$(realpath "$(scripts/base-model.sh)")
host_python=$PWD/target/bench-peers/bin/python
[ -x "$host_python" ] || { echo "count-instructions: run make bench-peers first" >&2; exit 1; }
(
    . scripts/arm64-env.sh
    cargo build --release --config 'profile.release.lto="off"' --locked -p monitor-model \
        --target aarch64-unknown-linux-gnu --example windows
)
. benches/instructions/emulator.sh
mkdir -p "$work/root/proc" "$work/root/sys/devices/system/cpu" "$work/site"
if [ ! -e "$work/site/ai_edge_litert" ]; then
    (cd "$work/debs" && apt-get download -qq {python3.11-minimal,libpython3.11-minimal,libpython3.11-stdlib}:arm64 \
        {libc6,libstdc++6,libgcc-s1,zlib1g,libexpat1,libffi8}:arm64)
    for package in "$work"/debs/*_arm64.deb; do dpkg -x "$package" "$work/root"; done
    "$host_python" -m pip download --quiet --no-deps -d "$work/wheels" --python-version 3.11 --only-binary=:all: \
        --platform manylinux_2_27_aarch64 --platform manylinux2014_aarch64 \
        ai-edge-litert==2.3.0 "numpy<3" backports-strenum flatbuffers protobuf tqdm typing-extensions
    for wheel in "$work"/wheels/*.whl; do (cd "$work/site" && "$host_python" -m zipfile -e "$wheel" .); done
fi
(cd benches/peers && "$host_python" - "$model" "$work") <<'END'
import pathlib
import sys

import compare

data, work = pathlib.Path(sys.argv[1]).read_bytes(), pathlib.Path(sys.argv[2])
(work / "body.tflite").write_bytes(compare.body_of(data))
(work / "tapped.tflite").write_bytes(compare.tapped_of(data))
END
echo 0 | tee "$work/root/sys/devices/system/cpu/possible" >"$work/root/sys/devices/system/cpu/present"

# ours CPU ISA [HOP]: a tenth of the difference between 12 windows and 2.
ours() {
    local program=target/arm64/aarch64-unknown-linux-gnu/release/examples/windows
    local few many
    few=$(instructions "$1" -L / "$program" "$model" "$2" 2 "${@:3}")
    many=$(instructions "$1" -L / "$program" "$model" "$2" 12 "${@:3}")
    echo $(((many - few) / 10))
}

# theirs CPU MODEL: the same of LiteRT.
theirs() {
    local python=("$work/root/usr/bin/python3.11" benches/instructions/windows.py "$work/$2.tflite") few many
    few=$(instructions "$1" -L "$work/root" -E PYTHONPATH="$work/site" "${python[@]}" 2)
    many=$(instructions "$1" -L "$work/root" -E PYTHONPATH="$work/site" "${python[@]}" 12)
    echo $(((many - few) / 10))
}

# row NAME OURS THEIRS: one line of the record.
row() {
    printf '%s  "%s": { "ours": %d, "peer": %d, "ratio": %s }' "$comma" "$1" "$2" "$3" "$(awk "BEGIN { printf \"%.3f\", $2 / $3 }")"
    comma=$',\n'
}

record=benches/records/$(date -u +%F)-instructions-aarch64.json
{
    echo '{'
    echo "  \"date\": \"$(date -u +%F)\","
    echo "  \"emulator\": \"$("$work/qemu/usr/bin/qemu-aarch64" --version | head -1)\","
    echo '  "peer": "ai-edge-litert 2.3.0 (XNNPACK), one thread",'
    comma=
    for kind in "cortex-a72 neon 0xd08" "cortex-a76 neon_dotprod 0xd0b" "max neon_i8mm 0xd40"; do
        read -r cpu isa part <<<"$kind"
        features="fp asimd evtstrm crc32 cpuid"
        [ "$isa" = neon ] || features+=" atomics fphp asimdhp asimdrdm lrcpc dcpop asimddp"
        [ "$isa" != neon_i8mm ] || features+=" i8mm"
        # LiteRT reads /proc/cpuinfo, which QEMU's user mode does not emulate.
        printf 'processor\t: 0\nFeatures\t: %s\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: %s\nCPU revision\t: 3\n\n' \
            "$features" "$part" >"$work/root/proc/cpuinfo"
        row "$cpu, $isa, body" "$(ours "$cpu" "$isa")" "$(theirs "$cpu" body)"
        # The network of the default features: computed anew, and at the hops of 0.48 and 0.1 s.
        tapped=$(theirs "$cpu" tapped)
        for hop in 96 48 10; do
            row "$cpu, $isa, to the tap, windows $hop columns apart" "$(ours "$cpu" "$isa" "$hop")" "$tapped"
        done
    done
    printf '\n}\n'
} >"$record.tmp"
mv "$record.tmp" "$record"
cat "$record"
