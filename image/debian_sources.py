"""Where this machine gets Debian 12 from, as lines for an apt sources list: debian_sources.py [--suite SUITE] COMPONENT...

With a suite, the same servers' line for that suite alone.
"""
import pathlib
import sys

SUITES = ("bookworm", "bookworm-updates", "bookworm-security")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def of_lines(text: str):
    """(address, suite) of the one-line form."""
    for line in text.splitlines():
        words = line.split("#")[0].replace("[", " [ ").replace("]", " ] ").split()
        if words[:1] == ["deb"]:
            if "[" in words:
                del words[words.index("["):words.index("]") + 1]
            yield words[1], words[2]


def of_stanzas(text: str):
    """(address, suite) of the deb822 form."""
    for stanza in text.split("\n\n"):
        fields = dict(line.split(":", 1) for line in stanza.splitlines() if ":" in line and line[0] not in "# ")
        for address in fields.get("URIs", "").split():
            yield from ((address, suite) for suite in fields.get("Suites", "").split())


def main(components: list[str]) -> int:
    suite = ""
    if components[:1] == ["--suite"]:
        suite, components = components[1], components[2:]
    apt = pathlib.Path("/etc/apt")
    found = []
    for path in [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))]:
        if path.is_file():
            found += (of_stanzas if path.suffix == ".sources" else of_lines)(path.read_text())
    if suite:
        found = [(address, suite) for address, known in found if known == SUITES[0]]
    lines = {f"deb [signed-by={KEYRING}] {address} {name} {' '.join(components)}" for address, name in found if suite or name in SUITES}
    if not lines:
        print("no source of Debian 12 (bookworm) in /etc/apt", file=sys.stderr)
        return 1
    print("\n".join(sorted(lines)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
