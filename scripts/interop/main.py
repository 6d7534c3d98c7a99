"""Compares exported models in LiteRT and MediaPipe with our own verdicts, on recordings that were not used for training.

For each kind of features, each group of recordings is held out once: a model is trained on the others, exported, and run
over every window of the held-out recordings by `host-tools predict`, by LiteRT's reference kernels, by LiteRT with its default
kernels (XNNPACK, which rounds differently in every layer) and by MediaPipe's AudioClassifier. The folds alternate between both
heads, perceptron and linear. Exit code 1 if the agreement is below the promised limits.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("GLOG_minloglevel", "2")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np

import data
from runtimes import LiteRt, MediaPipe, head_difference

KINDS = ("yamnet", "logmel", "hybrid", "tap", "texture")
FOLDS = 3
HEADS = ("mlp", "linear", "mlp")
HOP_S = 0.1
# The head alone runs the same operators on the same numbers.
HEAD_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Promise:
    """Required agreement: probabilities within `tolerance` on a share `close` of the windows, the same top class on a share `same`."""

    tolerance: float
    close: float
    same: float


PROMISES = {
    "reference": Promise(0.02, 0.99, 0.99),
    "default": Promise(0.15, 0.95, 0.97),
    "mediapipe": Promise(0.15, 0.95, 0.97),
}


@dataclass
class Agreement:
    """Differences of one runtime from ours, window by window."""

    differences: list[float] = field(default_factory=list)
    same: list[bool] = field(default_factory=list)

    def add(self, our_class: int, our_probability: float, theirs: np.ndarray) -> None:
        self.differences.append(abs(float(theirs[our_class]) - our_probability))
        self.same.append(int(theirs.argmax()) == our_class)

    def line(self, name: str, promise: Promise) -> tuple[str, bool]:
        close = np.mean(np.array(self.differences) <= promise.tolerance)
        same = np.mean(self.same)
        kept = bool(close >= promise.close and same >= promise.same)
        text = (
            f"  {name:<10} within {promise.tolerance:.2f}: {100 * close:6.2f} % (>= {100 * promise.close:.0f})"
            f"   top-1: {100 * same:6.2f} % (>= {100 * promise.same:.0f})"
            f"   largest difference {max(self.differences):.6f}   {'ok' if kept else 'FAILED'}"
        )
        return text, kept


def run(*command: object) -> None:
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{result.stdout}{result.stderr}")


def train(args, kind: str, head: str, folder: Path) -> Path:
    out = folder / f"out-{kind}"
    options = ["--features", kind, "--head", head, "--folds", 0, "--hold-out", 0, "--base", args.base]
    run(args.tools, "train", "--data", folder, "--out", out, *options)
    return out / "sound_classifier.tflite"


def predict(args, model: Path, recordings: list[Path]) -> dict:
    report = model.with_suffix(".json")
    run(args.tools, "predict", "--model", model, "--hop", HOP_S, "--json", report, *recordings)
    return json.loads(report.read_text())


def compare(args, model: Path, recordings: list[Path], agreements: dict[str, Agreement]) -> None:
    ours = predict(args, model, recordings)
    labels = ours["classes"]
    runtimes = {"reference": LiteRt(model, reference=True), "default": LiteRt(model, reference=False)}
    mediapipe = MediaPipe(model)
    assert [Path(file["file"]).name for file in ours["files"]] == [path.name for path in recordings]
    for path, file in zip(recordings, ours["files"]):
        samples = data.samples_of(path)
        for window in file["windows"]:
            at = round(window["start_s"] * data.RATE)
            samples_of_window = samples[at : at + data.WINDOW]
            if len(samples_of_window) < data.WINDOW:
                continue
            for name, runtime in runtimes.items():
                agreements[name].add(window["class"], window["confidence"], runtime(samples_of_window))
            named = mediapipe(samples_of_window)
            if set(named) != set(labels):
                sys.exit(f"{model}: MediaPipe names {sorted(named)}, the labels are {sorted(labels)}")
            theirs = np.array([named[label] for label in labels])
            agreements["mediapipe"].add(window["class"], window["confidence"], theirs)
    mediapipe.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tools", type=Path, required=True, help="the host-tools program")
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv and recordings")
    parser.add_argument("--base", type=Path, required=True, help="the base model")
    parser.add_argument("--work", type=Path, required=True, help="folder for intermediate files; emptied")
    args = parser.parse_args()
    shutil.rmtree(args.work, ignore_errors=True)

    recordings = data.read_manifest(args.data)
    converted = args.work / "converted"
    for recording in recordings:
        data.convert(args.data / recording.file, converted / recording.file)
    folds = data.folds(recordings, FOLDS)
    print(f"{len(recordings)} recordings, {FOLDS} folds of held-out groups, windows every {HOP_S} s")

    kept = True
    for kind in KINDS:
        agreements = {name: Agreement() for name in PROMISES}
        for i, (training, held) in enumerate(folds):
            folder = args.work / f"fold{i}"
            data.write_fold(folder, converted, training)
            model = train(args, kind, HEADS[i], folder)
            first = data.samples_of(converted / held[0].file)[: data.WINDOW]
            difference = head_difference(model, model.with_name("sound_classifier_head.tflite"), first)
            if difference > HEAD_TOLERANCE:
                sys.exit(f"{model}: the head alone differs from the whole by {difference}")
            compare(args, model, [converted / recording.file for recording in held], agreements)
        print(f"{kind}: {len(agreements['reference'].same)} windows")
        for name, agreement in agreements.items():
            text, fine = agreement.line(name, PROMISES[name])
            print(text)
            kept &= fine
    sys.exit(0 if kept else "the exported models do not agree with ours as promised")


if __name__ == "__main__":
    main()
