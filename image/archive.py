"""Reads `docker save` from standard input and writes the same image without its build times to FILE: archive.py FILE

The Dockerfile already sets the files' dates; this removes the times in the image's configuration. Layers are compressed, as in a
registry; `docker load` and `skopeo copy docker-archive:FILE` read the result.
"""
import gzip
import hashlib
import io
import json
import os
import sys
import tarfile
import time


def main(path: str) -> None:
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", "1700000000"))
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch))
    with tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read())) as saved:
        read = lambda name: saved.extractfile(name).read()
        [manifest] = json.loads(read("manifest.json"))
        config = json.loads(read(manifest["Config"]))
        layers = [read(layer) for layer in manifest["Layers"]]
    for entry in [config, *config["history"]]:
        entry["created"] = moment
    # How the engine ran the build is no property of what was built.
    for key in ("container", "container_config", "moby.buildkit.buildinfo.v1", "moby.buildkit.cache.v0"):
        config.pop(key, None)
    text = json.dumps(config, sort_keys=True, separators=(",", ":")).encode()
    files = {hashlib.sha256(text).hexdigest() + ".json": text}
    names = []
    for layer in layers:
        name = hashlib.sha256(layer).hexdigest() + ".tar.gz"
        files[name] = gzip.compress(layer, 9, mtime=0)
        names.append(name)
    described = [{"Config": next(iter(files)), "RepoTags": manifest["RepoTags"], "Layers": names}]
    files["manifest.json"] = json.dumps(described, sort_keys=True).encode()
    with tarfile.open(path + ".part", "w", format=tarfile.USTAR_FORMAT) as out:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(data), epoch
            out.addfile(entry, io.BytesIO(data))
    os.replace(path + ".part", path)
    print(f"{os.path.basename(path)}: image id sha256:{hashlib.sha256(text).hexdigest()}")


if __name__ == "__main__":
    main(sys.argv[1])
