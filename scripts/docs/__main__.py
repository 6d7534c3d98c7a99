"""The documents' checks and the site's parts: python3 -m docs links | stage OUT | site FOLDER | integrations PROMTOOL, from scripts/."""

import pathlib
import sys

from . import integrations, site, sources, stage

ROOT = pathlib.Path(__file__).parents[2]


def main():
    match sys.argv[1:]:
        case ["links"]:
            wrong, count = sources.check(ROOT)
            done = f"{count} links within the repository lead to a file and a heading"
        case ["stage", out]:
            wrong, done = [], f"{stage.stage(ROOT, out)} documents"
        case ["site", folder]:
            wrong, count = site.check(folder)
            wrong += site.loaded_from_elsewhere(folder)
            done = f"{count} links of the site lead to a file and an element"
        case ["integrations", promtool]:
            wrong, done = integrations.check(ROOT, promtool), "alert rules, dashboard, flow and collectors agree with the references"
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    for message in wrong:
        print(message, file=sys.stderr)
    if not wrong:
        print(f"docs: {done}")
    return 1 if wrong else 0


sys.exit(main())
