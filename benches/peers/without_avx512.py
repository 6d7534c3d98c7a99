"""LiteRT as it runs on a processor without AVX-512; as a program, `without_avx512.py NAME=MODEL...` times it on demand.

XNNPACK selects its kernels by CPUID, and no option overrides that. Therefore every CPUID instruction in a copy of the package
is replaced by UD2, and a library loaded before it (without_avx512.c) emulates the instruction.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def prepare(directory):
    """Copies and changes the package, compiles the library; returns the environment to run it in."""
    import ai_edge_litert

    package, library = directory / "ai_edge_litert", directory / "without_avx512.so"
    if not library.exists():
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(pathlib.Path(ai_edge_litert.__file__).parent, package)
        for path in package.rglob("*.so"):
            replace(path)
        command = [os.environ.get("CC", "cc"), "-O2", "-shared", "-fPIC", "-o", library, HERE / "without_avx512.c"]
        subprocess.run(command, check=True)
    return {**os.environ, "LD_PRELOAD": str(library), "PYTHONPATH": str(directory)}


def replace(path):
    """Puts UD2 in the place of every CPUID instruction of a library."""
    sections = subprocess.run(["readelf", "-SW", path], capture_output=True, text=True, check=True).stdout
    found = re.search(r"\s\.text\s+\w+\s+([0-9a-f]+)\s+([0-9a-f]+)", sections)
    shift = int(found.group(1), 16) - int(found.group(2), 16)
    listing = subprocess.run(["objdump", "-d", "-j", ".text", path], capture_output=True, text=True, check=True).stdout
    data = bytearray(path.read_bytes())
    for line in re.finditer(r"^\s*([0-9a-f]+):\s+0f a2\s+cpuid", listing, re.M):
        at = int(line.group(1), 16) - shift
        if data[at : at + 2] != b"\x0f\xa2":
            raise SystemExit(f"bench-peers: {path}: no CPUID instruction at {at:#x}")
        data[at : at + 2] = b"\x0f\x0b"
    path.write_bytes(data)


def serve(bodies):
    """For each line of stdin, `NAME KIND RUNS`: milliseconds of that many runs of a model, `cold` ones or not."""
    from compare import LiteRt

    models = {name: LiteRt(pathlib.Path(path).read_bytes()) for name, path in (body.split("=", 1) for body in bodies)}
    for line in sys.stdin:
        name, kind, runs = line.split()
        print(*models[name].block(int(runs), cold=kind == "cold"), flush=True)


if __name__ == "__main__":
    serve(sys.argv[1:])
