#!/usr/bin/env bash
# The main task from end to end on a synthetic machine: data, training, evaluation on new machines, plots, predictions.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=${HOST_TOOLS:-${CARGO_TARGET_DIR:-target}/release/host-tools}
out=artifacts/demo
model=$out/sound_classifier.tflite
step() { printf '\n== %s\n' "$*"; }

if [ ! -x "$tools" ]; then
    echo "demo: $tools does not exist; run \`make demo\`, or name a built host-tools with HOST_TOOLS=PATH" >&2
    exit 1
fi
rm -rf "$out"
step "1/5 Recordings: machines with four states to train on, other machines to test on"
"$tools" synth --out $out/train --seed 1
"$tools" synth --out $out/heldout --seed 2
step "2/5 Training"
"$tools" train --data $out/train --out $out
step "3/5 Evaluation on machines that were not trained on"
"$tools" evaluate --data $out/heldout --model $model --out $out
step "4/5 Plots"
"$tools" visualize --data $out/train --out $out --most 600
step "5/5 Predictions for a recording with changing states"
"$tools" predict --model $model $out/heldout/timeline/*.wav
step "Done. Files in $out:"
ls -1 $out/*.tflite $out/*.png $out/*.json
step "What to do next"
cat <<END
Write a report about this model, then open $out/report.html in a browser:
  $tools report --data $out/heldout --model $model --out $out/report.html
Train on your own recordings, in one folder of WAV files per state (FOLDER/running/*.wav, FOLDER/stopped/*.wav, ...):
  $tools train --data FOLDER
Monitor a machine with the microphone of this computer or of a Raspberry Pi:
  cargo run --release -p firmware -- run --model $model
END
