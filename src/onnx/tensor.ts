// Tensors in memory: dtype, dims, row-major data.
import type { DType } from "../core/index.ts";

/**
 * Row-major elements. float16/bfloat16 hold their 16-bit patterns, bool holds 0/1, types of 4 and 2 bits hold
 * packed bytes (lowest bits first), float8 types hold their bytes, complex types hold re,im pairs.
 */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | string[];

export interface Tensor {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly data: TensorData;
}

/** Number of elements of a shape; 1 for a scalar. */
export function elementCount(dims: readonly number[]): number {
  let count = 1;
  for (const dim of dims) count *= dim;
  return count;
}

export function float32(values: ArrayLike<number>, dims: readonly number[] = [values.length]): Tensor {
  return { dtype: "float32", dims, data: values instanceof Float32Array ? values : new Float32Array(values) };
}

export function float64(values: ArrayLike<number>, dims: readonly number[] = [values.length]): Tensor {
  return { dtype: "float64", dims, data: values instanceof Float64Array ? values : new Float64Array(values) };
}

export function int64(values: ArrayLike<number | bigint>, dims: readonly number[] = [values.length]): Tensor {
  const data = new BigInt64Array(values.length);
  for (let i = 0; i < data.length; i++) data[i] = BigInt(values[i]!);
  return { dtype: "int64", dims, data };
}

export function int32(values: ArrayLike<number>, dims: readonly number[] = [values.length]): Tensor {
  return { dtype: "int32", dims, data: Int32Array.from(values) };
}

export function uint8(values: ArrayLike<number>, dims: readonly number[] = [values.length]): Tensor {
  return { dtype: "uint8", dims, data: values instanceof Uint8Array ? values : Uint8Array.from(values) };
}

export function bool(values: readonly boolean[], dims: readonly number[] = [values.length]): Tensor {
  return { dtype: "bool", dims, data: Uint8Array.from(values, Number) };
}

export function strings(values: readonly string[], dims: readonly number[] = [values.length]): Tensor {
  return { dtype: "string", dims, data: [...values] };
}
