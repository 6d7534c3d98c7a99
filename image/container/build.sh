#!/bin/bash
# Builds the root of the image, without a model: build.sh ARCHITECTURE ROOT
set -euo pipefail
here=$(dirname "$0") arch=${1:?architecture} root=${2:?root}
program=$("$here/compile.sh" "$arch")
install -D -m 755 "$program" "$root/usr/bin/acoustic-monitor"
ln -s acoustic-monitor "$root/usr/bin/firmware"
"$here/libraries.sh" "$arch" "$program" "$root" /alsa
install -D -m 644 "$here/alsa.conf" "$root/usr/share/alsa/alsa.conf"
"$here/configuration.sh" /run/acoustic-monitor/status.json changes >"$here/monitor.toml"
install -D -m 644 "$here/monitor.toml" "$root/etc/acoustic-monitor/monitor.toml"
echo 'acoustic-monitor:x:10001:29::/:/usr/bin/acoustic-monitor' >"$root/etc/passwd"
echo 'audio:x:29:' >"$root/etc/group"
# The status file for the health check; with a read-only root a tmpfs is mounted there.
install -d -m 755 -o 10001 -g 29 "$root/run/acoustic-monitor"
# The device's state directory; a volume mounted there inherits its owner.
install -d -m 755 -o 10001 -g 29 "$root/var/lib/acoustic-monitor"
install -d -m 1777 "$root/tmp"
# The folders of version 0.1, so that mounts of its compose file and `docker run` line still arrive.
for folder in etc run var/lib; do
    ln -s acoustic-monitor "$root/$folder/monitor"
done
