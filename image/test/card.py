"""The shipped SD image under QEMU's -M raspi3b with one fault on it: it reports the fault on its serial line and stays up.

card.py IMAGE MODEL TOOLS WORK. QEMU cannot run the GPU's boot stage: kernel, initramfs and device tree are extracted from the
image, and the image is attached as the card.
"""
import gzip
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

from machine import Machine, reports

START = "@@4M"  # of the partition
# The size of the emulated card: QEMU requires a power of two.
SIZE = 128 << 20
TREES = {"raspi3b": "bcm2837-rpi-3-b", "raspi4b": "bcm2711-rpi-4-b"}
# How the Pi 4 of QEMU (10 and 11) differs from the board, as options of fdtput. HDMI: its registers do not answer, and the kernel stops at
# the first of them. The card: QEMU has it at the controller that a Pi 4 uses for its Wi-Fi (hw/arm/bcm2838_peripherals.c: the bus of the
# pins is `sdhci`, not `emmc2`). QEMU itself takes PCI Express (with it USB) and Ethernet out of the tree.
SLOT = "/soc/mmc@7e300000"
DIFFERENT = {"raspi4b": [
    *(("-t", "s", node, "status", "disabled") for node in (
        "/soc/interrupt-controller@7ef00100", "/soc/clock@7ef00000", "/soc/i2c@7ef04500", "/soc/i2c@7ef09500",
        "/emmc2-bus@fe000000/mmc@7e340000")),
    ("-d", SLOT, "mmc-pwrseq", "non-removable"),
    ("-r", f"{SLOT}/wifi@1"),
]}
# The console's speed there. QEMU's mini UART does not know the bit that exchanges its first registers for the divisor, and takes the upper
# byte of the divisor for the interrupts that are enabled (hw/char/bcm2835_aux.c: "NYI"). At 115200 baud that byte is 2 with the clock of
# a Pi 4, so that an interrupt never ends; here it is 1, as on a Pi 3 at 115200.
CONSOLE = {"raspi4b": ("ttyS1,115200", "ttyS1,230400")}
FILES = ("kernel8.img", "initrd.gz", *(f"{tree}.dtb" for tree in TREES.values()), "bcm2837-rpi-3-b-i2s.dtb", "cmdline.txt", "monitor.toml")
# Seconds until a case has failed: it takes about 35, and more beside compilers.
PATIENCE = 240
# Each case: the expected console text and how often it must appear. A second occurrence shows that the machine stayed up.
CASES = {
    "no model": ("sound_classifier.tflite: No such file", 2),
    "broken model": ("not used: sound_classifier.tflite: the self-test fails", 1),
    "broken configuration": ("/etc/acoustic-monitor/monitor.toml: ", 2),
    "device that is not there": ("hw:CARD=Nowhere: absent: ", 1),
    # The model is used, and a frame on the header's serial line reports why the program is not.
    "broken program": ("not used: firmware with sound_classifier.tflite: does not start", 1),
    # QEMU does not emulate a device on these pins: the driver reports that once the firmware has opened the card of the device tree.
    "microphone on the I2S pins": ("bcm2835-i2s 3f203000.i2s: I2S SYNC error", 1),
}


def copy(*words) -> None:
    subprocess.run(["mcopy", "-n", "-o", *map(str, words)], check=True, env={**os.environ, "MTOOLS_SKIP_CHECK": "1"})


