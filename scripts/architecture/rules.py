"""Rules that concern whole crates: dependencies, the standard library, unsafe code."""

import re
import tomllib

from . import lex

LOW = {"monitor-tflite", "monitor-nn", "monitor-core", "monitor-wire", "monitor-model"}
WORKSTATION = {"monitor-export", "monitor-sound", "monitor-synth"}
# The crates of this repository that each may depend on: by [dependencies], and in tests besides.
DEPENDENCIES = {
    "monitor-tflite": (set(), set()),
    "monitor-nn": ({"monitor-tflite"}, {"monitor-export"}),
    "monitor-core": ({"monitor-tflite", "monitor-nn"}, {"monitor-export"}),
    "monitor-wire": (set(), set()),
    "monitor-model": (LOW, WORKSTATION),
    "monitor-export": (LOW, set()),
    "monitor-page-assets": (set(), set()),
    "monitor-sound": (set(), set()),
    "monitor-synth": (LOW | {"monitor-sound"}, set()),
    # The codecs stay off the device: only the workstation reads compressed recordings.
    "monitor-recording": ({"monitor-core", "monitor-model"}, set()),
    "monitor-reference": (LOW | {"monitor-export"}, set()),
    "firmware": (LOW | {"monitor-page-assets"}, WORKSTATION),
    "host-tools": (LOW | WORKSTATION | {"monitor-page-assets", "monitor-recording"}, set()),
    "test-documents": (set(), set()),
    "test-needs": (set(), set()),
    "fuzz-bodies": (LOW | WORKSTATION | {"firmware", "host-tools", "monitor-recording"}, set()),
}
# Nothing but `core`; monitor-nn may ask the processor for its instructions, by its feature `std`.
NO_STD = {"monitor-tflite": "test", "monitor-nn": 'any(feature = "std", test)', "monitor-core": "test", "monitor-wire": "test"}
# `unsafe` stands here and nowhere else: the SIMD kernels, and system calls that no safe crate wraps.
UNSAFE = re.compile(r"shared/nn/src/simd/.*|firmware/src/(?:.*/)?(?:clock|crash|serial_port|heap|sched)\.rs")


def crates(root):
    """The members of the workspace, as {name: (folder, manifest)}."""
    members = tomllib.loads((root / "Cargo.toml").read_text())["workspace"]["members"]
    manifests = {member: tomllib.loads((root / member / "Cargo.toml").read_text()) for member in members}
    return {manifest["package"]["name"]: (root / member, manifest) for member, manifest in manifests.items()}


def sources(folder):
    """Every source of a crate's program or library, as (file, text without comments)."""
    for file in sorted((folder / "src").rglob("*.rs")):
        yield file, lex.code(file.read_text(), keep_strings=True)


def line(text, match):
    return text.count("\n", 0, match.start()) + 1


def tables(manifest, kind):
    """Names in the tables of one kind of dependency, those of single targets included."""
    places = [manifest, *manifest.get("target", {}).values()]
    return {name for place in places for name in place.get(kind, {})}


def dependencies(members):
    for name, (folder, manifest) in members.items():
        if name not in DEPENDENCIES:
            yield f"{folder}/Cargo.toml: {name} is a new crate: state in scripts/architecture/rules.py what it may depend on"
            continue
        may, may_in_tests = DEPENDENCIES[name]
        kinds = {"dependencies": may, "build-dependencies": may, "dev-dependencies": may | may_in_tests | {"test-documents", "test-needs"}}
        for kind, allowed in kinds.items():
            for other in sorted(tables(manifest, kind) & (members.keys() - allowed)):
                yield f"{folder}/Cargo.toml: {name} must not depend on {other} ({kind})"


def standard_library(members):
    for name, allowed in NO_STD.items():
        folder, manifest = members[name]
        root = folder / "src" / "lib.rs"
        if f"#![cfg_attr(not({allowed}), no_std)]" not in root.read_text():
            yield f"{root}: #![cfg_attr(not({allowed}), no_std)] is missing"
        if allowed != "test":
            continue
        if "std" in manifest.get("features", {}):
            yield f"{folder}/Cargo.toml: {name} has a feature `std`; what needs an operating system belongs in monitor-model"
        for file, text in sources(folder):
            for match in re.finditer(r'feature\s*=\s*"std"', text):
                yield f"{file}:{line(text, match)}: a gate on the feature `std`; what needs an operating system belongs in monitor-model"
            for match in re.finditer(r"\bextern\s+crate\s+(?:std|alloc)\b", lex.without_tests(text)[0]):
                yield f"{file}:{line(text, match)}: {name} must link neither the standard library nor an allocator"


def unsafe_code(root, members):
    for name, (folder, _) in members.items():
        library = folder / "src" / "lib.rs"
        may_opt_out = name in ("monitor-nn", "firmware")
        if not may_opt_out and "#![forbid(unsafe_code)]" not in library.read_text():
            yield f"{library}: #![forbid(unsafe_code)] is missing"
        for file, text in sources(folder):
            if UNSAFE.fullmatch(file.relative_to(root).as_posix()):
                continue
            text = lex.code(text)
            for match in re.finditer(r"\bunsafe\b|\ballow\s*\(\s*unsafe_code", text):
                yield f"{file}:{line(text, match)}: `unsafe` outside the files that scripts/architecture/rules.py lists"


def check(root):
    members = crates(root)
    return [*dependencies(members), *standard_library(members), *unsafe_code(root, members)]
