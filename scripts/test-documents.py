#!/usr/bin/env python3
"""Runs the command lines of the documents' blocks of code, in the order of a reader, on synthetic machines.

    test-documents.py HOST_TOOLS FIRMWARE [FOLDER]

Every command line of both programs must end with exit code 0. Those that need a sound device, a serial line or an installed system are
listed with the reason and counted; their options are checked by `cargo test -p firmware --lib documents`.
"""

import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

from docs import markdown, sources

ROOT = pathlib.Path(__file__).resolve().parents[1]
# By their first words: why they are not run.
NOT_RUN = {
    "firmware devices": "needs a sound device",
    "firmware health": "needs a running device",
    "firmware doctor": "needs a sound device",
    "firmware record": "needs a sound device",
    "firmware run": "needs a sound device",
    "firmware baseline": "needs a sound device",
    "firmware refit": "needs labelled clips of the device",
    "firmware notify": "needs a server for messages",
    "host-tools fetch": "needs the base model: set YAMNET_TFLITE",
    "host-tools label": "serves a page until it is ended",
    "host-tools monitor": "needs a broker or a serial line",
    "host-tools page": "serves a page until it is ended",
}
# What a command takes from the system that it is installed on, or from a person.
ADDED = {"firmware events": ["--folder", "events"]}
INPUT = {"firmware hash-password": "a password of this test\n"}
# The packages install both programs under the product's name, too.
NAMES = {"acoustic-monitor": "firmware", "acoustic-monitor-tools": "host-tools"}


def command_lines():
    """(document:line, words, file for standard output) of each command line of both programs."""
    for name in sources.chapters(ROOT):
        for start, language, lines in markdown.blocks((ROOT / name).read_text()):
            for number, line in enumerate(lines, start):
                if language == "console":
                    line = line.removeprefix("$ ") if line.startswith("$ ") else ""
                elif language != "sh":
                    continue
                words = shlex.split(line, comments=True) if line.split(" ")[0] in ("host-tools", "firmware", *NAMES) else []
                if len(words) < 2:
                    continue
                words[0] = NAMES.get(words[0], words[0])
                output = words[words.index(">") + 1] if ">" in words else None
                words = words[: words.index(">")] if ">" in words else words
                yield f"{name}:{number}", words, output


def prepare(host_tools, firmware, folder):
    """The recordings, the event log and the files that the documents name."""

    def run(*words, **options):
        subprocess.run([str(word) for word in words], check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)

    # Six machines in as many groups: fewer prove nothing to `pipeline`.
    for name, seed, machines in [("recordings", 1, 6), ("other_recordings", 2, 2), ("other_machines", 3, 2)]:
        run(host_tools, "synth", "--out", name, "--seed", seed, "--recordings", machines, "--seconds", 6, "--timeline-seconds", 40)
        timeline = next((folder / name / "timeline").glob("*.wav"))
        (folder / {"recordings": "new.wav"}.get(name, "shift.wav")).write_bytes(timeline.read_bytes())
    (folder / "password").write_text("a password of this test\n")
    run(host_tools, "features", "--data", "other_recordings", "--out", "machine8.parquet")
    run(host_tools, "train", "--data", "recordings", "--out", "events-model", "--features", "logmel", "--folds", 0)
    # The first page shows a prediction before it trains.
    shutil.copytree(folder / "events-model", folder / "artifacts")
    (folder / "events.toml").write_text('[events]\nfolder = "events"\n[listen]\nstate_dir = ""\n')
    model = "events-model/sound_classifier.tflite"
    run(firmware, "run", "--config", "events.toml", "--model", model, "--wav", "shift.wav", stdin=subprocess.DEVNULL)
    with open(folder / "events.csv", "w") as events:
        subprocess.run([firmware, "events", "--csv", "--folder", "events"], check=True, cwd=folder, stdout=events)


def reason_not_to_run(words):
    reason = NOT_RUN.get(" ".join(words[:2]))
    has_all = "--wav" in words or words[1] == "fetch" and os.environ.get("YAMNET_TFLITE")
    return None if has_all else reason


def expanded(words, folder):
    """The words with the patterns of files replaced by what they match, as a shell does."""
    for word in words:
        found = sorted(str(path.relative_to(folder)) for path in folder.glob(word)) if "*" in word else []
        yield from found or [word]


def main():
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    programs = {name: pathlib.Path(path).resolve() for name, path in zip(("host-tools", "firmware"), sys.argv[1:3])}
    temporary = tempfile.TemporaryDirectory()
    folder = pathlib.Path(sys.argv[3] if len(sys.argv) > 3 else temporary.name)
    folder.mkdir(parents=True, exist_ok=True)
    prepare(programs["host-tools"], programs["firmware"], folder)
    done, passed, failed, skipped = set(), 0, 0, 0
    for where, words, output in command_lines():
        # The same line in two documents is run once.
        if (line := " ".join(words)) in done:
            continue
        done.add(line)
        if reason := reason_not_to_run(words):
            print(f"  SKIPPED {where}: {line}: {reason}")
            skipped += 1
            continue
        key, begun = " ".join(words[:2]), time.monotonic()
        arguments = [str(programs[words[0]]), *expanded(words[1:], folder), *ADDED.get(key, [])]
        run = subprocess.run(arguments, cwd=folder, input=INPUT.get(key, ""), capture_output=True, text=True, timeout=300)
        if output:
            (folder / output).write_text(run.stdout)
        if run.returncode == 0 and (run.stdout or run.stderr):
            print(f"  ok   {time.monotonic() - begun:5.1f} s  {where}: {line}")
            passed += 1
        else:
            print(f"  FAIL {where}: {line}: exit code {run.returncode}\n{run.stdout}{run.stderr}")
            failed += 1
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or passed < 10 else 0


sys.exit(main())
