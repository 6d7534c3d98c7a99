#!/bin/bash
# Installs Debian's compiler for the architecture $1: Rust, a C linker, ALSA.
set -euo pipefail
arch=${1:?architecture}
packages=(rustc-web cargo-web gcc libc6-dev pkg-config binutils make bzip2 ca-certificates
    "libstd-rust-web-dev:$arch" "libasound2-dev:$arch" "libgcc-s1:$arch")
if [ "$arch" != "$(dpkg --print-architecture)" ]; then
    dpkg --add-architecture "$arch"
    case "$arch" in
    arm64) packages+=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross) ;;
    amd64) packages+=(gcc-x86-64-linux-gnu libc6-dev-amd64-cross) ;;
    esac
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
rm -rf /var/lib/apt/lists/*
