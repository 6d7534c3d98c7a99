#!/bin/bash
# make sdcard: builds a card image for Pi 3, 4, 5 and Zero 2 W that runs from memory, reproducibly and without root.
#   MODEL=FILE adds a model. Result: target/image/sdcard.img.
#   NETWORK=1 adds Ethernet and Wi-Fi by network.toml on the card. Result: target/image/sdcard-network.img.
set -euo pipefail
cd "$(dirname "$0")/.."
export SOURCE_DATE_EPOCH=1700000000 MTOOLS_SKIP_CHECK=1 TZ=UTC
most=64000000 out=target/image/sdcard${NETWORK:+-network}.img fetched=target/image/pi
scripts/need-packages.sh mtools fdisk cpio kmod device-tree-compiler binutils xz-utils
image/pi/fetch.sh "$fetched"
program=$(image/container/compile.sh arm64)
image=$(mktemp -d)
trap 'rm -rf "$image"' EXIT
image/pi/trees.sh "$fetched" "$image"
image/pi/initramfs.sh "$fetched" "$image" "$program" "$image/initrd.gz"
gzip -9n <"$(echo "$fetched"/root/usr/lib/modules/*/vmlinuz)" >"$image/kernel8.img"
boot=$fetched/root/usr/lib/raspi-firmware
cp "$boot"/{bootcode.bin,start_cd.elf,fixup_cd.dat,start4cd.elf,fixup4cd.dat} "$image/"
cp "$fetched/root/usr/share/doc/raspi-firmware/copyright" "$image/raspi-firmware.txt"
cp image/pi/{config,cmdline,cmdline-pi5,microphone-usb,microphone-i2s}.txt "$image/"
image/container/configuration.sh /run/acoustic-monitor/status.json >"$image/monitor.toml"
[ -z "${NETWORK:-}" ] || cp firmware/network.toml "$image/"
[ -z "${MODEL:-}" ] || image/card-update.sh "$image" "$MODEL"
find "$image" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
rm -f "$out"
# 61 MiB: below 64 MB.
truncate -s 61M "$out"
printf 'label: dos\nlabel-id: 0x4d4f4e31\nunit: sectors\nstart=8192, type=c, bootable\n' | /sbin/sfdisk -q "$out"
mformat -i "$out@@4M" -F -v MONITOR -N 4d4f4e31 -T $((57 * 2048)) -h 255 -s 63 -H 8192 ::
mcopy -s -i "$out@@4M" -m "$image"/* ::
size=$(stat -c %s "$out")
echo "$out: $size bytes (at most $most), $(gzip -9n <"$out" | wc -c) compressed, sha256 $(sha256sum "$out" | cut -d' ' -f1)"
[ "$size" -le "$most" ]
