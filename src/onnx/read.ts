// The bytes of an `.onnx` file → a model in memory.
import { model as codec } from "./messages.ts";
import type { Model, StoredTensor } from "./model.ts";
import { ProtobufReader } from "./protobuf_reader.ts";
import { tensor } from "./tensor_codec.ts";

/**
 * Reads a model without copying its tensors: they are views into `bytes`, which must not change afterwards.
 * @param source the name shown in messages
 * @throws IngotError ONNX_MALFORMED with the byte offset
 */
export function readModel(bytes: Uint8Array, source = "model.onnx"): Model {
  const reader = ProtobufReader.over(bytes, source);
  const model = codec.read(reader);
  if (model.irVersion < 1) reader.fail("the file does not say its IR version, so it is not an ONNX model");
  return model;
}

/** One tensor in a file of its own (`input_0.pb` of the ONNX test data). @throws IngotError ONNX_MALFORMED */
export function readTensor(bytes: Uint8Array, source = "tensor.pb"): StoredTensor {
  return tensor.read(ProtobufReader.over(bytes, source));
}
