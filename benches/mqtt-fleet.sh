#!/usr/bin/env bash
# Measures the load of a fleet of devices on one mosquitto broker, and its recovery after a restart of the broker. Each device is the
# firmware's own MQTT output, sending two windows and one health message per second. Writes a dated record to benches/records.
# FLEET_DEVICES (500), FLEET_SECONDS (60), FLEET_AWAY_SECONDS (10), FLEET_CHANGE_SECONDS (20).
set -euo pipefail
cd "$(dirname "$0")/.."
export FLEET_DEVICES=${FLEET_DEVICES:-500} FLEET_SECONDS=${FLEET_SECONDS:-60} FLEET_AWAY_SECONDS=${FLEET_AWAY_SECONDS:-10}
export FLEET_CHANGE_SECONDS=${FLEET_CHANGE_SECONDS:-20}
export CI=true
record=benches/records/$(date -u +%F)-mqtt-fleet-$(uname -m).md
load=$(cut -d' ' -f1-3 /proc/loadavg)
processor=$(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2- | sed 's/^ //' || true)
version=$( (mosquitto -h || /usr/sbin/mosquitto -h) 2>/dev/null | head -1)

# Each device takes a thread, a socket and a few descriptors.
ulimit -n 8192
lines=$(cargo test -q --locked -p firmware --test mqtt_fleet -- --nocapture | grep -E '^(steady|broker|all changes|[0-9]+ (devices|changes))')

{
    echo "# A fleet of $FLEET_DEVICES devices on one broker, $(date -u +%F)"
    echo
    echo "${processor:-$(uname -m)}, $(nproc) cores, shared by devices and broker; load average before: $load. $version. Every device"
    echo "publishes its state every 10 s and at each change, one every $FLEET_CHANGE_SECONDS s, with an event; one subscriber receives all."
    echo "\`make measure-fleet\`, $FLEET_SECONDS s."
    echo
    sed 's/^/- /' <<< "$lines"
} > "$record"
cat "$record"
