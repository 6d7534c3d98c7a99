#!/bin/bash
# make test-pi: builds for aarch64, packs an initramfs with a recording and a model for it, and boots it under QEMU; then boots the
# card with the same recording, with damaged files, and with an update.
#   pi.sh PART... runs some of the parts: virt raspi3b raspi4b faults update. Without one it runs all.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=target/image/test built=${CARGO_TARGET_DIR:-target}/debug
tools=${HOST_TOOLS:-$built/host-tools} parts=" ${*:-virt raspi3b raspi4b faults update} "
wanted() { [[ $parts == *" $1 "* ]]; }
image/test/qemu.sh
scripts/need-packages.sh mtools cpio kmod gcc-aarch64-linux-gnu libc6-dev-arm64-cross libasound2-dev:arm64 \
    pkg-config libasound2-dev device-tree-compiler xz-utils rustc-web libstd-rust-web-dev:arm64 python3
image/pi/fetch.sh target/image/pi
program=$(image/container/compile.sh arm64)
[ -n "${HOST_TOOLS:-}" ] || cargo build --locked -p host-tools
rm -rf "$work"
# The player of the recording, and the files of a machine that runs from its initramfs alone.
mkdir -p "$work/more/usr/bin" "$work/over/etc/acoustic-monitor"
"$tools" synth --out "$work/data" --seed 1 --timeline-seconds 40 --rate 16000 >/dev/null
"$tools" train --data "$work/data" --out "$work/model" --features logmel >/dev/null
cp "$work/model/sound_classifier.tflite" "$work/over/etc/acoustic-monitor/"
cp "$work"/data/timeline/*.wav "$work/more/recording.wav"
install -m 755 image/test/guest "$work/more/test"
install -m 755 target/image/pi/root/usr/bin/aplay "$work/more/usr/bin/aplay"
image/container/libraries.sh arm64 target/image/pi/root/usr/bin/aplay "$work/more"
cp -a "$work/more/." "$work/over/"
image/pi/trees.sh target/image/pi "$work/trees"
# The first format is that of [capture], the other one that of [stdout].
image/container/configuration.sh /run/acoustic-monitor/status.json | sed -e 's|^device = "default"|device = "hw:Loopback,1"|' \
    -e 's|^rate = 48000|rate = 16000|' -e '0,/^format = "auto"/s//format = "s16"/' -e 's|^device = ""|device = "/dev/ttyS0"|' \
    -e 's|^# smoothing_s = 1.0|smoothing_s = 0.5|' -e 's|^# dwell_s = 1.0|dwell_s = 0.5|' -e 's|^# confidence = 0.6|confidence = 0.6|' \
    -e 's|^# class_confidence = .*|class_confidence = { off_state = 0.6, on_state = 0.6, soft_state = 0.6, solid_state = 0.6 }|' \
    -e 's|^# heartbeat = 22|heartbeat = 5|' -e 's|^# on_state = 17|on_state = 4|' >"$work/over/etc/acoustic-monitor/monitor.toml"
if [ -f target/image/containers/arm64.tar ]; then
    image/container/libraries.sh arm64 target/image/pi/root/usr/sbin/runc "$work/over" target/image/pi/root/usr/lib/aarch64-linux-gnu
    install -D -m 755 target/image/pi/root/usr/sbin/runc "$work/over/usr/bin/runc"
    python3 image/test/bundle.py target/image/containers/arm64.tar "$work/over/container"
    sed -e 's|^device = "default"|device = "hw:Loopback,1"|' -e 's|^rate = 48000|rate = 16000|' -e '0,/^format = "auto"/s//format = "s16"/' \
        "$work/over/container/rootfs/etc/acoustic-monitor/monitor.toml" >"$work/over/etc/acoustic-monitor/container.toml"
fi
if wanted virt; then
    # With the network of the card's default: DHCP, which QEMU answers.
    sed 's/^hostname = .*/hostname = "press-3"/' firmware/network.toml >"$work/over/etc/acoustic-monitor/network.toml"
    NETWORK=1 image/pi/initramfs.sh target/image/pi "$work/trees" "$program" "$work/initrd.gz" "$work/over"
    ls -l "$work/initrd.gz" | awk '{printf "initramfs with the recording: %.1f MB\n", $5 / 1e6}'
    python3 image/test/pi.py --kernel target/image/pi/root/usr/lib/modules/*/vmlinuz --initrd "$work/initrd.gz" --tools "$tools" \
        --timeline "$work"/data/timeline/*.csv --work "$work"
fi
image/sdcard.sh
# Both boards at once: what they do takes as long as the recording, and little of a processor.
status=0
declare -A boards
for board in raspi3b raspi4b; do
    wanted $board || continue
    python3 image/test/pi.py --board $board --card target/image/sdcard.img --more "$work/more" \
        --model "$work/model/sound_classifier.tflite" --config "$work/over/etc/acoustic-monitor/monitor.toml" --tools "$tools" \
        --timeline "$work"/data/timeline/*.csv --work "$work" >"$work/$board.log" 2>&1 &
    boards[$board]=$!
done
for board in "${!boards[@]}"; do
    wait "${boards[$board]}" || status=1
    cat "$work/$board.log"
done
[ $status -eq 0 ] || exit 1
# Neither of the last two parts is timed: one beside the other.
faults=
if wanted faults; then
    python3 image/test/card.py target/image/sdcard.img "$work/model/sound_classifier.tflite" "$tools" "$work/card" >"$work/faults.log" 2>&1 &
    faults=$!
fi
if wanted update; then
    echo "an update of the card, and power cuts"
    "$tools" synth --out "$work/other" --seed 2 --timeline-seconds 0 --rate 16000 >/dev/null
    "$tools" train --data "$work/other" --out "$work/other-model" --features logmel >/dev/null
    [ -n "${HOST_FIRMWARE:-}" ] || cargo build --locked -p firmware
    python3 image/test/update.py target/image/sdcard.img "$work/model/sound_classifier.tflite" \
        "$work/other-model/sound_classifier.tflite" "${HOST_FIRMWARE:-$built/firmware}" "$work/update" || status=1
fi
if [ -n "$faults" ]; then
    wait "$faults" || status=1
    echo "the card with damaged files"
    cat "$work/faults.log"
fi
exit $status
