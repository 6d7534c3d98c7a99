#!/bin/bash
# make release: builds the files of a release into target/release-VERSION, with checksums, SBOMs and notes.
#   release.sh VERSION
# PARTS="source programs static windows deb apt container card sbom" selects, by default all but apt; ARCH="amd64 arm64" the
# architectures. MINISIGN_KEY=FILE signs the checksums by minisign. ADDRESS=https://... is where the files will lie, for the list of card
# images. PROGRAM_ARM64, PROGRAM_AMD64, TOOLS_ARM64 and TOOLS_AMD64 name programs that are compiled already.
# The tree must be committed, and VERSION be that of Cargo.toml and of a section of CHANGELOG.md.
set -euo pipefail
cd "$(dirname "$0")/.."
version=${1:-}
read -ra parts <<<"${PARTS:-source programs static windows deb container card sbom}"
read -ra arches <<<"${ARCH:-amd64 arm64}"
refuse() { echo "release: $*" >&2; exit 1; }

[ -n "$version" ] || { echo "usage: make release VERSION=0.2.0 (the version of Cargo.toml)" >&2; exit 2; }
for part in "${parts[@]}"; do
    [[ " source programs static windows deb apt container card sbom " == *" $part "* ]] || refuse "PARTS: there is no part '$part'"
done
own=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
[ "$version" = "$own" ] || refuse "VERSION=$version, but Cargo.toml has $own: change its version, or give VERSION=$own"
notes=$(scripts/release-notes.py "$version") || exit 1
changes=$(git status --porcelain)
[ -z "$changes" ] || refuse "there are changes that are not committed; commit or stash them:"$'\n'"$changes"
[ -z "${MINISIGN_KEY:-}" ] || [ -f "$MINISIGN_KEY" ] || refuse "MINISIGN_KEY=$MINISIGN_KEY: there is no such file; make a key by: minisign -G -s FILE"

out=$PWD/target/release-$version
rm -rf "$out"
mkdir -p "$out"
export SOURCE_DATE_EPOCH=1700000000
commit=$(git rev-parse --short=12 HEAD)
export ACOUSTIC_MONITOR_COMMIT=$commit
has() { [[ " ${parts[*]} " == *" $1 "* ]]; }

# Packs a folder below target/image, named as the archive, with the same bytes every time: pack FOLDER
pack() {
    find "$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
    (cd "$(dirname "$1")" && tar --create --sort=name --owner=0 --group=0 --numeric-owner --format=gnu "$(basename "$1")") |
        xz -6 --threads=1 >"$out/$(basename "$1").tar.xz"
}

# A program with its man pages, completions and licences: archive NAME COMMAND PROGRAM
archive() {
    local folder=target/image/$1-$version-linux-$arch
    rm -rf "$folder"
    install -D -m 755 "$3" "$folder/bin/${1}"
    ln -s "$1" "$folder/bin/$2"
    image/deb/manual.sh "$folder/share" "$1" "$2"
    install -m 644 LICENSE-MIT LICENSE-APACHE CHANGELOG.md "$folder/"
    if [ "$2" = firmware ]; then
        install -D -m 644 image/systemd/acoustic-monitor.service "$folder/lib/systemd/system/acoustic-monitor.service"
        install -D -m 644 firmware/monitor.toml "$folder/etc/acoustic-monitor/monitor.toml"
    fi
    pack "$folder"
}

! has source || {
    git archive --format=tar --prefix="acoustic-monitor-$version/" HEAD | xz -6 --threads=1 >"$out/acoustic-monitor-$version.tar.xz"
}
if has programs || has static || has windows || has deb || has apt; then
    [ -d "${MANUAL:-target/man}/man1" ] || make man
    ! has programs && ! has deb && ! has apt || for arch in "${arches[@]}"; do
        for name in firmware host-tools; do
            variable=PROGRAM_${arch^^}
            [ "$name" = firmware ] || variable=TOOLS_${arch^^}
            # Packages take the same files.
            program=$(image/deb/program.sh "$name" "$arch")
            export "$variable=$program"
            ! has programs || case "$name" in
            firmware) archive acoustic-monitor firmware "$program" ;;
            host-tools) archive acoustic-monitor-tools host-tools "$program" ;;
            esac
        done
    done
fi
# What this machine's compilers cannot make (code 3) is left out, and named.
missing=()
if has static; then
    status=0
    program=$(image/static.sh) || status=$?
    case $status in
    0) arch=amd64-static && archive acoustic-monitor-tools host-tools "$program" ;;
    3) missing+=("static") ;;
    *) exit $status ;;
    esac
fi
if has windows; then
    status=0
    image/windows.sh "$out/acoustic-monitor-tools-$version-windows-x86_64.zip" || status=$?
    case $status in
    0) ;;
    3) missing+=("windows") ;;
    *) exit $status ;;
    esac
fi
if has deb || has apt; then
    image/deb/build.sh "${arches[@]}"
    for arch in "${arches[@]}"; do
        cp target/image/acoustic-monitor{,-tools}_"${version}_$arch.deb" "$out/"
    done
fi
if has apt; then
    image/apt/repository.sh "$out/apt" "$out"/*.deb
    tar --create --sort=name --owner=0 --group=0 --numeric-owner -C "$out" apt | xz -6 --threads=1 >"$out/acoustic-monitor-$version-apt.tar.xz"
    rm -r "$out/apt"
fi
if has container; then
    image/image.sh "${arches[@]}"
    cp target/image/acoustic-monitor-oci.tar "$out/acoustic-monitor-$version-oci.tar"
    for arch in "${arches[@]}"; do
        cp "target/image/acoustic-monitor-$arch.tar" "$out/acoustic-monitor-$version-container-$arch.tar"
    done
fi
if has card; then
    image/sdcard-release.sh
    cp target/image/card/*.img.xz target/image/card/*.bmap target/image/card/os_list.json "$out/"
fi
! has sbom || for what in firmware "firmware amd64" "firmware arm64" host-tools; do
    read -r program arch <<<"$what"
    [ -z "$arch" ] || { has container && [[ " ${arches[*]} " == *" $arch "* ]]; } || continue
    python3 scripts/sbom.py $what >"$out/acoustic-monitor-$version-$program${arch:+-container-$arch}.cdx.json"
done
printf '%s\n' "$notes" >"$out/NOTES.md"
# What to do with these files: the guide's page, with this version, and without links, which lead into the source.
sed -E -e 's/\[([^]]*)\]\([^)]*\)/\1/g' -e "s/VERSION/$version/g" docs/guide/installing.md >"$out/INSTALL.md"
(cd "$out" && sha256sum -- * >SHA256SUMS.part && mv SHA256SUMS.part SHA256SUMS)
if [ -n "${MINISIGN_KEY:-}" ]; then
    scripts/need-packages.sh minisign
    minisign -S -s "$MINISIGN_KEY" -m "$out/SHA256SUMS" -t "acoustic-monitor $version, commit $commit"
else
    echo "release: not signed: give MINISIGN_KEY=FILE"
fi
[ ${#missing[@]} -eq 0 ] || echo "release: NOT built, see above: ${missing[*]}"
echo "release $version of commit $commit: $(wc -l <"$out/SHA256SUMS") files, $(du -sh "$out" | cut -f1), in ${out#"$PWD/"}"
echo "to publish it: git tag -s v$version && git push --tags"
