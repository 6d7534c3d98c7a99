#!/bin/bash
# Registers QEMU's user mode with the kernel, so that this machine runs arm64 programs, in containers too.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(uname -m)" != aarch64 ] || exit 0
scripts/need-packages.sh qemu-user-static
kernel=/proc/sys/fs/binfmt_misc
[ -e $kernel/register ] || mount -t binfmt_misc none $kernel
# systemd registers it when the package is installed; without systemd it is done here.
[ -e $kernel/qemu-aarch64 ] || cat /usr/lib/binfmt.d/qemu-aarch64.conf >$kernel/register
