"""Reads, converts and writes a LightGBM model with onnxmltools: convert_lightgbm.py <model.txt> <model.onnx>"""

import sys

import lightgbm as lgb
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType

booster = lgb.Booster(model_file=sys.argv[1])
types = [("features", FloatTensorType([None, booster.num_feature()]))]
model = convert_lightgbm(booster, initial_types=types)
with open(sys.argv[2], "wb") as file:
    file.write(model.SerializeToString())
