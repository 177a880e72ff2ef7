"""Median milliseconds of parsing and serializing a model with the onnx package: codec.py <model.onnx> <runs>"""
import json
import statistics
import sys
import time
from pathlib import Path

import onnx

data = Path(sys.argv[1]).read_bytes()
runs = int(sys.argv[2])


def median(work):
    work()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


model = onnx.load_model_from_string(data)
print(json.dumps({
    "read": median(lambda: onnx.load_model_from_string(data)),
    "write": median(model.SerializeToString),
    "infer": median(lambda: onnx.shape_inference.infer_shapes(model)),
}))
