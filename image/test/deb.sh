#!/bin/bash
# make test-deb: builds the Debian package twice (the same bytes), installs it in a Debian 12 of its own, runs what it brings,
# has systemd check its unit, and removes it again. Needs a Docker engine; where none runs it says so.   deb.sh [ARCHITECTURE]
set -euo pipefail
cd "$(dirname "$0")/../.."
arch=${1:-arm64}
if ! docker version >/dev/null 2>&1; then
    echo "SKIPPED: no Docker engine runs here; the package is not installed anywhere"
    exit 0
fi
export ENGINE=docker
image/engine.sh base
[ "$arch" = "$(dpkg --print-architecture)" ] || image/emulate.sh
image/deb/build.sh "$arch" >target/image/deb.first
image/deb/build.sh "$arch" | tee target/image/deb.second
cmp target/image/deb.first target/image/deb.second
deb=$(awk '{print $2}' target/image/deb.second)
image/engine.sh run --rm -i -v "$PWD/$(dirname "$deb"):/packages:ro" debian:bookworm-slim bash -s -- "$arch" "/packages/$(basename "$deb")" <<'INSIDE'
set -euo pipefail
arch=$1 deb=$2
holds() { echo "  ok   $1"; }
dpkg --add-architecture "$arch"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$deb" systemd >/dev/null 2>&1
holds "installs, with what it depends on"
firmware --version
firmware validate-config /etc/monitor/monitor.toml 2>/dev/null
holds "its program runs and takes its configuration"
# The rest of systemd's own units is no matter here.
systemd-analyze verify --recursive-errors=no /lib/systemd/system/acoustic-monitor.service
holds "systemd finds nothing wrong with its unit"
systemd-analyze security --offline=yes --threshold=35 --no-pager /lib/systemd/system/acoustic-monitor.service | tail -n 1
holds "what its unit may do is little"
[ -L /etc/systemd/system/multi-user.target.wants/acoustic-monitor.service ]
holds "it starts with the machine"
echo '# mine' >>/etc/monitor/monitor.toml
dpkg --remove acoustic-monitor >/dev/null
[ ! -e /usr/bin/firmware ] && [ ! -e /etc/systemd/system/multi-user.target.wants/acoustic-monitor.service ]
grep -q '^# mine' /etc/monitor/monitor.toml
holds "removing it leaves the configuration and nothing that starts"
dpkg --purge acoustic-monitor >/dev/null
[ ! -e /etc/monitor ]
holds "purging it leaves nothing"
INSIDE
echo "7 passed, 0 failed"
