"""Joins the images of several architectures into one OCI layout: oci.py OUT.tar ARCHIVE[=SBOM]...

ARCHIVE is what archive.py writes. The layout has one index for all architectures; an SBOM (CycloneDX) is attached to its image as an
artifact with that image as subject. `skopeo copy --all oci-archive:OUT.tar docker://REGISTRY/NAME` pushes it.
Source of the format: https://github.com/opencontainers/image-spec (image-layout, manifest, image-index), version 1.1.
"""
import hashlib
import io
import json
import os
import sys
import tarfile

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
EMPTY = "application/vnd.oci.empty.v1+json"
SBOM = "application/vnd.cyclonedx+json"
LABELS = "org.opencontainers.image."


class Blobs:
    """The contents of the layout, by digest."""

    def __init__(self):
        self.files = {}

    def add(self, data: bytes, media: str, **more) -> dict:
        digest = hashlib.sha256(data).hexdigest()
        self.files[f"blobs/sha256/{digest}"] = data
        return {"mediaType": media, "digest": f"sha256:{digest}", "size": len(data)} | more

    def add_json(self, content: dict, media: str, **more) -> dict:
        return self.add(json.dumps(content, sort_keys=True, separators=(",", ":")).encode(), media, **more)


def image(blobs: Blobs, path: str) -> dict:
    """Adds the image of an archive; its descriptor."""
    with tarfile.open(path) as archive:
        read = lambda name: archive.extractfile(name).read()
        [described] = json.loads(read("manifest.json"))
        text = read(described["Config"])
        layers = [blobs.add(read(name), LAYER) for name in described["Layers"]]
    config = json.loads(text)
    # What the image states of itself is also found without its configuration.
    labels = {name: value for name, value in (config["config"].get("Labels") or {}).items() if name.startswith(LABELS)}
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": blobs.add(text, CONFIG), "layers": layers, "annotations": labels}
    platform = {"architecture": config["architecture"], "os": config["os"]}
    return blobs.add_json(manifest, MANIFEST, platform=platform)


def attach(blobs: Blobs, subject: dict, path: str) -> dict:
    """Adds an SBOM of the image `subject`; its descriptor."""
    with open(path, "rb") as file:
        layer = blobs.add(file.read(), SBOM, annotations={LABELS + "title": os.path.basename(path)})
    plain = {key: subject[key] for key in ("mediaType", "digest", "size")}
    config = blobs.add(b"{}", EMPTY)
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": SBOM, "config": config, "layers": [layer], "subject": plain}
    return blobs.add_json(manifest, MANIFEST, artifactType=SBOM)


def layout(archives: list[tuple[str, str]]) -> dict[str, bytes]:
    """The files of the layout. `archives`: each archive with its SBOM, or an empty name."""
    blobs, images, sboms = Blobs(), [], []
    for path, sbom in archives:
        images.append(image(blobs, path))
        if sbom:
            sboms.append(attach(blobs, images[-1], sbom))
    every = blobs.add_json({"schemaVersion": 2, "mediaType": INDEX, "manifests": images}, INDEX)
    every["annotations"] = {LABELS + "ref.name": "latest"}
    # An artifact is found by its subject; the index of the layout keeps it from being cleaned up.
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [every, *sboms]}
    top = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": json.dumps(index, sort_keys=True).encode()}
    return top | blobs.files


def main(out: str, arguments: list[str]) -> None:
    files = layout([tuple(argument.partition("=")[::2]) for argument in arguments])
    with tarfile.open(out + ".part", "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(data), int(os.environ.get("SOURCE_DATE_EPOCH", "1700000000"))
            archive.addfile(entry, io.BytesIO(data))
    os.replace(out + ".part", out)
    print(f"{out}: sha256:{hashlib.sha256(files['index.json']).hexdigest()}")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    main(sys.argv[1], sys.argv[2:])
