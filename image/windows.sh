#!/bin/bash
# Compiles host-tools for Windows on x86-64 by MinGW and packs it: windows.sh OUT.zip
# Needs rustup's standard library for that target, or Debian's rustc with the library's sources: exit code 3 without either, with a line
# of what to install. TOOLS_WINDOWS names a program that is compiled already.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(realpath -m "$1") target=x86_64-pc-windows-gnu debian_rustc=/usr/bin/rustc
program=${TOOLS_WINDOWS:-}
if [ -z "$program" ]; then
    standard=()
    if [ ! -d "$(rustc --print sysroot)/lib/rustlib/$target/lib" ]; then
        if [ ! -d "$("$debian_rustc" --print sysroot 2>/dev/null)/lib/rustlib/src/rust/library/std" ]; then
            echo "windows: the standard library for $target is missing; run: rustup target add $target" >&2
            exit 3
        fi
        # RUSTC_BOOTSTRAP: building the standard library from source is not a stable option.
        export RUSTC=$debian_rustc RUSTC_BOOTSTRAP=1
        standard=(-Zbuild-std=std,panic_abort)
    fi
    scripts/need-packages.sh gcc-mingw-w64-x86-64-win32 zip >&2
    export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc CC_x86_64_pc_windows_gnu=x86_64-w64-mingw32-gcc
    export RUSTFLAGS="--remap-path-prefix=$PWD=/src --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
    export CARGO_TARGET_DIR="${IMAGE_TARGET_DIR:-target/image}"
    cargo build --release --locked -p host-tools --bin host-tools --target "$target" "${standard[@]}" >&2
    program=$CARGO_TARGET_DIR/$target/release/host-tools.exe
fi
# The program brings every library but those of Windows.
own=$(x86_64-w64-mingw32-objdump -p "$program" | sed -n 's/.*DLL Name: //p' | grep -i '^lib' || true)
[ -z "$own" ] || { echo "windows: $program needs ${own//$'\n'/ }" >&2; exit 1; }
folder=target/image/$(basename "$out" .zip)
rm -rf "$folder"
install -D -m 755 "$program" "$folder/acoustic-monitor-tools.exe"
# The other name of the program.
printf '@"%%~dp0acoustic-monitor-tools.exe" %%*\r\n' >"$folder/host-tools.cmd"
cp LICENSE-MIT LICENSE-APACHE CHANGELOG.md "$folder/"
completions=${MANUAL:-target/man}/completions/_host-tools.ps1
[ ! -f "$completions" ] || cp "$completions" "$folder/completions.ps1"
find "$folder" -exec touch -d "@${SOURCE_DATE_EPOCH:-1700000000}" {} +
rm -f "$out"
(cd target/image && find "$(basename "$folder")" -type f | LC_ALL=C sort | TZ=UTC zip -q -9 -X "$out" -@)
echo "$out: $(stat -c %s "$out") bytes"
