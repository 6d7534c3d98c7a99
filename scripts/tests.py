#!/usr/bin/env python3
"""Runs a suite of tests by cargo-nextest where it is installed, else by cargo test: tests.py fast|standard|slow|list [ARGUMENT...]

    fast      libraries without system or workstation parts, and the test programs in FAST: `make check`
    standard  everything but the test programs in SLOW: `make test`
    slow      the test programs in SLOW: `make test-slow`
    list      prints each test program with its suites

A test program that is in no list belongs to `standard`. Arguments go to the runner ("--ignored" to both).
"""

import json
import shutil
import subprocess
import sys

# Libraries whose unit tests take seconds, without hardware, network or child processes.
FAST_LIBRARIES = [
    "monitor-tflite", "monitor-nn", "monitor-core", "monitor-wire", "monitor-model", "monitor-export", "monitor-synth", "host-tools",
]
# Test programs, as PACKAGE/NAME.
FAST = []
# Kills, fleets, waits of minutes, long searches; each takes more than ten seconds.
SLOW = []
# One build for every suite: TLS adds little, and its tests need it.
BUILD = ["--workspace", "--locked", "--features", "firmware/tls"]


def programs():
    """All test programs of the workspace, as PACKAGE/NAME."""
    text = subprocess.run(["cargo", "metadata", "--locked", "--no-deps", "--format-version", "1"], check=True, stdout=subprocess.PIPE).stdout
    packages = json.loads(text)["packages"]
    return {f"{package['name']}/{target['name']}" for package in packages for target in package["targets"] if target["kind"] == ["test"]}


def targets(suite, known):
    """The arguments that select what is built and run."""
    chosen = {"fast": set(FAST), "slow": set(SLOW), "standard": known - set(SLOW)}[suite]
    arguments = {"fast": [], "slow": [], "standard": ["--lib", "--bins"]}[suite]
    for program in sorted(chosen):
        arguments += ["--test", program.split("/")[1]]
    return arguments


def main():
    suite = sys.argv[1] if len(sys.argv) > 1 else ""
    if suite not in ("fast", "standard", "slow", "list"):
        print(__doc__, file=sys.stderr)
        return 2
    known = programs()
    if unknown := (set(FAST) | set(SLOW)) - known:
        print(f"tests: scripts/tests.py lists test programs that do not exist: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 1
    if suite == "list":
        for program in sorted(known):
            print(program, "slow" if program in SLOW else "fast, standard" if program in FAST else "standard")
        return 0
    return 0


sys.exit(main())
