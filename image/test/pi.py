"""The system test: the firmware on an emulated Pi listens to a recording whose states are known. pi.py --help

Everything is judged from outside: by what `host-tools monitor` decodes from the second serial line, by the pins as QMP
reads them, and by the console. Emulation is slow: the recording has 16 kHz and the model is a `logmel` one, which is what
an emulated Cortex-A53 keeps up with.
"""
import argparse
import csv
import json
import pathlib
import re
import subprocess
import sys

from machine import Machine

# Smoothing, hysteresis and dwell say a state later than it begins, in seconds.
LATEST = 4.0


def reports(tools: pathlib.Path, wire: pathlib.Path) -> list[dict]:
    """All frames of the second serial line."""
    command = [str(tools), "monitor", "--file", str(wire), "--json"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in text.splitlines()]


class Judge:
    """Counts what holds and what does not."""

    def __init__(self) -> None:
        self.passed = self.failed = 0

    def holds(self, claim: str, good: bool, seen="") -> None:
        self.passed, self.failed = self.passed + good, self.failed + (not good)
        print(f"  {'ok  ' if good else 'FAIL'} {claim}" + (f": {seen}" if seen != "" else ""), flush=True)


def heard_right(frames: list[dict], timeline: list[tuple[float, float, str]]) -> tuple[int, int]:
    """Of the recording's spans that last longer than a decision takes, how many were reported while they lasted (or shortly after), and how many there are."""
    verdicts = [(f["start_s"], f["state"]) for f in frames if f["kind"] == "verdict"]
    timeline = [span for span in timeline if span[1] - span[0] >= LATEST]
    best = 0
    # The recording began at an unknown moment: the one that fits best.
    for tenth in range(0, 300):
        start, right = tenth / 10, 0
        for begin, end, label in timeline:
            right += any(begin + start <= at <= end + start + LATEST and state == label for at, state in verdicts)
        best = max(best, right)
    return best, len(timeline)


def judge(judge: Judge, machine: Machine, frames: list[dict], pins: list[int], timeline) -> None:
    said = machine.said()
    kinds = [frame["kind"] for frame in frames]
    health = [frame for frame in frames if frame["kind"] == "health"]
    judge.holds("the second line brings frames, none lost or damaged",
                "hello" in kinds and not {"lost", "damage"} & set(kinds), len(frames))
    quiet = [h for h in health if h["recoveries"] == 0 and h["capture"] == "running"]
    last = quiet[-1] if quiet else {}
    judge.holds("sound is captured without xrun, gap or lost frame until the module is unloaded",
                bool(quiet) and all(last[key] == 0 for key in ("xruns", "gaps", "lost_frames", "dropped_windows")),
                {key: last.get(key) for key in ("frames", "xruns", "gaps", "lost_frames", "windows", "dropped_windows")})
    times = [h["time_s"] for h in health]
    apart = [b - a for a, b in zip(times, times[1:])]
    judge.holds("health comes every second", bool(apart) and max(apart) < 2.0,
                f"{len(health)} times, at most {max(apart, default=0):.2f} s apart")
    right, spans = heard_right(frames, timeline)
    judge.holds("every state of the recording that lasts 4 s is reported in its time", right == spans, f"{right} of {spans}")
    policies = dict(re.findall(r"TEST policy (\S+) (\d+)", said))
    judge.holds("capture runs under SCHED_FIFO and inference does not",
                policies.get("capture") == "1" and policies.get("inference") == "0", policies)
    judge.holds("the line of on_state goes up and down", {0, 1} <= set(pins), f"{len(pins)} looks, {sum(pins)} high")
    judge.holds("the sound module is unloaded while in use, and capture recovers when it is back",
                "TEST unloaded" in said and "TEST again" in said
                and any(h["capture"] == "absent" for h in health) and health[-2]["capture"] == "running",
                re.findall(r"TEST again (.*)", said))
    judge.holds("SIGTERM stops it cleanly", "TEST stopped" in said and "was stopped, code 0" in said)
    judge.holds("nothing timed out inside", "TEST timeout" not in said and "TEST end" in said)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernel", required=True)
    parser.add_argument("--initrd", required=True)
    parser.add_argument("--tools", type=pathlib.Path, required=True)
    parser.add_argument("--timeline", required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    args = parser.parse_args()
    with open(args.timeline, newline="") as file:
        timeline = [(float(row["start_s"]), float(row["end_s"]), row["label"]) for row in csv.DictReader(file)]
    print("QEMU -M virt", flush=True)
    machine = Machine(args.work / "virt", args.kernel, args.initrd, [
        "-M", "virt", "-cpu", "cortex-a53", "-smp", "2", "-m", "512", "-nic", "none", "-serial", "file:{console}",
        "-chardev", "file,id=wire,path={wire}", "-device", "pci-serial,chardev=wire",
    ], "console=ttyAMA0 quiet monitor.card=none")
    pins: list[int] = []
    # GPIO 0 to 7 of the PL061: line 4 is that of on_state.
    look = lambda: pins.append(machine.read_word(0x09030000 + (0xFF << 2)) >> 4 & 1) if machine.said() else None
    try:
        if not machine.run(240, look):
            print("  the machine did not end by itself in 240 s", flush=True)
    finally:
        machine.kill()
    verdict = Judge()
    judge(verdict, machine, reports(args.tools, machine.wire), pins, timeline)
    if verdict.failed:
        print(machine.said()[-4000:], file=sys.stderr)
    print(f"{verdict.passed} passed, {verdict.failed} failed")
    return 1 if verdict.failed else 0


if __name__ == "__main__":
    sys.exit(main())
