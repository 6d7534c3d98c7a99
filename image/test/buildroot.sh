#!/bin/bash
# Checks the Buildroot tree without Buildroot: syntax, the expansion of the package's steps, the files that they name.
set -euo pipefail
cd "$(dirname "$0")/../.."
tree=image/buildroot work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bash -n $tree/configure.sh
sh -n $tree/package/acoustic-monitor/S60acoustic-monitor
grep -q '^name: MONITOR$' $tree/external.desc
# A Buildroot of three configurations and of the makefile's words that the tree uses.
mkdir -p "$work/configs"
for board in raspberrypi3_64 raspberrypi4_64 raspberrypi5; do
    echo BR2_aarch64=y >"$work/configs/${board}_defconfig"
done
cp -r $tree "$work/tree"
[ "$("$work/tree/configure.sh" "$work" | wc -l)" = 3 ]
for config in "$work"/tree/configs/*; do
    grep -q '^BR2_aarch64=y' "$config"
    grep -q '^BR2_PACKAGE_ACOUSTIC_MONITOR=y' "$config"
done
grep -q '^config BR2_PACKAGE_ACOUSTIC_MONITOR$' $tree/package/acoustic-monitor/Config.in
cat >"$work/Makefile" <<'MAKE'
BR2_EXTERNAL_MONITOR_PATH := $(TREE)
include $(TREE)/external.mk
ACOUSTIC_MONITOR_PKGDIR = $(TREE)/package/acoustic-monitor
INSTALL = install
TARGET_DIR = /target
RUSTC_TARGET_NAME = aarch64-unknown-linux-gnu
all:
	$(ACOUSTIC_MONITOR_BUILD_CMDS)
	$(ACOUSTIC_MONITOR_INSTALL_TARGET_CMDS)
	$(ACOUSTIC_MONITOR_INSTALL_INIT_SYSV)
	$(ACOUSTIC_MONITOR_INSTALL_INIT_SYSTEMD)
	@echo site $(ACOUSTIC_MONITOR_SITE)
MAKE
# $(@D) is where Buildroot copies the sources to; the rule's own folder here.
make --no-print-directory -n -f "$work/Makefile" TREE="$PWD/$tree" all >"$work/steps"
grep -q 'cargo build --release --locked -p firmware --bin firmware' "$work/steps"
grep -q 'install -D -m 0755 ./target/aarch64-unknown-linux-gnu/release/firmware /target/usr/bin/acoustic-monitor' "$work/steps"
for file in $(grep -o '[^ ]*\(image\|package\)/[^ ]*' "$work/steps" | sed "s|^\./||"); do
    [ -e "$file" ] || { echo "buildroot: a step names $file, which is not there" >&2; exit 1; }
done
[ -f "$(sed -n 's/^echo site //p' "$work/steps")/Cargo.lock" ]
echo "buildroot: the tree's scripts, steps and files are in order"
