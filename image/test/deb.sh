#!/bin/bash
# make test-deb: builds the Debian packages twice (equal bytes), checks them by lintian, installs them in a Debian 12 container, runs their
# programs, checks the unit by systemd, upgrades, removes and purges them. SKIPPED after lintian without a Docker engine.
#   deb.sh [ARCHITECTURE]    the variables of image/deb/build.sh name programs that are compiled already
set -euo pipefail
cd "$(dirname "$0")/../.."
arch=${1:-arm64}
scripts/need-packages.sh lintian
mkdir -p target/image
image/deb/build.sh "$arch" >target/image/deb.first
image/deb/build.sh "$arch" | tee target/image/deb.second
cmp target/image/deb.first target/image/deb.second
mapfile -t debs < <(awk '{print $2}' target/image/deb.second)
tolerated=()
# Without `make man` there are no man pages to package.
[ -d "${MANUAL:-target/man}/man1" ] || tolerated=(--suppress-tags no-manual-page)
lintian --fail-on error,warning "${tolerated[@]}" "${debs[@]}" 2>&1 | grep -v '^running with root' || [ "${PIPESTATUS[0]}" -eq 0 ]
echo "  ok   lintian has no complaint"
if ! docker version >/dev/null 2>&1; then
    echo "SKIPPED: no Docker engine runs here; the packages were not installed"
    exit 0
fi
export ENGINE=docker
image/engine.sh base
[ "$arch" = "$(dpkg --print-architecture)" ] || image/emulate.sh
packages=$(mktemp -d)
trap 'rm -r "$packages"' EXIT
cp "${debs[@]}" "$packages/"
# The same program as a later version, for the upgrade.
for later in $(VERSION=99.0 image/deb/build.sh "$arch" | awk '{print $2}'); do mv "$later" "$packages/"; done
chmod a+rx "$packages"
image/engine.sh run --rm -i -v "$packages:/packages:ro" debian:bookworm-slim bash -s -- "$arch" "$(basename "${debs[0]}")" "$(basename "${debs[1]}")" <image/test/deb-inside.sh
