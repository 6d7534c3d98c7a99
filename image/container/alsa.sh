#!/bin/bash
# Compiles libasound from Debian's source with PCM devices only: no mixer, MIDI, sequencer or plugins, and no libm. A third of the size
# of Debian's, with the same interface: alsa.sh ARCHITECTURE FOLDER writes FOLDER/libasound.so.2
set -euo pipefail
# shellcheck source=image/container/target.sh
. "$(dirname "$0")/target.sh" "$1"
folder=$2
[ ! -f "$folder/libasound.so.2" ] || exit 0
mkdir -p "$folder"
folder=$(realpath "$folder")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
# Sources come from the same servers as packages; both forms of a sources list.
mkdir -p list lists/partial
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
    [ ! -f "$file" ] || sed -E 's/^deb /deb-src /; s/^Types:.*/Types: deb-src/' "$file" >"list/$(basename "$file")"
done
apt=(apt-get -qq -o Dir::Etc::SourceList=/dev/null -o "Dir::Etc::SourceParts=$work/list" -o "Dir::State::Lists=$work/lists" -o APT::Sandbox::User=root)
# Other repositories may have no sources.
"${apt[@]}" update || true
"${apt[@]}" source --download-only alsa-lib=1.2.8-1
tar -xf alsa-lib_1.2.8.orig.tar.bz2
cd alsa-lib-1.2.8
{
    ./configure --host="$triplet" --prefix=/usr --disable-aload --disable-mixer --disable-rawmidi --disable-hwdep --disable-seq \
        --disable-ucm --disable-topology --disable-old-symbols --disable-python --with-pcm-plugins=none --with-ctl-plugins=none \
        --with-softfloat CFLAGS="-Os -ffunction-sections -fdata-sections -ffile-prefix-map=$work=/src" \
        LDFLAGS="-Wl,--gc-sections -Wl,--as-needed"
    make -j "$(nproc)" -C src
} >"$work/log" 2>&1 || { tail -n 40 "$work/log" >&2; exit 1; }
"$triplet-strip" -o "$folder/libasound.so.2.part" src/.libs/libasound.so.2.0.0
mv "$folder/libasound.so.2.part" "$folder/libasound.so.2"
