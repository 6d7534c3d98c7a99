#!/bin/bash
# Puts a model, and a program if there is one to change, on a card's partition so that the device takes it at its next start:
# each file with its SHA-256, and with a WAV file what this machine hears in it, which the device must hear as well.
#   card-update.sh CARD MODEL [WAV]    FIRMWARE=FILE puts that program on it; HOST_TOOLS names host-tools
# On Windows, by hand: (Get-FileHash sound_classifier.tflite).Hash | Set-Content -Encoding ascii E:\sound_classifier.tflite.sha256
set -euo pipefail
[ $# -ge 2 ] || { echo "usage: card-update.sh CARD MODEL [WAV]" >&2; exit 2; }
card=$1 model=$2 wav=${3:-} tools=${HOST_TOOLS:-target/release/host-tools}
[ -d "$card" ] || { echo "card-update: $card is no folder: give the one that the card's partition is mounted on" >&2; exit 1; }
put() { # FILE NAME: the hash goes last; until it is there, and right, the device does not touch the file
    rm -f "$card/$2.sha256"
    cp "$1" "$card/$2"
    (cd "$card" && sha256sum "$2" >".$2" && mv ".$2" "$2.sha256")
}
# What was said of another model does not hold of this one.
rm -f "$card/golden.txt" "$card/golden.wav"
if [ -n "$wav" ]; then
    cp "$wav" "$card/golden.wav"
    "$tools" predict --model "$model" "$wav" | grep '^Time ' >"$card/golden.txt"
fi
[ ! -f "$model.minisig" ] || cp "$model.minisig" "$card/sound_classifier.tflite.minisig"
put "$model" sound_classifier.tflite
[ -z "${FIRMWARE:-}" ] || put "$FIRMWARE" firmware
sync "$card"
