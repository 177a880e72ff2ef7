// Tensors between memory and file: `tensorOf` reads the elements of a stored tensor, `storedTensor` stores them.
import { IngotError } from "../core/index.ts";
import { joined } from "./bytes.ts";
import { byteLength, dataType } from "./data_types.ts";
import type { StoredTensor } from "./model.ts";
import { IntList, ProtobufReader } from "./protobuf_reader.ts";
import { elementCount, type Tensor, type TensorData } from "./tensor.ts";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * The tensor a file holds: a view into the file where alignment allows, a copy elsewhere.
 * @throws IngotError ONNX_MALFORMED when elements and shape disagree, ONNX_UNSUPPORTED when the elements are in another file
 */
export function tensorOf(stored: StoredTensor): Tensor {
  const { dtype, dims, content, name } = stored;
  const count = elementCount(dims);
  if (content.kind === "external")
    throw new IngotError("ONNX_UNSUPPORTED", {
      what: `the elements of tensor "${name}" are in ${content.location}`,
      fix: "read the model together with its external data",
    });
  if (content.kind === "strings") {
    if (content.values.length !== count) throw miscounted(stored, content.values.length, count);
    return { dtype, dims, data: content.values.map((bytes) => decodeText(bytes, name)) };
  }
  const bytes = content.kind === "raw" ? content.bytes : elementBytes(stored, content.bytes);
  const needed = byteLength(dtype, count);
  if (bytes.length !== needed) throw miscounted(stored, bytes.length, needed, " bytes");
  return { dtype, dims, data: arrayOver(bytes, stored) };
}

/** The same tensor as a file holds it; numbers are not copied. @throws IngotError ONNX_INVALID when data and dims disagree */
export function storedTensor(name: string, tensor: Tensor): StoredTensor {
  const { dtype, dims, data } = tensor;
  const count = elementCount(dims);
  const stored: StoredTensor = {
    name,
    dtype,
    dims: [...dims],
    content: { kind: "strings", values: [] },
    docString: "",
  };
  if (Array.isArray(data)) {
    if (dtype !== "string" || data.length !== count) throw mismatched(stored, data.length);
    stored.content = { kind: "strings", values: data.map((text) => encoder.encode(text)) };
    return stored;
  }
  if (dtype === "string" || data.byteLength !== byteLength(dtype, count)) throw mismatched(stored, data.length);
  stored.content = { kind: "raw", bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
  return stored;
}

function decodeText(bytes: Uint8Array, name: string): string {
  try {
    return strict.decode(bytes);
  } catch (cause) {
    throw new IngotError("ONNX_MALFORMED", { what: `a string of tensor "${name}" is not valid UTF-8`, cause });
  }
}

function arrayOver(bytes: Uint8Array, { dtype }: StoredTensor): TensorData {
  const array = dataType(dtype).array!;
  const width = new array(0).BYTES_PER_ELEMENT;
  const aligned = bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes);
  return new array(aligned.buffer, aligned.byteOffset, aligned.byteLength / width);
}

/** Little-endian element bytes of the typed fields, which protobuf stores packed or one by one. */
function elementBytes(stored: StoredTensor, fields: Uint8Array): Uint8Array {
  const { field, bits } = dataType(stored.dtype);
  const reader = ProtobufReader.over(fields, `tensor "${stored.name}"`);
  const width = field === 4 ? 4 : 8;
  const isFixed = field === 4 || field === 10;
  const fixed: Uint8Array[] = [];
  const ints = new IntList();
  while (reader.next()) {
    const { wire } = reader;
    if (reader.field !== field)
      reader.fail(`elements of ${stored.dtype} are in field ${reader.field}, expected ${field}`);
    if (isFixed && (wire === 2 || wire === (width === 4 ? 5 : 1))) fixed.push(reader.fixed(width));
    else if (!isFixed && (wire === 0 || wire === 2)) reader.intsInto(ints);
    else reader.fail(`wire type ${wire} is not used for ${stored.dtype}`);
  }
  if (isFixed) return joined(fixed);
  const values = ints.values();
  // 4- and 2-bit elements come packed, one byte per entry.
  const array = bits < 8 ? new Uint8Array(values.length) : new (dataType(stored.dtype).array!)(values.length);
  const isWide = array instanceof BigInt64Array || array instanceof BigUint64Array;
  for (let i = 0; i < values.length; i++) array[i] = isWide ? BigInt(values[i]!) : Number(values[i]!);
  return new Uint8Array(array.buffer);
}

function miscounted(stored: StoredTensor, found: number, expected: number, unit = ""): IngotError {
  return new IngotError("ONNX_MALFORMED", {
    what: `tensor "${stored.name}" has ${found}${unit} of elements, its shape [${stored.dims}] of ${stored.dtype} needs ${expected}`,
    fix: "the file is damaged: export the model again",
  });
}

function mismatched(stored: StoredTensor, found: number): IngotError {
  return new IngotError("ONNX_INVALID", {
    what: `tensor "${stored.name}" has ${found} elements in memory, its shape is [${stored.dims}] of ${stored.dtype}`,
  });
}
