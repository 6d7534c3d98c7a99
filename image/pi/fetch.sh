#!/bin/bash
# Fetches the parts of a card other than the firmware from Debian and unpacks them: fetch.sh FOLDER
# FOLDER/root gets the kernel, its modules, busybox, the Pi's boot files and the firmware of its Wi-Fi of Debian 13. Programs that use
# libraries are those of this machine's release, as the firmware is: for images with network, and alsa-utils and runc for the
# tests. The kernel is the one of the backports: the release's own has no USB for the Pi 5.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$1 card=trixie
# A folder that an earlier version of this script made is made anew.
version=$(sha256sum <image/pi/fetch.sh | cut -c 1-16)
[ "$(cat "$folder/version" 2>/dev/null || true)" != "$version" ] || exit 0
scripts/need-packages.sh cpio kmod ca-certificates xz-utils
rm -rf "$folder"
mkdir -p "$folder/debs" "$folder/root" "$folder/state/lists/partial" "$folder/cache/archives/partial"
here=$PWD/$folder
{
    python3 image/debian_sources.py main
    python3 image/debian_sources.py --release $card --backports main non-free-firmware
} >"$folder/sources.list"
apt=(apt-get -qq -o "Dir::Etc::SourceList=$here/sources.list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$here/state/lists"
    -o "Dir::Cache=$here/cache" -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o APT::Sandbox::User=root)
"${apt[@]}" update
cached=(apt-cache "${apt[@]:2}")
release=$("${cached[@]}" show "linux-image-arm64/$card-backports" | sed -n 's/^Depends:.*linux-image-\([0-9][^ ,]*-arm64\).*/\1/p' | head -n 1)
[ -n "$release" ] || { echo "fetch.sh: no linux-image-arm64 in $card-backports" >&2; exit 1; }
host=$(python3 image/debian_sources.py main | awk 'NR == 1 { print $4 }')
(cd "$folder/debs" && "${apt[@]}" download "linux-binary-$release" "linux-modules-$release" "linux-base-$release" \
    "busybox-static/$card" "raspi-firmware/$card" "firmware-brcm80211/$card" "wireless-regdb/$card" \
    "alsa-utils/$host" "runc/$host" "libseccomp2/$host" \
    {wpasupplicant,openntpd,libnl-3-200,libnl-genl-3-200,libnl-route-3-200,libssl3,libdbus-1-3,libpcsclite1,libsystemd0}"/$host" \
    {libcap2,libgcrypt20,libgpg-error0,liblzma5,libzstd1,liblz4-1}"/$host")
for deb in "$folder"/debs/*.deb; do
    dpkg-deb -x "$deb" "$folder/root"
done
# The same paths with and without the merged /usr.
for merged in bin sbin lib; do
    [ ! -d "$folder/root/$merged" ] || { cp -a "$folder/root/$merged/." "$folder/root/usr/$merged/" && rm -rf "$folder/root/${merged:?}"; }
done
depmod -b "$PWD/$folder/root/usr" "$release"
rm -rf "$folder/debs" "$folder/state" "$folder/cache"
echo "$release" >"$folder/done"
echo "$version" >"$folder/version"
