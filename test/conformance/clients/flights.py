"""The demo's flights: inputs as every client wants them, outputs as LightGBM itself predicted them."""

import json
import pathlib

import numpy as np

DEMO = pathlib.Path(__file__).parents[3] / "demo"
MODEL = "flight-delay"
DTYPES = {"FP32": np.float32, "FP64": np.float64, "INT64": np.int64, "INT32": np.int32}


def examples(count=20):
    lines = (DEMO / "examples.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines[:count]]
    return [row["inputs"] for row in rows], [row["outputs"] for row in rows]


def column(records, tensor):
    """One input of all records as the array that its metadata asks for, shape [N, 1]."""
    values = [record.get(tensor["name"]) for record in records]
    if tensor["datatype"] == "BYTES":
        return np.array([[str(value).encode()] for value in values], dtype=object)
    return np.array([[np.nan if value is None else value] for value in values], dtype=DTYPES[tensor["datatype"]])


def check(outputs, label, margin):
    """Labels and margins are the library's own, bit for bit."""
    labels = [value.decode() if isinstance(value, bytes) else str(value) for value in np.asarray(label).ravel()]
    assert labels == [output["label"] for output in outputs], labels
    margins = [float(value) for value in np.asarray(margin).ravel()]
    assert margins == [output["margin"] for output in outputs], margins
