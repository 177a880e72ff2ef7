"""Trains the tabular models that serving is measured with, each into a project of its own.

usage: train.py FOLDER
"""

import json
import pathlib
import pickle
import sys

import pandas as pd
from palmerpenguins import load_penguins
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

folder = pathlib.Path(sys.argv[1])


def save(name: str, model, X: pd.DataFrame) -> None:
    project = folder / name
    project.mkdir(parents=True, exist_ok=True)
    (project / "model.pkl").write_bytes(pickle.dumps(model, protocol=5))
    with (project / "examples.jsonl").open("w") as file:
        for row, label, chances in zip(X.to_dict("records"), model.predict(X), model.predict_proba(X)):
            inputs = {key: None if value != value else value for key, value in row.items()}
            outputs = {"label": str(label), "probabilities": dict(zip(map(str, model.classes_), chances.tolist()))}
            file.write(json.dumps({"inputs": inputs, "outputs": outputs}) + "\n")
    (project / "ingot.yaml").write_text(f"name: {name}\nversion: 1.0.0\nmodel: model.pkl\nexamples: examples.jsonl\n")


birds = load_penguins()
numbers, texts = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"], ["island", "sex"]
prepare = ColumnTransformer([
    ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
    ("texts", make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")), texts),
])
save("logistic", make_pipeline(prepare, LogisticRegression(max_iter=1000)).fit(birds[numbers + texts], birds["species"]), birds[numbers + texts][:50])

wines = load_wine(as_frame=True)
save("forest", RandomForestClassifier(100, random_state=0).fit(wines.data, wines.target_names[wines.target]), wines.data[::4])
