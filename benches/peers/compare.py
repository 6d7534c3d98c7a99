"""Alternates blocks of ten runs of our engine with blocks of LiteRT (and a few of other peers); writes the ratios as a dated record.

Alternating exposes both sides to the same load; the result is the median of the blocks' ratios.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import without_avx512
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from cut_models import body_of, convolutions_of, tapped_of
from record import FOLDER, ROOT, date, processor, write

RUNS = 10
EVICT = 64 << 20
BANDS = 64


class LiteRt:
    """LiteRT on one thread: its default (XNNPACK) or its reference kernels."""

    def __init__(self, data, reference=False):
        resolver = OpResolverType.BUILTIN_REF if reference else OpResolverType.AUTO
        self.interpreter = Interpreter(model_content=data, num_threads=1, experimental_op_resolver_type=resolver)
        self.interpreter.allocate_tensors()
        given = self.interpreter.get_input_details()[0]
        values = np.random.default_rng(7).normal(-3.0, 1.5, given["shape"]).astype(np.float32)
        # The patch is [96 x 64] or [1 x 96 x 64], the waveform [15600] or [1 x 15600].
        is_patch = given["shape"][-1] == BANDS
        self.interpreter.set_tensor(given["index"], values if is_patch else (values + 3.0) * 0.1)
        self.evict = None

    def block(self, runs=RUNS, cold=False):
        """Milliseconds of each run."""
        times = []
        for _ in range(runs):
            if cold:
                if self.evict is None:
                    self.evict = np.ones(EVICT, np.uint8)
                self.evict[::64] += 1
            start = time.perf_counter()
            self.interpreter.invoke()
            times.append((time.perf_counter() - start) * 1e3)
        return times


class Served:
    """Another program that answers each line of a request with milliseconds."""

    def __init__(self, name, command, environment=None):
        self.name = name
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def block(self, request):
        """Milliseconds of each run of the block."""
        self.process.stdin.write(f"{request}\n")
        self.process.stdin.flush()
        # The tflite crate writes a line of its own to stdout.
        line = next((line for line in self.process.stdout if line[:1].isdigit()), None)
        if line is None:
            raise SystemExit(f"bench-peers: {self.name} ended; see its output above")
        return [float(value) for value in line.split()]


def ours(program, model, isa=None):
    """`host-tools bench --serve` of one instruction set; blocks are `body`, `cold`, `stream` and `stream-0.1`, of ten runs."""
    return Served("host-tools", [program, "bench", "--serve", "--model", model] + (["--isa", isa] if isa else []))


def litert_without_avx512(models, avx_vnni):
    """LiteRT in a process to which AVX-512 is hidden, and AVX-VNNI unless `avx_vnni`; blocks are `NAME KIND RUNS`."""
    environment = without_avx512.prepare(ROOT / "target/bench-peers-avx2")
    if avx_vnni:
        environment["KEEP_AVX_VNNI"] = "1"
    arguments = [f"{name}={path}" for name, path in models.items()]
    return Served("LiteRT without AVX-512", [sys.executable, without_avx512.__file__, *arguments], environment)


def compare(own, peer, blocks):
    """Medians and least of both, and the ratio's median and quartiles over alternating blocks."""
    own(), peer()
    pairs = [(own(), peer()) for _ in range(blocks)]
    ratios = [statistics.median(a) / statistics.median(b) for a, b in pairs]
    quartiles = statistics.quantiles(ratios, n=4)
    a = [t for block, _ in pairs for t in block]
    b = [t for _, block in pairs for t in block]
    return {
        "ours_ms": {"median": statistics.median(a), "least": min(a)},
        "peer_ms": {"median": statistics.median(b), "least": min(b)},
        "ratio": {"median": quartiles[1], "quartiles": [quartiles[0], quartiles[2]], "of_least": min(a) / min(b)},
        "blocks": blocks,
    }


def default_features(own, whole, trained, tapped, blocks):
    """The comparisons of the default features; each peer is a function that times a block of ten runs of its model."""
    return {
        f"default features, {name}": compare(lambda kind=kind: own.block(kind), peer, blocks)
        for name, kind, peer in [
            ("samples to verdict at hop 0.48 s, against XNNPACK's waveform to 521 scores", "stream", whole),
            ("samples to verdict at hop 0.48 s, against the same model in XNNPACK", "stream", trained),
            ("samples to verdict at hop 0.1 s, against the same model in XNNPACK", "stream-0.1", trained),
            ("network to the tap, hot, against XNNPACK", "body", tapped),
        ]
    }


