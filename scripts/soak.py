"""Runs the firmware under the load of a plant and checks that its resources stay constant.

    soak.py SECONDS [--firmware PROGRAM] [--model FILE] [--json PATH]

Endless sound on standard input in real time, a window every 0.1 s; meanwhile SIGHUP reloads model and configuration every ten
seconds, the serial line is unplugged and plugged in again every six, the Prometheus page is read every second.
Memory, threads and descriptors in the last third must not exceed those in the middle third, every window must be reported or counted
as dropped, and SIGTERM must end the program within a second.
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
# The allocator may keep this much after a reload.
MOST_GROWTH_KIB = 512


def sound() -> bytes:
    """Six seconds of hiss, quiet and loud, as S16."""
    rng = random.Random(1)
    hiss = [rng.randrange(-32768, 32768) for _ in range(RATE)]
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
        self.errors = open(folder / "stderr", "w+")
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
            message = json.loads(line)
            self.kinds[message["kind"]] = self.kinds.get(message["kind"], 0) + 1
            # A repeated hello carries the number of the message that follows.
            if self.last_sequence is not None and message["sequence"] > self.last_sequence + 1:
                self.missing += message["sequence"] - self.last_sequence - 1
            self.last_sequence = message["sequence"]
            if message["kind"] == "health":
                self.health = message

    def line(self):
        """A serial line that is unplugged every five seconds, for one second."""
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
                pass  # `scraped` counts the pages that came.

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
            raise SystemExit(f"soak: the firmware ended after {elapsed:.0f} s with exit code {soak.program.returncode}")
        samples.append(soak.sample())
        if len(samples) % 10 == 0:
            soak.program.send_signal(signal.SIGHUP)
            reloads += 1
    elapsed = time.monotonic() - begun
    stopped = time.monotonic()
    soak.program.send_signal(signal.SIGTERM)
    code = soak.program.wait(timeout=10)
    ended_s = time.monotonic() - stopped
    soak.stop.set()
    threads[1].join(5)
    third = len(samples) // 3
    # The maximum of memory. The minimum of threads and descriptors: a reload or a page takes some for a moment, a leak keeps them.
    of = lambda part, what: (max if what == "rss_kib" else min)(sample[what] for sample in part)
    middle, last = samples[third:2 * third], samples[2 * third:]
    return {
        "seconds": round(elapsed, 1), "exit_code": code, "ended_s": round(ended_s, 3), "reloads": reloads,
        "plugged": soak.plugged, "scraped": soak.scraped, "reported": soak.kinds.get("verdict", 0), "missing_lines": soak.missing,
        "expected_windows": int((elapsed - 2) / HOP_S), "dropped_windows": soak.health.get("dropped_windows"),
        "gaps": soak.health.get("gaps"), "microphone": soak.health.get("microphone"),
        **{f"{what}_{name}": of(part, what) for what in samples[0] for name, part in (("middle", middle), ("last", last))},
    }


def failures(figures: dict) -> list[str]:
    """The conditions that do not hold."""
    windows = figures["reported"] + (figures["dropped_windows"] or 0)
    wrong = {
        "the firmware did not exit with 0 within a second": figures["exit_code"] != 0 or figures["ended_s"] > 1,
        "windows are missing: neither reported nor counted as dropped": windows < figures["expected_windows"],
        "more than 1 % of the windows were dropped": (figures["dropped_windows"] or 0) > 0.01 * windows,
        "gaps in the sound": figures["gaps"] != 0,
        "memory grows": figures["rss_kib_last"] > figures["rss_kib_middle"] + MOST_GROWTH_KIB,
        "threads leak": figures["threads_last"] > figures["threads_middle"],
        "descriptors leak": figures["descriptors_last"] > figures["descriptors_middle"],
        "the Prometheus page was missing for more than a tenth of the time": figures["scraped"] < 0.9 * figures["seconds"] - 5,
    }
    return [what for what, fails in wrong.items() if fails]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seconds", type=float)
    parser.add_argument("--firmware", default="target/debug/firmware")
    parser.add_argument("--model", default="artifacts/demo/sound_classifier.tflite")
    parser.add_argument("--json", help="file for the figures")
    arguments = parser.parse_args()
    if not pathlib.Path(arguments.model).exists():
        print(f"soak: no model at {arguments.model}; run `make demo` first", file=sys.stderr)
        return 2
    if arguments.seconds < 30:
        print("soak: at least 30 seconds are needed for a comparison", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        figures = run(arguments, pathlib.Path(folder))
        errors = (pathlib.Path(folder) / "stderr").read_text()
    for name, value in figures.items():
        print(f"  {name:20} {value}")
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(figures, indent=1) + "\n")
    wrong = failures(figures)
    for what in wrong:
        print(f"soak: {what}", file=sys.stderr)
    if wrong:
        print(errors[-2000:], file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
