"""Recordings as 16 kHz mono 16-bit WAV files, in folds that hold out whole groups.

The files are converted to the model's rate first, so that our tools do not resample them and every runtime receives the same
samples: the comparison covers the model, not the resampler.
"""

import csv
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

RATE = 16_000
WINDOW = 15_600


@dataclass(frozen=True)
class Recording:
    file: str
    label: str
    group: str


def read_manifest(folder: Path) -> list[Recording]:
    with open(folder / "manifest.csv", newline="") as file:
        return [Recording(row["file"], row["label"], row["group"]) for row in csv.DictReader(file)]


def convert(source: Path, target: Path) -> None:
    """Resamples a 16-bit mono WAV by cutting or extending its spectrum."""
    with wave.open(str(source)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2), f"{source}: not 16-bit mono"
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64)
    length = len(samples) * RATE // rate
    spectrum = np.fft.rfft(samples)
    resampled = np.fft.irfft(spectrum[: length // 2 + 1], length) * (length / len(samples))
    target.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.clip(np.round(resampled), -32768, 32767).astype("<i2").tobytes())


def samples_of(path: Path) -> np.ndarray:
    """Samples of a converted file, scaled as our decoder scales them."""
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768


def folds(recordings: list[Recording], count: int) -> list[tuple[list[Recording], list[Recording]]]:
    """Pairs of training and held-out recordings; each group is held out once."""
    groups = sorted({recording.group for recording in recordings})
    pairs = []
    for i in range(count):
        out = set(groups[i::count])
        held = [recording for recording in recordings if recording.group in out]
        pairs.append(([recording for recording in recordings if recording.group not in out], held))
    return pairs


def write_fold(folder: Path, converted: Path, training: list[Recording]) -> None:
    """A data folder for `train`: a manifest of the training recordings, and links to the converted files."""
    folder.mkdir(parents=True, exist_ok=True)
    for label in sorted({recording.label for recording in training}):
        link = folder / label
        if not link.exists():
            link.symlink_to((converted / label).resolve())
    with open(folder / "manifest.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "label", "group"])
        writer.writerows([r.file, r.label, r.group] for r in training)