def without_avx512_figures(name, isa, args, paths):
    """The comparisons for machines that have no AVX-512, with `isa` on our side; `paths` are those of the peer's models."""
    names = ("body", "whole", "trained", "tapped")
    peer = litert_without_avx512({name: paths[name] for name in names}, isa == "avx_vnni")
    hot = {name: lambda name=name: peer.block(f"{name} hot {RUNS}") for name in names}
    base, trained = ours(args.ours, str(args.base), isa), ours(args.ours, str(args.trained), isa)
    figures = default_features(trained, hot["whole"], hot["trained"], hot["tapped"], args.blocks)
    for what, kind, run, blocks in [
        ("body, hot, against XNNPACK", "body", hot["body"], args.blocks),
        ("body, cold, against XNNPACK", "cold", lambda: peer.block(f"body cold {RUNS}"), max(2, args.blocks // 10) * 2),
        ("samples to scores at hop 0.48 s, against XNNPACK", "stream", hot["whole"], args.blocks),
    ]:
        figures[what] = compare(lambda kind=kind: base.block(kind), run, blocks)
    return {f"{name}: {what}": figure for what, figure in figures.items()}


def processor_flags():
    """The flags of the processor as Linux on x86-64 names them; an empty list elsewhere."""
    try:
        lines = open("/proc/cpuinfo", encoding="utf-8").read().splitlines()
        return next(line.split(":", 1)[1].split() for line in lines if line.startswith("flags"))
    except (OSError, StopIteration):
        return []


def summary_of(program, model):
    """From `host-tools bench`: speed on one core and on all, and the time to load."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        command = [program, "bench", "--model", model, "--json", file.name]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        report = json.loads(pathlib.Path(file.name).read_text(encoding="utf-8"))
    cores = report["batch"]["cores"]
    return {
        "gigahertz": report["gigahertz"],
        "load_ms": report["load_to_first_verdict_ms"],
        "front_end_us": report["front_end_us"],
        "stream_us": {"0.48": report["stream_us"], "0.1": report["fast_stream_us"]},
        "anomaly_us": report["anomaly_us"],
        "cores": cores,
        "two_cores": cores[-1]["windows_per_s"] / cores[0]["windows_per_s"],
        "sets": {
            part["isa"]: {"body_us": part["body_us"], "mac_per_cycle": part["mac_per_cycle"], "packed_bytes": part["packed_bytes"]}
            for part in report["sets"]
        },
    }


def main():
    """Runs the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=pathlib.Path, required=True, help="the base model, yamnet.tflite")
    parser.add_argument("--trained", type=pathlib.Path, required=True, help="a model with the default features")
    parser.add_argument("--ours", required=True, help="the program host-tools")
    parser.add_argument("--tract", help="the program that benches/peers/tract builds")
    parser.add_argument("--tflite", help="the program that benches/peers/tflite builds")
    parser.add_argument("--blocks", type=int, default=60)
    parser.add_argument("--out", type=pathlib.Path, default=FOLDER)
    args = parser.parse_args()
    path = args.base
    before = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    data = path.read_bytes()
    body = body_of(data)
    folder = tempfile.TemporaryDirectory()
    trained = args.trained.read_bytes()
    models = {
        "body": body, "whole": data, "convolutions": convolutions_of(data), "trained": trained, "tapped": tapped_of(data)
    }
    paths = {name: pathlib.Path(folder.name) / f"{name}.tflite" for name in models}
    for name, file in paths.items():
        file.write_bytes(models[name])
    fast, scalar = ours(args.ours, str(path)), ours(args.ours, str(path), "scalar")
    xnnpack, reference, whole = LiteRt(body), LiteRt(body, reference=True), LiteRt(data)
    few = max(2, args.blocks // 10)
    figures = {
        "body, hot, against XNNPACK": compare(lambda: fast.block("body"), xnnpack.block, args.blocks),
        "body, cold, against XNNPACK": compare(lambda: fast.block("cold"), lambda: xnnpack.block(cold=True), few * 2),
        "samples to scores at hop 0.48 s, against XNNPACK": compare(lambda: fast.block("stream"), whole.block, args.blocks),
        "portable code, body, against the reference kernels": compare(
            lambda: scalar.block("body"), lambda: reference.block(3), few
        ),
    }
    figures |= default_features(
        ours(args.ours, str(args.trained)),
        whole.block,
        LiteRt(trained).block,
        LiteRt(models["tapped"]).block,
        args.blocks,
    )
    for name, program, model in [
        ("tract 0.23 as far as the embedding", args.tract, "convolutions"),
        ("the tflite crate 0.9.8", args.tflite, "body"),
    ]:
        if program:
            peer = Served(name, [program, paths[model]])
            figures[f"body, hot, against {name}"] = compare(lambda: fast.block("body"), lambda: peer.block(3), few)
    if "avx512_vnni" in processor_flags():
        figures |= without_avx512_figures("AVX2 alone", "avx2", args, paths)
    if {"avx512_vnni", "avx_vnni"} <= set(processor_flags()):
        figures |= without_avx512_figures("AVX-VNNI without AVX-512", "avx_vnni", args, paths)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    record = {
        "date": date(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "load_average": {"before": before, "after": load},
        "peer": "ai-edge-litert 2.3.0, one thread",
        "left_out": [name for name, program in [("tract", args.tract), ("the tflite crate", args.tflite)] if not program],
        "figures": figures,
        "ours": summary_of(args.ours, str(path)),
        "ours_with_default_features": summary_of(args.ours, str(args.trained)),
    }
    file = write(args.out, "peers", record)
    print(f"{record['processor']}, load average {before} before and {load} after")
    for name, figure in figures.items():
        ratio = figure["ratio"]
        low, high = ratio["quartiles"]
        print(
            f"{name}: {figure['ours_ms']['median']:.3f} ms against {figure['peer_ms']['median']:.3f} ms, "
            f"ratio {ratio['median']:.3f} ({low:.3f} to {high:.3f}), of the least {ratio['of_least']:.3f}"
        )
    own = record["ours"]
    print(f"two cores against one, a batch of windows: {own['two_cores']:.2f}; load to first verdict {own['load_ms']:.1f} ms")
    print(f"written to {file}")


if __name__ == "__main__":
    main()
