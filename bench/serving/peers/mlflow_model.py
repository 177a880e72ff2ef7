"""Saves the pyfunc model that `mlflow models serve` serves. Arguments: folder, graph, schema."""
import os
import sys

import mlflow.pyfunc
import pandas

sys.path.insert(0, os.path.dirname(__file__))


class Bench(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        from model import Model

        self.model = Model(context.artifacts["graph"], context.artifacts["schema"])

    def predict(self, context, model_input, params=None):
        return pandas.DataFrame([self.model.predict(record) for record in model_input.to_dict("records")])


if __name__ == "__main__":
    folder, graph, schema = sys.argv[1:]
    mlflow.pyfunc.save_model(
        folder,
        python_model=Bench(),
        artifacts={"graph": graph, "schema": schema},
        code_paths=[os.path.join(os.path.dirname(__file__), "model.py")],
        pip_requirements=[],
    )
