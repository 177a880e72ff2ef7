// MLflow: the `MLmodel` of a folder.
import { folderTarget } from "./readers.ts";

export const name = "mlflow";

export const target = folderTarget("mlflow", "folder", "MLmodel", ["model.pkl", "conda.yaml", "requirements.txt"]);
