#!/bin/bash
# Lets this machine run arm64 programs, in containers too: QEMU's user mode, registered with the kernel.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(uname -m)" != aarch64 ] || exit 0
scripts/need-packages.sh qemu-user-static
kernel=/proc/sys/fs/binfmt_misc
[ -e $kernel/register ] || mount -t binfmt_misc none $kernel
# Where nothing like systemd did so when the package was installed.
[ -e $kernel/qemu-aarch64 ] || cat /usr/lib/binfmt.d/qemu-aarch64.conf >$kernel/register
