"""Converts a pickled estimator of plain numbers with skl2onnx, as a script of its own: `one.py <model.pkl> <out.onnx>`."""

import sys

import joblib
from skl2onnx import to_onnx
from skl2onnx.common.data_types import DoubleTensorType

model = joblib.load(sys.argv[1])
types = [("X", DoubleTensorType([None, model.n_features_in_]))]
graph = to_onnx(model, initial_types=types, options={id(model): {"zipmap": False}})
with open(sys.argv[2], "wb") as file:
    file.write(graph.SerializeToString())
