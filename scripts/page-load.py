#!/usr/bin/env python3
"""Loads the device's page by browsers and by attackers: page-load.py SECONDS [--firmware PROGRAM] [--model FILE] [--browsers N] [--json PATH]

The firmware runs on one core, with a window every 0.1 s of sound on standard input in real time. Phases without and with browsers
alternate twice, SECONDS / 2 each with browsers; then attackers come. A browser loads the page with its assets, follows the live
stream with the columns of the spectrogram, and asks for history and alarms every ten seconds. Attackers send heads byte by byte, heads
of 1 MB, 10,000 requests, paths out of the page, forged cookies and posts of another site.

Fails where a window is dropped or sound is lost, the 99th percentile of the inference time rises by more than a tenth, resident memory
exceeds 32 MiB, an attack is answered otherwise than by a refusal, or the counter of refusals does not count.
"""

import argparse
import asyncio
import gzip
import json
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from soak import HOP_S, sound

MOST_RSS_KIB = 32 * 1024
MOST_P99_RATIO = 1.1
# Time at the start of a phase that is not counted: browsers come, or go.
SETTLE_S = 3
ATTACK_REQUESTS = 10_000
# A client that neither loads nor attacks the page.
BYSTANDER = "192.0.2.254"


class Device:
    """The firmware on one core, its windows with the time of their report, and its memory."""

    def __init__(self, arguments, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        config = folder / "monitor.toml"
        config.write_text(
            f'[listen]\nmodel = "{pathlib.Path(arguments.model).resolve()}"\nhop_s = {HOP_S}\nstate_dir = "{folder}/state"\n'
            f'[events]\nfolder = "{folder}/events"\n[clips]\nfolder = "{folder}/clips"\n'
            f'[page]\nenabled = true\nlook = "open"\nlisten = "127.0.0.1:{self.port}"\n'
        )
        (folder / "state").mkdir()
        self.errors = open(folder / "stderr", "w+")
        core = min(os.sched_getaffinity(0))
        self.program = subprocess.Popen(
            [arguments.firmware, "run", "--stdin", "--realtime", "--config", config],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        )
        self.windows, self.health, self.most_rss = [], {}, 0
        for body in (self.feed, self.read):
            threading.Thread(target=body, daemon=True).start()

    def feed(self):
        piece = sound()
        try:
            while True:
                self.program.stdin.write(piece)
        except (BrokenPipeError, ValueError):
            pass

    def read(self):
        for line in self.program.stdout:
            message = json.loads(line)
            if message["kind"] == "verdict":
                self.windows.append((time.monotonic(), message["inference_ms"]))
            elif message["kind"] == "health":
                self.health = message

    def sample(self):
        """Notes the resident memory."""
        status = pathlib.Path(f"/proc/{self.program.pid}/status").read_text()
        self.most_rss = max(self.most_rss, int(re.search(r"VmRSS:\s+(\d+)", status)[1]))

    def p99_ms(self, begun):
        times = sorted(ms for at, ms in self.windows if at >= begun)
        return times[len(times) * 99 // 100] if times else float("nan")


async def ask(port, request, timeout=10):
    """Sends the bytes of a request; the status of the answer, or 0 if the connection was closed without one."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(request)
            line = await asyncio.wait_for(reader.readline(), timeout)
            return int(line.split(b" ")[1]) if line else 0
        finally:
            writer.close()
    except (OSError, asyncio.TimeoutError, IndexError, ValueError):
        return 0


def request(path, method="GET", headers=(), body=""):
    lines = [f"{method} {path} HTTP/1.1", "Host: pump", "Connection: close", f"Content-Length: {len(body)}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


async def load(port, path, client):
    """Loads one address whole, as a client behind a proxy on the device; the body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request(path, headers=["Accept-Encoding: gzip", f"X-Forwarded-For: {client}"]))
    answer = await reader.read(-1)
    writer.close()
    return answer[answer.index(b"\r\n\r\n") + 4:]


async def browser(port, client, assets, end, seen):
    """One browser until `end`; adds the messages that it received to `seen`."""
    for path in ["/", *assets, "/api/session", "/api/recent"]:
        await load(port, path, client)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request("/api/live?columns", headers=[f"X-Forwarded-For: {client}"]))
    asked = time.monotonic()
    while (left := end - time.monotonic()) > 0:
        try:
            line = await asyncio.wait_for(reader.readline(), min(left, 1))
        except asyncio.TimeoutError:
            continue
        if not line:
            seen["closed"] += 1
            break
        if line.startswith(b"event: "):
            name = line[7:].strip().decode()
            seen[name] = seen.get(name, 0) + 1
        if time.monotonic() - asked > 10:
            asked = time.monotonic()
            for path in ("/api/history", "/api/alarms", "/api/now"):
                await load(port, path, client)
    writer.close()


