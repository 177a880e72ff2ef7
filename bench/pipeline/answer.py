"""The steps of bench/pipeline.bench.ts in pandas and scikit-learn, in front of the bare model in onnxruntime.

Arguments: rows.json (a list of records), model.onnx. Writes the fitted parameters as one line of JSON, then answers lines
{"rows": n, "form": "records" | "frame", "times": k} with {"ms": […], "sum": …}.
"""

import json
import sys
import time
import warnings

import numpy as np
import onnxruntime
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

warnings.simplefilter("ignore")
records = json.load(open(sys.argv[1]))
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[2], options, providers=["CPUExecutionProvider"])
frame = pd.DataFrame(records)
numbers = [name for name in frame.columns if name.startswith("n")]
texts = [name for name in frame.columns if name.startswith("t")]
made = [f"ratio{k}" for k in range(4)]


def computed(df):
    df = df.copy()
    for k in range(4):
        df[f"ratio{k}"] = df[f"n{k}"].fillna(0) / (df[f"n{k + 4}"].fillna(0) ** 2 + 1)
    return df


steps = ColumnTransformer(
    [
        ("numbers", Pipeline([("impute", SimpleImputer(strategy="median")), ("clip", FunctionTransformer(np.clip, kw_args={"a_min": -50, "a_max": 50})), ("scale", StandardScaler())]), numbers),
        ("made", "passthrough", made),
        ("texts", OneHotEncoder(handle_unknown="ignore", sparse_output=False), texts),
    ]
)
matrix = steps.fit_transform(computed(frame))
fitted = steps.named_transformers_["numbers"]
print(
    json.dumps(
        {
            "fill": fitted["impute"].statistics_.tolist(),
            "mean": fitted["scale"].mean_.tolist(),
            "scale": fitted["scale"].scale_.tolist(),
            "categories": [c.tolist() for c in steps.named_transformers_["texts"].categories_],
        }
    ),
    flush=True,
)
for line in sys.stdin:
    asked = json.loads(line)
    chosen = records[: asked["rows"]]
    given = frame.iloc[: asked["rows"]]
    times = []
    for _ in range(asked["times"]):
        start = time.perf_counter()
        df = pd.DataFrame(chosen, columns=frame.columns) if asked["form"] == "records" else given
        answer = session.run(["y"], {"features": steps.transform(computed(df))})[0]
        times.append((time.perf_counter() - start) * 1000)
    print(json.dumps({"ms": times, "sum": float(answer.sum())}), flush=True)
