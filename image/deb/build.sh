#!/bin/bash
# make deb: builds a Debian package, reproducibly. deb/build.sh [ARCHITECTURE...]
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- arm64
export SOURCE_DATE_EPOCH=1700000000
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
for arch in "$@"; do
    packages=(gcc libc6-dev pkg-config "libasound2-dev:$arch")
    . image/container/target.sh "$arch"
    [ "$arch" = "$(dpkg --print-architecture)" ] || packages+=("gcc-${triplet//_/-}")
    [ -d "$(rustc --print sysroot)/lib/rustlib/$rust_target/lib" ] || packages+=(rustc-web "libstd-rust-web-dev:$arch")
    scripts/need-packages.sh "${packages[@]}"
    program=$(image/container/compile.sh "$arch")
    root=target/image/deb-$arch
    rm -rf "$root"
    install -D -m 755 "$program" "$root/usr/bin/firmware"
    install -d -m 755 "$root/DEBIAN" "$root/etc/monitor" "$root/usr/share/doc/acoustic-monitor"
    image/container/configuration.sh /run/monitor/status.json >"$root/etc/monitor/monitor.toml"
    install -D -m 644 image/systemd/acoustic-monitor.service "$root/lib/systemd/system/acoustic-monitor.service"
    install -m 644 image/deb/copyright "$root/usr/share/doc/acoustic-monitor/copyright"
    install -m 755 image/deb/postinst image/deb/prerm "$root/DEBIAN/"
    echo /etc/monitor/monitor.toml >"$root/DEBIAN/conffiles"
    sed -e "s/@VERSION@/$version/" -e "s/@ARCH@/$arch/" -e "s/@SIZE@/$(du -sk --apparent-size "$root/usr" | cut -f1)/" \
        image/deb/control >"$root/DEBIAN/control"
    chmod -R u=rwX,go=rX "$root"
    deb=target/image/acoustic-monitor_${version}_$arch.deb
    dpkg-deb --root-owner-group -Zxz --build "$root" "$deb" >/dev/null
    sha256sum "$deb"
done
