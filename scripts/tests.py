#!/usr/bin/env python3
"""Runs a suite of tests by cargo-nextest where it is installed, else by cargo test: tests.py fast|standard|slow|list [ARGUMENT...]

    fast      the unit tests of all libraries and the test programs in FAST: `make check`
    standard  everything but the test programs in SLOW: `make test`
    slow      the test programs in SLOW: `make test-slow`
    list      prints each test program with its suites

A test program that is in no list belongs to `standard`. Arguments go to the runner ("--ignored" to both).
"""

import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys

# Test programs, as PACKAGE/NAME, that take seconds at most and start no broker and no sound device.
FAST = [
    "firmware/config_schema",
    "firmware/hardening",
    "firmware/microphone",
    "firmware/no_allocation",
    "firmware/no_allocation_in_inference",
    "firmware/recovery",
    "firmware/systemd_unit",
    "firmware/troubleshooting",
    "fuzz-bodies/damaged_models",
    "fuzz-bodies/stable",
    "host-tools/command_line",
    "host-tools/export",
    "host-tools/inspect",
    "monitor-core/log_mel_golden",
    "monitor-core/same_bits",
    "monitor-model/no_allocation",
    "monitor-nn/nn_properties",
]
# Kills at every write, brokers, faults that take minutes to observe, trainings of many recordings: more than 15 s each.
SLOW = [
    "firmware/faults",
    "firmware/latch",
    "firmware/mqtt",
    "firmware/mqtt_fleet",
    "host-tools/broker",
    "host-tools/features",
    "host-tools/figures",
    "host-tools/killed",
]
# One build for every suite: TLS adds little, and its tests need it.
BUILD = ["--workspace", "--locked", "--features", "firmware/tls"]


def programs():
    """All test programs of the workspace, as PACKAGE/NAME."""
    text = subprocess.run(["cargo", "metadata", "--locked", "--no-deps", "--format-version", "1"], check=True, stdout=subprocess.PIPE).stdout
    packages = json.loads(text)["packages"]
    return {f"{package['name']}/{target['name']}" for package in packages for target in package["targets"] if target["kind"] == ["test"]}


def select(suite, known):
    """The arguments that select what is built and run."""
    chosen = {"fast": set(FAST), "slow": set(SLOW), "standard": known - set(SLOW)}[suite]
    # cargo selects by name alone.
    if mixed := {program for program in known - chosen if program.split("/")[1] in {other.split("/")[1] for other in chosen}}:
        raise SystemExit(f"tests: rename test programs that share a name with one of another suite: {', '.join(sorted(mixed))}")
    arguments = [] if suite == "slow" else ["--lib"] if suite == "fast" else ["--lib", "--bins"]
    return arguments + [part for program in sorted(chosen) for part in ("--test", program.split("/")[1])]


def executables(command):
    """Builds; the test programs that were built, or None after an error."""
    # As JSON, cargo reports every artifact on standard output; its progress and errors stay on standard error.
    built = subprocess.run([*command, "--no-run", "--message-format", "json-render-diagnostics"], stdout=subprocess.PIPE, text=True)
    if built.returncode:
        return None
    artifacts = (json.loads(line) for line in built.stdout.splitlines() if line.startswith("{"))
    return [artifact["executable"] for artifact in artifacts if artifact.get("profile", {}).get("test") and artifact["executable"]]


def report_ignored(programs):
    """Counts the ignored tests by their reasons, which cargo-nextest does not show."""
    reasons = collections.Counter()
    for program in programs:
        # The form with reasons is unstable; the test harness of stable Rust accepts it with this variable.
        options = ["--list", "--ignored", "--format", "json", "-Zunstable-options"]
        # The test program of a procedural macro needs libraries of the compiler to start. It has no tests.
        listed = subprocess.run(
            [program, *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=os.environ | {"RUSTC_BOOTSTRAP": "1"}
        )
        for test in map(json.loads, listed.stdout.splitlines()):
            if test.get("type") == "test":
                reasons[test.get("ignore_message") or "without a reason"] += 1
    for reason, count in sorted(reasons.items()):
        print(f"ignored: {count} {'test' if count == 1 else 'tests'}: {reason}")


def run(suite, known, extra):
    """Builds, then runs; the exit code."""
    with_nextest = shutil.which("cargo-nextest") is not None
    chosen = [*BUILD, *select(suite, known)]
    built = executables(["cargo", "test", *chosen])
    if built is None:
        return 1
    environment = dict(os.environ)
    # Many tests wait for time to pass, so that more of them fit beside each other than there are cores.
    for variable in ("NEXTEST_TEST_THREADS", "RUST_TEST_THREADS"):
        environment.setdefault(variable, str(2 * (os.cpu_count() or 1)))
    # Tests of the firmware compare with host-tools; without this they would compile it again.
    host_tools = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target"), "debug", "host-tools").absolute()
    if host_tools.is_file():
        environment.setdefault("HOST_TOOLS", str(host_tools))
    # Failures alone, and all of them.
    options = ["--no-fail-fast", *(["--status-level", "fail"] if with_nextest else ["--quiet"])]
    runner = ["cargo", "nextest", "run"] if with_nextest else ["cargo", "test"]
    code = subprocess.run([*runner, *chosen, *options, *(["--", *extra] if extra else [])], env=environment).returncode
    report_ignored(built)
    return code


def main():
    suite, extra = (sys.argv[1:2] or [""])[0], sys.argv[2:]
    if suite not in ("fast", "standard", "slow", "list"):
        print(__doc__, file=sys.stderr)
        return 2
    known = programs()
    if unknown := (set(FAST) | set(SLOW)) - known:
        print(f"tests: test programs listed in scripts/tests.py do not exist: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 1
    if suite == "list":
        for program in sorted(known):
            print(f"{program:40} {'slow' if program in SLOW else 'fast, standard' if program in FAST else 'standard'}")
        return 0
    return run(suite, known, extra)


sys.exit(main())
