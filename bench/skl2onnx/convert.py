"""Converts the scikit-learn fixtures of one release with skl2onnx and compares its graphs with what the library answered.

`convert.py <folder>`: reads `<folder>/cases.json` (the cases to convert) and their files beside it, writes results.json.
The options are those that skl2onnx's own documentation shows for double: DoubleTensorType inputs, no ZipMap.
"""

import gzip
import json
import multiprocessing
import sys
import time
import warnings
from pathlib import Path

import joblib
import numpy as np
import onnxruntime as ort
from skl2onnx import to_onnx
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType

warnings.filterwarnings("ignore")
ort.set_default_logger_severity(4)
folder = Path(sys.argv[1])
TIMEOUT = 15
SPECIAL = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}


def numbers(values):
    return np.array([SPECIAL.get(v, v) if isinstance(v, str) else v for v in values], dtype=np.float64)


def is_text(values):
    return any(isinstance(v, str) and v not in SPECIAL for v in values)


def rows_of(case):
    return json.loads(gzip.decompress((folder / "data" / f"{case['data']}.json.gz").read_bytes()))["columns"]


def convert(case, kind):
    model = joblib.load(folder / "models" / case["model"])
    columns = rows_of(case)
    tensor, dtype = (DoubleTensorType, np.float64) if kind == "double" else (FloatTensorType, np.float32)
    if any(is_text(c["values"]) for c in columns) or columns[0]["name"]:
        names = [c["name"] or f"x{i}" for i, c in enumerate(columns)]
        types = [(n, StringTensorType([None, 1]) if is_text(c["values"]) else tensor([None, 1])) for n, c in zip(names, columns)]
        feeds = {
            n: np.array([["" if v is None else v] for v in c["values"]], dtype=object) if is_text(c["values"]) else numbers(c["values"]).astype(dtype).reshape(-1, 1)
            for n, c in zip(names, columns)
        }
    else:
        types = [("X", tensor([None, len(columns)]))]
        feeds = {"X": np.stack([numbers(c["values"]) for c in columns], axis=1).astype(dtype)}
    started = time.perf_counter()
    options = {id(model): {"zipmap": False}} if hasattr(model, "predict_proba") or hasattr(model, "classes_") else None
    try:
        graph = to_onnx(model, initial_types=types, options=options)
    except NameError:
        graph = to_onnx(model, initial_types=types)
    content = graph.SerializeToString()
    took = time.perf_counter() - started
    session = ort.InferenceSession(content, providers=["CPUExecutionProvider"])
    return content, took, session.run(None, {name: feeds[name] for name in (i.name for i in session.get_inputs())})


def values_of(array):
    """Numbers, or text, in row-major order."""
    array = np.asarray(array)
    return array.ravel().tolist()


def compare(outputs, expected):
    """Labels that differ and the largest difference of other numbers, by what the library answered."""
    wrong, error = 0, 0.0
    label = expected.get("predict")
    is_classifier = "predict_proba" in expected or "decision_function" in expected
    first = values_of(outputs[0])
    for name, want in expected.items():
        if isinstance(want, list) or name in ("score_samples",):
            continue
        if name == "predict":
            got = first
        elif name == "transform" and "predict" not in expected:
            got = first
        elif name == "predict_proba" and len(outputs) > 1:
            got = values_of(outputs[1])
        else:
            continue
        if len(got) != len(want["values"]):
            raise ValueError(f"answers {len(got)} values, the library {len(want['values'])}")
        for a, b in zip(got, want["values"]):
            if isinstance(b, str) and b not in SPECIAL or isinstance(b, bool) or (name == "predict" and is_classifier):
                wrong += str(a) != str(b) and not (not isinstance(b, str) and float(a) == float(b))
                continue
            b = SPECIAL.get(b, b) if isinstance(b, str) else b
            if a == b or (np.isnan(a) and np.isnan(b)):
                continue
            difference = abs(a - b) / max(1.0, abs(b)) if np.isfinite(a) and np.isfinite(b) else float("inf")
            error = max(error, difference)
    return wrong, error


def attempt(case):
    result = {"case": case["case"], "family": case["family"]}
    failures = []
    for kind in ("double", "float"):
        try:
            content, took, outputs = convert(case, kind)
            wrong, error = compare(outputs, json.loads((folder / "outputs" / f"{case['outputs']}.json").read_text()))
        except Exception as problem:  # noqa: BLE001
            result["problem"] = f"{type(problem).__name__}: {str(problem).splitlines()[0][:160] if str(problem) else ''}"
            continue
        failures.append({"kind": kind, "seconds": took, "bytes": len(content), "wrong": wrong, "error": min(error, 1e308)})
        if wrong == 0 and np.isfinite(error):
            break
    # The other type may do better: the better one counts.
    if failures:
        result.update(min(failures, key=lambda f: (f["wrong"], f["error"])))
    return result


def main():
    """Every case in a process of its own: some conversions never end."""
    results = []
    for case in json.loads((folder / "cases.json").read_text()):
        receive, send = multiprocessing.Pipe(False)
        process = multiprocessing.Process(target=lambda: send.send(attempt(case)))
        process.start()
        if receive.poll(TIMEOUT):
            results.append(receive.recv())
        else:
            process.kill()
            results.append({"case": case["case"], "family": case["family"], "problem": f"not done after {TIMEOUT} s"})
        process.join()
    (folder / "results.json").write_text(json.dumps(results))


main()
