// Bodies of Open Inference Protocol requests: bytes to text, JSON, envelope, tensors.
import { type DType, IngotError, type InputSpec } from "../src/core/index.ts";
import { readJson, writeJson } from "../src/runtime/index.ts";
import { textOf } from "../src/serve/body.ts";
import { readInferRequest } from "../src/serve/dialects/oip_request.ts";
import { readTensor, writeTensor } from "../src/serve/dialects/oip_tensors.ts";

export const name = "oip_request";

const dtypes: readonly DType[] = ["int64", "float64", "float16", "bool", "string"];
const specs = dtypes.map(
  (dtype): InputSpec => ({ name: dtype, type: "float", dtype, shape: [null], layout: "batch", missing: "allow" }),
);

export function target(bytes: Uint8Array): void {
  const { inputs } = readInferRequest(readJson(textOf(Buffer.from(bytes)), "request body"));
  for (const input of inputs) {
    const spec = specs.find((candidate) => candidate.name === input.name);
    if (!spec) throw new IngotError("INPUT_INVALID", { what: "unknown input", where: input.name });
    writeJson(writeTensor(input.name, readTensor(input, spec)));
  }
}
