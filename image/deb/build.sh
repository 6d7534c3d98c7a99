#!/bin/bash
# make deb: builds the Debian packages acoustic-monitor (the device's program) and acoustic-monitor-tools (the workstation's), reproducibly.
#   deb/build.sh [ARCHITECTURE...]    default amd64 and arm64
# PACKAGES="firmware tools" selects. PROGRAM_ARM64, PROGRAM_AMD64, TOOLS_ARM64 and TOOLS_AMD64 name programs that are compiled already.
# VERSION replaces the version of Cargo.toml. MANUAL names the folder of man pages and completions, by default target/man as
# `make man` writes it; without it there are none.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- amd64 arm64
export SOURCE_DATE_EPOCH=1700000000
version=${VERSION:-$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)}

# What both packages have: documents FOLDER NAME COMMAND. NAME is the program's, and COMMAND a link to it.
documents() {
    local share=$1/usr/share
    ln -s "$2" "$1/usr/bin/$3"
    install -D -m 644 image/deb/copyright "$share/doc/$2/copyright"
    python3 image/deb/changelog.py "$2" "$version" | gzip -9n >"$share/doc/$2/changelog.gz"
    image/deb/manual.sh "$share" "$2" "$3"
}

# The device's own files: device FOLDER
device() {
    install -d "$1/etc/acoustic-monitor" "$1/usr/share/lintian/overrides"
    image/container/configuration.sh /run/acoustic-monitor/status.json >"$1/etc/acoustic-monitor/monitor.toml"
    echo /etc/acoustic-monitor/monitor.toml >"$1/DEBIAN/conffiles"
    install -D -m 644 image/systemd/acoustic-monitor.service "$1/usr/lib/systemd/system/acoustic-monitor.service"
    install -m 755 image/deb/firmware/{preinst,postinst,prerm,postrm} "$1/DEBIAN/"
    install -m 644 image/deb/firmware/lintian "$1/usr/share/lintian/overrides/acoustic-monitor"
}

for arch in "$@"; do
    for package in ${PACKAGES:-firmware tools}; do
        name=acoustic-monitor command=firmware
        [ "$package" = firmware ] || name=acoustic-monitor-tools command=host-tools
        file=$(image/deb/program.sh "$command" "$arch")
        root=target/image/$name-$arch
        rm -rf "$root"
        install -D -m 755 "$file" "$root/usr/bin/$name"
        install -d "$root/DEBIAN"
        documents "$root" "$name" "$command"
        [ "$package" = tools ] || device "$root"
        sed -e "s/@VERSION@/$version/" -e "s/@ARCH@/$arch/" -e "s/@SIZE@/$(du -sk --apparent-size "$root/usr" | cut -f1)/" \
            "image/deb/$package/control" >"$root/DEBIAN/control"
        (cd "$root" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
        chmod -R u=rwX,go=rX "$root"
        deb=target/image/${name}_${version}_$arch.deb
        dpkg-deb --root-owner-group -Zxz --build "$root" "$deb" >/dev/null
        sha256sum "$deb"
    done
done
