#!/usr/bin/env bash
# Measures a release build of the firmware on this machine: memory, share of one core at two hops, time to the first window, size.
# It captures through libasound from a paced device (the tests' plugin) in real time, with a model of the default features
# (`host-tools fetch`), else with a log-mel model. Writes a dated record to benches/records.
# SECONDS_EACH: seconds measured per hop (30). FEATURES: another kind of features, to compare.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${SECONDS_EACH:-30}
built=${CARGO_TARGET_DIR:-target}/release
firmware=$built/firmware
work=target/measure-firmware
record=benches/records/$(date -u +%F)-firmware${FEATURES:+-$FEATURES}-$(uname -m).md
rm -rf "$work"
mkdir -p "$work"

command -v cc >/dev/null || { echo "measure: a C compiler is needed (package gcc)" >&2; exit 1; }
cc -O2 -shared -fPIC -DPIC -o "$work/libpaced.so" firmware/tests/paced_pcm/paced_pcm.c -lasound

"$built/host-tools" synth --out "$work/data" --seed 1 >/dev/null
"$built/host-tools" train --data "$work/data" --out "$work" --folds 2 ${FEATURES:+--features "$FEATURES"} >/dev/null
model=$work/sound_classifier.tflite
kind=$("$built/host-tools" inspect "$model" | grep -oE 'texture|hybrid|yamnet|logmel' | head -1)

# One minute of the machine. The silence after its end costs the same.
wav=$(find "$work/data" -name '*.wav' | sort | head -1)
tail -c +45 "$wav" > "$work/sound.raw"
cat > "$work/asound.conf" <<CONF
</usr/share/alsa/alsa.conf>
pcm_type.paced { lib "$PWD/$work/libpaced.so" }
pcm.microphone { type paced infile "$PWD/$work/sound.raw" format "S16_LE" rate 48000 channels 1 }
CONF
export ALSA_CONFIG_PATH=$PWD/$work/asound.conf

ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; }
status() { awk -v key="$2:" '$1 == key { print $2 }' "/proc/$1/status"; }

# Runs one hop; prints "first_window_ms cpu_percent rss_kib peak_kib p50_ms".
measure() {
    local out=$work/run-$1.jsonl begun first pid before after
    : > "$out"
    begun=$(date +%s%N)
    "$firmware" run --model "$model" --device microphone --hop "$1" --stdout json > "$out" 2> "$work/run-$1.log" &
    pid=$!
    while ! grep -q '"kind":"verdict"' "$out"; do
        kill -0 "$pid" 2>/dev/null || { cat "$work/run-$1.log" >&2; exit 1; }
        sleep 0.002
    done
    first=$(($(date +%s%N) - begun))
    sleep 2
    before=$(ticks "$pid")
    sleep "$seconds"
    after=$(ticks "$pid")
    local rss peak
    rss=$(status "$pid" VmRSS)
    peak=$(status "$pid" VmHWM)
    kill -TERM "$pid"
    wait "$pid"
    if ! tail -1 "$out" | grep -q '"xruns":0,.*"gaps":0,.*"dropped_windows":0'; then
        echo "measure: frames or windows were lost at hop $1: repeat on a less busy machine" >&2
        tail -1 "$out" >&2
    fi
    local p50
    p50=$(tail -1 "$out" | grep -oE '"inference_p50_ms":[0-9.]+' | cut -d: -f2)
    awk -v f="$first" -v t=$((after - before)) -v s="$seconds" -v hz="$(getconf CLK_TCK)" -v r="$rss" -v p="$peak" -v i="$p50" \
        'BEGIN { printf "%.0f %.2f %d %d %.2f\n", f / 1e6, 100 * t / hz / s, r, p, i }'
}

# One second of that sound: one window.
python3 - "$work/sound.raw" "$work/second.wav" <<'END'
import sys
import wave

with wave.open(sys.argv[2], "wb") as out:
    out.setparams((1, 2, 48000, 0, "NONE", ""))
    out.writeframes(open(sys.argv[1], "rb").read(2 * 48000))
END

# Run time of `firmware check` on one window, in milliseconds.
check_ms() {
    local begun
    begun=$(date +%s%N)
    "$firmware" check --model "$model" "$work/second.wav" >/dev/null 2>"$work/check.log"
    echo $((($(date +%s%N) - begun) / 1000)) | awk '{ printf "%.1f\n", $1 / 1000 }'
}

# Peak resident memory of `firmware check` on the whole recording, in KiB.
check_peak_kib() {
    local pid now peak=0
    "$firmware" check --model "$model" "$wav" >/dev/null 2>"$work/check.log" &
    pid=$!
    while now=$(status "$pid" VmHWM 2>/dev/null) && [ -n "$now" ]; do peak=$now; done
    wait "$pid"
    echo "$peak"
}

# Bytes of code and constants of the crate `monitor-nn` in the program, from the symbols of a build that keeps them. Code inlined into
# other crates is not counted.
engine_bytes() {
    cargo build --quiet --release --locked -p firmware --config 'profile.release.strip=false' --target-dir target/unstripped >&2
    local bytes
    bytes=$(nm --demangle --print-size --radix=d target/unstripped/release/firmware | awk '$4 ~ /^<?monitor_nn::/ { sum += $2 } END { print sum + 0 }')
    [ "$bytes" -gt 0 ] || { echo "measure: the program has no symbols of the engine; was it stripped?" >&2; exit 1; }
    echo "$bytes"
}

load=$(cut -d' ' -f1-3 /proc/loadavg)
checks=21
check_median=$(for _ in $(seq $checks); do check_ms; done | sort -n | sed -n "$((checks / 2 + 1))p")
check_peak=$(for _ in 1 2 3; do check_peak_kib; done | sort -n | tail -1)
engine=$(engine_bytes)
read -r first_a cpu_a rss_a peak_a p50_a <<< "$(measure 0.48)"
read -r first_b cpu_b rss_b peak_b p50_b <<< "$(measure 0.1)"
read -r first_c _ _ _ _ <<< "$(SECONDS_EACH=1 seconds=1 measure 0.48)"
size=$(stat -c %s "$firmware")
processor=$(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2- | sed 's/^ //' || true)
processor=${processor:-$(tr -d '\0' < /proc/device-tree/model 2>/dev/null || uname -m)}

cat > "$record" <<RECORD
# The firmware, release build, $(date -u +%F)

$processor, $(nproc) cores; load average before: $load. Features: $kind. Sound: 48 kHz mono S16 through libasound in real time,
$seconds s for each hop. \`make measure\`.

| | hop 0.48 s | hop 0.1 s |
|---|---|---|
| share of one core | $cpu_a % | $cpu_b % |
| resident memory | $((rss_a / 1024)) MiB | $((rss_b / 1024)) MiB |
| its peak | $((peak_a / 1024)) MiB | $((peak_b / 1024)) MiB |
| inference, median | $p50_a ms | $p50_b ms |
| from start to the first window reported | $first_a ms, again $first_c ms | $first_b ms |

\`firmware check\` on one second of sound, a new process each time, $checks times: median $check_median ms. Its peak of
resident memory on a whole recording: $(awk "BEGIN { printf \"%.1f\", $check_peak / 1024 }") MiB. The engine's code in the program: $engine bytes (the sum of its symbols).

The first window needs 975 ms of sound; the rest is reading and packing the model and opening the device. Size of the program:
$size bytes, stripped, without libasound and libc.
RECORD
rm -rf "$work"
cat "$record"
