#!/bin/bash
# Copies an update to a card's partition, which the device installs at its next start: a model, optionally a program, each with its
# SHA-256. With a WAV file it also copies the verdicts of this machine; the device installs the update only if its own are equal.
#   card-update.sh CARD MODEL [WAV]    FIRMWARE=FILE adds that program; HOST_TOOLS names host-tools
# On Windows, by hand: (Get-FileHash sound_classifier.tflite).Hash | Set-Content -Encoding ascii E:\sound_classifier.tflite.sha256
set -euo pipefail
[ $# -ge 2 ] || { echo "usage: card-update.sh CARD MODEL [WAV]" >&2; exit 2; }
card=$1 model=$2 wav=${3:-} tools=${HOST_TOOLS:-${CARGO_TARGET_DIR:-target}/release/host-tools}
[ -d "$card" ] || { echo "card-update: $card is not a folder; give the mount point of the card's partition" >&2; exit 1; }
put() { # FILE NAME: the hash is written last; the device ignores the file until the hash matches
    rm -f "$card/$2.sha256"
    cp "$1" "$card/$2"
    (cd "$card" && sha256sum "$2" >".$2" && mv ".$2" "$2.sha256")
}
# Verdicts of an earlier model do not apply to this one.
rm -f "$card/golden.txt" "$card/golden.wav"
if [ -n "$wav" ]; then
    cp "$wav" "$card/golden.wav"
    "$tools" predict --model "$model" "$wav" | grep '^Time ' >"$card/golden.txt"
fi
[ ! -f "$model.minisig" ] || cp "$model.minisig" "$card/sound_classifier.tflite.minisig"
put "$model" sound_classifier.tflite
[ -z "${FIRMWARE:-}" ] || put "$FIRMWARE" firmware
sync "$card"
