"""Trains the second demo model: which species is this penguin?

Data: palmerpenguins (CC0), 344 birds of three species, text and numbers, both with missing values. The model is a scikit-learn pipeline
as most people write one, saved with pickle: what Ingot reads without Python.

    python3 -m venv .venv/penguins && .venv/penguins/bin/pip install -r demo/penguins/requirements.txt
    .venv/penguins/bin/python demo/penguins/train.py

Writes species.pkl and examples.jsonl (birds that the model was not trained on, with predict and predict_proba of scikit-learn).
"""

import json
import pickle
from pathlib import Path

import numpy as np
from palmerpenguins import load_penguins
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HERE = Path(__file__).resolve().parent
NUMBERS = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
TEXTS = ["island", "sex"]


def main() -> None:
    birds = load_penguins()
    X, y = birds[NUMBERS + TEXTS], birds["species"]
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=7, stratify=y)
    prepare = ColumnTransformer([
        ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), NUMBERS),
        ("texts", make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")), TEXTS),
    ])
    model = make_pipeline(prepare, RandomForestClassifier(60, max_depth=8, random_state=7))
    model.fit(X_train, y_train)
    (HERE / "species.pkl").write_bytes(pickle.dumps(model, protocol=5))

    labels, probabilities = model.predict(X_test), model.predict_proba(X_test)
    with (HERE / "examples.jsonl").open("w") as file:
        for row, label, chances in zip(X_test.to_dict("records"), labels, probabilities):
            inputs = {name: None if value is None or value != value else value for name, value in row.items()}
            outputs = {"label": label, "probabilities": dict(zip(model.classes_, chances.tolist()))}
            file.write(json.dumps({"inputs": inputs, "outputs": outputs}) + "\n")
    print(f"accuracy {accuracy_score(y_test, labels):.3f} on {len(y_test)} birds; missing values in {int(X_test.isna().any(axis=1).sum())}")
    assert np.all(model.classes_ == ["Adelie", "Chinstrap", "Gentoo"])


main()
