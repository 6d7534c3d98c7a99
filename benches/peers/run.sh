#!/usr/bin/env bash
# Compares the engine with LiteRT, tract and the `tflite` crate on this machine, in one interleaved run; writes a dated record to
# benches/records. Needs the base model (`host-tools fetch`) and Python 3.9 or newer. ai-edge-litert comes from PyPI into target/;
# the `tflite` crate compiles TensorFlow Lite on the first run, which takes minutes. `--litert-only` leaves out tract and the
# `tflite` crate. Further options are those of compare.py.
set -euo pipefail
cd "$(dirname "$0")/../.."
litert_only=
if [ "${1:-}" = --litert-only ]; then
    litert_only=1
    shift
fi
base=$(scripts/base-model.sh)
tools=${HOST_TOOLS:-${CARGO_TARGET_DIR:-target}/release/host-tools}
venv=target/bench-peers
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv" || { echo "bench-peers: python3 -m venv failed; install python3-venv" >&2; exit 1; }
    "$venv/bin/pip" install --quiet "ai-edge-litert==2.3.0" "numpy<3" || {
        rm -rf "$venv"
        echo "bench-peers: ai-edge-litert cannot be installed from PyPI; check the network and try again" >&2
        exit 1
    }
fi
# A model with the default features, from synthetic sound: what a device runs.
trained=target/bench-peers-model
if [ ! -e "$trained/sound_classifier.tflite" ]; then
    "$tools" synth --out "$trained/sound" --seed 1 --recordings 4 --timeline-seconds 0 >/dev/null
    "$tools" train --data "$trained/sound" --out "$trained" >/dev/null
fi
peers=()
if [ -z "$litert_only" ]; then
    scripts/need-packages.sh libclang-dev
    # Separate crates keep their dependencies out of the workspace's lock file.
    for peer in tract tflite; do
        cargo build --quiet --release --locked --manifest-path "benches/peers/$peer/Cargo.toml" --target-dir "target/bench-peers-$peer"
        peers+=("--$peer" "target/bench-peers-$peer/release/peer-$peer")
    done
fi
exec "$venv/bin/python" benches/peers/compare.py --base "$base" --trained "$trained/sound_classifier.tflite" --ours "$tools" \
    "${peers[@]}" "$@"
