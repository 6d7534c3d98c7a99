"""Runs the same model file in third-party runtimes."""

from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from mediapipe.tasks import python as tasks
from mediapipe.tasks.python import audio
from mediapipe.tasks.python.components.containers import AudioData

from data import RATE


class LiteRt:
    """LiteRT with its reference kernels or its default kernels (XNNPACK)."""

    def __init__(self, model: Path, reference: bool):
        kind = OpResolverType.BUILTIN_REF if reference else OpResolverType.AUTO
        self.interpreter = Interpreter(str(model), experimental_op_resolver_type=kind)
        self.interpreter.allocate_tensors()
        inputs, outputs = self.interpreter.get_input_details(), self.interpreter.get_output_details()
        assert len(inputs) == 1 and len(outputs) == 1, "one input and one output"
        assert list(inputs[0]["shape"]) == [1, 15600], inputs[0]["shape"]
        self.input, self.output = inputs[0]["index"], outputs[0]["index"]

    def __call__(self, window: np.ndarray) -> np.ndarray:
        self.interpreter.set_tensor(self.input, window[np.newaxis])
        self.interpreter.invoke()
        return self.interpreter.get_tensor(self.output)[0].copy()


def head_difference(model: Path, head: Path, window: np.ndarray) -> float:
    """Largest difference between the probabilities of the whole model and those of the head alone on the whole model's features."""
    whole = Interpreter(
        str(model),
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        experimental_preserve_all_tensors=True,
    )
    whole.allocate_tensors()
    whole.set_tensor(whole.get_input_details()[0]["index"], window[np.newaxis])
    whole.invoke()
    tensors = {tensor["name"]: tensor["index"] for tensor in whole.get_tensor_details()}
    features = whole.get_tensor(next(tensors[name] for name in ("features", "embedding", "tap") if name in tensors))
    alone = Interpreter(str(head), experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    alone.allocate_tensors()
    alone.set_tensor(alone.get_input_details()[0]["index"], features)
    alone.invoke()
    probabilities = whole.get_tensor(whole.get_output_details()[0]["index"])
    return float(np.abs(alone.get_tensor(alone.get_output_details()[0]["index"]) - probabilities).max())


class MediaPipe:
    """MediaPipe's AudioClassifier, which finds labels and sample rate in the model's metadata."""

    def __init__(self, model: Path):
        options = audio.AudioClassifierOptions(base_options=tasks.BaseOptions(model_asset_path=str(model)))
        self.classifier = audio.AudioClassifier.create_from_options(options)

    def __call__(self, window: np.ndarray) -> dict[str, float]:
        results = self.classifier.classify(AudioData.create_from_array(window, RATE))
        assert len(results) == 1, f"{len(results)} results for one window"
        return {category.category_name: category.score for category in results[0].classifications[0].categories}

    def close(self) -> None:
        self.classifier.close()
