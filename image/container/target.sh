# Sourced: what Debian's architecture $1 is called elsewhere.
case "$1" in
amd64) triplet=x86_64-linux-gnu rust_target=x86_64-unknown-linux-gnu loader=/lib64/ld-linux-x86-64.so.2 ;;
arm64) triplet=aarch64-linux-gnu rust_target=aarch64-unknown-linux-gnu loader=/lib/ld-linux-aarch64.so.1 ;;
*)
    echo "$0: architecture '$1': amd64 and arm64 are what this is made for" >&2
    exit 2
    ;;
esac
