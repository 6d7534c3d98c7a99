"""The peer: YAMNet's embedding by LiteRT, a linear head and an anomaly detector by scikit-learn: training_pipeline.py DATA BASE FOLDS RESULT"""

import json
import os
import pathlib
import sys
import wave

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from cut_models import embedding_of
from joblib import Parallel, delayed
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

# As `host-tools train`: the window and its step in samples, inner folds, strengths, folds and components of the detector.
WINDOW, HOP = 15600, 7680
INNER, STRENGTHS, DETECTOR_FOLDS, COMPONENTS = 3, 12, 8, 32


def embeddings(base, files):
    """The embeddings of every window of each file."""
    interpreter = Interpreter(model_content=embedding_of(pathlib.Path(base).read_bytes()), num_threads=1)
    interpreter.allocate_tensors()
    given, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale, zero = result["quantization"]
    found = []
    for file in files:
        with wave.open(str(file)) as sound:
            samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16).astype(np.float32) / 32768
        windows = []
        for start in range(0, len(samples) - WINDOW + 1, HOP):
            interpreter.set_tensor(given["index"], samples[start : start + WINDOW].reshape(given["shape"]))
            interpreter.invoke()
            values = interpreter.get_tensor(result["index"]).astype(np.float32).ravel()
            windows.append((values - zero) * scale if scale else values)
        found.append(np.array(windows))
    return found


def head(x, y, strength):
    """A linear head on standardised features."""
    scaler = StandardScaler().fit(x)
    model = LogisticRegression(C=strength, class_weight="balanced", tol=3e-4, max_iter=500)
    return scaler, model.fit(scaler.transform(x), y)


def best(x, y, groups, path):
    """The strength with the best macro-F1 on inner folds."""
    scores = np.zeros(len(path))
    for train, test in GroupKFold(INNER).split(x, y, groups):
        scaler = StandardScaler().fit(x[train])
        inside, outside = scaler.transform(x[train]), scaler.transform(x[test])
        model = LogisticRegression(class_weight="balanced", tol=3e-4, max_iter=500, warm_start=True)
        for place, strength in enumerate(path):
            model.C = strength
            scores[place] += f1_score(y[test], model.fit(inside, y[train]).predict(outside), average="macro")
    return path[int(np.argmax(scores))]


def distances(x, train, test):
    """Distances of the test windows to the normal ones, by principal components."""
    scaler = StandardScaler().fit(x[train])
    parts = PCA(COMPONENTS, svd_solver="randomized", random_state=0).fit(scaler.transform(x[train]))
    off = scaler.transform(x[test])
    along = parts.transform(off)
    outside = (off**2).sum(axis=1) - (along**2).sum(axis=1)
    return np.log((along**2 / (parts.explained_variance_ + 1)).sum(axis=1) + np.maximum(outside, 0))


def main():
    """Runs the pipeline."""
    data, base, folds = pathlib.Path(sys.argv[1]), sys.argv[2], json.loads(pathlib.Path(sys.argv[3]).read_text())
    files = sorted(data.glob("*/*.wav"))
    workers = os.cpu_count() or 1
    parts = Parallel(n_jobs=workers)(delayed(embeddings)(base, files[place::workers]) for place in range(workers))
    windows = {file: part for place in range(workers) for file, part in zip(files[place::workers], parts[place])}
    x = np.concatenate([windows[file] for file in files])
    y = np.concatenate([[file.parent.name] * len(windows[file]) for file in files])
    # The machine's name begins the file's.
    groups = np.concatenate([[file.stem.split("_")[0]] * len(windows[file]) for file in files])
    path = [1 / (10 * (x.shape[1] / 100) ** 0.5 * 10 ** ((4 - place) / 2)) for place in range(STRENGTHS)]

    def outer(held):
        test = np.isin(groups, held)
        scaler, model = head(x[~test], y[~test], best(x[~test], y[~test], groups[~test], path))
        return y[test], model.predict(scaler.transform(x[test]))

    assert all(np.isin(groups, held).any() for held in folds), "the folds are of other groups"
    predicted = Parallel(n_jobs=workers)(delayed(outer)(held) for held in folds)
    right, found = (np.concatenate(column) for column in zip(*predicted))
    head(x, y, best(x, y, groups, path))
    every = np.arange(len(x))
    left_out = Parallel(n_jobs=workers)(
        delayed(distances)(x, train, test) for train, test in GroupKFold(DETECTOR_FOLDS).split(x, y, groups)
    )
    distances(x, every, every)
    threshold = np.quantile(np.concatenate(left_out), 0.999)
    result = {"macro_f1": float(f1_score(right, found, average="macro")), "threshold": float(threshold)}
    pathlib.Path(sys.argv[4]).write_text(json.dumps(result))


if __name__ == "__main__":
    main()
