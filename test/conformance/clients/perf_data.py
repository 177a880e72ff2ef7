"""Prints the demo's flights as perf_analyzer reads them: numbers of floating-point inputs with a point, one record an entry."""

import json
import sys
import urllib.request

from flights import MODEL, examples

url = sys.argv[1]
inputs = json.load(urllib.request.urlopen(f"{url}/v2/models/{MODEL}"))["inputs"]
records = [record for record in examples()[0] if None not in record.values()]


def value(record, tensor):
    given = record[tensor["name"]]
    return [float(given) if tensor["datatype"].startswith("FP") else given]


print(json.dumps({"data": [{tensor["name"]: value(record, tensor) for tensor in inputs} for record in records]}))
