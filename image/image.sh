#!/bin/bash
# make image: builds the container twice for each architecture, holds it to its sizes and to giving the same bytes twice.
#   image.sh [ARCHITECTURE...]    amd64 and arm64 unless given;  MODEL=artifacts/FILE bakes one in;  ENGINE=docker|buildah
# With Docker where an engine runs (its client needs BuildKit), else with buildah. Leaves monitor:amd64 and monitor:arm64 there, and
# target/image/monitor-*.tar, which `docker load` takes.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- amd64 arm64
export SOURCE_DATE_EPOCH=1700000000
ENGINE=$(image/engine.sh name)
export ENGINE
# Builds by the Dockerfile and writes what `docker save` would: build ARCHITECTURE ROUND
build() {
    image/engine.sh build -q -f image/Dockerfile --platform "linux/$1" -t "monitor:$1" \
        --build-arg ROUND="$2" ${MODEL:+--build-arg MODEL="$MODEL"} . >/dev/null
    image/engine.sh save "monitor:$1"
}
mkdir -p target/image
image/engine.sh base
for arch in "$@"; do
    for round in 1 2; do
        # The second time nothing comes from the cache but the base and the compiler that was installed on it.
        build "$arch" "$round" | python3 image/archive.py "target/image/monitor-$arch.$round.tar"
    done
    cmp "target/image/monitor-$arch.1.tar" "target/image/monitor-$arch.2.tar" || {
        echo "image: two builds for $arch differ" >&2
        exit 1
    }
    mv "target/image/monitor-$arch.1.tar" "target/image/monitor-$arch.tar"
    rm "target/image/monitor-$arch.2.tar"
    [ "$ENGINE" != docker ] || docker load -q -i "target/image/monitor-$arch.tar" >/dev/null
    python3 image/sizes.py "target/image/monitor-$arch.tar"
done
