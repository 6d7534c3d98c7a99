"""The system test: the firmware on an emulated Pi monitors a recording whose states are known. pi.py --help

The machine is QEMU's `virt`, or with `--card` its Pi 3 or Pi 4 booted from that SD image. All checks use only outputs of the machine: the
frames on the second serial line as `host-tools monitor` decodes them, the pins as QMP reads them, and the console. Emulation is
slow, so the recording has 16 kHz and the model uses `logmel` features, which an emulated Cortex-A53 can process in real time.
"""
import argparse
import csv
import itertools
import pathlib
import re
import statistics
import subprocess
import sys
import time

import card
from machine import Machine, reports

# Longest delay of a reported state, in seconds: half a window, smoothing and dwell (0.5 s each). Only longer spans are checked.
LATEST = 2.5
# Largest delay between a pin and its state, in seconds: pins are read ten times a second, less often on a busy machine.
PIN_APART = 0.6
# GPIO numbers of the lines of on_state and of the heartbeat, also the bits of their levels in the word read by QMP.
ON_STATE, HEARTBEAT = 4, 5
# Address of that word: GPIODATA of the PL061 with all of its lines, GPLEV0 of the BCM2837 and the BCM2711.
LEVELS = {"virt": 0x09030000 + (0xFF << 2), "raspi3b": 0x3F200034, "raspi4b": 0xFE200034}
# If the emulated machine stops for longer than this, in seconds, or its player underruns, lost sound must be counted but is not a
# failure of the firmware.
STOPPED = 0.15


class Judge:
    """Counts passed and failed checks."""

    def __init__(self) -> None:
        self.passed = self.failed = 0

    def holds(self, claim: str, good: bool, seen="") -> None:
        self.passed, self.failed = self.passed + good, self.failed + (not good)
        print(f"  {'ok  ' if good else 'FAIL'} {claim}" + (f": {seen}" if seen != "" else ""), flush=True)


def count_reported(frames: list[dict], timeline: list[tuple[float, float, str]]) -> tuple[int, int]:
    """Returns how many of the recording's spans longer than LATEST were reported in time, and the number of such spans."""
    verdicts = [(f["start_s"], f["state"]) for f in frames if f["kind"] == "verdict"]
    timeline = [span for span in timeline if span[1] - span[0] >= LATEST]
    best = 0
    # The start of the recording is unknown: try all starts in steps of 0.1 s and keep the best.
    for tenth in range(0, 300):
        start, right = tenth / 10, 0
        for begin, end, label in timeline:
            right += any(begin + start <= at <= end + start + LATEST and state == label for at, state in verdicts)
        best = max(best, right)
    return best, len(timeline)


def edges(levels: list[tuple[float, int]]) -> list[tuple[float, int]]:
    """The times at which a level changes, with the new levels."""
    return [(at, level) for (at, level), (_, before) in zip(levels[1:], levels) if level != before]


def apart(pins: list[tuple[float, int]], frames: list[dict]) -> tuple[int, int, float]:
    """Returns the edges of on_state's line, the reported changes from and to that state, and their largest distance in seconds.

    The two clocks have the same rate but different origins; the median distance is their offset.
    """
    line = edges([(at, word >> ON_STATE & 1) for at, word in pins])
    reported = edges([(f["time_s"], int(f["state"] == "on_state")) for f in frames if f["kind"] == "verdict"])
    if len(line) != len(reported) or not line:
        return len(line), len(reported), float("inf")
    distances = [a - b for (a, _), (b, _) in zip(line, reported)]
    middle = statistics.median(distances)
    return len(line), len(reported), max(abs(distance - middle) for distance in distances)


