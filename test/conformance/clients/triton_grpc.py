"""tritonclient over gRPC: raw tensors, streaming, compression, metadata, statistics, repository, errors."""

import queue
import sys
from importlib.metadata import version

import numpy as np
import tritonclient.grpc as grpc
from tritonclient.utils import InferenceServerException

from flights import MODEL, check, column, examples

client = grpc.InferenceServerClient(url=sys.argv[1])
assert client.is_server_live() and client.is_server_ready() and client.is_model_ready(MODEL)
assert "statistics" in client.get_server_metadata().extensions
metadata = client.get_model_metadata(MODEL, as_json=True)
config = client.get_model_config(MODEL).config
assert [one.name for one in config.input] == [one["name"] for one in metadata["inputs"]]
assert config.max_batch_size > 0 and config.HasField("dynamic_batching")
records, expected = examples()


def inputs(rows=records):
    made = []
    for tensor in metadata["inputs"]:
        array = column(rows, tensor)
        made.append(grpc.InferInput(tensor["name"], list(array.shape), tensor["datatype"]))
        made[-1].set_data_from_numpy(array)
    return made


for algorithm in (None, "gzip", "deflate"):
    outputs = [grpc.InferRequestedOutput(name) for name in ("label", "margin")]
    result = client.infer(MODEL, inputs(), outputs=outputs, request_id="r-1", compression_algorithm=algorithm)
    assert result.get_response().id == "r-1"
    check(expected, result.as_numpy("label"), result.as_numpy("margin"))
default = client.infer(MODEL, inputs(), model_version="1.0.0", client_timeout=30, priority=1, timeout=20_000_000)
check(expected, default.as_numpy("label"), default.as_numpy("margin"))
assert np.allclose(default.as_numpy("probabilities").sum(axis=1), 1)

answers = queue.Queue()
for record in records:
    client.async_infer(MODEL, inputs([record]), lambda result, error: answers.put((result, error)))
for _ in records:
    result, error = answers.get(timeout=30)
    assert error is None, error

client.start_stream(callback=lambda result, error: answers.put((result, error)))
for index, record in enumerate(records):
    client.async_stream_infer(MODEL, inputs([record]), request_id=str(index))
client.async_stream_infer("nobody", inputs([records[0]]), request_id="x")
for index, output in enumerate(expected):
    result, error = answers.get(timeout=30)
    assert error is None and result.get_response().id == str(index), error
    check([output], result.as_numpy("label"), result.as_numpy("margin"))
result, error = answers.get(timeout=30)
assert "nobody" in str(error)
client.stop_stream()

classes = client.infer(MODEL, inputs(), outputs=[grpc.InferRequestedOutput("probabilities", class_count=2)])
assert classes.as_numpy("probabilities").shape == (len(records), 2)
statistics = client.get_inference_statistics(MODEL).model_stats[0]
assert statistics.inference_count >= 5 * len(records)

for mistake, words, code in [
    (lambda: client.infer("nobody", inputs()), "nobody", "NOT_FOUND"),
    (lambda: client.infer(MODEL, inputs()[1:]), "is missing", "INVALID_ARGUMENT"),
    (lambda: client.infer(MODEL, inputs(), outputs=[grpc.InferRequestedOutput("labl")]), "did you mean", "INVALID_ARGUMENT"),
]:
    try:
        mistake()
        raise SystemExit(f"no error that says {words!r}")
    except InferenceServerException as error:
        assert words in error.message() and code in error.status(), error

other = next(one.name for one in client.get_model_repository_index().models if one.name != MODEL)
client.unload_model(other)
assert not any(one.name == other and one.state == "READY" for one in client.get_model_repository_index().models)
assert not client.is_model_ready(other)
client.load_model(other)
assert client.is_model_ready(other)
client.close()
print(f"tritonclient.grpc {version('tritonclient')}: raw tensors, 3 compressions, streaming, repository")
