#!/bin/bash
# make image: builds the container twice for each architecture, holds it to its sizes and to giving the same bytes twice.
#   image.sh [ARCHITECTURE...]    amd64 and arm64 unless given;  MODEL=artifacts/FILE bakes one in
# Needs a Docker engine whose client has BuildKit; leaves monitor:amd64, monitor:arm64 and target/image/monitor-*.tar.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- amd64 arm64
export SOURCE_DATE_EPOCH=1700000000
mkdir -p target/image
image/base-image.sh docker
for arch in "$@"; do
    for round in 1 2; do
        # The second time nothing comes from the cache but the base and the compiler that was installed on it.
        image/docker.sh build -q -f image/Dockerfile --platform "linux/$arch" -t "monitor:$arch" \
            --build-arg ROUND="$round" ${MODEL:+--build-arg MODEL="$MODEL"} . >/dev/null
        image/docker.sh save "monitor:$arch" | python3 image/archive.py "target/image/monitor-$arch.$round.tar"
    done
    cmp "target/image/monitor-$arch.1.tar" "target/image/monitor-$arch.2.tar" || {
        echo "image: two builds for $arch differ" >&2
        exit 1
    }
    mv "target/image/monitor-$arch.1.tar" "target/image/monitor-$arch.tar"
    rm "target/image/monitor-$arch.2.tar"
    docker load -q -i "target/image/monitor-$arch.tar" >/dev/null
    python3 image/sizes.py "target/image/monitor-$arch.tar"
done
