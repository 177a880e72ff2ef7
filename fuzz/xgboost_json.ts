// XGBoost JSON: whatever is read is also described and converted.
import { convertModel } from "../src/convert/index.ts";
import { readXgboostJson, xgboostJson } from "../src/formats/index.ts";
import { writeModel } from "../src/onnx/index.ts";

export const name = "xgboost-json";

export function target(bytes: Uint8Array): void {
  xgboostJson.detect(bytes, bytes.length);
  const model = readXgboostJson(bytes, "fuzz.json");
  xgboostJson.describe(model);
  writeModel(convertModel(xgboostJson, model).model);
}
