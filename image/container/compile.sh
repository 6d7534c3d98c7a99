#!/bin/bash
# Compiles the program $2 (firmware by default, or host-tools) for the architecture $1 and prints its path. Uses Debian's compiler if
# the active toolchain has no standard library for that target (`rustup target add` installs one). PROGRAM_ARM64 or PROGRAM_AMD64 names
# a firmware that is compiled already, TOOLS_ARM64 or TOOLS_AMD64 a host-tools.
set -euo pipefail
cd "$(dirname "$0")/../.."
name=${2:-firmware}
already=PROGRAM_${1^^}
[ "$name" = firmware ] || already=TOOLS_${1^^}
if [ -n "${!already:-}" ]; then
    echo "${!already}"
    exit 0
fi
. image/container/target.sh "$1"
if [ ! -d "$(rustc --print sysroot 2>/dev/null)/lib/rustlib/$rust_target/lib" ]; then
    export RUSTC=/usr/bin/rustc
fi
variable=$(echo "$rust_target" | tr a-z- A-Z_)
export "CARGO_TARGET_${variable}_LINKER=$triplet-gcc" "CC_${rust_target//-/_}=$triplet-gcc"
export PKG_CONFIG_ALLOW_CROSS=1 "PKG_CONFIG_LIBDIR_${rust_target//-/_}=/usr/lib/$triplet/pkgconfig:/usr/share/pkgconfig"
# No path of the building machine in the program, so that builds are reproducible anywhere.
export RUSTFLAGS="--remap-path-prefix=$PWD=/src --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
# A panic aborts: no unwind tables.
RUSTFLAGS+=" -C force-unwind-tables=no"
export CARGO_TARGET_DIR="${IMAGE_TARGET_DIR:-target/image}"
# The firmware crate and the dependencies are compiled for size; the signal chain, which does nearly all of the work, and the crates
# that it calls are compiled for speed.
# The workstation has room: there everything is compiled for speed.
small=(--config 'profile.release.package."*".opt-level="s"')
small+=(--config 'profile.release.package.firmware.opt-level="s"')
# Cargo (1.95, 1.96) forgets the profile's `strip` for a package with settings of its own.
small+=(--config 'profile.release.package.firmware.strip=true')
for hot in microfft libm ringbuf heapless bytemuck; do
    small+=(--config "profile.release.package.$hot.opt-level=3")
done
[ "$name" = firmware ] || small=()
cargo build "${small[@]}" --release --locked -p "$name" --bin "$name" --target "$rust_target" >&2
program=$CARGO_TARGET_DIR/$rust_target/release/$name
[[ $(readelf --sections --wide "$program") != *" .symtab "* ]] || { echo "compile.sh: $program has symbols: megabytes" >&2; exit 1; }
echo "$program"
