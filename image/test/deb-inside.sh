#!/bin/bash
# The part of deb.sh that runs in the container: deb-inside.sh ARCHITECTURE PACKAGE PACKAGE
set -euo pipefail
arch=$1 passed=1
shift
cd /packages
unit=acoustic-monitor.service wants=/etc/systemd/system/multi-user.target.wants/acoustic-monitor.service
export DEBIAN_FRONTEND=noninteractive
holds() { echo "  ok   $1"; passed=$((passed + 1)); }
dpkg --add-architecture "$arch"
apt-get update -qq
apt-get install -y -qq --no-install-recommends "./$1" "./$2" systemd >/dev/null 2>&1
holds "they install with their dependencies"
firmware --version && acoustic-monitor --version && host-tools --version && acoustic-monitor-tools --version
firmware validate-config /etc/acoustic-monitor/monitor.toml 2>/dev/null
holds "their programs run under both names and accept their configuration"
# Other units of this systemd are not checked.
systemd-analyze verify --recursive-errors=no /lib/systemd/system/$unit
holds "systemd accepts the unit"
systemd-analyze security --offline=yes --threshold=35 --no-pager /lib/systemd/system/$unit | tail -n 1
holds "the unit is confined"
[ -L $wants ]
holds "it starts at boot"
echo '# mine' >>/etc/acoustic-monitor/monitor.toml
systemctl disable $unit 2>/dev/null
apt-get install -y -qq ./*_99.0_"$arch".deb >/dev/null 2>&1
[ "$(dpkg-query -W -f '${Version}' acoustic-monitor)" = 99.0 ] && grep -q '^# mine' /etc/acoustic-monitor/monitor.toml && [ ! -e $wants ]
holds "an upgrade keeps the configuration, and a disabled unit disabled"
systemctl enable $unit 2>/dev/null
mkdir -p /var/lib/private/acoustic-monitor && touch /var/lib/private/acoustic-monitor/trend.days
dpkg --remove acoustic-monitor acoustic-monitor-tools >/dev/null
[ ! -e /usr/bin/firmware ] && [ ! -e /usr/bin/acoustic-monitor ] && [ ! -e /lib/systemd/system/$unit ]
grep -q '^# mine' /etc/acoustic-monitor/monitor.toml && [ -e /var/lib/private/acoustic-monitor/trend.days ]
holds "removing them keeps the configuration and what was learned"
dpkg --purge acoustic-monitor >/dev/null
[ ! -e /etc/acoustic-monitor ] && [ ! -e /var/lib/private/acoustic-monitor ] && [ ! -e $wants ]
holds "purging them leaves nothing"
echo "$passed passed, 0 failed"
