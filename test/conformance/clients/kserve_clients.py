"""kserve's own clients: protocol v1, protocol v2 in JSON and binary, gRPC."""

import asyncio
import sys
from importlib.metadata import version

import httpx
import numpy as np
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest
from kserve.inference_client import RESTConfig

from flights import MODEL, check, column, examples

url, grpc_address = sys.argv[1:3]
records, expected = examples()


async def v1():
    async with InferenceRESTClient(RESTConfig(protocol="v1")) as client:
        assert await client.is_model_ready(url, MODEL)
        answer = await client.infer(url, {"instances": records}, model_name=MODEL)
        rows = answer["predictions"]
        check(expected, [row["label"] for row in rows], [row["margin"] for row in rows])


def request(tensors, binary):
    made = []
    for tensor in tensors:
        array = column(records, tensor)
        made.append(InferInput(tensor["name"], list(array.shape), tensor["datatype"]))
        made[-1].set_data_from_numpy(array, binary_data=binary)
    return InferRequest(MODEL, made, request_id="r-1")


async def v2():
    async with InferenceRESTClient(RESTConfig(protocol="v2")) as client:
        assert await client.is_server_live(url) and await client.is_server_ready(url) and await client.is_model_ready(url, MODEL)
        async with InferenceGRPCClient(url=grpc_address) as grpc_client:
            assert await grpc_client.is_server_ready() and await grpc_client.is_model_ready(MODEL)
            tensors = httpx.get(f"{url}/v2/models/{MODEL}").json()["inputs"]
            for binary in (True, False):
                answer = await client.infer(url, request(tensors, binary), model_name=MODEL)
                by_name = {output.name: output.as_numpy() for output in answer.outputs}
                assert answer.id == "r-1"
                check(expected, by_name["label"], by_name["margin"])
                answer = await grpc_client.infer(request(tensors, binary))
                by_name = {output.name: output.as_numpy() for output in answer.outputs}
                check(expected, by_name["label"], by_name["margin"])
                assert np.allclose(by_name["probabilities"].sum(axis=1), 1)


asyncio.run(v1())
asyncio.run(v2())
print(f"kserve {version('kserve')}: v1, v2 in JSON and binary, gRPC")
