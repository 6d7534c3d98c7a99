#!/bin/bash
# make sdcard-release: the card image as a download, without and with network: packed, with a block map for bmaptool, checksums and the
# list for Raspberry Pi Imager, in target/image/card. Equal sources make equal files.
#   ADDRESS=https://... is where the files will lie; without it the list names the folder on this machine.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/need-packages.sh xz-utils bmap-tools mtools python3
out=$PWD/target/image/card
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
rm -rf "$out"
mkdir -p "$out"
images=()
for network in "" 1; do
    image=$out/acoustic-monitor-$version-card${network:+-network}.img
    MODEL='' NETWORK=$network image/sdcard.sh
    # Of a card only what is mapped is written. All up to the last byte that is not zero is: with it the tables of the file system, in which
    # zeros count, whatever the card held before.
    python3 - "target/image/sdcard${network:+-network}.img" "$image" <<'PY'
import sys
data = open(sys.argv[1], "rb").read()
used = -(-len(data.rstrip(b"\0")) >> 20) << 20
with open(sys.argv[2], "wb") as file:
    file.write(data[:used])
    file.truncate(len(data))
PY
    bmaptool -q create -o "$image.bmap" "$image"
    xz --threads=1 -6 --keep "$image"
    # What bmaptool writes over another card's content is this card.
    head -c "$(stat -c %s "$image")" /dev/zero | tr '\0' '\377' >"$out/other"
    bmaptool -q copy --bmap "$image.bmap" "$image.xz" "$out/other"
    mkdir "$out/files" "$out/written"
    MTOOLS_SKIP_CHECK=1 mcopy -s -n -i "$image@@4M" :: "$out/files"
    MTOOLS_SKIP_CHECK=1 mcopy -s -n -i "$out/other@@4M" :: "$out/written"
    diff -r "$out/files" "$out/written"
    rm -rf "$out/files" "$out/written" "$out/other"
    images+=("$image")
done
python3 image/os_list.py "${ADDRESS:-file://$out}" "$(git log -1 --format=%cs)" "${images[@]}" >"$out/os_list.json"
rm "${images[@]}"
(cd "$out" && sha256sum -- * >SHA256SUMS)
ls -l "$out"
