#!/usr/bin/env bash
# Measures trend, drift and baseline on sound: weeks of synthetic machines, through the device's own code. Trains a model of each
# machine on its recordings, then runs the example `weeks` of the firmware, which prints a line for each case. `FOLDER/days.csv`
# has the medians and results of each day. Needs the base model. About half an hour for a machine on one core.
# SEEDS names the machines; HOST_TOOLS, HOST_FIRMWARE and WEEKS name programs that are built already; MEASURE is `normal`, `days` or
# `baseline`.
set -euo pipefail
cd "$(dirname "$0")/.."
built=${CARGO_TARGET_DIR:-target}/debug
tools=${HOST_TOOLS:-$built/host-tools}
weeks=${WEEKS:-$built/examples/weeks}
export HOST_FIRMWARE=${HOST_FIRMWARE:-$built/firmware}
folder=$PWD/target/weeks
read -ra seeds <<<"${SEEDS:-1 2 3}"
normal=on_state,off_state,soft_state,solid_state
for seed in "${seeds[@]}"; do
    [ -e "$folder/$seed/sound_classifier.tflite" ] && continue
    # At the rate of the days, which are synthesised at what the model hears: a converter at another rate is another microphone.
    "$tools" synth -q --out "$folder/data" --machines 1 --seed "$seed" --timeline-seconds 0 --rate 16000 >/dev/null
    "$tools" train -q --data "$folder/data" --out "$folder/$seed" --folds 0 --normal "$normal" >/dev/null
    rm -r "$folder/data"
done
for measure in ${MEASURE:-days baseline}; do
    "$weeks" "$measure" "$folder" "${seeds[@]}"
done
