#!/bin/bash
# Makes configs/monitor_BOARD_defconfig from Buildroot's own configuration of that Pi and monitor.fragment, so that kernel, boot files
# and their hashes are those that this Buildroot was released with: configure.sh BUILDROOT [BOARD...]
set -euo pipefail
[ $# -ge 1 ] || { echo "usage: configure.sh BUILDROOT [raspberrypi3_64|raspberrypi4_64|raspberrypi5...]" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
buildroot=$1
shift
[ $# -gt 0 ] || set -- raspberrypi3_64 raspberrypi4_64 raspberrypi5
mkdir -p "$here/configs"
for board in "$@"; do
    from=$buildroot/configs/${board}_defconfig
    [ -f "$from" ] || { echo "configure: no $from: is $buildroot a Buildroot?" >&2; exit 1; }
    cat "$from" "$here/monitor.fragment" >"$here/configs/monitor_${board}_defconfig"
    echo "make -C $buildroot BR2_EXTERNAL=$here monitor_${board}_defconfig"
done
