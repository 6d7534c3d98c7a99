"""The checker of the documents finds what it is for: python3 -m unittest discover -s scripts"""

import subprocess
import tempfile
import unittest
from pathlib import Path

from docs import markdown, metrics, site, sources, stage

SUMMARY = "# Summary\n\n[Top](../README.md)\n\n- [A](a.md)\n"


class Documents(unittest.TestCase):
    def repository(self, **files):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        root = Path(temporary.name)
        files = {"README.md": "# Top\n", "docs/SUMMARY.md": SUMMARY, "docs/a.md": "# A\n"} | {
            name.replace("__", "/") + ".md": text for name, text in files.items()
        }
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        subprocess.run(["git", "-C", str(root), "init", "-q"], check=True)
        return root

    def wrong(self, **files):
        wrong, _ = sources.check(self.repository(**files))
        return [message for message in wrong if "does scripts/docs/markdown.py still see them" not in message]

    def test_links_that_lead_somewhere_are_good(self):
        text = "# A title: with `code`\n[b](#a-title-with-code) [top](../README.md#top) [web](https://x.example/y#z) ![x](a.md)\n"
        self.assertEqual(self.wrong(docs__a=text), [])

    def test_a_missing_file_heading_or_chapter_is_found_with_its_line(self):
        text = "# A\n\n[x](none.md)\n[y](../README.md#none)\n[z](b.md)\n[f](../docs/)\n"
        found = self.wrong(docs__a=text, docs__b="# B\n")
        for start in ["docs/a.md:3: none.md: there is no such file", "docs/a.md:4: ../README.md#none: README.md has no such heading",
                      "docs/a.md:5: b.md: docs/b.md is not in docs/SUMMARY.md", "docs/a.md:6: ../docs/: a folder",
                      "docs/b.md: not in docs/SUMMARY.md"]:
            self.assertTrue(any(message.startswith(start) for message in found), (start, found))
        self.assertEqual(len(found), 5, found)

    def test_a_path_out_of_the_repository_is_wrong_even_if_it_exists(self):
        self.assertIn("there is no such file", self.wrong(docs__a="[x](../../../../../../../../etc/passwd)\n")[0])

    def test_code_has_no_links_and_repeated_headings_are_numbered(self):
        text = "```sh\n[x](none.md)\n# no heading\n```\n`[y](none.md)`\n# Two words\n# Two words\n"
        self.assertEqual(list(markdown.links(text)), [])
        self.assertEqual(markdown.anchors(text), {"two-words", "two-words-1"})

    def test_links_within_links_and_around_code_are_found(self):
        found = list(markdown.links("[![p](p.png)](q.md) [`c`](r.md) [d](s(1).md)\n\n[e]: t.md\n"))
        self.assertEqual(sorted(target for _, target in found), ["p.png", "q.md", "r.md", "s(1).md", "t.md"])

    def test_the_tree_of_the_site_has_the_chapters_and_what_they_link_to(self):
        root = self.repository(docs__a="[x](../x.txt)\n", other="# not in the book\n")
        (root / "x.txt").write_text("x")
        self.assertEqual(stage.stage(root, root / "out"), 2)
        found = sorted(path.relative_to(root / "out").as_posix() for path in (root / "out").rglob("*") if path.is_file())
        self.assertEqual(found, ["README.md", "SUMMARY.md", "docs/a.md", "x.txt"])
        self.assertEqual((root / "out/SUMMARY.md").read_text(), SUMMARY.replace("../README", "README").replace("a.md", "docs/a.md"))


class Site(unittest.TestCase):
    def test_links_and_foreign_scripts_of_a_page_are_checked(self):
        with tempfile.TemporaryDirectory() as folder:
            page = '<a href="b.html#here">x</a><a href="b.html#gone">x</a><a href="c.html">x</a><script src="https://cdn.example/x.js"></script>'
            (Path(folder) / "a.html").write_text(page)
            (Path(folder) / "b.html").write_text('<h1 id="here">b</h1><a href="https://x.example">a link elsewhere is good</a>')
            wrong, count = site.check(folder)
            self.assertEqual(count, 3)
            self.assertEqual(wrong[:2], ["a.html: b.html#gone: b.html has no such element", "a.html: c.html: there is no such file on the site"])
            self.assertEqual(len(site.loaded_from_elsewhere(folder)), 1)


class Metrics(unittest.TestCase):
    known = metrics.documented(
        "| `acoustic_monitor_up` | gauge | | x |\n| `acoustic_monitor_a_total` | counter | `cause` | x |\n| `acoustic_monitor_t` | histogram | | x |\n"
    )

    def wrong(self, query):
        return list(metrics.check("here", query, self.known))

    def test_queries_of_the_reference_are_good(self):
        for query in ["acoustic_monitor_up == 1", 'rate(acoustic_monitor_a_total{cause="x", instance=~".*"}[5m])',
                      'rate(acoustic_monitor_t_bucket{le="1"}[5m])']:
            self.assertEqual(self.wrong(query), [])

    def test_an_unknown_metric_or_label_and_a_bare_counter_are_found(self):
        self.assertIn("is not in docs/reference/metrics.md", self.wrong("acoustic_monitor_none")[0])
        self.assertIn("has no label state", self.wrong('acoustic_monitor_up{state="x"}')[0])
        self.assertIn("is a counter", self.wrong("acoustic_monitor_a_total > 3")[0])


if __name__ == "__main__":
    unittest.main()
