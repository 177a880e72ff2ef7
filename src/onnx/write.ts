// A model in memory → the bytes of an `.onnx` file.
import { model as codec } from "./messages.ts";
import type { Model } from "./model.ts";
import { ProtobufWriter } from "./protobuf_writer.ts";

/**
 * The file's bytes: fields by number, unknown fields last, one allocation. Equal models give equal bytes.
 * @throws IngotError ONNX_UNSUPPORTED above 2 GiB: use `writeExternal`
 */
export function writeModel(model: Model): Uint8Array {
  return ProtobufWriter.encode(model, codec.write);
}
