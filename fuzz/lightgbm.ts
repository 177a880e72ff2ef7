// LightGBM text: whatever is read is also described and converted.
import { convertModel } from "../src/convert/index.ts";
import { lightgbm, readLightgbm } from "../src/formats/index.ts";
import { writeModel } from "../src/onnx/index.ts";

export const name = "lightgbm";

export function target(bytes: Uint8Array): void {
  lightgbm.detect(bytes, bytes.length);
  const model = readLightgbm(bytes, "fuzz.txt");
  lightgbm.describe(model);
  writeModel(convertModel(lightgbm, model).model);
}
