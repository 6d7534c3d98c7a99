"""Dependencies that no source names."""

import re

from . import lex, rules

# Which folders of a crate may use which kind of dependency.
FOLDERS = {
    "dependencies": ("src", "tests", "benches", "examples"),
    "dev-dependencies": ("src", "tests", "benches", "examples"),
    "build-dependencies": ("build.rs",),
}


def code_of(folder, places):
    """All code of a crate in some of its folders, and in files that these include by path."""
    files = []
    for place in places:
        files += [folder / place] if (folder / place).is_file() else sorted((folder / place).rglob("*.rs"))
    for file in list(files):
        included = re.findall(r'#\[path\s*=\s*"([^"]+)"\]', file.read_text())
        files += [path for name in included if (path := (file.parent / name).resolve()).is_file() and path not in files]
    return "\n".join(lex.code(file.read_text()) for file in files)


def check(root):
    """Messages; a dependency that is there for its features alone is listed where cargo-machete expects it."""
    for name, (folder, manifest) in rules.crates(root).items():
        ignored = manifest["package"].get("metadata", {}).get("cargo-machete", {}).get("ignored", [])
        for kind, places in FOLDERS.items():
            code = code_of(folder, places)
            for dependency in sorted(rules.tables(manifest, kind) - set(ignored)):
                if not re.search(rf"\b{dependency.replace('-', '_')}\b", code):
                    yield f"{folder}/Cargo.toml: {name} does not use {dependency} ({kind})"
