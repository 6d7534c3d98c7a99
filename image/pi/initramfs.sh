#!/bin/bash
# Packs the system that runs from memory: initramfs.sh FETCHED TREES PROGRAM OUT [FOLDER]; checks that the boards of the device trees in
# the folder TREES find their drivers in it. Files in FOLDER are added or replace others. With NETWORK=1 it can use Ethernet and
# Wi-Fi, as network.toml configures.
set -euo pipefail
cd "$(dirname "$0")/../.."
fetched=$1 trees=$2 program=$3 out=$4 over=${5:-}
release=$(cat "$fetched/done")
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,dev,proc,sys,run,boot,tmp,etc/acoustic-monitor}
install -m 755 "$fetched/root/usr/bin/busybox" "$root/bin/busybox"
install -D -m 755 "$program" "$root/usr/bin/firmware"
image/container/libraries.sh arm64 "$program" "$root"
install -D -m 644 image/container/alsa.conf "$root/usr/share/alsa/alsa.conf"
image/container/configuration.sh /run/acoustic-monitor/status.json >"$root/etc/acoustic-monitor/monitor.toml"
install -m 755 image/pi/init "$root/init"
# The chosen modules with their dependencies, unpacked, because the whole is compressed; modprobe finds them by depmod's list.
listed() { sed '/^#/d' "$@"; }
loaded=(image/pi/modules)
[ -z "${NETWORK:-}" ] || loaded+=(image/pi/modules-network)
listed "${loaded[@]}" image/pi/modules-on-demand | while read -r module; do
    needed=$(modprobe -d "$fetched/root/usr" -S "$release" --show-depends "$module") || { echo "no module $module" >&2; exit 1; }
    echo "$needed" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
done | LC_ALL=C sort -u | while read -r file; do
    to=$root/lib/modules/$release/${file#*"/lib/modules/$release/"}
    mkdir -p "$(dirname "$to")"
    case "$file" in
    *.xz) xz -dc "$file" >"${to%.xz}" ;;
    *) cp "$file" "$to" ;;
    esac
done
cp "$fetched/root/usr/lib/modules/$release"/modules.{builtin,builtin.modinfo,order} "$root/lib/modules/$release/"
depmod -b "$root" "$release"
# What init loads.
listed "${loaded[@]}" >"$root/lib/modules/$release/load"
listed image/pi/modules-on-demand >"$root/lib/modules/$release/on-demand"
find "$root/lib/modules" -type d -exec chmod 755 {} + -o -type f -exec chmod 644 {} +
# The drivers of every board are there.
python3 image/pi/drivers.py "$fetched/root/usr/lib/modules/$release" "$root/lib/modules/$release" "$trees"
if [ -n "${NETWORK:-}" ]; then
    install -D -m 755 image/pi/network "$root/usr/bin/network"
    install -D -m 755 image/pi/udhcpc "$root/usr/share/udhcpc/default.script"
    for service in wpa_supplicant ntpd; do
        install -D -m 755 "$fetched/root/usr/sbin/$service" "$root/usr/sbin/$service"
        image/container/libraries.sh arm64 "$fetched/root/usr/sbin/$service" "$root" "$fetched/root/usr/lib/aarch64-linux-gnu"
    done
    # Of the time service: its port, its user and its folders.
    echo 'ntp 123/udp' >"$root/etc/services"
    printf 'root:x:0:0::/:/bin/sh\nntpd:x:101:101::/run/openntpd:/bin/false\n' >"$root/etc/passwd"
    printf 'root:x:0:\nntpd:x:101:\n' >"$root/etc/group"
    mkdir -p "$root"/var/lib/openntpd/{run,db}
    # The firmware of the Wi-Fi chips that the boards have, and the radio rules of countries.
    firmware=$fetched/root/usr/lib/firmware
    mkdir -p "$root/lib/firmware/brcm"
    for chip in 43430 43455; do
        cp -L "$firmware"/brcm/brcmfmac$chip-sdio.{bin,clm_blob} "$firmware"/brcm/brcmfmac$chip-sdio.raspberrypi,*.txt "$root/lib/firmware/brcm/"
    done
    for file in regulatory.db regulatory.db.p7s; do
        cp "$firmware/$file-upstream" "$root/lib/firmware/$file"
    done
fi
[ -z "$over" ] || cp -a "$over/." "$root/"
find "$root" -exec touch -h -d "@${SOURCE_DATE_EPOCH:-1700000000}" {} +
(cd "$root" && find . -print0 | LC_ALL=C sort -z | cpio --quiet --null -o -H newc -R 0:0 --reproducible) | gzip -9n >"$out.part"
mv "$out.part" "$out"
