#!/usr/bin/env bash
# 24 hours of soak on the program as it is shipped; the figures go to target/soak-day.json.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --locked -p firmware
exec python3 scripts/soak.py 86400 --firmware target/release/firmware --json target/soak-day.json