def prepare(case: str, image: pathlib.Path, model: pathlib.Path, toml: str, folder: pathlib.Path) -> pathlib.Path:
    """Creates a card with that fault, or without a fault."""
    folder.mkdir(parents=True, exist_ok=True)
    card = folder / "sd.img"
    shutil.copy(image, card)
    os.truncate(card, SIZE)
    if case == "broken configuration":
        toml = toml.replace("hop_s = 0.48", 'hop_s = "fast"')
    if case == "device that is not there":
        toml = toml.replace('device = "default"', 'device = "hw:CARD=Nowhere"')
    if case == "microphone on the I2S pins":
        toml = toml.replace('device = "default"', 'device = "hw:CARD=i2smic"')
    if case == "broken program":
        toml = toml.replace('\ndevice = ""', '\ndevice = "/dev/ttyS1"')
        (folder / "firmware").write_bytes(b"\x7fELF of another machine")
        drop(card, folder / "firmware", "firmware")
    (folder / "monitor.toml").write_text(toml)
    data = model.read_bytes()
    (folder / "model").write_bytes(data[: len(data) // 2] if case == "broken model" else data)
    copy("-i", f"{card}{START}", folder / "monitor.toml", "::monitor.toml")
    if case != "no model":
        drop(card, folder / "model", "sound_classifier.tflite")
    return card


def drop(card: pathlib.Path, file: pathlib.Path, name: str) -> None:
    """Copies a file and its hash to the card, as a user does with a card reader."""
    beside = file.with_name("sha256")
    beside.write_text(f"{sha256(file)}  {name}\n")
    copy("-i", f"{card}{START}", file, f"::{name}")
    copy("-i", f"{card}{START}", beside, f"::{name}.sha256")


def rejection_reported(machine: Machine, tools: pathlib.Path, why: str) -> bool:
    """Whether a hello on the header's line, which the console shares, reports a rejected update with that reason."""
    hellos = [frame for frame in reports(tools, machine.console) if frame["kind"] == "hello"]
    return any(why.endswith(reason) for hello in hellos for reason in hello["not_used"] if reason)


def sha256(path: pathlib.Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def unpack(image: pathlib.Path, work: pathlib.Path) -> None:
    """Extracts the files that the GPU's boot stage would load from the image."""
    for name in FILES:
        copy("-i", f"{image}{START}", f"::{name}", work / name)
    (work / "vmlinuz").write_bytes(gzip.decompress((work / "kernel8.img").read_bytes()))


def emulated_tree(work: pathlib.Path, tree: str, board: str) -> pathlib.Path:
    """The device tree as the emulated board is."""
    original = work / f"{tree or TREES[board]}.dtb"
    if board not in DIFFERENT:
        return original
    emulated = work / f"{board}.dtb"
    shutil.copy(original, emulated)
    for option, *words in DIFFERENT[board]:
        # The file comes before the node, after the type of a value.
        kind = [words.pop(0)] if option == "-t" else []
        subprocess.run(["fdtput", option, *kind, str(emulated), *words], check=True)
    return emulated


def start(work: pathlib.Path, folder: pathlib.Path, card: pathlib.Path, log: pathlib.Path | None = None,
          tree: str = "", board: str = "raspi3b") -> Machine:
    """Boots a card with the files unpacked in `work`; logs every write to the card in `log`."""
    drive, append = f"file={card},if=sd,format=raw", (work / "cmdline.txt").read_text().strip()
    if log:
        drive = (f"if=sd,driver=blklogwrites,file.driver=raw,file.file.driver=file,file.file.filename={card},"
                 f"log.driver=file,log.filename={log}")
    return Machine(folder, work / "vmlinuz", work / "initrd.gz", [
        "-M", board, "-dtb", str(emulated_tree(work, tree, board)), "-drive", drive,
        "-serial", "file:{wire}", "-serial", "file:{console}",
    ], append.replace(*CONSOLE.get(board, ("", ""))))


def boot(work: pathlib.Path, card: pathlib.Path, expected: str, seconds: float, log: pathlib.Path | None = None) -> str:
    """Boots until the console shows `expected`, waits two more seconds, and returns the console text."""
    machine = start(work, work / "boot", card, log)
    try:
        machine.run(seconds, lambda: None, lambda: expected in machine.console_text())
        machine.run(2, lambda: None)
    finally:
        machine.kill()
    if expected not in machine.console_text():
        print(machine.console_text()[-3000:], file=sys.stderr)
        raise SystemExit(f"  FAIL the console does not show \"{expected}\" within {seconds} s")
    return machine.console_text()


def main() -> int:
    image, model, tools, work = map(pathlib.Path, sys.argv[1:])
    work.mkdir(parents=True, exist_ok=True)
    unpack(image, work)
    failed = 0
    for case, (expected, times) in CASES.items():
        card = prepare(case, image, model, (work / "monitor.toml").read_text(), work / case.replace(" ", "-"))
        machine = start(work, card.parent, card, tree="bcm2837-rpi-3-b-i2s" if "I2S" in case else "")
        try:
            machine.run(PATIENCE, lambda: None, lambda: machine.console_text().count(expected) >= times)
            line = next((line.strip() for line in machine.console_text().splitlines() if expected in line), "")
            reported = case != "broken program"
            if not reported:
                machine.run(PATIENCE / 3, lambda: None, lambda: rejection_reported(machine, tools, line))
                reported = rejection_reported(machine, tools, line)
            # The machine must stay up.
            ended = machine.run(3, lambda: None)
        finally:
            machine.kill()
        good = machine.console_text().count(expected) >= times and reported and not ended
        print(f"  {'ok  ' if good else 'FAIL'} {case}: {line}", flush=True)
        if not good:
            print(machine.console_text()[-3000:], file=sys.stderr)
        failed += not good
        card.unlink()
    print(f"{len(CASES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
