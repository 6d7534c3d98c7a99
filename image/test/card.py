"""The very SD image under QEMU's -M raspi3b, with something on it broken: it says so on its serial line and stays up.

card.py IMAGE MODEL WORK. QEMU cannot run the GPU's boot stage: kernel, initramfs and device tree are read out of the image,
and the image is in the machine as its card.
"""
import gzip
import os
import pathlib
import shutil
import subprocess
import sys

from machine import Machine

START = "@@4M"  # of the partition
FILES = ("kernel8.img", "initrd.gz", "bcm2837-rpi-3-b.dtb", "cmdline.txt", "monitor.toml")
# What is said once more tells that the machine stayed up after the first time.
CASES = {
    "no model": ("sound_classifier.tflite: No such file", 2),
    "broken model": ("model /etc/monitor/sound_classifier.tflite: ", 2),
    "broken configuration": ("/etc/monitor/monitor.toml: ", 2),
    "device that is not there": ("hw:CARD=Nowhere: absent: ", 1),
}


def copy(*words) -> None:
    subprocess.run(["mcopy", "-n", "-o", *map(str, words)], check=True, env={**os.environ, "MTOOLS_SKIP_CHECK": "1"})


def prepare(case: str, image: pathlib.Path, model: pathlib.Path, toml: str, folder: pathlib.Path) -> pathlib.Path:
    """A card with that fault. QEMU wants a size that is a power of two."""
    folder.mkdir(parents=True, exist_ok=True)
    card = folder / "sd.img"
    shutil.copy(image, card)
    os.truncate(card, 64 << 20)
    if case == "broken configuration":
        toml = toml.replace("hop_s = 0.48", 'hop_s = "fast"')
    if case == "device that is not there":
        toml = toml.replace('device = "default"', 'device = "hw:CARD=Nowhere"')
    (folder / "monitor.toml").write_text(toml)
    data = model.read_bytes()
    (folder / "model").write_bytes(data[: len(data) // 2] if case == "broken model" else data)
    copy("-i", f"{card}{START}", folder / "monitor.toml", "::monitor.toml")
    if case != "no model":
        copy("-i", f"{card}{START}", folder / "model", "::sound_classifier.tflite")
    return card


def main() -> int:
    image, model, work = map(pathlib.Path, sys.argv[1:])
    work.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        copy("-i", f"{image}{START}", f"::{name}", work / name)
    (work / "vmlinuz").write_bytes(gzip.decompress((work / "kernel8.img").read_bytes()))
    failed = 0
    for case, (expected, times) in CASES.items():
        card = prepare(case, image, model, (work / "monitor.toml").read_text(), work / case.replace(" ", "-"))
        machine = Machine(card.parent, work / "vmlinuz", work / "initrd.gz", [
            "-M", "raspi3b", "-dtb", str(work / "bcm2837-rpi-3-b.dtb"), "-drive", f"file={card},if=sd,format=raw",
            "-serial", "file:{wire}", "-serial", "file:{console}",
        ], (work / "cmdline.txt").read_text().strip())
        try:
            machine.run(90, lambda: None, lambda: machine.said().count(expected) >= times)
            # And it goes on.
            ended = machine.run(3, lambda: None)
        finally:
            machine.kill()
        good = machine.said().count(expected) >= times and not ended
        line = next((line for line in machine.said().splitlines() if expected in line), "")
        print(f"  {'ok  ' if good else 'FAIL'} {case}: {line.strip()}", flush=True)
        if not good:
            print(machine.said()[-3000:], file=sys.stderr)
        failed += not good
        card.unlink()
    print(f"{len(CASES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
