#!/bin/bash
# Writes the device trees of the card: trees.sh FETCHED FOLDER
set -euo pipefail
here=$(dirname "$0") folder=$2
trees=$1/root/usr/lib/modules/$(cat "$1/done")/dtb/broadcom
mkdir -p "$folder/overlays"
cp "$trees"/bcm2837-rpi-{3-b,3-b-plus,zero-2-w}.dtb "$trees"/bcm2711-rpi-4-b.dtb "$trees"/bcm2712-rpi-5-b.dtb "$folder/"
# The serial line of the header is the other one, /dev/ttyS1; Bluetooth is not used.
for tree in "$folder"/bcm2837-*.dtb "$folder"/bcm2711-*.dtb; do
    fdtput -t s "$tree" /soc/serial@7e201000/bluetooth status disabled
done
# With a microphone on the I2S pins. The kernel has no driver for those of a Pi 5.
dtc -q -I dts -O dtb -o "$folder/i2s.dtbo" "$here/i2s.dts"
for tree in "$folder"/bcm2837-*.dtb "$folder"/bcm2711-*.dtb; do
    fdtoverlay -i "$tree" -o "${tree%.dtb}-i2s.dtb" "$folder/i2s.dtbo"
done
rm "$folder/i2s.dtbo"
# The chip of later Pi 5 has another stepping, D0: for it the boot stage applies this overlay. Together they must be Debian's tree.
python3 "$here/overlay.py" "$trees"/bcm2712-rpi-5-b.dtb "$trees"/bcm2712-d-rpi-5-b.dtb |
    dtc -q -I dts -O dtb -o "$folder/overlays/bcm2712d0.dtbo" -
fdtoverlay -i "$folder/bcm2712-rpi-5-b.dtb" -o "$folder/d0.dtb" "$folder/overlays/bcm2712d0.dtbo"
diff <(dtc -q -s -I dtb -O dts "$folder/d0.dtb") <(dtc -q -s -I dtb -O dts "$trees/bcm2712-d-rpi-5-b.dtb") >&2 ||
    { echo "trees.sh: the overlay bcm2712d0 does not make Debian's tree of that stepping" >&2; exit 1; }
rm "$folder/d0.dtb"
