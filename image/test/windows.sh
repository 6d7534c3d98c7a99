#!/bin/bash
# make test-windows: packs host-tools for Windows and runs it under Wine, in Debian 13 by Docker: its recordings have the same
# bytes as those of the program on this machine, and models that either has trained give the same verdicts in both. The bytes of
# the models may differ: losses of the training do so from their sixth digit on. SKIPPED after packing without a Docker engine.
# TOOLS_WINDOWS names a program that is compiled already, HOST_TOOLS the one of this machine.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$PWD/target/image/windows-test tools=${HOST_TOOLS:-${CARGO_TARGET_DIR:-target}/debug/host-tools}
[ -n "${HOST_TOOLS:-}" ] || cargo build --locked -p host-tools
rm -rf "$work"
mkdir -p "$work"
status=0
image/windows.sh "$work/tools.zip" || status=$?
# Nothing here compiles for Windows.
[ $status -ne 3 ] || { echo "SKIPPED: the program for Windows"; exit 0; }
[ $status -eq 0 ] || exit $status
if ! docker version >/dev/null 2>&1; then
    echo "SKIPPED: no Docker engine runs here; the program was not started"
    exit 0
fi
image/test/systemd.sh trixie
python3 -m zipfile -e "$work/tools.zip" "$work"
cat >"$work/inside.sh" <<'INSIDE'
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive WINEPREFIX=/tmp/wine WINEDEBUG=-all
{ apt-get update -qq && apt-get install -y -qq --no-install-recommends wine wine64; } >/tmp/apt.log 2>&1 || { cat /tmp/apt.log; exit 1; }
cd /work
wine wineboot -i >/tmp/boot.log 2>&1 || { cat /tmp/boot.log; exit 1; }
wine tools/acoustic-monitor-tools.exe --version
wine cmd /c 'tools\host-tools.cmd' --version | grep '^host-tools '
run() { wine tools/acoustic-monitor-tools.exe "$@"; }
run synth --out windows --recordings 6 --seconds 4 --timeline-seconds 30
run train --data windows --out of-windows --features logmel --folds 0
for model in of-linux of-windows; do
    run predict --model $model/sound_classifier.tflite windows/timeline/shift_000.wav >windows-$model
done
INSIDE
"$tools" synth --out "$work/linux" --recordings 6 --seconds 4 --timeline-seconds 30 >/dev/null
"$tools" train --data "$work/linux" --out "$work/of-linux" --features logmel --folds 0 >/dev/null 2>"$work/errors"
docker run --rm -v "$work:/work" acoustic-monitor-test:trixie bash /work/inside.sh >"$work/wine.log" 2>&1 || { tail -n 40 "$work/wine.log" >&2; exit 1; }
diff -r "$work/linux" "$work/windows"
echo "  ok   Wine and this machine make the same recordings"
verdicts() { grep '^Time' "$1" | tr -d '\r' | sed 's/ | Inf.*//'; }
for model in of-linux of-windows; do
    "$tools" predict --model "$work/$model/sound_classifier.tflite" "$work"/linux/timeline/shift_000.wav >"$work/linux-$model"
    [ "$(verdicts "$work/linux-$model" | wc -l)" -ge 20 ]
    diff <(verdicts "$work/linux-$model") <(verdicts "$work/windows-$model")
    echo "  ok   the model $model gives the same verdicts in both"
done
echo "3 passed, 0 failed; the models differ in $(cmp -l "$work"/of-{linux,windows}/sound_classifier.tflite | wc -l) of $(stat -c %s "$work/of-linux/sound_classifier.tflite") bytes"
