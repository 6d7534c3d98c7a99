#!/usr/bin/env bash
# Compares `host-tools train` on an hour of sound with the same in Python (LiteRT's embeddings, scikit-learn), in alternating runs;
# writes a dated record to benches/records. Needs the base model (`host-tools fetch`) and Python 3.9 or newer; the peers come from PyPI
# into target/. Options are those of training.py.
set -euo pipefail
cd "$(dirname "$0")/../.."
base=$(scripts/base-model.sh)
tools=${HOST_TOOLS:-${CARGO_TARGET_DIR:-target}/release/host-tools}
venv=target/bench-training
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv" || { echo "bench-training: python3 -m venv failed; install python3-venv" >&2; exit 1; }
    "$venv/bin/pip" install --quiet "ai-edge-litert==2.3.0" "numpy<3" scikit-learn || {
        rm -rf "$venv"
        echo "bench-training: the peers cannot be installed from PyPI; check the network and try again" >&2
        exit 1
    }
fi
exec "$venv/bin/python" benches/peers/training.py --base "$base" --ours "$tools" "$@"
