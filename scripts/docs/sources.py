"""Checks the documents as a forge shows them: every link within the repository leads to a file and a heading."""

import os
import pathlib
import re
import subprocess
from urllib.parse import unquote, urlsplit

from . import markdown

SUMMARY = "docs/SUMMARY.md"


def documents(root):
    """All Markdown files of the repository, tracked or new, as paths from its root."""
    command = ["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    names = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split("\n")
    return sorted(name for name in names if name and (root / name).is_file())


def target(document, link):
    """(path from the root, anchor) of a link within the repository; None of any other."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    path = document if not parts.path else os.path.normpath(os.path.join(os.path.dirname(document), unquote(parts.path)))
    return path.replace(os.sep, "/"), unquote(parts.fragment)


def chapters(root):
    """The documents of the site, in the order of its table of contents."""
    found = []
    for _, link in markdown.links((root / SUMMARY).read_text()):
        found.append(target(SUMMARY, link)[0])
    return found


def check(root):
    """Messages about links that lead nowhere and pages that the site lacks."""
    root = pathlib.Path(root)
    texts = {name: (root / name).read_text() for name in documents(root)}
    anchors = {name: markdown.anchors(text) for name, text in texts.items()}
    listed, wrong, count = chapters(root), [], 0
    for name, text in texts.items():
        for number, link in markdown.links(text):
            if (found := target(name, link)) is None:
                continue
            count += 1
            path, anchor = found
            if path.startswith("../") or not (root / path).exists():
                wrong.append(f"{name}:{number}: {link}: there is no such file; correct the path")
            elif anchor and anchor not in anchors.get(path, ()):
                wrong.append(f"{name}:{number}: {link}: {path} has no such heading; its anchors: {', '.join(sorted(anchors.get(path, ()))) or 'none'}")
            elif name in listed and (root / path).is_dir():
                wrong.append(f"{name}:{number}: {link}: a folder has no page on the site; link a file of it")
            elif name in listed and path.endswith(".md") and path not in listed:
                wrong.append(f"{name}:{number}: {link}: {path} is not in {SUMMARY}; add it there")
    wrong += [f"{name}: not in {SUMMARY}; add it there" for name in texts if name.startswith("docs/") and name not in [*listed, SUMMARY]]
    wrong += [f"{SUMMARY}: {name} is listed twice" for name in set(listed) if listed.count(name) > 1]
    # A reader of links that finds none would find no wrong ones either.
    if count < 100:
        wrong.append(f"only {count} links were found: does scripts/docs/markdown.py still see them?")
    return wrong, count


def rebased(text, old, new):
    """The links of a text that moves from the document `old` to `new`."""

    def replace(match):
        found = target(old, match[1])
        if found is None or match[1].startswith("#"):
            return match[0]
        path = os.path.relpath(found[0], os.path.dirname(new) or ".")
        return match[0].replace(f"({match[1]})", f"({path}{'#' + found[1] if found[1] else ''})")

    return re.sub(markdown.LINK, replace, text)
