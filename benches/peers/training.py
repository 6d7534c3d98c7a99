"""Times `host-tools train` and the same in Python on an hour of sound, in alternating runs; writes a dated record.

Both read the same WAV files, compute features of every window, cross-validate a linear head over the same outer folds with the same
number of inner folds and strengths, fit it to all windows, and set the threshold of an anomaly detector by groups that are left out. Both
use all cores. The peer's features are YAMNet's embedding, ours are the default ones and, as a second row, the same embedding. Ours
also calibrates, compares kinds of features, draws and verifies its files, which the peer does not.
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
from importlib.metadata import version

from record import FOLDER, date, processor, write

# An hour: 4 classes x 112 recordings x 8 s.
RECORDINGS, SECONDS = 112, 8


def run(command):
    """Seconds of wall time, of processor time, and the most memory in MB of a program."""
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, used = os.wait4(process.pid, 0)
        if status:
            errors.seek(0)
            raise SystemExit(f"bench-training: {' '.join(map(str, command))} failed:\n{errors.read().decode()}")
    return {
        "seconds": time.perf_counter() - start,
        "processor_seconds": used.ru_utime + used.ru_stime,
        "most_memory_mb": used.ru_maxrss / 1e3,
    }


def main():
    """Runs the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=pathlib.Path, required=True, help="the base model, yamnet.tflite")
    parser.add_argument("--ours", required=True, help="the program host-tools")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--recordings", type=int, default=RECORDINGS, help="recordings of each class, of 8 s")
    parser.add_argument("--profile", default="release", help="what the record names as the profile of --ours")
    parser.add_argument("--out", type=pathlib.Path, default=FOLDER)
    args = parser.parse_args()
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        data = folder / "sound"
        synth = [args.ours, "synth", "--out", data, "--seed", "1", "--rate", "16000", "--timeline-seconds", "0"]
        run([*synth, "--recordings", str(args.recordings), "--seconds", str(SECONDS)])
        train = [args.ours, "train", "--data", data, "--base", args.base, "--head", "linear", "--out"]
        peer = pathlib.Path(__file__).with_name("training_pipeline.py")
        sides = {
            "ours, default features": [*train, folder / "ours"],
            "ours, embedding": [*train, folder / "embedding", "--features", "yamnet"],
            "Python": [sys.executable, peer, data, args.base, folder / "folds.json", folder / "python.json"],
        }

        def validation(out):
            return json.loads((folder / out / "training_report.json").read_text(encoding="utf-8"))["cross_validation"]

        # The peer takes the outer folds of our report.
        run(sides["ours, default features"])
        validated = validation("ours")
        names = validated["sample_size"]["groups"]
        folds = [[names[group] for group in fold["groups"]] for fold in validated["folds"]]
        (folder / "folds.json").write_text(json.dumps(folds), encoding="utf-8")
        rounds = [{name: run(command) for name, command in sides.items()} for _ in range(args.rounds)]
        macro_f1 = {
            "ours, default features": validation("ours")["by_window"]["macro_average"]["f1"],
            "ours, embedding": validation("embedding")["by_window"]["macro_average"]["f1"],
            "Python": json.loads((folder / "python.json").read_text(encoding="utf-8"))["macro_f1"],
        }
    of = lambda name, key: [one[name][key] for one in rounds]

    def ratios(key):
        found = {name: [one[name][key] / one["Python"][key] for one in rounds] for name in sides if name != "Python"}
        return {name: {"median": statistics.median(all_of), "all": all_of} for name, all_of in found.items()}

    record = {
        "date": date(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "load_average": {"before": before, "after": os.getloadavg()[0]},
        "sound_seconds": 4 * args.recordings * SECONDS,
        "rounds": args.rounds,
        "profile": args.profile,
        "peer": f"ai-edge-litert {version('ai-edge-litert')}, scikit-learn {version('scikit-learn')}",
        "sides": {
            name: {
                **{key: statistics.median(of(name, key)) for key in ("seconds", "processor_seconds", "most_memory_mb")},
                "macro_f1": macro_f1[name],
            }
            for name in sides
        },
        "ratio_of_seconds": ratios("seconds"),
        "ratio_of_processor_seconds": ratios("processor_seconds"),
    }
    file = write(args.out, "training", record)
    for name, side in record["sides"].items():
        print(f"{name}: {side['seconds']:.1f} s, {side['processor_seconds']:.1f} s of processors, {side['most_memory_mb']:.0f} MB")
    for key in ("seconds", "processor_seconds"):
        for name, found in record[f"ratio_of_{key}"].items():
            least, most = min(found["all"]), max(found["all"])
            print(f"{name}, against Python: ratio of {key} {found['median']:.3f} ({least:.3f} to {most:.3f})")
    print(f"written to {file}")


if __name__ == "__main__":
    main()
