"""Writes an XGBoost regression model of about a given size as JSON: 100 trees of depth 8, repeated.

    xgboost_model.py <file.json> <megabytes>
"""

import json
import sys

import numpy as np
import xgboost as xgb

path, megabytes = sys.argv[1], float(sys.argv[2])
random = np.random.default_rng(1)
x = random.normal(size=(20000, 28))
y = x @ random.normal(size=28) + np.sin(x[:, 0] * 3) * x[:, 1] + random.normal(size=20000)
booster = xgb.train({"max_depth": 8, "nthread": 1, "seed": 1, "verbosity": 0}, xgb.DMatrix(x, y), 100)
model = json.loads(booster.save_raw("json"))
inner = model["learner"]["gradient_booster"]["model"]
trees = inner["trees"]
size = len(json.dumps(trees, separators=(",", ":")))
count = round(megabytes * 1e6 / size * len(trees))
inner["trees"] = [{**trees[i % len(trees)], "id": i} for i in range(count)]
inner["tree_info"] = [0] * count
inner["iteration_indptr"] = list(range(count + 1))
inner["gbtree_model_param"]["num_trees"] = str(count)
with open(path, "w") as file:
    json.dump(model, file, separators=(",", ":"))
saved = xgb.Booster()
saved.load_model(path)
saved.save_model(path.replace(".json", ".ubj"))
