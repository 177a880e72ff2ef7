"""Converts the demo's pipeline with skl2onnx, as a script of its own: `one.py <species.pkl> <out.onnx>`."""

import pickle
import sys

from skl2onnx import to_onnx
from skl2onnx.common.data_types import DoubleTensorType, StringTensorType

with open(sys.argv[1], "rb") as file:
    model = pickle.load(file)
numbers = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
types = [(name, DoubleTensorType([None, 1])) for name in numbers] + [(name, StringTensorType([None, 1])) for name in ["island", "sex"]]
graph = to_onnx(model, initial_types=types, options={id(model): {"zipmap": False}})
with open(sys.argv[2], "wb") as file:
    file.write(graph.SerializeToString())
