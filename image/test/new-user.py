"""Does what a new user reads: runs the command lines under a heading of a guide in a container, and expects verdicts of every state.

    new-user.py GUIDE HEADING CONTAINER FOLDER

The part of deb.sh for the first minutes. The lines are taken from the guide as they stand there and run in FOLDER of the container, one
shell for each; a question is answered by yes. `sudo` is left out, as the guide says of a system where one is root. The first block of
code has at most four lines and takes at most two minutes. The last line of each block must give the same verdicts."""

import pathlib
import re
import subprocess
import sys
import time

MOST_COMMANDS, MOST_SECONDS, LEAST_VERDICTS = 4, 120, 100
STATES = {"off_state", "on_state", "soft_state", "solid_state"}


def blocks_under(text, heading):
    """The lines of each block of code under a heading."""
    _, _, section = text.partition(f"\n## {heading}\n")
    return [block.splitlines() for block in re.findall(r"\n```sh\n(.*?)\n```", section.split("\n## ")[0], re.S)]


def fail(*words):
    print("new-user:", *words, file=sys.stderr)
    sys.exit(1)


def typed(lines, container, folder):
    """Runs command lines; the output of the last one."""
    output = ""
    for line in lines:
        start = time.monotonic()
        command = ["docker", "exec", "-i", "-w", folder, container, "bash", "-c", line.removeprefix("sudo ")]
        run = subprocess.run(command, input="y\n", capture_output=True, text=True)
        print(f"       {time.monotonic() - start:5.1f} s  {line}", flush=True)
        if run.returncode != 0:
            fail(f"exit code {run.returncode}\n{run.stdout}{run.stderr}")
        output = run.stdout
    return output


def main():
    if len(sys.argv) != 5:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    guide, heading, container, folder = sys.argv[1:]
    blocks = blocks_under(pathlib.Path(guide).read_text(), heading)
    if not blocks or len(blocks[0]) > MOST_COMMANDS:
        fail(f"{guide}: {[len(lines) for lines in blocks]} command lines under {heading!r}; at most {MOST_COMMANDS} are promised")
    begun, first, seconds = time.monotonic(), None, 0
    for lines in blocks:
        # Without the time of inference.
        verdicts = re.findall(r"^Time (\d+\.\d+s: (\w+) \S+)", typed(lines, container, folder), re.M)
        if first is None:
            first, seconds = verdicts, time.monotonic() - begun
        if verdicts != first:
            fail(f"`{lines[-1]}` gives other verdicts than `{blocks[0][-1]}`: {verdicts} rather than {first}")
    missing = STATES - {state for _, state in first}
    if len(first) < LEAST_VERDICTS or missing:
        fail(f"{len(first)} verdicts, none of {', '.join(sorted(missing)) or 'no state'}: {first}")
    if seconds > MOST_SECONDS:
        fail(f"{seconds:.0f} s; at most {MOST_SECONDS} are promised")
    print(f"  ok   a new user has verdicts after {len(blocks[0])} commands and {seconds:.0f} s, and the same from the device's program")


main()
