"""Reads flattened device trees: the nodes by their path, each with its properties as bytes."""
import pathlib
import struct

BEGIN_NODE, END_NODE, PROP, NOP, END = 1, 2, 3, 4, 9


def read(path: pathlib.Path) -> dict[str, dict[str, bytes]]:
    data = pathlib.Path(path).read_bytes()
    magic, size, structure, strings = struct.unpack_from(">IIII", data)
    if magic != 0xD00DFEED or size > len(data):
        raise SystemExit(f"{path}: no device tree")
    nodes, names, at = {}, [], structure
    while True:
        (token,) = struct.unpack_from(">I", data, at)
        at += 4
        if token == BEGIN_NODE:
            end = data.index(b"\0", at)
            names.append(data[at:end].decode())
            nodes["/".join(names) or "/"] = {}
            at = (end + 4) & ~3
        elif token == END_NODE:
            names.pop()
        elif token == PROP:
            length, name = struct.unpack_from(">II", data, at)
            start = strings + name
            nodes["/".join(names) or "/"][data[start:data.index(b"\0", start)].decode()] = data[at + 8:at + 8 + length]
            at = (at + 8 + length + 3) & ~3
        elif token == END:
            return nodes
        elif token != NOP:
            raise SystemExit(f"{path}: damaged device tree")


def texts(value: bytes) -> list[str]:
    return value.rstrip(b"\0").decode().split("\0") if value else []


def cells(value: bytes) -> tuple[int, ...]:
    return struct.unpack(f">{len(value) // 4}I", value)
