#!/bin/bash
# The `docker build` and the self-test's `docker run` of image/README.md, as written there, for amd64 and arm64 (under
# emulation); and what came out is no bigger than promised. Needs a Docker engine.
#   containers.sh [ARCHITECTURE...]
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- amd64 arm64
if ! docker version >/dev/null 2>&1; then
    echo "SKIPPED: no Docker engine runs here; the container is not tested"
    [ "${CI:-}" != true ] || exit 1
    exit 0
fi
repository=$PWD work=$PWD/target/image/containers tools=${HOST_TOOLS:-target/debug/host-tools}
build=$(grep -m 1 '^docker build ' image/README.md | sed 's/ *# [0-9].*//')
check=$(grep -m 1 '^docker run .* check ' image/README.md | sed 's/ *# [0-9].*//')
docker() { "$repository/image/docker.sh" "$@"; }

image/base-image.sh docker
image/emulate.sh
[ -x "$tools" ] || cargo build --locked -p host-tools
rm -rf "$work"
"$tools" synth --out "$work/data" --seed 1 --timeline-seconds 20 >/dev/null
"$tools" train --data "$work/data" --out "$work/artifacts" --features logmel >/dev/null
cp "$work"/data/timeline/*.wav "$work/x.wav"
"$tools" predict --model "$work/artifacts/sound_classifier.tflite" "$work/x.wav" | grep '^Time' | sed 's/ | Inf.*//' >"$work/expected"
# The container's user is another one than this.
chmod -R a+rX "$work"
for arch in "$@"; do
    export DOCKER_DEFAULT_PLATFORM=linux/$arch
    echo "$arch: $build"
    eval "$build" >"$work/build.log" 2>&1 || { tail -n 40 "$work/build.log" >&2; exit 1; }
    docker save monitor:latest | python3 image/archive.py "$work/monitor-$arch.tar"
    python3 image/sizes.py "$work/monitor-$arch.tar"
    echo "$arch: $check"
    (cd "$work" && eval "$check") >"$work/said" 2>"$work/errors" || { cat "$work/errors" >&2; exit 1; }
    sed 's/ | Inf.*//' "$work/said" | cmp - "$work/expected" || {
        echo "containers: on $arch the firmware hears something else than host-tools predict" >&2
        exit 1
    }
    tail -n 1 "$work/errors"
done
echo "$# passed, 0 failed"
