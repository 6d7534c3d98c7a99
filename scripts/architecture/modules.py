"""The modules of a crate, and which of them import which."""

import re
from pathlib import Path

from . import lex


class Module:
    """A module; `path` is a tuple of names from the crate's root."""

    def __init__(self, path, file, text, first_line=1):
        self.path, self.file, self.text, self.first_line = path, file, text, first_line
        self.names, self.globs, self.imports = {}, [], []

    def line(self, offset):
        return self.first_line + self.text.count("\n", 0, offset)


def read(root_file):
    """All modules below a crate's root file that are not compiled for tests alone, by path."""
    modules = {}
    _read_file(modules, (), Path(root_file), Path(root_file).parent)
    for module in modules.values():
        _read_paths(module, modules)
    return modules


def _read_file(modules, path, file, folder):
    text, _ = lex.without_tests(lex.code(file.read_text(), keep_strings=True))
    _read_text(modules, path, file, folder, text, 1)


def _read_text(modules, path, file, folder, text, first_line):
    # Inline modules are modules of their own in the same file.
    strings_blank = lex.code(text)
    for match in list(re.finditer(r"\bmod\s+(\w+)\s*\{", strings_blank)):
        if text[match.start() : match.start() + 3] != "mod":
            continue
        start, stop = match.end(), lex.closing(strings_blank, match.end() - 1)
        line = first_line + text.count("\n", 0, start)
        _read_text(modules, path + (match[1],), file, folder / match[1], text[start : stop - 1], line)
        text = text[: match.start()] + lex.blank(text[match.start() : stop]) + text[stop:]
    for match in re.finditer(r'(?:#\[path\s*=\s*"([^"]+)"\]\s*)?(?:pub(?:\([^)]*\))?\s+)?\bmod\s+(\w+)\s*;', text):
        named, name = match.groups()
        places = [file.parent / named] if named else [folder / f"{name}.rs", folder / name / "mod.rs"]
        for place in filter(Path.is_file, places):
            _read_file(modules, path + (name,), place, folder / name)
    modules[path] = Module(path, file, lex.code(text), first_line)



def _read_paths(module, modules):
    """Fills in what the module names: `imports` are (offset, absolute path), `names` its own `use` declarations."""
    text = module.text
    for match in re.finditer(r"\buse\s+([^;]+);", text):
        for names, alias in _leaves(match[1]):
            if (path := _absolute(names, module, modules)) is None:
                continue
            module.imports.append((match.start(), path))
            if names[-1] == "*":
                module.globs.append(path[:-1])
            else:
                module.names[alias or names[-1]] = path
    outside = re.sub(r"\buse\s+[^;]+;", lambda match: lex.blank(match[0]), text)
    for match in re.finditer(r"(?<![\w:])(?:crate|super|self)(?:\s*::\s*\w+)+", outside):
        names = re.split(r"\s*::\s*", match[0])
        if (path := _absolute(names, module, modules)) is not None:
            module.imports.append((match.start(), path))


def _leaves(tree, before=()):
    """The paths of a `use` tree, each with its alias: `a::{b, c as d}` has (a, b) and (a, c) with d."""
    tree = tree.strip()
    opening = tree.find("{")
    if opening < 0:
        path, _, alias = tree.partition(" as ")
        names = before + tuple(name.strip() for name in path.split("::") if name.strip())
        names = names[:-1] if names and names[-1] == "self" and len(names) > 1 else names
        return [(names, alias.strip())] if names else []
    before += tuple(name.strip() for name in tree[:opening].split("::") if name.strip())
    leaves, depth, start = [], 0, opening + 1
    for at in range(opening, len(tree)):
        depth += {"{": 1, "}": -1}.get(tree[at], 0)
        if (depth == 1 and tree[at] == ",") or depth == 0:
            leaves += _leaves(tree[start:at], before) if tree[start:at].strip() else []
            start = at + 1
        if depth == 0:
            break
    return leaves


def _absolute(names, module, modules):
    """A path from the crate's root, or None where it leaves the crate."""
    names = list(names)
    at = module.path
    if names[0] == "crate":
        at, names = (), names[1:]
    elif names[0] in ("self", "super"):
        while names and names[0] in ("self", "super"):
            at = at[:-1] if names.pop(0) == "super" else at
    elif at + (names[0],) not in modules:
        return None
    return at + tuple(names)


def resolve(path, modules, depth=0):
    """The module that defines what `path` names, seen through the re-exports on its way."""
    at = ()
    for index, name in enumerate(path):
        if at + (name,) in modules:
            at += (name,)
            continue
        module = modules[at]
        if name == "*":
            return at
        target = module.names.get(name)
        if target is None:
            defined = re.compile(rf"\b(?:fn|struct|enum|union|trait|type|const|static|macro_rules!)\s+(?:mut\s+)?{name}\b")
            target = next((g + (name,) for g in module.globs if g in modules and defined.search(modules[g].text)), None)
        if target is None or target == path[: index + 1] or depth > 20:
            return at
        return resolve(target + path[index + 1 :], modules, depth + 1)
    return at


def edges(modules):
    """Imports between children of one module, as {(parent, from, to): [places]}; `from` and `to` are names."""
    found = {}
    for module in modules.values():
        for offset, path in module.imports:
            target = resolve(path, modules)
            common = 0
            while common < min(len(module.path), len(target)) and module.path[common] == target[common]:
                common += 1
            if common < len(module.path) and common < len(target):
                key = (target[:common], module.path[common], target[common])
                found.setdefault(key, []).append(f"{module.file}:{module.line(offset)}")
    return found
