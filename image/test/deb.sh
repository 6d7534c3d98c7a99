#!/bin/bash
# make test-deb: builds the Debian packages twice (equal bytes), checks them by lintian, puts them into a signed apt repository, and
# installs them in Debian 12 and 13 with systemd running: by the guide's four commands from a folder of downloads (new-user.py), and
# from the repository: started, upgraded from version 0.1, removed, purged (deb-inside.sh). SKIPPED after the repository without a Docker
# engine.
#   deb.sh [ARCHITECTURE]    by default this machine's; another one is emulated, and its unit is not started
# SUITES="bookworm trixie" selects. The variables of image/deb/build.sh name programs that are compiled already; for this machine
# HOST_TOOLS and HOST_FIRMWARE, too.
set -euo pipefail
cd "$(dirname "$0")/../.."
own=$(dpkg --print-architecture)
arch=${1:-$own} work=$PWD/target/image/deb-test
rm -rf "$work"
mkdir -p "$work"
scripts/need-packages.sh lintian
if [ "$arch" = "$own" ]; then
    # As a release has them: without symbols.
    for given in "PROGRAM ${HOST_FIRMWARE:-}" "TOOLS ${HOST_TOOLS:-}"; do
        read -r kind program <<<"$given"
        [ -n "$program" ] || continue
        strip -o "$work/${program##*/}" "$program"
        export "${kind}_${arch^^}=$work/${program##*/}"
    done
fi
image/deb/build.sh "$arch" >"$work/first"
image/deb/build.sh "$arch" | tee "$work/second"
cmp "$work/first" "$work/second"
mapfile -t debs < <(awk '{print $2}' "$work/second")
tolerated=()
# Without `make man` there are no man pages to package.
[ -d "${MANUAL:-target/man}/man1" ] || tolerated=(--suppress-tags no-manual-page)
lintian --fail-on error,warning "${tolerated[@]}" "${debs[@]}" 2>&1 | grep -v '^running with root' || [ "${PIPESTATUS[0]}" -eq 0 ]
echo "  ok   lintian has no complaint"

# Packs a folder quickly: repack FOLDER PACKAGE
repack() { dpkg-deb --root-owner-group -Zgzip -z1 --build "$1" "$2" >/dev/null; }
# A package with the paths of version 0.1, around the same program: for the upgrade.
former=$work/former
dpkg-deb -R "${debs[0]}" "$former"
mv -f "$former/usr/bin/acoustic-monitor" "$former/usr/bin/firmware"
ln -s firmware "$former/usr/bin/acoustic-monitor"
mv "$former/etc/acoustic-monitor" "$former/etc/monitor"
# Debian has merged /lib into /usr/lib since.
mkdir "$former/lib" && mv "$former/usr/lib/systemd" "$former/lib/" && rmdir "$former/usr/lib"
sed -i -E 's#/(etc|run|var/lib)/acoustic-monitor#/\1/monitor#' "$former/etc/monitor/monitor.toml"
sed -i -E 's#/usr/bin/acoustic-monitor#/usr/bin/firmware#; s#^(Runtime|State)Directory=.*#\1Directory=monitor#' "$former"/lib/systemd/system/*.service
echo /etc/monitor/monitor.toml >"$former/DEBIAN/conffiles"
rm "$former/DEBIAN/preinst" "$former/DEBIAN/md5sums"
sed -i -e '/^dpkg-maintscript-helper/d' -e '/^# What an administrator has put/,/^fi$/d' "$former/DEBIAN/postinst" "$former/DEBIAN/postrm"
sed -i 's/^Version: .*/Version: 0.1.0/' "$former/DEBIAN/control"
repack "$former" "$work/former.deb"
# The repository of this version, and one of a later one, which a disabled unit must survive.
image/apt/repository.sh "$work/now" "${debs[@]}"
for deb in "${debs[@]}"; do
    later=$work/$(basename "$deb" .deb)
    dpkg-deb -R "$deb" "$later"
    sed -i 's/^Version: .*/Version: 99.0/' "$later/DEBIAN/control"
    repack "$later" "$later-later.deb"
done
image/apt/repository.sh "$work/later" "$work"/*-later.deb
passed=2
echo "  ok   a signed apt repository has both packages"
if ! docker version >/dev/null 2>&1; then
    echo "SKIPPED: no Docker engine runs here; the packages were not installed"
    exit 0
fi
[ "$arch" = "$own" ] || image/emulate.sh
install -m 755 image/test/deb-inside.sh "$work/inside.sh"
mkdir "$work/download"
cp "${debs[@]}" "$work/download/"
chmod -R a+rX "$work"
suites=(${SUITES:-bookworm trixie})
container=acoustic-monitor-deb-test
trap 'docker rm -f "${suites[@]/#/$container-}" >/dev/null 2>&1 || true' EXIT
# A new container of the suite.
fresh() {
    docker rm -f "$container-$suite" >/dev/null 2>&1 || true
    image/test/systemd.sh "$suite" "$container-$suite" -v "$work:/packages:ro"
}
# All that is done in one suite.
in_suite() {
    # The guide's lines are for a PC, and promise a time.
    if [ "$arch" = amd64 ] && [ "$own" = amd64 ]; then
        fresh
        # A Debian that somebody uses has lists of packages; this one has none yet. The folder can be written to, as one of downloads can.
        docker exec "$container-$suite" sh -c 'apt-get update -qq && cp -r /packages/download /root/'
        python3 image/test/new-user.py docs/guide/installing.md "Try it in four commands" "$container-$suite" /root/download
    fi
    fresh
    docker exec "$container-$suite" /packages/inside.sh "$arch" "$suite"
}
# The suites beside each other: much of it waits, for the network, for systemd and for sound.
running=() status=0
for suite in "${suites[@]}"; do
    (set -e; in_suite) >"$work/$suite.log" 2>&1 &
    running+=($!)
done
for i in "${!suites[@]}"; do
    wait "${running[$i]}" || status=1
    cat "$work/${suites[$i]}.log"
    passed=$((passed + $(grep -c '^  ok ' "$work/${suites[$i]}.log" || true)))
done
[ $status -eq 0 ] || { echo "deb: $passed passed, and a suite failed, see above" >&2; exit 1; }
echo "$passed passed, 0 failed"
