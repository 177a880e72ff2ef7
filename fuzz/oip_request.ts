// Bodies of Open Inference Protocol requests with tensors in JSON: bytes to text, JSON, envelope, tensors, and back.
import { readInferBody, writeInferBody } from "../src/serve/dialects/oip_body.ts";
import { manyTypes } from "./many_types.ts";

export const name = "oip_request";

export function target(bytes: Uint8Array): void {
  const { feeds } = readInferBody(Buffer.from(bytes), undefined, manyTypes);
  writeInferBody(
    {},
    Object.entries(feeds).map(([input, tensor]) => [input, tensor, false]),
  );
}
