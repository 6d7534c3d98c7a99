"""Proves from the sources alone how crates and folders depend on each other; see `scripts/check-architecture`."""

import sys
from pathlib import Path

from . import cycles, rules, unused


def main():
    root = Path(__file__).resolve().parents[2]
    messages = list(unused.check(root))
    if sys.argv[1:] != ["unused"]:
        messages += rules.check(root)
        for name, (folder, _) in rules.crates(root).items():
            messages += cycles.check(name, folder / "src" / "lib.rs")
    for message in messages:
        print(message.replace(f"{root}/", ""), file=sys.stderr)
    if messages:
        print(f"check-architecture: {len(messages)} rules violated (above)", file=sys.stderr)
        return 1
    print("check-architecture: all rules hold")
    return 0


sys.exit(main())
