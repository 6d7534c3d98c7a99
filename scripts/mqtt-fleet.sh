#!/usr/bin/env bash
# A fleet of devices on one mosquitto: what it costs the broker, and how it comes back when the broker is restarted. Each device is
# the program's own MQTT output, told of a window twice and of its health once a second. Writes a dated record under
# benches/records/.
set -euo pipefail
cd "$(dirname "$0")/.."
export FLEET_DEVICES=${FLEET_DEVICES:-500} FLEET_SECONDS=${FLEET_SECONDS:-60} FLEET_AWAY_SECONDS=${FLEET_AWAY_SECONDS:-10}
export FLEET_CHANGE_SECONDS=${FLEET_CHANGE_SECONDS:-20}
export CI=true
record=benches/records/$(date -u +%F)-mqtt-fleet-$(uname -m).md
load=$(cut -d' ' -f1-3 /proc/loadavg)
processor=$(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2- | sed 's/^ //' || true)
version=$( (mosquitto -h || /usr/sbin/mosquitto -h) 2>/dev/null | head -1)

# A thread, a socket and a few descriptors for each device.
ulimit -n 8192
lines=$(cargo test -q --locked -p firmware --test mqtt_fleet -- --nocapture | grep -E '^(steady|broker|all that|[0-9]+ (devices|changes))')

{
    echo "# A fleet of $FLEET_DEVICES devices on one broker, $(date -u +%F)"
    echo
    echo "${processor:-$(uname -m)}, $(nproc) cores, which devices and broker share; load average before: $load. $version. Every device"
    echo "tells its state every 10 s and at each change, one every $FLEET_CHANGE_SECONDS s, with an event; a reader hears it all."
    echo "\`scripts/mqtt-fleet.sh\`, $FLEET_SECONDS s."
    echo
    sed 's/^/- /' <<< "$lines"
} > "$record"
cat "$record"
