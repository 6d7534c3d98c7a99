#!/usr/bin/env bash
# The engine against LiteRT, tract and the `tflite` crate on this machine, in one interleaved run; writes a dated record under
# benches/records/. Needs the base model (`host-tools fetch`) and Python 3.9 or newer; ai-edge-litert comes from PyPI into target/.
# The crate compiles TensorFlow Lite the first time: minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=target/bench-peers
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv" || { echo "bench-peers: python3 -m venv failed; install python3-venv" >&2; exit 1; }
    "$venv/bin/pip" install --quiet "ai-edge-litert==2.3.0" "numpy<3" || {
        rm -rf "$venv"
        echo "bench-peers: ai-edge-litert cannot be installed from PyPI; check the network and try again" >&2
        exit 1
    }
fi
scripts/need-packages.sh libclang-dev
# Crates of their own, so that the workspace's lock file stays free of what they need.
for peer in tract tflite; do
    cargo build --quiet --release --locked --manifest-path "scripts/bench_peers/$peer/Cargo.toml" --target-dir "target/bench-peers-$peer"
done
exec "$venv/bin/python" scripts/bench_peers/compare.py --ours "${HOST_TOOLS:-target/release/host-tools}" \
    --tract target/bench-peers-tract/release/peer-tract --tflite target/bench-peers-tflite/release/peer-tflite "$@"
