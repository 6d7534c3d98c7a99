"""Tests of release.sh: what it refuses, and the files of its smallest part."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parent


class Release(unittest.TestCase):
    """In a repository of its own, with the scripts, a manifest and a changelog."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / "scripts").mkdir()
        for name in ("release.sh", "release-notes.py"):
            shutil.copy(SCRIPTS / name, self.root / "scripts")
        (self.root / "Cargo.toml").write_text('[workspace.package]\nversion = "1.2.3"\n')
        (self.root / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-01-02\n\n- New.\n\n## [1.2.2]\n\n- Old.\n")
        (self.root / ".gitignore").write_text("target/\n")
        (self.root / "docs/guide").mkdir(parents=True)
        (self.root / "docs/guide/installing.md").write_text("Install `x_VERSION.deb` on [a Pi](raspberry-pi.md#a).\n")
        self.git("init", "-q")
        self.commit()

    def git(self, *arguments):
        identity = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", self.root, *identity, *arguments], check=True)

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "x")

    def release(self, version, **environment):
        command = [self.root / "scripts/release.sh", version]
        settings = {name: value for name, value in os.environ.items() if name not in ("PARTS", "ARCH", "MINISIGN_KEY")}
        done = subprocess.run(command, env=settings | {"PARTS": "source"} | environment, capture_output=True, text=True)
        return done.returncode, done.stderr, done.stdout

    def refused(self, version, **environment):
        code, error, _ = self.release(version, **environment)
        self.assertNotEqual(code, 0)
        self.assertFalse((self.root / f"target/release-{version}").exists())
        return error

    def test_a_version_that_is_not_that_of_the_manifest_or_has_no_notes_is_refused(self):
        self.assertIn("usage: make release VERSION=", self.refused(""))
        self.assertIn("VERSION=1.2.4, but Cargo.toml has 1.2.3", self.refused("1.2.4"))
        (self.root / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n\n- New.\n\n## [1.2.2]\n\n- Old.\n")
        self.commit()
        self.assertIn("CHANGELOG.md has no section [1.2.3], or it is empty; it has: Unreleased, 1.2.2", self.refused("1.2.3"))

    def test_changes_that_are_not_committed_and_unknown_parts_and_keys_are_refused(self):
        self.assertIn("there is no part 'nothing'", self.refused("1.2.3", PARTS="source nothing"))
        self.assertIn("there is no such file", self.refused("1.2.3", MINISIGN_KEY="/nowhere/key"))
        (self.root / "new").write_text("x")
        self.assertIn("not committed; commit or stash them:\n?? new", self.refused("1.2.3"))

    def test_the_files_have_checksums_and_notes_and_are_the_same_every_time(self):
        sums = []
        for _ in range(2):
            code, error, text = self.release("1.2.3")
            self.assertEqual(code, 0, error)
            out = self.root / "target/release-1.2.3"
            names = sorted(path.name for path in out.iterdir())
            self.assertEqual(names, ["INSTALL.md", "NOTES.md", "SHA256SUMS", "acoustic-monitor-1.2.3.tar.xz"])
            self.assertEqual((out / "NOTES.md").read_text(), "- New.\n")
            self.assertEqual((out / "INSTALL.md").read_text(), "Install `x_1.2.3.deb` on a Pi.\n")
            for line in (out / "SHA256SUMS").read_text().splitlines():
                digest, name = line.split("  ")
                self.assertEqual(hashlib.sha256((out / name).read_bytes()).hexdigest(), digest)
            sums.append((out / "SHA256SUMS").read_text())
            self.assertIn("not signed", text)
        self.assertEqual(sums[0], sums[1])

    @unittest.skipUnless(shutil.which("minisign"), "minisign is not installed")
    def test_minisign_verifies_the_checksums(self):
        key = self.root / "target/key"
        key.parent.mkdir()
        subprocess.run(["minisign", "-G", "-W", "-s", key, "-p", f"{key}.pub"], check=True, capture_output=True)
        # The script finds the package installed.
        (self.root / "scripts/need-packages.sh").write_text("#!/bin/sh\n")
        (self.root / "scripts/need-packages.sh").chmod(0o755)
        self.commit()
        code, error, _ = self.release("1.2.3", MINISIGN_KEY=str(key))
        self.assertEqual(code, 0, error)
        sums = self.root / "target/release-1.2.3/SHA256SUMS"
        verify = ["minisign", "-V", "-p", f"{key}.pub", "-m", sums]
        self.assertIn(b"acoustic-monitor 1.2.3, commit ", subprocess.run(verify, check=True, capture_output=True).stdout)
        sums.write_text(sums.read_text() + " ")
        self.assertNotEqual(subprocess.run(verify, capture_output=True).returncode, 0)


if __name__ == "__main__":
    unittest.main()
