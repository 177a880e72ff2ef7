// The element types of ONNX tensors: their numbers in files, their widths, and the arrays that hold them.
import type { DType } from "../core/index.ts";
import type { TensorData } from "./tensor.ts";

type ArrayType = {
  new (length: number): Exclude<TensorData, string[]>;
  new (buffer: ArrayBufferLike, offset: number, length: number): Exclude<TensorData, string[]>;
};

export interface DataType {
  readonly dtype: DType;
  /** TensorProto.DataType. */
  readonly number: number;
  /** Bits of one element; 0 for strings. */
  readonly bits: number;
  /** What `Tensor.data` is; null for strings. */
  readonly array: ArrayType | null;
  /** Field of TensorProto that holds elements when `raw_data` does not. */
  readonly field: 4 | 5 | 6 | 7 | 10 | 11;
}

const rows: [dtype: DType, number: number, bits: number, array: ArrayType | null, field: DataType["field"]][] = [
  ["float32", 1, 32, Float32Array, 4],
  ["uint8", 2, 8, Uint8Array, 5],
  ["int8", 3, 8, Int8Array, 5],
  ["uint16", 4, 16, Uint16Array, 5],
  ["int16", 5, 16, Int16Array, 5],
  ["int32", 6, 32, Int32Array, 5],
  ["int64", 7, 64, BigInt64Array, 7],
  ["string", 8, 0, null, 6],
  ["bool", 9, 8, Uint8Array, 5],
  ["float16", 10, 16, Uint16Array, 5],
  ["float64", 11, 64, Float64Array, 10],
  ["uint32", 12, 32, Uint32Array, 11],
  ["uint64", 13, 64, BigUint64Array, 11],
  ["complex64", 14, 64, Float32Array, 4],
  ["complex128", 15, 128, Float64Array, 10],
  ["bfloat16", 16, 16, Uint16Array, 5],
  ["float8e4m3fn", 17, 8, Uint8Array, 5],
  ["float8e4m3fnuz", 18, 8, Uint8Array, 5],
  ["float8e5m2", 19, 8, Uint8Array, 5],
  ["float8e5m2fnuz", 20, 8, Uint8Array, 5],
  ["uint4", 21, 4, Uint8Array, 5],
  ["int4", 22, 4, Uint8Array, 5],
  ["float4e2m1", 23, 4, Uint8Array, 5],
  ["float8e8m0", 24, 8, Uint8Array, 5],
  ["uint2", 25, 2, Uint8Array, 5],
  ["int2", 26, 2, Uint8Array, 5],
];

export const dataTypes: readonly DataType[] = rows.map(([dtype, number, bits, array, field]) => ({
  dtype,
  number,
  bits,
  array,
  field,
}));

const byName = new Map(dataTypes.map((type) => [type.dtype, type]));
const byNumber = new Map(dataTypes.map((type) => [type.number, type]));

export function dataType(dtype: DType): DataType {
  return byName.get(dtype)!;
}

/** The type of a TensorProto.DataType number; undefined for UNDEFINED (0) and for numbers of a newer ONNX. */
export function dataTypeOf(number: number): DataType | undefined {
  return byNumber.get(number);
}

/** Bytes that `count` elements take in a file: elements below 8 bits are packed, the last byte filled up. */
export function byteLength(dtype: DType, count: number): number {
  return Math.ceil((count * dataType(dtype).bits) / 8);
}
