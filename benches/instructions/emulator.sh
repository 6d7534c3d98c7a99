# shellcheck shell=bash
# Source this from the repository's root: makes `instructions`, which counts those of a program for 64-bit Arm. Files are in $work.
work=$PWD/target/count-instructions
mkdir -p "$work/debs"
cc -O2 -shared -fPIC -o "$work/count.so" benches/instructions/count.c
# Only Debian's qemu-user supports plugins, but it conflicts with qemu-user-static: it is unpacked, not installed.
if [ ! -e "$work/qemu/usr/bin/qemu-aarch64" ]; then
    (cd "$work/debs" && apt-get download -qq qemu-user/bookworm)
    dpkg -x "$work"/debs/qemu-user_*.deb "$work/qemu"
fi

# instructions CPU COMMAND...: those of one run.
instructions() {
    "$work/qemu/usr/bin/qemu-aarch64" -cpu "$1" -plugin "$work/count.so" "${@:2}" 2>&1 >/dev/null | sed -n 's/^instructions //p'
}
