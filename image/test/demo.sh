#!/bin/bash
# make test-demo: starts image/demo/compose.yaml. Within a minute the device must be announced to Home Assistant, publish its states, be
# scraped by Prometheus, and its alarm must be raised there. SKIPPED without a Docker engine.
#   MONITOR_IMAGE=IMAGE (default: acoustic-monitor)   DEMO=FOLDER as `make demo` writes it (default: artifacts/demo)
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! docker version >/dev/null 2>&1; then
    echo "SKIPPED: no Docker engine runs here"
    exit 0
fi
compose=(docker compose)
docker compose version >/dev/null 2>&1 || { scripts/need-packages.sh docker-compose && compose=(docker-compose); }
compose+=(-p acoustic-monitor-demo -f image/demo/compose.yaml)
DEMO=$(realpath "${DEMO:-artifacts/demo}")
export DEMO MONITOR_IMAGE=${MONITOR_IMAGE:-acoustic-monitor} MQTT_PORT=${MQTT_PORT:-21883} PROMETHEUS_PORT=${PROMETHEUS_PORT:-29090}
for file in "$DEMO/sound_classifier.tflite" "$DEMO/heldout/timeline/shift_000.wav"; do
    [ -f "$file" ] || { echo "demo: $file is missing; run: make demo" >&2; exit 1; }
done
# The container runs as another user.
chmod a+rx "$DEMO" "$DEMO/heldout" "$DEMO/heldout/timeline" && chmod a+r "$DEMO/sound_classifier.tflite" "$DEMO/heldout/timeline/shift_000.wav"
docker image inspect "$MONITOR_IMAGE" >/dev/null 2>&1 || { echo "demo: no image $MONITOR_IMAGE; build it: docker build -f image/Dockerfile -t acoustic-monitor ." >&2; exit 1; }
ENGINE=docker image/engine.sh base
"${compose[@]}" build -q
trap '"${compose[@]}" down -v >/dev/null 2>&1 || true' EXIT
begun=$SECONDS passed=0
"${compose[@]}" up -d

# Tries until a command succeeds or the minute is over: appears WHAT COMMAND...
appears() {
    local what=$1
    shift
    until "$@" >/dev/null 2>&1; do
        if [ $((SECONDS - begun)) -ge 60 ]; then
            echo "demo: within a minute: no $what" >&2
            "${compose[@]}" logs --tail 20 >&2
            exit 1
        fi
        sleep 0.5
    done
    passed=$((passed + 1))
    echo "  ok   after $((SECONDS - begun)) s: $what"
}
# A message of the broker on a topic that has a text: published TOPIC TEXT
published() { "${compose[@]}" exec -T mosquitto mosquitto_sub -t "$1" -C 1 -W 3 | grep -q "$2"; }
# A query that Prometheus answers with a sample: scraped QUERY
scraped() { curl -fsS --get "http://127.0.0.1:$PROMETHEUS_PORT/api/v1/query" --data-urlencode "query=$1" | grep -q '"value"'; }

appears "device that Home Assistant can discover" published homeassistant/device/demo/config '"origin"'
appears "device that is online" published acoustic-monitor/demo/availability online
appears "state with a confidence" published acoustic-monitor/demo/state '"confidence"'
appears "device that Prometheus scrapes" scraped 'up{job="acoustic-monitor"} == 1'
appears "metric of the model" scraped 'acoustic_monitor_info'
appears "alarm by its rule" scraped 'ALERTS{alertname="MachineAlarm", alertstate="firing"}'
echo "$passed passed, 0 failed"
