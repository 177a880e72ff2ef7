// Tensors as the Open Inference Protocol writes them in JSON.
// Rule: kserve/open-inference-protocol, specification/protocol/inference_rest.md, "Tensor Data": nested or flat, row-major.
import { type Dim, type DType, IngotError, type InputSpec, type OutputSpec, quoted } from "../../core/index.ts";
import {
  elementCount,
  fromBfloat16,
  fromFloat16,
  type Tensor,
  type TensorData,
  toBfloat16,
  toFloat16,
} from "../../onnx/index.ts";
import { textInForm } from "../../runtime/index.ts";

export interface OipTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: readonly unknown[];
}

interface Datatype {
  readonly name: string;
  allocate(length: number): TensorData;
  /** The element as it is stored, or undefined when the JSON value is not one. */
  read(value: unknown): number | bigint | string | undefined;
  /** The stored element as a JSON value. */
  write?(element: number | bigint | string): unknown;
}

const integer = (low: number, high: number) => (value: unknown) => {
  const number = typeof value === "bigint" ? Number(value) : value;
  return Number.isInteger(number) && (number as number) >= low && (number as number) <= high
    ? (number as number)
    : undefined;
};
/** JSON numbers beyond 2^53 arrive as bigint when they were written as integers; others have lost digits already. */
const longInteger = (low: bigint, high: bigint) => (value: unknown) => {
  if (typeof value !== "bigint" && !Number.isSafeInteger(value)) return undefined;
  const exact = BigInt(value as number | bigint);
  return exact >= low && exact <= high ? exact : undefined;
};
const words: Readonly<Record<string, number>> = { NaN: Number.NaN, Infinity: Infinity, "-Infinity": -Infinity };
const float = (value: unknown) => {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  return typeof value === "string" && Object.hasOwn(words, value) ? words[value] : undefined;
};
const half = (encode: (value: number) => number) => (value: unknown) => {
  const number = float(value);
  return number === undefined ? undefined : encode(number);
};

const datatypes: Partial<Record<DType, Datatype>> = {
  bool: {
    name: "BOOL",
    allocate: (length) => new Uint8Array(length),
    read: (value) => (value === true || value === 1 ? 1 : value === false || value === 0 ? 0 : undefined),
    write: (element) => element !== 0,
  },
  uint8: { name: "UINT8", allocate: (length) => new Uint8Array(length), read: integer(0, 255) },
  uint16: { name: "UINT16", allocate: (length) => new Uint16Array(length), read: integer(0, 65535) },
  uint32: { name: "UINT32", allocate: (length) => new Uint32Array(length), read: integer(0, 2 ** 32 - 1) },
  uint64: { name: "UINT64", allocate: (length) => new BigUint64Array(length), read: longInteger(0n, 2n ** 64n - 1n) },
  int8: { name: "INT8", allocate: (length) => new Int8Array(length), read: integer(-128, 127) },
  int16: { name: "INT16", allocate: (length) => new Int16Array(length), read: integer(-32768, 32767) },
  int32: { name: "INT32", allocate: (length) => new Int32Array(length), read: integer(-(2 ** 31), 2 ** 31 - 1) },
  int64: {
    name: "INT64",
    allocate: (length) => new BigInt64Array(length),
    read: longInteger(-(2n ** 63n), 2n ** 63n - 1n),
  },
  float16: {
    name: "FP16",
    allocate: (length) => new Uint16Array(length),
    read: half(toFloat16),
    write: (bits) => fromFloat16(bits as number),
  },
  bfloat16: {
    name: "BF16",
    allocate: (length) => new Uint16Array(length),
    read: half(toBfloat16),
    write: (bits) => fromBfloat16(bits as number),
  },
  float32: { name: "FP32", allocate: (length) => new Float32Array(length), read: float },
  float64: { name: "FP64", allocate: (length) => new Float64Array(length), read: float },
  string: {
    name: "BYTES",
    allocate: (length) => new Array<string>(length).fill(""),
    read: (value) => (typeof value === "string" ? value : undefined),
  },
};

/** @throws IngotError RUNTIME_UNSUPPORTED for element types the protocol has no name for */
function datatypeOf(dtype: DType, name: string): Datatype {
  const datatype = datatypes[dtype];
  if (!datatype)
    throw new IngotError("RUNTIME_UNSUPPORTED", {
      what: `the Open Inference Protocol has no datatype for ${dtype}`,
      where: name,
      fix: "use POST /predict",
    });
  return datatype;
}

/** Name, datatype and shape as model metadata shows them; sizes that vary are -1. */
export function tensorMetadata(spec: InputSpec | OutputSpec): { name: string; datatype: string; shape: number[] } {
  return { name: spec.name, datatype: datatypeOf(spec.dtype, spec.name).name, shape: tensorShape(spec) };
}

function tensorShape({ layout, shape }: InputSpec | OutputSpec): number[] {
  const sizes = shape.map((dim: Dim) => (typeof dim === "number" ? dim : -1));
  if (layout === "whole") return sizes;
  return layout === "column" ? [-1, 1] : [-1, ...sizes];
}

/**
 * One input of an inference request as the graph takes it.
 * @throws IngotError INPUT_INVALID naming the input
 */
export function readTensor(given: OipTensor, spec: InputSpec): Tensor {
  const where = `inputs.${spec.name}`;
  const datatype = datatypeOf(spec.dtype, where);
  const refusal = (what: string, fix?: string) => new IngotError("INPUT_INVALID", { what, where, fix });
  if (given.datatype !== datatype.name)
    throw refusal(
      `expected datatype ${datatype.name}, got ${quoted(given.datatype)}`,
      "send the datatype of the metadata",
    );
  const expected = tensorShape(spec);
  const fits =
    given.shape.length === expected.length && expected.every((dim, i) => dim === -1 || dim === given.shape[i]);
  if (!fits) throw refusal(`expected shape [${expected}] (-1 = any), got [${given.shape}]`);

  const length = elementCount(given.shape);
  const available = leafCount(given.data);
  if (available !== length) throw refusal(`shape [${given.shape}] needs ${length} values, data has ${available}`);
  const data = datatype.allocate(length) as { [index: number]: unknown } & TensorData;
  const canMiss = spec.missing === "allow" && typeof datatype.read("NaN") === "number" && datatype.name !== "BYTES";
  let index = 0;
  const fill = (values: readonly unknown[]) => {
    for (const value of values) {
      if (Array.isArray(value)) {
        fill(value);
        continue;
      }
      const element = datatype.read(value === null && canMiss ? "NaN" : value);
      if (element === undefined) throw refusal(`expected ${datatype.name}, got ${quoted(value)} (element ${index})`);
      data[index++] = typeof element === "string" ? textInForm(element, spec.text) : element;
    }
  };
  fill(given.data);
  return { dtype: spec.dtype, dims: given.shape, data };
}

/** Values in nested arrays. The JSON reader has bounded how deep they go. */
function leafCount(values: readonly unknown[]): number {
  let count = 0;
  for (const value of values) count += Array.isArray(value) ? leafCount(value) : 1;
  return count;
}

/** One output of the graph, flat. The JSON writer turns NaN and infinities into words. */
export function writeTensor(name: string, { dtype, dims, data }: Tensor): OipTensor {
  const { name: datatype, write } = datatypeOf(dtype, name);
  const values: unknown[] = Array.from<number | bigint | string, unknown>(data, write ?? ((element) => element));
  return { name, datatype, shape: dims, data: values };
}
