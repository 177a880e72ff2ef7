// Bodies of the binary tensor extension. The first two bytes are the header Inference-Header-Content-Length; 65535: no header.
import { readInferBody, writeInferBody } from "../src/serve/dialects/oip_body.ts";
import { manyTypes, oneInput } from "./many_types.ts";

export const name = "oip_binary";

export function target(bytes: Uint8Array): void {
  const all = Buffer.from(bytes);
  const length = all.length < 2 ? 0 : all.readUInt16LE(0);
  const header = length === 65535 ? undefined : String(length);
  const { feeds } = readInferBody(all.subarray(2), header, length === 0 ? oneInput : manyTypes);
  writeInferBody(
    {},
    Object.entries(feeds).map(([input, tensor], index) => [input, tensor, index % 2 === 0]),
  );
}
