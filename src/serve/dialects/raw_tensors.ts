// Tensors as bytes: the binary extension of the Open Inference Protocol and the raw contents of its gRPC form.
// Rule: triton-inference-server/server, docs/protocol/extension_binary_data.md: little-endian, row-major, no padding; BOOL is one byte;
// an element of BYTES is its length in 4 bytes, then its bytes.
import { isUtf8 } from "node:buffer";
import { endianness } from "node:os";
import { IngotError, type InputSpec, quoted } from "../../core/index.ts";
import { dataType, type Tensor, type TensorData } from "../../onnx/index.ts";
import { datatypeOf } from "./oip_datatypes.ts";
import { checkedText, checkHead, type TensorHead, tensorRefusal } from "./oip_tensors.ts";

/** Typed arrays are views of memory; a machine of the other byte order would need copies that nobody has asked for yet. */
if (endianness() !== "LE") throw new IngotError("RUNTIME_UNSUPPORTED", { what: "this machine is big-endian" });

/**
 * Values up to this size are copied, so that small tensors do not keep (or send to a thread) the whole body that they stood in.
 * Larger ones are views wherever their place in the body allows.
 */
const copiedUpTo = 64 * 1024;

/**
 * One input from its bytes; large ones are views of `bytes`.
 * @throws IngotError INPUT_INVALID naming the input
 */
export function readRawTensor(head: TensorHead, bytes: Uint8Array, spec: InputSpec): Tensor {
  const { datatype, length } = checkHead(head, spec);
  const { dtype } = spec;
  if (dtype === "string") return { dtype, dims: head.shape, data: readTexts(bytes, length, spec) };
  if (bytes.byteLength !== length * datatype.width)
    throw tensorRefusal(
      spec,
      `shape [${head.shape}] of ${datatype.name} takes ${length * datatype.width} bytes, ${bytes.byteLength} were sent`,
    );
  if (dtype === "bool") checkTruth(bytes, spec);
  return { dtype, dims: head.shape, data: elements(bytes, spec, length, datatype.width) };
}

function elements(bytes: Uint8Array, { dtype }: InputSpec, length: number, width: number): TensorData {
  const Elements = dataType(dtype).array!;
  if (bytes.byteLength > copiedUpTo && bytes.byteOffset % width === 0)
    return new Elements(bytes.buffer, bytes.byteOffset, length);
  const data = new Elements(length);
  new Uint8Array(data.buffer).set(bytes);
  return data;
}

function checkTruth(bytes: Uint8Array, spec: InputSpec): void {
  const index = bytes.findIndex((byte) => byte > 1);
  if (index !== -1) throw tensorRefusal(spec, `expected BOOL as 0 or 1, got byte ${bytes[index]} (element ${index})`);
}

function readTexts(bytes: Uint8Array, length: number, spec: InputSpec): string[] {
  if (length * 4 > bytes.byteLength)
    throw tensorRefusal(
      spec,
      `${length} elements of BYTES take ${length * 4} bytes at least, ${bytes.byteLength} were sent`,
    );
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts = new Array<string>(length);
  let at = 0;
  for (let index = 0; index < length; index++) {
    const size = at + 4 <= body.length ? body.readUInt32LE(at) : Infinity;
    if (size > body.length - at - 4)
      throw tensorRefusal(
        spec,
        `the bytes end inside element ${index}`,
        "write each element as its length (4 bytes, little-endian) and its bytes",
      );
    texts[index] = readText(body.subarray(at + 4, at + 4 + size), spec, index);
    at += 4 + size;
  }
  if (at !== body.length) throw tensorRefusal(spec, `${body.length - at} bytes are left after ${length} elements`);
  return texts;
}

/** @throws IngotError INPUT_INVALID for bytes that are not UTF-8: the graph works on texts */
export function readText(bytes: Buffer, spec: InputSpec, index: number): string {
  if (!isUtf8(bytes)) throw tensorRefusal(spec, `element ${index} is not UTF-8: ${quoted(bytes.toString("latin1"))}`);
  return checkedText(bytes.toString("utf8"), spec, index);
}

/** The bytes of an output; a view of its memory except for texts. */
export function rawTensor(name: string, { dtype, data }: Tensor): Uint8Array {
  datatypeOf(dtype, name);
  if (Array.isArray(data)) return rawTexts(data);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function rawTexts(texts: readonly string[]): Uint8Array {
  const sizes = texts.map((text) => Buffer.byteLength(text));
  const bytes = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + 4 + size, 0));
  let at = 0;
  for (const [index, text] of texts.entries()) {
    bytes.writeUInt32LE(sizes[index]!, at);
    bytes.write(text, at + 4);
    at += 4 + sizes[index]!;
  }
  return bytes;
}
