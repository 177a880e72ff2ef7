"""tritonclient over HTTP: binary, JSON, gzip, deflate, metadata, statistics, repository, classification, errors."""

import sys
from importlib.metadata import version

import numpy as np
import tritonclient.http as http
from tritonclient.utils import InferenceServerException

from flights import MODEL, check, column, examples

client = http.InferenceServerClient(url=sys.argv[1].removeprefix("http://"))
assert client.is_server_live() and client.is_server_ready() and client.is_model_ready(MODEL)
assert client.is_model_ready(MODEL, "1.0.0") and not client.is_model_ready("nobody")
server = client.get_server_metadata()
assert server["name"] == "ingot" and "binary_tensor_data" in server["extensions"], server
metadata = client.get_model_metadata(MODEL)
config = client.get_model_config(MODEL)
assert [one["name"] for one in config["input"]] == [one["name"] for one in metadata["inputs"]]
records, expected = examples()


def inputs(binary, rows=records):
    made = []
    for tensor in metadata["inputs"]:
        array = column(rows, tensor)
        made.append(http.InferInput(tensor["name"], array.shape, tensor["datatype"]))
        made[-1].set_data_from_numpy(array, binary_data=binary)
    return made


def outputs(binary):
    return [http.InferRequestedOutput(name, binary_data=binary) for name in ("label", "margin")]


runs = 0
for binary_in in (True, False):
    for binary_out in (True, False):
        for asked in (None, "gzip", "deflate"):
            for answered in (None, "gzip", "deflate"):
                result = client.infer(
                    MODEL,
                    inputs(binary_in),
                    outputs=outputs(binary_out),
                    request_id="r-1",
                    request_compression_algorithm=asked,
                    response_compression_algorithm=answered,
                )
                assert result.get_response()["id"] == "r-1"
                check(expected, result.as_numpy("label"), result.as_numpy("margin"))
                runs += 1

# As people write it first: no outputs, no options.
default = client.infer(MODEL, inputs(True))
check(expected, default.as_numpy("label"), default.as_numpy("margin"))
probabilities = default.as_numpy("probabilities")
assert probabilities.shape == (len(records), 2) and np.allclose(probabilities.sum(axis=1), 1)

# One input of each kind in one request.
mixed = inputs(True)
for index, tensor in enumerate(metadata["inputs"]):
    if index % 2:
        mixed[index].set_data_from_numpy(column(records, tensor), binary_data=False)
result = client.infer(MODEL, mixed, model_version="1.0.0", priority=1, timeout=20_000_000)
check(expected, result.as_numpy("label"), result.as_numpy("margin"))

pending = [client.async_infer(MODEL, inputs(True, [record])) for record in records]
for one, output in zip(pending, expected):
    answer = one.get_result()
    check([output], answer.as_numpy("label"), answer.as_numpy("margin"))

classes = client.infer(MODEL, inputs(True), outputs=[http.InferRequestedOutput("probabilities", class_count=1)])
best = [text.decode().split(":")[2] for text in classes.as_numpy("probabilities").ravel()]
assert best == ["late" if row[1] > row[0] else "on time" for row in probabilities], best

statistics = client.get_inference_statistics(MODEL)["model_stats"][0]
assert statistics["inference_count"] >= runs * len(records) and statistics["inference_stats"]["success"]["count"] >= runs

for mistake, words in [
    (lambda: client.infer("nobody", inputs(True)), "nobody"),
    (lambda: client.infer(MODEL, inputs(True)[1:]), "is missing"),
    (lambda: client.infer(MODEL, inputs(True), outputs=[http.InferRequestedOutput("labl")]), "did you mean"),
    (lambda: client.get_model_metadata(MODEL, "9"), "no version"),
]:
    try:
        mistake()
        raise SystemExit(f"no error that says {words!r}")
    except InferenceServerException as error:
        assert words in str(error), error

other = next(one["name"] for one in client.get_model_repository_index() if one["name"] != MODEL)
client.unload_model(other)
assert not client.is_model_ready(other)
client.load_model(other)
assert client.is_model_ready(other)
print(f"tritonclient.http {version('tritonclient')}: {runs} combinations of binary and compression, and all the rest")
