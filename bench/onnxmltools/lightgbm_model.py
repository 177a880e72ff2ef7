"""Writes a LightGBM regression model of about a given size: 100 trees of 255 leaves, their blocks repeated.

    lightgbm_model.py <file> <megabytes>
"""

import re
import sys

import lightgbm as lgb
import numpy as np

path, megabytes = sys.argv[1], float(sys.argv[2])
random = np.random.default_rng(1)
x = random.normal(size=(20000, 28))
y = x @ random.normal(size=28) + np.sin(x[:, 0] * 3) * x[:, 1] + random.normal(size=20000)
params = {"objective": "regression", "num_leaves": 255, "min_data_in_leaf": 5, "verbosity": -1, "num_threads": 1, "seed": 1}
text = lgb.train(params, lgb.Dataset(x, y), 100).model_to_string()
start, end = text.index("Tree=0"), text.index("end of trees")
blocks = [block.split("\n", 1)[1] for block in re.split(r"(?m)^Tree=", text[start:end])[1:]]
count = round(megabytes * 1e6 / (end - start) * len(blocks))
trees = [f"Tree={i}\n{blocks[i % len(blocks)]}" for i in range(count)]
head = re.sub(r"(?m)^tree_sizes=.*$", "tree_sizes=" + " ".join(str(len(tree)) for tree in trees), text[:start])
with open(path, "w") as file:
    file.write(head + "".join(trees) + text[end:])
