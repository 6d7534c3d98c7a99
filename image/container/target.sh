# shellcheck shell=bash disable=SC2034
# Source this: names of Debian's architecture $1 in GCC, Rust and the dynamic linker.
case "$1" in
amd64) triplet=x86_64-linux-gnu rust_target=x86_64-unknown-linux-gnu loader=/lib64/ld-linux-x86-64.so.2 ;;
arm64) triplet=aarch64-linux-gnu rust_target=aarch64-unknown-linux-gnu loader=/lib/ld-linux-aarch64.so.1 ;;
*)
    echo "$0: architecture '$1' is not supported; use amd64 or arm64" >&2
    exit 2
    ;;
esac
