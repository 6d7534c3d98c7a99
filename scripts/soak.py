"""Lets the firmware listen for a while, as busy as a plant keeps it, and holds it to staying as it was.

    soak.py SECONDS [--firmware PROGRAM] [--model FILE] [--json PATH]

Sound without an end on standard input, in real time, a window every 0.1 s; meanwhile model and configuration are read again every
ten seconds, the serial line is unplugged and plugged in again every six, the Prometheus page is asked for every second.
Memory, threads and descriptors of the last third must be those of the middle third, every window must be told or counted,
and SIGTERM must end it well within a second.
"""
import argparse
import json
import os
import pathlib
import pty
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import tty
import urllib.request

HOP_S = 0.1
RATE = 48_000
# What an allocator may keep of a reload, and no more from one to the next.
MOST_GROWTH_KIB = 512


def sound() -> bytes:
    """Six seconds of hiss, quiet and loud, as S16."""
    dice = random.Random(1)
    hiss = [dice.randrange(-32768, 32768) for _ in range(RATE)]
    return b"".join(struct.pack(f"<{RATE}h", *(x * height // 32768 for x in hiss)) for height in (40, 9000) for _ in range(3))


class Soak:
    def __init__(self, arguments, folder: pathlib.Path):
        self.folder, self.stop = folder, threading.Event()
        self.kinds: dict[str, int] = {}
        self.health, self.last_sequence, self.missing, self.plugged, self.scraped = {}, None, 0, 0, 0
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        config = folder / "monitor.toml"
        config.write_text(
            f'[listen]\nmodel = "{pathlib.Path(arguments.model).resolve()}"\nhop_s = {HOP_S}\n'
            f'[status]\nfile = "{folder}/status.json"\n[serial]\ndevice = "{folder}/line"\n'
            f'[prometheus]\nenabled = true\nlisten = "127.0.0.1:{self.port}"\n'
        )
        self.errors = open(folder / "words", "w+")
        self.program = subprocess.Popen(
            [arguments.firmware, "run", "--stdin", "--realtime", "--config", config],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
        )

    def feed(self):
        piece = sound()
        try:
            while not self.stop.is_set():
                self.program.stdin.write(piece)
        except (BrokenPipeError, ValueError):
            pass

    def listen(self):
        for line in self.program.stdout:
            said = json.loads(line)
            self.kinds[said["kind"]] = self.kinds.get(said["kind"], 0) + 1
            # A hello that is repeated has the number of what follows.
            if self.last_sequence is not None and said["sequence"] > self.last_sequence + 1:
                self.missing += said["sequence"] - self.last_sequence - 1
            self.last_sequence = said["sequence"]
            if said["kind"] == "health":
                self.health = said

    def line(self):
        """A serial line that is unplugged after five seconds and is back after one."""
        while not self.stop.is_set():
            master, slave = pty.openpty()
            tty.setraw(slave)
            link = self.folder / "line"
            link.unlink(missing_ok=True)
            link.symlink_to(os.ttyname(slave))
            os.set_blocking(master, False)
            self.plugged += 1
            end = time.monotonic() + 5
            while time.monotonic() < end and not self.stop.is_set():
                try:
                    os.read(master, 65536)
                except BlockingIOError:
                    time.sleep(0.02)
            os.close(slave)
            os.close(master)
            self.stop.wait(1)

    def scrape(self):
        while not self.stop.wait(1):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as page:
                    self.scraped += b"acoustic_monitor_windows" in page.read()
            except OSError:
                pass  # Counted by not being counted.

    def sample(self) -> dict:
        """Memory in KiB, threads and descriptors."""
        process = pathlib.Path(f"/proc/{self.program.pid}")
        status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        return {
            "rss_kib": int(status["VmRSS"].split()[0]),
            "threads": int(status["Threads"]),
            "descriptors": len(list((process / "fd").iterdir())),
        }


def run(arguments, folder: pathlib.Path) -> dict:
    soak = Soak(arguments, folder)
    threads = [threading.Thread(target=body, daemon=True) for body in (soak.feed, soak.listen, soak.line, soak.scrape)]
    for thread in threads:
        thread.start()
    begun, samples, reloads = time.monotonic(), [], 0
    while (elapsed := time.monotonic() - begun) < arguments.seconds:
        time.sleep(1)
        if soak.program.poll() is not None:
            raise SystemExit(f"soak: it ended after {elapsed:.0f} s with {soak.program.returncode}")
        samples.append(soak.sample())
        if len(samples) % 10 == 0:
            soak.program.send_signal(signal.SIGHUP)
            reloads += 1
    elapsed = time.monotonic() - begun
    asked = time.monotonic()
    soak.program.send_signal(signal.SIGTERM)
    code = soak.program.wait(timeout=10)
    ended_s = time.monotonic() - asked
    soak.stop.set()
    threads[1].join(5)
    third = len(samples) // 3
    # Of memory the most. Of threads and descriptors the least: those of a reload or a page come and go, those that pile up stay.
    of = lambda part, what: (max if what == "rss_kib" else min)(sample[what] for sample in part)
    middle, last = samples[third:2 * third], samples[2 * third:]
    return {
        "seconds": round(elapsed, 1), "exit_code": code, "ended_s": round(ended_s, 3), "reloads": reloads,
        "plugged": soak.plugged, "scraped": soak.scraped, "told": soak.kinds.get("verdict", 0), "missing_lines": soak.missing,
        "expected_windows": int((elapsed - 2) / HOP_S), "dropped_windows": soak.health.get("dropped_windows"),
        "gaps": soak.health.get("gaps"), "microphone": soak.health.get("microphone"),
        **{f"{what}_{name}": of(part, what) for what in samples[0] for name, part in (("middle", middle), ("last", last))},
    }


def complaints(figures: dict) -> list[str]:
    """What is not as it should be."""
    windows = figures["told"] + (figures["dropped_windows"] or 0)
    wrong = {
        "it did not end well": figures["exit_code"] != 0 or figures["ended_s"] > 1,
        "windows are neither told nor counted": windows < figures["expected_windows"],
        "more than 1 % of the windows were dropped": (figures["dropped_windows"] or 0) > 0.01 * windows,
        "there were gaps in the sound": figures["gaps"] != 0,
        "memory grows": figures["rss_kib_last"] > figures["rss_kib_middle"] + MOST_GROWTH_KIB,
        "threads pile up": figures["threads_last"] > figures["threads_middle"],
        "descriptors pile up": figures["descriptors_last"] > figures["descriptors_middle"],
        "the page was not there": figures["scraped"] < 0.9 * figures["seconds"] - 5,
    }
    return [what for what, is_so in wrong.items() if is_so]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seconds", type=float)
    parser.add_argument("--firmware", default="target/debug/firmware")
    parser.add_argument("--model", default="artifacts/demo/sound_classifier.tflite")
    parser.add_argument("--json", help="file for the figures")
    arguments = parser.parse_args()
    if not pathlib.Path(arguments.model).exists():
        print(f"soak: no model at {arguments.model}; `make demo` makes one", file=sys.stderr)
        return 2
    if arguments.seconds < 30:
        print("soak: at least 30 seconds, or there is nothing to compare", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        figures = run(arguments, pathlib.Path(folder))
        words = (pathlib.Path(folder) / "words").read_text()
    for name, value in figures.items():
        print(f"  {name:20} {value}")
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(figures, indent=1) + "\n")
    wrong = complaints(figures)
    for what in wrong:
        print(f"soak: {what}", file=sys.stderr)
    if wrong:
        print(words[-2000:], file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
