import bentoml
from model import Model


@bentoml.service(workers=1)
class Bench:
    def __init__(self):
        self.model = Model()

    @bentoml.api
    def predict(self, record: dict) -> dict:
        return self.model.predict(record)
