"""Prints how big an image is and fails where it is bigger than promised: sizes.py ARCHIVE

On disk is the sum of its files; as pulled is the sum of its compressed layers.
"""
import gzip
import io
import json
import sys
import tarfile

MB = 1_000_000
# A model of the default features takes 0.8 MB.
ON_DISK, ON_DISK_WITH_MODEL, PULLED = 10 * MB, 11 * MB, 6 * MB


def main(path: str) -> int:
    disk = pulled = 0
    model = False
    with tarfile.open(path) as archive:
        [manifest] = json.loads(archive.extractfile("manifest.json").read())
        for name in manifest["Layers"]:
            layer = archive.extractfile(name).read()
            pulled += len(layer)
            with tarfile.open(fileobj=io.BytesIO(gzip.decompress(layer))) as files:
                for file in files:
                    disk += file.size
                    model |= file.name.endswith(".tflite")
    most = ON_DISK_WITH_MODEL if model else ON_DISK
    print(f"{path}: {disk / MB:.2f} MB on disk (at most {most / MB:.0f}), {pulled / MB:.2f} MB as pulled "
          f"(at most {PULLED / MB:.0f}), {'with' if model else 'without'} model")
    if disk > most or pulled > PULLED:
        print(f"{path}: too big", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
