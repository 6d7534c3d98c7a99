#!/bin/bash
# make containers: runs the `docker build` and `docker run` lines of image/README.md for amd64 and arm64 (under emulation): the
# self-test returns the workstation's verdicts, a running container is healthy, and the images are within their size limits, without a
# model and with one of the default features. With buildah, containers that stay and volumes are not tested.
#   containers.sh [ARCHITECTURE...]    ENGINE=docker|buildah
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- amd64 arm64
ENGINE=$(image/engine.sh name)
export ENGINE
repository=$PWD work=$PWD/target/image/containers tools=${HOST_TOOLS:-${CARGO_TARGET_DIR:-target}/debug/host-tools}
line() { grep -m 1 "$1" image/README.md | sed 's/ *# [0-9].*//'; }
build=$(line '^docker build .* acoustic-monitor \.') with=$(line '^docker build .*MODEL=') check=$(line '^docker run .* check ')
docker() { "$repository/image/engine.sh" "$@"; }

image/engine.sh base
image/emulate.sh
[ -n "${HOST_TOOLS:-}" ] || cargo build --locked -p host-tools
rm -rf "$work"
"$tools" synth --out "$work/data" --seed 1 --timeline-seconds 20 >/dev/null
"$tools" train --data "$work/data" --out "$work/artifacts" --features logmel >/dev/null
cp "$work"/data/timeline/*.wav "$work/x.wav"
"$tools" synth --out "$work/shift" --seed 2 --recordings 1 --timeline-seconds 70 >/dev/null
cp "$work"/shift/timeline/*.wav "$work/shift.wav"
"$tools" predict --model "$work/artifacts/sound_classifier.tflite" "$work/x.wav" | grep '^Time' | sed 's/ | Inf.*//' >"$work/expected"
# The default features need the base model; without it, the log-mel model is used.
built_in=artifacts/containers-test.tflite
if "$tools" train --data "$work/data" --out "$work/default" --features texture --folds 0 >/dev/null 2>"$work/errors"; then
    cp "$work/default/sound_classifier.tflite" "$built_in"
else
    echo "SKIPPED: the model of the default features: $(tail -n 1 "$work/errors")"
    [ "${CI:-}" != true ] || exit 1
    cp "$work/artifacts/sound_classifier.tflite" "$built_in"
fi
trap 'docker rm -f acoustic-monitor-test >/dev/null 2>&1 || true; docker volume rm -f acoustic-monitor-test >/dev/null 2>&1 || true; rm -f "$repository/$built_in"' EXIT
# The container runs as another user.
chmod -R a+rX "$work"
passed=0
passes() { echo "  ok   $*"; passed=$((passed + 1)); }

# Builds by a command and checks the size: built WHAT IMAGE COMMAND; writes WHAT.tar
built() {
    echo "$1: $3"
    eval "$3" >"$work/build.log" 2>&1 || { tail -n 40 "$work/build.log" >&2; exit 1; }
    docker save "$2" | python3 image/archive.py "$work/$1.tar"
    python3 image/sizes.py "$work/$1.tar"
    passes "$1 is within its size limits"
}

# Runs a container on the recording in real time until it reports that it is healthy.
is_healthy() {
    docker run -d --name acoustic-monitor-test --read-only --network none --tmpfs /run/acoustic-monitor:uid=10001,gid=29,mode=755 -v "$work:/data" \
        -v "$work/artifacts/sound_classifier.tflite:/etc/acoustic-monitor/sound_classifier.tflite:ro" "${limits[@]}" \
        acoustic-monitor run --wav /data/x.wav --realtime >/dev/null
    for _ in $(seq 1 60); do
        if health=$(docker exec acoustic-monitor-test acoustic-monitor health 2>&1) && [[ $health != *" 0 windows"* ]]; then
            docker rm -f acoustic-monitor-test >/dev/null
            passes "$1 is healthy as a user, with a read-only root and no network: $health"
            return
        fi
        sleep 0.25
    done
    docker logs acoustic-monitor-test >&2
    echo "containers: on $1 a running container is not healthy: $health" >&2
    exit 1
}

