"""The OCI layout of several architectures: python3 -m unittest discover -s scripts"""

import gzip
import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "image"))
import oci  # noqa: E402


def archive(path, architecture):
    """An image with one file, as archive.py writes it."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as files:
        entry = tarfile.TarInfo("program")
        entry.size = len(architecture)
        files.addfile(entry, io.BytesIO(architecture.encode()))
    layer = layer.getvalue()
    config = {
        "architecture": architecture, "os": "linux", "config": {"Labels": {"org.opencontainers.image.title": "t", "other": "x"}},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}, "history": [],
    }
    members = {"c.json": json.dumps(config).encode(), "l.tar.gz": gzip.compress(layer, mtime=0)}
    members["manifest.json"] = json.dumps([{"Config": "c.json", "Layers": ["l.tar.gz"], "RepoTags": ["x:latest"]}]).encode()
    with tarfile.open(path, "w") as out:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            out.addfile(entry, io.BytesIO(data))


class Layout(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        for architecture in ("amd64", "arm64"):
            archive(self.folder / f"{architecture}.tar", architecture)
        (self.folder / "arm64.cdx.json").write_text('{"bomFormat":"CycloneDX"}')
        self.files = oci.layout([(str(self.folder / "amd64.tar"), ""), (str(self.folder / "arm64.tar"), str(self.folder / "arm64.cdx.json"))])

    def read(self, descriptor):
        data = self.files["blobs/" + descriptor["digest"].replace(":", "/")]
        self.assertEqual((len(data), "sha256:" + hashlib.sha256(data).hexdigest()), (descriptor["size"], descriptor["digest"]))
        return json.loads(data)

    def test_one_index_has_every_architecture_and_the_sbom_names_its_image(self):
        every, sbom = json.loads(self.files["index.json"])["manifests"]
        images = self.read(every)["manifests"]
        self.assertEqual([image["platform"]["architecture"] for image in images], ["amd64", "arm64"])
        for image in images:
            manifest = self.read(image)
            self.assertEqual(manifest["annotations"], {"org.opencontainers.image.title": "t"})
            self.assertEqual(self.read(manifest["config"])["architecture"], image["platform"]["architecture"])
        attached = self.read(sbom)
        self.assertEqual(attached["subject"]["digest"], images[1]["digest"])
        self.assertEqual(self.read(attached["layers"][0]), {"bomFormat": "CycloneDX"})

    @unittest.skipUnless(shutil.which("skopeo"), "needs skopeo")
    def test_another_program_reads_each_architecture(self):
        out = str(self.folder / "all.tar")
        oci.main(out, [str(self.folder / "amd64.tar"), str(self.folder / "arm64.tar")])
        for architecture in ("amd64", "arm64"):
            command = ["skopeo", "--override-arch", architecture, "inspect", f"oci-archive:{out}"]
            found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            self.assertEqual((found["Architecture"], found["Labels"]["org.opencontainers.image.title"]), (architecture, "t"))


if __name__ == "__main__":
    unittest.main()
