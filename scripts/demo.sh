#!/usr/bin/env bash
# The whole way on a synthetic machine: data, training, evaluation on unseen machines, plots, verdicts.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=${HOST_TOOLS:-${CARGO_TARGET_DIR:-target}/release/host-tools}
out=artifacts/demo
step() { printf '\n== %s\n' "$*"; }

rm -rf "$out"
step "1/5 Recordings: one machine with four states for training, other machines of its kind for evaluation"
"$tools" synth --out $out/train --seed 1
"$tools" synth --out $out/heldout --seed 2
step "2/5 Training"
"$tools" train --data $out/train --out $out
step "3/5 Evaluation on machines that are not in the training data"
"$tools" evaluate --data $out/heldout --model $out/sound_classifier.tflite --out $out
step "4/5 Plots"
"$tools" visualize --data $out/train --out $out --most 600
step "5/5 Verdicts on a recording whose state changes"
"$tools" predict --model $out/sound_classifier.tflite $out/heldout/timeline/*.wav
step "Done. The model, reports and plots are in $out:"
ls -1 $out/*.tflite $out/*.png $out/*.json
cat <<NEXT

Next:
  Look at the plots       $out/confusion_matrix.png and the others above
  Try your own machine    a folder with one subfolder of WAV files per state, then
                          $tools train --data FOLDER --out artifacts/mine
  Put it on a Pi          make sdcard MODEL=$out/sound_classifier.tflite, or image/README.md
NEXT
