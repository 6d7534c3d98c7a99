"""Copies the documents of the site, and the files that they link to, into one tree with the repository's paths.

mdBook publishes one folder. The documents link to files outside `docs/`, and a forge shows them where they are: so the tree is
copied as it is, and every link holds in both places.
"""

import pathlib
import shutil

from . import markdown, sources


def stage(root, out):
    """Writes the tree to `out`, which is replaced; the number of documents."""
    root, out = pathlib.Path(root), pathlib.Path(out)
    shutil.rmtree(out, ignore_errors=True)
    listed = sources.chapters(root)
    files = set(listed)
    for name in listed:
        for _, link in markdown.links((root / name).read_text()):
            if found := sources.target(name, link):
                files.add(found[0])
    for name in files:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, out / name)
    # mdBook wants the table of contents at the top.
    summary = sources.rebased((root / sources.SUMMARY).read_text(), sources.SUMMARY, "SUMMARY.md")
    (out / "SUMMARY.md").write_text(summary)
    return len(listed)
