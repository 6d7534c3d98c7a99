"""Writes the golden tensors of the test network: what LiteRT's reference kernels compute for its inputs.

    cargo run -p monitor-export --example test_network -- target/test-network
    python -m venv target/venv && target/venv/bin/pip install -r scripts/golden/requirements.txt
    target/venv/bin/python scripts/golden/make.py target/test-network shared/export/tests/golden

index.json holds versions, the SHA-256 of the files that were run, and a digest of every int8 activation.
"""

import hashlib
import json
import platform
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

KINDS = ["yamnet", "logmel", "hybrid", "tap", "texture"]
# Activations that are stored whole, of the first patch: names in the file, strides 2 and 1.
WHOLE = ["depthwise1", "pointwise5"]


def interpreter(path):
    """Reference kernels; every tensor keeps its value."""
    loaded = Interpreter(
        str(path),
        num_threads=1,
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        experimental_preserve_all_tensors=True,
    )
    loaded.allocate_tensors()
    return loaded


def invoke(loaded, values):
    """Runs on `values` and returns every tensor that has a value by its name."""
    entry = loaded.get_input_details()[0]
    loaded.set_tensor(entry["index"], values.reshape(entry["shape"]))
    loaded.invoke()
    made = [output for operator in loaded._get_ops_details() for output in operator["outputs"]]
    details = {tensor["index"]: tensor["name"] for tensor in loaded.get_tensor_details()}
    return {details[index]: loaded.get_tensor(index).copy() for index in made}


def digest(activation):
    """Sum over channels of the FNV-1a hash of each channel's plane: the order of channels does not matter."""
    planes = activation.reshape(-1, activation.shape[-1]).view(np.uint8)
    hashes = np.full(planes.shape[1], 0xCBF29CE484222325, np.uint64)
    for row in planes:
        hashes = (hashes ^ row) * np.uint64(0x100000001B3)
    return f"{int(hashes.sum(dtype=np.uint64)):016x}"


def main(source, target):
    target.mkdir(parents=True, exist_ok=True)

    def write(name, arrays):
        (target / name).write_bytes(np.stack(arrays).tobytes())

    patches = np.fromfile(source / "patches_f32.bin", "<f4").reshape(-1, 96, 64)
    network = interpreter(source / "network.tflite")
    runs = [invoke(network, patch) for patch in patches]
    layers = [name for name in runs[0] if name.startswith(("conv", "depthwise", "pointwise"))]
    write("last_conv_i8.bin", [run[layers[-1]] for run in runs])
    write("embedding_i8.bin", [run["embedding/int8"] for run in runs])
    write("scores_i8.bin", [run["scores/int8"] for run in runs])
    for name in WHOLE:
        write(f"{name}_i8.bin", [runs[0][name]])

    waveforms = np.fromfile(source / "waveforms_f32.bin", "<f4").reshape(-1, 15600)
    for kind in KINDS:
        classifier = interpreter(source / f"{kind}.tflite")
        results = [invoke(classifier, waveform) for waveform in waveforms]
        write(f"{kind}_probabilities_f32.bin", [result["probabilities"] for result in results])
        if kind == "hybrid":
            write("features_f32.bin", [result["features"] for result in results])
        if kind == "tap":
            write("tap_f32.bin", [result["tap"] for result in results])

    # Not those of the classifiers: their descriptions may change without any effect on a tensor.
    files = ["network.tflite", "patches_f32.bin", "waveforms_f32.bin"]
    index = {
        "made_with": {name: version(name) for name in ["ai-edge-litert", "numpy"]}
        | {"python": platform.python_version(), "kernels": "BUILTIN_REF"},
        "sha256": {name: hashlib.sha256((source / name).read_bytes()).hexdigest() for name in files},
        "patches": len(patches),
        "waveforms": len(waveforms),
        "layers": {name: [digest(run[name]) for run in runs] for name in ["quantised", *layers]},
    }
    (target / "index.json").write_text(json.dumps(index, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