# A baseline that one container learns is in a volume and used by the next.
learns() {
    docker volume rm -f acoustic-monitor-test >/dev/null
    local run=(docker run --rm --read-only --network none -v "$work:/data:ro" -v acoustic-monitor-test:/var/lib/acoustic-monitor acoustic-monitor)
    local model=(--model /data/artifacts/sound_classifier.tflite)
    scores() { "${run[@]}" check --json "${model[@]}" /data/x.wav 2>"$work/errors" | grep -o '"anomaly":[^,}]*'; }
    scores >"$work/before"
    "${run[@]}" baseline "${model[@]}" --wav /data/shift.wav >/dev/null 2>"$work/errors" || { cat "$work/errors" >&2; exit 1; }
    scores >"$work/after"
    if [ ! -s "$work/before" ] || cmp -s "$work/before" "$work/after"; then
        echo "containers: on $1 another container does not use the learned baseline" >&2
        exit 1
    fi
    passes "$1 keeps its learned baseline in a volume, with a read-only root"
}

# All at once, as the end of each compilation keeps one core busy; the builds below find the results.
for arch in "$@"; do
    (export DOCKER_DEFAULT_PLATFORM=linux/$arch && eval "${build/acoustic-monitor /acoustic-monitor:$arch }" >"$work/$arch.log" 2>&1) &
done
wait

limits=(--ulimit rtprio=95 --ulimit memlock=-1)
for arch in "$@"; do
    export DOCKER_DEFAULT_PLATFORM=linux/$arch
    built "$arch" acoustic-monitor:latest "$build"
    # An engine that runs in a container may lack the right to raise limits.
    if [ ${#limits[@]} -gt 0 ] && ! docker run --rm "${limits[@]}" acoustic-monitor --version >/dev/null 2>"$work/errors"; then
        echo "  SKIPPED: ${limits[*]}: this engine refuses: $(grep -o 'error setting.*' "$work/errors" | head -n 1)"
        limits=()
    fi
    echo "$arch: $check"
    (cd "$work" && eval "$check") >"$work/output" 2>"$work/errors" || { cat "$work/errors" >&2; exit 1; }
    sed 's/ | Inf.*//' "$work/output" | cmp - "$work/expected" || {
        echo "containers: on $arch the firmware's verdicts differ from those of host-tools predict" >&2
        exit 1
    }
    passes "$arch returns the verdicts of host-tools predict: $(tail -n 1 "$work/errors")"
    docker run --rm -v "$repository/image/compose.toml:/etc/acoustic-monitor/monitor.toml:ro" acoustic-monitor validate-config >"$work/output" 2>&1 ||
        { cat "$work/output" >&2; exit 1; }
    # A mount of version 0.1 arrives, too.
    printf '[status]\nfile = "/run/monitor/former.json"\n' >"$work/former.toml"
    docker run --rm -v "$work/former.toml:/etc/monitor/monitor.toml:ro" acoustic-monitor health >"$work/output" 2>&1 || true
    grep -q '/run/monitor/former.json: cannot be read' "$work/output" || { cat "$work/output" >&2; exit 1; }
    passes "$arch accepts compose.toml, and one at the former place"
    if [ "$ENGINE" = docker ]; then
        is_healthy "$arch"
        learns "$arch"
    else
        echo "  SKIPPED: a container that stays and one with a volume need a Docker engine"
    fi
    built "$arch-with-model" acoustic-monitor:with-model "${with/artifacts\/sound_classifier.tflite/$built_in}"
    docker run --rm -v "$work:/data:ro" acoustic-monitor:with-model check /data/x.wav >"$work/output" 2>"$work/errors" || { cat "$work/errors" >&2; exit 1; }
    passes "$arch runs its built-in model: $(tail -n 1 "$work/errors")"
done
joined=()
for arch in "$@"; do joined+=("$work/$arch.tar"); done
python3 image/oci.py "$work/oci.tar" "${joined[@]}"
passes "one OCI layout has every architecture"
if composer=$(command -v docker-compose); then
    "$composer" -f image/compose.yaml config -q
    # Beside the original, because its paths are relative.
    sed 's/# \(.*[^ ]\) *# page and MQTT: [12]$/\1/' image/compose.yaml >image/compose-open.yaml
    "$composer" -f image/compose-open.yaml config >"$work/compose" || { rm image/compose-open.yaml; exit 1; }
    rm image/compose-open.yaml
    grep -q 'network_mode: host' "$work/compose" && grep -q 'image/compose.toml' "$work/compose"
    passes "compose.yaml is valid, with the page and MQTT too"
fi
echo "$passed passed, 0 failed"
