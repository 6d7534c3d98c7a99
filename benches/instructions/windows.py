"""Runs the body in LiteRT a number of times: `windows.py BODY COUNT`. The counterpart of shared/model/examples/windows.rs."""

import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter

interpreter = Interpreter(model_path=sys.argv[1], num_threads=1)
interpreter.allocate_tensors()
given = interpreter.get_input_details()[0]
patch = np.random.default_rng(7).normal(-3.0, 1.5, given["shape"]).astype(np.float32)
interpreter.set_tensor(given["index"], patch)
for _ in range(int(sys.argv[2])):
    interpreter.invoke()
