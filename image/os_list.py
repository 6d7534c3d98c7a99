"""Writes the list of images that Raspberry Pi Imager reads: os_list.py ADDRESS DATE IMAGE... (each IMAGE.xz lies beside its IMAGE)

The fields are those of an operating system in Imager's own schema (doc/json-schema/os-list-schema.json). Imager calls its devices by
family: a Zero 2 W is a pi3. Without `init_format` it offers no settings of its own, since monitor.toml and network.toml are the card's.
"""
import base64
import hashlib
import json
import pathlib
import sys

ICON = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40" rx="8" fill="#0b6e4f"/>' \
       '<path d="M4 20h6l4-11 6 22 6-16 3 5h7" fill="none" stroke="#fff" stroke-width="3" stroke-linejoin="round"/></svg>'


def sha256(path: pathlib.Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def entry(image: pathlib.Path, address: str, date: str) -> dict:
    packed = image.with_name(image.name + ".xz")
    network = "network" in image.name
    return {
        "name": "Acoustic monitor" + (" with network" if network else ""),
        "description": "Monitors a machine by its sound, on a Pi 3, 4, 5 or Zero 2 W" + ("; Ethernet and Wi-Fi by network.toml" if network else ""),
        "icon": "data:image/svg+xml;base64," + base64.b64encode(ICON.encode()).decode(),
        "url": f"{address.rstrip('/')}/{packed.name}",
        "release_date": date,
        "extract_size": image.stat().st_size,
        "extract_sha256": sha256(image),
        "image_download_size": packed.stat().st_size,
        "image_download_sha256": sha256(packed),
        "devices": ["pi3-64bit", "pi4-64bit", "pi5-64bit"],
        "architecture": "armv8",
    }


def main() -> int:
    address, date, *images = sys.argv[1:]
    print(json.dumps({"os_list": [entry(pathlib.Path(image), address, date) for image in images]}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
