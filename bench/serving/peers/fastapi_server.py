import os
import sys

import uvicorn
from fastapi import FastAPI
from model import Model

app = FastAPI()
model = Model()


@app.post("/predict")
def predict(record: dict) -> dict:
    return model.predict(record)


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False)
