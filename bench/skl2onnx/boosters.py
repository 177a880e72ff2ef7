"""Converts LightGBM and XGBoost models with onnxmltools and compares its graphs with what the libraries answered.

`boosters.py <folder>`: reads `<folder>/boosters.json` (model files, rows, answers), writes `<folder>/boosters.results.json`.
"""

import json
import multiprocessing
import sys
import time
import warnings
from pathlib import Path

import lightgbm as lgb
import numpy as np
import onnxruntime as ort
import xgboost as xgb
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType

warnings.filterwarnings("ignore")
ort.set_default_logger_severity(4)
folder = Path(sys.argv[1])
TIMEOUT = 30
SPECIAL = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}


def numbers(values):
    return np.array([np.nan if v is None else SPECIAL.get(v, v) if isinstance(v, str) else v for v in values], dtype=np.float64)


def read(case):
    """The model, and whether it is a classifier."""
    if case["library"] == "lightgbm":
        booster = lgb.Booster(model_file=case["file"])
        return booster, booster.num_feature(), case["isClassifier"]
    model = xgb.XGBClassifier() if case["isClassifier"] else xgb.XGBRegressor()
    model.load_model(case["file"])
    # onnxmltools takes no other names: without this it refuses nearly all.
    model.get_booster().feature_names = [f"f{i}" for i in range(model.n_features_in_)]
    return model, model.n_features_in_, case["isClassifier"]


def attempt(case):
    result = {"case": case["case"], "library": case["library"]}
    try:
        rows = np.stack([numbers(column) for column in case["columns"]], axis=1).astype(np.float32)
        model, features, is_classifier = read(case)
        types = [("features", FloatTensorType([None, features]))]
        started = time.perf_counter()
        graph = convert_lightgbm(model, initial_types=types, zipmap=False) if case["library"] == "lightgbm" else convert_xgboost(model, initial_types=types)
        content = graph.SerializeToString()
        took = time.perf_counter() - started
        session = ort.InferenceSession(content, providers=["CPUExecutionProvider"])
        outputs = session.run(None, {session.get_inputs()[0].name: rows})
        wrong, error = 0, 0.0
        for name, want in case["answers"].items():
            if name == "label":
                got = np.asarray(outputs[0]).ravel().tolist()
                wrong += sum(str(a) != str(b) and float(a) != float(b) for a, b in zip(got, want))
                continue
            got = np.asarray(outputs[1 if name == "probabilities" else 0], dtype=np.float64).ravel()
            want = numbers(want)
            if len(got) != len(want):
                raise ValueError(f"answers {len(got)} values, the library {len(want)}")
            off = np.abs(got - want) / np.maximum(1, np.abs(want))
            error = max(error, float(np.max(np.where(np.isnan(off), 1e308, off))))
        result.update({"seconds": took, "bytes": len(content), "wrong": wrong, "error": min(error, 1e308)})
    except Exception as problem:  # noqa: BLE001
        result["problem"] = f"{type(problem).__name__}: {str(problem).splitlines()[0][:160] if str(problem) else ''}"
    return result


def main():
    """Every case in a process of its own: some conversions end the process."""
    results = []
    for case in json.loads((folder / "boosters.json").read_text()):
        receive, send = multiprocessing.Pipe(False)
        process = multiprocessing.Process(target=lambda: send.send(attempt(case)))
        process.start()
        send.close()
        try:
            results.append(receive.recv() if receive.poll(TIMEOUT) else None)
        except EOFError:
            results.append(None)
        if results[-1] is None:
            process.kill()
            results[-1] = {"case": case["case"], "library": case["library"], "problem": f"not done after {TIMEOUT} s, or gone"}
        process.join()
    (folder / "boosters.results.json").write_text(json.dumps(results))


main()
