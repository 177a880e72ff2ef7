"""A forest of three classes, trained, stored and converted by skl2onnx; how long scikit-learn takes for one row and for many.

usage: forest.py FOLDER MEGABYTES
"""

import copy
import json
import pathlib
import pickle
import statistics
import sys
import time

import numpy as np
from skl2onnx import to_onnx
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier

folder, megabytes = pathlib.Path(sys.argv[1]), float(sys.argv[2])
X, y = make_classification(3000, 20, n_informative=10, n_classes=3, random_state=0)
model = RandomForestClassifier(100, random_state=0).fit(X, y)
rows = np.random.RandomState(1).normal(size=(10_000, 20)) * 2


def seconds(run, times):
    run()
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


(folder / "forest.pkl").write_bytes(pickle.dumps(model))
rows.astype("<f8").tofile(folder / "rows.bin")
model.predict_proba(rows).astype("<f8").tofile(folder / "probabilities.bin")
graph = to_onnx(model, rows[:1].astype(np.float32), options={"zipmap": False}, target_opset={"": 18, "ai.onnx.ml": 3})
(folder / "skl2onnx.onnx").write_bytes(graph.SerializeToString())
times = {"one": seconds(lambda: model.predict_proba(rows[:1]), 30), "many": seconds(lambda: model.predict_proba(rows), 10)}
(folder / "sklearn.json").write_text(json.dumps(times))

# The large one: real trees, as often as it takes.
X, y = make_classification(100_000, 20, n_informative=10, n_classes=3, flip_y=0.3, random_state=0)
large = RandomForestClassifier(10, random_state=0, n_jobs=-1).fit(X, y)
count = int(np.ceil(megabytes * 1e6 / (len(pickle.dumps(large, protocol=5)) / 10)))
large.estimators_ = [copy.deepcopy(large.estimators_[i % 10]) for i in range(count)]
large.n_estimators = count
with open(folder / "large.pkl", "wb") as file:
    pickle.dump(large, file)
