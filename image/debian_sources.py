"""Where this machine gets Debian from, as lines for an apt sources list: debian_sources.py [--release NAME] [--backports] COMPONENT...

Without --release the lines are those of Debian 12, which the builds need. With it, they are of that release from the same servers."""
import argparse
import pathlib
import sys

# Releases whose addresses in this machine's lists are taken, and what follows their names.
KNOWN = ("bookworm", "trixie")
SUITES = ("", "-updates", "-security")
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


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--release", help="another release than this machine's, from the same servers")
    parser.add_argument("--backports", action="store_true", help="with the release's backports")
    parser.add_argument("components", nargs="+")
    args = parser.parse_args()
    apt = pathlib.Path("/etc/apt")
    found = []
    for path in [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))]:
        if path.is_file():
            found += (of_stanzas if path.suffix == ".sources" else of_lines)(path.read_text())
    lines = set()
    for address, suite in found:
        release, dash, rest = suite.partition("-")
        if release not in (KNOWN if args.release else KNOWN[:1]) or dash + rest not in SUITES:
            continue
        wanted = [f"{args.release or release}{dash}{rest}"]
        if args.backports and not rest:
            wanted.append(f"{args.release or release}-backports")
        lines |= {f"deb [signed-by={KEYRING}] {address} {name} {' '.join(args.components)}" for name in wanted}
    if not lines:
        print("no source of Debian 12 (bookworm) in /etc/apt", file=sys.stderr)
        return 1
    print("\n".join(sorted(lines)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
