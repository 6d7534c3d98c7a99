#!/bin/bash
# make test-deb: builds the Debian package twice (equal bytes), installs it in a Debian 12 container, runs its program, checks its unit
# by systemd, and removes it. SKIPPED without a Docker engine.   deb.sh [ARCHITECTURE]
set -euo pipefail
cd "$(dirname "$0")/../.."
arch=${1:-arm64}
if ! docker version >/dev/null 2>&1; then
    echo "SKIPPED: no Docker engine runs here; the package was not installed"
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
holds "installs with its dependencies"
firmware --version
firmware validate-config /etc/monitor/monitor.toml 2>/dev/null
holds "its program runs and accepts its configuration"
# Other units of this systemd are not checked.
systemd-analyze verify --recursive-errors=no /lib/systemd/system/acoustic-monitor.service
holds "systemd accepts its unit"
systemd-analyze security --offline=yes --threshold=35 --no-pager /lib/systemd/system/acoustic-monitor.service | tail -n 1
holds "its unit is confined"
[ -L /etc/systemd/system/multi-user.target.wants/acoustic-monitor.service ]
holds "it starts at boot"
echo '# mine' >>/etc/monitor/monitor.toml
dpkg --remove acoustic-monitor >/dev/null
[ ! -e /usr/bin/firmware ] && [ ! -e /etc/systemd/system/multi-user.target.wants/acoustic-monitor.service ]
grep -q '^# mine' /etc/monitor/monitor.toml
holds "removing it keeps the configuration and disables the unit"
dpkg --purge acoustic-monitor >/dev/null
[ ! -e /etc/monitor ]
holds "purging it leaves nothing"
INSIDE
echo "7 passed, 0 failed"
