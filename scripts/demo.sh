#!/usr/bin/env bash
# The main job from end to end on a machine made of mathematics: data, training, held-out evaluation, plots, verdicts.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=${HOST_TOOLS:-target/release/host-tools}
out=artifacts/demo
step() { printf '\n== %s\n' "$*"; }

rm -rf "$out"
step "1/5 Recordings: a four-state machine to train on, other machines of its kind to test on"
$tools synth --out $out/train --seed 1
$tools synth --out $out/heldout --seed 2
step "2/5 Training"
$tools train --data $out/train --out $out
step "3/5 Evaluation on machines that training never heard"
$tools evaluate --data $out/heldout --model $out/sound_classifier.tflite --out $out
step "4/5 Plots"
$tools visualize --data $out/train --out $out --most 600
step "5/5 What the model hears in a recording whose state changes"
$tools predict --model $out/sound_classifier.tflite $out/heldout/timeline/*.wav
step "Done. Look at $out:"
ls -1 $out/*.tflite $out/*.png $out/*.json
