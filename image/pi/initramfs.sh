#!/bin/bash
# Packs the system that runs from memory: initramfs.sh FETCHED PROGRAM OUT [FOLDER]; files in FOLDER are added or replace others.
set -euo pipefail
cd "$(dirname "$0")/../.."
fetched=$1 program=$2 out=$3 over=${4:-}
release=$(cat "$fetched/done")
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,dev,proc,sys,run,boot,tmp,etc/acoustic-monitor}
install -m 755 "$fetched/root/bin/busybox" "$root/bin/busybox"
install -D -m 755 "$program" "$root/usr/bin/firmware"
image/container/libraries.sh arm64 "$program" "$root"
install -D -m 644 image/container/alsa.conf "$root/usr/share/alsa/alsa.conf"
image/container/configuration.sh /run/acoustic-monitor/status.json >"$root/etc/acoustic-monitor/monitor.toml"
install -m 755 image/pi/init "$root/init"
# The chosen modules with their dependencies; modprobe finds them by depmod's list.
grep -v '^#' image/pi/modules | while read -r module; do
    modprobe -d "$fetched/root" -S "$release" --show-depends "$module" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
done | sort -u | while read -r file; do
    install -D -m 644 "$file" "$root/lib/modules/$release/${file#*"/lib/modules/$release/"}"
done
cp "$fetched/root/lib/modules/$release"/modules.{builtin,builtin.modinfo,order} "$root/lib/modules/$release/"
depmod -b "$root" "$release"
[ -z "$over" ] || cp -a "$over/." "$root/"
find "$root" -exec touch -h -d "@${SOURCE_DATE_EPOCH:-1700000000}" {} +
(cd "$root" && find . -print0 | LC_ALL=C sort -z | cpio --quiet --null -o -H newc -R 0:0 --reproducible) | gzip -9n >"$out.part"
mv "$out.part" "$out"