async def browse(device, count, seconds):
    """`count` browsers for `seconds`; what they received."""
    page = gzip.decompress(await load(device.port, "/", BYSTANDER)).decode()
    assets = ["/" + name for name in sorted(set(re.findall(r'(?:src|href)="(assets/[^"]+)"', page)))]
    seen = {"closed": 0}
    end = time.monotonic() + seconds
    results = await asyncio.gather(*(browser(device.port, f"192.0.2.{number}", assets, end, seen) for number in range(count)), return_exceptions=True)
    seen["failed"] = sum(isinstance(result, Exception) for result in results)
    return seen


async def slow_heads(port, count, seconds):
    """Connections that send a byte of their head every half second; how many the device closed."""

    async def one():
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for byte in b"GET / HTTP/1.1\r\nHost: pump\r\nX-Slow: " + b"a" * int(2 * seconds):
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.5)
                if reader.at_eof():
                    return True
        except OSError:
            return True
        return False

    return sum(await asyncio.gather(*(one() for _ in range(count))))


async def attack(device):
    """All attacks; the statuses of the answers by the kind of attack."""
    port, answers = device.port, {}

    async def many(name, requests, at_a_time=32):
        found = {}
        for at in range(0, len(requests), at_a_time):
            for status in await asyncio.gather(*(ask(port, one) for one in requests[at:at + at_a_time])):
                found[status] = found.get(status, 0) + 1
        answers[name] = found

    # A head of 1 MB: the device stops reading, and closes.
    await many("heads of 1 MB", [request("/", headers=["X-Long: " + "a" * 1_000_000])] * 20, 4)
    paths = ["/../../etc/passwd", "/assets/../../etc/passwd", "/clips/../page.password", "/clips/%2e%2e%2fpage.password", "/clips/..%5cx", "/%00"]
    await many("paths out of the page", [request(path) for path in paths])
    forged = ["session=" + "0" * 64, "session=", "session=../../x", "session=\xff"]
    await many("forged cookies", [request("/api/listen", headers=[f"Cookie: {cookie}"]) for cookie in forged])
    posts = [request(path, "POST", ["Content-Type: application/json", "Origin: http://elsewhere.example", "X-Form-Token: 0"], body)
             for path, body in (("/api/acknowledge", '{"cause":"all"}'), ("/api/keep", '{"clip":"x","keep":true}'), ("/api/login", '{"password":"x"}'))]
    await many("posts of another site", posts)
    answers["slow heads closed"] = {"of 200": await slow_heads(port, 200, 12)}
    begun = time.monotonic()
    await many(f"{ATTACK_REQUESTS} requests", [request("/api/now")] * ATTACK_REQUESTS)
    answers[f"{ATTACK_REQUESTS} requests"]["per second"] = round(ATTACK_REQUESTS / (time.monotonic() - begun))
    return answers


