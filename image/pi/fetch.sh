#!/bin/bash
# Fetches the parts of a card other than the firmware from Debian and unpacks them: fetch.sh FOLDER
# FOLDER/root gets the kernel, its modules, busybox, the Pi's boot files, and alsa-utils and runc for the tests.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$1
[ ! -f "$folder/done" ] || [ ! -x "$folder/root/usr/sbin/runc" ] || exit 0
scripts/need-packages.sh cpio kmod ca-certificates
rm -rf "$folder"
mkdir -p "$folder/debs" "$folder/root" "$folder/state/lists/partial" "$folder/cache/archives/partial"
here=$PWD/$folder
# This machine's own sources of Debian 12, with the Pi's boot files (non-free-firmware) beside main.
python3 image/debian_sources.py main non-free-firmware >"$folder/sources.list"
apt=(apt-get -qq -o "Dir::Etc::SourceList=$here/sources.list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$here/state/lists"
    -o "Dir::Cache=$here/cache" -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o APT::Sandbox::User=root)
"${apt[@]}" update
cached=(apt-cache "${apt[@]:2}")
kernel=$("${cached[@]}" depends linux-image-arm64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*-arm64\).*/\1/p' | head -n 1)
(cd "$folder/debs" && "${apt[@]}" download "$kernel" busybox-static alsa-utils raspi-firmware runc libseccomp2)
for deb in "$folder"/debs/*.deb; do
    dpkg-deb -x "$deb" "$folder/root"
done
release=$(ls "$folder/root/lib/modules")
depmod -b "$PWD/$folder/root" "$release"
echo "$release" >"$folder/done"
