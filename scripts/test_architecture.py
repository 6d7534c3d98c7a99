"""The checker of the architecture finds what it is for: python3 -m unittest discover -s scripts"""

import tempfile
import unittest
from pathlib import Path

from architecture import cycles, lex, modules, rules, unused


def crate(test, files):
    """Writes files of a crate into a folder that lasts as long as the test; returns its root file."""
    temporary = tempfile.TemporaryDirectory()
    test.addCleanup(temporary.cleanup)
    folder = Path(temporary.name)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder / "lib.rs"


class Cycles(unittest.TestCase):
    def check(self, **files):
        named = {name.replace("__", "/") + ".rs": text for name, text in files.items()}
        return cycles.check("c", crate(self, {"a/x.rs": "pub struct X;", "b/y.rs": "pub struct Y;"} | named))

    def test_two_folders_that_import_each_other_are_found_with_their_lines(self):
        found = self.check(lib="mod a; mod b;", a__mod="mod x;\nuse crate::b::y::Y;", b__mod="mod y;\nfn f() { super::a::g() }")
        self.assertIn("c: these modules import each other: a, b", found[0])
        self.assertRegex(found[0], r"a -> b: .*a/mod.rs:2")

    def test_one_direction_is_no_cycle(self):
        self.assertEqual(self.check(lib="mod a; mod b;", a__mod="mod x; use crate::b::{self, y::*};", b__mod="mod y;"), [])

    def test_a_cycle_by_way_of_a_file_or_a_re_export_is_found(self):
        by_file = self.check(
            lib="mod a; mod b; mod m;", a__mod="mod x; use crate::m::M;", m="use crate::b;", b__mod="mod y; use crate::a::x::X;"
        )
        self.assertIn("a, b, m", by_file[0])
        by_re_export = self.check(
            lib="mod a; mod b; pub use b::y::Y; pub use a::*;",
            a__mod="mod x; pub struct A; use crate::Y;",
            b__mod="mod y; use crate::A;",
        )
        self.assertEqual(len(by_re_export), 1)

    def test_nested_folders_are_checked_too(self):
        nested = self.check(
            lib="mod p;", p__mod="mod a; mod b;", p__a__mod="mod x; use super::b::Y;", p__b__mod="mod y; pub use y::Y; use crate::p::a;",
            p__a__x="", p__b__y="pub struct Y;",
        )
        self.assertIn("c::p: these modules import each other: a, b", nested[0])

    def test_tests_comments_and_strings_do_not_count(self):
        text = 'mod y; // crate::a\n/* crate::a /* */ crate::a */ const S: &str = "crate::a"; #[cfg(test)] mod tests { use crate::a::x; }'
        self.assertEqual(self.check(lib="mod a; mod b;", a__mod="mod x; use crate::b;", b__mod=text), [])


class Lexing(unittest.TestCase):
    def test_lifetimes_are_not_characters_and_quotes_in_characters_not_strings(self):
        text = "fn f<'a>(x: &'a str) { g('\"', b'\\'', crate::a::X) }"
        self.assertIn("crate::a::X", lex.code(text))
        self.assertIn("<'a>", lex.code(text))

    def test_a_file_for_tests_alone_is_not_read(self):
        root = crate(self, {"lib.rs": "#[cfg(test)]\nmod t;\n#[cfg(all(test, unix))] mod u { }\nmod v;", "t.rs": "", "v.rs": ""})
        self.assertEqual(set(modules.read(root)), {(), ("v",)})


class Rules(unittest.TestCase):
    def test_a_forbidden_dependency_is_found_in_tests_and_for_one_target(self):
        manifest = {"dev-dependencies": {"host-tools": {}}, "target": {"cfg(unix)": {"dependencies": {"monitor-export": {}}}}}
        members = {"firmware": (Path("firmware"), manifest), "host-tools": (Path(), {}), "monitor-export": (Path(), {})}
        found = list(rules.dependencies(members))
        self.assertEqual(len(found), 2, found)

    def test_unsafe_code_elsewhere_is_found(self):
        root = crate(self, {"firmware/src/lib.rs": "unsafe fn f() {}", "firmware/src/rt/heap.rs": "unsafe fn f() {}"}).parent
        found = list(rules.unsafe_code(root, {"firmware": (root / "firmware", {})}))
        self.assertEqual(len(found), 1, found)

    def test_an_unused_dependency_is_found_and_one_in_a_comment_is_unused(self):
        manifest = '[package]\nname = "c"\n[dependencies]\nused-one = "1"\nidle = "1"\n[dev-dependencies]\nin-test = "1"\n'
        files = {"Cargo.toml": '[workspace]\nmembers = ["c"]\n', "c/Cargo.toml": manifest}
        root = crate(self, files | {"c/src/lib.rs": "use used_one::X; // idle", "c/tests/t.rs": "use in_test::Y;"}).parent
        self.assertEqual([message.split(": ")[1] for message in unused.check(root)], ["c does not use idle (dependencies)"])


if __name__ == "__main__":
    unittest.main()
