// One record's audio at a time, in plain TypeScript.
import { elementCount, type Tensor } from "../../onnx/index.ts";

/** @param shape of one record's result. @returns float32 `[N, ...shape]` */
export function bySignal(
  tensor: Tensor,
  rows: number,
  shape: readonly number[],
  compute: (signal: Float32Array) => ArrayLike<number>,
): Tensor {
  const [samples, length] = [tensor.dims[1]!, elementCount(shape)];
  const data = new Float32Array(rows * length);
  for (let row = 0; row < rows; row++)
    data.set(compute((tensor.data as Float32Array).subarray(row * samples, (row + 1) * samples)), row * length);
  return { dtype: "float32", dims: [rows, ...shape], data };
}

/** `[rows, columns]` turned over. */
export function turned(values: ArrayLike<number>, columns: number): Float64Array {
  const rows = values.length / columns;
  return Float64Array.from({ length: values.length }, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!);
}
