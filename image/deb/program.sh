#!/bin/bash
# Compiles a program, with what the compiler needs installed first, and prints its path: program.sh firmware|host-tools ARCHITECTURE
# PROGRAM_ARM64, PROGRAM_AMD64, TOOLS_ARM64 and TOOLS_AMD64 name programs that are compiled already.
set -euo pipefail
cd "$(dirname "$0")/../.."
already=PROGRAM_${2^^}
[ "$1" = firmware ] || already=TOOLS_${2^^}
if [ -z "${!already:-}" ]; then
    packages=(gcc libc6-dev pkg-config)
    . image/container/target.sh "$2"
    [ "$1" != firmware ] || packages+=("libasound2-dev:$2")
    [ "$2" = "$(dpkg --print-architecture)" ] || packages+=("gcc-${triplet//_/-}" "libc6-dev-$2-cross")
    [ -d "$(rustc --print sysroot)/lib/rustlib/$rust_target/lib" ] || packages+=(rustc-web "libstd-rust-web-dev:$2")
    scripts/need-packages.sh "${packages[@]}" >&2
fi
image/container/compile.sh "$2" "$1"