def judge(judge: Judge, machine: Machine, frames: list[dict], pins: list[tuple[float, int]], timeline, on_card: bool) -> None:
    console = machine.console_text()
    kinds = [frame["kind"] for frame in frames]
    health = [frame for frame in frames if frame["kind"] == "health"]
    judge.holds("frames arrive on the second line, none lost or damaged",
                "hello" in kinds and not {"lost", "damage"} & set(kinds), len(frames))
    # On a busy machine the first one comes before the sound device is open.
    quiet = list(itertools.takewhile(lambda h: h["capture"] == "running",
                                     itertools.dropwhile(lambda h: h["capture"] == "opening", health)))
    last = quiet[-1] if quiet else {}
    stopped = max((b - a for (a, _), (b, _) in zip(pins, pins[1:])), default=0.0) - 0.1
    counters = {key: last.get(key) for key in ("frames", "xruns", "gaps", "lost_frames", "windows", "dropped_windows")}
    late = "underrun!!!" in console or stopped > STOPPED
    if late and last.get("gaps"):
        judge.holds(f"this machine was too busy (it stopped for {stopped:.2f} s): the sound lost by that is counted", last["lost_frames"] > 0, counters)
    else:
        judge.holds("with the default buffer of 400 ms there is no xrun, gap or lost frame until the module is unloaded",
                    bool(quiet) and all(last[key] == 0 for key in ("xruns", "gaps", "lost_frames", "dropped_windows")), counters)
    times = [h["time_s"] for h in health]
    waits = [b - a for a, b in zip(times, times[1:])]
    judge.holds("a health frame arrives every second", bool(waits) and max(waits) < 2.0,
                f"{len(health)} times, at most {max(waits, default=0):.2f} s apart")
    right, spans = count_reported(frames, timeline)
    judge.holds(f"every state of the recording that lasts {LATEST} s is reported in time", right == spans, f"{right} of {spans}")
    policies = dict(re.findall(r"TEST policy (\S+) (\d+)", console))
    judge.holds("capture runs under SCHED_FIFO and inference does not",
                policies.get("capture") == "1" and policies.get("inference") == "0", policies)
    line, reported, most = apart(pins, frames)
    judge.holds(f"the line of on_state changes when that state is reported, within {PIN_APART} s", most <= PIN_APART,
                f"{line} and {reported} changes, {most:.2f} s apart at most, {len(pins)} looks")
    beats = len(edges([(at, word >> HEARTBEAT & 1) for at, word in pins]))
    judge.holds("the heartbeat's line changes", beats > 10, f"{beats} changes seen")
    began = re.search(r"TEST started (\d+)", console)
    first = next((frame["time_s"] for frame in frames if frame["kind"] == "verdict"), None)
    judge.holds("a verdict arrives without any action after power-on", bool(began) and first is not None,
                began and first and f"{int(began[1]) / 100 + first:.1f} s after the kernel's start, of which {first:.1f} s the program")
    judge.holds("the sound module is unloaded while in use, and capture recovers when it is back",
                "TEST unloaded" in console and "TEST again" in console
                and any(h["capture"] == "absent" for h in health) and any(h["recoveries"] > 0 and h["capture"] == "running" for h in health),
                re.findall(r"TEST again (.*)", console))
    judge.holds("SIGTERM stops it cleanly", "TEST stopped" in console and "was stopped, code 0" in console)
    if "TEST container" in console:
        health = re.findall(r"TEST container health (.*)", console)
        judge.holds("the container's image runs under runc, and is healthy", bool(health) and " 0 xruns" in health[0], health)
        judge.holds("its capture has SCHED_FIFO as a user without capabilities, and SIGTERM stops it",
                    "TEST container policy 1" in console and "TEST container ended 0" in console)
    elif not on_card:
        print("  SKIPPED: the container under runc: `make containers` leaves the image where a Docker engine runs", flush=True)
    if not on_card:
        network = re.findall(r"TEST network (.*)", console)
        judge.holds("network.toml gives the host's name, an address and a name server by DHCP, and starts the time service",
                    network == ["press-3 10.0.2.15/24 router 10.0.2.2 dns 10.0.2.3 ntpd yes"], network)
        judge.holds("a wrong network.toml is reported with key, value and remedy, and the monitor runs on",
                    'no network: ' in console and '/tmp/network.toml: ethernet.address = "10.0.2.15" cannot be used: give' in console
                    and "TEST after a wrong network.toml running" in console)
    judge.holds("messages on the console have no colour codes", "\x1b[" not in console)
    judge.holds("nothing timed out inside", "TEST timeout" not in console and "TEST end" in console)


def virt(args) -> Machine:
    """A machine without a card: everything is in the initramfs."""
    return Machine(args.work / "virt", args.kernel, args.initrd, [
        "-M", "virt", "-cpu", "cortex-a53", "-smp", "2", "-m", "512", "-netdev", "user,id=network", "-device", "virtio-net-pci,netdev=network,romfile=", "-serial", "file:{console}",
        "-chardev", "file,id=wire,path={wire}", "-device", "pci-serial,chardev=wire",
    ], "console=ttyAMA0 quiet monitor.card=none cryptomgr.notests")


def board(args) -> Machine:
    """A Pi with that card, which holds model and configuration. The recording, its player and the fault injection are a second
    initramfs, which the kernel unpacks over the card's.
    """
    work = args.work / args.board
    work.mkdir(parents=True, exist_ok=True)
    card.unpack(args.card, work)
    archive = "find . -print0 | cpio --quiet --null -o -H newc -R 0:0 | gzip -1"
    packed = subprocess.run(["sh", "-c", archive], cwd=args.more, check=True, capture_output=True).stdout
    with open(work / "initrd.gz", "ab") as initrd:
        initrd.write(packed)
    # The first of the two serial lines; the other one is the console.
    toml = args.config.read_text().replace('device = "/dev/ttyS0"', 'device = "/dev/ttyAMA0"')
    prepared = card.prepare("", args.card, args.model, toml, work)
    return card.start(work, work, prepared, board=args.board)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernel")
    parser.add_argument("--initrd")
    parser.add_argument("--card", type=pathlib.Path, help="the SD image, instead of kernel and initramfs; with it")
    parser.add_argument("--board", choices=sorted(card.TREES), help="the board to put it into")
    parser.add_argument("--more", type=pathlib.Path, help="a folder that is unpacked over the card's initramfs")
    parser.add_argument("--model", type=pathlib.Path, help="a model")
    parser.add_argument("--config", type=pathlib.Path, help="and a configuration to put on the card")
    parser.add_argument("--tools", type=pathlib.Path, required=True)
    parser.add_argument("--timeline", required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    args = parser.parse_args()
    with open(args.timeline, newline="") as file:
        timeline = [(float(row["start_s"]), float(row["end_s"]), row["label"]) for row in csv.DictReader(file)]
    kind = args.board if args.card else "virt"
    print(f"QEMU -M {kind}", flush=True)
    machine = board(args) if args.card else virt(args)
    pins: list[tuple[float, int]] = []
    look = lambda: pins.append((time.monotonic(), machine.read_word(LEVELS[kind]))) if machine.console_text() else None
    try:
        if not machine.run(300, look):
            print("  the machine did not end by itself in 300 s", flush=True)
    finally:
        machine.kill()
    verdict = Judge()
    judge(verdict, machine, reports(args.tools, machine.wire), pins, timeline, args.card is not None)
    if verdict.failed:
        print(machine.console_text()[-4000:], file=sys.stderr)
    print(f"{verdict.passed} passed, {verdict.failed} failed")
    return 1 if verdict.failed else 0


if __name__ == "__main__":
    sys.exit(main())
