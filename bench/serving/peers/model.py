"""The model that every Python server serves: the same graph on the same runtime, one thread, records in and records out."""
import json
import os

import numpy as np
import onnxruntime

DTYPES = {"float32": np.float32, "float64": np.float64, "int64": np.int64, "int32": np.int32, "bool": np.bool_}


class Model:
    def __init__(self, graph=None, schema=None):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(graph or os.environ["BENCH_GRAPH"], options, providers=["CPUExecutionProvider"])
        with open(schema or os.environ["BENCH_SCHEMA"]) as file:
            self.schema = json.load(file)
        self.outputs = [output["name"] for output in self.schema["outputs"]]

    def predict(self, record):
        feeds = {}
        for spec in self.schema["inputs"]:
            value = record.get(spec["name"])
            if spec["dtype"] == "string":
                array = np.array([value if value is not None else ""], dtype=object)
            else:
                array = np.asarray([np.nan if value is None else value], dtype=DTYPES[spec["dtype"]])
            feeds[spec["name"]] = array.reshape(1, 1) if spec["layout"] == "column" else array
        results = self.session.run(self.outputs, feeds)
        return {name: result[0].tolist() if hasattr(result[0], "tolist") else result[0] for name, result in zip(self.outputs, results)}
