#!/bin/bash
# Installs a QEMU that emulates a Pi 4 (9.0 or later). That of Debian 12 does not; its backports have one.
set -euo pipefail
cd "$(dirname "$0")/../.."
emulates() { qemu-system-aarch64 -M help 2>/dev/null | grep -q '^raspi4b '; }
! emulates || exit 0
. /etc/os-release
if [ "$VERSION_CODENAME" != bookworm ]; then
    scripts/need-packages.sh qemu-system-arm
elif [ "$(id -u)" -ne 0 ]; then
    echo "missing: QEMU 9.0 or later; install qemu-system-arm from bookworm-backports" >&2
    exit 1
else
    echo "installing: qemu-system-arm from bookworm-backports"
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    mkdir -p "$work/lists/partial"
    python3 image/debian_sources.py --release bookworm --backports main >"$work/sources.list"
    apt=(apt-get -qq -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$work/lists" -o APT::Sandbox::User=root)
    exec 9>/run/lock/need-packages
    flock 9
    "${apt[@]}" update 9>&-
    DEBIAN_FRONTEND=noninteractive "${apt[@]}" install -y --no-install-recommends -t bookworm-backports qemu-system-arm >/dev/null 9>&-
fi
emulates || { echo "qemu-system-aarch64 does not emulate raspi4b; QEMU 9.0 or later does" >&2; exit 1; }
