// XGBoost UBJSON: whatever is read is also described and converted.
import { convertModel } from "../src/convert/index.ts";
import { readXgboostUbj, xgboostUbj } from "../src/formats/index.ts";
import { writeModel } from "../src/onnx/index.ts";

export const name = "xgboost-ubj";

export function target(bytes: Uint8Array): void {
  xgboostUbj.detect(bytes, bytes.length);
  const model = readXgboostUbj(bytes, "fuzz.ubj");
  xgboostUbj.describe(model);
  writeModel(convertModel(xgboostUbj, model).model);
}
