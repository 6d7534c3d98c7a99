#!/bin/bash
# make deb: builds the Debian packages acoustic-monitor (the device's program) and acoustic-monitor-tools (the workstation's), reproducibly.
#   deb/build.sh [ARCHITECTURE...]    default amd64 and arm64
# PACKAGES="firmware tools" selects. PROGRAM_ARM64, PROGRAM_AMD64, TOOLS_ARM64 and TOOLS_AMD64 name programs that are compiled already.
# VERSION replaces the version of Cargo.toml. MANUAL names the folder of man pages and completions, by default target/man as `make man` writes it; without it there are none.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- amd64 arm64
export SOURCE_DATE_EPOCH=1700000000
version=${VERSION:-$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)}
manual=${MANUAL:-target/man}

# Compiles what is not there yet and prints its path: program PACKAGE ARCHITECTURE
program() {
    local prefix=PROGRAM name=firmware
    [ "$1" = firmware ] || prefix=TOOLS name=host-tools
    local already=${prefix}_${2^^}
    if [ -z "${!already:-}" ]; then
        local triplet rust_target packages=(gcc libc6-dev pkg-config)
        . image/container/target.sh "$2"
        [ "$1" != firmware ] || packages+=("libasound2-dev:$2")
        [ "$2" = "$(dpkg --print-architecture)" ] || packages+=("gcc-${triplet//_/-}" "libc6-dev-$2-cross")
        [ -d "$(rustc --print sysroot)/lib/rustlib/$rust_target/lib" ] || packages+=(rustc-web "libstd-rust-web-dev:$2")
        scripts/need-packages.sh "${packages[@]}" >&2
    fi
    image/container/compile.sh "$2" "$name"
}

# What both packages have: documents FOLDER NAME PROGRAM ALIAS
documents() {
    local share=$1/usr/share
    ln -s "$3" "$1/usr/bin/$4"
    install -D -m 644 image/deb/copyright "$share/doc/$2/copyright"
    python3 image/deb/changelog.py "$2" "$version" | gzip -9n >"$share/doc/$2/changelog.gz"
    if [ -d "$manual/man1" ]; then
        install -d "$share/man/man1"
        for page in "$manual/man1/$3".1 "$manual/man1/$3"-*.1; do
            [ ! -f "$page" ] || gzip -9nc "$page" >"$share/man/man1/$(basename "$page").gz"
        done
        ln -s "$3.1.gz" "$share/man/man1/$4.1.gz"
        install -D -m 644 "$manual/completions/$3.bash" "$share/bash-completion/completions/$3"
        install -D -m 644 "$manual/completions/_$3" "$share/zsh/vendor-completions/_$3"
        install -D -m 644 "$manual/completions/$3.fish" "$share/fish/vendor_completions.d/$3.fish"
    fi
}

# The device's own files: device FOLDER
device() {
    install -d "$1/etc/monitor" "$1/usr/share/lintian/overrides"
    image/container/configuration.sh /run/monitor/status.json >"$1/etc/monitor/monitor.toml"
    echo /etc/monitor/monitor.toml >"$1/DEBIAN/conffiles"
    install -D -m 644 image/systemd/acoustic-monitor.service "$1/lib/systemd/system/acoustic-monitor.service"
    install -m 755 image/deb/firmware/postinst image/deb/firmware/prerm image/deb/firmware/postrm "$1/DEBIAN/"
    install -m 644 image/deb/firmware/lintian "$1/usr/share/lintian/overrides/acoustic-monitor"
}

for arch in "$@"; do
    for package in ${PACKAGES:-firmware tools}; do
        name=acoustic-monitor command=firmware
        [ "$package" = firmware ] || name=acoustic-monitor-tools command=host-tools
        file=$(program "$package" "$arch")
        root=target/image/$name-$arch
        rm -rf "$root"
        install -D -m 755 "$file" "$root/usr/bin/$command"
        install -d "$root/DEBIAN"
        documents "$root" "$name" "$command" "$name"
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
