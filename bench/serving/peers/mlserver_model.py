from mlserver import MLModel
from mlserver.codecs import StringCodec
from mlserver.types import InferenceResponse, ResponseOutput
from model import Model

DATATYPES = {"float32": "FP32", "float64": "FP64", "int64": "INT64", "string": "BYTES"}


class Bench(MLModel):
    async def load(self):
        self.model = Model()
        return True

    async def predict(self, payload):
        record = {}
        for spec in self.model.schema["inputs"]:
            given = next(tensor for tensor in payload.inputs if tensor.name == spec["name"])
            data = StringCodec.decode_input(given) if spec["dtype"] == "string" else list(given.data)
            record[spec["name"]] = data if spec["shape"] else data[0]
            if len(spec["shape"]) > 1:
                import numpy as np

                record[spec["name"]] = np.asarray(data).reshape(spec["shape"])
        result = self.model.predict(record)
        outputs = []
        for spec in self.model.schema["outputs"]:
            value = result[spec["name"]]
            values = value if isinstance(value, list) else [value]
            outputs.append(ResponseOutput(name=spec["name"], shape=[1, len(values)], datatype=DATATYPES[spec["dtype"]], data=values))
        return InferenceResponse(model_name=self.name, outputs=outputs)
