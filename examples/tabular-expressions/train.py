"""Trains the model of this example, and records what the training code computes: outputs, and columns between the steps.

Data: the diabetes study that ships inside scikit-learn (Efron, Hastie, Johnstone, Tibshirani, "Least Angle Regression", 2004; scikit-learn is
BSD-3-Clause). Writes model.pkl, examples.jsonl (40 patients with the model's answers) and rows.jsonl (100 patients, recorded step by step).
"""

import json
import pickle

import numpy as np
import pandas as pd
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge

raw = load_diabetes(as_frame=True, scaled=False)
names = {"s1": "cholesterol", "s2": "ldl", "s3": "hdl", "s5": "triglycerides", "s6": "glucose"}
patients = raw.data.rename(columns=names)[["age", "sex", "bmi", "bp", *names.values()]]
patients["sex"] = patients["sex"].map({1: "female", 2: "male"})
# A laboratory does not measure everything of everybody.
random = np.random.default_rng(0)
for column in ["glucose", "triglycerides"]:
    patients.loc[random.random(len(patients)) < 0.15, column] = np.nan

measured = patients[["glucose", "triglycerides"]].median()


def prepare(given):
    df = given.copy()
    df[["glucose", "triglycerides"]] = df[["glucose", "triglycerides"]].fillna(measured)
    df["ratio"] = df["ldl"] / df["hdl"]
    df["strain"] = np.where(df["bmi"] >= 30, df["bp"] * (df["bmi"] - 30), 0.0)
    df["male"] = (df["sex"] == "male").astype(float)
    df["middle"] = df["age"].between(40, 60).astype(float)
    return df[columns]


columns = ["bmi", "bp", "cholesterol", "glucose", "triglycerides", "ratio", "strain", "male", "middle"]
scaled = columns[:7]
prepared = prepare(patients)
mean, scale = prepared[scaled].mean(), prepared[scaled].std(ddof=0)


def features(given):
    df = prepare(given)
    df[scaled] = (df[scaled] - mean) / scale
    return df


x = features(patients)
model = Ridge(alpha=1.0).fit(x, np.log1p(raw.target))
answers = np.expm1(model.predict(x))
with open("model.pkl", "wb") as file:
    pickle.dump(model, file, protocol=4)

print("impute  ", measured.round(6).to_dict())
print("mean    ", [float(v) for v in mean])
print("scale   ", [float(v) for v in scale])
print("r2      ", round(float(1 - ((answers - raw.target) ** 2).sum() / ((raw.target - raw.target.mean()) ** 2).sum()), 3))


def records(df):
    return [{k: None if isinstance(v, float) and np.isnan(v) else v for k, v in row.items()} for row in df.to_dict("records")]


def write(name, picked, between):
    with open(name, "w") as file:
        for at, inputs, made in zip(picked, records(patients.iloc[picked]), prepare(patients.iloc[picked]).to_dict("records")):
            row = {"inputs": inputs, "outputs": {"progression": float(answers[at])}}
            if between:
                row["intermediate"] = {f"impute.{c}": made[c] for c in ["glucose", "triglycerides"]}
                row["intermediate"].update({f"compute.{c}": made[c] for c in ["ratio", "strain", "male", "middle"]})
                row["intermediate"].update({f"standardize.{c}": float(x.iloc[at][c]) for c in scaled})
            file.write(json.dumps(row) + "\n")


write("examples.jsonl", range(0, 440, 11), False)
write("rows.jsonl", range(0, 400, 4), True)
