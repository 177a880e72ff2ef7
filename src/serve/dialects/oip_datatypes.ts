// Element types as the Open Inference Protocol names them, how JSON carries one element, and how many bytes binary forms take.
// Rule: kserve/open-inference-protocol, specification/protocol/inference_rest.md, "Tensor Data Types"; BF16 as Triton adds it.
import { type DType, IngotError } from "../../core/index.ts";
import { dataType, fromBfloat16, fromFloat16, type TensorData, toBfloat16, toFloat16 } from "../../onnx/index.ts";

export interface Datatype {
  readonly name: string;
  readonly dtype: DType;
  /** Bytes of one element in binary forms; 0 for BYTES, whose elements carry their length. */
  readonly width: number;
  /** DataType of model_config.proto, without its prefix `TYPE_`. */
  readonly configName: string;
  allocate(length: number): TensorData;
  /** The element as it is stored, or undefined when the JSON value is not one. */
  read(value: unknown): number | bigint | string | undefined;
  /** The stored element as a JSON value; absent where it is one already. */
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

const signed = (bits: number) => integer(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1);
const unsigned = (bits: number) => integer(0, 2 ** bits - 1);

type Row = readonly [dtype: DType, name: string, read: Datatype["read"], write?: Datatype["write"]];
const rows: readonly Row[] = [
  [
    "bool",
    "BOOL",
    (value) => (value === true || value === 1 ? 1 : value === false || value === 0 ? 0 : undefined),
    (element) => element !== 0,
  ],
  ["uint8", "UINT8", unsigned(8)],
  ["uint16", "UINT16", unsigned(16)],
  ["uint32", "UINT32", unsigned(32)],
  ["uint64", "UINT64", longInteger(0n, 2n ** 64n - 1n)],
  ["int8", "INT8", signed(8)],
  ["int16", "INT16", signed(16)],
  ["int32", "INT32", signed(32)],
  ["int64", "INT64", longInteger(-(2n ** 63n), 2n ** 63n - 1n)],
  ["float16", "FP16", half(toFloat16), (bits) => fromFloat16(bits as number)],
  ["bfloat16", "BF16", half(toBfloat16), (bits) => fromBfloat16(bits as number)],
  ["float32", "FP32", float],
  ["float64", "FP64", float],
  ["string", "BYTES", (value) => (typeof value === "string" ? value : undefined)],
];

const datatypes = new Map<DType, Datatype>(
  rows.map(([dtype, name, read, write]) => {
    const { array, bits } = dataType(dtype);
    const allocate = (length: number): TensorData => (array ? new array(length) : new Array<string>(length).fill(""));
    const configName = name === "BYTES" ? "STRING" : name;
    return [dtype, { name, dtype, width: bits / 8, configName, allocate, read, ...(write ? { write } : {}) }];
  }),
);

export const datatypeNames: readonly string[] = rows.map(([, name]) => name);

/** @throws IngotError RUNTIME_UNSUPPORTED for element types the protocol has no name for */
export function datatypeOf(dtype: DType, name: string): Datatype {
  const datatype = datatypes.get(dtype);
  if (!datatype)
    throw new IngotError("RUNTIME_UNSUPPORTED", {
      what: `the Open Inference Protocol has no datatype for ${dtype}`,
      where: name,
      fix: "use POST /predict",
    });
  return datatype;
}