async def run(arguments, device):
    async def phase(seconds, browsers):
        begun = time.monotonic() + SETTLE_S
        seen = {}
        if browsers:
            seen = await browse(device, browsers, seconds + SETTLE_S)
        else:
            await asyncio.sleep(seconds + SETTLE_S)
        return device.p99_ms(begun), seen

    async def watch():
        while True:
            device.sample()
            await asyncio.sleep(1)

    async def now():
        return json.loads(await load(device.port, "/api/now", BYSTANDER))

    await asyncio.sleep(3)
    watcher = asyncio.create_task(watch())
    seconds = arguments.seconds / 2
    without, within, received = [], [], {}
    for _ in range(2):
        without.append((await phase(seconds / 2, 0))[0])
        p99, seen = await phase(seconds, arguments.browsers)
        within.append(p99)
        for name, count in seen.items():
            received[name] = received.get(name, 0) + count
    before = (await now())["page"]
    answers = await attack(device)
    await asyncio.sleep(4)
    after = (await now())["page"]
    watcher.cancel()
    return {
        "browsers": arguments.browsers, "seconds_with_browsers": arguments.seconds, "windows": len(device.windows),
        "p99_ms_without": without, "p99_ms_with": within, "p99_ratio": round(statistics.mean(within) / statistics.mean(without), 3),
        "most_rss_kib": device.most_rss, "received": received, "page_before_attack": before, "page_after_attack": after, "answers": answers,
        **{key: device.health.get(key) for key in ("dropped_windows", "gaps", "lost_frames", "dropped_blocks")},
    }


def failures(figures):
    """The conditions that do not hold."""
    answers = figures["answers"]
    refused = lambda name, allowed: set(answers[name]) <= set(allowed)
    wrong = {
        "windows were dropped or sound was lost": any(figures[key] for key in ("dropped_windows", "gaps", "lost_frames", "dropped_blocks")),
        "the inference time's 99th percentile rose by more than a tenth": figures["p99_ratio"] > MOST_P99_RATIO,
        "more than 32 MiB of resident memory": figures["most_rss_kib"] > MOST_RSS_KIB,
        "browsers failed": figures["received"].get("failed", 0) or figures["received"].get("closed", 0),
        "a head of 1 MB was served": not refused("heads of 1 MB", {0, 400, 413, 431}),
        "a path out of the page was served": not refused("paths out of the page", {0, 400, 401, 403, 404}),
        "a forged cookie was accepted": not refused("forged cookies", {0, 400, 401, 403}),
        "a post of another site was accepted": not refused("posts of another site", {0, 400, 401, 403, 429}),
        "a flood was not refused": answers[f"{ATTACK_REQUESTS} requests"].get(429, 0) < ATTACK_REQUESTS / 2,
        "slow heads were kept open": answers["slow heads closed"]["of 200"] < 200,
        "refusals are not counted": figures["page_after_attack"]["refused_requests"] <= figures["page_before_attack"]["refused_requests"],
    }
    return [what for what, fails in wrong.items() if fails]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seconds", type=float, help="seconds with browsers")
    parser.add_argument("--firmware", default="target/debug/firmware")
    parser.add_argument("--model", default="artifacts/demo/sound_classifier.tflite")
    parser.add_argument("--browsers", type=int, default=50)
    parser.add_argument("--json", help="file for the figures")
    arguments = parser.parse_args()
    if not pathlib.Path(arguments.model).exists():
        print(f"page-load: no model at {arguments.model}; run `make demo` first", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        device = Device(arguments, pathlib.Path(folder))
        try:
            figures = asyncio.run(run(arguments, device))
        finally:
            device.program.kill()
            device.program.wait()
        errors = (pathlib.Path(folder) / "stderr").read_text()
    print(json.dumps(figures, indent=1))
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(figures, indent=1) + "\n")
    wrong = failures(figures)
    for what in wrong:
        print(f"page-load: {what}", file=sys.stderr)
    if wrong:
        print(errors[-2000:], file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
