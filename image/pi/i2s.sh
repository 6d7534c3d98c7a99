#!/bin/bash
# Device trees with a microphone on the I2S pins: i2s.sh TREE... makes NAME-i2s.dtb of NAME.dtb, beside it.
set -euo pipefail
here=$(dirname "$0")
for tree in "$@"; do
    # The controller of the sound's DMA, by the number that the tree refers to it by.
    controller=$(fdtget "$tree" /soc/dma@7e007000 phandle)
    sed "s/DMA_CONTROLLER/$controller/g" "$here/i2s.dts" | dtc -q -I dts -O dtb -o "$tree.overlay" -
    fdtoverlay -i "$tree" -o "${tree%.dtb}-i2s.dtb" "$tree.overlay"
    rm "$tree.overlay"
done
