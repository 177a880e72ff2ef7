// ModelInferRequest: protobuf to tensors, and the answer back to protobuf.
import { readInfer } from "../src/serve/grpc/infer.ts";
import { modelInferRequest } from "../src/serve/grpc/inference_messages.ts";
import { manyTypes } from "./many_types.ts";

export const name = "grpc_infer";

export function target(bytes: Uint8Array): void {
  const request = modelInferRequest.decode(bytes);
  readInfer(request, manyTypes);
  modelInferRequest.decode(modelInferRequest.encode(request));
}
