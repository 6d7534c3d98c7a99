"""Writes the overlay that makes one device tree of another: overlay.py FROM TO, source on the standard output.

The boot stage of a Pi 5 whose chip has the stepping D0 loads bcm2712-rpi-5-b.dtb, and then the overlay bcm2712d0. Debian has a whole
tree of that board in place of the overlay. An overlay cannot take properties or nodes away: then this fails.
"""
import sys

import fdt


def main() -> int:
    one, other = fdt.read(sys.argv[1]), fdt.read(sys.argv[2])
    print("/dts-v1/;\n/plugin/;\n\n/ {")
    if one.keys() != other.keys():
        raise SystemExit(f"{sys.argv[2]}: other nodes than in {sys.argv[1]}: {sorted(one.keys() ^ other.keys())}")
    number = 0
    for node, properties in other.items():
        if gone := one[node].keys() - properties.keys():
            raise SystemExit(f"{sys.argv[2]}: {node} lacks {sorted(gone)} of {sys.argv[1]}")
        changed = {key: value for key, value in properties.items() if one[node].get(key) != value}
        if not changed:
            continue
        print(f'\tfragment@{number} {{\n\t\ttarget-path = "{node}";\n\t\t__overlay__ {{')
        for key, value in changed.items():
            print(f"\t\t\t{key} = [{value.hex(' ')}];" if value else f"\t\t\t{key};")
        print("\t\t};\n\t};")
        number += 1
    print("};")
    return 0 if number else 1


if __name__ == "__main__":
    sys.exit(main())
