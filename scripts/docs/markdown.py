"""What the checks need of Markdown: its links, its headings' anchors as forges make them, its blocks of code."""

import re

FENCE = re.compile(r"^(\s*)(`{3,})(.*)$")
# The text of a link may hold an image or code in backticks; its target has no spaces and at most one pair of brackets.
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\[\]]*\])*\]\(\s*<?([^()\s<>]+(?:\([^()\s]*\)[^()\s]*)?)>?(?:\s+\"[^\"]*\")?\s*\)")
DEFINITION = re.compile(r"^\[[^\]]+\]:\s+(\S+)")


def lines_of_prose(text):
    """(number, line) outside blocks of code, from 1."""
    fence = None
    for number, line in enumerate(text.split("\n"), 1):
        match = FENCE.match(line)
        if match and fence is None:
            fence = match[2]
        elif match and match[2].startswith(fence) and not match[3].strip():
            fence = None
        elif fence is None:
            yield number, line


def blocks(text):
    """(number of the first line of code, language, lines) of each block of code."""
    found, fence = [], None
    for number, line in enumerate(text.split("\n"), 1):
        match = FENCE.match(line)
        if match and fence is None:
            fence = match[2]
            found.append((number + 1, match[3].strip(), []))
        elif match and match[2].startswith(fence) and not match[3].strip():
            fence = None
        elif fence is not None:
            found[-1][2].append(line)
    return found


def links(text):
    """(number of the line, target) of each link and image."""
    for number, line in lines_of_prose(text):
        # Backticks may enclose brackets that are no link; a link around code keeps its brackets.
        plain = re.sub(r"`[^`]*`", "code", line)
        for match in LINK.finditer(plain):
            yield number, match[1]
            # An image within a link.
            for inner in LINK.finditer(match[0][1 : match[0].rfind("](")]):
                yield number, inner[1]
        if match := DEFINITION.match(plain):
            yield number, match[1]


def anchors(text):
    """The anchors of all headings, as GitHub and GitLab make them; repeated ones are numbered."""
    found, times = set(), {}
    for _, line in lines_of_prose(text):
        if not (match := re.match(r"^#{1,6}\s+(.*?)\s*#*$", line)):
            continue
        heading = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", match[1]).replace("`", "")
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        count = times.get(slug, 0)
        times[slug] = count + 1
        found.add(f"{slug}-{count}" if count else slug)
    return found
