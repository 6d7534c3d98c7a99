#!/usr/bin/env bash
# Checks that the core builds for a microcontroller: no operating system, no allocator (thumbv7em-none-eabihf, a Cortex-M4F).
# Uses the target of the active toolchain if it is installed, else Debian's own rustc with the library's sources.
# Installs nothing; exit code 2 if neither is there.
set -euo pipefail
cd "$(dirname "$0")/.."

target=thumbv7em-none-eabihf
debian_rustc=/usr/bin/rustc
# A folder of its own: another compiler and other flags than the host's builds.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/no-std"
# The release profile does not optimise procedural macros, which halves the time.
check=(cargo check --release --locked -p monitor-core -p monitor-wire --lib --target "$target")

if [ -d "$(rustc --print sysroot)/lib/rustlib/$target" ]; then
    "${check[@]}"
elif [ -x "$debian_rustc" ] && [ -d "$("$debian_rustc" --print sysroot)/lib/rustlib/src/rust/library/core" ]; then
    # RUSTC_BOOTSTRAP: building the core library from source is not a stable option.
    RUSTC="$debian_rustc" RUSTC_BOOTSTRAP=1 "${check[@]}" -Zbuild-std=core
else
    cat >&2 <<END
cannot check the core for $target: its core library is missing. Install one of
  rustup target add $target
  apt-get install --no-install-recommends rustc-web rust-web-src    (Debian 12)
END
    exit 2
fi
echo "the core builds for $target"
