#!/usr/bin/env bash
# Checks that host-tools works on Windows: it depends on no Unix-only crate there, and it compiles for x86_64-pc-windows-gnu (with
# MinGW's C compiler, for ring).
# Uses the target of the active toolchain if it is installed, else Debian's own rustc with the library's sources. As root on
# Debian it installs missing packages; otherwise it prints a line with SKIPPED and the packages to install, and fails only with
# CI=true.
set -euo pipefail
cd "$(dirname "$0")/.."

target=x86_64-pc-windows-gnu
debian_rustc=/usr/bin/rustc

# Crates that support only Unix. `libc` supports Windows.
unix_only='nix|rustix|linux-raw-sys|termios|termion|signal-hook.*|daemonize|users|uzers|xattr|caps|inotify.*|alsa.*|libudev.*|gpio.*|serialport-unix|fontconfig.*|yeslogic-fontconfig-sys|openssl-sys|jemalloc.*|tikv-jemalloc.*|procfs|mlock|memmap'
found=$(cargo tree --locked -p host-tools --target "$target" -e normal,build --prefix none --format '{p}' |
    cut -d' ' -f1 | sort -u | grep -Ex "$unix_only" || true)
if [ -n "$found" ]; then
    echo "host-tools depends on crates that do not support Windows: ${found//$'\n'/ }" >&2
    exit 1
fi
# Its own code uses no path or interface of Unix, except in tests or behind a `cfg` on the same line or one of the two before.
if find host-tools/src -name '*.rs' ! -path '*/tests*' -print0 | sort -z | xargs -0 awk '
    FNR == 1 { guarded = 0 }
    /cfg!?\(/ { guarded = FNR + 2 }
    /std::os::(unix|linux|fd)|"\/(dev|proc|tmp|etc|sys)\// && FNR > guarded { print FILENAME ":" FNR ": " $0; found = 1 }
    END { exit !found }'; then
    echo "host-tools uses a Unix-only interface or path (above)" >&2
    exit 1
fi
echo "host-tools: no Unix-only crate, interface or path"

# The release profile does not optimise procedural macros, which halves the time. A folder of its own, as for check-no-std.sh.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/windows"
check=(cargo check --release --locked -p host-tools --target "$target")

has_target() { [ -d "$(rustc --print sysroot)/lib/rustlib/$target" ]; }
has_sources() { [ -x "$debian_rustc" ] && [ -d "$("$debian_rustc" --print sysroot)/lib/rustlib/src/rust/library/std" ]; }
packages=()
command -v x86_64-w64-mingw32-gcc >/dev/null || packages+=(gcc-mingw-w64-x86-64-win32)
has_target || has_sources || packages+=(rustc-web rust-web-src)
if [ ${#packages[@]} -gt 0 ] && ! { [ "$(id -u)" -eq 0 ] && scripts/need-packages.sh "${packages[@]}"; }; then
    echo "SKIPPED: host-tools was not compiled for $target; install: apt-get install ${packages[*]} (Debian 12)"
    [ "${CI:-}" != true ] || exit 1
    exit 0
fi
if has_target; then
    "${check[@]}"
else
    # RUSTC_BOOTSTRAP: building the standard library from source is not a stable option.
    RUSTC="$debian_rustc" RUSTC_BOOTSTRAP=1 "${check[@]}" -Zbuild-std=std,panic_abort
fi
echo "host-tools compiles for $target"
