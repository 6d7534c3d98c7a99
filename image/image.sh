#!/bin/bash
# make image: builds the container twice for each architecture; fails unless both builds are equal and within the size limits.
#   image.sh [ARCHITECTURE...]    default amd64 and arm64;  MODEL=artifacts/FILE adds a model;  ENGINE=docker|buildah (image/engine.sh)
# Results: the images acoustic-monitor:amd64 and acoustic-monitor:arm64, target/image/acoustic-monitor-*.tar for `docker load`,
# and target/image/acoustic-monitor-oci.tar, an OCI layout of all architectures with their SBOMs.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- amd64 arm64
export SOURCE_DATE_EPOCH=1700000000
ENGINE=$(image/engine.sh name)
export ENGINE
commit=$(git describe --always --abbrev=12 --exclude='*' --dirty=+modified 2>/dev/null || true)
# Builds the image and writes it as `docker save` does: build ARCHITECTURE ROUND
build() {
    image/engine.sh build -q -f image/Dockerfile --platform "linux/$1" -t "acoustic-monitor:$1" \
        --build-arg ROUND="$2" --build-arg COMMIT="$commit" ${MODEL:+--build-arg MODEL="$MODEL"} . >/dev/null
    image/engine.sh save "acoustic-monitor:$1"
}
mkdir -p target/image
image/engine.sh base
for arch in "$@"; do
    for round in 1 2; do
        # The second round reuses only the base and the compiler installed on it.
        build "$arch" "$round" | python3 image/archive.py "target/image/acoustic-monitor-$arch.$round.tar"
    done
    cmp "target/image/acoustic-monitor-$arch.1.tar" "target/image/acoustic-monitor-$arch.2.tar" || {
        echo "image: two builds for $arch differ" >&2
        exit 1
    }
    mv "target/image/acoustic-monitor-$arch.1.tar" "target/image/acoustic-monitor-$arch.tar"
    rm "target/image/acoustic-monitor-$arch.2.tar"
    [ "$ENGINE" != docker ] || docker load -q -i "target/image/acoustic-monitor-$arch.tar" >/dev/null
    python3 image/sizes.py "target/image/acoustic-monitor-$arch.tar"
done
joined=()
for arch in "$@"; do
    python3 scripts/sbom.py firmware "$arch" >"target/image/acoustic-monitor-$arch.cdx.json"
    joined+=("target/image/acoustic-monitor-$arch.tar=target/image/acoustic-monitor-$arch.cdx.json")
done
python3 image/oci.py target/image/acoustic-monitor-oci.tar "${joined[@]}"
