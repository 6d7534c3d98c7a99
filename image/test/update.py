"""Copies a new model to the card and cuts the power at every write of its update: update.py IMAGE OLD NEW FIRMWARE WORK

The shipped SD image boots under QEMU's -M raspi3b, which logs every write to the card in order (blklogwrites). Each prefix of that
log then stands for a power cut: on a card with only those writes, the program (FIRMWARE, built for this machine) must find the
complete old or new model, and the boot files must be unchanged. One such card is booted again.
"""
import os
import pathlib
import shutil
import struct
import subprocess
import sys

from card import SIZE, START, boot, copy, drop, sha256, unpack

SECTOR = 512
BOOT_FILES = ("kernel8.img", "initrd.gz", "config.txt", "cmdline.txt", "monitor.toml")


def tool(*words) -> str:
    return subprocess.run(list(map(str, words)), check=True, capture_output=True, text=True,
                          env={**os.environ, "MTOOLS_SKIP_CHECK": "1"}).stdout


def in_use(firmware: pathlib.Path, card: pathlib.Path, folder: pathlib.Path) -> str | None:
    """The hash of the model that the program finds in the slots of the card; new files on the card are ignored."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "card").mkdir(parents=True)
    # Files may be unreadable after a cut; the program must handle that.
    subprocess.run(["mcopy", "-s", "-n", "-o", "-i", f"{card}{START}", "::monitor", str(folder / "card")],
                   env={**os.environ, "MTOOLS_SKIP_CHECK": "1"}, stderr=subprocess.DEVNULL)
    tool(firmware, "update", "--card", folder / "card", "--into", folder / "etc", "--work", folder / "work",
         "--note", folder / "update.txt")
    model = folder / "etc" / "sound_classifier.tflite"
    return sha256(model) if model.exists() else None


def writes(log: pathlib.Path):
    """The writes of a log of blklogwrites, in order: (offset in bytes, data)."""
    # QEMU writes the first sector only at an orderly exit, which the power cut prevents, so it has no count and no magic number.
    data, at = log.read_bytes(), SECTOR
    while at + SECTOR <= len(data):
        first, count, flags, _ = struct.unpack_from("<QQQQ", data, at)
        at += SECTOR
        if count and not flags & 4:
            yield first * SECTOR, data[at:at + count * SECTOR]
            at += count * SECTOR


def chains(card: pathlib.Path) -> list[str]:
    """The clusters of the boot files on the card."""
    return [tool("mshowfat", "-i", f"{card}{START}", f"::{name}") for name in BOOT_FILES]


def main() -> int:
    image, old, new, firmware, work = map(pathlib.Path, sys.argv[1:])
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    unpack(image, work)
    card, before, log = work / "sd.img", work / "before.img", work / "writes.log"
    shutil.copy(image, card)
    os.truncate(card, SIZE)
    # Install the old model with the program built for this machine, which is the same code.
    shutil.copytree(old.parent, work / "first")
    (work / "first" / "sound_classifier.tflite.sha256").write_text(sha256(old))
    tool(firmware, "update", "--card", work / "first", "--into", work / "etc", "--work", work / "try", "--note", work / "update.txt")
    copy("-s", "-i", f"{card}{START}", work / "first" / "monitor", "::")
    drop(card, new, "sound_classifier.tflite")
    shutil.copy(card, before)

    log.touch()
    console = boot(work, card, f"in use: sound_classifier.tflite {sha256(new)[:12]}", 180, log)
    all_writes = list(writes(log))
    print(f"  ok   a new model is installed: {len(all_writes)} writes to the card", flush=True)
    assert "what was dropped on the card works" in console

    shutil.copy(before, card)
    where, found, middle = chains(before), [], work / "middle.img"
    with open(card, "r+b") as file:
        for number in range(len(all_writes) + 1):
            found.append(in_use(firmware, card, work / "cut"))
            if found[-1] not in (sha256(old), sha256(new)):
                print(f"  FAIL a power cut after {number} of {len(all_writes)} writes: the model in use is {found[-1]}")
                return 1
            if chains(card) != where:
                print(f"  FAIL a power cut after {number} of {len(all_writes)} writes: the boot files have moved")
                return 1
            if number == len(all_writes) * 2 // 3:
                shutil.copy(card, middle)
            if number < len(all_writes):
                offset, data = all_writes[number]
                file.seek(offset)
                file.write(data)
                file.flush()
    changed = sum(a != b for a, b in zip(found, found[1:]))
    assert found[0] == sha256(old) and found[-1] == sha256(new) and changed == 1, found
    print(f"  ok   a power cut after any of them leaves the old model (the first {found.index(sha256(new))}) or the new one, and the boot files")
    console = boot(work, middle, f"in use: sound_classifier.tflite {sha256(new)[:12]}", 180)
    print("  ok   a card after such a cut boots and completes the update")
    for name in BOOT_FILES:
        copy("-i", f"{image}{START}", f"::{name}", work / "was")
        copy("-i", f"{middle}{START}", f"::{name}", work / "is")
        assert (work / "was").read_bytes() == (work / "is").read_bytes(), name
    print("3 passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
