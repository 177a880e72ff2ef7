"""Reads, converts and writes an XGBoost model with onnxmltools: convert_xgboost.py <model.json> <model.onnx>"""

import sys

import xgboost as xgb
from onnxmltools import convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType

model = xgb.XGBRegressor()
model.load_model(sys.argv[1])
types = [("features", FloatTensorType([None, model.n_features_in_]))]
graph = convert_xgboost(model, initial_types=types)
with open(sys.argv[2], "wb") as file:
    file.write(graph.SerializeToString())
