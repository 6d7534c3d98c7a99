"""The metrics that docs/reference/metrics.md lists, and their use in queries."""

import re

ROW = re.compile(r"^\| `(\w+)` \| (gauge|counter|histogram|summary) \|([^|]*)\|", re.M)
USE = re.compile(r"((?:acoustic_monitor|process)_\w+)(?:\{([^{}]*)\})?")
# What Prometheus adds, and what the samples of a histogram are named.
ADDED = {"instance", "job"}
OF_A_HISTOGRAM = ("_bucket", "_sum", "_count")
# A counter starts anew with the program, so that its bare value means little.
FUNCTIONS_OF_COUNTERS = ("rate(", "irate(", "increase(", "changes(", "resets(")


def documented(text):
    """{name: (type, labels)} of the reference."""
    found = {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in ROW.findall(text)}
    for name, (kind, labels) in list(found.items()):
        if kind in ("histogram", "summary"):
            found |= {name + end: ("counter", labels | {"le"}) for end in OF_A_HISTOGRAM}
    return found


def check(where, query, known):
    """Messages about the metrics and labels of a query."""
    for match in USE.finditer(query):
        name, selectors = match[1], match[2] or ""
        if name not in known:
            yield f"{where}: {name} is not in docs/reference/metrics.md; correct the name"
            continue
        kind, labels = known[name]
        for label in set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", selectors)) - labels - ADDED:
            yield f"{where}: {name} has no label {label}; it has {', '.join(sorted(labels)) or 'none'}"
        if kind == "counter" and not query[: match.start()].endswith(FUNCTIONS_OF_COUNTERS):
            yield f"{where}: {name} is a counter; use rate or increase"
