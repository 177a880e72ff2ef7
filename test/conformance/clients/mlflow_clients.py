"""MLflow's own scoring client, and requests in every form that MLflow's documentation shows."""

import json
import sys
from urllib.parse import urlsplit

import mlflow
import pandas as pd
import requests
from mlflow.pyfunc.scoring_server.client import ScoringServerClient

from flights import MODEL, examples

url = sys.argv[1]
records, expected = examples()
labels = [output["label"] for output in expected]
frame = pd.DataFrame(records)
assert frame.isna().to_numpy().any(), "missing values are part of the test"

client = ScoringServerClient(urlsplit(url).hostname, urlsplit(url).port)
client.wait_server_ready(timeout=10)
assert client.get_version().split(".")[0] == mlflow.__version__.split(".")[0]
predictions = client.invoke(frame).get_predictions(predictions_format="ndarray")
assert predictions.tolist() == labels, predictions
several = client.invoke(frame, params={"outputs": ["label", "margin"]}).get_predictions()
assert several["margin"].tolist() == [output["margin"] for output in expected]


def post(data, content_type="application/json"):
    response = requests.post(f"{url}/invocations", data=data, headers={"Content-Type": content_type})
    assert response.status_code == 200, response.text
    return response.json()["predictions"]


forms = {
    "dataframe_split": frame.to_dict(orient="split"),
    "dataframe_records": frame.to_dict(orient="records"),
    "instances": records,
    "inputs": {name: [record.get(name) for record in records] for name in frame.columns},
}
for form, value in forms.items():
    # json.dumps writes NaN bare.
    assert post(json.dumps({form: value})) == labels, form
assert post(frame.to_csv(index=False), "text/csv") == labels
assert post(frame.to_json(orient="split").join(['{"dataframe_split": ', "}"])) == labels

for data, content_type, status in [
    (json.dumps(records), "application/json", 400),
    ("{}", "application/json", 400),
    ("<a/>", "application/xml", 415),
    ("{}", "application/json; charset=latin1", 415),
]:
    response = requests.post(f"{url}/invocations", data=data, headers={"Content-Type": content_type})
    assert response.status_code == status and "stack_trace" not in response.text, response.text
print(f"mlflow {mlflow.__version__}: ScoringServerClient, 4 forms of JSON, CSV ({MODEL})")
