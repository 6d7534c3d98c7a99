"""Just enough of Rust's lexical rules to read paths from sources without a compiler."""

import re

_TOKEN = re.compile(
    r"""//[^\n]*
      | /\*
      | b?r(?P<hashes>\#*)".*?"(?P=hashes)
      | b?"(?:\\.|[^"\\])*"
      | b?'(?:\\[^\n]*?|[^\\'\n])'(?!\w)
    """,
    re.VERBOSE | re.DOTALL,
)


def blank(text):
    """The same number of lines and columns, and nothing else."""
    return re.sub(r"[^\n]", " ", text)


def code(source, keep_strings=False):
    """`source` with comments (and, unless they are kept, the contents of string and character literals) blanked."""
    out, at = [], 0
    while match := _TOKEN.search(source, at):
        start, end = match.span()
        out.append(source[at:start])
        is_comment = match[0].startswith(("//", "/*"))
        if match[0] == "/*":
            depth, end = 1, start + 2
            while depth and (mark := re.compile(r"/\*|\*/").search(source, end)):
                depth += 1 if mark[0] == "/*" else -1
                end = mark.end()
        piece = source[start:end]
        out.append(piece if keep_strings and not is_comment else blank(piece))
        at = end
    return "".join(out) + source[at:]


def closing(text, at):
    """The offset behind the bracket that closes the one at `at`."""
    depth = 0
    for mark in re.compile(r"[{}()\[\]]").finditer(text, at):
        depth += 1 if mark[0] in "{([" else -1
        if depth == 0:
            return mark.end()
    return len(text)


_TEST_ONLY = re.compile(r"#!?\[\s*cfg\s*\(\s*(?:test\s*\)|all\s*\(\s*test\b)")


def without_tests(text):
    """`text` (see `code`) without the items that are compiled for tests alone; also the names of modules among these."""
    modules = []
    while match := _TEST_ONLY.search(text):
        start = match.start()
        at = closing(text, text.index("[", start))
        while attribute := re.compile(r"\s*#\[").match(text, at):
            at = closing(text, attribute.end() - 1)
        item = re.compile(r"\s*(?:pub(?:\([^)]*\))?\s+)?(\w+)\s*(\w*)").match(text, at)
        keyword, name = item.groups() if item else ("", "")
        to_semicolon = keyword in ("use", "const", "static", "type", "let", "extern")
        end = re.compile(r";" if to_semicolon else r"[;{,]").search(text, at)
        if end is None or match[0].startswith("#!"):
            return "", modules
        stop = closing(text, end.start()) if end[0] == "{" else end.end()
        if keyword == "mod" and end[0] == ";":
            modules.append(name)
        text = text[:start] + blank(text[start:stop]) + text[stop:]
    return text, modules
