// Fuzz target: the ONNX reader and everything that looks at what it read.
import { strict as assert } from "node:assert";
import { onnxConverter } from "../src/convert/onnx/index.ts";
import { IngotError } from "../src/core/index.ts";
import { onnx } from "../src/formats/onnx/index.ts";
import { readModel, tensorOf, tensorsOf, writeModel } from "../src/onnx/index.ts";

export const name = "onnx";

export function target(bytes: Uint8Array): void {
  const accepted = onnx.detect(bytes.subarray(0, 65536), bytes.length);
  const model = readModel(bytes, "fuzz.onnx");
  const written = writeModel(model);
  const again = writeModel(readModel(written, "written.onnx"));
  assert.equal(Buffer.compare(again, written), 0, "the second round trip changed the bytes");
  assert.equal(typeof accepted, "boolean");
  for (const look of [
    () => tensorsOf(model).forEach(tensorOf),
    () => onnx.describe(model),
    () => onnxConverter.convert(model, {}),
  ]) {
    try {
      look();
    } catch (error) {
      if (!(error instanceof IngotError)) throw error;
    }
  }
}
