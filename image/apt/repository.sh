#!/bin/bash
# make apt-repository: makes a signed apt repository of packages: repository.sh FOLDER PACKAGE.deb...
# APT_KEY names a key of gpg (an address or a fingerprint) that signs it. Without one, a key without a password is made in
# target/image/apt-key, for this machine's tests and for a plant without a key of its own: whoever can read that folder can sign.
# Publish FOLDER by any web server, or copy it to a USB stick; FOLDER/acoustic-monitor.sources says how apt uses it.
# Source of the format: https://wiki.debian.org/DebianRepository/Format
set -euo pipefail
[ $# -ge 2 ] || { echo "usage: repository.sh FOLDER PACKAGE.deb..." >&2; exit 2; }
here=$(cd "$(dirname "$0")/../.." && pwd)
folder=$1
shift
"$here/scripts/need-packages.sh" apt-utils gpg gpg-agent
for package in "$@"; do
    [ -f "$package" ] || { echo "apt: there is no package $package; make it by: make deb" >&2; exit 1; }
done
key=${APT_KEY:-}
if [ -z "$key" ]; then
    key=apt@acoustic-monitor.invalid
    export GNUPGHOME=$here/target/image/apt-key
    mkdir -p -m 700 "$GNUPGHOME"
    gpg --batch --list-secret-keys "$key" >/dev/null 2>&1 ||
        gpg --batch --quiet --passphrase '' --quick-generate-key "acoustic-monitor <$key>" ed25519 sign never
fi
gpg --batch --list-secret-keys "$key" >/dev/null 2>&1 || { echo "apt: APT_KEY=$key: gpg has no secret key of that name" >&2; exit 1; }

new=$folder.part
rm -rf "$new"
mkdir -p "$new/pool"
# apt-ftparchive passes over files that are not named as Debian names packages.
for package in "$@"; do
    # shellcheck disable=SC2016 # dpkg-deb's own variables.
    cp "$package" "$new/pool/$(dpkg-deb --show --showformat '${Package}_${Version}_${Architecture}.deb' "$package")"
done
cd "$new"
architectures=$(for package in pool/*.deb; do dpkg-deb -f "$package" Architecture; done | sort -u)
for architecture in $architectures; do
    binary=dists/stable/main/binary-$architecture
    mkdir -p "$binary"
    apt-ftparchive --arch "$architecture" packages pool >"$binary/Packages"
    gzip -9nk "$binary/Packages"
done
listed=$(sed -n 's/^Filename: //p' dists/stable/main/binary-*/Packages | sort -u | wc -l)
[ "$listed" = $# ] || { echo "apt: $listed of $# packages are in the lists; are two of them the same?" >&2; exit 1; }
apt-ftparchive -o APT::FTPArchive::Release::Origin=acoustic-monitor -o APT::FTPArchive::Release::Label=acoustic-monitor \
    -o APT::FTPArchive::Release::Suite=stable -o APT::FTPArchive::Release::Codename=stable \
    -o APT::FTPArchive::Release::Architectures="${architectures//$'\n'/ }" -o APT::FTPArchive::Release::Components=main \
    release dists/stable >Release
mv Release dists/stable/Release
gpg --batch --yes --local-user "$key" --clearsign --output dists/stable/InRelease dists/stable/Release
gpg --batch --yes --local-user "$key" --armor --detach-sign --output dists/stable/Release.gpg dists/stable/Release
gpg --batch --yes --export --output acoustic-monitor.gpg "$key"
cat >acoustic-monitor.sources <<'SOURCES'
# Copy this file to /etc/apt/sources.list.d/ and acoustic-monitor.gpg to /etc/apt/keyrings/, and write the address of the repository in
# place of this one. Then: apt-get update && apt-get install acoustic-monitor
Types: deb
URIs: https://apt.example.org/acoustic-monitor
Suites: stable
Components: main
Signed-By: /etc/apt/keyrings/acoustic-monitor.gpg
SOURCES
cd - >/dev/null
rm -rf "$folder"
mv "$new" "$folder"
echo "$folder: $# packages for ${architectures//$'\n'/ }, signed by $(gpg --batch --with-colons --list-keys "$key" | sed -n 's/^fpr:*\([0-9A-F]*\):.*/\1/p' | head -n 1)"
