#!/usr/bin/env python3
"""Prints the section of a version of CHANGELOG.md: release-notes.py VERSION"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def section(changelog: str, version: str) -> str:
    """The text below the heading of the version, without the heading."""
    parts = re.split(r"^## \[(.+?)\](.*)$\n", changelog, flags=re.MULTILINE)
    found = {name: text.strip() for name, text in zip(parts[1::3], parts[3::3])}
    if not found.get(version):
        known = ", ".join(found)
        raise SystemExit(f"release: CHANGELOG.md has no section [{version}], or it is empty; it has: {known}")
    return found[version]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    print(section((ROOT / "CHANGELOG.md").read_text(), sys.argv[1]))
