#!/bin/bash
# Builds the root of the image, without a model: build.sh ARCHITECTURE ROOT
set -euo pipefail
here=$(dirname "$0") arch=${1:?architecture} root=${2:?root}
program=$("$here/compile.sh" "$arch")
install -D -m 755 "$program" "$root/usr/bin/firmware"
"$here/libraries.sh" "$arch" "$program" "$root" /alsa
install -D -m 644 "$here/alsa.conf" "$root/usr/share/alsa/alsa.conf"
"$here/configuration.sh" /run/monitor/status.json >"$here/monitor.toml"
install -D -m 644 "$here/monitor.toml" "$root/etc/monitor/monitor.toml"
echo 'monitor:x:10001:29::/:/usr/bin/firmware' >"$root/etc/passwd"
echo 'audio:x:29:' >"$root/etc/group"
# The status file for the health check; with a read-only root a tmpfs is mounted there.
install -d -m 755 -o 10001 -g 29 "$root/run/monitor"
# The device's state directory; a volume mounted there inherits its owner.
install -d -m 755 -o 10001 -g 29 "$root/var/lib/monitor"
install -d -m 1777 "$root/tmp"
